//! Between the polling thread and the writer: the batch that waits, and the ledger of those on their way.
//!
//! The polling thread gathers a batch of its own and swaps it in when the slot is free, so that under load no key is
//! hashed twice and the lock is taken once a burst.

use std::collections::HashMap;
use std::mem;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use crate::batch::{Batch, Timings};
use crate::change::Partition;
use crate::kafka::Ledger;

/// A slow family holds back the watermark while keys go on. Beyond this many batches the writer waits for it, so that
/// what is remembered of them stays bounded.
const MOST_ON_THE_WAY: usize = 1_024;
const MOST_RUNS_ON_THE_WAY: usize = 1 << 18;

#[derive(Debug, Default)]
pub struct Handoff {
    state: Mutex<State>,
    /// Tells the writer that the slot is filled or that it may send again.
    filled: Notify,
    /// Tells a drain that a batch was acknowledged.
    acknowledged: Condvar,
}

#[derive(Debug, Default)]
struct State {
    slot: Batch,
    spare: Batch,
    ledger: Ledger,
    last_batch: u64,
    timings: HashMap<u64, Timings>,
    /// How many runs of equal times they hold together.
    runs: usize,
}

/// A batch that the writer has taken, to be sent and acknowledged.
#[derive(Debug)]
pub struct Sent {
    pub number: u64,
    pub batch: Batch,
}

impl Handoff {
    /// Moves the batch into the slot if that is free. Cheap when it is not.
    pub fn offer(&self, batch: &mut Batch) -> bool {
        let mut state = self.lock();
        if !state.slot.is_empty() {
            return false;
        }
        mem::swap(&mut state.slot, batch);
        drop(state);
        self.filled.notify_one();
        true
    }

    /// Moves the batch into the slot, behind what waits there, unless that is full already.
    pub fn join(&self, batch: &mut Batch) {
        let mut state = self.lock();
        if !state.slot.is_full() {
            state.slot.append(batch);
            drop(state);
            self.filled.notify_one();
        }
    }

    /// Moves the batch into the slot whatever waits there: the last of what was read before a drain.
    pub fn force(&self, batch: &mut Batch) {
        self.lock().slot.append(batch);
        self.filled.notify_one();
    }

    /// The next batch to send, as soon as there is one.
    pub async fn take(&self) -> Sent {
        loop {
            if let Some(sent) = self.try_take() {
                return sent;
            }
            self.filled.notified().await;
        }
    }

    fn try_take(&self) -> Option<Sent> {
        let mut state = self.lock();
        let much = state.ledger.on_the_way() >= MOST_ON_THE_WAY || state.runs >= MOST_RUNS_ON_THE_WAY;
        if state.slot.is_empty() || much {
            return None;
        }
        let spare = mem::take(&mut state.spare);
        let mut batch = mem::replace(&mut state.slot, spare);
        state.last_batch += 1;
        let number = state.last_batch;
        // Keys and families are acknowledged apart; a batch with neither is acknowledged as one without effects.
        let families = u32::from(!batch.families().is_empty());
        let keys = u32::from(!batch.keys.is_empty() || families == 0);
        state.ledger.sent(number, batch.positions(), keys + families);
        state.runs += batch.timings.len();
        state.timings.insert(number, mem::take(&mut batch.timings));
        Some(Sent { number, batch })
    }

    /// Notes that Redis has acknowledged the keys, or the families, of a batch. Returns its timings with the last.
    pub fn acknowledge(&self, number: u64) -> Option<Timings> {
        let mut state = self.lock();
        let timings = if state.ledger.acknowledged(number) { state.timings.remove(&number) } else { None };
        state.runs -= timings.as_ref().map_or(0, Timings::len);
        drop(state);
        if timings.is_some() {
            self.acknowledged.notify_all();
            self.filled.notify_one();
        }
        timings
    }

    /// Gives a batch's buffers back.
    pub fn recycle(&self, mut batch: Batch) {
        batch.clear();
        self.lock().spare = batch;
    }

