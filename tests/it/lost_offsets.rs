//! What the log no longer holds cannot be applied: the families go, and reading goes on at the end.

use rdkafka::admin::{AdminClient, AdminOptions, NewPartitions};
use rdkafka::client::DefaultClientContext;
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

use crate::harness::{Freshet, RedisServer, Topic, create, eventually, kafka};

const VIEWS: &str = "  shop: { key: \"shop:{shop_id}\", from: { row: { reads: [version] } } }";
const LOST: &str = "freshet_widenings_total{reason=\"lost_offsets\",view=\"shop\"}";

fn admin() -> AdminClient<DefaultClientContext> {
    ClientConfig::new().set("bootstrap.servers", kafka()).create().expect("an admin client")
}

fn wait<T>(answer: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(answer)
}

/// As retention does: the first partition begins at `offset` from now on.
fn drop_records_below(topic: &Topic, offset: i64) {
    let mut below = TopicPartitionList::new();
    below.add_partition_offset(&topic.name, 0, Offset::Offset(offset)).expect("an offset");
    wait(admin().delete_records(&below, &AdminOptions::new())).expect("records are deleted");
}

#[test]
fn retention_that_overtook_a_stopped_group_deletes_the_families() {
    let (topic, redis) = (Topic::new(1), RedisServer::start());
    let first = Freshet::start(&topic, &redis, VIEWS).ready();
    topic.wait_for_offsets(&[0]);
    first.signal("TERM");
    assert_eq!(first.exit_code(), Some(0));

    topic.send(0, &(0..10).map(|id| create(id, 7)).collect::<Vec<_>>());
    drop_records_below(&topic, 6);
    // `shop:8` may have been among the records that are gone.
    redis.fill(&["shop:7", "shop:8", "shop:8:lock"]);
    let second = Freshet::start(&topic, &redis, VIEWS).ready();
    redis.wait_for_names(&["shop:8:lock"]);
    topic.wait_for_offsets(&[10]);
    eventually("counted", || second.metric(LOST), |times| (*times - 1.0).abs() < 0.1);
}

#[test]
fn retention_that_overtakes_a_running_reader_deletes_the_families() {
    let (topic, redis) = (Topic::new(1), RedisServer::start());
    let freshet = Freshet::start(&topic, &redis, VIEWS).ready();
    topic.wait_for_offsets(&[0]);
    // Stopped for far less than the group's session timeout.
    freshet.signal("STOP");
    // A fetch is open at the broker and takes the first record along; the next one finds the log's beginning past it.
    topic.send(0, &[create(0, 7)]);
    topic.send(0, &(1..10).map(|id| create(id, 7)).collect::<Vec<_>>());
    drop_records_below(&topic, 10);
    redis.fill(&["shop:7", "shop:8", "other"]);
    freshet.signal("CONT");
    redis.wait_for_names(&["other"]);
    topic.wait_for_offsets(&[10]);

    redis.fill(&["shop:1", "shop:2"]);
    topic.send(0, &[create(11, 1)]);
    redis.wait_for_names(&["other", "shop:2"]);
    topic.wait_for_offsets(&[11]);
}

#[test]
fn a_partition_added_to_a_known_topic_deletes_the_families_once() {
    let (mut topic, redis) = (Topic::new(1), RedisServer::start());
    let first = Freshet::start(&topic, &redis, VIEWS).ready();
    topic.wait_for_offsets(&[0]);
    first.signal("TERM");
    assert_eq!(first.exit_code(), Some(0));

    let added = NewPartitions::new(&topic.name, 2);
    wait(admin().create_partitions([&added], &AdminOptions::new())).expect("a partition more");
    topic.partitions = 2;
    // Nobody has read this one.
    topic.send(1, &[create(1, 7)]);
    redis.fill(&["shop:7", "shop:8", "other"]);
    let second = Freshet::start(&topic, &redis, VIEWS).ready();
    redis.wait_for_names(&["other"]);
    topic.wait_for_offsets(&[0, 1]);
    eventually("counted", || second.metric(LOST), |times| (*times - 1.0).abs() < 0.1);
}
