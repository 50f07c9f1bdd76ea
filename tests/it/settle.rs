//! The second delete: a reader without a lease missed, read the database before the change and stored after the first delete.

use std::thread;
use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::producer::{BaseRecord, DefaultProducerContext, ThreadedProducer};
use redis::Commands as _;

use crate::harness::{Event, Freshet, RedisServer, Topic, create, eventually, kafka, update};

const SETTLE: Duration = Duration::from_secs(2);
const VIEWS: &str = "  shop: { key: \"shop:{shop_id}\", from: { row: { reads: [version] } }, settle: 2s }";

/// The commands that Redis runs.
struct Monitor(redis::Connection);

/// A deletion by name, with its time by Redis' clock in seconds.
struct Unlink {
    at: f64,
    names: Vec<String>,
}

impl Unlink {
    fn read(line: &str) -> Option<Self> {
        let mut words = line.split(' ');
        let at = words.next()?.parse().expect("a time");
        let is_unlink = words.nth(2) == Some("\"UNLINK\"");
        is_unlink.then(|| Self { at, names: words.map(|word| word.trim_matches('"').to_owned()).collect() })
    }
}

impl Monitor {
    fn start(redis: &RedisServer) -> Self {
        let mut connection = redis.connect();
        redis::cmd("MONITOR").exec(&mut connection).expect("MONITOR");
        Self(connection)
    }

    /// Those that have run until now.
    fn unlinks(&mut self, redis: &RedisServer) -> Vec<Unlink> {
        let _: Option<String> = redis.connect().get("until now").expect("Redis answers");
        let mut unlinks = Vec::new();
        loop {
            let line = self.next();
            if line.contains("\"until now\"") {
                return unlinks;
            }
            unlinks.extend(Unlink::read(&line));
        }
    }

    /// Waits until this key is deleted.
    fn wait_for_delete(&mut self, key: &str) {
        let is_it = |unlink: Unlink| unlink.names.iter().any(|name| name == key);
        while !Unlink::read(&self.next()).is_some_and(is_it) {}
    }

    /// `1796000000.123456 [0 127.0.0.1:50000] "UNLINK" "shop:1"`
    fn next(&mut self) -> String {
        match self.0.recv_response().expect("a command") {
            redis::Value::SimpleString(line) => line,
            other => panic!("{other:?} from MONITOR"),
        }
    }

    /// When this key was deleted, until now.
    fn deletes(&mut self, redis: &RedisServer, key: &str) -> Vec<f64> {
        let unlinks = self.unlinks(redis);
        let of_key = unlinks.iter().filter(|unlink| unlink.names.iter().any(|name| name == key));
        of_key.map(|unlink| unlink.at).collect()
    }
}

/// freshet on a topic of one partition, once the first start's families have settled.
fn start(views: &str) -> (Topic, RedisServer, Freshet) {
    let (topic, redis) = (Topic::new(1), RedisServer::start());
    let freshet = Freshet::start(&topic, &redis, views).ready();
    topic.wait_for_offsets(&[0]);
    (topic, redis, freshet)
}

/// A topic and a Redis on which a group has started before: the families have settled.
fn started(partitions: i32) -> (Topic, RedisServer) {
    let (topic, redis) = (Topic::new(partitions), RedisServer::start());
    let freshet = Freshet::start(&topic, &redis, VIEWS).ready();
    topic.wait_for_offsets(&vec![0; usize::try_from(partitions).expect("a number")]);
    freshet.signal("TERM");
    assert_eq!(freshet.exit_code(), Some(0));
    (topic, redis)
}

#[test]
fn what_is_stored_between_the_two_deletes_goes_when_it_is_due() {
    let (topic, redis, freshet) = start(VIEWS);
    let mut monitor = Monitor::start(&redis);
    redis.fill(&["shop:1", "other"]);
    topic.send(0, &[create(1, 1)]);
    redis.wait_for_names(&["other"]);
    // A reader that was slow.
    redis.fill(&["shop:1"]);
    assert_eq!(topic.offsets(), [0]);
    redis.wait_for_names(&["other"]);
    topic.wait_for_offsets(&[1]);
    let deletes = monitor.deletes(&redis, "shop:1");
    let [first, second] = deletes[..] else { panic!("two deletes: {deletes:?}") };
    assert!((SETTLE.as_secs_f64()..2.0 * SETTLE.as_secs_f64()).contains(&(second - first)), "{deletes:?}");
    assert!((freshet.metric("freshet_second_deletes_total") - 2.0).abs() < 0.5, "a family, then a key");
    assert!(freshet.metric("freshet_settling_keys") < 0.5);
}

