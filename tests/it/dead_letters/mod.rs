//! Dead letters: an event that cannot be decoded is written, whole, before its offset is committed.

mod bytes;
mod check;
mod commands;
mod stopping;
mod unreadable_header;

use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::{BorrowedMessage, Header, Headers as _, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use rdkafka::{ClientConfig, Message as _, Offset, TopicPartitionList};

use crate::harness::{Freshet, PATIENCE, RedisServer, Topic, configuration, eventually, kafka};

const VIEWS: &str = "  shop: { key: \"shop:{shop_id}\", from: { row: { reads: [version] } } }\n  board: { family: \"board:*\", from: row }";
pub const STOPPED: &str = "the partition is stopped: its dead letters cannot be written";
const GOES_ON: &str = "the partition goes on: its dead letters are written";

struct World {
    topic: Topic,
    letters: Topic,
    redis: RedisServer,
}

impl World {
    /// Without the dead-letter topic.
    fn planned(partitions: i32) -> Self {
        let topic = Topic::new(partitions);
        Self { letters: topic.planned_beside("letters", 1), topic, redis: RedisServer::start() }
    }

    fn new(partitions: i32) -> Self {
        let world = Self::planned(partitions);
        world.letters.make(&[]);
        world
    }

    fn configuration(&self, limit: u32) -> String {
        let letters = format!("dead_letters: {{ topic: {}, max_per_minute: {limit} }}\n", self.letters.name);
        configuration(&self.topic, &self.redis.url(), VIEWS) + &letters
    }

    /// A copy that has committed where it starts.
    fn start(&self) -> Freshet {
        let freshet = Freshet::start_with(&self.configuration(100), &["run"], &[]).ready();
        self.topic.wait_for_offsets(&vec![0; usize::try_from(self.topic.partitions).expect("a few")]);
        freshet
    }

    /// Sends events of this shop to both partitions until only the second's is read.
    #[track_caller]
    fn wait_until_only_the_second_partition_is_read(&self) {
        let names = || {
            self.redis.fill(&["shop:5", "shop:6"]);
            self.topic.send(0, &[crate::harness::create(5, 5)]);
            self.topic.send(1, &[crate::harness::create(6, 6)]);
            let gone = |names: &Vec<String>| !names.contains(&"shop:6".to_owned());
            eventually("the second partition is read", || self.redis.names(), gone)
        };
        eventually("the first is not", names, |names| names.contains(&"shop:5".to_owned()));
    }
}

/// A record of the dead-letter topic.
#[derive(Debug, PartialEq, Eq)]
pub struct Letter {
    pub key: Option<Vec<u8>>,
    pub value: Option<Vec<u8>>,
    pub headers: Vec<(String, Option<Vec<u8>>)>,
}

impl Letter {
    /// The text of a header that stands once.
    pub fn header(&self, name: &str) -> String {
        let mut values = self.headers.iter().filter(|(own, _)| own == name);
        let (_, value) = values.next().expect("the header");
        assert!(values.next().is_none(), "{name} stands twice");
        String::from_utf8(value.clone().expect("no null")).expect("UTF-8")
    }
}

/// All that a topic of one partition holds now.
pub fn letters(topic: &Topic) -> Vec<Letter> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", kafka())
        .set("group.id", "reads letters")
        .set("enable.auto.commit", "false")
        .create()
        .expect("a consumer");
    let (low, high) = consumer.fetch_watermarks(&topic.name, 0, PATIENCE).expect("ends");
    let mut list = TopicPartitionList::new();
    list.add_partition_offset(&topic.name, 0, Offset::Offset(low)).expect("an offset");
    consumer.assign(&list).expect("an assignment");
    let next = |_| letter(&consumer.poll(PATIENCE).expect("a record").expect("a record"));
    (low..high).map(next).collect()
}

/// Waits until there are so many, and returns them.
#[track_caller]
pub fn wait_for_letters(topic: &Topic, number: usize) -> Vec<Letter> {
    eventually("letters", || letters(topic), |letters| letters.len() >= number)
}

fn letter(message: &BorrowedMessage<'_>) -> Letter {
    let owned = |header: Header<'_, &[u8]>| (header.key.to_owned(), header.value.map(<[u8]>::to_vec));
    Letter {
        key: message.key().map(<[u8]>::to_vec),
        value: message.payload().map(<[u8]>::to_vec),
        headers: message.headers().map_or_else(Vec::new, |headers| headers.iter().map(owned).collect()),
    }
}

/// What is sent byte by byte.
struct Raw<'r> {
    key: Option<&'r [u8]>,
    value: Option<&'r [u8]>,
    headers: &'r [(&'r str, Option<&'r [u8]>)],
    /// Milliseconds since the Unix epoch.
    time: i64,
}

const POISON: Raw<'_> =
    Raw { key: Some(b"{\"id\":1}"), value: Some(b"no JSON"), headers: &[], time: 1_795_000_000_000 };

fn send(topic: &Topic, partition: i32, records: &[Raw<'_>]) {
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", kafka())
        .set("message.max.bytes", "8000000")
        .create()
        .expect("a producer");
    for raw in records {
        let headers = raw
            .headers
            .iter()
            .fold(OwnedHeaders::new(), |all, (key, value)| all.insert(Header { key, value: *value }));
        let mut record = BaseRecord::<[u8], [u8]>::to(&topic.name)
            .partition(partition)
            .timestamp(raw.time)
            .headers(headers);
        (record.key, record.payload) = (raw.key, raw.value);
        producer.send(record).map_err(|(error, _)| error).expect("room for a record");
        producer.poll(Duration::ZERO);
    }
    producer.flush(PATIENCE).expect("the broker takes them");
}
