use std::collections::HashSet;
use std::mem;

use foldhash::fast::RandomState;

use super::deletions::Deletions;
use super::image::{Form, Image};
use super::pack;
use super::position::Position;
use super::snapshot::Snapshots;
use super::store::Store;
use super::{Before, Doubt, Transition};
use crate::change::{Change, Operation, Row, Snapshot};

/// One tracked table.
#[derive(Debug)]
pub(super) struct Tracked {
    pub form: Form,
    pub store: Store,
    deletions: Deletions,
    /// Rows of which an event could not be decoded.
    forgotten: HashSet<Box<[u8]>, RandomState>,
    /// No row is older than this: the last truncate, or a second snapshot that has ended.
    floor: Option<Position>,
    snapshots: Snapshots,
    pub incomplete: bool,
    /// Rows may be kept that are gone, or as they no longer are.
    pub doubtful: Option<Until>,
    /// Rows were loaded and the table was not read on since. Of a row that changed after the offset up to which it was
    /// loaded, compaction may have taken what came before that.
    loaded: bool,
    key: Vec<u8>,
    packed: Vec<u8>,
}

/// For how long rows are in doubt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Until {
    /// Until a second snapshot has ended.
    Snapshot,
    /// For as long as they are kept.
    End,
}

impl Tracked {
    pub(super) fn new(form: Form, store: Store) -> Self {
        Self {
            form,
            store,
            deletions: Deletions::default(),
            forgotten: HashSet::default(),
            floor: None,
            snapshots: Snapshots::default(),
            incomplete: false,
            doubtful: None,
            loaded: false,
            key: Vec::new(),
            packed: Vec::new(),
        }
    }

    /// Whether each row of the table is kept or is none.
    pub(super) fn is_whole(&self) -> bool {
        !self.incomplete && self.forgotten.is_empty()
    }

    /// Whether rows may be kept that are gone, or as they no longer are, or a part of them only.
    pub(super) fn is_doubtful(&self) -> bool {
        self.doubtful.is_some() || self.snapshots.is_under_way()
    }

    /// Whether a deletion of the row is remembered.
    pub(super) fn is_deleted(&self, key: &[u8]) -> bool {
        self.deletions.get(key).is_some()
    }

    pub(super) fn may_hold(&self, key: &[u8]) -> bool {
        self.incomplete || self.forgotten.contains(key)
    }

    /// `loading`: the table is read from its beginning, which compaction may have taken from a row's events.
    pub(super) fn apply(&mut self, change: &Change<'_>, believed: bool, loading: bool) -> Transition {
        let position = Position::of(change);
        self.loaded |= loading;
        if !loading {
            self.snapshots.read(change, is_of_snapshot(change));
        }
        if change.operation == Operation::Truncate {
            return self.truncate(position);
        }
        let row = match change.operation {
            Operation::Delete => change.before.as_ref(),
            _ => change.after.as_ref(),
        };
        let mut key = mem::take(&mut self.key);
        key.clear();
        let transition = match row.filter(|row| self.form.pack_key(row, &mut key)) {
            Some(_) => self.apply_row(&key, position, change, believed, loading),
            None => self.lose(change),
        };
        self.key = key;
        transition
    }

    fn apply_row(
        &mut self,
        key: &[u8],
        position: Position,
        change: &Change<'_>,
        believed: bool,
        loading: bool,
    ) -> Transition {
        let of_snapshot = is_of_snapshot(change);
        let mut doubt = self.snapshots.note(position, of_snapshot, loading).then_some(Doubt::SecondSnapshot);
        let deleted = self.deletions.get(key);
        let last = self.store.get(key).map(Image::position).or(deleted);
        // Where the snapshot that read the row missed the change, what is read last counts.
        let last = last.filter(|last| !position.may_be_missed_by(*last));
        if position_of_another(position, last) || position_of_another(position, self.floor) {
            doubt = Some(Doubt::OtherDatabase);
            self.floor = None;
            self.snapshots.restart(position, of_snapshot, loading);
        }
        self.doubtful = self.doubtful.max(doubt.map(|_| Until::Snapshot));
        let older = [last, self.floor].into_iter().flatten().any(|known| position.is_older_than(known));

        let sent = change.before.as_ref().filter(|_| believed);
        let sent = sent.and_then(|sent| self.pack_other(key, sent, position));
        let after = (change.operation != Operation::Delete)
            .then(|| change.after.as_ref().map(|after| self.pack(key, after, position, !older)))
            .flatten();

        let unkept = match change.operation {
            _ if self.forgotten.contains(key) => Before::Unknown,
            Operation::Create => Before::Absent,
            Operation::Delete if deleted.is_some_and(|deleted| !deleted.is_older_than(position)) => {
                Before::Absent
            }
            _ if older => Before::Absent,
            _ => Before::Unknown,
        };
        if older {
            let kept = self.store.get(key).cloned();
            return Transition { before: kept.map_or(unkept, Before::Known), sent, after, older, doubt };
        }
        let kept = if let Some(after) = &after {
            self.deletions.forget(key);
            self.store.put(&self.form, after.clone())
        } else {
            self.deletions.note(key, position);
            self.store.take(&self.form, key)
        };
        let forgotten = !self.forgotten.is_empty() && self.forgotten.remove(key);
        let before = kept.map_or(unkept, Before::Known);
        if change.operation == Operation::Update && before == Before::Unknown && !forgotten && !loading {
            self.incomplete |= !self.loaded;
            doubt = doubt.or(Some(Doubt::UnknownRow));
        }
        Transition { before, sent, after, older, doubt }
    }

