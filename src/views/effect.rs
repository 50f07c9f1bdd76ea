use std::fmt::{self, Write as _};

use super::image::{Image, differs};
use super::rules::{Does, Rule};
use crate::catalog::{ColumnId, Reads, ReplicaIdentity, Table, ViewId};
use crate::change::Change;

/// Takes what a change does. Each call says why; a caller that does not ask pays nothing for it.
pub trait Effects {
    /// This key, as spelled on the wire, goes.
    fn key(&mut self, view: ViewId, key: &str, why: Why<'_>);
    /// Every key of this view goes.
    fn family(&mut self, view: ViewId, why: Why<'_>);
}

/// Why a key or a family goes.
#[derive(Debug, Clone, Copy)]
pub struct Why<'a> {
    pub reason: Reason,
    /// What decided, where it was a row change: the rule, the table and the change.
    pub(super) by: Option<(&'a Rule, &'a Table, &'a Change<'a>)>,
}

impl Why<'_> {
    /// A reason that no single row change gave.
    pub const fn because(reason: Reason) -> Self {
        Self { reason, by: None }
    }
}

/// The reasons, in kinds. All but the first four are widenings: the family goes because the keys are in doubt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// The row fills the key's holes, before the change and after it.
    Row,
    /// The row as it was fills the key's holes.
    OldRow,
    /// The row as it is fills the key's holes.
    NewRow,
    /// The view is a declared family.
    DeclaredFamily,
    /// The key or the value lies behind a relation.
    Path,
    /// The event does not tell the old row.
    UnknownOldRow,
    /// The event does not tell the new row.
    UnknownNewRow,
    /// The table was emptied.
    Truncate,
    /// A hole is filled by a value that the column's type does not allow.
    ColumnType,
    /// The event lacks a column that the view needs.
    MissingColumn,
    /// The source did not send a large column that fills a hole.
    UnavailableColumn,
    /// An event could not be decoded.
    Undecodable,
    /// The group starts on this topic for the first time.
    FirstStart,
    /// Views were defined otherwise when the offset was committed.
    DefinitionsChanged,
    /// The log no longer holds what was not yet applied.
    LostOffsets,
}

impl Reason {
    /// The word for metrics and machine-readable output.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Row => "row",
            Self::OldRow => "old_row",
            Self::NewRow => "new_row",
            Self::DeclaredFamily => "declared_family",
            Self::Path => "path",
            Self::UnknownOldRow => "unknown_old_row",
            Self::UnknownNewRow => "unknown_new_row",
            Self::Truncate => "truncate",
            Self::ColumnType => "column_type",
            Self::MissingColumn => "missing_column",
            Self::UnavailableColumn => "unavailable_column",
            Self::Undecodable => "undecodable",
            Self::FirstStart => "first_start",
            Self::DefinitionsChanged => "definitions_changed",
            Self::LostOffsets => "lost_offsets",
        }
    }

    /// Whether more than the exact keys go, because they are in doubt.
    pub const fn is_widening(self) -> bool {
        !matches!(self, Self::Row | Self::OldRow | Self::NewRow | Self::DeclaredFamily)
    }

    const fn sentence(self) -> &'static str {
        match self {
            Self::Row => "the row before and after the change",
            Self::OldRow => "the row before the change",
            Self::NewRow => "the row after the change",
            Self::DeclaredFamily => "a declared family",
            Self::Path => "the key or the value lies behind a relation",
            Self::UnknownOldRow => {
                "the event does not tell the old row (the table's replica identity is not full, or the row comes from a snapshot)"
            }
            Self::UnknownNewRow => "the event does not tell the new row",
            Self::Truncate => "the table was truncated",
            Self::ColumnType => "a column that fills the key has another type than configured",
            Self::MissingColumn => "the event lacks a column that fills the key",
            Self::UnavailableColumn => "the source did not send a large column that fills the key",
            Self::Undecodable => "an event could not be decoded",
            Self::FirstStart => "the group starts on this topic for the first time",
            Self::DefinitionsChanged => "the definitions changed since the offset was committed",
            Self::LostOffsets => "the log no longer holds what was not yet applied",
        }
    }
}

impl fmt::Display for Why<'_> {
    /// A phrase for a person: `the row before the change, by shop_id; update of order, changed: shop_id, status`. Never a value.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason.sentence())?;
        let Some((rule, table, change)) = self.by else { return Ok(()) };
        match &rule.does {
            Does::Keys(columns) => write!(f, ", by {}", names(table, columns.iter()))?,
            Does::FamilyByPath(path) => write!(f, ", by {path}")?,
            Does::DeclaredFamily => {}
        }
        write!(f, "; {} of {}", change.operation.name(), table.name)?;
        let changed = changed(rule, table, change);
        if changed.is_empty() { Ok(()) } else { write!(f, ", changed: {changed}") }
    }
}

/// The read columns that differ between the two images of an update, where both are known.
fn changed(rule: &Rule, table: &Table, change: &Change<'_>) -> String {
    let (Image::Known(old), Image::Known(new)) =
        (Image::old(table.identity == ReplicaIdentity::Full, change), Image::new(change))
    else {
        return String::new();
    };
    let changed = |column: &ColumnId| differs(&old[column.index()], &new[column.index()]);
    match &rule.reads {
        Reads::Columns(columns) => names(table, columns.iter().filter(|column| changed(column))),
        Reads::All => {
            let all: Vec<_> = (0..table.columns.len()).map(ColumnId::from_index).collect();
            names(table, all.iter().filter(|column| changed(column)))
        }
    }
}

fn names<'c>(table: &Table, columns: impl Iterator<Item = &'c ColumnId>) -> String {
    columns.fold(String::new(), |mut text, column| {
        let separator = if text.is_empty() { "" } else { ", " };
        // Writing to a `String` cannot fail.
        let _ = write!(text, "{separator}{}", table.columns[column.index()].name);
        text
    })
}
