use std::hash::BuildHasher as _;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use crate::catalog::ViewId;

/// A set of keys in one buffer, so that a key costs no allocation.
#[derive(Debug, Default)]
pub struct Keys {
    text: String,
    table: HashTable<u32>,
    spans: Vec<Span>,
    hasher: FixedState,
}

#[derive(Debug, Clone, Copy)]
struct Span {
    start: u32,
    end: u32,
    view: ViewId,
}

impl Span {
    fn of(self, text: &str) -> &str {
        &text[self.start as usize..self.end as usize]
    }
}

impl Keys {
    pub fn insert(&mut self, view: ViewId, key: &str) {
        let Self { text, table, spans, hasher } = self;
        let span_of = |index: &u32| spans[*index as usize].of(text);
        let hash = hasher.hash_one(key);
        if table.find(hash, |index| span_of(index) == key).is_some() {
            return;
        }
        let index = as_u32(spans.len());
        table.insert_unique(hash, index, |index| hasher.hash_one(span_of(index)));
        spans.push(Span { start: as_u32(text.len()), end: as_u32(text.len() + key.len()), view });
        text.push_str(key);
    }

    pub fn len(&self) -> usize {
        self.spans.len()
    }

    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// The length of all keys together.
    pub fn bytes(&self) -> usize {
        self.text.len()
    }

    /// The keys in the order in which they were first asked for.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (ViewId, &str)> + Clone {
        self.spans.iter().map(|span| (span.view, span.of(&self.text)))
    }

    pub fn append(&mut self, later: &mut Self) {
        if self.is_empty() {
            std::mem::swap(self, later);
        } else {
            for (view, key) in later.iter() {
                self.insert(view, key);
            }
        }
        later.clear();
    }

    pub fn clear(&mut self) {
        self.text.clear();
        self.table.clear();
        self.spans.clear();
    }
}

/// A batch is full at a few megabytes, and a message adds at most its own size.
fn as_u32(length: usize) -> u32 {
    u32::try_from(length).expect("a batch's keys are far smaller than 4 GiB")
}
