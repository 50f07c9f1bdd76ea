//! What a topic's configuration means for the table whose changes are in it.

use std::time::Duration;

use humantime::format_duration;

use super::finding::Finding;
use crate::catalog::Table;
use crate::kafka::TopicConfig;

/// An outage that is shorter is nothing that a person hears of.
const SHORT: Duration = Duration::from_hours(1);

/// That a tracked table's topic no longer begins where it began, in these partitions.
pub(super) fn beginning(table: &Table, lost: &[i32]) -> Option<Finding> {
    let partitions: Vec<String> = lost.iter().map(ToString::to_string).collect();
    let (which, begin) = if lost.len() == 1 { ("partition", "begins") } else { ("partitions", "begin") };
    (!lost.is_empty()).then(|| Finding::Warning {
        what: format!(
            "{}: {which} {} no longer {begin} at offset 0, so that not all rows of `{}` are known; changes of the \
             others delete families",
            table.topic,
            partitions.join(", "),
            table.name
        ),
        remedy: "recreate the topic by a new snapshot, while freshet is stopped".to_owned(),
    })
}

/// What is amiss with the configuration.
pub(super) fn judge(table: &Table, config: &TopicConfig) -> Vec<Finding> {
    let mut findings = Vec::new();
    let (name, topic) = (&table.name, &table.topic);
    if table.tracked && config.forgets() {
        findings.push(Finding::Warning {
            what: format!(
                "{topic}: it loses its beginning after {}, and with it rows of `{name}`; \
                 then their changes delete families",
                limits(config)
            ),
            remedy:
                "set cleanup.policy=compact, and min.compaction.lag.ms above the longest outage to survive"
                    .to_owned(),
        });
    }
    if config.compacted && table.primary_key.is_empty() {
        findings.push(Finding::wrong(
            format!(
                "{topic}: it is compacted and so refuses records without a key, and `{name}` has no primary key"
            ),
            "set cleanup.policy=delete, or give the table a primary key",
        ));
    } else if config.compacted && config.compaction_lag < SHORT {
        findings.push(Finding::Warning {
            what: format!(
                "{topic}: compaction may remove a change of `{name}` that is {} old (min.compaction.lag.ms) before \
                 freshet has read it; a longer outage deletes families",
                format_duration(config.compaction_lag)
            ),
            remedy: "set min.compaction.lag.ms above the longest outage to survive".to_owned(),
        });
    }
    findings
}

fn limits(config: &TopicConfig) -> String {
    let age = config.retention.map(|retention| format!("{} (retention.ms)", format_duration(retention)));
    let size = config.retention_bytes.map(|bytes| format!("{bytes} bytes (retention.bytes)"));
    age.into_iter().chain(size).collect::<Vec<_>>().join(" or ")
}

/// Said once for all tables whose topics are compacted.
pub(super) fn truncates(compacted: &[&str]) -> Option<Finding> {
    let names: Vec<String> = compacted.iter().map(|name| format!("`{name}`")).collect();
    (!names.is_empty()).then(|| Finding::Note {
        what: format!(
            "a TRUNCATE of {} is never seen: its event has no key, and their topics are compacted",
            names.join(", ")
        ),
        remedy: "use DELETE, or `freshet invalidate` after a TRUNCATE; or keep everything uncompacted \
                 (cleanup.policy=delete, retention.ms=-1, retention.bytes=-1) with Debezium's skipped.operations=none"
            .to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(name: &str) -> Table {
        let text = "
            kafka: { brokers: b }
            redis: { url: redis://r }
            tables:
              tracked: { topic: tracked, primary_key: id }
              stateless: { topic: stateless, primary_key: id, replica_identity: full }
              keyless: { topic: keyless, replica_identity: full }
            views: { v: { key: 'v:{x}', from: [tracked, stateless, keyless] } }";
        let catalog = crate::config::parse("f", text, &|_| None).expect("a right configuration").catalog;
        catalog.tables.into_iter().find(|table| table.name == name).expect("a table")
    }

    #[test]
    fn what_a_configuration_means() {
        let (hour, kept, short) = (SHORT, "compaction may remove a change", "loses its beginning after ");
        let config = |compacted, compaction_lag, retention, retention_bytes| TopicConfig {
            compacted,
            compaction_lag,
            retention,
            retention_bytes,
        };
        let zero = Duration::ZERO;
        for (name, config, expected) in [
            ("tracked", config(true, hour, None, None), &[][..]),
            ("tracked", config(false, zero, None, None), &[]),
            ("tracked", config(false, zero, Some(hour), None), &["its beginning after 1h (retention.ms),"]),
            (
                "tracked",
                config(false, zero, None, Some(9)),
                &["its beginning after 9 bytes (retention.bytes),"],
            ),
            ("tracked", config(true, hour, Some(hour), Some(9)), &["after 1h (retention.ms) or 9 bytes"]),
            (
                "tracked",
                config(true, zero, Some(hour), None),
                &[short, "a change of `tracked` that is 0s old"],
            ),
            ("stateless", config(false, zero, Some(hour), Some(9)), &[]),
            ("stateless", config(true, zero, None, None), &[kept]),
            ("stateless", config(true, hour, None, None), &[]),
            ("keyless", config(false, zero, Some(hour), None), &[]),
            ("keyless", config(true, zero, None, None), &["`keyless` has no primary key"]),
        ] {
            let found = judge(&table(name), &config);
            let said: Vec<String> = found.iter().map(ToString::to_string).collect();
            let all = said.len() == expected.len() && said.iter().zip(expected).all(|(a, b)| a.contains(b));
            assert!(all, "{name} {config:?}: {said:?}");
            assert_eq!(
                found.iter().any(Finding::is_wrong),
                name == "keyless" && config.compacted,
                "{said:?}"
            );
        }
    }

    #[test]
    fn where_a_topic_begins() {
        assert_eq!(beginning(&table("tracked"), &[]), None);
        for (lost, expected) in [
            (&[1][..], "tracked: partition 1 no longer begins at offset 0"),
            (&[0, 2], "tracked: partitions 0, 2 no longer begin at offset 0"),
        ] {
            let said = beginning(&table("tracked"), lost).expect("a warning").to_string();
            assert!(said.contains(expected), "{said}");
        }
    }

    #[test]
    fn truncates_are_spoken_of_once() {
        assert_eq!(truncates(&[]), None);
        let said = truncates(&["order", "shop"]).expect("a note").to_string();
        assert!(said.contains("a TRUNCATE of `order`, `shop` is never seen"), "{said}");
    }
}
