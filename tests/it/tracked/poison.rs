//! A bad event of a tracked table: its row is unknown until it is seen again.

use super::{World, created, order, updated, wait_for_metric, widenings};
use crate::harness::{Event, Freshet};

const UNKNOWN: &str = "freshet_widenings_total{reason=\"unknown_old_row\",view=\"orders_of\"}";

fn poison(id: i64) -> Event {
    Event { key: format!("{{\"id\":{id}}}"), value: b"{\"before\":null,\"after\":{".to_vec() }
}

fn rows() -> Vec<Event> {
    (1..4).map(|id| created("order", order(id, id, 1, 0))).collect()
}

#[test]
fn its_row_is_unknown_until_it_is_seen_again() {
    let world = World::new(1);
    world.orders.send(0, &rows());
    let freshet = world.start().ready();
    world.orders.wait_for_offsets(&[3]);
    world.redis.fill(&["orders_of:1", "names_of:8", "other"]);
    world.orders.send(0, &[poison(1)]);
    world.redis.wait_for_names(&["other"]);
    wait_for_metric(&freshet, "freshet_widenings_total{reason=\"undecodable\"", 2.0);
    widens_once(&world, 4, &freshet);
}

#[test]
fn a_row_whose_event_was_bad_is_unknown_after_loading() {
    let world = World::new(1);
    world.orders.send(0, &rows());
    world.orders.send(0, &[poison(1)]);
    let freshet = world.start().ready();
    world.orders.wait_for_offsets(&[4]);
    widens_once(&world, 4, &freshet);
}

/// The next change of order 1 deletes families; those of other rows do not, nor its later ones.
fn widens_once(world: &World, sent: i64, freshet: &Freshet) {
    let before = widenings(freshet);
    world.redis.fill(&["orders_of:2", "orders_of:5", "orders_of:8"]);
    world.orders.send(0, &[updated("order", order(2, 5, 1, 0))]);
    world.orders.wait_for_offsets(&[sent + 1]);
    assert!(has(world, "orders_of:8") && !has(world, "orders_of:2") && !has(world, "orders_of:5"));
    assert!((widenings(freshet) - before).abs() < 0.1);
    world.orders.send(0, &[updated("order", order(1, 6, 1, 0))]);
    world.orders.wait_for_offsets(&[sent + 2]);
    assert!(!has(world, "orders_of:8"));
    wait_for_metric(freshet, UNKNOWN, 1.0);
    world.redis.fill(&["orders_of:6", "orders_of:7", "orders_of:8"]);
    world.orders.send(0, &[updated("order", order(1, 7, 1, 0))]);
    world.orders.wait_for_offsets(&[sent + 3]);
    assert!(has(world, "orders_of:8") && !has(world, "orders_of:6") && !has(world, "orders_of:7"));
    wait_for_metric(freshet, UNKNOWN, 1.0);
}

fn has(world: &World, name: &str) -> bool {
    world.redis.names().iter().any(|other| other == name)
}
