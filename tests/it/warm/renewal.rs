use super::{VIEW, World, created, customer, fence, order, outcomes};
use crate::harness::{Freshet, eventually};

/// A value that nothing changes is there through several lives of it.
#[test]
fn a_value_is_renewed_before_it_expires() {
    let world = World::new(1);
    world.customers.send(0, &[customer("c", 1, true)]);
    world.orders.send(0, &[created(order(1, 7, 1, 1))]);
    let view = VIEW.replace("ttl: 5m", "ttl: 4s");
    let freshet = Freshet::start_with(&world.configuration(&view), &["run"], &[]).ready();
    world.wait_for("orders:7", [1, 1, 1]);
    let look = || {
        assert!(world.value("orders:7").is_some(), "it expired: {:?}", outcomes(&freshet));
        outcomes(&freshet)["renewed"]
    };
    eventually("three renewals", look, |renewed| *renewed > 2.5);
}

/// What a reader has stored where the fence was lost is as good as it was, and is there until it is written over.
#[test]
fn a_renewal_deletes_nothing() {
    let world = World::new(1);
    world.customers.send(0, &[customer("c", 1, true)]);
    world.orders.send(0, &[created(order(1, 7, 1, 1))]);
    let view = VIEW.replace("ttl: 5m", "ttl: 4s");
    let freshet = Freshet::start_with(&world.configuration(&view), &["run"], &[]).ready();
    world.wait_for("orders:7", [1, 1, 1]);
    world.redis.run(&["DEL", &fence("orders:7")]);
    world.redis.run(&["SET", "orders:7", "{}", "PX", "60000"]);
    let before = outcomes(&freshet);
    let look = || {
        let there = world.value("orders:7").is_some();
        assert!(there, "it was deleted: {:?}", outcomes(&freshet));
        world.lives(&fence("orders:7"))
    };
    eventually("a fence", look, |life| *life > 0);
    world.wait_for("orders:7", [1, 1, 1]);
    let after = outcomes(&freshet);
    assert!(after["leased"] > before["leased"] && after["filled"] > before["filled"], "{after:?}");
}

/// A value that went by itself comes back when it is to be renewed, and so does one that somebody has falsified.
#[test]
fn a_renewal_mends_what_is_not_as_it_was_written() {
    let world = World::new(1);
    world.customers.send(0, &[customer("c", 1, true)]);
    world.orders.send(0, &[created(order(1, 7, 1, 1)), created(order(2, 8, 1, 1))]);
    let view = VIEW.replace("ttl: 5m", "ttl: 4s");
    let _freshet = Freshet::start_with(&world.configuration(&view), &["run"], &[]).ready();
    world.wait_for("orders:7", [1, 1, 1]);
    world.wait_for("orders:8", [1, 1, 1]);
    world.redis.run(&["FLUSHALL"]);
    world.redis.run(&["SET", "orders:8", "{}"]);
    world.wait_for("orders:7", [1, 1, 1]);
    world.wait_for("orders:8", [1, 1, 1]);
}
