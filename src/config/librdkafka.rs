//! Which properties of librdkafka a user may set: all but those that would break a promise.

use super::problem::Fault;

/// Refused whatever their value, with the reason.
const REFUSED: &[(&str, &str)] = &[
    ("enable.auto.commit", "offsets are committed only after Redis has acknowledged every effect"),
    ("auto.commit.enable", "offsets are committed only after Redis has acknowledged every effect"),
    ("auto.commit.interval.ms", "offsets are committed only after Redis has acknowledged every effect"),
    ("enable.auto.offset.store", "offsets are committed only after Redis has acknowledged every effect"),
    ("offset.store.method", "offsets are kept in the consumer group, where every copy finds them"),
    ("offset.store.path", "offsets are kept in the consumer group, where every copy finds them"),
    ("offset.store.sync.interval.ms", "offsets are kept in the consumer group, where every copy finds them"),
    (
        "auto.offset.reset",
        "a lost offset must be noticed, so that the families it may have touched are deleted",
    ),
    (
        "partition.assignment.strategy",
        "partitions move one by one, each drained first (`cooperative-sticky`)",
    ),
    ("enable.partition.eof", "freshet needs it to know when a partition is caught up"),
];

/// Refused because freshet has a setting of its own.
const ELSEWHERE: &[(&str, &str)] = &[
    ("group.id", "kafka.group"),
    ("bootstrap.servers", "kafka.brokers"),
    ("metadata.broker.list", "kafka.brokers"),
];

/// A rebalance takes 20 s to look up the offsets of new partitions, 10 s to drain others, and what a commit takes; who takes
/// longer than this is thrown out of the group.
const MIN_POLL_INTERVAL_MS: u64 = 60_000;

/// Why a property may not be set, if so.
pub(super) fn refuse(name: &str, value: &str) -> Option<Fault> {
    if let Some((_, reason)) = REFUSED.iter().find(|(refused, _)| *refused == name) {
        return Some(Fault::new(format!("`{name}` may not be set: {reason}"), "remove it"));
    }
    if let Some((_, setting)) = ELSEWHERE.iter().find(|(refused, _)| *refused == name) {
        return Some(Fault::new(
            format!("`{name}` is set from `{setting}`"),
            format!("remove it and set `{setting}`"),
        ));
    }
    if name.starts_with("go.") || name.ends_with("_cb") {
        return Some(Fault::new(format!("`{name}` is no property that text can set"), "remove it"));
    }
    let is_on = || matches!(value, "true" | "t" | "1");
    match name {
        "isolation.level" if value != "read_committed" => Some(Fault::new(
            format!("`{name}: {value}` would act on events of transactions that were aborted"),
            "remove it, or write `read_committed`",
        )),
        "allow.auto.create.topics" if is_on() => Some(Fault::new(
            format!("`{name}: {value}` would create a topic whose name is misspelled, and hide the mistake"),
            "remove it",
        )),
        "max.poll.interval.ms" => match value.parse::<u64>() {
            Ok(number) if number >= MIN_POLL_INTERVAL_MS => None,
            Ok(_) => Some(Fault::new(
                format!("`{name}: {value}` is too short to drain a revoked partition in"),
                format!("write {MIN_POLL_INTERVAL_MS} or more"),
            )),
            Err(_) => Some(Fault::new(
                format!("`{name}` is no number of milliseconds"),
                format!("write {MIN_POLL_INTERVAL_MS} or more"),
            )),
        },
        _ => None,
    }
}

/// Whether a property's value must not stand in the file or in a log.
pub(super) fn is_secret(name: &str) -> bool {
    let secret = ["password", "passphrase", "secret", "key.pem"];
    secret.iter().any(|word| name.contains(word)) || name == "sasl.oauthbearer.config"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, value: &str, expect: &str) {
        let refused =
            refuse(name, value).map(|fault| format!("{}; {}", fault.what, fault.remedy)).unwrap_or_default();
        assert_eq!(refused, expect, "{name}: {value}");
    }

    #[test]
    fn what_may_be_set() {
        for (name, value) in [
            ("group.protocol", "consumer"),
            ("group.instance.id", "a"),
            ("security.protocol", "SASL_SSL"),
            ("sasl.mechanism", "SCRAM-SHA-512"),
            ("ssl.ca.location", "/ca.pem"),
            ("isolation.level", "read_committed"),
            ("allow.auto.create.topics", "false"),
            ("max.poll.interval.ms", "60000"),
            ("session.timeout.ms", "45000"),
        ] {
            check(name, value, "");
        }
    }

    #[test]
    fn what_may_not() {
        check(
            "enable.auto.commit",
            "false",
            "`enable.auto.commit` may not be set: offsets are committed only after Redis has acknowledged every effect; \
             remove it",
        );
        check("group.id", "x", "`group.id` is set from `kafka.group`; remove it and set `kafka.group`");
        check("go.batch.size", "1", "`go.batch.size` is no property that text can set; remove it");
        check("rebalance_cb", "1", "`rebalance_cb` is no property that text can set; remove it");
        check(
            "isolation.level",
            "read_uncommitted",
            "`isolation.level: read_uncommitted` would act on events of transactions that were aborted; remove it, or \
             write `read_committed`",
        );
        check(
            "max.poll.interval.ms",
            "59999",
            "`max.poll.interval.ms: 59999` is too short to drain a revoked partition in; write 60000 or more",
        );
        check(
            "max.poll.interval.ms",
            "5m",
            "`max.poll.interval.ms` is no number of milliseconds; write 60000 or more",
        );
        for (name, _) in REFUSED.iter().chain(ELSEWHERE) {
            assert!(refuse(name, "").is_some(), "{name}");
        }
    }

    #[test]
    fn secrets() {
        for name in ["sasl.password", "ssl.key.password", "ssl.key.pem", "sasl.oauthbearer.client.secret"] {
            assert!(is_secret(name), "{name}");
        }
        for name in ["sasl.username", "ssl.key.location", "ssl.certificate.pem", "security.protocol"] {
            assert!(!is_secret(name), "{name}");
        }
    }
}
