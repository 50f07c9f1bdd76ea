use std::collections::{BTreeMap, BTreeSet};
use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext};
use rdkafka::error::KafkaError;
use rdkafka::message::BorrowedMessage;
use rdkafka::statistics::Statistics;
use rdkafka::types::RDKafkaRespErr;
use rdkafka::{ClientContext, Message as _, TopicPartitionList};

use super::asking;
use super::committing::Committing;
use super::metadata::Definitions;
use super::reach::Reach;
use super::silence::Silence;
use super::tracking::Tracking;
use super::turnstile::Turnstile;
use crate::batch::Batch;
use crate::catalog::Catalog;
use crate::change::Partition;
use crate::handoff::Handoff;
use crate::telemetry::{Health, Metrics, Part};

/// How long the broker may be asked for the offsets of new partitions before the consumer starts afresh. With the drain of
/// what another copy leads from then on, this is the longest that a callback takes: far below `max.poll.interval.ms`,
/// whose least value the configuration knows for it.
const OPEN: Duration = Duration::from_secs(20);
const OPEN_AGAIN: Duration = Duration::from_millis(500);

/// The consumer's part in its group: what it does when partitions come and go, and what it commits.
///
/// Its callbacks run on the polling thread, inside `poll`.
pub(super) struct Membership {
    pub(super) catalog: Arc<Catalog>,
    pub(super) handoff: Arc<Handoff>,
    pub(super) health: Arc<Health>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) reach: Arc<Reach>,
    pub(super) silence: Silence,
    /// By table.
    pub(super) definitions: Arc<Vec<Definitions>>,
    /// The rows of tracked tables, which another consumer reads.
    pub(super) tracking: Option<Arc<Tracking>>,
    /// What this copy owns in the group.
    pub(super) owned: Mutex<BTreeSet<Partition>>,
    /// Effects gathered since the last hand-over.
    pub(super) gathered: Mutex<Batch>,
    pub(super) turnstile: Turnstile,
    /// Partitions that were revoked during the polls of the current chunk: what it holds of them is their next owner's.
    /// A rebalance ends the chunk, so all of it was polled before.
    pub(super) revoked_in_hand: Mutex<Vec<Partition>>,
    /// What is gathered is as much as a batch may hold.
    pub(super) full: AtomicBool,
    pub(super) paused: AtomicBool,
    /// Partitions that are paused since their dead letters are not delivered.
    pub(super) stopped: Mutex<BTreeSet<Partition>>,
    /// The offsets of new partitions could not be had: the consumer must start afresh.
    pub(super) failed: AtomicBool,
    /// This member is over, and its client is closed. It is another's turn to say how things are, and to take and give.
    pub(super) over: AtomicBool,
    pub(super) committing: Committing,
    /// A dry run reads from the ends and commits nothing.
    pub(super) commits: bool,
}

impl Membership {
    pub(super) fn partition(&self, topic: &str, number: i32) -> Option<Partition> {
        self.catalog.table_by_topic(topic).map(|table| Partition { table, number })
    }

    pub(super) fn partitions(&self, list: &TopicPartitionList) -> Vec<Partition> {
        list.elements()
            .iter()
            .filter_map(|element| self.partition(element.topic(), element.partition()))
            .collect()
    }

    /// What this copy owns in the group.
    pub(super) fn owned(&self) -> Vec<Partition> {
        self.owned.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().collect()
    }

    /// Drops what was polled of a partition before it was revoked: should it come back, it is read from what is committed.
    pub(super) fn let_go(&self, messages: &mut Vec<BorrowedMessage<'_>>) {
        let revoked = mem::take(&mut *self.revoked_in_hand.lock().unwrap_or_else(PoisonError::into_inner));
        if !revoked.is_empty() {
            let of = |message: &BorrowedMessage<'_>| self.partition(message.topic(), message.partition());
            messages.retain(|message| of(message).is_some_and(|partition| !revoked.contains(&partition)));
        }
    }

