//! The last image of each row of the tracked tables, and which rows point to which.
//!
//! # What is kept
//!
//! Of each row its needed columns and the position of its last change. A primary key, a link and a value that fills a
//! hole are kept whole. Of other columns only whether they changed is asked, so of a long value a digest is kept
//! ([`Value::Digest`]), whose key is drawn when the process starts. The first short texts of a column are stored once
//! and numbered. Beside the images there are, for each relation that is asked for in reverse, lists of the rows that
//! point to the same row.
//!
//! Of a deleted row its position is kept until nothing older can follow: until each partition of the table has been
//! read beyond an end that was noted a minute after the deletion was read ([`Rows::passed`], twice). Of a table its last
//! truncate is kept for ever.
//!
//! # Which of two events is newer
//!
//! A source's LSN is that of the change and not of the commit, so it orders the changes of one row, which a lock held
//! apart, and a row's change and a truncate of its table; it does not order those of two transactions. Nothing else is
//! ever compared.
//!
//! - A lower LSN and no later commit: the event is *older*, a repeat or one of a partition that lags behind a truncate.
//!   It changes no image. What it says of the row is handed out all the same, because a cache may hold that.
//! - A lower LSN than that of the snapshot that read the row, and a commit less than a minute from it: a transaction under
//!   way when the snapshot began, which does not show its change. What is read last counts.
//! - A lower LSN and a later commit: the database was restored and counts anew. What is read last counts.
//! - An LSN on one side only, or on none: what is read last counts.
//! - The same LSN: a repeat, which is applied as usual.
//!
//! A snapshot's rows have one LSN. If anything of the table is below it, the snapshot is not the first thing that was
//! ever sent, so events were lost: at its end the rows that are below it and not in it are dropped. As partitions are
//! read in any order, the event from before it may be read after it. An incremental snapshot is asked for by somebody
//! and says nothing of the kind. While a snapshot is read as it is made, a table is a part of itself, so no value is
//! computed from it: until the row that the source calls the last one, a streamed change, or, with a source that says
//! neither, until the table was read on twice ([`Rows::passed`]).
//!
//! # What is not known
//!
//! A topic that lacks its beginning, an event that names no row, and an update of a row that was never seen make a table
//! *incomplete*: what is not kept may exist, and nobody can say which rows point to a row. An update that is read soon after
//! loading does not: compaction takes a row's earlier events as soon as there is a later one. So it is with a single row of
//! which an event could not be decoded, until the row is seen again, and with one whose link an event did not say.
//!
//! # What a row costs
//!
//! A row of the work-orders example's task table (nine columns, three links asked for in reverse) costs 113 bytes after
//! loading and 126 after each row was updated twice: `benches/rows.rs`, the resident memory of a million rows, indexes
//! included. 24 of them are the lists of the three links, 16 the image's address and length; a key and a link stand in
//! the image only, and the tables that find a row by them hold its number.

mod deletions;
mod image;
mod pack;
mod pages;
mod position;
mod reverse;
mod snapshot;
mod store;
#[cfg(test)]
mod tests;
mod texts;
mod tracked;

use std::ops::Range;
use std::sync::Arc;

pub use image::Image;

use crate::catalog::{Catalog, ColumnId, RelationId, TableId};
use crate::change::{Change, Row, Value};
use image::Form;
use pack::Short;
use store::Store;
use tracked::{Tracked, Until};

/// The rows of the tracked tables as they were last seen.
#[derive(Debug)]
pub struct Rows {
    catalog: Arc<Catalog>,
    tables: Vec<Tracked>,
    /// By relation, its number among those of its table that are asked for in reverse.
    reversed: Vec<Option<usize>>,
}

/// What a change did to a row.
#[derive(Debug, PartialEq, Eq)]
pub struct Transition {
    pub before: Before,
    /// The old row as the event says it, where that is believed and is not the kept one.
    pub sent: Option<Image>,
    /// The row as the event says it; what is unavailable is as it was kept. None after a delete or a truncate.
    pub after: Option<Image>,
    /// Something newer is known of the row: no image changed.
    pub older: bool,
    /// Rows may have changed unseen, so everything that the table feeds is in doubt.
    pub doubt: Option<Doubt>,
}

/// A row before a change.
#[derive(Debug, PartialEq, Eq)]
pub enum Before {
    Absent,
    Known(Image),
    /// There was a row, or there may have been, and nothing of it is kept.
    Unknown,
}

/// Why a table's rows cannot be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// The database was restored: its LSNs went back while its time went on.
    OtherDatabase,
    /// A snapshot after other events: some were lost.
    SecondSnapshot,
    /// A row was updated that should have been seen before.
    UnknownRow,
}

/// Where a link leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found<'r> {
    Known(&'r Image),
    /// It was deleted a moment ago.
    Absent,
    /// No event told of it yet.
    Unseen,
    /// There may be such a row.
    Unknown,
}

