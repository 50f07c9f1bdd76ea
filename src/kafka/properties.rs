use rdkafka::ClientConfig;
use rdkafka::config::RDKafkaLogLevel;

use crate::config::Kafka;

/// The consumer's properties: defaults, then the user's, then those that a promise stands on.
///
/// The configuration has refused the last kind with the reason; they are set last all the same.
pub fn client_config(kafka: &Kafka, group: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    for (name, value) in [
        // Both ends of a stall are bounded: librdkafka waits a second by default before it fetches again.
        ("fetch.queue.backoff.ms", "10"),
        // A partition that rests while a fetch of others is under way takes part in the next one, which waits this long at most.
        ("fetch.wait.max.ms", "100"),
        // What is fetched and not yet read, in KiB a consumer. With it memory is bounded whatever the backlog.
        ("queued.max.messages.kbytes", "8192"),
        ("check.crcs", "true"),
        ("socket.keepalive.enable", "true"),
        // A broker that hangs is left for another after this long, not after a minute; and a commit at a revocation, which
        // is tried three times, ends within half of the shortest `max.poll.interval.ms`.
        ("socket.timeout.ms", "10000"),
        // A topic that is created later is found after this long.
        ("topic.metadata.refresh.interval.ms", "15000"),
        ("session.timeout.ms", "10000"),
        // A member hears of a rebalance with its next heartbeat. Who gives up a component to a copy that joins hears of it so,
        // and nobody leads until then.
        ("heartbeat.interval.ms", "1000"),
        ("partition.assignment.strategy", "cooperative-sticky"),
    ] {
        config.set(name, value);
    }
    for (name, value) in &kafka.librdkafka {
        config.set(name, value);
    }
    if kafka.librdkafka.get("group.protocol").is_some_and(|protocol| protocol == "consumer") {
        // With KIP-848 the broker assigns, and librdkafka refuses these.
        for name in ["partition.assignment.strategy", "session.timeout.ms", "heartbeat.interval.ms"] {
            config.remove(name);
        }
    }
    // Only so does the client tell that a topic was deleted and made anew (see `Membership::log`).
    let debug =
        kafka.librdkafka.get("debug").map_or_else(|| "metadata".to_owned(), |own| format!("{own},metadata"));
    config
        .set("debug", debug)
        .set("bootstrap.servers", &kafka.brokers)
        .set("group.id", group)
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("auto.offset.reset", "error")
        .set("allow.auto.create.topics", "false")
        .set("statistics.interval.ms", "1000")
        .set_log_level(RDKafkaLogLevel::Debug);
    config
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_give_way_to_the_users_and_to_the_protocol() {
        let names = ["session.timeout.ms", "heartbeat.interval.ms", "enable.auto.commit"];
        for (own, expected) in [
            (&[][..], [Some("10000"), Some("1000"), Some("false")]),
            (&[("heartbeat.interval.ms", "500")], [Some("10000"), Some("500"), Some("false")]),
            (&[("enable.auto.commit", "true")], [Some("10000"), Some("1000"), Some("false")]),
            (&[("group.protocol", "consumer")], [None, None, Some("false")]),
        ] {
            let kafka = Kafka {
                brokers: "b".to_owned(),
                group: "g".to_owned(),
                librdkafka: own
                    .iter()
                    .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                    .collect(),
            };
            let config = client_config(&kafka, "g");
            assert_eq!(names.map(|name| config.get(name)), expected, "{own:?}");
        }
    }
}
