//! A node that was restarted, or another in its place: all families go, once.

use redis::Commands as _;

use super::{VIEWS, changes, end, node, started, wait_for_changes, wait_for_retries};
use crate::harness::{Freshet, RedisServer, Topic, create, eventually};

/// An event of shop 1 is applied and committed; then Redis dies and starts from a dump that is older than that.
fn bring_back(topic: &Topic, redis: &mut RedisServer) {
    let mut connection = redis.connect();
    connection.set_ex::<_, _, ()>("shop:1", "cached", 300).expect("a key is set");
    redis.fill(&["other"]);
    redis.save();
    let end = topic.offsets()[0] + 1;
    topic.send(0, &[create(1, 1)]);
    topic.wait_for_offsets(&[end]);
    assert_eq!(redis.names(), ["other"]);
    redis.kill();
}

#[track_caller]
fn assert_it_is_back(redis: &RedisServer) {
    assert_eq!(redis.names(), ["other", "shop:1"]);
    let left: i64 = redis.connect().ttl("shop:1").expect("a time to live");
    assert!(left > 200, "{left} s to live");
}

#[test]
fn a_deleted_key_that_an_old_dump_brings_back_is_deleted_again() {
    let (topic, mut redis, freshet) = started();
    bring_back(&topic, &mut redis);
    let before = node(&topic);
    freshet.signal("STOP");
    redis.restart();
    assert_it_is_back(&redis);
    freshet.signal("CONT");
    redis.wait_for_names(&["other"]);
    // No event follows, and the new node is named all the same.
    eventually("another node is named", || node(&topic), |node| *node != before);
    assert_eq!(topic.offsets(), [1]);
    wait_for_changes(&freshet, 1.0);
    let said = |line: &serde_json::Value| {
        line["level"] == "WARN"
            && line["message"].as_str().is_some_and(|message| message.contains("all families are deleted"))
    };
    freshet.log.wait_for("the change", said);

    redis.fill(&["shop:2", "shop:3"]);
    topic.send(0, &[create(2, 2)]);
    redis.wait_for_names(&["other", "shop:3"]);
    topic.wait_for_offsets(&[2]);
    assert!((changes(&freshet) - 1.0).abs() < 0.1);
}

#[test]
fn a_node_that_took_anothers_place_while_freshet_was_down_is_noticed_once() {
    let (topic, mut redis, first) = started();
    topic.wait_for_offsets(&[0]);
    bring_back(&topic, &mut redis);
    let before = node(&topic);
    end(first);
    redis.restart();
    assert_it_is_back(&redis);

    let second = Freshet::start(&topic, &redis, VIEWS).ready();
    redis.wait_for_names(&["other"]);
    eventually("another node is named", || node(&topic), |node| *node != before);
    assert_eq!(topic.offsets(), [1]);
    assert!((changes(&second) - 1.0).abs() < 0.1);
    end(second);

    let third = Freshet::start(&topic, &redis, VIEWS).ready();
    redis.fill(&["shop:1", "shop:2"]);
    topic.send(0, &[create(2, 2)]);
    topic.wait_for_offsets(&[2]);
    assert_eq!(redis.names(), ["other", "shop:1"]);
    assert!(third.metric("freshet_family_deletions_total") < 0.5);
}

#[test]
fn a_node_that_comes_after_the_partitions_is_compared_too() {
    let (topic, mut redis, first) = started();
    bring_back(&topic, &mut redis);
    end(first);
    let second = Freshet::start(&topic, &redis, VIEWS);
    second.log.wait_for("its partition", |line| line["message"] == "assigned");
    assert!(changes(&second) < 0.1);
    redis.restart();
    redis.wait_for_names(&["other"]);
    wait_for_changes(&second, 1.0);
    let second = second.ready();
    topic.send(0, &[create(2, 2)]);
    topic.wait_for_offsets(&[2]);
    assert!((changes(&second) - 1.0).abs() < 0.1);
}

#[test]
fn a_new_node_is_named_only_once_it_has_acknowledged_the_families() {
    let (topic, mut redis, first) = started();
    bring_back(&topic, &mut redis);
    let before = node(&topic);
    first.signal("STOP");
    redis.restart();
    redis.run(&["ACL", "SETUSER", "default", "-scan"]);
    first.signal("CONT");
    wait_for_changes(&first, 1.0);
    // Its own key goes; but what is committed would count for a node that still has another's.
    redis.fill(&["shop:2"]);
    topic.send(0, &[create(2, 2)]);
    redis.wait_for_names(&["other", "shop:1"]);
    wait_for_retries(&first, 6.0);
    assert_eq!((topic.offsets()[0], node(&topic)), (1, before));
    first.kill();

    redis.run(&["ACL", "SETUSER", "default", "+scan"]);
    let second = Freshet::start(&topic, &redis, VIEWS).ready();
    redis.wait_for_names(&["other"]);
    topic.wait_for_offsets(&[2]);
    assert!((changes(&second) - 1.0).abs() < 0.1);
}

#[test]
fn a_node_that_was_a_replica_for_a_while_is_noticed_on_the_same_connection() {
    let (topic, redis, freshet) = started();
    let primary = RedisServer::start();
    primary.fill(&["shop:1", "other"]);
    freshet.signal("STOP");
    redis.run(&["REPLICAOF", "127.0.0.1", &primary.port().to_string()]);
    redis.wait_for_names(&["other", "shop:1"]);
    redis.run(&["REPLICAOF", "NO", "ONE"]);
    freshet.signal("CONT");
    redis.wait_for_names(&["other"]);
    wait_for_changes(&freshet, 1.0);
    assert!(freshet.metric("freshet_redis_retries_total") < 0.5, "no connection was lost");
    topic.send(0, &[create(1, 1)]);
    topic.wait_for_offsets(&[1]);
}
