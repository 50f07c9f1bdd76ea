//! What happens when partitions come and go. It runs on the polling thread, inside `poll`.

use std::collections::BTreeSet;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaResult;
use rdkafka::{Offset, TopicPartitionList};

use super::asking;
use super::membership::Membership;
use super::opening::{self, Entering, Opening, Seen, Widen};
use crate::batch::Batch;
use crate::catalog::ComponentId;
use crate::change::Partition;
use crate::views::Reason;

/// How long a revoked partition may take to drain. Far below `max.poll.interval.ms`; what is not acknowledged by then
/// stays uncommitted, and its next owner applies it again.
const DRAIN: Duration = Duration::from_secs(10);

impl Membership {
    /// Takes new partitions: those of stateless tables are read from where the group stands; those of tracked tables only
    /// tell who leads, and stay paused.
    pub(super) fn assigned(
        &self,
        consumer: &BaseConsumer<Self>,
        list: &mut TopicPartitionList,
        until: Instant,
    ) -> KafkaResult<()> {
        let (tracked, stateless): (Vec<Partition>, Vec<Partition>) = self
            .partitions(list)
            .into_iter()
            .partition(|partition| self.catalog.table(partition.table).tracked);
        let mut owned = self.owned.lock().unwrap_or_else(PoisonError::into_inner).clone();
        owned.extend(tracked.iter().chain(&stateless));
        // All that the broker has to be asked is asked before anything is changed, since it is tried again as a whole.
        let (lead, _) = self.tracking.as_ref().map(|tracking| tracking.election(&owned)).unwrap_or_default();
        let led = lead.iter().map(|component| self.look_up_component(consumer, *component, until));
        let led = led.collect::<KafkaResult<Vec<_>>>()?;
        let opened = asking::look_up(consumer, &self.catalog, &stateless, until)?;

        let mut batch = self.gathered.lock().unwrap_or_else(PoisonError::into_inner);
        let mut entering = Entering::default();
        for (partition, seen) in &opened {
            self.open(list, *partition, seen, &mut batch, &mut entering)?;
        }
        drop(batch);
        for partition in &tracked {
            let topic = self.catalog.table(partition.table).topic.as_str();
            list.set_partition_offset(topic, partition.number, Offset::End)?;
        }
        // A rebalance that brings nothing ends with an assignment all the same.
        if list.count() > 0 {
            let families = entering.reasons();
            tracing::info!(partitions = list.count(), tracked = tracked.len(), families, "assigned");
        }
        consumer.incremental_assign(list)?;
        *self.owned.lock().unwrap_or_else(PoisonError::into_inner) = owned;
        // librdkafka remembers that a partition was paused when it left.
        let paused = self.paused.load(Ordering::Relaxed);
        let stateless = self.list(&stateless);
        if paused {
            consumer.pause(&stateless)?;
        } else {
            consumer.resume(&stateless)?;
        }
        consumer.pause(&self.list(&tracked))?;
        if let Some(tracking) = &self.tracking {
            for (component, seen) in lead.into_iter().zip(led) {
                tracking.lead(component, &seen);
            }
        }
        self.give_way(consumer);
        Ok(())
    }

    /// Gives up components that another copy leads. A new topic may have come before the one by which this copy led, and
    /// a rebalance that brings this copy nothing may come before it reads of that topic.
    pub(super) fn give_way(&self, consumer: &BaseConsumer<Self>) {
        let given_up = self.disown(&[]);
        if !given_up.is_empty() {
            self.drain(consumer, &given_up, Instant::now() + DRAIN);
            self.forget(&given_up);
        }
    }

    /// Decides where a stateless partition starts, and lets its families go where that is in doubt.
    fn open(
        &self,
        list: &mut TopicPartitionList,
        partition: Partition,
        seen: &Seen,
        batch: &mut Batch,
        entering: &mut Entering,
    ) -> KafkaResult<()> {
        let topic = self.catalog.table(partition.table).topic.as_str();
        let definitions = &self.definitions[partition.table.index()];
        let mut opening = opening::decide(seen, definitions, self.handoff.node());
        if !self.commits {
            opening = Opening { start: seen.high, widen: Widen::Nothing };
        }
        list.set_partition_offset(topic, partition.number, Offset::Offset(opening.start))?;
        let families = opening.widen.reason().map(Reason::label);
        tracing::debug!(topic, partition = partition.number, offset = opening.start, families, "opened");
        let (held, start) = (opening.held(seen), opening.start);
        entering.enter((&self.handoff, batch), partition, (opening.widen, definitions), held, start);
        Ok(())
    }

    fn look_up_component(
        &self,
        consumer: &BaseConsumer<Self>,
        component: ComponentId,
        until: Instant,
    ) -> KafkaResult<Vec<(Partition, Seen)>> {
        let Some(tracking) = &self.tracking else { return Ok(Vec::new()) };
        asking::look_up(consumer, &self.catalog, &tracking.partitions(component), until)
    }

