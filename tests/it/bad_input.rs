//! One bad event stops nobody: it is counted, logged with its place and cause, and its table's families go.

use serde_json::Value;

use crate::harness::{
    Event, Freshet, RedisServer, Topic, configuration, create, eventually, with_other_table,
};

const VIEWS: &str = "  shop: { key: \"shop:{shop_id}\", from: { row: { reads: [version] } } }\n  board: { family: \"board:*\", from: row }";

/// A good event with its value changed as text.
fn changed(from: &str, to: &str) -> Event {
    let Event { key, value } = create(1, 7);
    let text = String::from_utf8(value).expect("JSON").replace(from, to);
    Event { key, value: text.into_bytes() }
}

fn raw(value: &[u8]) -> Event {
    Event { key: "{\"id\":1}".to_owned(), value: value.to_vec() }
}

#[test]
fn a_message_that_cannot_be_decoded_deletes_the_families_and_the_partition_goes_on() {
    let (topic, redis) = (Topic::new(1), RedisServer::start());
    let freshet = Freshet::start(&topic, &redis, VIEWS).ready();
    topic.wait_for_offsets(&[0]);
    let others = ["shop:1:lock", "session"];
    redis.fill(&others);
    let mut next = 0;
    for (event, cause) in [
        (raw(b"{\"before\":null,\"after\":{"), "malformed"),
        (raw(b"not JSON"), "malformed"),
        (raw(b"\xff\xfe"), "malformed"),
        (raw(b""), "empty"),
        (raw(b"{\"status\":\"BEGIN\"}"), "no_envelope"),
        (changed("\"op\":\"c\"", "\"op\":\"z\""), "unknown_operation"),
        (changed("\"table\":\"row\"", "\"table\":\"other\""), "wrong_table"),
    ] {
        redis.fill(&["shop:1", "shop:2", "board:x"]);
        topic.send(0, &[event]);
        redis.wait_for_names(&others);
        let line = freshet.log.wait_for(cause, |line| {
            line["offset"] == next && line["level"] == "ERROR" && line["cause"] == cause
        });
        assert_eq!(
            (&line["topic"], &line["partition"]),
            (&Value::from(topic.name.as_str()), &Value::from(0))
        );
        next += 1;
        topic.wait_for_offsets(&[next]);
    }
    assert!((freshet.metric("freshet_poison_messages_total{cause=\"malformed\"") - 3.0).abs() < 0.1);
    assert!(
        (freshet.metric("freshet_widenings_total{reason=\"undecodable\",view=\"shop\"") - 7.0).abs() < 0.1
    );

    redis.fill(&["shop:1", "shop:2"]);
    topic.send(0, &[create(2, 2)]);
    redis.wait_for_names(&["shop:1", "shop:1:lock", "session"]);
}

#[test]
fn a_wrong_type_in_a_key_column_deletes_that_views_family() {
    let (topic, redis) = (Topic::new(1), RedisServer::start());
    let freshet = Freshet::start(&topic, &redis, VIEWS).ready();
    topic.wait_for_offsets(&[0]);
    let wrong = [
        ("7.5", "column_type"),
        ("true", "column_type"),
        ("{\"a\":1}", "column_type"),
        ("\"main\"", "column_type"),
    ];
    for (n, (value, reason)) in (1..).zip(wrong) {
        redis.fill(&["shop:1", "shop:main", "session"]);
        topic.send(0, &[changed("\"shop_id\":7", &format!("\"shop_id\":{value}"))]);
        topic.wait_for_offsets(&[n]);
        // A name of another type is no key of the family; where the value spells it, it goes by that.
        let left: &[&str] = if value == "\"main\"" { &["session"] } else { &["session", "shop:main"] };
        redis.wait_for_names(left);
        #[expect(clippy::cast_precision_loss, reason = "a small number")]
        let times = n as f64;
        freshet.log.wait_for("the place and the cause", |line| {
            line["offset"] == n - 1 && line["cause"] == reason && line["topic"] == topic.name.as_str()
        });
        let metric = format!("freshet_widenings_total{{reason=\"{reason}\",view=\"shop\"}}");
        eventually("counted", || freshet.metric(&metric), |seen| (*seen - times).abs() < 0.1);
    }
}

#[test]
fn five_megabytes_are_an_event_like_another() {
    let (topic, redis) = (Topic::new(1), RedisServer::start());
    let freshet = Freshet::start(&topic, &redis, VIEWS).ready();
    topic.wait_for_offsets(&[0]);
    redis.fill(&["shop:7", "shop:8", "board:x"]);
    topic.send(0, &[changed("no view reads it", &"x".repeat(5_000_000))]);
    redis.wait_for_names(&["shop:8"]);
    // One that breaks off after five megabytes is bad like another.
    let whole = changed("no view reads it", &"x".repeat(5_000_000)).value;
    redis.fill(&["board:x"]);
    topic.send(0, &[raw(&whole[..5_000_000])]);
    redis.wait_for_names(&[]);
    topic.wait_for_offsets(&[2]);
    assert!((freshet.metric("freshet_poison_messages_total") - 1.0).abs() < 0.1);
}

#[test]
fn the_families_of_other_tables_stay() {
    let (topic, redis) = (Topic::new(1), RedisServer::start());
    let other = topic.beside(1);
    let views = format!("{VIEWS}\n  stall: {{ key: \"stall:{{shop_id}}\", from: other }}");
    let both = with_other_table(&configuration(&topic, &redis.url(), &views), &other);
    let freshet = Freshet::start_with(&both, &["run"], &[]).ready();
    topic.wait_for_offsets(&[0]);
    other.wait_for_offsets(&[0]);

    redis.fill(&["shop:1", "board:x", "stall:1"]);
    topic.send(0, &[raw(b"poison")]);
    // The offset stands for all that the event deletes.
    topic.wait_for_offsets(&[1]);
    assert_eq!(redis.names(), ["stall:1"]);

    redis.fill(&["shop:1", "board:x"]);
    other.send(0, &[raw(b"")]);
    other.wait_for_offsets(&[1]);
    assert_eq!(redis.names(), ["board:x", "shop:1"]);
    for (cause, table) in [("malformed", "row"), ("empty", "other")] {
        let metric = format!("freshet_poison_messages_total{{cause=\"{cause}\",table=\"{table}\"}}");
        assert!((freshet.metric(&metric) - 1.0).abs() < 0.1, "{cause} of {table}");
    }
}