    /// Hands over all that was gathered, for a drain.
    pub(super) fn hand_over(&self) {
        if let Some(tracking) = &self.tracking {
            tracking.hand_over();
        }
        self.handoff.force(&mut self.gathered.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl ClientContext for Membership {
    fn stats(&self, statistics: Statistics) {
        if self.over.load(Ordering::Relaxed) {
            return;
        }
        // Where none answers, that has been told to readiness.
        let answers = self.reach.report(&statistics);
        self.silence.note(answers, Instant::now());
        if answers {
            let state = statistics.cgrp.as_ref().map_or("", |group| group.join_state.as_str());
            self.health.set(
                Part::Kafka,
                match state {
                    "steady" => Ok(()),
                    "init" => Err("the group is joined once one of the topics exists".to_owned()),
                    state => Err(format!("the consumer group is not steady ({state})")),
                },
            );
        } else if !self.reach.is_away() {
            self.health.set(Part::Kafka, Err("the group's client has lost its brokers".to_owned()));
        }
        // Of tracked tables the other consumer knows the ends; here they are paused.
        let mut ends: BTreeMap<Partition, i64> = BTreeMap::new();
        for (name, topic) in &statistics.topics {
            let of = |(number, state): (&i32, &rdkafka::statistics::Partition)| {
                Some((self.partition(name, *number)?, state.hi_offset))
            };
            ends.extend(topic.partitions.iter().filter_map(of));
        }
        ends.extend(self.tracking.iter().flat_map(|tracking| tracking.ends()));
        let lags = ends.into_iter().filter_map(|(partition, end)| {
            // Not what is committed: a second delete is waited for on purpose, and more copies would not hasten it.
            let applied = self.handoff.ledger(|ledger| ledger.applied(partition))?;
            let topic = self.catalog.table(partition.table).topic.as_str();
            Some((topic, partition.number, (end - applied).max(0)))
        });
        self.metrics.lags(lags);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        if !self.over.load(Ordering::Relaxed) {
            self.reach.error(&error, reason);
        }
    }

    /// The client reads on in a topic that was made anew, where it stood in the one that is gone, and tells of it here alone.
    fn log(&self, level: RDKafkaLogLevel, facility: &str, line: &str) {
        if let Some(topic) = asking::made_anew(line)
            && self.catalog.table_by_topic(topic).is_some()
        {
            tracing::error!(topic, "the topic was deleted and made anew; the consumer starts afresh");
            self.failed.store(true, Ordering::Relaxed);
        }
        if !self.over.load(Ordering::Relaxed) {
            self.reach.log(level, facility, line);
        }
    }
}

impl ConsumerContext for Membership {
    fn rebalance(&self, consumer: &BaseConsumer<Self>, code: RDKafkaRespErr, list: &mut TopicPartitionList) {
        if self.over.load(Ordering::Relaxed) {
            // What it owned was let go when it ended.
            let answered = if code == RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS {
                consumer.incremental_assign(&TopicPartitionList::new())
            } else {
                consumer.incremental_unassign(list)
            };
            if let Err(error) = answered {
                tracing::debug!(%error, "a client that is closed does not take its answer");
            }
            return;
        }
        let result = if code == RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS {
            let deadline = Instant::now() + OPEN;
            loop {
                match self.assigned(consumer, list, deadline) {
                    Err(error) if Instant::now() < deadline => {
                        tracing::debug!(%error, "the offsets of new partitions cannot be had yet");
                        std::thread::sleep(OPEN_AGAIN);
                    }
                    Err(error) => {
                        self.failed.store(true, Ordering::Relaxed);
                        // The protocol wants an answer; the consumer is dropped right after it.
                        break consumer.incremental_assign(&TopicPartitionList::new()).and(Err(error));
                    }
                    Ok(()) => break Ok(()),
                }
            }
        } else {
            self.revoked(consumer, list)
        };
        if let Err(error) = result {
            tracing::error!(%error, "rebalance failed; the consumer starts afresh");
            self.failed.store(true, Ordering::Relaxed);
        }
    }
}
