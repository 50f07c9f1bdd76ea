//! Whether the dead-letter topic is there, may be written and keeps what it is given.

use std::time::Instant;

use super::finding::Finding;
use crate::config::{DeadLetters, Kafka};
use crate::kafka::{Topic, make_letters_topic, may_write, topic_configs, topics};

pub(super) fn none() -> Finding {
    Finding::Warning {
        what:
            "there is no dead-letter topic: of an event that cannot be decoded only a line in the log is left"
                .to_owned(),
        remedy: "write `dead_letters: {}`, and make the topic freshet.dead-letters".to_owned(),
    }
}

pub(super) fn ask(kafka: &Kafka, settings: &DeadLetters, end: Instant) -> Vec<Finding> {
    let topic = settings.topic.as_str();
    let left = || end.saturating_duration_since(Instant::now());
    let partitions = match topics(kafka, &[topic], left()).as_deref() {
        Ok([Topic::Partitions(number)]) => *number,
        Ok([Topic::Refused(error)]) => {
            return vec![Finding::wrong(
                format!("{topic} (dead letters): the broker does not tell: {error}"),
                "allow the user to describe and to write the topic",
            )];
        }
        Ok(_) => {
            return vec![Finding::wrong(
                format!(
                    "{topic} (dead letters): there is no such topic; an event that cannot be decoded stops its partition"
                ),
                make_letters_topic(topic),
            )];
        }
        Err(error) => return vec![Finding::wrong(error.to_string(), "look at `kafka.brokers`")],
    };
    let mut findings = Vec::new();
    if let Err(error) = may_write(kafka, topic, left()) {
        findings.push(Finding::wrong(
            format!("{topic} (dead letters): it cannot be written: {error}"),
            "allow the user to write to the topic",
        ));
    }
    // That the broker does not tell stops nothing.
    if let Ok([Ok(config)]) = topic_configs(kafka, &[topic], left()).as_deref()
        && config.compacted
    {
        findings.push(Finding::wrong(
            format!(
                "{topic} (dead letters): it is compacted, so it refuses letters without a key and forgets others"
            ),
            "set cleanup.policy=delete",
        ));
    }
    if findings.is_empty() {
        let s = if partitions == 1 { "" } else { "s" };
        findings.push(Finding::Right(format!("{topic} (dead letters): {partitions} partition{s}, writable")));
    }
    findings
}
