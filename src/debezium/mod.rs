//! Bytes of a Kafka record to a [`Change`]: Debezium's JSON, with schemas or without, told apart for each message.
//!
//! Only the columns that the catalog needs are extracted; everything else is skipped without a tree of it. An event
//! that cannot be read with certainty is a [`Poison`], never a guess: its table's families are deleted instead.
//!
//! What counts as certain:
//! - A needed field that stands twice is poison, since nothing says which one is true.
//! - Anything after the JSON, and any byte that is not UTF-8, is poison, wherever it stands.
//! - A heartbeat or a transaction marker that a topic transform routed into a table's topic has no `op` and is poison:
//!   it cannot be told from a flattened row with the same columns, and taking a row for a heartbeat leaves stale keys.
//! - Deep nesting is no fault. A nested value is skipped, or kept as text, by a loop and not by recursion.

mod decoder;
mod envelope;
mod key;
mod poison;
mod row;
pub mod samples;
#[cfg(test)]
mod tests;
mod value;

pub use decoder::Decoder;
pub use poison::{Part, Poison};

use crate::change::Change;

/// A Kafka record, borrowed.
#[derive(Clone, Copy)]
pub struct Record<'a> {
    pub topic: &'a str,
    pub key: Option<&'a [u8]>,
    pub value: Option<&'a [u8]>,
    pub headers: &'a dyn Headers,
}

/// A record's headers, looked up by name, so that the client's own form of them needs no copy.
pub trait Headers {
    /// The value of the first header of this name; `None` if there is none or its value is null.
    fn header(&self, name: &str) -> Option<&[u8]>;
}

/// No headers.
impl Headers for () {
    fn header(&self, _: &str) -> Option<&[u8]> {
        None
    }
}

impl Headers for Vec<(String, Vec<u8>)> {
    fn header(&self, name: &str) -> Option<&[u8]> {
        self.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_slice())
    }
}

/// What a record in a table's topic says.
#[derive(Debug, Clone, PartialEq)]
pub enum Event<'a> {
    Change(Change<'a>),
    /// A null value: it makes compaction forget a key, after the delete that says what happened.
    Tombstone,
    /// A logical decoding message (`m`), which concerns no row.
    Message,
}

/// Whether a topic carries no row changes on purpose: heartbeats and transaction markers.
///
/// To be asked only of a topic that no table claims: a table named `transaction` has a topic of the same form.
pub fn is_ignored(topic: &str) -> bool {
    topic.starts_with("__debezium-heartbeat") || topic.ends_with(".transaction")
}
