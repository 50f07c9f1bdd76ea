use super::{VIEW, World, created, customer, fence, order, outcomes, updated};
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

/// What a reader has stored may be newer than what is written next: the source may lag.
#[test]
fn a_renewal_leaves_what_is_not_its_own() {
    let world = World::new(1);
    world.customers.send(0, &[customer("c", 1, true)]);
    world.orders.send(0, &[created(order(1, 7, 1, 1))]);
    let view = VIEW.replace("ttl: 5m", "ttl: 4s");
    let freshet = Freshet::start_with(&world.configuration(&view), &["run"], &[]).ready();
    world.wait_for("orders:7", [1, 1, 1]);
    world.redis.run(&["DEL", &fence("orders:7")]);
    world.redis.run(&["SET", "orders:7", "{}", "PX", "60000"]);
    let left = || outcomes(&freshet)["left"];
    let before = left();
    eventually("two renewals that leave it", left, |left| *left > before + 1.5);
    assert_eq!(world.value("orders:7"), Some(serde_json::json!({})));
    assert_eq!(world.redis.names(), ["orders:7"], "neither a fence nor a lease");
    // A change goes the way of all.
    world.orders.send(0, &[updated(order(1, 7, 1, 2))]);
    world.wait_for("orders:7", [1, 2, 1]);
}

/// A value that went by itself comes back when it is to be renewed.
#[test]
fn a_renewal_fills_what_is_gone() {
    let world = World::new(1);
    world.customers.send(0, &[customer("c", 1, true)]);
    world.orders.send(0, &[created(order(1, 7, 1, 1))]);
    let view = VIEW.replace("ttl: 5m", "ttl: 4s");
    let _freshet = Freshet::start_with(&world.configuration(&view), &["run"], &[]).ready();
    world.wait_for("orders:7", [1, 1, 1]);
    world.redis.run(&["FLUSHALL"]);
    world.wait_for("orders:7", [1, 1, 1]);
    world.wait_for_names(&["orders:7"]);
}
