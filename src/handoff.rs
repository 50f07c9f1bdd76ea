//! Between the polling thread and the writer: the batch that waits, and the ledger of those on their way.
//!
//! The polling thread gathers a batch of its own and swaps it in when the slot is free, so that under load no key is
//! hashed twice and the lock is taken once a burst.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use crate::batch::{Batch, Letter, Timings};
use crate::catalog::{Catalog, ViewId};
use crate::change::Partition;
use crate::kafka::{Ledger, Share, Shares};
use crate::views::{Effects as _, Reason, Why};

/// A slow family holds back the watermark while keys go on. Beyond this many batches the writer waits for it, so that
/// what is remembered of them stays bounded.
const MOST_ON_THE_WAY: usize = 1_024;
const MOST_RUNS_ON_THE_WAY: usize = 1 << 18;
/// Those that only wait for their second delete are remembered by their offsets alone, some 50 bytes. At low load a batch
/// is one event: 5,000 a second for as long as a second delete may take, which is twice the longest `settle`, are fewer.
const MOST_SETTLING: usize = 1 << 20;

/// How soon a drain sees that a partition is stopped for its letters, which no acknowledgement tells.
const STOPS: Duration = Duration::from_millis(250);

#[derive(Debug, Default)]
pub struct Handoff {
    /// All views: their families go when Redis is another node.
    views: Vec<ViewId>,
    state: Mutex<State>,
    /// Tells the writer that the slot is filled or that it may send again.
    filled: Notify,
    /// Tells a drain that a batch was applied, or a letter delivered.
    applied: Condvar,
    /// Tells who delivers letters that there are more.
    letters: Notify,
    /// Some view asks for a second delete, so each batch is asked whether it needs one.
    settles: bool,
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
    /// `settles` says whether any view asks for a second delete.
    pub fn new(catalog: &Catalog, settles: bool) -> Self {
        Self { views: catalog.view_ids().collect(), settles, ..Self::default() }
    }

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
        let much = state.ledger.unapplied() >= MOST_ON_THE_WAY
            || state.ledger.settling() >= MOST_SETTLING
            || state.runs >= MOST_RUNS_ON_THE_WAY;
        let in_doubt = state.ledger.is_in_doubt();
        if (state.slot.is_empty() && !in_doubt) || much {
            return None;
        }
        let spare = mem::take(&mut state.spare);
        let mut batch = mem::replace(&mut state.slot, spare);
        state.last_batch += 1;
        let number = state.last_batch;
        if in_doubt {
            self.views.iter().for_each(|view| batch.family(*view, Why::because(Reason::RedisChanged)));
            state.ledger.sent_for_doubts(number);
        }
        if !batch.letters().is_empty() {
            state.ledger.add_letters(batch.take_letters(), Instant::now());
            self.letters.notify_one();
        }
        // A batch without effects is acknowledged as one whose keys are gone.
        let (keys, families) = (!batch.keys.is_empty(), !batch.families().is_empty());
        let shares = [
            (Share::Keys, keys || !families),
            (Share::Families, families),
            (Share::KeysAgain, keys && self.settles),
            (Share::FamiliesAgain, families && self.settles),
        ];
        let shares = shares.into_iter().filter_map(|(share, is_needed)| is_needed.then_some(share));
        state.ledger.sent(number, batch.positions(), Shares::new(shares));
        state.runs += batch.timings.len();
        state.timings.insert(number, mem::take(&mut batch.timings));
        Some(Sent { number, batch })
    }

    /// Notes that Redis has acknowledged a share of a batch. Returns the batch's timings when it is applied with that.
    pub fn acknowledge(&self, number: u64, share: Share) -> Option<Timings> {
        let mut state = self.lock();
        let timings =
            if state.ledger.acknowledged(number, share) { state.timings.remove(&number) } else { None };
        state.runs -= timings.as_ref().map_or(0, Timings::len);
        drop(state);
        if timings.is_some() {
            self.applied.notify_all();
            self.filled.notify_one();
        }
        timings
    }

    /// Notes the second delete of the keys, or the families, of this batch and all before it.
    pub fn settle(&self, up_to: u64, share: Share) {
        if self.lock().ledger.acknowledged_up_to(up_to, share) {
            self.filled.notify_one();
        }
    }

    /// Gives a batch's buffers back.
    pub fn recycle(&self, mut batch: Batch) {
        batch.clear();
        self.lock().spare = batch;
    }

    /// Waits until everything handed over of these partitions is applied, settled or not. False if the deadline came first.
    pub fn drain(&self, partitions: &[Partition], deadline: Instant) -> bool {
        let mut state = self.lock();
        loop {
            let waiting = state.slot.positions().iter().any(|(partition, _)| partitions.contains(partition));
            let now = Instant::now();
            if !waiting && state.ledger.is_drained(partitions, now) {
                return true;
            }
            let left = deadline.saturating_duration_since(now);
            if left == Duration::ZERO {
                return false;
            }
            state = self
                .applied
                .wait_timeout(state, left.min(STOPS))
                .map_or_else(|poisoned| poisoned.into_inner().0, |(state, _)| state);
        }
    }

    /// Gives up partitions that another copy owns from now on: what waits is still applied, and not committed here.
    /// Returns their letters that were not delivered.
    pub fn revoke(&self, partitions: &[Partition]) -> Vec<Arc<Letter>> {
        let mut state = self.lock();
        let mut letters: Vec<_> =
            partitions.iter().flat_map(|partition| state.ledger.revoke(*partition)).collect();
        letters.extend(state.slot.forget(partitions));
        letters
    }

    /// Waits for letters to deliver.
    pub async fn letters(&self) {
        self.letters.notified().await;
    }

    /// Notes that the broker has a letter.
    pub fn delivered(&self, letter: &Arc<Letter>) {
        self.lock().ledger.delivered(letter);
        self.applied.notify_all();
    }

    /// Runs `f` on the ledger.
    pub fn ledger<T>(&self, f: impl FnOnce(&mut Ledger) -> T) -> T {
        let mut state = self.lock();
        let result = f(&mut state.ledger);
        if state.ledger.is_in_doubt() {
            self.filled.notify_one();
        }
        result
    }

    /// The Redis node that was met last.
    pub fn node(&self) -> Option<u32> {
        self.lock().ledger.node()
    }

    /// A panic elsewhere leaves plain counters behind, each of them whole; what was lost with it is not committed.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
