use std::collections::{BTreeMap, HashMap};
use std::time::Instant;

use super::ANSWER;
use super::dead_letters;
use super::finding::Finding;
use super::topics::{beginning, judge, truncates};
use crate::catalog::{Catalog, Table};
use crate::config::{DeadLetters, Kafka};
use crate::kafka::{
    Refused, Topic, TopicsError, check_letters, check_properties, lost_beginnings, topic_configs, topics,
};

/// What the client says to `kafka.librdkafka` before any server is asked.
pub(super) fn properties(kafka: &Kafka) -> Option<Finding> {
    check_properties(kafka).and_then(|()| check_letters(kafka)).err().map(|error| refused(&error))
}

fn refused(error: &Refused) -> Finding {
    Finding::wrong(
        error.to_string(),
        "correct it under `kafka.librdkafka`; librdkafka's CONFIGURATION.md lists the properties",
    )
}

/// Asks within the time that a server has for all that it is asked.
pub(super) fn ask(kafka: &Kafka, catalog: &Catalog, dead_letters: Option<&DeadLetters>) -> Vec<Finding> {
    let end = Instant::now() + ANSWER;
    let names: Vec<&str> = catalog.tables.iter().map(|table| table.topic.as_str()).collect();
    let topics = match topics(kafka, &names, ANSWER) {
        Ok(topics) => topics,
        Err(TopicsError::Configuration(error)) => return vec![refused(&error)],
        Err(error @ TopicsError::Answer { .. }) => {
            let remedy = error.remedy().unwrap_or(
                "look whether the broker runs, and at `kafka.brokers` and the security properties under \
                 `kafka.librdkafka`",
            );
            return vec![Finding::wrong(error.to_string(), remedy)];
        }
    };
    let mut findings: Vec<Finding> =
        names.iter().zip(&topics).map(|(name, topic)| found(name, topic)).collect();
    let there = catalog.tables.iter().zip(topics).filter_map(|(table, topic)| match topic {
        Topic::Partitions(number) => Some((table, number)),
        Topic::Missing | Topic::Refused(_) => None,
    });
    findings.extend(contents(kafka, &there.collect::<Vec<_>>(), end));
    findings.extend(dead_letters.into_iter().flat_map(|settings| dead_letters::ask(kafka, settings, end)));
    findings
}

/// What is amiss with what the topics keep. That the broker does not tell stops nothing.
fn contents(kafka: &Kafka, tables: &[(&Table, usize)], end: Instant) -> Vec<Finding> {
    let left = || end.saturating_duration_since(Instant::now());
    let mut untold = Untold::default();
    let tracked: Vec<(&str, usize)> = tables
        .iter()
        .filter(|(table, _)| table.tracked)
        .map(|(table, partitions)| (table.topic.as_str(), *partitions))
        .collect();
    let lost: HashMap<&str, Vec<i32>> = match lost_beginnings(kafka, &tracked, left()) {
        Ok(lost) => tracked.iter().map(|(topic, _)| *topic).zip(lost).collect(),
        Err(error) => {
            for (topic, _) in &tracked {
                untold.add("the beginning", &error.to_string(), topic);
            }
            HashMap::new()
        }
    };
    let names: Vec<&str> = tables.iter().map(|(table, _)| table.topic.as_str()).collect();
    let configs = topic_configs(kafka, &names, left()).unwrap_or_else(|error| {
        let why = std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
        names.iter().map(|_| Err(why.clone())).collect()
    });
    let (mut findings, mut compacted) = (Vec::new(), Vec::new());
    for ((table, _), config) in tables.iter().zip(configs) {
        findings.extend(lost.get(table.topic.as_str()).and_then(|lost| beginning(table, lost)));
        match config {
            Ok(config) => {
                findings.extend(judge(table, &config));
                compacted.extend(config.compacted.then_some(table.name.as_str()));
            }
            Err(error) => untold.add("the configuration", &error, &table.topic),
        }
    }
    findings.extend(truncates(&compacted));
    findings.extend(untold.findings());
    findings
}

/// What the broker does not tell, and of which topics: for the same reason of many of them.
#[derive(Default)]
struct Untold(BTreeMap<(&'static str, String), Vec<String>>);

impl Untold {
    fn add(&mut self, what: &'static str, why: &str, topic: &str) {
        self.0.entry((what, why.to_owned())).or_default().push(topic.to_owned());
    }

    fn findings(self) -> impl Iterator<Item = Finding> {
        self.0.into_iter().map(|((what, why), topics)| Finding::Note {
            what: format!("the broker does not tell {what} of {}: {why}", topics.join(", ")),
            remedy: "let the user describe the topics and their configurations, if it may not".to_owned(),
        })
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
