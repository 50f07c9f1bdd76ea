//! Tracked tables beside a stateless one, and components that have nothing to do with each other.

use super::{World, configuration, created, end, order, updated, widenings};
use crate::harness::{Freshet, RedisServer, Topic, create, eventually, update};

#[test]
fn a_tracked_and_a_stateless_table_share_a_group() {
    let world = World::new(2);
    let row = world.orders.beside(2);
    let views = format!(
        "{}\n  shop: {{ key: \"shop:{{shop_id}}\", from: {{ row: {{ reads: [version] }} }} }}",
        super::VIEWS
    );
    let table = format!("  row: {{ topic: {}, primary_key: id, replica_identity: full }}", row.name);
    let both = world.configuration(&views).replacen("tables:\n", &format!("tables:\n{table}\n"), 1);
    let start = || Freshet::start_with(&both, &["run"], &[]).ready();
    let (first, second) = (start(), start());
    world.orders.wait_for_offsets(&[0, 0]);
    row.wait_for_offsets(&[0, 0]);
    let check = |id: i64, orders: &[i64], rows: &[i64]| {
        world.redis.fill(&["orders_of:1", "orders_of:2", "shop:1", "shop:2", "shop:3", "shop:4", "shop:5"]);
        world.orders.send(0, &[created("order", order(id, 1, 1, 0))]);
        world.orders.send(1, &[created("order", order(id + 1, 1, 1, 0))]);
        row.send(0, &[create(id, 1)]);
        row.send(1, &[update(id, 3, 4)]);
        world.redis.wait_for_names(&["orders_of:2", "shop:2", "shop:5"]);
        world.orders.wait_for_offsets(orders);
        row.wait_for_offsets(rows);
    };
    check(1, &[1, 1], &[1, 1]);
    end(first);
    check(3, &[2, 2], &[2, 2]);
    let third = start();
    check(5, &[3, 3], &[3, 3]);
    end(second);
    check(7, &[4, 4], &[4, 4]);
    assert!(widenings(&third) < 0.5);
}

#[test]
fn independent_components_are_led_by_different_copies() {
    let (redis, left) = (RedisServer::start(), Topic::planned("left", 1));
    let right = left.planned_beside("right", 1);
    left.make(&[]);
    right.make(&[]);
    let table = |name: &str, topic: &Topic| {
        format!("  {name}: {{ topic: {}, primary_key: id, columns: {{ shop_id: integer }} }}", topic.name)
    };
    let view = |name: &str| {
        format!("  {name}: {{ key: \"{name}:{{shop_id}}\", from: {{ {name}: {{ reads: [version] }} }} }}")
    };
    let tables = [table("left", &left), table("right", &right)].join("\n");
    let text = configuration(&left.group, &redis, &tables, &[view("left"), view("right")].join("\n"));
    let start = || Freshet::start_with(&text, &["run"], &[]).ready();
    let (first, second) = (start(), start());
    let leading = || {
        let of = |copy: &Freshet, name: &str| {
            copy.metric(&format!("freshet_leading{{component=\"{name}\"}}")) > 0.5
        };
        [&first, &second].map(|copy| [of(copy, "left"), of(copy, "right")])
    };
    let shared = [[[true, false], [false, true]], [[false, true], [true, false]]];
    eventually("each leads one", leading, |seen| shared.contains(seen));
    left.wait_for_offsets(&[0]);
    right.wait_for_offsets(&[0]);
    let check = |id: i64, offset: i64| {
        redis.fill(&["left:1", "left:2", "left:3", "right:1", "right:2", "right:3"]);
        left.send(0, &[created("left", order(id, 1, 1, 0)), updated("left", order(id, 2, 1, 0))]);
        right.send(0, &[created("right", order(id, 3, 1, 0)), updated("right", order(id, 2, 1, 0))]);
        redis.wait_for_names(&["left:3", "right:1"]);
        left.wait_for_offsets(&[offset]);
        right.wait_for_offsets(&[offset]);
    };
    check(1, 2);
    end(first);
    eventually("the other leads both", || second.metric("freshet_leading{"), |seen| *seen > 1.5);
    check(2, 4);
    assert!(widenings(&second) < 0.5);
}
