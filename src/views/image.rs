use std::borrow::Cow;

use crate::catalog::{ColumnId, Reads, Table, TableId};
use crate::change::{Change, Operation, Row, Value};
use crate::rows::{self, Rows};

/// What is known of a row at one moment.
#[derive(Debug, Clone, Copy)]
pub(super) enum Image<'r> {
    /// There was no such row.
    Absent,
    Known(&'r Row<'r>),
    /// As it is kept of a tracked table.
    Kept {
        rows: &'r Rows,
        table: TableId,
        kept: &'r rows::Image,
    },
    /// Only the primary key is true.
    KeyOnly(&'r Row<'r>),
    /// There was a row, and nothing of it is known.
    Unknown,
}

impl<'r> Image<'r> {
    /// The row before the change, as the event alone tells it.
    ///
    /// `before` is believed under a full replica identity only. Otherwise the key is all there is.
    pub(super) fn old(full: bool, change: &'r Change<'r>) -> Self {
        match (change.operation, &change.before) {
            (Operation::Create, _) => Self::Absent,
            (Operation::Update | Operation::Delete, Some(before)) if full => Self::Known(before),
            _ => Self::key_of(change),
        }
    }

    /// The row's key. It comes from `before` on a delete, else from `after` (a primary-key change is a delete and a
    /// create, so the key stayed). A snapshot's row may have replaced any other.
    pub(super) fn key_of(change: &'r Change<'r>) -> Self {
        let row = match change.operation {
            Operation::Create | Operation::Update | Operation::Snapshot => change.after.as_ref(),
            Operation::Delete => change.before.as_ref(),
            Operation::Truncate => None,
        };
        row.map_or(Self::Unknown, Self::KeyOnly)
    }

    /// The row after the change, as the event alone tells it.
    pub(super) fn new(change: &'r Change<'r>) -> Self {
        match &change.after {
            _ if matches!(change.operation, Operation::Delete | Operation::Truncate) => Self::Absent,
            Some(after) => Self::Known(after),
            None => Self::Unknown,
        }
    }

    /// The column's value, where it is known.
    pub(super) fn value(self, of: &Table, column: ColumnId) -> Option<Value<'r>> {
        match self {
            Self::Known(row) => Some(borrowed(&row[column.index()])),
            Self::Kept { rows, table, kept } => Some(rows.value(table, kept, column)),
            Self::KeyOnly(row) if of.primary_key.contains(&column) => Some(borrowed(&row[column.index()])),
            Self::Absent | Self::KeyOnly(_) | Self::Unknown => None,
        }
    }
}

fn borrowed<'v>(value: &'v Value<'_>) -> Value<'v> {
    match value {
        Value::Missing => Value::Missing,
        Value::Unavailable => Value::Unavailable,
        Value::Null => Value::Null,
        Value::Bool(truth) => Value::Bool(*truth),
        Value::Int(number) => Value::Int(*number),
        Value::UInt(number) => Value::UInt(*number),
        Value::Text(text) => Value::Text(Cow::Borrowed(text)),
        Value::Json(text) => Value::Json(Cow::Borrowed(text)),
        Value::Digest(digest) => Value::Digest(*digest),
    }
}

/// The images of one row that an event is about.
#[derive(Debug, Clone, Copy)]
pub(super) struct Images<'r> {
    pub(super) old: Image<'r>,
    /// The old row that the event tells, where another one was kept; else absent.
    pub(super) sent: Image<'r>,
    pub(super) new: Image<'r>,
    /// The key alone, which stayed: a primary-key change is a delete and a create.
    pub(super) key: Image<'r>,
    /// The event is older than the row that is kept, so nothing is told of what it changed.
    pub(super) older: bool,
}

impl Images<'_> {
    /// Whether the change may alter what is read. Unless all images are known, it may.
    pub(super) fn touch(&self, reads: &Reads) -> bool {
        match reads {
            Reads::Columns(columns) if self.are_known() => columns.iter().any(|column| self.differ(*column)),
            _ => true,
        }
    }

    /// Whether the images tell what changed.
    pub(super) fn are_known(&self) -> bool {
        matches!((self.old, self.new), (Image::Known(_), Image::Known(_))) && !self.older
    }

    /// Whether the column's value may have changed.
    pub(super) fn differ(&self, column: ColumnId) -> bool {
        let of = |image| match image {
            Image::Known(row) => Some(&row[column.index()]),
            _ => None,
        };
        let Some(new) = of(self.new) else { return true };
        [self.old, self.sent].into_iter().filter_map(of).any(|old| differs(old, new))
    }
}

/// Whether the value may have changed. An unavailable value is one that the update did not touch; a missing one tells
/// nothing.
fn differs(old: &Value<'_>, new: &Value<'_>) -> bool {
    match (old, new) {
        (_, Value::Missing) | (Value::Missing, _) => true,
        (_, Value::Unavailable) => false,
        (old, new) => old != new,
    }
}
