use std::time::Duration;

use super::table::index;
use super::{ColumnId, Hole, TableId, Template, escape_glob};

/// Index of a view in [`Catalog::views`](super::Catalog::views).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ViewId(u16);
index!(ViewId);

/// A family of cached values and what they are made of.
#[derive(Debug, Clone)]
pub struct View {
    pub name: String,
    pub pattern: Pattern,
    pub sources: Vec<Source>,
    /// Of values that freshet writes.
    pub ttl: Option<Duration>,
    /// Changes whenever anything changes that decides which keys this view's events delete.
    pub digest: u64,
}

/// Which names in Redis belong to a view. Spelled as on the wire, the key format included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pattern {
    /// One key for each combination of hole values.
    Template(Template),
    /// Any name with this prefix; deleted as a whole on every change that counts.
    Declared { prefix: String },
}

impl Pattern {
    /// Whether a name in Redis belongs to the family.
    pub fn matches(&self, name: &[u8]) -> bool {
        match self {
            Self::Template(template) => template.matches(name),
            Self::Declared { prefix } => name.starts_with(prefix.as_bytes()),
        }
    }

    /// The pattern for `SCAN`; [`matches`](Self::matches) decides.
    pub fn glob(&self) -> String {
        match self {
            Self::Template(template) => template.glob(),
            Self::Declared { prefix } => format!("{}*", escape_glob(prefix)),
        }
    }

    /// What every name of the family begins with.
    pub fn prefix(&self) -> &str {
        match self {
            Self::Template(template) => template.prefix(),
            Self::Declared { prefix } => prefix,
        }
    }

    /// The holes; a declared family has none.
    pub fn holes(&self) -> &[Hole] {
        match self {
            Self::Template(template) => template.holes(),
            Self::Declared { .. } => &[],
        }
    }

    /// As a person reads it.
    pub fn text(&self) -> String {
        match self {
            Self::Template(template) => template.text(),
            Self::Declared { prefix } => format!("{prefix}*"),
        }
    }
}

/// A table whose rows a view is computed from.
#[derive(Debug, Clone)]
pub struct Source {
    pub table: TableId,
    /// One for each hole of the view's template, in the template's order; empty for a declared family.
    pub fills: Vec<Fill>,
    pub reads: Reads,
    /// Columns of other tables that the value depends on.
    pub read_paths: Vec<Path>,
}

/// Where a hole's value comes from.
#[derive(Debug, Clone)]
pub enum Fill {
    Column(ColumnId),
    Path(Path),
}

/// Which columns of the source's own row the value depends on, those that fill holes and link to other tables included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reads {
    /// Nothing was said: every update counts.
    All,
    Columns(Vec<ColumnId>),
}

/// A column of another table, reached through many-to-one relations.
#[derive(Debug, Clone)]
pub struct Path {
    /// As it was written: `order.customer.region`.
    pub text: String,
    /// The column of the source's own row that links to the first table on the way.
    pub link: ColumnId,
    /// Each table on the way with the column that is used of it: the next link, at last the column itself.
    pub steps: Vec<(TableId, ColumnId)>,
}

/// Views that are invalidated together by hand.
#[derive(Debug, Clone)]
pub struct Group {
    pub name: String,
    pub views: Vec<ViewId>,
}
