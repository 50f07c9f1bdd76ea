use redis::Commands as _;

use super::{VIEW, World, created, customer, fence, lease, order, outcomes, updated};
use crate::harness::{Event, Freshet, eventually};

/// The customers are read no further, since a letter of theirs cannot be written: no fill of an order's value can be sent.
#[test]
fn readers_fill_where_the_rows_do_not_come_to_the_end_of_their_topics() {
    let world = World::new(1);
    world.customers.send(0, &[customer("c", 1, true)]);
    world.orders.send(0, &[created(order(1, 7, 1, 1)), created(order(2, 8, 1, 1))]);
    let letters = world.orders.planned_beside("letters", 1);
    let configuration = world.configuration(VIEW);
    let section = format!("dead_letters: {{ topic: {} }}\ntables:", letters.name);
    let freshet = Freshet::start_with(&configuration.replace("tables:", &section), &["run"], &[]).ready();
    world.wait_for("orders:7", [1, 1, 1]);
    world.wait_for("orders:8", [1, 1, 1]);
    let poison = Event { value: b"{".to_vec(), ..customer("c", 9, true) };
    world.customers.send(0, &[poison]);
    freshet.log.wait_for("that it stops", |line| {
        line["message"].as_str().is_some_and(|message| message.starts_with("read no further"))
    });
    world.customers.send(0, &[customer("c", 2, true)]);

    world.orders.send(0, &[updated(order(1, 7, 1, 2)), updated(order(2, 8, 1, 2))]);
    world.wait_for_names(&["orders:7", "orders:8"]);
    world.redis.run(&["DEL", &fence("orders:7")]);
    world.orders.send(0, &[updated(order(1, 7, 1, 3))]);
    let held = || -> Option<String> { world.redis.connect().get(lease("orders:7")).expect("an answer") };
    eventually("freshet's lease", held, Option::is_some);
    // It is not made to last: after it no other is taken.
    eventually("no lease", held, Option::is_none);
    world.redis.run(&["SET", &lease("orders:7"), "a reader's"]);
    world.orders.send(0, &[updated(order(1, 7, 1, 4))]);
    world.orders.wait_for_offsets(&[6]);
    assert_eq!((held(), world.value("orders:7")), (None, None), "the change took the reader's lease");
    // Where a fence counts a value is written all the same.
    world.orders.send(0, &[updated(order(2, 8, 1, 5))]);
    world.wait_for("orders:8", [1, 5, 1]);
    let before = outcomes(&freshet);
    letters.make(&[]);
    world.customers.wait_for_offsets(&[3]);
    world.orders.send(0, &[updated(order(1, 7, 1, 6))]);
    world.wait_for("orders:7", [1, 6, 1]);
    assert!(outcomes(&freshet)["filled"] > before["filled"]);
}
