//! What is committed beside an offset: under which definitions, and of which log.

use super::{VIEWS, World, created, end, order, updated, wait_for_metric, widenings};
use crate::harness::Freshet;

#[test]
fn a_view_whose_definition_changed_loses_its_family_once_and_the_others_stay() {
    let world = World::new(2);
    world.orders.send(0, &[created("order", order(1, 1, 1, 0))]);
    let first = world.start().ready();
    world.orders.wait_for_offsets(&[1, 0]);
    world.customers.wait_for_offsets(&[0]);
    let before = world.orders.committed();
    end(first);

    let changed = VIEWS.replace("[version]", "[version, note]");
    world.redis.fill(&["orders_of:8", "names_of:8", "other"]);
    let second = Freshet::start_with(&world.configuration(&changed), &["run"], &[]).ready();
    world.redis.wait_for_names(&["names_of:8", "other"]);
    let renewed = || {
        let now = world.orders.committed();
        now.iter().zip(&before).all(|(now, before)| now.is_some() && now != before)
    };
    crate::harness::eventually("new metadata at the same offsets", renewed, |renewed| *renewed);
    assert_eq!(world.orders.offsets(), [1, 0]);
    assert!((widenings(&second) - 1.0).abs() < 0.1, "of one view, for both partitions");
    end(second);

    world.redis.fill(&["orders_of:8"]);
    let third = Freshet::start_with(&world.configuration(&changed), &["run"], &[]).ready();
    world.orders.send(0, &[updated("order", order(1, 2, 1, 0))]);
    world.orders.wait_for_offsets(&[2, 0]);
    assert_eq!(world.redis.names(), ["names_of:8", "orders_of:8", "other"]);
    assert!(widenings(&third) < 0.5);
}

#[test]
fn a_topic_that_was_made_anew_is_noticed_though_it_is_longer() {
    let world = World::new(1);
    let first = world.start().ready();
    world.orders.wait_for_offsets(&[0]);
    world.orders.send(0, &[created("order", order(1, 1, 1, 0))]);
    world.orders.wait_for_offsets(&[1]);
    end(first);

    // The broker forgets the group's offsets with the topic; that may fail, and a copy of the log may lose none.
    let metadata = world.orders.committed()[0].clone().expect("an offset").metadata;
    world.orders.delete();
    world.orders.make(&[]);
    world.orders.set_offset(0, 1, &metadata);
    world.orders.send(0, &[created("order", order(1, 2, 1, 0)), created("order", order(2, 3, 1, 0))]);
    // Order 1 was moved from here by an event that nobody read.
    world.redis.fill(&["orders_of:9", "names_of:9", "other"]);
    let second = world.start().ready();
    world.redis.wait_for_names(&["other"]);
    wait_for_metric(&second, "freshet_widenings_total{reason=\"lost_offsets\"", 2.0);
    world.orders.wait_for_offsets(&[2]);
    world.redis.fill(&["orders_of:2", "orders_of:4", "orders_of:5"]);
    world.orders.send(0, &[updated("order", order(1, 4, 1, 0))]);
    world.redis.wait_for_names(&["orders_of:5", "other"]);
}
