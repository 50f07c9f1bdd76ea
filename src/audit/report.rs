use std::collections::BTreeMap;
use std::time::Duration;

use super::Difference;

/// What was found of one view.
#[derive(Debug, Default)]
pub struct Report {
    pub view: String,
    /// Values that were in Redis when they were read first.
    pub checked: usize,
    pub right: usize,
    pub stale: Vec<Stale>,
    /// Deleted or changed while they were looked at: neither is an error.
    pub gone: usize,
    pub changing: usize,
    /// Those that differ while the stream has not passed the database's changes.
    pub behind: Vec<Stale>,
    /// By the reason how many, and one of the keys; without a key where it is so of the whole view.
    pub incomparable: BTreeMap<String, (usize, Option<String>)>,
}

#[derive(Debug)]
pub struct Stale {
    pub key: String,
    pub difference: Difference,
    /// For how long at most it has been in Redis, where that is known.
    pub age: Option<Duration>,
}

impl Report {
    pub fn incomparable(&mut self, why: String, key: &str) {
        self.incomparable.entry(why).or_insert_with(|| (0, Some(key.to_owned()))).0 += 1;
    }

    /// How many values could not be compared.
    pub fn not_compared(&self) -> usize {
        self.incomparable.values().map(|(count, _)| count).sum()
    }
}
