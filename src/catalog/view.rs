use std::iter;
use std::time::Duration;

use super::table::index;
use super::{Affects, ColumnId, Hole, Parameters, Relation, RelationId, TableId, Template, escape_glob};

/// Index of a view in [`Catalog::views`](super::Catalog::views).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ViewId(u16);
index!(ViewId);

/// A family of cached values and what they are made of.
#[derive(Debug, Clone)]
pub struct View {
    pub name: String,
    pub pattern: Pattern,
    /// What readers ask for, where the family is declared and has a key beside it.
    pub parameters: Option<Parameters>,
    pub sources: Vec<Source>,
    /// Present where the configuration says how a key's value is computed.
    pub computed: Option<Computed>,
    /// Present where freshet writes the values that are computed.
    pub warm: Option<Warm>,
    /// Present where freshet asks the database for a value after its key was deleted.
    pub refill: Option<Refill>,
    /// How long the application lets a value live.
    pub ttl: Option<Duration>,
    /// How long after its first delete a key, or the family, is deleted again: for readers without leases, one of which may
    /// have read the database before the change and stored the value after the first delete.
    pub settle: Option<Duration>,
    /// How long after its deletion no lease of a key is given: for readers with leases that read a replica of the database,
    /// which has caught up by then. Not beside `settle`.
    pub hold: Option<Duration>,
    /// More keys than this by one change behind a relation are not spelled: the family goes.
    pub fan_out_limit: usize,
    /// Changes whenever anything changes that decides which keys this view's events delete.
    pub digest: u64,
}

/// How the rows of a key are found, where its value is computed from them. How that is done is said by
/// [`values`](crate::values).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Computed {
    /// A relation of the one source's table. Its column fills a hole, so that it finds the rows of a key.
    pub relation: RelationId,
    /// That hole.
    pub hole: usize,
}

/// How the values are written that are computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Warm {
    /// The longest that a value lives.
    pub ttl: Duration,
    /// How many keys are kept. Beyond, those go whose rows changed least recently.
    pub max_groups: usize,
}

/// A statement that tells a key's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refill {
    /// The longest that a value lives.
    pub ttl: Duration,
    /// Where the statement stands, as the configuration names it.
    pub file: String,
    /// With `$1`, `$2` and so on for its parameters.
    pub sql: String,
    /// Which hole of the key each parameter is.
    pub holes: Vec<usize>,
}

impl View {
    /// Which sets of parameters a row of this table affects, where that is said.
    pub fn affects(&self, table: TableId) -> Option<&Affects> {
        self.parameters.as_ref()?.affects.as_ref().filter(|affects| affects.table == table)
    }

    /// How long after its first delete a key, or the family, is deleted again. A hold keeps readers only from keys that are
    /// known, and Redis may evict it.
    pub fn again(&self) -> Option<Duration> {
        self.settle.or(self.hold)
    }

    /// Every table that the view needs, those on its paths included. One may come more than once.
    pub fn tables<'v>(&'v self, relations: &'v [Relation]) -> impl Iterator<Item = TableId> + 'v {
        self.sources.iter().flat_map(move |source| {
            let behind = source.paths().flat_map(|path| path.steps(relations)).map(|(table, _)| table);
            iter::once(source.table).chain(behind)
        })
    }
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

impl Source {
    /// Those that fill holes, and those that are read.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.fills
            .iter()
            .filter_map(|fill| match fill {
                Fill::Path(path) => Some(path),
                Fill::Column(_) => None,
            })
            .chain(&self.read_paths)
    }
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

impl Reads {
    /// Adds what another reader reads.
    pub fn join(&mut self, other: &Self) {
        match (&mut *self, other) {
            (Self::Columns(columns), Self::Columns(more)) => {
                columns.extend(more);
                columns.sort_unstable();
                columns.dedup();
            }
            _ => *self = Self::All,
        }
    }
}

/// A column of another table, reached through many-to-one relations.
#[derive(Debug, Clone)]
pub struct Path {
    /// As it was written: `order.customer.region`.
    pub text: String,
    /// The relations on the way from the source's own row. Never empty.
    pub relations: Vec<RelationId>,
    /// The column of the last relation's table.
    pub column: ColumnId,
    /// Every table on the way is tracked, so the rows on it are known; and where it is read, those that fill the holes
    /// are too. Otherwise a change on the way deletes the family.
    pub followed: bool,
}

impl Path {
    /// Each table on the way with the column that is used of it: the next link, at last the column itself.
    pub fn steps<'p>(&'p self, relations: &'p [Relation]) -> impl Iterator<Item = (TableId, ColumnId)> + 'p {
        let used = self.relations[1..].iter().map(|next| relations[next.index()].column).chain([self.column]);
        self.relations.iter().map(|relation| relations[relation.index()].to).zip(used)
    }

    /// The column of the source's own row that links to the first table on the way.
    pub fn link(&self, relations: &[Relation]) -> ColumnId {
        relations[self.relations[0].index()].column
    }
}

/// Views that are invalidated together by hand.
#[derive(Debug, Clone)]
pub struct Group {
    pub name: String,
    pub views: Vec<ViewId>,
}
