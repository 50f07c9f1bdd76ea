//! The effects of many events, deduplicated: what is to be deleted in Redis, and which offsets that covers.
//!
//! While one batch is on its way to Redis the next one grows. At low load a batch holds one event; under load thousands
//! of events become a few hundred keys. All its buffers are kept for the next batch.

mod backlog;
mod letter;
mod timings;

#[cfg(test)]
pub(crate) mod tests;

use std::sync::Arc;

pub use backlog::Backlog;
pub use letter::Letter;
pub use timings::{Timing, Timings};

use crate::catalog::ViewId;
use crate::change::{Partition, Row};
pub use crate::views::Keys;
use crate::views::{Effects, Reason, Scope, Why};

/// Above these a batch takes no more, and the consumer pauses: memory does not grow with the backlog.
const MOST_KEYS: usize = 32_768;
const MOST_KEY_BYTES: usize = 4 << 20;
const MOST_TIMINGS: usize = 65_536;
const MOST_LETTERS: usize = 1_024;
const MOST_LETTER_BYTES: usize = 4 << 20;

/// Effects and the offsets they belong to.
#[derive(Debug, Default)]
pub struct Batch {
    pub keys: Keys,
    families: Vec<Family>,
    positions: Vec<(Partition, Reached)>,
    pub timings: Timings,
    letters: Vec<Arc<Letter>>,
    letter_bytes: usize,
}

/// How far a partition has been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reached {
    /// The offset after the last record.
    pub next: i64,
    /// The newest time of a record up to it, in milliseconds since the Unix epoch; `i64::MIN` where none is known.
    pub newest: i64,
}

impl Reached {
    /// As far as either.
    pub fn join(&mut self, other: Self) {
        self.next = self.next.max(other.next);
        self.newest = self.newest.max(other.newest);
    }
}

impl From<i64> for Reached {
    fn from(next: i64) -> Self {
        Self { next, newest: i64::MIN }
    }
}

/// A family that goes, with one of the reasons and how often it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Family {
    pub view: ViewId,
    pub scope: Scope,
    pub reason: Reason,
    pub times: u64,
}

impl Batch {
    /// Notes that everything in this partition below this has its effects in this batch or in an earlier one.
    pub fn reach(&mut self, partition: Partition, reached: impl Into<Reached>) {
        let reached = reached.into();
        match self.positions.iter_mut().find(|(known, _)| *known == partition) {
            Some((_, position)) => position.join(reached),
            None => self.positions.push((partition, reached)),
        }
    }

    /// Keeps the effects and forgets the offsets of these partitions, which are another's to commit. Returns their letters:
    /// whoever commits those offsets writes them.
    pub fn forget(&mut self, partitions: &[Partition]) -> Vec<Arc<Letter>> {
        self.positions.retain(|(partition, _)| !partitions.contains(partition));
        let forgotten =
            self.letters.extract_if(.., |letter| partitions.contains(&letter.partition)).collect::<Vec<_>>();
        self.letter_bytes -= forgotten.iter().map(|letter| letter.bytes()).sum::<usize>();
        forgotten
    }

    /// Adds a letter, which is to be written before its offset is committed.
    pub fn letter(&mut self, letter: Arc<Letter>) {
        self.letter_bytes += letter.bytes();
        self.letters.push(letter);
    }

    pub fn letters(&self) -> &[Arc<Letter>] {
        &self.letters
    }

    /// Takes the letters out.
    pub fn take_letters(&mut self) -> Vec<Arc<Letter>> {
        self.letter_bytes = 0;
        std::mem::take(&mut self.letters)
    }

    /// Whether there is nothing to send: no offset, and no effect of offsets that were forgotten. A full batch is never
    /// empty, or reading would pause for ever.
    pub fn is_empty(&self) -> bool {
        self.positions.is_empty()
            && self.keys.is_empty()
            && self.families.is_empty()
            && self.timings.is_empty()
            && self.letters.is_empty()
    }

    pub fn is_full(&self) -> bool {
        self.keys.len() >= MOST_KEYS
            || self.keys.bytes() >= MOST_KEY_BYTES
            || self.timings.len() >= MOST_TIMINGS
            || self.letters.len() >= MOST_LETTERS
            || self.letter_bytes >= MOST_LETTER_BYTES
    }

    /// About what the effects take of memory.
    fn bytes(&self) -> usize {
        self.keys.bytes() + self.families.iter().map(|family| family.scope.bytes()).sum::<usize>()
    }

    pub fn positions(&self) -> &[(Partition, Reached)] {
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
        for (partition, reached) in later.positions.drain(..) {
            self.reach(partition, reached);
        }
        self.timings.append(&mut later.timings);
        self.letters.append(&mut later.letters);
        self.letter_bytes += std::mem::take(&mut later.letter_bytes);
    }

    /// Empties the batch and keeps its buffers.
    pub fn clear(&mut self) {
        self.keys.clear();
        self.families.clear();
        self.positions.clear();
        self.timings.clear();
        self.letters.clear();
        self.letter_bytes = 0;
    }

    fn add_family(&mut self, family: Family) {
        match self.families.iter_mut().find(|old| old.view == family.view && old.reason == family.reason) {
            Some(old) => {
                old.times += family.times;
                old.scope.join(family.scope);
            }
            None => self.families.push(family),
        }
    }
}

impl Effects for Batch {
    fn key(&mut self, view: ViewId, key: &str, _why: Why<'_>) {
        self.keys.insert(view, key);
    }

    fn family(&mut self, view: ViewId, why: Why<'_>) {
        self.add_family(Family { view, scope: Scope::Whole, reason: why.reason, times: 1 });
    }

    fn affected(&mut self, view: ViewId, rows: &[Row<'_>], why: Why<'_>) {
        let same = |family: &&mut Family| family.view == view && family.reason == why.reason;
        if let Some(family) = self.families.iter_mut().find(same) {
            family.times += 1;
            family.scope.add(rows);
        } else {
            self.families.push(Family { view, scope: Scope::of(rows), reason: why.reason, times: 1 });
        }
    }
}
