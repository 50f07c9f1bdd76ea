use redis::Commands as _;

use super::{World, created, customer, fence, lease, order, outcomes, updated};
use crate::harness::Freshet;

/// A value of two orders, written over its fence.
fn warmed() -> (World, Freshet) {
    let world = World::new(1);
    world.customers.send(0, &[customer("c", 1, true)]);
    world.orders.send(0, &[created(order(1, 7, 1, 1))]);
    let freshet = world.start().ready();
    world.wait_for("orders:7", [1, 1, 1]);
    world.orders.send(0, &[created(order(2, 7, 1, 1))]);
    world.wait_for("orders:7", [2, 2, 2]);
    (world, freshet)
}

#[test]
fn a_fence_says_how_far_the_topics_were_read() {
    let (world, _freshet) = warmed();
    let held: String = world.redis.connect().get(fence("orders:7")).expect("a fence");
    let (digest, offsets) = held.split_once(' ').expect("a definition and offsets");
    assert_eq!((digest.len(), offsets), (16, "2 1"), "orders, then customers, as their topics are named");
}

/// As a copy leaves it that has read further than its successor, which then deletes the value, reads on, and fills.
#[test]
fn a_value_with_a_newer_fence_is_not_replaced_by_an_older_one() {
    let (world, freshet) = warmed();
    let before = outcomes(&freshet);
    let held: String = world.redis.connect().get(fence("orders:7")).expect("a fence");
    let digest = held.split_once(' ').expect("a fence").0;
    for (newer, version) in ["1000 1", "0 1000", "9", "2 1 3", "x 1", ""].iter().zip(10..) {
        world.redis.run(&["SET", &fence("orders:7"), &format!("{digest} {newer}")]);
        world.redis.run(&["SET", "orders:7", "{}"]);
        world.orders.send(0, &[updated(order(1, 7, 1, version))]);
        world.wait_for("orders:7", [2, version + 1, 2]);
    }
    let leased = outcomes(&freshet)["leased"] - before["leased"];
    assert!((leased - 6.0).abs() < 0.1, "{leased}");
    assert!((outcomes(&freshet)["filled"] - before["filled"] - 6.0).abs() < 0.1);
}

#[test]
fn a_lost_fence_leads_through_the_lease() {
    let (world, freshet) = warmed();
    world.redis.run(&["DEL", &fence("orders:7")]);
    let before = outcomes(&freshet);
    world.orders.send(0, &[updated(order(1, 7, 1, 5))]);
    world.wait_for("orders:7", [2, 6, 2]);
    let after = outcomes(&freshet);
    assert!(after["filled"] > before["filled"] && after["leased"] > before["leased"], "{after:?}");
    world.wait_for_names(&["orders:7"]);
    // The next one goes over its fence.
    world.orders.send(0, &[updated(order(1, 7, 1, 6))]);
    world.wait_for("orders:7", [2, 7, 2]);
    assert!((outcomes(&freshet)["leased"] - after["leased"]).abs() < 0.1);
}

/// The value was evicted, and its fence was not. What the reader stores then may be newer than what is written next.
#[test]
fn a_fence_is_none_of_a_value_that_a_reader_has_stored_since() {
    let (world, freshet) = warmed();
    world.redis.run(&["SET", "orders:7", "{}", "PX", "60000"]);
    let before = outcomes(&freshet);
    world.orders.send(0, &[updated(order(1, 7, 1, 5))]);
    world.wait_for("orders:7", [2, 6, 2]);
    let after = outcomes(&freshet);
    assert!(after["leased"] > before["leased"] && after["filled"] > before["filled"], "{after:?}");
}

/// Who read the database before the change stores nothing over the value, nor once that has gone.
#[test]
fn a_written_value_takes_a_readers_lease() {
    let (world, _freshet) = warmed();
    world.redis.run(&["SET", &lease("orders:7"), "a reader's"]);
    world.orders.send(0, &[updated(order(1, 7, 1, 5))]);
    world.wait_for("orders:7", [2, 6, 2]);
    world.wait_for_names(&["orders:7"]);
}

/// What stands where the fence should be is of another kind.
#[test]
fn a_foreign_fence_goes() {
    let (world, freshet) = warmed();
    world.redis.run(&["DEL", &fence("orders:7")]);
    world.redis.run(&["LPUSH", &fence("orders:7"), "a list"]);
    world.orders.send(0, &[updated(order(1, 7, 1, 5))]);
    world.orders.wait_for_offsets(&[3]);
    assert!(outcomes(&freshet)["no_write"] > 0.5);
    world.wait_for_names(&[]);
    world.orders.send(0, &[updated(order(1, 7, 1, 6))]);
    world.wait_for("orders:7", [2, 7, 2]);
}
