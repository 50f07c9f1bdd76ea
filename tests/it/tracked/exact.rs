//! What an event of a tracked table deletes, and nothing else.

use super::{World, created, customer, deleted_order, order, updated, widenings};

#[test]
fn the_keys_of_the_row_as_it_was_and_as_it_is_go_and_nothing_else() {
    let world = World::new(1);
    let rows = [order(1, 1, 1, 0), order(2, 2, 1, 0), order(3, 3, 2, 0), order(4, 4, 1, 0)];
    world.orders.send(0, &rows.map(|row| created("order", row)));
    let customers = [customer(1, "a"), customer(2, "b")];
    world.customers.send(0, &customers.map(|row| created("customer", row)));
    let freshet = world.start().ready();
    world.orders.wait_for_offsets(&[4]);
    world.customers.wait_for_offsets(&[2]);

    let all: Vec<_> =
        (0..10).flat_map(|shop| [format!("orders_of:{shop}"), format!("names_of:{shop}")]).collect();
    let mut orders_sent = 4;
    let mut check = |event, expected: &[&str]| {
        world.redis.fill(&all.iter().map(String::as_str).collect::<Vec<_>>());
        world.orders.send(0, &[event]);
        orders_sent += 1;
        // The offset stands for all that the event deletes.
        world.orders.wait_for_offsets(&[orders_sent]);
        assert_eq!(gone(&all, &world), expected);
    };
    // A move, of which the event tells the new shop only.
    check(updated("order", order(1, 5, 1, 0)), &["names_of:1", "names_of:5", "orders_of:1", "orders_of:5"]);
    // Another column that is read, and one that is not.
    check(updated("order", order(1, 5, 1, 1)), &["orders_of:5"]);
    let mut unread = order(1, 5, 1, 1);
    unread["note"] = "nobody reads it".into();
    check(updated("order", unread), &[]);
    // The link counts as read.
    check(updated("order", order(3, 3, 1, 0)), &["names_of:3"]);
    // Its false old row names shop 0.
    check(deleted_order(2), &["names_of:2", "orders_of:2"]);
    check(created("order", order(2, 9, 2, 0)), &["names_of:9", "orders_of:9"]);

    // The far row: the keys of the rows that point to it now.
    world.redis.fill(&all.iter().map(String::as_str).collect::<Vec<_>>());
    world.customers.send(0, &[updated("customer", customer(1, "c"))]);
    world.customers.wait_for_offsets(&[3]);
    assert_eq!(gone(&all, &world), ["names_of:3", "names_of:4", "names_of:5"]);
    assert!(widenings(&freshet) < 0.5);
}

/// The names that are no longer there, sorted.
fn gone(all: &[String], world: &World) -> Vec<String> {
    let left = world.redis.names();
    let mut gone: Vec<_> = all.iter().filter(|name| !left.contains(name)).cloned().collect();
    gone.sort();
    gone
}