    /// Waits until everything handed over of these partitions is acknowledged. False if the deadline came first.
    pub fn drain(&self, partitions: &[Partition], deadline: Instant) -> bool {
        let mut state = self.lock();
        loop {
            let waiting = state.slot.positions().iter().any(|(partition, _)| partitions.contains(partition));
            if !waiting && state.ledger.is_drained(partitions) {
                return true;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left == Duration::ZERO {
                return false;
            }
            state = self
                .acknowledged
                .wait_timeout(state, left)
                .map_or_else(|poisoned| poisoned.into_inner().0, |(state, _)| state);
        }
    }

    /// Gives up partitions that another copy owns from now on: what waits is still applied, and not committed here.
    pub fn revoke(&self, partitions: &[Partition]) {
        let mut state = self.lock();
        state.slot.forget(partitions);
        for partition in partitions {
            state.ledger.revoke(*partition);
        }
    }

    /// Runs `f` on the ledger.
    pub fn ledger<T>(&self, f: impl FnOnce(&mut Ledger) -> T) -> T {
        f(&mut self.lock().ledger)
    }

    /// A panic elsewhere leaves plain counters behind, each of them whole; what was lost with it is not committed.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::thread;

    use super::*;
    use crate::batch::Timing;
    use crate::catalog::{TableId, ViewId};
    use crate::views::{Effects as _, Reason, Why};

    const PARTITION: Partition = Partition { table: TableId::from_index(0), number: 0 };

    fn handoff() -> Handoff {
        let handoff = Handoff::default();
        handoff.ledger(|ledger| ledger.assign(PARTITION, Some(0)));
        handoff
    }

    /// A batch with one key, up to this offset.
    fn batch(next: i64) -> Batch {
        let mut batch = Batch::default();
        batch.keys.insert(ViewId::from_index(0), &format!("key:{next}"));
        batch.reach(PARTITION, next);
        batch.timings.add(Timing { committed: Some(next), appended: None, events: 1 });
        batch
    }

    fn watermark(handoff: &Handoff) -> Option<i64> {
        handoff.ledger(|ledger| ledger.watermark(PARTITION))
    }

    #[tokio::test]
    async fn while_one_batch_is_on_its_way_the_next_one_grows() {
        let handoff = handoff();
        assert!(handoff.offer(&mut batch(1)));
        let first = handoff.take().await;
        assert!(handoff.offer(&mut batch(2)));
        let mut third = batch(3);
        assert!(!handoff.offer(&mut third), "the slot is taken");
        handoff.join(&mut third);
        assert!(third.is_empty());
        handoff.acknowledge(first.number);
        assert_eq!(watermark(&handoff), Some(1));
        let second = handoff.take().await;
        assert_eq!(second.batch.keys.len(), 2);
        assert_eq!(handoff.acknowledge(second.number).map(|timings| timings.len()), Some(2));
        assert_eq!(watermark(&handoff), Some(3));
    }

    #[tokio::test]
    async fn keys_and_families_are_acknowledged_apart() {
        let handoff = handoff();
        let mut both = batch(1);
        both.family(ViewId::from_index(0), Why::because(Reason::Truncate));
        handoff.force(&mut both);
        let sent = handoff.take().await;
        assert!(handoff.acknowledge(sent.number).is_none());
        assert_eq!(watermark(&handoff), Some(0));
        assert!(handoff.acknowledge(sent.number).is_some());
        assert_eq!(watermark(&handoff), Some(1));
    }

    #[test]
    fn a_full_slot_takes_no_more_but_by_force() {
        let handoff = handoff();
        let mut full = batch(1);
        (0..70_000).for_each(|n| full.keys.insert(ViewId::from_index(0), &n.to_string()));
        assert!(handoff.offer(&mut full));
        let mut next = batch(2);
        handoff.join(&mut next);
        assert!(!next.is_empty(), "it stays where it was gathered");
        handoff.force(&mut next);
        assert!(next.is_empty());
    }

    #[tokio::test]
    async fn what_waits_of_a_revoked_partition_is_applied_and_not_committed() {
        let handoff = handoff();
        handoff.force(&mut batch(5));
        handoff.revoke(&[PARTITION]);
        handoff.ledger(|ledger| ledger.assign(PARTITION, Some(2)));
        // Another partition's batch takes the keys along.
        let other = Partition { number: 1, ..PARTITION };
        let mut more = Batch::default();
        more.reach(other, 1);
        handoff.force(&mut more);
        let sent = handoff.take().await;
        assert_eq!(sent.batch.keys.len(), 1);
        handoff.acknowledge(sent.number);
        assert_eq!(watermark(&handoff), Some(2));
    }

    #[tokio::test]
    async fn a_drain_ends_with_the_last_acknowledgement_or_at_its_deadline() {
        let handoff = Arc::new(handoff());
        handoff.force(&mut batch(1));
        let soon = Instant::now() + Duration::from_millis(20);
        assert!(!handoff.drain(&[PARTITION], soon), "the slot is not empty");
        let sent = handoff.take().await;
        let soon = Instant::now() + Duration::from_millis(20);
        assert!(!handoff.drain(&[PARTITION], soon), "the batch is on its way");
        let waiting = Arc::clone(&handoff);
        let drained =
            thread::spawn(move || waiting.drain(&[PARTITION], Instant::now() + Duration::from_mins(1)));
        handoff.acknowledge(sent.number);
        assert!(drained.join().expect("no panic"));
    }
}
