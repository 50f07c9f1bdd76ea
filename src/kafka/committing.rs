//! Commits, one at a time.
//!
//! The client answers an asynchronous commit by an event that it leaves out where events are polled, as `rdkafka` does: whether
//! it succeeded is never known. So a thread of its own commits and waits for the answer.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::{Offset, TopicPartitionList};

use super::asking;
use super::ledger::Due;
use super::membership::Membership;

const COMMIT_EVERY: Duration = Duration::from_millis(500);
/// How long the coordinator may take to say that it is there, before a commit that a rebalance waits for. A commit has no
/// deadline of its own.
const THERE: Duration = Duration::from_secs(3);
/// Commits fail while a group rebalances and while its coordinator moves. For longer than this there is another cause.
const UNUSUAL: Duration = Duration::from_secs(30);

/// Whether a commit is on its way.
#[derive(Default)]
pub(super) struct Committing {
    busy: Mutex<bool>,
    over: Condvar,
    /// How often partitions were forgotten: what a commit says of them afterwards is of another assignment.
    forgotten: AtomicU64,
}

impl Committing {
    /// Waits until no commit is on its way. `None` if one still is after this long.
    fn turn(&self, wait: Duration) -> Option<Turn<'_>> {
        let busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.over.wait_timeout_while(busy, wait, |busy| *busy);
        let (mut busy, _) = waited.unwrap_or_else(PoisonError::into_inner);
        // A turn that nobody takes would end that of another.
        (!std::mem::replace(&mut *busy, true)).then(|| Turn(self))
    }

    pub(super) fn forget(&self) {
        self.forgotten.fetch_add(1, Ordering::Relaxed);
    }
}

struct Turn<'c>(&'c Committing);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        *self.0.busy.lock().unwrap_or_else(PoisonError::into_inner) = false;
        self.0.over.notify_all();
    }
}

/// Commits what is due now and then, until the other end is dropped.
pub(super) fn commit_now_and_then(
    membership: &Membership,
    consumer: &BaseConsumer<Membership>,
    ended: &Receiver<()>,
) {
    let (mut failing, mut said) = (None, false);
    while ended.recv_timeout(COMMIT_EVERY) == Err(RecvTimeoutError::Timeout) {
        let Err(error) = membership.commit(consumer, Duration::ZERO) else {
            (failing, said) = (None, false);
            continue;
        };
        tracing::debug!(%error, "commit failed; it is tried again");
        let since: Instant = *failing.get_or_insert_with(Instant::now);
        if since.elapsed() > UNUSUAL && !said {
            said = true;
            tracing::warn!(%error, "offsets cannot be committed; what they stand for would be applied again after a restart");
        }
    }
}

impl Membership {
    /// Commits what is due, in a callback of the client or before the end; not if nobody would answer. What is not
    /// committed is applied again.
    pub(super) fn commit_in_time(&self, consumer: &BaseConsumer<Self>) -> KafkaResult<()> {
        let due = self.handoff.ledger(|ledger| ledger.uncommitted());
        if self.commits
            && let Some((partition, _)) = due.first()
        {
            asking::committed_within(consumer, &self.catalog, &[*partition], THERE)?;
            self.commit(consumer, THERE)?;
        }
        Ok(())
    }

    /// Commits each partition's watermark with today's metadata, where it moved, after the commit that is on its way.
    fn commit(&self, consumer: &BaseConsumer<Self>, wait: Duration) -> KafkaResult<()> {
        let Some(_turn) = self.committing.turn(wait) else {
            return Err(KafkaError::ConsumerCommit(RDKafkaErrorCode::InProgress));
        };
        let forgotten = self.committing.forgotten.load(Ordering::Relaxed);
        let due = self.handoff.ledger(|ledger| ledger.uncommitted());
        if due.is_empty() || !self.commits {
            return Ok(());
        }
        let mut list = TopicPartitionList::with_capacity(due.len());
        for (partition, Due { offset, newest, partitions, node }) in &due {
            let table = self.catalog.table(partition.table);
            let mut element = list.add_partition(&table.topic, partition.number);
            element.set_offset(Offset::Offset(*offset))?;
            element.set_metadata(self.definitions[partition.table.index()].write(
                *newest,
                *partitions,
                *node,
            ));
        }
        consumer.commit(&list, CommitMode::Sync)?;
        // The client calls it an error only if no partition at all was committed.
        let partitions: Vec<_> = due.iter().map(|(partition, _)| *partition).collect();
        let held = asking::committed_within(consumer, &self.catalog, &partitions, THERE)?;
        let is_held =
            |partition, due: &Due| held.get(partition).is_some_and(|held| held.offset >= due.offset);
        self.handoff.ledger(|ledger| {
            if self.committing.forgotten.load(Ordering::Relaxed) == forgotten {
                for (partition, due) in due.iter().filter(|(partition, due)| is_held(partition, due)) {
                    ledger.committed(*partition, due.offset, due.node);
                }
            }
        });
        if due.iter().all(|(partition, due)| is_held(partition, due)) {
            Ok(())
        } else {
            Err(KafkaError::ConsumerCommit(RDKafkaErrorCode::Partial))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_commit_at_a_time() {
        let committing = Committing::default();
        let turn = committing.turn(Duration::ZERO);
        assert!(turn.is_some());
        assert!(committing.turn(Duration::from_millis(1)).is_none());
        drop(turn);
        assert!(committing.turn(Duration::ZERO).is_some());
    }
}
