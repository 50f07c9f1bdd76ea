use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext};
use rdkafka::error::KafkaError;
use rdkafka::metadata::MetadataTopic;
use rdkafka::types::{RDKafkaErrorCode, RDKafkaRespErr};

use super::properties::client_config;
use super::reach::{in_short, remedy};
use super::refused::Refused;
use crate::config::Kafka;

/// How long an error that waits to be told may take, and how many are heard.
const WAITING: Duration = Duration::from_millis(100);
const MOST_ERRORS: usize = 8;

/// Why the broker could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum TopicsError {
    #[error(transparent)]
    Configuration(#[from] Refused),
    /// `reason` is what the client met on the way, which says more than its error does.
    #[error("no broker answered{}", reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default())]
    Answer { source: KafkaError, reason: Option<String> },
}

impl TopicsError {
    /// What to look at first, where that is known.
    pub fn remedy(&self) -> Option<&'static str> {
        match self {
            Self::Answer { reason: Some(reason), .. } => remedy(reason),
            Self::Answer { .. } | Self::Configuration(_) => None,
        }
    }
}

/// What the broker says of a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Topic {
    Missing,
    Partitions(usize),
    /// It may exist; the broker does not tell.
    Refused(String),
}

/// Whether the client knows every property. It asks no server.
pub fn check_properties(kafka: &Kafka) -> Result<(), Refused> {
    Ok(client_config(kafka, &kafka.group).create_native_config().map(drop)?)
}

/// Asks for each of these topics, all of them within the deadline.
pub fn topics(kafka: &Kafka, names: &[&str], deadline: Duration) -> Result<Vec<Topic>, TopicsError> {
    let end = Instant::now() + deadline;
    let consumer = consumer(kafka)?;
    names
        .iter()
        .map(|name| {
            // One at a time: only then does the broker say why it does not tell of a topic.
            let metadata = consumer
                .fetch_metadata(Some(name), end.saturating_duration_since(Instant::now()))
                .map_err(|source| TopicsError::Answer { source, reason: reason(&consumer) })?;
            Ok(metadata.topics().iter().find(|topic| topic.name() == *name).map_or(Topic::Missing, topic))
        })
        .collect()
}

/// The partitions of each topic whose first records are gone, all of them within the deadline. Topics come with the number
/// of their partitions.
pub fn lost_beginnings(
    kafka: &Kafka,
    topics: &[(&str, usize)],
    deadline: Duration,
) -> Result<Vec<Vec<i32>>, TopicsError> {
    let end = Instant::now() + deadline;
    let consumer = consumer(kafka)?;
    let begins_late = |name: &str, partition: i32| {
        let left = end.saturating_duration_since(Instant::now());
        let answer = consumer.fetch_watermarks(name, partition, left);
        let (first, _) =
            answer.map_err(|source| TopicsError::Answer { source, reason: reason(&consumer) })?;
        Ok((first > 0).then_some(partition))
    };
    topics
        .iter()
        .map(|(name, partitions)| {
            let late = (0..).take(*partitions).map(|partition| begins_late(name, partition));
            late.filter_map(Result::transpose).collect()
        })
        .collect()
}

pub(super) fn consumer(kafka: &Kafka) -> Result<BaseConsumer<Asking>, TopicsError> {
    client_config(kafka, &kafka.group)
        // Nobody looks at them here.
        .set("statistics.interval.ms", "0")
        .create_with_context(Asking::default())
        .map_err(|error| TopicsError::Configuration(error.into()))
}

fn topic(answer: &MetadataTopic) -> Topic {
    match answer.error() {
        None => Topic::Partitions(answer.partitions().len()),
        Some(
            RDKafkaRespErr::RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART
            | RDKafkaRespErr::RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC,
        ) => Topic::Missing,
        Some(error) => Topic::Refused(RDKafkaErrorCode::from(error).to_string()),
    }
}

/// What the client met on the way to the brokers. It says so only when it is polled.
pub(super) fn reason(consumer: &BaseConsumer<Asking>) -> Option<String> {
    // A failing client may go on to fail.
    for _ in 0..MOST_ERRORS {
        if consumer.poll(WAITING).is_none() {
            break;
        }
    }
    consumer.context().0.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// Keeps why a connection failed.
#[derive(Default)]
pub(super) struct Asking(Mutex<Option<String>>);

impl ClientContext for Asking {
    /// What it would log is in the answer.
    fn log(&self, _: RDKafkaLogLevel, _: &str, _: &str) {}

    fn error(&self, error: KafkaError, reason: &str) {
        // That all brokers are down follows from what was said before of each.
        if error.rdkafka_error_code() != Some(RDKafkaErrorCode::AllBrokersDown) {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(in_short(reason).to_owned());
        }
    }
}

impl ConsumerContext for Asking {}
