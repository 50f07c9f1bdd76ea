use std::collections::BTreeMap;

use crate::batch::{Backlog, Batch, Reached};
use crate::change::Partition;

/// What this copy does with the effects of a component's events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Reads up to what is committed. Those effects were applied by then.
    Loading,
    /// Keeps them, in case that it takes over.
    Standby,
    /// Applies them.
    Leading,
}

/// A component as this copy reads it. Pure.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) phase: Phase,
    pub(super) backlog: Backlog,
    partitions: BTreeMap<Partition, Place>,
}

/// Where a partition's reading is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// The first offset in the log when reading began.
    pub(super) low: i64,
    /// Effects begin here; what lies below was applied when reading began, or is covered by a deletion of the families.
    pub(super) from: i64,
    /// Up to where it was read. The newest time counts also of records without effects.
    pub(super) reached: Reached,
}

impl Place {
    /// The offset after the last record read.
    pub(super) const fn next(&self) -> i64 {
        self.reached.next
    }
}

impl Default for Reading {
    fn default() -> Self {
        Self { phase: Phase::Loading, backlog: Backlog::default(), partitions: BTreeMap::new() }
    }
}

impl Reading {
    /// Begins with a partition.
    pub(super) fn add(&mut self, partition: Partition, low: i64, from: i64) {
        self.partitions.insert(partition, Place { low, from, reached: low.into() });
    }

    pub(super) fn place(&self, partition: Partition) -> Option<Place> {
        self.partitions.get(&partition).copied()
    }

    pub(super) fn partitions(&self) -> impl Iterator<Item = (Partition, Place)> + '_ {
        self.partitions.iter().map(|(partition, place)| (*partition, *place))
    }

    /// Notes up to where a partition was read. While loading nothing counts beyond where effects begin: that is read again.
    pub(super) fn read(&mut self, partition: Partition, reached: impl Into<Reached>) {
        let loading = self.phase == Phase::Loading;
        if let Some(place) = self.partitions.get_mut(&partition) {
            let Reached { next, newest } = reached.into();
            place.reached.join(Reached { next: if loading { next.min(place.from) } else { next }, newest });
        }
    }

    /// Whether the rows are those of the offsets where effects begin.
    pub(super) fn is_loaded(&self) -> bool {
        self.partitions.values().all(|place| place.next() >= place.from)
    }

    /// Where the effects of the next events go; nowhere while loading.
    pub(super) fn sink<'b>(&'b mut self, gathered: &'b mut Batch, events: usize) -> Option<&'b mut Batch> {
        match self.phase {
            Phase::Loading => None,
            Phase::Standby => Some(self.backlog.open(events)),
            Phase::Leading => Some(gathered),
        }
    }

    /// Forgets what the leader has committed.
    pub(super) fn trim(&mut self, committed: impl Fn(Partition) -> Option<i64>) {
        if self.phase == Phase::Standby {
            self.backlog.seal();
            self.backlog.trim(committed);
        }
    }

    /// Whether the group's offset is below one that this copy saw committed: it was lost. `committed` is as it is now.
    pub(super) fn is_lost(&self, partition: Partition, committed: i64) -> bool {
        self.backlog.trimmed(partition).is_some_and(|trimmed| committed < trimmed)
            || self.place(partition).is_some_and(|place| committed < place.from)
    }

    /// Takes over: everything that is left goes into the batch, whatever its partition, in the order of reading.
    pub(super) fn lead(&mut self, gathered: &mut Batch) {
        self.phase = Phase::Leading;
        for mut batch in self.backlog.take() {
            gathered.append(&mut batch);
        }
    }

    /// Becomes a standby. What was handed to the writer and is not committed when this copy takes over again may never
    /// have been acknowledged: `families` stand for it, up to where this copy has read.
    pub(super) fn give_up(&mut self, families: impl FnOnce(&mut Batch)) {
        self.phase = Phase::Standby;
        let Self { backlog, partitions, .. } = self;
        let batch = backlog.open(1);
        families(batch);
        for (partition, place) in partitions.iter().filter(|(_, place)| place.next() > place.from) {
            batch.reach(*partition, place.reached);
        }
        backlog.seal();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::TableId;

    const PARTITION: Partition = Partition { table: TableId::from_index(0), number: 0 };

    #[test]
    fn what_is_fetched_while_loading_beyond_where_effects_begin_is_not_read() {
        let mut reading = Reading::default();
        reading.add(PARTITION, 2, 5);
        reading.read(PARTITION, 4);
        assert!(!reading.is_loaded());
        reading.read(PARTITION, 9);
        assert!(reading.is_loaded());
        assert_eq!(reading.place(PARTITION).map(|place| place.next()), Some(5));
        reading.phase = Phase::Standby;
        reading.read(PARTITION, 9);
        assert_eq!(reading.place(PARTITION).map(|place| place.next()), Some(9));
    }

    #[test]
    fn a_commit_below_what_was_seen_committed_is_lost() {
        let mut reading = Reading { phase: Phase::Standby, ..Reading::default() };
        reading.add(PARTITION, 0, 5);
        for (committed, expected) in [(4, true), (5, false), (9, false)] {
            assert_eq!(reading.is_lost(PARTITION, committed), expected, "{committed}");
        }
        reading.backlog.open(1).reach(PARTITION, 8);
        reading.trim(|_| Some(8));
        for (committed, expected) in [(7, true), (8, false)] {
            assert_eq!(reading.is_lost(PARTITION, committed), expected, "{committed}");
        }
    }

    #[test]
    fn what_is_given_up_is_in_doubt_until_it_is_committed() {
        let mut reading = Reading { phase: Phase::Leading, ..Reading::default() };
        reading.add(PARTITION, 0, 5);
        reading.read(PARTITION, 9);
        let family = |batch: &mut Batch| {
            crate::views::Effects::family(
                batch,
                crate::catalog::ViewId::from_index(0),
                crate::views::Why::because(crate::views::Reason::Unacknowledged),
            );
        };
        reading.give_up(family);
        let taken_over = |reading: &mut Reading, committed: i64| {
            let mut gathered = Batch::default();
            reading.trim(|_| Some(committed));
            reading.lead(&mut gathered);
            gathered.families().len()
        };
        assert_eq!(taken_over(&mut reading, 8), 1);
        reading.give_up(family);
        assert_eq!(taken_over(&mut reading, 9), 0);
    }
}
