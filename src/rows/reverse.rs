use std::iter;

use hashbrown::HashTable;

use super::pages::Pages;

/// No row.
const NONE: u32 = u32::MAX;

/// Which rows point to which, by one link: the rows that point to the same one form a list, and a table finds the first
/// row of each list by what it points to.
///
/// The link itself stands in the row's image only; whoever calls says how it is hashed and compared.
#[derive(Debug)]
pub(super) struct Reverse {
    first: HashTable<u32>,
    neighbours: Pages<Neighbours>,
    /// How many rows have a link that is not known.
    unknown: usize,
}

#[derive(Debug, Clone, Copy)]
struct Neighbours {
    next: u32,
    previous: u32,
}

impl Reverse {
    pub(super) const fn new() -> Self {
        Self { first: HashTable::new(), neighbours: Pages::new(), unknown: 0 }
    }

    pub(super) const fn is_whole(&self) -> bool {
        self.unknown == 0
    }

    pub(super) fn add_unknown(&mut self) {
        self.unknown += 1;
    }

    pub(super) fn remove_unknown(&mut self) {
        self.unknown -= 1;
    }

    /// Adds a row. `alike` says whether another row points to the same one; `hash_of` hashes what a row points to.
    pub(super) fn add(
        &mut self,
        row: u32,
        hash: u64,
        alike: impl Fn(u32) -> bool,
        hash_of: impl Fn(u32) -> u64,
    ) {
        while self.neighbours.len() <= row as usize {
            self.neighbours.push(Neighbours { next: NONE, previous: NONE });
        }
        let Some(first) = self.first(hash, alike) else {
            self.first.insert_unique(hash, row, |row| hash_of(*row));
            self.neighbours[row] = Neighbours { next: NONE, previous: NONE };
            return;
        };
        // After the first one, so that the table need not change.
        let next = self.neighbours[first].next;
        self.neighbours[row] = Neighbours { next, previous: first };
        self.neighbours[first].next = row;
        if next != NONE {
            self.neighbours[next].previous = row;
        }
    }

    pub(super) fn remove(&mut self, row: u32, hash: u64) {
        let Neighbours { next, previous } = self.neighbours[row];
        if next != NONE {
            self.neighbours[next].previous = previous;
        }
        if previous != NONE {
            self.neighbours[previous].next = next;
        } else if let Ok(mut entry) = self.first.find_entry(hash, |other| *other == row) {
            if next == NONE {
                entry.remove();
            } else {
                *entry.get_mut() = next;
            }
        }
    }

    /// One of the rows that point to the one that `alike` tells.
    pub(super) fn first(&self, hash: u64, alike: impl Fn(u32) -> bool) -> Option<u32> {
        self.first.find(hash, |row| alike(*row)).copied()
    }

    /// All rows that point to the same one as the first of them.
    pub(super) fn rows(&self, first: Option<u32>) -> impl Iterator<Item = u32> {
        iter::successors(first, |row| Some(self.neighbours[*row].next).filter(|next| *next != NONE))
    }

    pub(super) fn shrink(&mut self, hash_of: impl Fn(u32) -> u64) {
        self.first.shrink_to_fit(|row| hash_of(*row));
    }
}
