//! Where a component begins, and what its first start deletes.

use super::{World, created, customer, end, order, updated, wait_for_metric, widenings};
use crate::harness::eventually;

#[test]
fn rows_that_lie_there_are_loaded_without_effects_and_families_go_once() {
    let world = World::new(2);
    world.orders.send(0, &[created("order", order(1, 1, 1, 0)), created("order", order(2, 2, 1, 0))]);
    world.customers.send(0, &[created("customer", customer(1, "a"))]);
    let others = ["orders_of:1:lock", "orders_of", "session"];
    world.redis.fill(&others);
    world.redis.fill(&["orders_of:1", "orders_of:7", "names_of:7"]);

    let first = world.start().ready();
    world.redis.wait_for_names(&others);
    // The ends, at once, of the empty partition too.
    world.orders.wait_for_offsets(&[2, 0]);
    world.customers.wait_for_offsets(&[1]);
    wait_for_metric(&first, "freshet_rows{table=\"order\"}", 2.0);
    wait_for_metric(&first, "freshet_rows{table=\"customer\"}", 1.0);
    wait_for_metric(&first, "freshet_leading{component=\"order\"}", 1.0);
    assert!(first.metric("freshet_keys_total") < 0.5, "what lay there was applied");
    assert!(first.metric("freshet_events_total") < 0.5, "what lay there was judged");
    assert!((first.metric("freshet_widenings_total{reason=\"first_start\"") - 2.0).abs() < 0.1);
    end(first);

    // Under the same definitions nothing is in doubt.
    world.redis.fill(&["orders_of:1"]);
    let second = world.start().ready();
    world.orders.send(1, &[created("order", order(3, 3, 1, 0))]);
    world.orders.wait_for_offsets(&[2, 1]);
    assert!(world.redis.names().contains(&"orders_of:1".to_owned()));
    assert!(widenings(&second) < 0.5);
}

/// The order of its reading must not matter: each event's old row is among those that were loaded.
#[test]
fn what_came_while_nobody_ran_is_applied_exactly() {
    const ROWS: i64 = 3_000;
    let world = World::new(2);
    let of = |partition| (0..ROWS).filter(move |id| id % 2 == i64::from(partition));
    for partition in 0..2_i32 {
        let rows = of(partition).map(|id| created("order", order(id, id, 1, 0)));
        world.orders.send(partition, &rows.collect::<Vec<_>>());
    }
    let first = world.start().ready();
    world.orders.wait_for_offsets(&[ROWS / 2; 2]);
    end(first);

    for partition in 0..2_i32 {
        let moves = of(partition).map(|id| updated("order", order(id, id + ROWS, 1, 0)));
        world.orders.send(partition, &moves.collect::<Vec<_>>());
    }
    let all: Vec<_> = (0..2 * ROWS).map(|shop| format!("orders_of:{shop}")).collect();
    world.redis.fill(&all.iter().map(String::as_str).collect::<Vec<_>>());
    world.redis.fill(&["orders_of:-1", "names_of:6000"]);
    let second = world.start().ready();
    let names = || world.redis.names().len();
    eventually("the keys before and after each move", names, |left| *left == 2);
    world.redis.wait_for_names(&["names_of:6000", "orders_of:-1"]);
    world.orders.wait_for_offsets(&[ROWS; 2]);
    assert!(widenings(&second) < 0.5);
}