    fn truncate(&mut self, position: Position) -> Transition {
        let other = position_of_another(position, self.floor);
        self.doubtful = self.doubtful.max(other.then_some(Until::Snapshot));
        if other {
            self.snapshots.restart(position, false, false);
        } else {
            self.snapshots.note(position, false, false);
        }
        let older = self.floor.is_some_and(|floor| position.is_older_than(floor));
        if !older {
            self.store.retain(&self.form, |image| position.is_older_than(image.position()));
            self.floor = Some(position);
        }
        let doubt = other.then_some(Doubt::OtherDatabase);
        Transition { before: Before::Unknown, sent: None, after: None, older, doubt }
    }

    /// An event that does not say which row it is of.
    fn lose(&mut self, change: &Change<'_>) -> Transition {
        self.forget_all();
        let after = change.after.as_ref().map(|after| self.pack(&[], after, Position::of(change), false));
        let doubt = Some(Doubt::UnknownRow);
        Transition { before: Before::Unknown, sent: None, after, older: false, doubt }
    }

    /// The event's old row, unless it is the kept one.
    fn pack_other(&mut self, key: &[u8], sent: &Row<'_>, position: Position) -> Option<Image> {
        let kept = self.store.get(key);
        self.packed.clear();
        self.form.pack(sent, position, kept, &mut self.packed);
        let (values, _) = pack::split_position(&self.packed);
        kept.is_none_or(|kept| kept.values() != values).then(|| Image(self.packed.as_slice().into()))
    }

    fn pack(&mut self, key: &[u8], row: &Row<'_>, position: Position, fill: bool) -> Image {
        let kept = self.store.get(key).filter(|_| fill);
        self.packed.clear();
        self.form.pack(row, position, kept, &mut self.packed);
        Image(self.packed.as_slice().into())
    }

    pub(super) fn forget(&mut self, row: Option<&Row<'_>>) {
        let mut key = Vec::new();
        if row.is_some_and(|row| self.form.pack_key(row, &mut key)) {
            self.store.take(&self.form, &key);
            self.deletions.forget(&key);
            self.forgotten.insert(key.into());
        } else {
            self.forget_all();
        }
    }

    /// Any row may have changed unseen, or have come.
    fn forget_all(&mut self) {
        self.incomplete = true;
        self.store.retain(&self.form, |_| false);
    }

    pub(super) fn passed(&mut self) -> bool {
        self.deletions.passed();
        self.loaded = false;
        let Some((ended, live)) = self.snapshots.passed() else { return false };
        self.doubtful = self.doubtful.filter(|until| *until != Until::Snapshot);
        let former = |row: Position| {
            (row.is_older_than(ended) && !row.may_be_missed_by(ended)) || ended.is_of_another_database(row)
        };
        self.store.retain(&self.form, |image| !former(image.position()));
        if self.floor.is_none_or(|floor| floor.is_older_than(ended)) {
            self.floor = Some(ended);
        }
        live
    }
}

/// Whether it is a row of a snapshot of the whole table.
fn is_of_snapshot(change: &Change<'_>) -> bool {
    change.operation == Operation::Snapshot && change.snapshot != Snapshot::Incremental
}

fn position_of_another(position: Position, known: Option<Position>) -> bool {
    known.is_some_and(|known| position.is_of_another_database(known))
}
