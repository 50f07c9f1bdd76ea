//! An offset is committed after Redis has acknowledged every effect of every event up to it.

use redis::Commands as _;

use crate::harness::{Event, Freshet, RedisServer, Topic, create, eventually, update};

const VIEWS: &str = "  shop: { key: \"shop:{shop_id}\", from: { row: { reads: [version] } } }";

#[test]
fn a_kill_before_the_commit_repeats_the_effects() {
    let (topic, redis) = (Topic::new(1), RedisServer::start());
    let mut freshet = Freshet::start(&topic, &redis, VIEWS).ready();
    topic.wait_for_offsets(&[0]);
    // The kill must come between Redis' reply and the commit, which is due twice a second: a few tries hit the gap.
    for id in 1..50 {
        let before = topic.offsets()[0];
        redis.fill(&["shop:1", "shop:2"]);
        topic.send(0, &[update(id, 1, 2)]);
        redis.wait_for_names(&[]);
        freshet.kill();
        redis.fill(&["shop:1", "shop:2", "shop:3"]);
        freshet = Freshet::start(&topic, &redis, VIEWS).ready();
        topic.wait_for_offsets(&[before + 1]);
        let left = redis.names();
        assert!(
            freshet.metric("freshet_family_deletions_total") < 0.5,
            "keys go by the event, not with the family"
        );
        if left == ["shop:3"] {
            return;
        }
        // The commit had left already; it may reach the broker after the kill.
        assert_eq!(left, ["shop:1", "shop:2", "shop:3"]);
        redis.connect().del::<_, ()>(&left).expect("Redis deletes");
    }
    panic!("no kill fell between the reply and the commit");
}

#[test]
fn a_command_that_redis_refuses_is_tried_again_and_holds_the_offset() {
    let (topic, redis) = (Topic::new(1), RedisServer::start());
    let freshet = Freshet::start(&topic, &redis, VIEWS).ready();
    topic.wait_for_offsets(&[0]);
    redis.fill(&["shop:1"]);
    let mut admin = redis.connect();
    let mut acl =
        |rule: &str| redis::cmd("ACL").arg(&["SETUSER", "default", rule]).exec(&mut admin).expect("ACL");
    acl("-unlink");
    topic.send(0, &[create(1, 1)]);
    freshet.log.wait_for("redis' refusal", |line| {
        line["error"].as_str().is_some_and(|error| error.contains("no permissions"))
    });
    let (status, why) = freshet.get("/readyz").expect("an answer");
    assert_eq!(status, 503, "{why}");
    assert!(why.starts_with("redis: ") && why.contains("no permissions"), "{why}");
    assert_eq!(freshet.get("/livez").map(|(status, _)| status), Some(200));
    // Several commits would have been due by the third refusal.
    eventually("refusals", || freshet.metric("freshet_redis_retries_total"), |retries| *retries >= 8.0);
    assert_eq!(topic.offsets(), [0]);

    acl("+unlink");
    redis.wait_for_names(&[]);
    topic.wait_for_offsets(&[1]);
    freshet.ready();
}

#[test]
fn while_redis_is_away_nothing_is_committed_and_then_it_catches_up() {
    let (topic, mut redis) = (Topic::new(1), RedisServer::start());
    let freshet = Freshet::start(&topic, &redis, VIEWS).ready();
    topic.wait_for_offsets(&[0]);
    redis.kill();
    topic.send(0, &(0..1_000).map(|id| create(id, id)).collect::<Vec<_>>());
    let away = eventually(
        "not ready",
        || freshet.get("/readyz"),
        |answer| answer.as_ref().is_some_and(|(status, _)| *status == 503),
    );
    assert!(away.is_some_and(|(_, why)| why.contains("redis: ")));
    eventually("retries", || freshet.metric("freshet_redis_retries_total"), |retries| *retries >= 8.0);
    assert_eq!(topic.offsets(), [0]);

    redis.restart();
    topic.wait_for_offsets(&[1_000]);
    let _freshet = freshet.ready();
    // It is another one, of which nobody knows what it forgot, so all families went with it.
    redis.fill(&["shop:5", "shop:1000"]);
    topic.send(0, &[create(1, 5)]);
    redis.wait_for_names(&["shop:1000"]);
    topic.wait_for_offsets(&[1_001]);
}

