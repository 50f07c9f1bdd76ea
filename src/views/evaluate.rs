use std::mem;
use std::sync::Arc;

use super::effect::{Effects, Why};
use super::image::{Image, Images};
use super::judge::Judge;
use super::reason::Reason;
use super::rules::Rules;
use super::spelling::Spelling;
use super::unresolved::Unresolved;
use crate::catalog::{Catalog, ReplicaIdentity, TableId, ViewId};
use crate::change::{Change, Operation, Row, emptied};
use crate::rows::{Before, Doubt, Rows};

/// Applies the rules of a catalog to changes.
///
/// It owns the buffers that images and keys are written in, so that an event allocates nothing.
#[derive(Debug)]
pub struct Evaluator {
    catalog: Arc<Catalog>,
    rules: Rules,
    spelling: Spelling,
    unresolved: Unresolved,
    spare: [Row<'static>; 3],
    /// By table, whether its `before` is the whole old row: as configured, until an event proves otherwise.
    full: Vec<bool>,
    is_read: bool,
}

impl Evaluator {
    pub fn new(catalog: Arc<Catalog>) -> Self {
        let rules = Rules::new(&catalog);
        let full = catalog.tables.iter().map(|table| table.identity == ReplicaIdentity::Full).collect();
        let (spelling, spare) = (Spelling::default(), Default::default());
        Self { catalog, rules, spelling, unresolved: Unresolved::default(), spare, full, is_read: false }
    }

    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Reports what this change does to cached values. A row of a tracked table is brought to its new state first.
    pub fn evaluate(&mut self, rows: &mut Rows, change: &Change<'_>, effects: &mut impl Effects) {
        let full = &mut self.full[change.table.index()];
        // A source that sends no old row of an update sends a false one of a delete.
        *full &= change.operation != Operation::Update || change.before.is_some();
        let full = *full;
        if self.catalog.table(change.table).tracked {
            self.tracked(rows, change, full, effects);
        } else if change.operation == Operation::Truncate {
            self.widen(change.table, Reason::Truncate, effects);
        } else {
            let (old, new, key) = (Image::old(full, change), Image::new(change), Image::key_of(change));
            self.judge(rows, change, &Images { old, sent: Image::Absent, new, key, older: false }, effects);
        }
    }

    fn tracked(&mut self, rows: &mut Rows, change: &Change<'_>, full: bool, effects: &mut impl Effects) {
        let transition = rows.apply(change, full);
        let doubt = transition.doubt.map(|doubt| match doubt {
            Doubt::OtherDatabase => Reason::OtherDatabase,
            Doubt::SecondSnapshot => Reason::SecondSnapshot,
            Doubt::UnknownRow => Reason::UnknownRow,
        });
        let truncate = (change.operation == Operation::Truncate).then_some(Reason::Truncate);
        if let Some(reason) = truncate.or(doubt) {
            return self.widen(change.table, reason, effects);
        }
        let rows = &*rows;
        let [mut old, mut sent, mut new] = mem::take(&mut self.spare);
        // Each rule asks for columns of the images, so they are unpacked once.
        if let Before::Known(image) = &transition.before {
            rows.row(change.table, image, &mut old);
        }
        if let Some(image) = &transition.sent {
            rows.row(change.table, image, &mut sent);
        }
        if let Some(image) = &transition.after {
            rows.row(change.table, image, &mut new);
        }
        let key = Image::key_of(change);
        let images = Images {
            key,
            old: match &transition.before {
                Before::Absent => Image::Absent,
                Before::Known(_) => Image::Known(&old),
                Before::Unknown => key,
            },
            sent: transition.sent.as_ref().map_or(Image::Absent, |_| Image::Known(&sent)),
            new: transition.after.as_ref().map_or(Image::new(change), |_| Image::Known(&new)),
            older: transition.older,
        };
        self.judge(rows, change, &images, effects);
        self.spare = [old, sent, new].map(emptied);
    }

    fn judge(&mut self, rows: &Rows, change: &Change<'_>, images: &Images<'_>, effects: &mut impl Effects) {
        let judge = Judge {
            catalog: &self.catalog,
            rows,
            table: change.table,
            operation: change.operation,
            images,
            spelling: &mut self.spelling,
            unresolved: &mut self.unresolved,
            effects,
            walked: None,
        };
        self.is_read = judge.judge(self.rules.of(change.table));
    }

    /// Whether the last change may alter what any view reads. If so and nothing went, it led to no key.
    pub fn is_read(&self) -> bool {
        self.is_read
    }

    /// A view whose key the last change would fill by a value that the column's type does not allow. Asking forgets it.
    pub fn take_wrong_type(&mut self) -> Option<ViewId> {
        self.spelling.wrong_type.take()
    }

    /// Whether the table's `before` is still taken for the whole old row.
    pub fn believes(&self, table: TableId) -> bool {
        self.full[table.index()]
    }

    /// Every partition of a tracked table was read beyond an end that was noted a minute after the last such call: reports
    /// the families that are in doubt by what has not come by then. Returns whether rows that others lead to are missing.
    pub fn passed(&mut self, rows: &mut Rows, table: TableId, effects: &mut impl Effects) -> bool {
        // Of a row that came and was deleted, the rows may forget the deletion.
        let views = self.unresolved.passed(rows, table);
        if rows.passed(table) {
            self.widen(table, Reason::SecondSnapshot, effects);
        }
        for view in &views {
            effects.family(*view, Why::because(Reason::Unresolved));
        }
        !views.is_empty()
    }

    /// Reports the families of every view that this table's rows may touch.
    pub fn widen(&self, table: TableId, reason: Reason, effects: &mut impl Effects) {
        for view in self.rules.views_of(table) {
            effects.family(view, Why::because(reason));
        }
    }
}
