use super::ANSWER;
use super::finding::Finding;
use crate::catalog::Catalog;
use crate::cli::with_sources;
use crate::config::Kafka;
use crate::kafka::{Topic, TopicsError, check_properties, topics};

/// What the client says to `kafka.librdkafka` before any server is asked.
pub(super) fn properties(kafka: &Kafka) -> Option<Finding> {
    check_properties(kafka).err().map(|error| refused(&error))
}

fn refused(error: &dyn std::error::Error) -> Finding {
    Finding::wrong(
        format!("the Kafka client refuses its configuration: {}", with_sources(error)),
        "correct it under `kafka.librdkafka`; librdkafka's CONFIGURATION.md lists the properties",
    )
}

pub(super) fn names(catalog: &Catalog) -> Vec<String> {
    catalog.tables.iter().map(|table| table.topic.clone()).collect()
}

pub(super) fn ask(kafka: &Kafka, names: &[String]) -> Vec<Finding> {
    match topics(kafka, names, ANSWER) {
        Ok(topics) => names.iter().zip(topics).map(|(name, topic)| found(name, &topic)).collect(),
        Err(TopicsError::Configuration(error)) => vec![refused(&error)],
        Err(error @ TopicsError::Answer { .. }) => vec![Finding::wrong(
            error.to_string(),
            "look whether the broker runs, and at `kafka.brokers` and the security properties under `kafka.librdkafka`",
        )],
    }
}

pub(super) fn silent() -> Finding {
    Finding::wrong("the Kafka client did not come back", "look at `kafka.brokers`")
}

fn found(name: &str, topic: &Topic) -> Finding {
    match topic {
        Topic::Partitions(1) => Finding::Right(format!("{name}: 1 partition")),
        Topic::Partitions(number) => Finding::Right(format!("{name}: {number} partitions")),
        Topic::Missing => Finding::Warning {
            what: format!("{name}: there is no such topic"),
            remedy: "Debezium creates a topic at its table's first event; if the table has had one, the name is wrong"
                .to_owned(),
        },
        Topic::Refused(error) => Finding::wrong(
            format!("{name}: the broker does not tell: {error}"),
            "allow the user to describe and to read the topic",
        ),
    }
}
