use super::{World, created, customer, order, outcomes, updated};

#[test]
fn a_full_redis_takes_no_value_and_keeps_no_old_one() {
    let world = World::new(1);
    world.customers.send(0, &[customer("c", 1, true)]);
    world.orders.send(0, &[created(order(1, 7, 1, 1))]);
    let freshet = world.start().ready();
    world.wait_for("orders:7", [1, 1, 1]);
    world.redis.run(&["CONFIG", "SET", "maxmemory-policy", "noeviction", "maxmemory", "1"]);
    world.orders.send(0, &[updated(order(1, 7, 1, 2))]);
    world.orders.wait_for_offsets(&[2]);
    world.wait_for_names(&[]);
    assert!(outcomes(&freshet)["no_write"] > 0.5);
    world.redis.run(&["CONFIG", "SET", "maxmemory", "0"]);
    world.orders.send(0, &[updated(order(1, 7, 1, 3))]);
    world.wait_for("orders:7", [1, 3, 1]);
}
