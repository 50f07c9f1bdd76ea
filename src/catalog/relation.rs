use super::table::index;
use super::{ColumnId, TableId};

/// Index of a relation in [`Catalog::relations`](super::Catalog::relations).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RelationId(u16);
index!(RelationId);

/// A many-to-one relation that some view's path follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relation {
    pub from: TableId,
    /// The column of `from` that holds the other row's primary key.
    pub column: ColumnId,
    /// Its primary key is one column.
    pub to: TableId,
    /// Whether the rows that point to a row are asked for.
    pub reversed: bool,
}
