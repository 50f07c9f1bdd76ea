//! A rebalance while Redis is away, under the shortest `max.poll.interval.ms` that is allowed.

use std::thread;
use std::time::{Duration, Instant};

use crate::harness::{Freshet, RedisServer, Topic, configuration, create, eventually};

const VIEWS: &str = "  item: { key: \"item:{id}\", from: { row: { reads: [version] } } }";
const UNDRAINED: &str =
    "revoked partitions were not drained in time; their next owner applies the rest again";
const SHORTEST: Duration = Duration::from_mins(1);

#[test]
fn a_rebalance_while_redis_is_away_costs_nobody_its_place() {
    let (topic, redis) = (Topic::new(2), RedisServer::start());
    let shortest = format!("librdkafka: {{ max.poll.interval.ms: \"{}\" }}", SHORTEST.as_millis());
    let configuration =
        configuration(&topic, &redis.url(), VIEWS).replacen(" }\n", &format!(", {shortest} }}\n"), 1);
    let start = || Freshet::start_with(&configuration, &["run"], &[]);
    let first = start().ready();
    topic.wait_for_offsets(&[0, 0]);
    let keys: Vec<_> = (0..200).map(|id| format!("item:{id}")).collect();
    redis.fill(&keys.iter().map(String::as_str).collect::<Vec<_>>());
    redis.stop();
    let stopped = Instant::now();
    let send = |ids: std::ops::Range<i64>| {
        for partition in 0..2_i32 {
            let own = ids.clone().filter(|id| id % 2 == i64::from(partition));
            topic.send(partition, &own.map(|id| create(id, 1)).collect::<Vec<_>>());
        }
    };
    send(0..100);
    eventually("all is read", || first.metric("freshet_events_total"), |read| *read > 99.5);

    // The second takes a partition that the first cannot drain; the deadline lets it go.
    let joined = Instant::now();
    let second = start();
    second.log.wait_for("its partition", |line| line["message"] == "assigned");
    eprintln!("the second had its partition after {:?}", joined.elapsed());
    assert_eq!(times(&first, UNDRAINED), 1);
    assert_eq!(topic.offsets(), [0, 0], "Redis has acknowledged nothing");
    send(100..200);
    // What must not happen has no event to wait for.
    thread::sleep((SHORTEST + Duration::from_secs(5)).saturating_sub(stopped.elapsed()));
    assert_eq!(topic.members(), 2, "both keep their place");
    assert_eq!(topic.offsets(), [0, 0]);
    for copy in [&first, &second] {
        assert_eq!(times(copy, "the Kafka client gave up; it starts afresh"), 0);
        assert_eq!(copy.get("/livez").map(|(status, _)| status), Some(200));
    }
    assert_eq!((times(&first, "revoked"), times(&second, "revoked")), (1, 0));

    let back = Instant::now();
    redis.resume();
    redis.wait_for_names(&[]);
    topic.wait_for_offsets(&[100, 100]);
    eprintln!("caught up {:?} after Redis was back", back.elapsed());
}

fn times(copy: &Freshet, message: &str) -> usize {
    copy.log.with_message(message).len()
}
