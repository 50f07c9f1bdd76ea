//! Partitions that change hands while Redis is away, and what is committed meanwhile.

use crate::harness::{Freshet, RedisServer, Topic, create, eventually};

const VIEWS: &str = "  item: { key: \"item:{id}\", from: { row: { reads: [version] } } }";

fn send(topic: &Topic, partition: i32, ids: std::ops::Range<i64>) {
    for first in ids.clone().step_by(10_000) {
        let some = first..(first + 10_000).min(ids.end);
        topic.send(partition, &some.map(|id| create(id, 1)).collect::<Vec<_>>());
    }
}

/// Stops Redis and appends events, `each` a partition, until this copy reads no more. Some of their keys exist.
fn pause_with_a_backlog(topic: &Topic, redis: &RedisServer, copy: &Freshet, each: i64) {
    let some: Vec<_> = (0..2 * each).step_by(1_000).map(|id| format!("item:{id}")).collect();
    redis.fill(&some.iter().map(String::as_str).collect::<Vec<_>>());
    redis.stop();
    send(topic, 0, 0..each);
    send(topic, 1, each..2 * each);
    eventually("reading pauses", || copy.metric("freshet_paused"), |paused| *paused > 0.5);
}

#[test]
fn partitions_that_change_hands_while_reading_is_paused_lose_nothing_and_go_on() {
    const EACH: i64 = 120_000;
    let (topic, redis) = (Topic::new(2), RedisServer::start());
    let first = Freshet::start(&topic, &redis, VIEWS).ready();
    topic.wait_for_offsets(&[0, 0]);
    pause_with_a_backlog(&topic, &redis, &first, EACH);

    // The second takes a partition that the first cannot drain; its own deadline lets it go.
    let second = Freshet::start(&topic, &redis, VIEWS);
    second.log.wait_for("its partition", |line| line["message"] == "assigned");
    let undrained = "revoked partitions were not drained in time; their next owner applies the rest again";
    assert_eq!(first.log.with_message(undrained).len(), 1);
    assert_eq!(topic.offsets(), [0, 0], "Redis has acknowledged nothing");
    redis.resume();
    redis.wait_for_names(&[]);
    topic.wait_for_offsets(&[EACH, EACH]);

    // The first had paused the partition that it gets back.
    second.signal("TERM");
    assert_eq!(second.exit_code(), Some(0));
    redis.fill(&["item:500000", "item:500001", "other"]);
    topic.send(0, &[create(500_000, 1)]);
    topic.send(1, &[create(500_001, 1)]);
    redis.wait_for_names(&["other"]);
    topic.wait_for_offsets(&[EACH + 1, EACH + 1]);
    first.ready();
}

#[test]
fn at_no_time_is_more_committed_than_redis_has_acknowledged() {
    const EVENTS: i64 = 60_000;
    let (topic, redis) = (Topic::new(1), RedisServer::start());
    let freshet = Freshet::start(&topic, &redis, VIEWS).ready();
    topic.wait_for_offsets(&[0]);
    let mut connection = redis.connect();
    let mut fill = redis::pipe();
    (0..EVENTS).for_each(|id| {
        fill.set(format!("item:{id}"), "cached").ignore();
    });
    fill.exec(&mut connection).expect("Redis takes the keys");

    let (mut checked, mut stops) = (0, 0);
    std::thread::scope(|scope| {
        scope.spawn(|| send(&topic, 0, 0..EVENTS));
        eventually(
            "all is committed",
            || {
                // An event's offset is its row's number, so each key below the committed offset must be gone.
                let committed = topic.offsets()[0];
                if committed > checked {
                    let mut look = redis::pipe();
                    (checked..committed).for_each(|id| {
                        look.exists(format!("item:{id}"));
                    });
                    let left: Vec<bool> = look.query(&mut connection).expect("Redis answers");
                    let first = left.iter().position(|left| *left);
                    assert_eq!(first, None, "of {checked}..{committed}, which are committed");
                    checked = committed;
                    // Refused for a while after each advance, so that commits fall due with keys on their way.
                    let mut acl =
                        |rule| redis::cmd("ACL").arg(&["SETUSER", "default", rule]).exec(&mut connection);
                    let before = freshet.metric("freshet_redis_retries_total");
                    acl("-unlink").expect("ACL");
                    if committed < EVENTS {
                        eventually(
                            "a refusal",
                            || (freshet.metric("freshet_redis_retries_total"), topic.offsets()[0]),
                            |(retries, offset)| *retries > before || *offset == EVENTS,
                        );
                        stops += 1;
                    }
                    acl("+unlink").expect("ACL");
                }
                checked
            },
            |checked| *checked == EVENTS,
        );
    });
    assert!(stops > 0, "it was refused at least once on the way");
}

#[test]
fn a_full_batch_whose_partition_was_lost_does_not_stop_reading() {
    const EVENTS: i64 = 150_000;
    let (topic, redis) = (Topic::new(1), RedisServer::start());
    let freshet = Freshet::start(&topic, &redis, VIEWS).ready();
    topic.wait_for_offsets(&[0]);
    redis.fill(&["item:1", "item:75000", "item:149999"]);
    redis.stop();
    send(&topic, 0, 0..EVENTS);
    eventually("reading pauses", || freshet.metric("freshet_paused"), |paused| *paused > 0.5);
    // Stopped past the session timeout, it loses its partition with a full batch in hand.
    let took = |freshet: &Freshet| freshet.log.with_message("revoked").len();
    freshet.signal("STOP");
    let second = Freshet::start(&topic, &redis, VIEWS);
    second.log.wait_for("the partition", |line| line["message"] == "assigned");
    freshet.signal("CONT");
    eventually("the loss is noticed", || took(&freshet), |revoked| *revoked > 0);
    second.kill();
    redis.resume();
    redis.wait_for_names(&[]);
    topic.wait_for_offsets(&[EVENTS]);
    eventually("reading goes on", || freshet.metric("freshet_paused"), |paused| *paused < 0.5);
}

#[test]
fn a_partition_that_comes_while_reading_is_paused_is_paused_too() {
    // More than a copy holds.
    const EACH: i64 = 200_000;
    let (topic, redis) = (Topic::new(2), RedisServer::start());
    let first = Freshet::start(&topic, &redis, VIEWS).ready();
    topic.wait_for_offsets(&[0, 0]);
    let second = Freshet::start(&topic, &redis, VIEWS).ready();
    second.log.wait_for("its partition", |line| line["message"] == "assigned");
    pause_with_a_backlog(&topic, &redis, &first, EACH);

    let assigned = || first.log.with_message("assigned").len();
    let (before, read) = (assigned(), first.metric("freshet_events_total"));
    second.kill();
    // The group notices the death after the session timeout.
    eventually("the second's partition", assigned, |times| *times > before);
    first.wait_until_it_reads_no_more(&topic);
    let more = first.metric("freshet_events_total") - read;
    assert!(more < 30_000.0, "{more} events more were read while Redis was away");

    redis.resume();
    redis.wait_for_names(&[]);
    eventually("all is committed", || topic.behind(), |behind| *behind == 0);
}
