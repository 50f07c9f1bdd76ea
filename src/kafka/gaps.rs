use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use rdkafka::Message as _;
use rdkafka::message::BorrowedMessage;

use super::topic_config::topic_configs;
use crate::catalog::{Catalog, TableId};
use crate::config::Kafka;

/// A record younger than this was not compacted away: the segment that is written to never is, and the broker looks at the
/// others every 15 s. So a copy that keeps up meets no such gap, though transaction markers leave gaps all the time.
const YOUNG: Duration = Duration::from_secs(15);
const ANSWER: Duration = Duration::from_secs(5);
/// How long a broker that does not tell is not asked again. A log may have a gap after each transaction.
const ASK_AGAIN: Duration = Duration::from_mins(1);

/// Tells whether a gap between two offsets may hide a change.
///
/// Compaction may take what was not read: a row that moved twice while freshet was away shows its last place only, and
/// the key of the one between stays. A topic's `min.compaction.lag.ms` says for how long it takes nothing.
pub(super) struct Gaps {
    kafka: Kafka,
    catalog: Arc<Catalog>,
    lags: Mutex<Lags>,
}

/// By table: for how long its topic keeps every record; `None` where it is not compacted.
#[derive(Default)]
struct Lags(HashMap<TableId, Lag>);

struct Lag {
    lag: Option<Duration>,
    /// The broker did not tell, which may mean anything, and is asked again then.
    untold_until: Option<Instant>,
}

impl Lags {
    fn get<E>(
        &mut self,
        table: TableId,
        now: Instant,
        ask: impl FnOnce() -> Result<Option<Duration>, E>,
    ) -> Option<Duration> {
        let holds = |lag: &&Lag| lag.untold_until.is_none_or(|until| now < until);
        if let Some(known) = self.0.get(&table).filter(holds) {
            return known.lag;
        }
        let answer = match ask() {
            Ok(lag) => Lag { lag, untold_until: None },
            Err(_) => Lag { lag: Some(Duration::ZERO), untold_until: Some(now + ASK_AGAIN) },
        };
        let lag = answer.lag;
        self.0.insert(table, answer);
        lag
    }
}

impl Gaps {
    pub(super) fn new(kafka: Kafka, catalog: &Arc<Catalog>) -> Self {
        Self { kafka, catalog: Arc::clone(catalog), lags: Mutex::default() }
    }

    /// Whether a record may be missing before this one. `expected` is the offset that would follow the last one read.
    pub(super) fn hides(&self, table: TableId, expected: i64, message: &BorrowedMessage<'_>) -> bool {
        if message.offset() <= expected {
            return false;
        }
        let appended = message.timestamp().to_millis().and_then(|millis| u64::try_from(millis).ok());
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let age = now.saturating_sub(Duration::from_millis(appended.unwrap_or(0)));
        age >= YOUNG && self.lag(table).is_some_and(|lag| age >= lag)
    }

    /// Asks the broker at a topic's first gap.
    fn lag(&self, table: TableId) -> Option<Duration> {
        let mut lags = self.lags.lock().unwrap_or_else(PoisonError::into_inner);
        lags.get(table, Instant::now(), || {
            let topic = self.catalog.table(table).topic.as_str();
            let answer = topic_configs(&self.kafka, &[topic], ANSWER).map_err(|error| error.to_string());
            let answer = answer.and_then(|mut all| all.pop().unwrap_or_else(|| Err("no answer".to_owned())));
            answer.map(|config| config.compacted.then_some(config.compaction_lag)).inspect_err(|error| {
                tracing::warn!(
                    topic,
                    error,
                    "the topic's compaction is not known; a gap in its offsets deletes families"
                );
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broker_that_does_not_tell_is_asked_once_a_minute_and_one_that_tells_once() {
        let (mut lags, start, hour) = (Lags::default(), Instant::now(), Duration::from_hours(1));
        let table = TableId::from_index(0);
        for (seconds, answer, expected, asked) in [
            (0, Err(()), Some(Duration::ZERO), true),
            (59, Ok(None), Some(Duration::ZERO), false),
            (60, Ok(Some(hour)), Some(hour), true),
            (600, Ok(None), Some(hour), false),
        ] {
            let mut was_asked = false;
            let lag = lags.get(table, start + Duration::from_secs(seconds), || {
                was_asked = true;
                answer
            });
            assert_eq!((lag, was_asked), (expected, asked), "{seconds} s");
        }
        assert_eq!(lags.get(TableId::from_index(1), start, || Ok::<_, ()>(None)), None);
    }
}
