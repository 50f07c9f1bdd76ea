//! Views whose readers have no leases, or read a replica.

use super::{VIEW, World, created, customer, lease, order, outcomes, updated};
use crate::harness::{Freshet, eventually};

fn start(world: &World, option: &str) -> Freshet {
    world.customers.send(0, &[customer("c", 1, true)]);
    world.orders.send(0, &[created(order(1, 7, 1, 1))]);
    let view = VIEW.replace("ttl: 5m", &format!("ttl: 5m, {option}"));
    let freshet = Freshet::start_with(&world.configuration(&view), &["run"], &[]).ready();
    world.wait_for("orders:7", [1, 1, 1]);
    freshet
}

/// A reader without a lease stores what it read before the change, after the value was written.
#[test]
fn a_value_is_written_a_second_time_when_it_settles() {
    let world = World::new(1);
    let freshet = start(&world, "settle: 3s");
    let renewed = outcomes(&freshet)["renewed"];
    world.orders.send(0, &[updated(order(1, 7, 1, 2))]);
    world.wait_for("orders:7", [1, 2, 1]);
    world.redis.run(&["SET", "orders:7", "{\"old\":1}"]);
    world.wait_for("orders:7", [1, 2, 1]);
    eventually("a second write", || outcomes(&freshet)["renewed"], |now| *now > renewed);
    // The offset waits for it.
    world.orders.wait_for_offsets(&[2]);
}

/// Nobody fills from a replica that has not caught up, should the value go.
#[test]
fn a_hold_stays_behind_a_value_that_was_written() {
    let world = World::new(1);
    let _freshet = start(&world, "hold: 3s");
    world.redis.run(&["SET", &lease("orders:7"), "a reader's"]);
    world.orders.send(0, &[updated(order(1, 7, 1, 2))]);
    world.wait_for("orders:7", [1, 2, 1]);
    let held: String = redis::Commands::get(&mut world.redis.connect(), lease("orders:7")).expect("a lease");
    assert_eq!(held, "hold");
    world.wait_for_names(&["orders:7"]);
    world.orders.wait_for_offsets(&[2]);
}