impl Rows {
    pub fn new(catalog: Arc<Catalog>) -> Self {
        let mut links = vec![Vec::new(); catalog.tables.len()];
        let reversed = catalog
            .relations
            .iter()
            .map(|relation| {
                let links: &mut Vec<ColumnId> = &mut links[relation.from.index()];
                relation.reversed.then(|| {
                    links.push(relation.column);
                    links.len() - 1
                })
            })
            .collect();
        let tables = catalog
            .table_ids()
            .zip(links)
            .map(|(id, links)| Tracked::new(Form::new(&catalog, id), Store::new(links)))
            .collect();
        Self { catalog, tables, reversed }
    }

    /// Brings a tracked table to the state after the change. `believed`: the event's `before` is the whole old row.
    pub fn apply(&mut self, change: &Change<'_>, believed: bool) -> Transition {
        self.table_mut(change.table).apply(change, believed, false)
    }

    /// The same while the table's topic is read from its beginning: compaction may have taken a row's first events.
    ///
    /// Says whether what is kept may lack rows, or hold some that are gone. Who reads on need not know: the families are deleted
    /// where the snapshot ends, or were by whoever read it first.
    pub fn load(&mut self, change: &Change<'_>) -> Option<Doubt> {
        self.table_mut(change.table).apply(change, false, true).doubt
    }

    /// The row with this primary key, which is of one column.
    pub fn find<'r>(&'r self, table: TableId, key: &Value<'_>) -> Found<'r> {
        let mut packed = Short::default();
        pack::value(key, &mut packed);
        let table = self.table(table);
        match table.store.get(packed.bytes()) {
            Some(image) => Found::Known(image),
            None if table.may_hold(packed.bytes()) => Found::Unknown,
            None if table.is_deleted(packed.bytes()) => Found::Absent,
            None => Found::Unseen,
        }
    }

    /// The rows that point to the one with this key by a reversed relation, in any order; `None` if not all are known.
    pub fn pointing<'r>(
        &'r self,
        relation: RelationId,
        key: &Value<'_>,
    ) -> Option<impl Iterator<Item = &'r Image> + use<'r>> {
        let table = self.table(self.catalog.relation(relation).from);
        let number = self.reversed[relation.index()]?;
        let mut packed = Short::default();
        pack::value(key, &mut packed);
        table.is_whole().then(|| table.store.pointing(&table.form, number, packed.bytes())).flatten()
    }

    /// Reads an image. `into` holds the columns afterwards, in the order of [`Table::columns`](crate::catalog::Table).
    pub fn row<'r>(&'r self, table: TableId, image: &'r Image, into: &mut Row<'r>) {
        self.table(table).form.row(image, into);
    }

    /// A part of the rows of a table, in any order: those in these of its places. `None` beyond the last place.
    pub fn images(&self, table: TableId, places: Range<usize>) -> Option<impl Iterator<Item = &Image>> {
        self.table(table).store.images(places)
    }

    pub fn value<'r>(&'r self, table: TableId, image: &'r Image, column: ColumnId) -> Value<'r> {
        self.table(table).form.value(image, column)
    }

    /// An event of this row could not be decoded: the row is unknown until it is seen again. Of `row` only the key's
    /// columns count. Without them any row may be meant: none is known, and the table is incomplete.
    pub fn forget(&mut self, table: TableId, row: Option<&Row<'_>>) {
        self.table_mut(table).forget(row);
    }

    /// Not all rows of the table are in its topic: what is not kept may exist.
    pub fn incomplete(&mut self, table: TableId) {
        self.table_mut(table).incomplete = true;
    }

    /// What is kept may be gone, or no longer so, for as long as it is kept.
    pub fn stale(&mut self, table: TableId) {
        self.table_mut(table).doubtful = Some(Until::End);
    }

    pub fn is_incomplete(&self, table: TableId) -> bool {
        self.table(table).incomplete
    }

    /// Whether rows may be kept that are gone or no longer so, or a part of them only: events were lost, or are of a
    /// restored database, or a snapshot is under way.
    pub fn is_doubtful(&self, table: TableId) -> bool {
        self.table(table).is_doubtful()
    }

    /// Every partition of the table has been read beyond an end that was noted at least a minute after the last such
    /// call: nothing older than what was kept before that call can follow. True if this ends a second snapshot; the rows
    /// that it did not contain are gone.
    pub fn passed(&mut self, table: TableId) -> bool {
        self.table_mut(table).passed()
    }

    /// How many rows are kept.
    pub fn len(&self, table: TableId) -> usize {
        self.table(table).store.len()
    }

    fn table(&self, id: TableId) -> &Tracked {
        &self.tables[id.index()]
    }

    fn table_mut(&mut self, id: TableId) -> &mut Tracked {
        &mut self.tables[id.index()]
    }
}
