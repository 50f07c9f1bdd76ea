use super::{VIEW, World, created, customer, order, outcomes, updated};
use crate::harness::{Freshet, eventually};

#[test]
fn a_view_keeps_no_more_keys_than_it_may_and_those_that_changed_last() {
    let world = World::new(1);
    world.customers.send(0, &[customer("c", 1, true)]);
    let view = VIEW.replace("ttl: 5m", "ttl: 5m, max_groups: 3");
    let freshet = Freshet::start_with(&world.configuration(&view), &["run"], &[]).ready();
    for shop in 1..=5 {
        world.orders.send(0, &[created(order(shop, shop, 1, 1))]);
        world.wait_for(&format!("orders:{shop}"), [1, 1, 1]);
    }
    world.wait_for_names(&["orders:3", "orders:4", "orders:5"]);
    world.orders.send(0, &[updated(order(3, 3, 1, 2))]);
    world.wait_for("orders:3", [1, 2, 1]);
    world.orders.send(0, &[updated(order(1, 1, 1, 2))]);
    world.wait_for("orders:1", [1, 2, 1]);
    world.wait_for_names(&["orders:1", "orders:3", "orders:5"]);
    eventually("evictions", || outcomes(&freshet)["evicted"], |evicted| (*evicted - 3.0).abs() < 0.1);
}
