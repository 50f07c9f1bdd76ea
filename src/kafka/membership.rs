use std::collections::{BTreeMap, BTreeSet};
use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _, ConsumerContext};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::message::BorrowedMessage;
use rdkafka::statistics::Statistics;
use rdkafka::types::RDKafkaRespErr;
use rdkafka::{ClientContext, Message as _, Offset, TopicPartitionList};

use super::gathering::Turnstile;
use super::metadata::Metadata;
use super::opening::{self, Opening};
use crate::batch::Batch;
use crate::catalog::{Catalog, TableId};
use crate::change::Partition;
use crate::handoff::Handoff;
use crate::telemetry::{Health, Metrics, Part};
use crate::views::{Evaluator, Reason, Rules};

/// How long a revoked partition may take to drain. Far below `max.poll.interval.ms`; what is not acknowledged by then
/// stays uncommitted, and its next owner applies it again.
const DRAIN: Duration = Duration::from_secs(10);
/// How long the broker may be asked for the offsets of new partitions before the consumer starts afresh.
const OPEN: Duration = Duration::from_secs(30);
const OPEN_AGAIN: Duration = Duration::from_millis(500);

/// The consumer's part in its group: what it does when partitions come and go, and what it commits.
///
/// Its callbacks run on the polling thread, inside `poll`.
pub(super) struct Membership {
    pub(super) catalog: Arc<Catalog>,
    pub(super) handoff: Arc<Handoff>,
    pub(super) health: Arc<Health>,
    pub(super) metrics: Arc<Metrics>,
    /// Decides families only; the reader has an evaluator of its own.
    pub(super) evaluator: Evaluator,
    pub(super) metadata: Vec<Metadata>,
    /// Effects gathered since the last hand-over.
    pub(super) gathered: Mutex<Batch>,
    pub(super) turnstile: Turnstile,
    /// Partitions that were revoked during the polls of the current chunk: what it holds of them is their next owner's.
    /// A rebalance ends the chunk, so all of it was polled before.
    pub(super) revoked_in_hand: Mutex<Vec<Partition>>,
    /// What is gathered is as much as a batch may hold.
    pub(super) full: AtomicBool,
    pub(super) paused: AtomicBool,
    /// The offsets of new partitions could not be had: the consumer must start afresh.
    pub(super) failed: AtomicBool,
    /// A dry run reads from the ends and commits nothing.
    pub(super) commits: bool,
}

impl Membership {
    pub(super) fn metadata(catalog: &Catalog, rules: &Rules) -> Vec<Metadata> {
        catalog.table_ids().map(|table| Metadata::of(catalog, rules, table)).collect()
    }

    pub(super) fn partition(&self, topic: &str, number: i32) -> Option<Partition> {
        self.catalog.table_by_topic(topic).map(|table| Partition { table, number })
    }

    fn partitions(&self, list: &TopicPartitionList) -> Vec<Partition> {
        list.elements()
            .iter()
            .filter_map(|element| self.partition(element.topic(), element.partition()))
            .collect()
    }

    /// Opens new partitions: decides where each starts, and lets their families go where that is in doubt.
    fn assigned(&self, consumer: &BaseConsumer<Self>, list: &mut TopicPartitionList) -> KafkaResult<()> {
        let openings = self.openings(consumer, list)?;
        let mut batch = self.gathered.lock().unwrap_or_else(PoisonError::into_inner);
        let mut widened: BTreeSet<TableId> = BTreeSet::new();
        for (partition, opening) in &openings {
            let (topic, number) = (self.catalog.table(partition.table).topic.as_str(), partition.number);
            list.set_partition_offset(topic, number, Offset::Offset(opening.start))?;
            let committed = opening.families.is_none().then_some(opening.start);
            self.handoff.ledger(|ledger| ledger.assign(*partition, committed));
            let families = opening.families.map(Reason::label);
            tracing::debug!(topic, partition = number, offset = opening.start, families, "opened");
            if let Some(reason) = opening.families {
                if widened.insert(partition.table) {
                    self.evaluator.widen(partition.table, reason, &mut *batch);
                }
                // The families' deletion is what this offset stands for: it is committed once Redis has acknowledged it.
                batch.reach(*partition, opening.start);
            }
        }
        drop(batch);
        for of_topic in openings.chunk_by(|(a, _), (b, _)| a.table == b.table) {
            let families = of_topic.iter().find_map(|(_, opening)| opening.families).map(Reason::label);
            let topic = self.catalog.table(of_topic[0].0.table).topic.as_str();
            tracing::info!(topic, partitions = of_topic.len(), families, "assigned");
        }
        consumer.incremental_assign(list)?;
        // librdkafka remembers that a partition was paused when it left.
        if self.paused.load(Ordering::Relaxed) { consumer.pause(list) } else { consumer.resume(list) }
    }

