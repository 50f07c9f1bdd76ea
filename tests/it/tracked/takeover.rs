//! One copy leads; when it goes another takes over, with what the first had not applied.

use std::time::{Duration, Instant};

use super::{World, created, customer, leads, order, updated, wait_for_metric, widenings};
use crate::harness::eventually;

fn world() -> World {
    let world = World::new(1);
    world.orders.send(0, &[created("order", order(1, 1, 1, 0)), created("order", order(2, 2, 1, 0))]);
    world.customers.send(0, &[created("customer", customer(1, "a"))]);
    world
}

#[test]
fn the_standby_of_a_leader_that_is_killed_applies_what_that_had_not() {
    let world = world();
    let (leader, standby) = world.pair();
    world.orders.wait_for_offsets(&[2]);
    wait_for_metric(&standby, "freshet_rows{table=\"order\"}", 2.0);
    leader.signal("STOP");
    world.redis.fill(&["orders_of:1", "orders_of:3", "orders_of:4", "names_of:2", "names_of:4"]);
    world.orders.send(0, &[updated("order", order(1, 3, 1, 0))]);
    world.customers.send(0, &[updated("customer", customer(1, "b"))]);
    wait_for_metric(&standby, "freshet_events_total", 2.0);
    assert_eq!(world.redis.names().len(), 5, "a standby deletes nothing");
    leader.kill();
    world.redis.wait_for_names(&["names_of:4", "orders_of:4"]);
    world.orders.wait_for_offsets(&[3]);
    world.customers.wait_for_offsets(&[2]);
    assert!(widenings(&standby) < 0.5);
    wait_for_metric(&standby, "freshet_leading{component=\"order\"}", 1.0);
}

#[test]
fn a_leader_that_ends_in_order_hands_over_at_once() {
    let world = world();
    let (leader, standby) = world.pair();
    world.orders.wait_for_offsets(&[2]);
    let before = Instant::now();
    leader.signal("TERM");
    assert_eq!(leader.exit_code(), Some(0));
    standby.log.wait_for("leadership", |line| line["message"] == "leading");
    // The group would notice a death after six seconds.
    assert!(before.elapsed() < Duration::from_secs(5), "{:?}", before.elapsed());
    world.redis.fill(&["orders_of:1", "orders_of:3", "orders_of:4"]);
    world.orders.send(0, &[updated("order", order(1, 3, 1, 0))]);
    world.redis.wait_for_names(&["orders_of:4"]);
    world.orders.wait_for_offsets(&[3]);
    assert!(widenings(&standby) < 0.5);
}

#[test]
fn a_leader_that_was_deposed_becomes_a_standby_and_may_take_over_again() {
    let world = world();
    let (first, second) = world.pair();
    world.orders.wait_for_offsets(&[2]);
    first.signal("STOP");
    eventually("the other leads", || leads(&second), |leads| *leads);
    world.redis.fill(&["orders_of:1", "orders_of:3", "orders_of:4"]);
    world.orders.send(0, &[updated("order", order(1, 3, 1, 0))]);
    world.redis.wait_for_names(&["orders_of:4"]);
    world.orders.wait_for_offsets(&[3]);

    first.signal("CONT");
    eventually("it leads no more", || leads(&first), |leads| !leads);
    // It joins again; whichever of the two leads then, the other may die.
    eventually(
        "it is ready",
        || first.get("/readyz"),
        |answer| answer.as_ref().is_some_and(|(status, _)| *status == 200),
    );
    let copies = || [leads(&first), leads(&second)];
    eventually("one leads", copies, |leading| leading.iter().filter(|leads| **leads).count() == 1);
    let (leader, standby) = if leads(&first) { (first, second) } else { (second, first) };
    world.orders.send(0, &[updated("order", order(1, 5, 1, 0))]);
    world.orders.wait_for_offsets(&[4]);
    wait_for_metric(&standby, "freshet_backlog_keys", 0.0);

    leader.signal("STOP");
    world.redis.fill(&["orders_of:5", "orders_of:6", "orders_of:7"]);
    world.orders.send(0, &[updated("order", order(1, 6, 1, 0))]);
    leader.kill();
    world.redis.wait_for_names(&["orders_of:4", "orders_of:7"]);
    world.orders.wait_for_offsets(&[5]);
    // What it gave up had been applied and committed long ago.
    assert!(widenings(&standby) < 0.5, "{:#?}", standby.log.lines());
}
