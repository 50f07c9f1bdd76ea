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
        // What is fetched and not yet read, in KiB a consumer. With it memory is bounded whatever the backlog.
        ("queued.max.messages.kbytes", "16384"),
        ("check.crcs", "true"),
        ("socket.keepalive.enable", "true"),
        // A topic that is created later is found after this long.
        ("topic.metadata.refresh.interval.ms", "15000"),
        ("session.timeout.ms", "10000"),
        ("partition.assignment.strategy", "cooperative-sticky"),
    ] {
        config.set(name, value);
    }
    for (name, value) in &kafka.librdkafka {
        config.set(name, value);
    }
    if kafka.librdkafka.get("group.protocol").is_some_and(|protocol| protocol == "consumer") {
        // With KIP-848 the broker assigns, and librdkafka refuses these.
        for name in ["partition.assignment.strategy", "session.timeout.ms"] {
            config.remove(name);
        }
    }
    config
        .set("bootstrap.servers", &kafka.brokers)
        .set("group.id", group)
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("auto.offset.reset", "error")
        .set("allow.auto.create.topics", "false")
        .set("statistics.interval.ms", "1000")
        .set_log_level(RDKafkaLogLevel::Warning);
    config
}
