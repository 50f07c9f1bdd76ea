//! A copy is ready, and a member of its group, once it has the rows of what is committed.

use super::{World, created, customer, end, order, updated, wait_for_metric, widenings};
use crate::harness::eventually;

#[test]
fn it_is_not_ready_and_no_member_before_the_rows_are_loaded() {
    const ROWS: i64 = 300_000;
    const COMMITTED: i64 = 200_000;
    let world = World::new(1);
    for first in (0..ROWS).step_by(20_000) {
        let rows = (first..first + 20_000).map(|id| created("order", order(id, id, 1, 0)));
        world.orders.send(0, &rows.collect::<Vec<_>>());
    }
    // As a former version of this group may have left it.
    world.orders.set_offset(0, COMMITTED, "");
    world.customers.set_offset(0, 0, "");
    let copy = world.start();
    let mut loading = 0;
    let look = || {
        let members = world.orders.members();
        let (status, why) = copy.get("/readyz").unwrap_or_default();
        if why.contains("rows: loading the rows of tracked tables: ") {
            assert_eq!((status, members), (503, 0), "{why}");
            loading += 1;
        }
        status
    };
    eventually("ready", look, |status| *status == 200);
    assert!(loading > 0, "it was never seen loading");
    assert_eq!(world.orders.members(), 1);
    world.orders.wait_for_offsets(&[ROWS]);
    // Each row is kept, and each event above what was committed had its effects, however far the client had read ahead.
    wait_for_metric(&copy, "freshet_rows{table=\"order\"}", 300_000.0);
    wait_for_metric(&copy, "freshet_events_total{outcome=\"change\",table=\"order\"}", 100_000.0);
}

#[test]
fn a_log_that_ends_in_transaction_markers_is_loaded_to_its_end() {
    let world = World::new(1);
    world.orders.send_in_transaction(0, &[created("order", order(1, 1, 1, 0))]);
    world.customers.send_in_transaction(0, &[created("customer", customer(1, "a"))]);
    let first = world.start().ready();
    world.orders.wait_for_offsets(&[2]);
    world.customers.wait_for_offsets(&[2]);

    // The markers leave gaps in the offsets that events come by.
    world.redis.fill(&["orders_of:1", "orders_of:2", "orders_of:3", "names_of:2"]);
    world.orders.send_in_transaction(0, &[updated("order", order(1, 2, 1, 0))]);
    world.customers.send_in_transaction(0, &[updated("customer", customer(1, "b"))]);
    world.redis.wait_for_names(&["orders_of:3"]);
    world.orders.wait_for_offsets(&[3]);
    end(first);

    world.redis.fill(&["orders_of:2"]);
    let second = world.start().ready();
    world.orders.send(0, &[updated("order", order(1, 3, 1, 0))]);
    world.redis.wait_for_names(&[]);
    assert!(widenings(&second) < 0.5);
}
