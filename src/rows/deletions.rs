use std::collections::HashMap;
use std::mem;

use foldhash::fast::RandomState;

use super::position::Position;

/// The positions of deletions that an older event could still follow.
#[derive(Debug, Default)]
pub(super) struct Deletions {
    recent: HashMap<Box<[u8]>, Position, RandomState>,
    /// Those noted before the last time that the table was read on.
    former: HashMap<Box<[u8]>, Position, RandomState>,
}

impl Deletions {
    pub(super) fn get(&self, key: &[u8]) -> Option<Position> {
        self.recent.get(key).or_else(|| self.former.get(key)).copied()
    }

    pub(super) fn note(&mut self, key: &[u8], position: Position) {
        self.former.remove(key);
        self.recent.insert(key.into(), position);
    }

    pub(super) fn forget(&mut self, key: &[u8]) {
        for noted in [&mut self.recent, &mut self.former] {
            if !noted.is_empty() {
                noted.remove(key);
            }
        }
    }

    pub(super) fn passed(&mut self) {
        self.former = mem::take(&mut self.recent);
    }
}
