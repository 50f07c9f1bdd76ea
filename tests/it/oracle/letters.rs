//! The dead letters, by the place of the message that each is of.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::Headers as _;
use rdkafka::metadata::{MetadataPartition, MetadataTopic};
use rdkafka::{ClientConfig, Message, Offset, TopicPartitionList};

use super::poison::Place;
use crate::harness::{PATIENCE, Stack};

/// How many letters the topic holds of each message.
pub fn read(stack: &Stack, topic: &str) -> BTreeMap<Place, usize> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", &stack["KAFKA_BROKERS"])
        .set("group.id", "oracle")
        .create()
        .expect("a consumer");
    let metadata = consumer.fetch_metadata(Some(topic), PATIENCE).expect("metadata");
    let partitions = metadata.topics().iter().flat_map(MetadataTopic::partitions).map(MetadataPartition::id);
    let (mut from, mut left) = (TopicPartitionList::new(), BTreeSet::new());
    for partition in partitions {
        let (low, high) = consumer.fetch_watermarks(topic, partition, PATIENCE).expect("ends");
        from.add_partition_offset(topic, partition, Offset::Offset(low)).expect("an offset");
        left.extend((low..high).map(|offset| (partition, offset)));
    }
    consumer.assign(&from).expect("an assignment");
    let (mut letters, deadline) = (BTreeMap::new(), Instant::now() + PATIENCE);
    while !left.is_empty() {
        assert!(Instant::now() < deadline, "{} dead letters were not read", left.len());
        let Some(Ok(letter)) = consumer.poll(Duration::from_millis(200)) else { continue };
        left.remove(&(letter.partition(), letter.offset()));
        *letters.entry(place(&letter)).or_default() += 1;
    }
    letters
}

fn place(letter: &impl Message) -> Place {
    let header = |name: &str| {
        let headers = letter.headers().expect("a letter has headers");
        let header = headers.iter().find(|header| header.key == format!("__dlq.errors.{name}"));
        let value = header.and_then(|header| header.value).unwrap_or_else(|| panic!("no header {name}"));
        String::from_utf8(value.to_vec()).expect("text")
    };
    let number = |name| header(name).parse::<i64>().expect("a number");
    (header("topic"), i32::try_from(number("partition")).expect("a partition"), number("offset"))
}