    /// Applies what was read of revoked partitions, commits it and lets them go; with them the components that this copy
    /// led by them.
    pub(super) fn revoked(
        &self,
        consumer: &BaseConsumer<Self>,
        list: &TopicPartitionList,
    ) -> KafkaResult<()> {
        let mut partitions = self.partitions(list);
        let deadline = Instant::now() + DRAIN;
        // After this nothing of these partitions is on its way to the batch but what the polling thread has in hand.
        self.turnstile.wait(deadline);
        self.revoked_in_hand.lock().unwrap_or_else(PoisonError::into_inner).extend(&partitions);
        partitions.extend(self.disown(&partitions));
        if !consumer.assignment_lost() {
            self.drain(consumer, &partitions, deadline);
        }
        self.forget(&partitions);
        tracing::info!(partitions = list.count(), "revoked");
        consumer.incremental_unassign(list)
    }

    fn drain(&self, consumer: &BaseConsumer<Self>, partitions: &[Partition], deadline: Instant) {
        self.hand_over();
        if !self.handoff.drain(partitions, deadline) {
            tracing::warn!(
                partitions = partitions.len(),
                deadline_s = DRAIN.as_secs(),
                "revoked partitions were not drained in time; their next owner applies the rest again"
            );
        }
        if let Err(error) = self.commit_in_time(consumer) {
            tracing::warn!(%error, "the offsets of revoked partitions were not committed; their next owner applies more again");
        }
    }

    /// Gives up the components that this copy led by these partitions. Returns all partitions of those.
    pub(super) fn disown(&self, partitions: &[Partition]) -> Vec<Partition> {
        let mut owned = self.owned.lock().unwrap_or_else(PoisonError::into_inner);
        owned.retain(|partition| !partitions.contains(partition));
        let Some(tracking) = &self.tracking else { return Vec::new() };
        let (_, given_up) = tracking.election(&owned);
        given_up
            .into_iter()
            .flat_map(|component| {
                tracking.give_up(component);
                tracking.partitions(component)
            })
            .collect()
    }

    /// Commits nothing of these partitions any more. What waits of them is still applied.
    pub(super) fn forget(&self, partitions: &[Partition]) {
        // In the order in which effects go: what would be handed over in between would still name its offsets, and be
        // taken for the next assignment's, whose ledger does not know what is on its way from this one.
        let mut letters =
            self.tracking.as_ref().map_or_else(Vec::new, |tracking| tracking.forget(partitions));
        // Those of stateless tables are read again by the next owner.
        drop(self.gathered.lock().unwrap_or_else(PoisonError::into_inner).forget(partitions));
        letters.extend(self.handoff.revoke(partitions));
        if let Some(tracking) = &self.tracking {
            tracking.keep(letters);
        }
        self.committing.forget();
        let mut stopped = self.stopped.lock().unwrap_or_else(PoisonError::into_inner);
        stopped.retain(|partition| !partitions.contains(partition));
    }

    fn list(&self, partitions: &[Partition]) -> TopicPartitionList {
        let mut list = TopicPartitionList::with_capacity(partitions.len());
        for partition in partitions {
            list.add_partition(&self.catalog.table(partition.table).topic, partition.number);
        }
        list
    }

    /// The partitions that are read here, unless paused.
    pub(super) fn stateless(&self) -> TopicPartitionList {
        let owned = self.owned.lock().unwrap_or_else(PoisonError::into_inner);
        let is_stateless = |partition: &&Partition| !self.catalog.table(partition.table).tracked;
        self.list(&owned.iter().filter(is_stateless).copied().collect::<Vec<_>>())
    }

    /// The same without those that are stopped for their letters.
    pub(super) fn unstopped(&self) -> TopicPartitionList {
        let owned = self.owned.lock().unwrap_or_else(PoisonError::into_inner);
        let stopped = self.stopped.lock().unwrap_or_else(PoisonError::into_inner);
        let goes_on = |partition: &&Partition| {
            !self.catalog.table(partition.table).tracked && !stopped.contains(*partition)
        };
        self.list(&owned.iter().filter(goes_on).copied().collect::<Vec<_>>())
    }

    /// Notes which partitions are stopped now. Returns those of stateless tables that stop and those that go on, if any.
    pub(super) fn stopped(
        &self,
        mut now: BTreeSet<Partition>,
    ) -> Option<(TopicPartitionList, TopicPartitionList)> {
        let owned = self.owned.lock().unwrap_or_else(PoisonError::into_inner);
        let mut stopped = self.stopped.lock().unwrap_or_else(PoisonError::into_inner);
        if now.is_empty() && stopped.is_empty() {
            return None;
        }
        now.retain(|partition| owned.contains(partition) && !self.catalog.table(partition.table).tracked);
        if now == *stopped {
            return None;
        }
        let without = |all: &BTreeSet<Partition>, others: &BTreeSet<Partition>| {
            self.list(&all.difference(others).copied().collect::<Vec<_>>())
        };
        let change = (without(&now, &stopped), without(&stopped, &now));
        *stopped = now;
        Some(change)
    }
}
