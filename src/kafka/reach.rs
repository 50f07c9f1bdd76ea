//! Whether Kafka answers, as all clients of the process see it together: one line when it goes, one when it is back.
//!
//! The client writes a line for every connection that fails, of every broker, at every try. None of them tells whether
//! Kafka is there, and each is at `debug`.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::statistics::{Broker, Statistics};

use crate::telemetry::{Health, Part};

/// The client reports once a second. Who starts waits to hear whether Kafka is there; while it runs a broker that is
/// about to end, or has just begun, may drop connections and take them again.
const AT_START: Duration = Duration::from_millis(800);
const LATER: Duration = Duration::from_millis(2_800);
/// A request that is not answered for so long: the broker hangs, or the network takes packets and brings none. Those
/// that wait for records wait for half a second.
const SILENCE_MICROS: i64 = 10_000_000;

/// All that can be said of a broker that hangs, or that waits for TLS.
const UNANSWERED: &str = "no request is answered";

pub(super) struct Reach {
    health: Arc<Health>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// A broker has answered before.
    ever: bool,
    /// Since when no client has heard of a broker that answers.
    away: Option<Instant>,
    /// That was said.
    said: bool,
    /// What a client met last on the way.
    reason: Option<String>,
}

impl Reach {
    pub(super) fn new(health: &Arc<Health>) -> Self {
        Self { health: Arc::clone(health), state: Mutex::default() }
    }

    /// A broker has answered.
    pub(super) fn heard(&self) {
        let State { away, said, .. } =
            std::mem::replace(&mut *self.lock(), State { ever: true, ..State::default() });
        if let (Some(since), true) = (away, said) {
            tracing::info!(seconds = since.elapsed().as_secs_f64(), "kafka answers again");
            self.health.set(Part::Kafka, Err("the group is about to be joined again".to_owned()));
        }
    }

    /// Takes what a client reports of its brokers, once a second. Returns whether one of them answers.
    pub(super) fn report(&self, statistics: &Statistics) -> bool {
        let answers = answers(statistics.brokers.values());
        if answers {
            self.heard();
        } else {
            self.unheard(Instant::now());
        }
        answers
    }

    /// Whether no client has heard of a broker for a while, and that was said.
    pub(super) fn is_away(&self) -> bool {
        self.lock().said
    }

    fn unheard(&self, now: Instant) {
        let mut state = self.lock();
        let since = *state.away.get_or_insert(now);
        if now.saturating_duration_since(since) < if state.ever { LATER } else { AT_START } {
            return;
        }
        let reason = explained(state.reason.as_deref().unwrap_or(UNANSWERED));
        self.health.set(Part::Kafka, Err(format!("no broker answers: {reason}")));
        if !std::mem::replace(&mut state.said, true) {
            tracing::warn!(reason, "waiting for kafka");
        }
    }

    /// Takes a line of the client's log.
    pub(super) fn log(&self, level: RDKafkaLogLevel, facility: &str, line: &str) {
        if matches!(facility, "FAIL" | "REQTMOUT" | "SESSTMOUT") {
            self.lock().reason = Some(in_short(line).to_owned());
        }
        match (level, facility) {
            (RDKafkaLogLevel::Emerg | RDKafkaLogLevel::Alert | RDKafkaLogLevel::Critical, _) => {
                tracing::error!(facility, line, "kafka client");
            }
            // A property that is not as its writer thinks.
            (_, "CONFWARN") => tracing::warn!(facility, line, "kafka client"),
            (RDKafkaLogLevel::Debug, _) => tracing::trace!(facility, line, "kafka client"),
            _ => tracing::debug!(facility, line, "kafka client"),
        }
    }

