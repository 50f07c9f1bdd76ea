use std::fmt;

/// Index of a table in [`Catalog::tables`](super::Catalog::tables).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TableId(u16);

/// Index of a needed column in [`Table::columns`], and of its value in a [`Row`](crate::change::Row).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ColumnId(u16);

macro_rules! index {
    ($id:ident) => {
        impl $id {
            /// # Panics
            /// If the index exceeds 65,535, which the configuration refuses long before.
            pub const fn from_index(index: usize) -> Self {
                assert!(index <= u16::MAX as usize, "the configuration limits how many there are");
                #[expect(clippy::cast_possible_truncation, reason = "it was checked in the line above")]
                Self(index as u16)
            }

            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }
    };
}
pub(super) use index;

index!(TableId);
index!(ColumnId);

/// A table whose change events are read.
#[derive(Debug, Clone)]
pub struct Table {
    pub name: String,
    pub topic: String,
    /// The source's own name of the table, where the topic tells it (`prefix.schema.table`). An event in this topic
    /// that comes from a table of another name is not this table's.
    pub source_table: Option<String>,
    pub identity: ReplicaIdentity,
    /// The columns that a view or the primary key needs. No other column is ever extracted from an event.
    pub columns: Vec<Column>,
    /// Empty for a table without a primary key.
    pub primary_key: Vec<ColumnId>,
    /// Whether the last image of each of its rows is kept. Never without a primary key.
    pub tracked: bool,
}

impl Table {
    pub fn column(&self, name: &str) -> Option<ColumnId> {
        self.columns.iter().position(|column| column.name == name).map(ColumnId::from_index)
    }
}

/// A column that something needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    pub r#type: ColumnType,
    /// How the image of a tracked row keeps its value.
    pub keep: Keep,
}

/// How the image of a tracked row keeps a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Keep {
    /// Only whether it changed is asked, so of a long value a digest is enough.
    #[default]
    Digest,
    /// It fills a hole, links to another row, is of the primary key, compared with parameters, or in a view's `value`.
    Value,
}

/// What a column's values look like in a key, and what they are in a view's `value`. In a key it decides which names a
/// family's pattern matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ColumnType {
    /// Nothing was declared: integers and texts alike.
    #[default]
    Any,
    Integer,
    Text,
    Boolean,
    /// Binary64.
    Float,
}

impl fmt::Display for ColumnType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Any => "any",
            Self::Integer => "integer",
            Self::Text => "text",
            Self::Boolean => "boolean",
            Self::Float => "float",
        })
    }
}

/// What the database sends of a row's old image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReplicaIdentity {
    /// Only the primary key of the old row is true, whatever an event's `before` looks like.
    #[default]
    Default,
    /// `before` is the whole old row.
    Full,
}
