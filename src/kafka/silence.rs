//! A client that has lost its brokers while they answer others.
//!
//! Seen with librdkafka 2.12: a broker that hung for a few seconds, longer than the session, answers again, and the client
//! finds "no usable brokers" for ever; it does not even try to connect. So it is asked what nobody else would ask: whether
//! a new client fares better. If so twice, with as long between as the old one may wait before it tries again, the old one is
//! given up: after an outage the brokers may have just come back.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaResult;

/// How long a client may be without a broker before another one is tried, and how often that is. The client itself waits at
/// most so long between two attempts (`reconnect.backoff.max.ms`).
const LONG: Duration = Duration::from_secs(10);
const ANSWER: Duration = Duration::from_secs(3);

/// How long one client has not heard of a broker that answers.
#[derive(Debug, Default)]
pub(super) struct Silence(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    since: Option<Instant>,
    /// Another client was answered the last time that one was tried.
    others_hear: bool,
}

impl Silence {
    /// Takes whether the client's last report told of a broker that answers.
    pub(super) fn note(&self, answers: bool, now: Instant) {
        let mut state = self.lock();
        state.since = (!answers).then(|| state.since.unwrap_or(now));
        state.others_hear &= !answers;
    }

    /// Whether it is time to try another client; once for each stretch of silence of this length.
    fn is_long(&self, now: Instant) -> bool {
        let mut state = self.lock();
        let is_long = state.since.is_some_and(|since| now.saturating_duration_since(since) >= LONG);
        if is_long {
            state.since = Some(now);
        }
        is_long
    }

    /// Takes whether another client was answered. True if that was so the last time, too.
    fn others(&self, hear: bool) -> bool {
        std::mem::replace(&mut self.lock().others_hear, hear) && hear
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether Kafka answers another client. Blocks for a moment, in which this one has nothing to poll.
    pub(super) fn is_of_this_client_alone(&self, config: &ClientConfig) -> bool {
        let is_alone = self.is_long(Instant::now()) && self.others(answers(config).is_ok());
        if is_alone {
            tracing::error!(
                "a kafka client has lost its brokers, which answer another one; it starts afresh"
            );
        }
        is_alone
    }
}

fn answers(config: &ClientConfig) -> KafkaResult<()> {
    let other: BaseConsumer = config.create()?;
    other.client().fetch_metadata(None, ANSWER).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_silence_asks_once_and_again_after_as_long() {
        let (silence, start) = (Silence::default(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        assert!(!silence.is_long(at(60)), "nothing was reported");
        for (seconds, answers, expected) in [
            (0, false, false),
            (9, false, false),
            (10, false, true),
            (11, false, false),
            (20, false, true),
            (21, true, false),
            (22, false, false),
            (31, false, false),
            (32, false, true),
        ] {
            silence.note(answers, at(seconds));
            assert_eq!(silence.is_long(at(seconds)), expected, "{seconds} s");
        }
    }

    #[test]
    fn brokers_that_have_just_come_back_are_not_lost() {
        let silence = Silence::default();
        assert_eq!([true, false, true, true].map(|hear| silence.others(hear)), [false, false, false, true]);
        silence.note(true, Instant::now());
        assert!(!silence.others(true), "this client has heard of one since");
    }
}