    /// Takes an error that is not of one message.
    pub(super) fn error(&self, error: &KafkaError, reason: &str) {
        match error.rdkafka_error_code() {
            Some(code) if is_of_a_connection(code) => {
                // That all brokers are down follows from what was said before of each.
                if code != RDKafkaErrorCode::AllBrokersDown {
                    self.lock().reason = Some(in_short(reason).to_owned());
                }
                tracing::debug!(%error, reason, "kafka client");
            }
            _ => tracing::warn!(%error, reason, "kafka client"),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The client goes on by itself once the broker is back.
pub(super) const fn is_of_a_connection(code: RDKafkaErrorCode) -> bool {
    matches!(
        code,
        RDKafkaErrorCode::BrokerTransportFailure
            | RDKafkaErrorCode::AllBrokersDown
            | RDKafkaErrorCode::Resolve
            | RDKafkaErrorCode::OperationTimedOut
            | RDKafkaErrorCode::SSL
            | RDKafkaErrorCode::Authentication
            | RDKafkaErrorCode::SaslAuthenticationFailed
    )
}

/// A connection that stands proves nothing while requests wait on it; one that is idle proves nothing against.
fn answers<'b>(brokers: impl Iterator<Item = &'b Broker>) -> bool {
    let up: Vec<_> = brokers.filter(|broker| broker.state == "UP").collect();
    up.iter().any(|broker| broker.rxidle < SILENCE_MICROS)
        || (!up.is_empty() && up.iter().all(|broker| broker.waitresp_cnt == 0))
}

/// Without the client's thread, how long it took and how often: `… failed: Connection refused (after 0ms in state CONNECT)`.
pub(super) fn in_short(reason: &str) -> &str {
    let reason = without_thread(reason);
    reason.rsplit_once(" (after ").map_or(reason, |(reason, _)| reason)
}

/// A line of the client's log without the name of the thread that wrote it.
pub(super) fn without_thread(line: &str) -> &str {
    line.strip_prefix("[thrd:").and_then(|rest| rest.split_once("]: ")).map_or(line, |(_, rest)| rest)
}

/// What to do about it, where the words tell.
pub(super) fn remedy(reason: &str) -> Option<&'static str> {
    let has = |words: &[&str]| words.iter().any(|word| reason.contains(word));
    if has(&["nsupported SASL mechanism", "UNSUPPORTED_SASL_MECHANISM", "mechanism handshake failed"]) {
        Some("set `sasl.mechanism` under `kafka.librdkafka` to one that the broker has enabled")
    } else if has(&["SASL authentication error", "Authentication failed"]) {
        Some("look at `sasl.username`, `sasl.password` and `sasl.mechanism` under `kafka.librdkafka`")
    } else if has(&["certificate", "SSL handshake failed"]) {
        Some("look at `ssl.ca.location` and `security.protocol` under `kafka.librdkafka`")
    } else if has(&["security.protocol", "Disconnected", "disconnected"]) {
        Some("look at `security.protocol` under `kafka.librdkafka`: the listener may want SASL or TLS")
    } else if has(&["Failed to resolve", "Connection refused"]) {
        Some("look at `kafka.brokers`, and whether the broker runs")
    } else if reason == UNANSWERED {
        Some("look whether the broker hangs, and at `security.protocol` under `kafka.librdkafka`")
    } else {
        None
    }
}

fn explained(reason: &str) -> String {
    remedy(reason).map_or_else(|| reason.to_owned(), |remedy| format!("{reason}; {remedy}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broker_that_leaves_requests_unanswered_is_not_there() {
        let broker = |state: &str, idle_s: i64, waiting: i64| Broker {
            state: state.to_owned(),
            rxidle: idle_s * 1_000_000,
            waitresp_cnt: waiting,
            ..Broker::default()
        };
        for (brokers, expected) in [
            (vec![], false),
            (vec![broker("DOWN", 0, 0), broker("INIT", 0, 0)], false),
            (vec![broker("UP", 1, 1)], true),
            (vec![broker("UP", 30, 0)], true),
            (vec![broker("UP", 11, 1)], false),
            // The connection by which the others were found is not used any more.
            (vec![broker("UP", 90, 0), broker("UP", 11, 1)], false),
            (vec![broker("UP", 11, 1), broker("UP", 2, 1)], true),
        ] {
            assert_eq!(answers(brokers.iter()), expected, "{brokers:?}");
        }
    }

    #[test]
    fn it_is_said_after_a_while_and_taken_back() {
        let health = Arc::new(Health::default());
        let reach = Reach::new(&health);
        let kafka =
            || health.waiting().into_iter().find(|(part, _)| *part == Part::Kafka).map(|(_, why)| why);
        let start = Instant::now();
        reach.unheard(start);
        assert_eq!(kafka().as_deref(), Some("starting"));
        reach.log(
            RDKafkaLogLevel::Error,
            "FAIL",
            "[thrd:b:1/bootstrap]: b:1/bootstrap: Connect to ipv4#127.0.0.1:1 failed: Connection refused (after 0ms in \
             state CONNECT)",
        );
        reach.unheard(start + Duration::from_secs(1));
        let said = "no broker answers: b:1/bootstrap: Connect to ipv4#127.0.0.1:1 failed: Connection refused; look at \
                    `kafka.brokers`, and whether the broker runs";
        assert_eq!(kafka().as_deref(), Some(said));
        assert!(reach.lock().said);
        reach.heard();
        assert!(!reach.lock().said && reach.lock().reason.is_none());
        for (millis, expected) in [(0, false), (2_000, false), (3_000, true)] {
            reach.unheard(start + Duration::from_millis(millis));
            assert_eq!(reach.lock().said, expected, "{millis} ms");
        }
    }

    #[test]
    fn what_the_client_says_names_what_to_look_at() {
        for (reason, expected) in [
            (
                "SASL authentication error: Authentication failed: Invalid username or password",
                "sasl.password",
            ),
            ("SASL PLAIN mechanism handshake failed: Broker: Unsupported SASL mechanism", "sasl.mechanism"),
            (
                "SSL handshake failed: error:0A000086:SSL routines::certificate verify failed",
                "ssl.ca.location",
            ),
            (
                "Disconnected while requesting ApiVersion: might be caused by incorrect security.protocol",
                "security",
            ),
            (UNANSWERED, "security.protocol"),
            ("Failed to resolve 'b:9092': Name or service not known", "kafka.brokers"),
        ] {
            assert!(remedy(reason).is_some_and(|remedy| remedy.contains(expected)), "{reason}");
        }
        assert_eq!(remedy("Timed out FetchRequest in flight"), None);
    }
}
