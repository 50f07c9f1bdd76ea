use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;

use super::properties::client_config;
use crate::config::Kafka;

/// Why the broker could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum TopicsError {
    #[error("the Kafka client refuses its configuration")]
    Configuration(#[source] KafkaError),
    #[error("no broker answered")]
    Answer(#[source] KafkaError),
}

/// Which of these topics do not exist.
pub fn missing_topics<'t>(
    kafka: &Kafka,
    topics: impl Iterator<Item = &'t str>,
    deadline: Duration,
) -> Result<Vec<&'t str>, TopicsError> {
    let consumer: BaseConsumer =
        client_config(kafka, &kafka.group).create().map_err(TopicsError::Configuration)?;
    let metadata = consumer.fetch_metadata(None, deadline).map_err(TopicsError::Answer)?;
    let exists = |name: &&str| metadata.topics().iter().any(|topic| topic.name() == *name);
    Ok(topics.filter(|name| !exists(name)).collect())
}
