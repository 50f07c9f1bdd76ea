use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::KafkaError;
use rdkafka::statistics::Statistics;

use super::super::asking;
use super::super::silence::Silence;
use super::Tracking;
use crate::change::Partition;

/// The context of a consumer of tracked tables.
pub(super) struct Context {
    tracking: Arc<Tracking>,
    pub(super) fetched: Fetched,
    pub(super) silence: Silence,
}

/// Up to where a log holds no more records for us.
///
/// A log may end in offsets without a record: transaction markers, or what compaction removed. No message ever comes of
/// them, and the client's own report of a partition's end does not name the topic. Its statistics do: the next offset that
/// it will fetch. What it fetched before is in its queue then, so the offset counts once as many messages were polled as
/// the queue held. That the queue seems empty proves nothing: a poll that does not wait returns without a message, too,
/// when it met an event of another kind. So the messages are counted, each as it is polled.
#[derive(Debug, Default)]
pub(super) struct Fetched {
    polled: AtomicU64,
    told: Mutex<Option<Told>>,
    /// Partitions that were paused and of which no message was polled since: what the client had fetched of them is
    /// thrown away, and the statistics may still be of that.
    silent: Mutex<BTreeSet<Partition>>,
}

#[derive(Debug)]
struct Told {
    /// It counts once this many messages were polled.
    after: u64,
    next: Vec<(Partition, i64)>,
}

impl Context {
    pub(super) fn new(tracking: &Arc<Tracking>) -> Self {
        Self { tracking: Arc::clone(tracking), fetched: Fetched::default(), silence: Silence::default() }
    }
}

impl Fetched {
    /// Notes that a message was polled.
    pub(super) fn polled(&self) {
        self.polled.fetch_add(1, Ordering::Relaxed);
    }

    /// The offsets that were reached with the messages polled so far, where the statistics tell; each once.
    pub(super) fn reached(&self) -> Vec<(Partition, i64)> {
        let polled = self.polled.load(Ordering::Relaxed);
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.take_if(|told| polled >= told.after).map_or_else(Vec::new, |told| told.next)
    }

    /// Partitions are paused: statistics of them count no more until one of their messages is polled again.
    pub(super) fn paused(&self, partitions: &BTreeSet<Partition>) {
        self.silent.lock().unwrap_or_else(PoisonError::into_inner).extend(partitions);
        if let Some(told) = self.told.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            told.next.retain(|(partition, _)| !partitions.contains(partition));
        }
    }

    /// Whether a partition was paused and none of its messages was polled since.
    pub(super) fn any_is_silent(&self) -> bool {
        !self.silent.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// A message of the partition was polled.
    pub(super) fn is_heard(&self, partition: Partition) {
        self.silent.lock().unwrap_or_else(PoisonError::into_inner).remove(&partition);
    }

    /// The queue may hold more than messages, and what is counted too high is never reached: so these take the place of
    /// the former.
    fn told(&self, queued: u64, mut next: Vec<(Partition, i64)>) {
        let silent = self.silent.lock().unwrap_or_else(PoisonError::into_inner);
        next.retain(|(partition, _)| !silent.contains(partition));
        drop(silent);
        let after = self.polled.load(Ordering::Relaxed) + queued;
        *self.told.lock().unwrap_or_else(PoisonError::into_inner) = Some(Told { after, next });
    }
}

impl ClientContext for Context {
    fn stats(&self, statistics: Statistics) {
        let answers = self.tracking.reach.report(&statistics);
        self.silence.note(answers, Instant::now());
        let (mut queued, mut next, mut highs) = (0, Vec::new(), Vec::new());
        for (name, topic) in &statistics.topics {
            let Some(table) = self.tracking.catalog.table_by_topic(name) else { continue };
            for (number, state) in &topic.partitions {
                let partition = Partition { table, number: *number };
                // A queue that partitions share is reported with each of them.
                queued = queued.max(state.fetchq_cnt);
                if state.fetch_state == "active" && state.next_offset >= 0 {
                    next.push((partition, state.next_offset));
                }
                highs.push((partition, state.hi_offset));
            }
        }
        self.tracking.set_ends(highs);
        self.fetched.told(u64::try_from(queued).unwrap_or(0), next);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.tracking.reach.error(&error, reason);
    }

    /// As in the group's consumer: the client reads on in a topic that was made anew.
    fn log(&self, level: RDKafkaLogLevel, facility: &str, line: &str) {
        if let Some(topic) = asking::made_anew(line)
            && self
                .tracking
                .catalog
                .table_by_topic(topic)
                .is_some_and(|table| self.tracking.catalog.table(table).tracked)
        {
            tracing::error!(
                topic,
                "the topic was deleted and made anew; the rows of tracked tables are read anew"
            );
            self.tracking.fail();
        }
        self.tracking.reach.log(level, facility, line);
    }
}

impl ConsumerContext for Context {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::TableId;

    const AT: [(Partition, i64); 1] = [(Partition { table: TableId::from_index(0), number: 0 }, 7)];

    #[test]
    fn an_offset_is_reached_with_the_last_message_that_was_queued() {
        let fetched = Fetched::default();
        assert_eq!(fetched.reached(), []);
        fetched.polled();
        fetched.told(2, AT.to_vec());
        assert_eq!(fetched.reached(), []);
        fetched.polled();
        assert_eq!(fetched.reached(), []);
        fetched.polled();
        assert_eq!(fetched.reached(), AT);
        assert_eq!(fetched.reached(), []);
    }

    #[test]
    fn what_is_never_polled_holds_back_no_later_statistics() {
        let fetched = Fetched::default();
        fetched.told(5, AT.to_vec());
        assert_eq!(fetched.reached(), []);
        fetched.told(0, AT.to_vec());
        assert_eq!(fetched.reached(), AT);
    }

    #[test]
    fn what_was_told_of_a_partition_that_was_paused_does_not_count() {
        let (fetched, partition) = (Fetched::default(), AT[0].0);
        fetched.told(0, AT.to_vec());
        fetched.paused(&[partition].into());
        assert_eq!(fetched.reached(), []);
        fetched.told(0, AT.to_vec());
        assert_eq!(fetched.reached(), []);
        fetched.is_heard(partition);
        assert!(!fetched.any_is_silent());
        assert_eq!(fetched.reached(), []);
        fetched.told(0, AT.to_vec());
        assert_eq!(fetched.reached(), AT);
    }
}
