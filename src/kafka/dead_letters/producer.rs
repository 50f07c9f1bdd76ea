use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::OwnedHeaders;
use rdkafka::producer::{BaseRecord, DeliveryResult, Producer as _, ProducerContext, ThreadedProducer};
use tokio::sync::oneshot;

use crate::batch::Letter;
use crate::config::Kafka;
use crate::kafka::Refused;

/// Properties under `kafka.librdkafka` that are a consumer's, of which a producer would complain in the log, and
/// `transactional.id`, which would want transactions.
const NO_PRODUCERS: &[&str] = &[
    "auto.commit.enable",
    "auto.commit.interval.ms",
    "auto.offset.reset",
    "check.crcs",
    "consume.callback.max.messages",
    "coordinator.query.interval.ms",
    "enable.auto.commit",
    "enable.auto.offset.store",
    "enable.partition.eof",
    "fetch.error.backoff.ms",
    "fetch.max.bytes",
    "fetch.message.max.bytes",
    "fetch.min.bytes",
    "fetch.queue.backoff.ms",
    "fetch.wait.max.ms",
    "group.id",
    "group.instance.id",
    "group.protocol",
    "group.protocol.type",
    "group.remote.assignor",
    "heartbeat.interval.ms",
    "isolation.level",
    "max.partition.fetch.bytes",
    "max.poll.interval.ms",
    "offset.store.method",
    "offset.store.path",
    "offset.store.sync.interval.ms",
    "partition.assignment.strategy",
    "queued.max.messages.kbytes",
    "queued.min.messages",
    "session.timeout.ms",
    "transactional.id",
];

/// The producer's properties: defaults, then the user's, then those that a promise stands on.
fn producer_config(kafka: &Kafka) -> ClientConfig {
    let mut config = ClientConfig::new();
    for (name, value) in [
        ("socket.keepalive.enable", "true"),
        // There is one letter of a partition on its way, and it is tried again for ever: so what is wrong is heard of soon.
        ("linger.ms", "0"),
        ("message.timeout.ms", "10000"),
        ("topic.metadata.propagation.max.ms", "1000"),
        // A topic that is made later is found after this long.
        ("topic.metadata.refresh.interval.ms", "5000"),
    ] {
        config.set(name, value);
    }
    for (name, value) in &kafka.librdkafka {
        if !NO_PRODUCERS.contains(&name.as_str()) {
            config.set(name, value);
        }
    }
    config
        .set("bootstrap.servers", &kafka.brokers)
        .set("enable.idempotence", "true")
        .set("acks", "all")
        .set("max.in.flight.requests.per.connection", "5")
        // The broker alone decides what is too large.
        .set("message.max.bytes", "1000000000")
        .set("allow.auto.create.topics", "false")
        .set("statistics.interval.ms", "0")
        .set_log_level(RDKafkaLogLevel::Warning);
    config
}

/// Whether the client takes the properties for a producer, too. It asks no server.
pub fn check_letters(kafka: &Kafka) -> Result<(), Refused> {
    Ok(producer_config(kafka).create_native_config().map(drop)?)
}

/// Whether the user may write to a topic: `Err` says why not. Nothing is written: the broker looks at the permission first
/// and then refuses the record, since the number of acknowledgements asked for is none that exists.
pub fn may_write(kafka: &Kafka, topic: &str, deadline: Duration) -> Result<(), KafkaError> {
    let mut config = producer_config(kafka);
    for name in ["enable.idempotence", "max.in.flight.requests.per.connection"] {
        config.remove(name);
    }
    // Zero would be for ever.
    let millis = deadline.as_millis().max(100).to_string();
    config.set("acks", "2").set("message.timeout.ms", millis);
    let producer: ThreadedProducer<Context> = config.create_with_context(Context)?;
    let (sender, done) = oneshot::channel();
    let record = BaseRecord::<(), [u8], _>::with_opaque_to(topic, Box::new(sender)).payload(&[][..]);
    producer.send(record).map_err(|(error, _)| error)?;
    match done.blocking_recv() {
        Ok(Err(KafkaError::MessageProduction(RDKafkaErrorCode::InvalidRequiredAcks))) => Ok(()),
        Ok(result) => result,
        Err(_) => Err(KafkaError::Canceled),
    }
}

