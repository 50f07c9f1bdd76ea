//! A tracked table's letters: the leader writes them, and who takes over writes what it left.

use super::{VIEWS, World, created, leads, order, wait_for_metric, who_leads};
use crate::dead_letters::{STOPPED, letters};
use crate::harness::{Event, Freshet, Topic, eventually};

fn poison(id: i64) -> Event {
    Event { key: format!("{{\"id\":{id}}}"), value: format!("no JSON {id}").into_bytes() }
}

/// Two orders, and a dead-letter topic that does not exist yet.
fn world() -> (World, Topic) {
    let world = World::new(1);
    let letters = world.orders.planned_beside("letters", 1);
    world.orders.send(0, &[created("order", order(1, 1, 1, 0)), created("order", order(2, 2, 1, 0))]);
    (world, letters)
}

fn start(world: &World, letters: &Topic) -> Freshet {
    let configuration =
        world.configuration(VIEWS) + &format!("dead_letters: {{ topic: {} }}\n", letters.name);
    Freshet::start_with(&configuration, &["run"], &[])
}

/// A leader whose partition of orders is stopped, and its standby, which has read the letter, too.
fn stopped_pair(world: &World, letters: &Topic) -> (Freshet, Freshet) {
    let (leader, standby) = who_leads(start(world, letters).ready(), start(world, letters).ready());
    world.orders.wait_for_offsets(&[2]);
    world.redis.fill(&["orders_of:1", "other"]);
    world.orders.send(0, &[poison(1)]);
    wait_for_stop(&leader);
    world.redis.wait_for_names(&["other"]);
    wait_for_metric(&standby, "freshet_poison_messages_total", 1.0);
    assert_eq!(world.orders.offsets(), [2]);
    (leader, standby)
}

#[track_caller]
fn wait_for_stop(copy: &Freshet) {
    copy.log.wait_for("a stop", |line| line["message"] == STOPPED);
}

#[track_caller]
fn assert_one_letter(topic: &Topic) {
    let found = letters(topic);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].value.as_deref(), Some(&b"no JSON 1"[..]));
    assert_eq!(found[0].header("__dlq.errors.offset"), "2");
}

#[test]
fn the_standby_of_a_leader_that_is_killed_writes_its_letter() {
    let (world, letters) = world();
    let (leader, standby) = stopped_pair(&world, &letters);
    leader.kill();
    letters.make(&[]);
    world.orders.wait_for_offsets(&[3]);
    assert!(leads(&standby));
    assert_one_letter(&letters);
    // What was stopped goes on.
    world.redis.fill(&["orders_of:3"]);
    world.orders.send(0, &[created("order", order(3, 3, 1, 0))]);
    world.orders.wait_for_offsets(&[4]);
    world.redis.wait_for_names(&["other"]);
    assert_one_letter(&letters);
}

#[test]
fn a_leader_that_was_deposed_keeps_its_letter_and_may_take_over_again() {
    let (world, letters) = world();
    let (first, second) = stopped_pair(&world, &letters);
    first.signal("STOP");
    eventually("the other leads", || leads(&second), |leads| *leads);
    wait_for_stop(&second);
    first.signal("CONT");
    first.log.wait_for("the end of leading", |line| line["message"] == "leading no more");
    second.kill();
    eventually("the first leads again", || leads(&first), |leads| *leads);
    letters.make(&[]);
    world.orders.wait_for_offsets(&[3]);
    assert_one_letter(&letters);
}

#[test]
fn while_a_component_is_stopped_its_other_partitions_go_on() {
    let (world, letters) = world();
    let (leader, _standby) = stopped_pair(&world, &letters);
    world.redis.fill(&["names_of:2"]);
    let name = super::updated("customer", super::customer(1, "b"));
    world.customers.send(0, &[name]);
    world.redis.wait_for_names(&["other"]);
    world.customers.wait_for_offsets(&[1]);
    // Until the topic is there nothing more of the orders is read.
    let mut names = (0..).map(|n| format!("name {n}"));
    let read = || {
        world.redis.fill(&["orders_of:5", "names_of:2"]);
        world.orders.send(0, &[created("order", order(5, 5, 1, 0))]);
        world
            .customers
            .send(0, &[super::updated("customer", super::customer(1, &names.next().expect("another")))]);
        let gone = |names: &Vec<String>| !names.contains(&"names_of:2".to_owned());
        eventually("customers are read", || world.redis.names(), gone)
    };
    eventually("orders are not", read, |names| names.contains(&"orders_of:5".to_owned()));
    letters.make(&[]);
    world.redis.wait_for_names(&["other"]);
    eventually("all is committed", || world.orders.behind(), |behind| *behind == 0);
    assert_one_letter(&letters);
    assert!(leads(&leader));
}

#[test]
fn while_rows_are_loaded_no_letter_is_written() {
    let (world, letters) = world();
    letters.make(&[]);
    world.orders.send(0, &[poison(1)]);
    let first = start(&world, &letters).ready();
    world.orders.wait_for_offsets(&[3]);
    world.orders.send(0, &[poison(2)]);
    world.orders.wait_for_offsets(&[4]);
    first.kill();
    let _second = start(&world, &letters).ready();
    world.orders.send(0, &[poison(3)]);
    world.orders.wait_for_offsets(&[5]);
    let offsets = super::super::dead_letters::letters(&letters);
    let offsets: Vec<_> = offsets.iter().map(|letter| letter.header("__dlq.errors.offset")).collect();
    assert_eq!(offsets, ["3", "4"]);
}
