use std::collections::BTreeMap;
use std::mem;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::batch::Letter;

/// A partition that has a letter undelivered for so long, or so many of them, or so many bytes, is read no further.
const PATIENCE: Duration = Duration::from_secs(1);
const MOST: usize = 100;
const MOST_BYTES: usize = 4 << 20;

/// Letters of one partition that the broker has not acknowledged, by offset.
#[derive(Debug, Default)]
pub(in crate::kafka) struct Undelivered {
    letters: BTreeMap<i64, (Instant, Arc<Letter>)>,
    bytes: usize,
    stopped: bool,
}

/// Whether a standby, which delivers none, has so many letters of one partition that it reads no further.
pub(in crate::kafka) const fn are_many(letters: usize, bytes: usize) -> bool {
    letters >= MOST || bytes >= MOST_BYTES
}

impl Undelivered {
    pub(in crate::kafka) fn add(&mut self, letter: Arc<Letter>, now: Instant) {
        self.bytes += letter.bytes();
        if let Some((_, twice)) = self.letters.insert(letter.offset, (now, letter)) {
            self.bytes -= twice.bytes();
        }
    }

    /// The one to be delivered next.
    pub(in crate::kafka) fn first(&self) -> Option<&Arc<Letter>> {
        self.letters.first_key_value().map(|(_, (_, letter))| letter)
    }

    pub(in crate::kafka) fn len(&self) -> usize {
        self.letters.len()
    }

    /// The offset of the first letter below this one: what lies above that may not be committed yet.
    pub(in crate::kafka) fn holds(&self, next: i64) -> Option<i64> {
        self.letters.first_key_value().map(|(offset, _)| *offset).filter(|offset| *offset < next)
    }

    /// Notes that the broker has this very letter. False if it is of an earlier assignment.
    pub(in crate::kafka) fn delivered(&mut self, letter: &Arc<Letter>) -> bool {
        let is_ours = self.letters.get(&letter.offset).is_some_and(|(_, own)| Arc::ptr_eq(own, letter));
        if is_ours {
            self.letters.remove(&letter.offset);
            self.bytes -= letter.bytes();
        }
        is_ours
    }

    /// Whether the partition is to be read no further. Once it is stopped it goes on when all letters are delivered.
    pub(in crate::kafka) fn stops(&mut self, now: Instant) -> bool {
        let waits = |(since, _): &(Instant, Arc<Letter>)| now.saturating_duration_since(*since) >= PATIENCE;
        self.stopped = match self.letters.first_key_value() {
            None => false,
            Some((_, first)) => self.stopped || waits(first) || are_many(self.letters.len(), self.bytes),
        };
        self.stopped
    }

    /// Takes all of them out.
    pub(in crate::kafka) fn take(&mut self) -> Vec<Arc<Letter>> {
        mem::take(self).letters.into_values().map(|(_, letter)| letter).collect()
    }
}
