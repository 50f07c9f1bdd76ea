//! Dead letters that are not delivered yet: no watermark passes them.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use super::Ledger;
use crate::batch::Letter;
use crate::change::Partition;

impl Ledger {
    /// Keeps letters until they are delivered; their partitions' watermarks do not pass them.
    pub fn add_letters(&mut self, letters: Vec<Arc<Letter>>, now: Instant) {
        for letter in letters {
            // One of a partition that was revoked in the meantime is its new owner's.
            let Some(progress) = self.partitions.get_mut(&letter.partition) else { continue };
            // What is committed was delivered: who takes over reads it again.
            if progress.held.offset.is_none_or(|committed| letter.offset >= committed) {
                progress.letters.add(letter, now);
            }
        }
    }

    /// The partitions that have letters.
    pub fn with_letters(&self) -> impl Iterator<Item = Partition> + '_ {
        let with = self.partitions.iter().filter(|(_, progress)| progress.letters.len() > 0);
        with.map(|(partition, _)| *partition)
    }

    /// The letter of a partition that is to be delivered next, and how many there are.
    pub fn next_letter(&self, partition: Partition) -> Option<(Arc<Letter>, usize)> {
        let letters = &self.partitions.get(&partition)?.letters;
        Some((Arc::clone(letters.first()?), letters.len()))
    }

    /// Notes that the broker has a letter.
    pub fn delivered(&mut self, letter: &Arc<Letter>) {
        if let Some(progress) = self.partitions.get_mut(&letter.partition)
            && progress.letters.delivered(letter)
        {
            progress.advance(&self.unacknowledged);
        }
    }

    /// The partitions that are read no further, since their letters are not delivered.
    pub fn stopped(&mut self, now: Instant) -> BTreeSet<Partition> {
        let stopped = self
            .partitions
            .iter_mut()
            .filter_map(|(partition, progress)| progress.letters.stops(now).then_some(*partition));
        stopped.collect()
    }
}
