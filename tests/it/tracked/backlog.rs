//! What a standby keeps, and when it forgets it.

use std::time::SystemTime;

use super::{World, created, leads, order, updated, wait_for_metric, widenings};
use crate::harness::{Freshet, eventually};

const BACKLOG: &str = "freshet_backlog_keys{component=\"order\"}";

/// Two orders, each in a partition of its own.
fn world() -> World {
    let world = World::new(2);
    world.orders.send(0, &[created("order", order(1, 1, 1, 0))]);
    world.orders.send(1, &[created("order", order(2, 2, 1, 0))]);
    world
}

/// Stops both until the group has no member left, so that a person may commit for it.
fn stop_both(world: &World, pair: &(Freshet, Freshet)) {
    pair.0.signal("STOP");
    pair.1.signal("STOP");
    eventually("the group is empty", || world.orders.members(), |members| *members == 0);
}

#[test]
fn it_is_trimmed_as_the_leader_commits() {
    let world = world();
    let (leader, standby) = world.pair();
    world.orders.wait_for_offsets(&[1, 1]);
    world.redis.stop();
    world.orders.send(0, &(10..60).map(|id| created("order", order(id, id, 1, 0))).collect::<Vec<_>>());
    world.orders.send(1, &(60..110).map(|id| created("order", order(id, id, 1, 0))).collect::<Vec<_>>());
    // Each order is in two views.
    wait_for_metric(&standby, BACKLOG, 200.0);
    assert_eq!(world.orders.offsets(), [1, 1]);
    world.redis.resume();
    world.orders.wait_for_offsets(&[51, 51]);
    wait_for_metric(&standby, BACKLOG, 0.0);
    assert!(leads(&leader) && !leads(&standby));
}

/// The metadata as a leader writes it that has just read a record.
fn as_of_now(metadata: &str) -> String {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a clock after 1970");
    let mut fields: Vec<String> = metadata.split(':').map(str::to_owned).collect();
    fields[1] = now.as_millis().to_string();
    fields.join(":")
}

#[test]
fn what_is_left_is_applied_though_the_other_partition_is_committed() {
    let world = world();
    let pair = world.pair();
    world.orders.wait_for_offsets(&[1, 1]);
    world.redis.fill(&["orders_of:1", "orders_of:2", "orders_of:3", "other"]);
    world.redis.stop();
    // The standby reads partition 0 first.
    world.orders.send(0, &[updated("order", order(1, 1, 1, 1))]);
    wait_for_metric(&pair.1, BACKLOG, 1.0);
    world.orders.send(1, &[updated("order", order(2, 2, 1, 1))]);
    wait_for_metric(&pair.1, BACKLOG, 2.0);
    let metadata = as_of_now(&world.orders.committed()[1].clone().expect("an offset").metadata);
    stop_both(&world, &pair);
    // As a leader that read partition 1 first would have left it.
    world.orders.set_offset(1, 2, &metadata);
    let (leader, standby) = pair;
    leader.kill();
    world.redis.resume();
    standby.signal("CONT");
    world.redis.wait_for_names(&["orders_of:3", "other"]);
    world.orders.wait_for_offsets(&[2, 2]);
    assert!(widenings(&standby) < 0.5);
}

#[test]
fn an_offset_that_was_set_back_meanwhile_was_lost() {
    let world = world();
    let pair = world.pair();
    world.orders.wait_for_offsets(&[1, 1]);
    world.redis.stop();
    world.orders.send(0, &[updated("order", order(1, 1, 1, 1)), updated("order", order(1, 1, 1, 2))]);
    wait_for_metric(&pair.1, BACKLOG, 1.0);
    world.redis.resume();
    world.orders.wait_for_offsets(&[3, 1]);
    wait_for_metric(&pair.1, BACKLOG, 0.0);
    let metadata = world.orders.committed()[0].clone().expect("an offset").metadata;
    stop_both(&world, &pair);
    world.orders.set_offset(0, 2, &metadata);
    world.redis.fill(&["orders_of:1", "names_of:8", "other"]);
    let (leader, standby) = pair;
    leader.kill();
    standby.signal("CONT");
    world.redis.wait_for_names(&["other"]);
    wait_for_metric(&standby, "freshet_widenings_total{reason=\"lost_offsets\"", 2.0);
    // The families stand for all that was read.
    world.orders.wait_for_offsets(&[3, 1]);
}
