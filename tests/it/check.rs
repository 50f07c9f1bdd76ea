//! What `check` says of topics, by what a real broker tells of them.

use crate::harness::{RedisServer, Topic, assert_has, create, freshet, kafka, said, warnings};

/// A configuration with these tables, each a name, its topic and more of it. Rows of each make a key by another column
/// than the primary one.
fn configuration(redis: &RedisServer, tables: &[(&str, &Topic, &str)]) -> String {
    let table = |(name, topic, more): &(&str, &Topic, &str)| {
        format!("  {name}: {{ topic: {}, {more} }}\n", topic.name)
    };
    let view = |(name, ..): &(&str, &Topic, &str)| {
        format!("  {name}: {{ key: \"{name}:{{shop_id}}\", from: {name} }}\n")
    };
    format!(
        "kafka: {{ brokers: \"{}\", group: check }}\nredis: {{ url: \"{}\" }}\ntables:\n{}views:\n{}",
        kafka(),
        redis.url(),
        tables.iter().map(table).collect::<Vec<_>>().concat(),
        tables.iter().map(view).collect::<Vec<_>>().concat(),
    )
}

const TRACKED: &str = "primary_key: id";
const STATELESS: &str = "primary_key: id, replica_identity: full";
const DAY: &str = "86400000";

#[test]
fn topics_that_keep_what_is_needed_are_right() {
    let redis = RedisServer::start();
    let compacted = Topic::configured(2, &[("cleanup.policy", "compact"), ("min.compaction.lag.ms", DAY)]);
    let whole = Topic::configured(2, &[("retention.ms", "-1")]);
    let short = Topic::configured(1, &[("retention.ms", DAY)]);
    let tables =
        [("compacted", &compacted, TRACKED), ("whole", &whole, TRACKED), ("short", &short, STATELESS)];
    let said = said(&freshet(&configuration(&redis, &tables), &["check"]), 0);
    assert!(!said.contains("WRONG") && warnings(&said).is_empty(), "{said}");
    assert_has(
        &said,
        &[
            "tracked: its old rows are not in the events",
            "stateless: its events tell all that is needed",
            "note     a TRUNCATE of `compacted` is never seen",
        ],
    );
}

#[test]
fn a_topic_that_loses_what_is_needed_is_a_warning() {
    let redis = RedisServer::start();
    let (short, small) = (
        Topic::configured(1, &[("retention.ms", DAY)]),
        Topic::configured(1, &[("retention.bytes", "1000000"), ("retention.ms", "-1")]),
    );
    let both = Topic::configured(1, &[("cleanup.policy", "compact,delete"), ("retention.ms", DAY)]);
    let hasty = Topic::configured(1, &[("cleanup.policy", "compact")]);
    let tables = [
        ("short", &short, TRACKED),
        ("small", &small, TRACKED),
        ("both", &both, TRACKED),
        ("hasty", &hasty, STATELESS),
    ];
    let said = said(&freshet(&configuration(&redis, &tables), &["check"]), 0);
    assert_has(
        &said,
        &[
            &format!("warning  {}: it loses its beginning after 1day (retention.ms)", short.name),
            &format!("warning  {}: it loses its beginning after 1000000 bytes (retention.bytes)", small.name),
            &format!("warning  {}: it loses its beginning after 1day (retention.ms)", both.name),
            "set cleanup.policy=compact, and min.compaction.lag.ms above the longest outage to survive",
            &format!("warning  {}: compaction may remove a change of `hasty` that is 0s old", hasty.name),
            "note     a TRUNCATE of `both`, `hasty` is never seen",
        ],
    );
}

#[test]
fn a_topic_that_has_lost_its_beginning_is_a_warning() {
    let redis = RedisServer::start();
    let topic = Topic::configured(3, &[("retention.ms", "-1")]);
    for partition in 0..3 {
        topic.send(partition, &[create(1, 1), create(2, 1)]);
    }
    topic.forget(1, 2);
    let configuration = |more| configuration(&redis, &[("row", &topic, more)]);
    let tracked = said(&freshet(&configuration(TRACKED), &["check"]), 0);
    let lost = format!("warning  {}: partition 1 no longer begins at offset 0", topic.name);
    assert_has(&tracked, &[&lost, "recreate the topic by a new snapshot"]);
    // What has no rows to know has lost nothing.
    let stateless = said(&freshet(&configuration(STATELESS), &["check"]), 0);
    assert!(warnings(&stateless).is_empty(), "{stateless}");
}

#[test]
fn a_compacted_topic_and_a_table_without_a_key_exclude_each_other() {
    let redis = RedisServer::start();
    let topic = Topic::configured(1, &[("cleanup.policy", "compact"), ("min.compaction.lag.ms", DAY)]);
    let configuration = configuration(&redis, &[("row", &topic, "replica_identity: full")]);
    let said = said(&freshet(&configuration, &["check"]), 1);
    assert_has(
        &said,
        &[
            &format!("WRONG    {}: it is compacted and so refuses records without a key", topic.name),
            "`row` has no primary key",
            "1 thing is wrong",
        ],
    );
}