    fn openings(
        &self,
        consumer: &BaseConsumer<Self>,
        list: &TopicPartitionList,
    ) -> KafkaResult<Vec<(Partition, Opening)>> {
        let mut by_table: BTreeMap<TableId, Vec<i32>> = BTreeMap::new();
        for partition in self.partitions(list) {
            by_table.entry(partition.table).or_default().push(partition.number);
        }
        let mut openings = Vec::new();
        for (table, numbers) in by_table {
            let topic = self.catalog.table(table).topic.as_str();
            let all = opening::committed(consumer, topic)?;
            for number in numbers {
                let (low, high) = opening::ends(consumer, topic, number)?;
                let committed = all.iter().find(|(n, _)| *n == number).and_then(|(_, committed)| *committed);
                let others = all.iter().any(|(n, committed)| *n != number && committed.is_some());
                let opening = if self.commits {
                    opening::decide(committed, others, (low, high), self.metadata[table.index()])
                } else {
                    Opening { start: high, families: None }
                };
                openings.push((Partition { table, number }, opening));
            }
        }
        Ok(openings)
    }

    /// Applies what was read of revoked partitions, commits it and lets them go.
    fn revoked(&self, consumer: &BaseConsumer<Self>, list: &TopicPartitionList) -> KafkaResult<()> {
        let partitions = self.partitions(list);
        let deadline = Instant::now() + DRAIN;
        // After this nothing of these partitions is on its way to the batch but what the polling thread has in hand.
        self.turnstile.wait(deadline);
        self.revoked_in_hand.lock().unwrap_or_else(PoisonError::into_inner).extend(&partitions);
        if !consumer.assignment_lost() {
            self.hand_over();
            if !self.handoff.drain(&partitions, deadline) {
                tracing::warn!(
                    partitions = partitions.len(),
                    deadline_s = DRAIN.as_secs(),
                    "revoked partitions were not drained in time; their next owner applies the rest again"
                );
            }
            if let Err(error) = self.commit(consumer, CommitMode::Sync) {
                tracing::warn!(%error, "the offsets of revoked partitions were not committed; their next owner applies more again");
            }
        }
        self.handoff.revoke(&partitions);
        self.gathered.lock().unwrap_or_else(PoisonError::into_inner).forget(&partitions);
        tracing::info!(partitions = partitions.len(), "revoked");
        consumer.incremental_unassign(list)
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
        self.handoff.force(&mut self.gathered.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Commits each partition's watermark with today's metadata, where it moved.
    pub(super) fn commit(&self, consumer: &BaseConsumer<Self>, mode: CommitMode) -> KafkaResult<()> {
        if !self.commits {
            return Ok(());
        }
        let watermarks = self.handoff.ledger(|ledger| ledger.uncommitted());
        if watermarks.is_empty() {
            return Ok(());
        }
        let mut list = TopicPartitionList::with_capacity(watermarks.len());
        for (partition, offset) in &watermarks {
            let table = self.catalog.table(partition.table);
            let mut element = list.add_partition(&table.topic, partition.number);
            element.set_offset(Offset::Offset(*offset))?;
            element.set_metadata(self.metadata[partition.table.index()].write());
        }
        consumer.commit(&list, mode)
    }
}

impl ClientContext for Membership {
    fn stats(&self, statistics: Statistics) {
        let up = statistics.brokers.values().any(|broker| broker.state == "UP");
        let state = statistics.cgrp.as_ref().map_or("", |group| group.join_state.as_str());
        self.health.set(
            Part::Kafka,
            match (up, state) {
                (true, "steady") => Ok(()),
                (true, "init") => Err("the group is joined once one of the topics exists".to_owned()),
                (true, state) => Err(format!("the consumer group is not steady ({state})")),
                (false, _) => Err("no broker can be reached".to_owned()),
            },
        );
        let mut lags = Vec::new();
        for (name, topic) in &statistics.topics {
            for (number, partition) in &topic.partitions {
                let Some(id) = self.partition(name, *number) else { continue };
                if let Some(watermark) = self.handoff.ledger(|ledger| ledger.watermark(id)) {
                    lags.push((name.as_str(), *number, (partition.hi_offset - watermark).max(0)));
                }
            }
        }
        self.metrics.lags(lags.into_iter());
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::warn!(%error, reason, "kafka client");
    }
}

impl ConsumerContext for Membership {
    fn rebalance(&self, consumer: &BaseConsumer<Self>, code: RDKafkaRespErr, list: &mut TopicPartitionList) {
        let result = if code == RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS {
            let deadline = Instant::now() + OPEN;
            loop {
                match self.assigned(consumer, list) {
                    Err(error) if Instant::now() < deadline => {
                        tracing::warn!(%error, "the offsets of new partitions cannot be had yet");
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

    fn commit_callback(&self, result: KafkaResult<()>, offsets: &TopicPartitionList) {
        if let Err(error) = result {
            return tracing::warn!(%error, "commit failed; it is tried again");
        }
        for element in offsets.elements() {
            let (Ok(()), Offset::Offset(offset)) = (element.error(), element.offset()) else { continue };
            if let Some(partition) = self.partition(element.topic(), element.partition()) {
                self.handoff.ledger(|ledger| ledger.committed(partition, offset));
            }
        }
    }
}
