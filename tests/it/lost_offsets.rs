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

/// The first three events of the new log, by which `shop:7` goes, lie where the group stood in the old one.
fn fill_anew(topic: &Topic) {
    topic.make(&[]);
    topic.send(0, &(0..3).map(|id| create(id, 7)).collect::<Vec<_>>());
    topic.send(0, &(3..100).map(|id| create(id, 9)).collect::<Vec<_>>());
}

#[test]
fn a_topic_made_anew_that_soon_reaches_further_than_the_old_one_is_noticed_while_reading() {
    let (topic, redis) = (Topic::new(1), RedisServer::start());
    let freshet = Freshet::start(&topic, &redis, VIEWS).ready();
    topic.send(0, &(0..3).map(|id| create(id, 1)).collect::<Vec<_>>());
    topic.wait_for_offsets(&[3]);
    // For less than the session timeout, so that it asks for the fourth event of the old log, and gets the new one's.
    freshet.signal("STOP");
    topic.delete();
    fill_anew(&topic);
    redis.fill(&["shop:7", "shop:8", "other"]);
    freshet.signal("CONT");
    redis.wait_for_names(&["other"]);
    topic.wait_for_offsets(&[100]);
    freshet.log.wait_for("the new topic", |line| {
        line["message"]
            .as_str()
            .is_some_and(|message| message.starts_with("the topic was deleted and made anew"))
    });
    redis.fill(&["shop:1", "shop:2"]);
    topic.send(0, &[create(11, 1)]);
    redis.wait_for_names(&["other", "shop:2"]);
}

#[test]
fn a_topic_made_anew_after_a_first_start_that_read_nothing_deletes_the_families() {
    let (topic, redis) = (Topic::new(1), RedisServer::start());
    topic.send(0, &(0..3).map(|id| create(id, 1)).collect::<Vec<_>>());
    let first = Freshet::start(&topic, &redis, VIEWS).ready();
    topic.wait_for_offsets(&[3]);
    let committed = topic.committed()[0].clone().expect("an offset");
    first.signal("TERM");
    assert_eq!(first.exit_code(), Some(0));

    topic.delete();
    // The broker forgets what the group has of a topic that is deleted; a tool that moves topics brings it back.
    eventually("the offset is gone", || topic.offsets(), |offsets| *offsets == [-1]);
    fill_anew(&topic);
    topic.set_offset(0, committed.offset, &committed.metadata);
    redis.fill(&["shop:7", "shop:8", "other"]);
    let second = Freshet::start(&topic, &redis, VIEWS).ready();
    redis.wait_for_names(&["other"]);
    topic.wait_for_offsets(&[100]);
    eventually("counted", || second.metric(LOST), |times| (*times - 1.0).abs() < 0.1);
}

#[test]
fn a_partition_that_is_added_to_a_running_group_loses_no_event() {
    let (mut topic, redis) = (Topic::new(1), RedisServer::start());
    let freshet = Freshet::start(&topic, &redis, VIEWS).ready();
    topic.wait_for_offsets(&[0]);
    topic.grow(2);
    redis.fill(&["shop:7", "other"]);
    topic.send(1, &[create(1, 7)]);
    redis.wait_for_names(&["other"]);
    topic.wait_for_offsets(&[0, 1]);
    redis.fill(&["shop:1", "shop:2"]);
    topic.send(1, &[create(2, 1)]);
    redis.wait_for_names(&["other", "shop:2"]);
    assert!(freshet.log.with_message("the consumer starts afresh").is_empty());
}