#[test]
fn a_stopped_redis_is_waited_for() {
    let (topic, redis) = (Topic::new(1), RedisServer::start());
    let freshet = Freshet::start(&topic, &redis, VIEWS).ready();
    topic.wait_for_offsets(&[0]);
    redis.fill(&["shop:1", "shop:2"]);
    redis.stop();
    topic.send(0, &[create(1, 1)]);
    // It does not answer, so the answer's deadline passes.
    freshet.log.wait_for("the wait", |line| line["message"] == "waiting for redis");
    assert_eq!(topic.offsets(), [0]);
    redis.resume();
    redis.wait_for_names(&["shop:2"]);
    topic.wait_for_offsets(&[1]);
}

#[test]
fn one_refusal_among_many_replies_holds_the_offset() {
    let views = VIEWS.replace("shop:{shop_id}", "{id}:{shop_id}").replace("key: \"", "key: \"n:");
    let (topic, redis) = (Topic::new(1), RedisServer::start());
    let freshet = Freshet::start(&topic, &redis, &views).ready();
    topic.wait_for_offsets(&[0]);
    redis.fill(&["n:1:1", "n:2:499"]);
    let acl = |rules: &[&str]| {
        redis::cmd("ACL").arg(&["SETUSER", "default"]).arg(rules).exec(&mut redis.connect()).expect("ACL");
    };
    // Keys of the first commands may go, one of the last must not.
    acl(&["resetkeys", "~n:1:*", "~freshet:lease:*"]);
    redis.stop();
    let mut events: Vec<_> = (0..500).map(|shop| create(1, shop)).collect();
    events.push(create(2, 499));
    topic.send(0, &events);
    eventually("all are read", || freshet.metric("freshet_events_total"), |read| *read > 500.5);
    redis.resume();
    freshet.log.wait_for("redis' refusal", |line| {
        line["error"].as_str().is_some_and(|error| error.contains("no permissions"))
    });
    eventually("refusals", || freshet.metric("freshet_redis_retries_total"), |retries| *retries >= 6.0);
    assert!(topic.offsets()[0] < 501);
    assert_eq!(freshet.get("/readyz").map(|(status, _)| status), Some(503));
    acl(&["allkeys"]);
    redis.wait_for_names(&[]);
    topic.wait_for_offsets(&[501]);
}

#[test]
fn a_family_that_cannot_be_searched_holds_the_offset() {
    let (topic, redis) = (Topic::new(1), RedisServer::start());
    let freshet = Freshet::start(&topic, &redis, VIEWS).ready();
    topic.wait_for_offsets(&[0]);
    redis.fill(&["shop:1", "shop:2", "other"]);
    let mut admin = redis.connect();
    let mut acl =
        |rule: &str| redis::cmd("ACL").arg(&["SETUSER", "default", rule]).exec(&mut admin).expect("ACL");
    acl("-scan");
    // What cannot be decoded deletes the family; the good event behind it must not be committed alone.
    let poison = Event { key: "{}".to_owned(), value: b"poison".to_vec() };
    topic.send(0, &[poison, create(1, 1)]);
    redis.wait_for_names(&["other", "shop:2"]);
    eventually("refusals", || freshet.metric("freshet_redis_retries_total"), |retries| *retries >= 6.0);
    let (status, why) = freshet.get("/readyz").expect("an answer");
    assert_eq!(status, 503, "{why}");
    assert!(why.contains("redis, families: "), "{why}");
    assert_eq!(topic.offsets(), [0]);
    acl("+scan");
    redis.wait_for_names(&["other"]);
    topic.wait_for_offsets(&[2]);
    freshet.ready();
}
