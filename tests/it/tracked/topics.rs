//! Topics that come late, grow, go or lack their beginning.

use super::{World, created, customer, end, order, updated, wait_for_metric, who_leads, widenings};
use crate::harness::eventually;

#[test]
fn a_topic_that_comes_later_is_read_from_its_first_event() {
    let world = World::planned(2);
    world.customers.make(&[]);
    let (first, second) = (world.start().ready(), world.start().ready());
    world.customers.wait_for_offsets(&[0]);
    world.customers.send(0, &[created("customer", customer(1, "a"))]);
    world.customers.wait_for_offsets(&[1]);
    world.redis.fill(&["orders_of:8", "names_of:8", "other"]);
    // It comes first by name: with it the component gets another leader, perhaps the same copy.
    world.orders.make(&[]);
    world.orders.send(0, &[created("order", order(1, 1, 1, 0))]);
    // As the first start on any topic.
    world.redis.wait_for_names(&["other"]);
    // An empty partition's offset too, or the next start would take it for lost.
    world.orders.wait_for_offsets(&[1, 0]);
    let (leader, standby) = who_leads(first, second);
    assert!(widenings(&standby) < 0.5);
    // One that led until now may be about to delete again what it read as the leader.
    end(standby);
    world.redis.fill(&["orders_of:1", "orders_of:2", "names_of:1", "names_of:2"]);
    world.customers.send(0, &[updated("customer", customer(1, "b"))]);
    world.redis.wait_for_names(&["names_of:2", "orders_of:1", "orders_of:2", "other"]);
    world.customers.wait_for_offsets(&[2]);
    assert!(widenings(&leader) < 0.5);
    end(leader);

    let third = world.start().ready();
    world.orders.send(1, &[created("order", order(2, 2, 1, 0))]);
    world.redis.wait_for_names(&["orders_of:1", "other"]);
    assert!(widenings(&third) < 0.5);
}

#[test]
fn partitions_that_are_added_meanwhile_are_read_from_their_first_event() {
    let mut world = World::new(1);
    world.orders.send(0, &[created("order", order(1, 1, 1, 0))]);
    let freshet = world.start().ready();
    world.orders.wait_for_offsets(&[1]);
    world.orders.grow(3);
    world.redis.fill(&["orders_of:1", "orders_of:2", "orders_of:3"]);
    // Its key leads to another partition now.
    world.orders.send(1, &[updated("order", order(1, 2, 1, 0))]);
    world.redis.wait_for_names(&["orders_of:3"]);
    world.orders.wait_for_offsets(&[1, 1, 0]);
    assert!(widenings(&freshet) < 0.5, "the row was known");
    freshet.log.wait_for("what to do", |line| {
        let message = line["message"].as_str().unwrap_or_default();
        message.starts_with("partitions were added to the topic") && line["at_first"] == 1
    });
    // Not all that point to a customer are known any more.
    world.redis.fill(&["names_of:9"]);
    world.customers.send(0, &[created("customer", customer(1, "a"))]);
    world.redis.wait_for_names(&["orders_of:3"]);
    end(freshet);

    let second = world.start().ready();
    world.redis.fill(&["orders_of:2"]);
    world.orders.send(2, &[created("order", order(2, 2, 1, 0))]);
    world.redis.wait_for_names(&["orders_of:3"]);
    assert!(widenings(&second) < 0.5, "each partition had an offset");
    second.log.wait_for("what to do", |line| line["at_first"] == 1);
}

#[test]
fn partitions_that_were_added_while_nobody_ran_put_families_in_doubt() {
    let mut world = World::new(1);
    world.orders.send(0, &[created("order", order(1, 1, 1, 0))]);
    end(world.start().ready());
    world.orders.grow(2);
    world.redis.fill(&["orders_of:8", "names_of:8", "other"]);
    world.orders.send(1, &[created("order", order(2, 2, 1, 0))]);
    let second = world.start().ready();
    world.redis.wait_for_names(&["other"]);
    world.orders.wait_for_offsets(&[1, 1]);
    second.log.wait_for("what to do", |line| line["at_first"] == 1);
    world.redis.fill(&["names_of:8"]);
    world.customers.send(0, &[created("customer", customer(1, "a"))]);
    world.redis.wait_for_names(&["other"]);
}

#[test]
fn a_topic_that_lost_its_beginning_puts_families_in_doubt_and_says_so() {
    let world = World::new(1);
    let rows = (1..5).map(|id| created("order", order(id, id, 1, 0)));
    world.orders.send(0, &rows.collect::<Vec<_>>());
    world.orders.forget(0, 2);
    let freshet = world.start().ready();
    world.orders.wait_for_offsets(&[4]);
    freshet.log.wait_for("what to do", |line| {
        let message = line["message"].as_str().unwrap_or_default();
        message.starts_with("the topic has lost its beginning") && line["first_offset"] == 2
    });
    world.redis.fill(&["orders_of:1", "names_of:1", "names_of:3", "orders_of:3", "other"]);
    // Orders 1 and 2 point to this customer, for all that is known.
    world.customers.send(0, &[created("customer", customer(1, "a"))]);
    world.redis.wait_for_names(&["orders_of:1", "orders_of:3", "other"]);
    wait_for_metric(&freshet, "freshet_widenings_total{reason=\"incomplete\",view=\"names_of\"}", 1.0);
    // Order 3 is known, order 1 is not.
    world.orders.send(0, &[updated("order", order(3, 7, 1, 0))]);
    world.redis.wait_for_names(&["orders_of:1", "other"]);
    world.orders.send(0, &[updated("order", order(1, 7, 1, 0))]);
    world.redis.wait_for_names(&["other"]);
}

#[test]
fn a_topic_that_is_deleted_leaves_the_others_a_leader() {
    let world = World::new(1);
    world.orders.send(0, &[created("order", order(1, 1, 1, 0))]);
    let freshet = world.start().ready();
    world.orders.wait_for_offsets(&[1]);
    world.customers.wait_for_offsets(&[0]);
    world.orders.delete();
    freshet.log.wait_for("its loss", |line| {
        line["message"].as_str().is_some_and(|message| message.starts_with("the topic was deleted"))
    });
    let again = || freshet.log.with_message("leading").len();
    eventually("it leads by the other topic", again, |times| *times == 2);
    world.customers.send(0, &[created("customer", customer(1, "a"))]);
    world.customers.wait_for_offsets(&[1]);
    // What was in the old topic and not read is lost.
    world.redis.fill(&["orders_of:8", "names_of:8", "other"]);
    world.orders.make(&[]);
    world.orders.send(0, &[created("order", order(1, 2, 1, 0)), created("order", order(2, 3, 1, 0))]);
    world.redis.wait_for_names(&["other"]);
    world.orders.wait_for_offsets(&[2]);
}