#[test]
fn a_stream_of_events_of_one_key_does_not_postpone_its_second_delete() {
    let (topic, redis, freshet) = start(VIEWS);
    let mut monitor = Monitor::start(&redis);
    let begun = Instant::now();
    let mut sent = 0;
    while begun.elapsed() < 3 * SETTLE {
        topic.send(0, &[create(1, 1)]);
        sent += 1;
        // Each in a batch of its own.
        let read = || freshet.metric("freshet_commit_to_acknowledged_seconds_count");
        eventually("it is applied", read, |read| *read > f64::from(sent) - 0.5);
    }
    topic.wait_for_offsets(&[sent.into()]);
    // While a second delete pends, a first one comes with each event; the second ones come between.
    let deletes = monitor.deletes(&redis, "shop:1");
    let again = deletes.len() - usize::try_from(sent).expect("a number");
    assert!(
        (3..=5).contains(&again),
        "{again} second deletes besides {sent} first ones: about one each {SETTLE:?}"
    );
    assert!(
        (freshet.metric("freshet_second_deletes_total")
            - 1.0
            - f64::from(u32::try_from(again).expect("few")))
        .abs()
            < 0.5
    );
}

#[test]
fn an_event_that_comes_while_a_second_delete_pends_gets_its_own() {
    const SETTLE: Duration = Duration::from_secs(4);
    let (topic, redis, freshet) = start(&VIEWS.replace("2s", "4s"));
    let mut monitor = Monitor::start(&redis);
    redis.fill(&["shop:1", "other"]);
    topic.send(0, &[create(1, 1)]);
    redis.wait_for_names(&["other"]);
    // For a reader of half of it later the first one's second delete may come too early.
    thread::sleep(SETTLE / 2);
    redis.fill(&["shop:1"]);
    topic.send(0, &[create(2, 1)]);
    redis.wait_for_names(&["other"]);
    let again = || freshet.metric("freshet_second_deletes_total");
    eventually("a family's second delete, then the first event's", again, |deletes| *deletes > 1.5);
    redis.fill(&["shop:1"]);
    assert!(topic.offsets()[0] < 2, "the second event waits for its own");
    redis.wait_for_names(&["other"]);
    topic.wait_for_offsets(&[2]);
    let deletes = monitor.deletes(&redis, "shop:1");
    let [one, two, one_again, two_again] = deletes[..] else { panic!("four deletes: {deletes:?}") };
    for (first, second) in [(one, one_again), (two, two_again)] {
        let settle = SETTLE.as_secs_f64();
        assert!((settle..1.5 * settle).contains(&(second - first)), "{deletes:?}");
    }
}

#[test]
fn what_has_not_settled_at_a_stop_is_applied_again() {
    let (topic, redis) = started(1);
    topic.send(0, &[create(1, 1)]);
    for (signal, code) in [("TERM", Some(0)), ("KILL", None)] {
        redis.fill(&["shop:1", "other"]);
        let freshet = Freshet::start(&topic, &redis, &VIEWS.replace("2s", "1m"));
        redis.wait_for_names(&["other"]);
        let stop = Instant::now();
        freshet.signal(signal);
        assert_eq!(freshet.exit_code(), code);
        assert!(stop.elapsed() < Duration::from_secs(9), "a drain does not wait for second deletes");
        assert_eq!(topic.offsets(), [0]);
    }
    // The next one deletes it once and again.
    redis.fill(&["shop:1"]);
    let next = Freshet::start(&topic, &redis, VIEWS);
    redis.wait_for_names(&["other"]);
    redis.fill(&["shop:1"]);
    redis.wait_for_names(&["other"]);
    topic.wait_for_offsets(&[1]);
    next.ready();
}

