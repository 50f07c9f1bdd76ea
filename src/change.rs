//! One row change, as the rest of the crate sees it: plain data without a trace of JSON, Avro or Kafka.
//!
//! Values borrow from the message they were read from. Only the columns that the catalog needs are here, in the order
//! of [`Table::columns`](crate::catalog::Table::columns).

use std::borrow::Cow;

use crate::catalog::TableId;

/// What happened to a row, or to a whole table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// A row as a snapshot read it (`r`). It says nothing about the row before.
    Snapshot,
    Create,
    Update,
    Delete,
    /// Every row of the table is gone (`t`): no key, no images, one partition only.
    Truncate,
}

impl Operation {
    /// The word that people and log lines use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Snapshot => "snapshot",
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Truncate => "truncate",
        }
    }
}

/// What the source says of the snapshot that read a row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Snapshot {
    /// Nothing, or that there was none.
    #[default]
    Unsaid,
    /// Somebody asked for it while the source went on: it says nothing of events that were lost.
    Incremental,
    /// This was the table's last row.
    Last,
}

/// One column of a row image.
///
/// Equal values are equal in the database. Unequal ones may be: `1.0` is not `1.00` here.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Value<'a> {
    /// The event has no such column: it was dropped, renamed or never sent.
    Missing,
    /// A large column that the update did not touch; the source did not send it (`PostgreSQL`'s TOAST).
    Unavailable,
    Null,
    Bool(bool),
    Int(i64),
    /// Only for what does not fit an `i64`, so that one number has one form.
    UInt(u64),
    Text(Cow<'a, str>),
    /// An array, an object, or a number that is no integer, as it was written: good for comparing, not for a key. A float
    /// would make two numbers equal that the database holds apart.
    Json(Cow<'a, str>),
    /// Stands for a long text or JSON in the image of a tracked row, where only whether it changed is asked
    /// ([`Keep::Digest`](crate::catalog::Keep::Digest)). No event holds one.
    Digest(u64),
}

/// The needed columns of a row, indexed by [`ColumnId`](crate::catalog::ColumnId).
pub type Row<'a> = Vec<Value<'a>>;

impl Value<'_> {
    /// The value, owned.
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Self::Missing => Value::Missing,
            Self::Unavailable => Value::Unavailable,
            Self::Null => Value::Null,
            Self::Bool(truth) => Value::Bool(truth),
            Self::Int(number) => Value::Int(number),
            Self::UInt(number) => Value::UInt(number),
            Self::Text(text) => Value::Text(Cow::Owned(text.into_owned())),
            Self::Json(text) => Value::Json(Cow::Owned(text.into_owned())),
            Self::Digest(digest) => Value::Digest(digest),
        }
    }
}

/// The row's buffer without its values: collecting an emptied vector into one of the same layout keeps its allocation.
pub fn emptied(mut row: Row<'_>) -> Row<'static> {
    row.clear();
    row.into_iter().map(|_| unreachable!("the row was cleared")).collect()
}

/// A row change.
///
/// `before` is what the source *sent*. Whether it may be believed is the table's replica identity's to say: under
/// `PostgreSQL`'s default identity a delete's `before` looks whole and is false in all columns but the key's.
#[derive(Debug, Clone, PartialEq)]
pub struct Change<'a> {
    pub table: TableId,
    pub operation: Operation,
    pub snapshot: Snapshot,
    pub before: Option<Row<'a>>,
    pub after: Option<Row<'a>>,
    /// A primary-key change comes as a delete and a create; each names the other's key, as the source wrote it.
    pub moved: Option<Moved<'a>>,
    /// The source's own position of the change. It orders the changes of one row, not those of two transactions.
    pub lsn: Option<u64>,
    /// The commit in the database, in microseconds since the Unix epoch.
    pub committed_at: Option<i64>,
}

/// The other half of a primary-key change.
#[derive(Debug, Clone, PartialEq)]
pub enum Moved<'a> {
    /// On the delete: the key the row has now.
    To(Cow<'a, str>),
    /// On the create: the key the row had.
    From(Cow<'a, str>),
}

/// A partition of a table's topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Partition {
    pub table: TableId,
    pub number: i32,
}
