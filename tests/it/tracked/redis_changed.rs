//! Redis is another node when a standby takes over.

use super::{World, created, end, order, wait_for_metric};
use crate::harness::eventually;

#[test]
fn a_standby_that_takes_over_on_another_node_deletes_the_families() {
    let mut world = World::new(1);
    world.orders.send(0, &[created("order", order(1, 1, 1, 0))]);
    let (leader, standby) = world.pair();
    world.orders.wait_for_offsets(&[1]);
    let before = world.orders.committed();
    leader.signal("STOP");
    world.redis.fill(&["orders_of:8", "names_of:8", "other"]);
    world.redis.save();
    world.redis.kill();
    world.redis.restart();
    leader.kill();
    // What the leader deleted and committed may be back.
    world.redis.wait_for_names(&["other"]);
    wait_for_metric(&standby, "freshet_widenings_total{reason=\"redis_changed\"", 2.0);
    eventually("another node is named", || world.orders.committed(), |now| *now != before);
    assert_eq!(world.orders.offsets(), [1]);
    end(standby);

    world.redis.fill(&["orders_of:8"]);
    let next = world.start().ready();
    world.orders.send(0, &[created("order", order(2, 2, 1, 0))]);
    world.orders.wait_for_offsets(&[2]);
    assert_eq!(world.redis.names(), ["orders_of:8", "other"]);
    end(next);
}
