use crate::catalog::{ColumnId, Table};
use crate::change::{Change, Operation, Row, Value};

/// What is known of a row at one moment.
#[derive(Debug, Clone, Copy)]
pub(super) enum Image<'r, 'a> {
    /// There was no such row.
    Absent,
    Known(&'r Row<'a>),
    /// Only the primary key is true.
    KeyOnly(&'r Row<'a>),
    /// There was a row, and nothing of it is known.
    Unknown,
}

impl<'r, 'a> Image<'r, 'a> {
    /// The row before the change.
    ///
    /// `before` is believed under a full replica identity only. Otherwise the key is all there is: it comes from
    /// `after` on an update (a primary-key change is a delete and a create, so the key stayed), from `before` on a
    /// delete. A snapshot's row may have replaced any other.
    pub(super) fn old(full: bool, change: &'r Change<'a>) -> Self {
        let key_of = |row: Option<&'r Row<'a>>| row.map_or(Self::Unknown, Self::KeyOnly);
        match (change.operation, &change.before) {
            (Operation::Create, _) => Self::Absent,
            (Operation::Update | Operation::Delete, Some(before)) if full => Self::Known(before),
            (Operation::Update | Operation::Snapshot, _) => key_of(change.after.as_ref()),
            (Operation::Delete, before) => key_of(before.as_ref()),
            (Operation::Truncate, _) => Self::Unknown,
        }
    }

    /// The row after the change.
    pub(super) fn new(change: &'r Change<'a>) -> Self {
        match (change.operation, &change.after) {
            (Operation::Delete | Operation::Truncate, _) => Self::Absent,
            (_, Some(after)) => Self::Known(after),
            (_, None) => Self::Unknown,
        }
    }

    /// The column's value, where it is known.
    pub(super) fn value(self, table: &Table, column: ColumnId) -> Option<&'r Value<'a>> {
        match self {
            Self::Known(row) => Some(&row[column.index()]),
            Self::KeyOnly(row) if table.primary_key.contains(&column) => Some(&row[column.index()]),
            _ => None,
        }
    }
}

/// Whether the column's value may have changed. An unavailable value is one that the update did not touch; a missing
/// one tells nothing.
pub(super) fn differs(old: &Value<'_>, new: &Value<'_>) -> bool {
    match (old, new) {
        (_, Value::Missing) | (Value::Missing, _) => true,
        (_, Value::Unavailable) => false,
        (old, new) => old != new,
    }
}
