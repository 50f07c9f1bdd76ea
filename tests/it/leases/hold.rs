//! `hold`: readers that read a replica of the database get no lease until that has caught up.

use std::time::{Duration, Instant};

use super::protocol::Answer;
use super::{World, lease, poison};
use crate::harness::{create, eventually, update};

const HOLD: Duration = Duration::from_secs(4);
const VIEWS: &str = "  shop: { key: \"shop:{shop_id}\", from: row, hold: 4s }";

fn second_deletes(world: &World) -> f64 {
    world.freshet.metric("freshet_second_deletes_total")
}

#[test]
fn a_changed_key_gives_no_lease_until_its_hold_ends() {
    let mut world = World::new(VIEWS);
    let before = second_deletes(&world);
    world.redis.fill(&["shop:1"]);
    assert_eq!(world.ask("shop:2", "before"), Answer::Leased);
    let sent = Instant::now();
    world.topic.send(0, &[update(1, 1, 2)]);
    // The key is gone, and two holds are there.
    world.redis.wait_for_names(&[&lease("shop:1"), &lease("shop:2")]);
    assert!(!world.fill("shop:2", "before"));
    let keys = ["shop:1", "shop:2"];
    assert_eq!(keys.map(|key| world.ask(key, "soon")), [Answer::Waits; 2]);
    for key in keys {
        let given = eventually("a lease", || world.ask(key, "after"), |answer| *answer != Answer::Waits);
        assert_eq!(given, Answer::Leased);
        assert!(sent.elapsed() >= HOLD, "{:?}", sent.elapsed());
    }
    eventually("both go again", || second_deletes(&world), |deletes| (*deletes - before - 2.0).abs() < 0.5);
    world.topic.wait_for_offsets(&[1]);
}

#[test]
fn what_was_filled_although_a_hold_was_evicted_goes_when_it_would_have_ended() {
    let mut world = World::new(VIEWS);
    world.topic.send(0, &[update(1, 1, 2)]);
    world.redis.wait_for_names(&[&lease("shop:1"), &lease("shop:2")]);
    world.redis.run(&["DEL", &lease("shop:1")]);
    assert_eq!(world.ask("shop:1", "lagging"), Answer::Leased);
    assert!(world.fill("shop:1", "lagging"));
    world.topic.wait_for_offsets(&[1]);
    assert!(!world.redis.names().contains(&"shop:1".to_owned()));
}

#[test]
fn a_family_turns_leases_into_holds_and_goes_again() {
    for (views, key) in
        [(VIEWS, "shop:7"), ("  board: { family: \"board:*\", from: row, hold: 4s }", "board:7")]
    {
        let mut world = World::new(views);
        if views.contains("family") {
            world.freshet.log.wait_for("its names", |line| line["message"] == "a family's names are known");
        }
        let before = second_deletes(&world);
        let absent = key.replace('7', "8");
        assert_eq!(world.ask(key, "before"), Answer::Leased);
        world.topic.send(0, &[poison()]);
        let revoked = || world.token(key);
        eventually("the lease is a hold", revoked, |value| value.as_deref() == Some("hold"));
        assert!(!world.fill(key, "before"));
        // A key of which freshet knows nothing: a reader fills it from a replica that lags.
        let is_leased = world.ask(&absent, "lagging") == Answer::Leased;
        assert!(is_leased && world.fill(&absent, "lagging"));
        assert_eq!(world.ask(&absent, "reads"), Answer::Found);
        eventually("the family goes again", || second_deletes(&world), |deletes| *deletes > before + 0.5);
        assert!(!world.redis.names().contains(&absent), "{views}");
        world.topic.wait_for_offsets(&[1]);
    }
}

/// The second deletion of a family comes while a key is held for a later event.
#[test]
fn a_family_cuts_no_hold_short() {
    let mut world = World::new(VIEWS);
    world.topic.send(0, &[poison()]);
    let walked = || world.freshet.metric("freshet_family_deletions_total");
    let before = second_deletes(&world);
    eventually("the family", walked, |walks| *walks > 2.5);
    std::thread::sleep(HOLD / 2);
    let sent = Instant::now();
    world.topic.send(0, &[create(1, 1)]);
    eventually("the family goes again", || second_deletes(&world), |deletes| *deletes > before + 0.5);
    eventually("a lease", || world.ask("shop:1", "after"), |answer| *answer == Answer::Leased);
    assert!(sent.elapsed() >= HOLD, "{:?}", sent.elapsed());
}

#[test]
fn a_hold_that_a_full_redis_refuses_becomes_a_delete() {
    let mut world = World::new(VIEWS);
    world.redis.fill(&["shop:1"]);
    assert_eq!(world.ask("shop:2", "before"), Answer::Leased);
    world.redis.run(&["CONFIG", "SET", "maxmemory-policy", "noeviction", "maxmemory", "1"]);
    world.apply(&[update(1, 1, 2)]);
    assert_eq!(world.redis.names(), [""; 0]);
    assert!((world.freshet.metric("freshet_refused_holds_total") - 2.0).abs() < 0.5);
    world.redis.run(&["CONFIG", "SET", "maxmemory", "0"]);
    assert!(!world.fill("shop:2", "before"));
}
