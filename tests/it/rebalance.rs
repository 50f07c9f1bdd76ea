//! Copies that come and go: what was read of a partition is applied and committed before it changes hands.

use crate::harness::{Freshet, RedisServer, Topic, create, eventually};

const VIEWS: &str = "  item: { key: \"item:{id}\", from: { row: { reads: [version] } } }";

fn keys(range: std::ops::Range<i64>) -> Vec<String> {
    range.map(|id| format!("item:{id}")).collect()
}

#[test]
fn a_copy_that_joins_takes_over_drained_partitions() {
    let (topic, redis) = (Topic::new(4), RedisServer::start());
    let first = Freshet::start(&topic, &redis, VIEWS).ready();
    topic.wait_for_offsets(&[0; 4]);
    let all = keys(0..40_000);
    redis.fill(&all.iter().map(String::as_str).collect::<Vec<_>>());

    let send = |ids: std::ops::Range<i64>| {
        for partition in 0..4_i32 {
            let own = ids.clone().filter(|id| id % 4 == i64::from(partition)).map(|id| create(id, 1));
            topic.send(partition, &own.collect::<Vec<_>>());
        }
    };
    send(0..10_000);
    // The second copy joins while events come and are applied.
    let second = std::thread::scope(|scope| {
        let sender = scope.spawn(|| send(10_000..40_000));
        let second = Freshet::start(&topic, &redis, VIEWS).ready();
        sender.join().expect("all sent");
        second
    });
    second.log.wait_for("its partitions", |line| line["message"] == "assigned");
    first.log.wait_for("the revocation", |line| line["message"] == "revoked");
    redis.wait_for_names(&[]);
    topic.wait_for_offsets(&[10_000; 4]);
    assert!(
        first
            .log
            .with_message(
                "revoked partitions were not drained in time; their next owner applies the rest again"
            )
            .is_empty()
    );
    // Drained and committed before they went: nothing was applied twice.
    let applied = first.metric("freshet_events_total") + second.metric("freshet_events_total");
    assert!((applied - 40_000.0).abs() < 0.5, "{applied} events were applied");

    // The second leaves in order; the first takes its partitions back and goes on.
    second.signal("TERM");
    assert_eq!(second.exit_code(), Some(0));
    redis.fill(&["item:50000", "item:50001", "item:50002", "item:50003"]);
    send(50_000..50_004);
    redis.wait_for_names(&[]);
}

#[test]
fn what_is_on_its_way_at_a_revocation_is_committed_before_the_partition_goes() {
    let (topic, redis) = (Topic::new(2), RedisServer::start());
    let first = Freshet::start(&topic, &redis, VIEWS).ready();
    topic.wait_for_offsets(&[0; 2]);
    redis.fill(&["item:1", "item:2", "other"]);
    redis.stop();
    topic.send(0, &[create(1, 1)]);
    topic.send(1, &[create(2, 1)]);
    eventually("both are read", || first.metric("freshet_events_total"), |read| *read > 1.5);
    let second = Freshet::start(&topic, &redis, VIEWS);
    first.wait_until_it_reads_no_more(&topic);
    redis.resume();
    second.log.wait_for("its partition", |line| line["message"] == "assigned");
    redis.wait_for_names(&["other"]);
    eventually("all is committed", || topic.behind(), |behind| *behind == 0);
    #[expect(clippy::cast_precision_loss, reason = "a small number")]
    let sent = topic.offsets().iter().sum::<i64>() as f64;
    let applied = first.metric("freshet_events_total") + second.metric("freshet_events_total");
    assert!((applied - sent).abs() < 0.5, "{applied} of {sent} events were applied: each once");
}

#[test]
fn a_copy_that_is_killed_loses_nothing() {
    let (topic, redis) = (Topic::new(4), RedisServer::start());
    let first = Freshet::start(&topic, &redis, VIEWS).ready();
    let second = Freshet::start(&topic, &redis, VIEWS).ready();
    second.log.wait_for("its partitions", |line| line["message"] == "assigned");
    topic.wait_for_offsets(&[0; 4]);
    second.signal("STOP");
    let all = keys(0..1_000);
    redis.fill(&all.iter().map(String::as_str).collect::<Vec<_>>());
    for partition in 0..4_i32 {
        topic.send(
            partition,
            &(0..1_000)
                .filter(|id| id % 4 == i64::from(partition))
                .map(|id| create(id, 1))
                .collect::<Vec<_>>(),
        );
    }
    eventually("what the first owns", || redis.names().len(), |left| *left <= 500);
    second.kill();
    // The group notices the death after the session timeout; then the first has all partitions.
    redis.wait_for_names(&[]);
    topic.wait_for_offsets(&[250; 4]);
    drop(first);
}

#[test]
fn sigterm_applies_and_commits_what_was_read() {
    let (topic, redis) = (Topic::new(1), RedisServer::start());
    let freshet = Freshet::start(&topic, &redis, VIEWS).ready();
    topic.wait_for_offsets(&[0]);
    let all = keys(0..5_000);
    redis.fill(&all.iter().map(String::as_str).collect::<Vec<_>>());
    redis.stop();
    topic.send(0, &(0..5_000).map(|id| create(id, 1)).collect::<Vec<_>>());
    eventually(
        "all are read",
        || freshet.metric("freshet_events_total"),
        |read| (*read - 5_000.0).abs() < 0.5,
    );
    freshet.signal("TERM");
    // Redis must not answer before the drain has begun.
    freshet.wait_until_it_reads_no_more(&topic);
    let read = freshet.metric("freshet_events_total");
    assert_eq!(topic.offsets(), [0]);
    redis.resume();
    assert_eq!(freshet.exit_code(), Some(0));
    #[expect(clippy::cast_possible_truncation, reason = "a small number")]
    let expected = read as i64;
    assert_eq!(topic.offsets(), [expected], "committed before it ended");
    assert!(redis.names().is_empty());
}
