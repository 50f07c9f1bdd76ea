//! The effects of many events, deduplicated: what is to be deleted in Redis, and which offsets that covers.
//!
//! While one batch is on its way to Redis the next one grows. At low load a batch holds one event; under load thousands
//! of events become a few hundred keys. All its buffers are kept for the next batch.

mod keys;
mod timings;

#[cfg(test)]
mod tests;

pub use keys::Keys;
pub use timings::{Timing, Timings};

use crate::catalog::ViewId;
use crate::change::Partition;
use crate::views::{Effects, Reason, Why};

/// Above these a batch takes no more, and the consumer pauses: memory does not grow with the backlog.
const MOST_KEYS: usize = 65_536;
const MOST_KEY_BYTES: usize = 4 << 20;
const MOST_TIMINGS: usize = 65_536;

/// Effects and the offsets they belong to.
#[derive(Debug, Default)]
pub struct Batch {
    pub keys: Keys,
    families: Vec<Family>,
    positions: Vec<(Partition, i64)>,
    pub timings: Timings,
}

/// A family that goes, with one of the reasons and how often it was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Family {
    pub view: ViewId,
    pub reason: Reason,
    pub times: u64,
}

impl Batch {
    /// Notes that everything in this partition below `next` has its effects in this batch or in an earlier one.
    pub fn reach(&mut self, partition: Partition, next: i64) {
        match self.positions.iter_mut().find(|(reached, _)| *reached == partition) {
            Some((_, position)) => *position = next,
            None => self.positions.push((partition, next)),
        }
    }

    /// Keeps the effects and forgets the offsets of these partitions, which are another's to commit.
    pub fn forget(&mut self, partitions: &[Partition]) {
        self.positions.retain(|(partition, _)| !partitions.contains(partition));
    }

    /// Whether there is nothing to send: no offset, and no effect of offsets that were forgotten. A full batch is never
    /// empty, or reading would pause for ever.
    pub fn is_empty(&self) -> bool {
        self.positions.is_empty()
            && self.keys.is_empty()
            && self.families.is_empty()
            && self.timings.is_empty()
    }

    pub fn is_full(&self) -> bool {
        self.keys.len() >= MOST_KEYS
            || self.keys.bytes() >= MOST_KEY_BYTES
            || self.timings.len() >= MOST_TIMINGS
    }

    pub fn positions(&self) -> &[(Partition, i64)] {
        &self.positions
    }

    pub fn families(&self) -> &[Family] {
        &self.families
    }

    /// Moves everything of `later` to the end of this batch. `later` is empty after it and keeps its buffers.
    pub fn append(&mut self, later: &mut Self) {
        self.keys.append(&mut later.keys);
        for family in later.families.drain(..) {
            self.add_family(family);
        }
        for (partition, next) in later.positions.drain(..) {
            self.reach(partition, next);
        }
        self.timings.append(&mut later.timings);
    }

    /// Empties the batch and keeps its buffers.
    pub fn clear(&mut self) {
        self.keys.clear();
        self.families.clear();
        self.positions.clear();
        self.timings.clear();
    }

    fn add_family(&mut self, family: Family) {
        match self.families.iter_mut().find(|old| old.view == family.view && old.reason == family.reason) {
            Some(old) => old.times += family.times,
            None => self.families.push(family),
        }
    }
}

impl Effects for Batch {
    fn key(&mut self, view: ViewId, key: &str, _why: Why<'_>) {
        self.keys.insert(view, key);
    }

    fn family(&mut self, view: ViewId, why: Why<'_>) {
        self.add_family(Family { view, reason: why.reason, times: 1 });
    }
}
