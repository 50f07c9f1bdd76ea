use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::BorrowedMessage;
use rdkafka::{Message as _, Offset, TopicPartitionList};

use super::properties::client_config;
use super::topics::{Asking, TopicsError, reason};
use crate::config::Kafka;

/// How long the broker may take for the next thing.
const ANSWER: Duration = Duration::from_secs(10);

/// How far a topic is read: of how many offsets so many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    pub done: u64,
    pub of: u64,
}

/// What a topic is read with, message by message.
pub(super) trait Take {
    /// The log lacks records before those that are read, or lost some meanwhile.
    fn lost(&mut self) {}

    fn message(&mut self, message: &BorrowedMessage<'_>, progress: Progress);
}

/// Reads a topic from its beginning to the ends that it has now. `None` if there is no such topic.
pub(super) fn read_whole(
    kafka: &Kafka,
    topic: &str,
    take: &mut impl Take,
) -> Result<Option<()>, TopicsError> {
    let consumer: BaseConsumer<Asking> = client_config(kafka, &kafka.group)
        .set("statistics.interval.ms", "0")
        .set("enable.partition.eof", "true")
        // What retention takes meanwhile is gone.
        .set("auto.offset.reset", "earliest")
        .create_with_context(Asking::default())
        .map_err(|error| TopicsError::Configuration(error.into()))?;
    let failed = |source| TopicsError::Answer { source, reason: reason(&consumer) };
    let metadata = consumer.fetch_metadata(Some(topic), ANSWER).map_err(failed)?;
    let Some(found) = metadata.topics().iter().find(|found| found.name() == topic) else { return Ok(None) };
    match found.error().map(RDKafkaErrorCode::from) {
        None => {}
        Some(RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic) => return Ok(None),
        Some(code) => return Err(failed(KafkaError::MetadataFetch(code))),
    }

    let mut list = TopicPartitionList::new();
    // By partition: the next offset to be read, and the end.
    let (mut places, mut firsts) = (BTreeMap::new(), Vec::new());
    for partition in found.partitions() {
        let (low, high) = consumer.fetch_watermarks(topic, partition.id(), ANSWER).map_err(failed)?;
        firsts.push((partition.id(), low, high));
        if low < high {
            list.add_partition_offset(topic, partition.id(), Offset::Offset(low)).map_err(failed)?;
            places.insert(partition.id(), (low, high));
        }
    }
    let offsets = |from: i64, to: i64| u64::try_from(to - from).unwrap_or(0);
    let of: u64 = places.values().map(|(low, high)| offsets(*low, *high)).sum();
    consumer.assign(&list).map_err(failed)?;
    let mut last = Instant::now();
    while !places.is_empty() {
        match consumer.poll(Duration::from_millis(100)) {
            Some(Ok(message)) => {
                let Some((next, end)) = places.get_mut(&message.partition()) else { continue };
                last = Instant::now();
                let is_new = message.offset() < *end;
                *next = (message.offset() + 1).min(*end);
                if *next >= *end {
                    places.remove(&message.partition());
                    pause(&consumer, topic, message.partition()).map_err(failed)?;
                }
                if is_new {
                    let left: u64 = places.values().map(|(next, end)| offsets(*next, *end)).sum();
                    take.message(&message, Progress { done: of.saturating_sub(left), of });
                }
            }
            // The log may end in offsets without a record.
            Some(Err(KafkaError::PartitionEOF(partition))) => {
                places.remove(&partition);
                pause(&consumer, topic, partition).map_err(failed)?;
            }
            Some(Err(error)) if is_final(&error) => return Err(failed(error)),
            Some(Err(_)) | None if last.elapsed() >= ANSWER => {
                return Err(failed(KafkaError::MessageConsumption(RDKafkaErrorCode::OperationTimedOut)));
            }
            Some(Err(_)) | None => {}
        }
    }
    for (partition, first, end) in firsts {
        let (low, high) = consumer.fetch_watermarks(topic, partition, ANSWER).map_err(failed)?;
        // What retention took was perhaps not read; a log that is shorter is another one.
        if first > 0 || low > first || high < end {
            take.lost();
        }
    }
    Ok(Some(()))
}

/// What comes after the end is nothing that is waited for.
fn pause(consumer: &BaseConsumer<Asking>, topic: &str, partition: i32) -> Result<(), KafkaError> {
    let mut list = TopicPartitionList::with_capacity(1);
    list.add_partition(topic, partition);
    consumer.pause(&list)
}

/// What no waiting changes. The client tries the rest again by itself.
fn is_final(error: &KafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(
            RDKafkaErrorCode::TopicAuthorizationFailed
                | RDKafkaErrorCode::UnknownTopicOrPartition
                | RDKafkaErrorCode::Fatal
        )
    )
}
