//! Redis answers with an error.

use super::{changes, started, wait_for_changes, wait_for_reason, wait_for_retries};
use crate::harness::{RedisServer, create};

#[test]
fn while_redis_loads_its_dump_nothing_is_committed() {
    let (topic, mut redis, freshet) = started();
    let names: Vec<_> = (0..400).map(|n| format!("shop:{n}")).collect();
    redis.fill(&names.iter().map(String::as_str).collect::<Vec<_>>());
    redis.fill(&["other"]);
    redis.save();
    redis.kill();
    // Ten milliseconds for each key, and clients are answered in between.
    redis.restart_with(&["--key-load-delay", "10000", "--loading-process-events-interval-bytes", "1024"]);
    topic.send(0, &[create(1, 1)]);
    wait_for_reason(&freshet, "loading the dataset");
    assert_eq!(topic.offsets(), [0]);
    // It has no answer for the test either until it has loaded.
    topic.wait_for_offsets(&[1]);
    redis.wait_for_names(&["other"]);
    wait_for_changes(&freshet, 1.0);
    freshet.ready();
}

#[test]
fn a_replica_takes_no_writes_and_holds_the_offset() {
    let (topic, redis, freshet) = started();
    let primary = RedisServer::start();
    primary.fill(&["shop:1", "shop:2", "other"]);
    redis.run(&["REPLICAOF", "127.0.0.1", &primary.port().to_string()]);
    topic.send(0, &[create(1, 1)]);
    wait_for_reason(&freshet, "read only replica");
    redis.wait_for_names(&["other", "shop:1", "shop:2"]);
    wait_for_retries(&freshet, 4.0);
    assert_eq!(topic.offsets(), [0]);
    redis.run(&["REPLICAOF", "NO", "ONE"]);
    redis.wait_for_names(&["other"]);
    topic.wait_for_offsets(&[1]);
    assert_eq!(primary.names(), ["other", "shop:1", "shop:2"]);
    freshet.ready();
}

#[test]
fn a_full_redis_that_evicts_nothing_still_deletes() {
    let (topic, redis, freshet) = started();
    redis.fill(&["shop:1", "shop:2"]);
    redis.run(&["CONFIG", "SET", "maxmemory-policy", "noeviction", "maxmemory", "1"]);
    let refused = redis::cmd("SET").arg(&["shop:3", "cached"]).exec(&mut redis.connect());
    assert!(refused.is_err_and(|error| error.code() == Some("OOM")));
    topic.send(0, &[create(1, 1)]);
    redis.wait_for_names(&["shop:2"]);
    topic.wait_for_offsets(&[1]);
    assert!(freshet.metric("freshet_redis_retries_total") < 0.5);
}

#[test]
fn a_redis_that_cannot_save_holds_the_offset() {
    let (topic, redis, freshet) = started();
    redis.fill(&["shop:1", "shop:2"]);
    let (_, folder): (String, String) =
        redis::cmd("CONFIG").arg(&["GET", "dir"]).query(&mut redis.connect()).expect("its folder");
    // A folder stands where the dump is to be written.
    let dump = std::path::Path::new(&folder).join("dump.rdb");
    std::fs::create_dir(&dump).expect("a folder");
    redis.run(&["CONFIG", "SET", "save", "3600 1"]);
    redis.run(&["BGSAVE"]);
    let _refused = crate::harness::eventually(
        "the dump fails",
        || {
            redis::cmd("SET")
                .arg(&["other", "cached"])
                .exec(&mut redis.connect())
                .map_err(|error| error.to_string())
        },
        |set| set.as_ref().is_err_and(|error| error.contains("MISCONF")),
    );
    topic.send(0, &[create(1, 1)]);
    wait_for_reason(&freshet, "MISCONF");
    wait_for_retries(&freshet, 4.0);
    assert_eq!(topic.offsets(), [0]);
    std::fs::remove_dir(&dump).expect("an empty folder");
    redis.save();
    redis.wait_for_names(&["other", "shop:2"]);
    topic.wait_for_offsets(&[1]);
    assert!(changes(&freshet) < 0.1);
    freshet.ready();
}
