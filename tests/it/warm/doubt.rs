use serde_json::Value;

use super::{World, created, customer, order, outcomes, updated};
use crate::harness::{Event, change};

/// A row as a snapshot has read it.
fn snapshot(row: Value, is_last: bool) -> Event {
    let mut event = change("order", "r", Value::Null, row);
    let mut value: Value = serde_json::from_slice(&event.value).expect("JSON");
    value["source"]["snapshot"] = if is_last { "last_in_data_collection" } else { "true" }.into();
    // All its rows have one position.
    value["source"]["lsn"] = 1.into();
    event.value = value.to_string().into_bytes();
    event
}

/// What is counted of a table whose snapshot is under way was never so in the database.
#[test]
fn no_part_of_a_table_is_counted() {
    let world = World::new(1);
    world.customers.send(0, &[customer("c", 1, true)]);
    let freshet = world.start().ready();
    world.orders.send(0, &[snapshot(order(1, 7, 1, 1), false), snapshot(order(2, 7, 1, 1), false)]);
    world.orders.wait_for_offsets(&[2]);
    world.wait_for_names(&[]);
    let before = outcomes(&freshet);
    assert!(before["unknown"] > 0.5, "{before:?}");
    world.orders.send(0, &[snapshot(order(3, 8, 1, 1), true)]);
    // Also the group whose last row came before.
    world.wait_for("orders:8", [1, 1, 1]);
    world.wait_for("orders:7", [2, 2, 2]);
}

/// Any row may be meant, so none is known.
#[test]
fn an_event_that_names_no_row_leaves_no_value() {
    let world = World::new(1);
    world.customers.send(0, &[customer("c", 1, true)]);
    world.orders.send(0, &[created(order(1, 7, 1, 1)), created(order(2, 7, 1, 1))]);
    let _freshet = world.start().ready();
    world.wait_for("orders:7", [2, 2, 2]);
    // Of the customers: the orders' rows are known, and what they point to is not.
    world.customers.send(0, &[Event { key: "no key".to_owned(), value: b"{".to_vec() }]);
    world.customers.wait_for_offsets(&[2]);
    world.wait_for_names(&[]);
    world.orders.send(0, &[updated(order(1, 7, 1, 2))]);
    world.orders.wait_for_offsets(&[3]);
    world.wait_for_names(&[]);
    world.customers.send(0, &[customer("u", 1, false)]);
    world.orders.send(0, &[updated(order(1, 7, 1, 3))]);
    world.wait_for("orders:7", [2, 4, 0]);
}
