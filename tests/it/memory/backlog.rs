//! While Redis is away the partitions pause, and polling goes on.

use super::peak;
use crate::harness::{Freshet, RedisServer, Topic, create, eventually};

const VIEWS: &str = "  item: { key: \"item:{id}\", from: { row: { reads: [version] } } }";
const EVENTS: i64 = 400_000;

#[test]
fn a_backlog_with_redis_away_is_bounded_and_caught_up_with() {
    let (topic, redis) = (Topic::new(2), RedisServer::start());
    let freshet = Freshet::start(&topic, &redis, VIEWS).ready();
    topic.wait_for_offsets(&[0, 0]);
    redis.stop();
    let before = peak(&freshet);
    for first in (0..EVENTS).step_by(10_000) {
        topic.send(0, &(first..first + 10_000).map(|id| create(id, 1)).collect::<Vec<_>>());
    }
    // It has read what it may hold, far less than there is, and reads no more.
    eventually("reading pauses", || freshet.metric("freshet_paused"), |paused| *paused > 0.5);
    let read = freshet.metric("freshet_events_total");
    #[expect(clippy::cast_precision_loss, reason = "a small number")]
    let all = EVENTS as f64;
    assert!(read < all * 0.75, "{read} of {all} events were read");
    let grown = peak(&freshet) - before;
    assert!(grown < 64.0, "memory grew by {grown} MiB");
    assert_eq!(freshet.get("/livez").map(|(status, _)| status), Some(200));
    assert!(freshet.log.with_message("revoked").is_empty(), "it stays in its group");

    redis.resume();
    topic.wait_for_offsets(&[EVENTS, 0]);
    assert!((freshet.metric("freshet_events_total") - all).abs() < 0.5, "each once");
    assert!(freshet.log.with_message("revoked").is_empty());
    freshet.ready();
}

#[test]
fn large_messages_are_bounded_by_their_size_and_not_only_by_their_number() {
    let (topic, redis) = (Topic::new(1), RedisServer::start());
    let first = Freshet::start(&topic, &redis, VIEWS).ready();
    topic.wait_for_offsets(&[0]);
    let idle = peak(&first);
    first.signal("TERM");
    assert_eq!(first.exit_code(), Some(0));
    let mut large = create(1, 1);
    let text = String::from_utf8(large.value).expect("JSON");
    large.value = text.replace("no view reads it", &"x".repeat(1_000_000)).into_bytes();
    for _ in 0..60 {
        topic.send(0, &vec![large.clone(); 10]);
    }
    let second = Freshet::start(&topic, &redis, VIEWS).ready();
    topic.wait_for_offsets(&[600]);
    let grown = peak(&second) - idle;
    assert!(grown < 256.0, "memory grew by {grown} MiB over 600 messages of 1 MB");
}