/// Writes letters.
pub(super) struct Producer(ThreadedProducer<Context>);

impl Producer {
    pub(super) fn new(kafka: &Kafka) -> Result<Self, KafkaError> {
        producer_config(kafka).create_with_context(Context).map(Self)
    }

    /// Done once the brokers have acknowledged it.
    pub(super) async fn write(
        &self,
        topic: &str,
        letter: &Letter,
        headers: OwnedHeaders,
    ) -> Result<(), KafkaError> {
        let (sender, done) = oneshot::channel();
        let mut record =
            BaseRecord::<[u8], [u8], _>::with_opaque_to(topic, Box::new(sender)).headers(headers);
        (record.key, record.payload) = (letter.key.as_deref(), letter.value.as_deref());
        self.0.send(record).map_err(|(error, _)| error)?;
        done.await.unwrap_or(Err(KafkaError::Canceled))
    }

    /// Whether it will never write again.
    pub(super) fn is_dead(&self) -> bool {
        self.0.client().fatal_error().is_some()
    }
}

struct Context;

impl ClientContext for Context {
    // Whether Kafka is away is told once, by those that read; and a letter that cannot be written, by who delivers it.
    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(%error, reason, "kafka client of dead letters");
    }

    fn log(&self, _level: RDKafkaLogLevel, facility: &str, line: &str) {
        tracing::debug!(facility, line, "kafka client of dead letters");
    }
}

impl ProducerContext for Context {
    type DeliveryOpaque = Box<oneshot::Sender<Result<(), KafkaError>>>;

    fn delivery(&self, result: &DeliveryResult<'_>, done: Self::DeliveryOpaque) {
        let result = result.as_ref().map(drop).map_err(|(error, _)| error.clone());
        // Nobody waits when the process ends.
        let _ = done.send(result);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use rdkafka::producer::BaseProducer;

    use super::*;

    /// Keeps what the client logs.
    #[derive(Clone, Default)]
    struct Logged(Arc<Mutex<Vec<String>>>);

    impl ClientContext for Logged {
        fn log(&self, _: RDKafkaLogLevel, fac: &str, message: &str) {
            self.0.lock().expect("no panic").push(format!("{fac} {message}"));
        }
    }

    impl ProducerContext for Logged {
        type DeliveryOpaque = ();

        fn delivery(&self, _: &DeliveryResult<'_>, (): ()) {}
    }

    #[test]
    fn a_consumers_properties_neither_fail_nor_warn() {
        let own = [
            ("session.timeout.ms", "6000"),
            ("group.protocol", "consumer"),
            ("group.instance.id", "a"),
            ("isolation.level", "read_committed"),
            ("fetch.max.bytes", "1000"),
            ("max.poll.interval.ms", "60000"),
            ("acks", "1"),
            ("transactional.id", "t"),
            ("client.rack", "r"),
            ("security.protocol", "plaintext"),
        ];
        let kafka = Kafka {
            brokers: "127.0.0.1:1".to_owned(),
            group: "g".to_owned(),
            librdkafka: own.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        };
        check_letters(&kafka).expect("right properties");
        let config = producer_config(&kafka);
        assert_eq!(config.get("acks"), Some("all"));
        assert_eq!(config.get("client.rack"), Some("r"));
        let logged = Logged::default();
        let producer: BaseProducer<Logged> = config.create_with_context(logged.clone()).expect("a producer");
        producer.poll(Duration::from_millis(50));
        let lines = logged.0.lock().expect("no panic").clone();
        assert!(!lines.iter().any(|line| line.contains("CONFWARN")), "{lines:?}");
    }
}
