//! Leases: whoever read the database before a change stores nothing once freshet has deleted the key.

mod hold;
mod protocol;
mod stress;

use self::protocol::{Answer, Protocol, lease};
use crate::harness::{Event, Freshet, RedisServer, Topic, create, eventually, update};

const VIEWS: &str = "  shop: { key: \"shop:{shop_id}\", from: { row: { reads: [version] } } }";

/// freshet on a topic of one partition and a Redis, started, and readers of it.
struct World {
    topic: Topic,
    redis: RedisServer,
    freshet: Freshet,
    protocol: Protocol,
    connection: redis::Connection,
}

impl World {
    fn new(views: &str) -> Self {
        let (topic, redis) = (Topic::new(1), RedisServer::start());
        let freshet = Freshet::start(&topic, &redis, views).ready();
        topic.wait_for_offsets(&[0]);
        let connection = redis.connect();
        Self { topic, redis, freshet, protocol: Protocol::new(), connection }
    }

    /// A reader asks, and holds the lease if it gets one.
    fn ask(&mut self, key: &str, reader: &str) -> Answer {
        self.protocol.read_or_lease(&mut self.connection, key, reader)
    }

    fn fill(&mut self, key: &str, reader: &str) -> bool {
        self.protocol.fill(&mut self.connection, key, reader, reader)
    }

    /// Sends events and waits until what they delete is deleted.
    fn apply(&self, events: &[Event]) {
        let end = self.topic.offsets()[0] + i64::try_from(events.len()).expect("few");
        self.topic.send(0, events);
        self.topic.wait_for_offsets(&[end]);
    }

    /// What a key's lease holds.
    fn token(&self, key: &str) -> Option<String> {
        redis::cmd("GET").arg(lease(key)).query(&mut self.redis.connect()).expect("an answer")
    }

    fn deleted(&self) -> f64 {
        self.freshet.metric("freshet_keys_deleted_total")
    }
}

fn poison() -> Event {
    Event { key: "{}".to_owned(), value: b"poison".to_vec() }
}

#[test]
fn a_lease_of_a_changed_key_is_revoked() {
    let mut world = World::new(VIEWS);
    let deleted = world.deleted();
    for key in ["shop:1", "shop:2"] {
        assert_eq!(world.ask(key, "before"), Answer::Leased);
        assert_eq!(world.ask(key, "another"), Answer::Waits);
    }
    world.apply(&[create(1, 1)]);
    assert_eq!(world.redis.names(), [lease("shop:2")]);
    assert!(!world.fill("shop:1", "before"), "what was read before the change is stored");
    assert!(world.fill("shop:2", "before"), "nobody changed it");
    assert!((world.deleted() - deleted).abs() < 0.5, "leases are no keys");
    assert_eq!(world.ask("shop:1", "after"), Answer::Leased);
    assert!(world.fill("shop:1", "after"));
    assert_eq!(world.ask("shop:1", "another"), Answer::Found);
    world.apply(&[update(1, 1, 2)]);
    assert_eq!(world.redis.names(), [""; 0]);
    assert!((world.deleted() - deleted - 2.0).abs() < 0.5);
}

#[test]
fn a_second_delete_revokes_what_was_given_after_the_first() {
    let mut world = World::new(&VIEWS.replace("} } }", "} }, settle: 2s }"));
    let again = |world: &World| world.freshet.metric("freshet_second_deletes_total");
    let before = again(&world);
    world.topic.send(0, &[create(1, 1)]);
    eventually("the first delete", || world.freshet.metric("freshet_settling_keys"), |keys| *keys > 0.5);
    assert_eq!(world.ask("shop:1", "between"), Answer::Leased);
    eventually("the second delete", || again(&world), |deletes| *deletes > before + 0.5);
    assert!(!world.fill("shop:1", "between"));
}

