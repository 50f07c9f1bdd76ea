use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext};
use rdkafka::error::KafkaError;
use rdkafka::metadata::MetadataTopic;
use rdkafka::types::{RDKafkaErrorCode, RDKafkaRespErr};

use super::properties::client_config;
use crate::config::Kafka;

/// How long an error that waits to be told may take, and how many are heard.
const WAITING: Duration = Duration::from_millis(100);
const MOST_ERRORS: usize = 8;

/// Why the broker could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum TopicsError {
    #[error("the Kafka client refuses its configuration")]
    Configuration(#[source] KafkaError),
    /// `reason` is what the client met on the way, which says more than its error does.
    #[error("no broker answered{}", reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default())]
    Answer { source: KafkaError, reason: Option<String> },
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
pub fn check_properties(kafka: &Kafka) -> Result<(), KafkaError> {
    client_config(kafka, &kafka.group).create_native_config().map(drop)
}

/// Asks for each of these topics, all of them within the deadline.
pub fn topics(kafka: &Kafka, names: &[String], deadline: Duration) -> Result<Vec<Topic>, TopicsError> {
    let end = Instant::now() + deadline;
    let consumer: BaseConsumer<Asking> = client_config(kafka, &kafka.group)
        // Nobody looks at them here.
        .set("statistics.interval.ms", "0")
        .create_with_context(Asking::default())
        .map_err(TopicsError::Configuration)?;
    names
        .iter()
        .map(|name| {
            // One at a time: only then does the broker say why it does not tell of a topic.
            let metadata = consumer
                .fetch_metadata(Some(name), end.saturating_duration_since(Instant::now()))
                .map_err(|source| TopicsError::Answer { source, reason: reason(&consumer) })?;
            Ok(metadata.topics().iter().find(|topic| topic.name() == name).map_or(Topic::Missing, topic))
        })
        .collect()
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
fn reason(consumer: &BaseConsumer<Asking>) -> Option<String> {
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
struct Asking(Mutex<Option<String>>);

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

/// Without how long it took and how often: `… failed: Connection refused (after 0ms in state CONNECT)`.
fn in_short(reason: &str) -> &str {
    reason.rsplit_once(" (after ").map_or(reason, |(reason, _)| reason)
}
