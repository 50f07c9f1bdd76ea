//! When a value that differs is stale, and not late.

use std::time::{Duration, Instant};

use super::Difference;
use super::truth::Look;

/// Beyond, a value is not waited for that the database changes all the time.
const MOST_MOVES: u32 = 5;

/// A value that differed from the database's.
#[derive(Debug)]
pub(super) struct Suspect {
    pub key: String,
    difference: Difference,
    /// The value in the database, by its digest, and where in its log that was seen first.
    expected: u64,
    pub lsn: u64,
    /// Since when the source of the stream has the changes.
    received: Option<Instant>,
    moves: u32,
}

/// How far the stream is, at a moment before Redis is asked again.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stream {
    /// What the source has received of the database's log.
    pub received: u64,
    /// All that lies in the topics was applied.
    pub applied: bool,
}

/// What became of a suspect.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Open,
    True,
    Gone,
    Stale(Difference),
    /// The database changed it again and again.
    Changing,
    NotComparable(String),
}

impl Suspect {
    pub(super) fn new(key: String, difference: Difference, expected: u64, lsn: u64) -> Self {
        Self { key, difference, expected, lsn, received: None, moves: 0 }
    }

    /// The key, and what differed last.
    pub(super) fn into_parts(self) -> (String, Difference) {
        (self.key, self.difference)
    }

    /// Looks again. `found` is `None` where Redis no longer has the key, and was read before the database of which `lsn` tells.
    pub(super) fn look(
        &mut self,
        found: Option<Look>,
        lsn: u64,
        stream: Stream,
        now: Instant,
        patience: Duration,
    ) -> Verdict {
        let (difference, expected) = match found {
            None => return Verdict::Gone,
            Some(Look::True) => return Verdict::True,
            Some(Look::NotComparable(why)) => return Verdict::NotComparable(why),
            Some(Look::Differs(difference, expected)) => (difference, expected),
        };
        if expected != self.expected {
            let moves = self.moves + 1;
            let key = std::mem::take(&mut self.key);
            *self = Self { moves, ..Self::new(key, difference, expected, lsn) };
            return if moves > MOST_MOVES { Verdict::Changing } else { Verdict::Open };
        }
        self.difference = difference;
        if stream.received < self.lsn {
            return Verdict::Open;
        }
        // From the source to the topics it takes a moment of which nobody tells.
        let since = *self.received.get_or_insert(now);
        if stream.applied && now.duration_since(since) >= patience {
            return Verdict::Stale(self.difference.clone());
        }
        Verdict::Open
    }
}