#[test]
fn what_has_not_settled_when_a_partition_changes_hands_is_the_next_owners() {
    let (topic, redis) = started(2);
    let views = VIEWS.replace("2s", "20s");
    let first = Freshet::start(&topic, &redis, &views).ready();
    redis.fill(&["shop:1", "shop:2", "other"]);
    topic.send(0, &[create(1, 1)]);
    topic.send(1, &[create(2, 2)]);
    redis.wait_for_names(&["other"]);
    redis.fill(&["shop:1", "shop:2"]);
    let second = Freshet::start(&topic, &redis, &views);
    second.log.wait_for("its partition", |line| line["message"] == "assigned");
    let undrained = "revoked partitions were not drained in time; their next owner applies the rest again";
    assert!(first.log.with_message(undrained).is_empty(), "a drain does not wait for second deletes");
    assert_eq!(topic.offsets(), [0, 0]);
    let read = || second.metric("freshet_events_total");
    eventually("the event is applied again", read, |read| *read > 0.5);
    redis.wait_for_names(&["other"]);
    topic.wait_for_offsets(&[1, 1]);
}

#[test]
fn a_stream_of_small_batches_is_not_held_up() {
    // Twice as many batches as may be on their way to the first delete.
    const EVENTS: i64 = 2_048;
    let (topic, redis) = started(1);
    let freshet = Freshet::start(&topic, &redis, &VIEWS.replace("2s", "1m")).ready();
    let mut monitor = Monitor::start(&redis);
    let producer: ThreadedProducer<DefaultProducerContext> = ClientConfig::new()
        .set("bootstrap.servers", kafka())
        .set("linger.ms", "0")
        .create()
        .expect("a producer");
    let mut slowest = Duration::ZERO;
    for id in 0..EVENTS {
        let (event, sent) = (create(id, id), Instant::now());
        let record = BaseRecord::to(&topic.name).partition(0).key(&event.key).payload(&event.value);
        producer.send(record).map_err(|(error, _)| error).expect("room for a record");
        // The next one is sent after it, so that each is a batch of its own.
        monitor.wait_for_delete(&format!("shop:{id}"));
        slowest = slowest.max(sent.elapsed());
    }
    assert!(slowest < Duration::from_secs(10), "the slowest first delete took {slowest:?}");
    assert_eq!(topic.offsets(), [0], "none has settled");
    let waiting = || freshet.metric("freshet_settling_keys");
    eventually("all wait for their second delete", waiting, |waiting| *waiting > 2_047.5);
    let lag = || freshet.metric("freshet_unapplied_lag_records");
    eventually("what settles is no lag", lag, |lag| *lag < 0.5);
    assert_eq!(topic.offsets(), [0], "none has settled");
}

#[test]
fn a_family_is_deleted_again_too() {
    let (topic, redis, freshet) = start("  shops: { family: \"shop:*\", from: row, settle: 2s }");
    let mut monitor = Monitor::start(&redis);
    redis.fill(&["shop:1", "other"]);
    topic.send(0, &[update(1, 1, 2)]);
    redis.wait_for_names(&["other"]);
    redis.fill(&["shop:1"]);
    let stored = Instant::now();
    assert_eq!(topic.offsets(), [0]);
    redis.wait_for_names(&["other"]);
    topic.wait_for_offsets(&[1]);
    assert!(stored.elapsed() < 3 * SETTLE);
    let deletes = monitor.deletes(&redis, "shop:1");
    let [first, second] = deletes[..] else { panic!("two deletes: {deletes:?}") };
    assert!(second - first >= SETTLE.as_secs_f64(), "{deletes:?}");
    assert!(
        (freshet.metric("freshet_family_deletions_total") - 4.0).abs() < 0.5,
        "at the start and at the event"
    );
}

#[test]
fn a_family_in_doubt_of_a_view_with_keys_is_deleted_again() {
    let (topic, redis, _freshet) = start(VIEWS);
    redis.fill(&["shop:1", "other"]);
    let poison = Event { key: "{}".to_owned(), value: b"poison".to_vec() };
    topic.send(0, &[poison]);
    redis.wait_for_names(&["other"]);
    redis.fill(&["shop:1"]);
    assert_eq!(topic.offsets(), [0]);
    redis.wait_for_names(&["other"]);
    topic.wait_for_offsets(&[1]);
}
