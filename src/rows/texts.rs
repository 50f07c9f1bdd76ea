use std::hash::BuildHasher as _;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

/// More values than this make a column's texts no longer few.
const MOST: usize = 4_096;
/// Longer texts are seldom names of states.
const LONGEST: usize = 32;

/// The first short texts of a column, each stored once, so that an image holds a number of one or two bytes.
///
/// A text is never taken out, and none comes in once there are [`MOST`]: whether a text is in here never changes after
/// it was first packed, so equal texts are packed alike.
#[derive(Debug, Default)]
pub(super) struct Texts {
    by_number: Vec<Box<str>>,
    numbers: HashTable<u16>,
    hasher: RandomState,
}

impl Texts {
    /// The text's number, a new one if there is room.
    pub(super) fn number(&mut self, text: &str) -> Option<u16> {
        if text.len() > LONGEST {
            return None;
        }
        let Self { by_number: texts, numbers, hasher } = self;
        let hash = hasher.hash_one(text);
        if let Some(number) = numbers.find(hash, |number| *texts[usize::from(*number)] == *text) {
            return Some(*number);
        }
        let number = u16::try_from(texts.len()).ok().filter(|number| usize::from(*number) < MOST)?;
        numbers.insert_unique(hash, number, |number| hasher.hash_one(&*texts[usize::from(*number)]));
        texts.push(text.into());
        Some(number)
    }

    pub(super) fn text(&self, number: u16) -> &str {
        &self.by_number[usize::from(number)]
    }
}