#[test]
fn a_familys_leases_go_with_it() {
    for (views, ours) in [
        ("  shop: { key: \"shop:{shop_id}\", from: row }", "shop:7"),
        ("  shop: { key: \"{{shop}}:{shop_id}\", from: row }", "{shop}:7"),
        ("  board: { family: \"board:*\", from: row }", "board:x"),
        ("  board: { family: \"{{board}}:*\", from: row }", "{board}:x"),
        ("  board: { family: \"board:*\", from: row }", "board:{x}:y"),
    ] {
        let mut world = World::new(views);
        if views.contains("family") {
            world.freshet.log.wait_for("its names", |line| line["message"] == "a family's names are known");
        }
        let others = ["shop:7:lock", "boards:x", "xshop:7"];
        for key in others.into_iter().chain([ours]) {
            assert_eq!(world.ask(key, "before"), Answer::Leased, "{key}");
        }
        world.apply(&[poison()]);
        let mut left: Vec<_> = others.iter().map(|key| lease(key)).collect();
        left.sort();
        assert_eq!(world.redis.names(), left, "{views}");
        assert!(!world.fill(ours, "before"), "{views}: what was read before is stored");
        assert!(others.iter().all(|key| world.fill(key, "before")), "{views}: others' leases stay");
        if views.contains("family") {
            let by_scan = world.freshet.metric("freshet_family_deletions_total{how=\"scan\"");
            assert!(by_scan < 1.5, "{views}: that of the start, and no more: {by_scan}");
        }
    }
}

/// They were taken before Redis told of names.
#[test]
fn a_declared_familys_leases_are_found_when_its_names_are_gathered() {
    let (topic, redis) = (Topic::new(1), RedisServer::start());
    let first = Freshet::start(&topic, &redis, "  board: { family: \"board:*\", from: row }").ready();
    topic.wait_for_offsets(&[0]);
    first.kill();
    let (protocol, mut connection) = (Protocol::new(), redis.connect());
    for key in ["board:x", "board:{x}:y"] {
        assert_eq!(protocol.read_or_lease(&mut connection, key, "before"), Answer::Leased);
    }
    let second = Freshet::start(&topic, &redis, "  board: { family: \"board:*\", from: row }").ready();
    second.log.wait_for("its names", |line| line["message"] == "a family's names are known");
    topic.send(0, &[create(1, 1)]);
    topic.wait_for_offsets(&[1]);
    assert_eq!(redis.names(), [""; 0]);
    assert!(second.metric("freshet_family_deletions_total{how=\"names\"") > 0.5);
}

#[test]
fn a_lease_that_an_old_dump_brings_back_is_revoked() {
    let mut world = World::new(VIEWS);
    assert_eq!(world.ask("shop:1", "before"), Answer::Leased);
    world.redis.save();
    world.apply(&[create(1, 1)]);
    world.redis.kill();
    world.freshet.signal("STOP");
    world.redis.restart();
    assert_eq!(world.redis.names(), [lease("shop:1")]);
    world.freshet.signal("CONT");
    world.redis.wait_for_names(&[]);
    world.connection = world.redis.connect();
    assert!(!world.fill("shop:1", "before"));
}

#[test]
fn a_key_that_can_have_no_lease_goes_alone() {
    let mut world = World::new(
        "  shop: { key: \"a}}:{shop_id}\", from: row }\n  tagged: { key: \"{{t}}:{shop_id}\", from: row }",
    );
    world.redis.fill(&["a}:1", "{t}:1"]);
    assert_eq!(world.ask("{t}:2", "before"), Answer::Leased);
    world.apply(&[create(1, 1), create(2, 2)]);
    assert_eq!(world.redis.names(), [""; 0]);
}

#[test]
fn a_deletion_by_hand_revokes_too() {
    let mut world = World::new(VIEWS);
    let configuration = crate::harness::configuration(&world.topic, &world.redis.url(), VIEWS);
    let run = |words: &[&str]| {
        crate::harness::said(
            &crate::harness::freshet(&configuration, &[&["invalidate", "shop"], words].concat()),
            0,
        )
    };
    assert_eq!(world.ask("shop:1", "before"), Answer::Leased);
    assert_eq!(run(&["shop_id=1"]), "not there  shop:1\n");
    assert!(!world.fill("shop:1", "before"));
    assert_eq!(world.ask("shop:2", "before"), Answer::Leased);
    assert_eq!(run(&["--family"]), "deleted    0 keys of shop:{shop_id}\n");
    assert!(!world.fill("shop:2", "before"));
}
