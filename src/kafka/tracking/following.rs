//! From messages to rows and effects.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;
use std::sync::atomic::Ordering;

use rdkafka::Message as _;
use rdkafka::message::BorrowedMessage;

use super::component::{Phase, Reading};
use super::{State, Tracking};
use crate::batch::{Batch, Reached};
use crate::catalog::{ComponentId, TableId};
use crate::change::Partition;

use super::super::opening::{self, Entering, Seen, Widen};
use super::super::polling;

/// How far the rows have been loaded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::kafka) struct Loaded {
    /// Records read, and to be read, of those below the offsets where effects begin.
    pub(in crate::kafka) records: u64,
    pub(in crate::kafka) of: u64,
    pub(in crate::kafka) complete: bool,
}

impl Tracking {
    /// Begins with partitions: those that were there when reading began, or that came later.
    ///
    /// Those that came later are read from their beginning, every event with its effects.
    pub(super) fn add(&self, seen: &[(Partition, Seen)]) {
        let State { rows, readings, gathered, .. } = &mut *self.lock();
        let mut entering = Entering::default();
        for (partition, seen) in seen {
            let Some(component) = self.catalog.component_of(partition.table) else { continue };
            let reading = &mut readings[component.index()];
            let definitions = &self.definitions[partition.table.index()];
            let mut opening = opening::decide(seen, definitions, self.handoff.node());
            let from = if reading.phase == Phase::Loading { opening.start } else { seen.low };
            reading.add(*partition, seen.low, from);
            if reading.phase == Phase::Leading {
                if seen.committed.is_none() && seen.others && seen.low == 0 {
                    // It was added to a topic that was read all the time, and is read from its first event.
                    opening.widen = Widen::Nothing;
                }
                self.enter(gathered, &mut entering, *partition, seen, opening, from.into());
            }
            self.doubt_incomplete(rows, *partition, seen);
        }
    }

    /// A log that lost its beginning does not hold all rows. Nor is an old image ever superseded in a partition that its
    /// key no longer goes to.
    fn doubt_incomplete(&self, rows: &mut crate::rows::Rows, partition: Partition, seen: &Seen) {
        let table = self.catalog.table(partition.table);
        let (topic, number) = (table.topic.as_str(), partition.number);
        let has_grown = seen.partitions > seen.partitions_at_first;
        if has_grown {
            rows.stale(partition.table);
        }
        if rows.is_incomplete(partition.table) {
            return;
        }
        if seen.low > 0 {
            tracing::error!(
                topic,
                partition = number,
                first_offset = seen.low,
                "the topic has lost its beginning, so rows may be unknown and families are deleted in doubt; let Debezium write \
                 it anew by a snapshot, and keep it with `cleanup.policy=compact`"
            );
        } else if has_grown {
            tracing::error!(
                topic,
                partitions = seen.partitions,
                at_first = seen.partitions_at_first,
                "partitions were added to the topic, so a row's old image may never go and families are deleted in doubt; \
                 recreate the topic with this many partitions by a new snapshot"
            );
        } else {
            return;
        }
        rows.incomplete(partition.table);
    }

    /// Takes what was read, in order.
    pub(super) fn take(&self, messages: &[BorrowedMessage<'_>], reached: &[(Partition, i64)]) {
        let state = &mut *self.lock();
        for run in polling::runs(messages) {
            if let Some(table) = self.catalog.table_by_topic(run[0].topic()) {
                self.take_run(state, Partition { table, number: run[0].partition() }, run);
            }
        }
        for (partition, next) in reached {
            if let Some(component) = self.catalog.component_of(partition.table) {
                state.readings[component.index()].read(*partition, *next);
            }
        }
    }

    fn take_run(&self, state: &mut State, partition: Partition, run: &[BorrowedMessage<'_>]) {
        let State { rows, processing, readings, gathered, gaps, .. } = state;
        let Some(component) = self.catalog.component_of(partition.table) else { return };
        let reading = &mut readings[component.index()];
        let Some(place) = reading.place(partition) else { return };
        let (mut next, mut newest) = (place.next(), i64::MIN);
        {
            let loading = reading.phase == Phase::Loading;
            let mut sink = reading.sink(gathered, run.len());
            for message in run {
                // What follows the offset where effects begin is read once more when all is loaded.
                if message.offset() < place.next() || (loading && message.offset() >= place.from) {
                    continue;
                }
                if let Some(sink) = sink.as_deref_mut() {
                    let hides = processing.mind_the_gap(partition, next, message, sink);
                    // What was loaded was loaded without what is missing.
                    if hides && next > place.from {
                        rows.stale(partition.table);
                        gaps.insert(partition.table);
                    }
                }
                processing.process(rows, partition, message, sink.as_deref_mut());
                next = message.offset() + 1;
                newest = newest.max(message.timestamp().to_millis().unwrap_or(i64::MIN));
            }
            if let Some(sink) = sink
                && next > place.next()
            {
                sink.reach(partition, Reached { next, newest });
            }
        }
        reading.read(partition, Reached { next, newest });
    }

    /// Offers what was gathered to the writer. `idle`: there is no more to read, so it must not wait for that.
    pub(super) fn offer(&self, messages: usize, idle: bool) {
        let mut state = self.lock();
        let State { offering, gathered, .. } = &mut *state;
        offering.offer(&self.handoff, gathered, messages, idle);
        self.full.store(gathered.is_full(), Ordering::Relaxed);
        self.note_stopped(&state);
        self.note_doubts(&mut state);
    }

    /// Tells whoever writes values when a table's rows are not in doubt any more.
    fn note_doubts(&self, state: &mut State) {
        if self.fresh.warms() {
            let tables = self.catalog.tracked_tables();
            let doubtful: BTreeSet<TableId> = tables.filter(|table| state.rows.is_doubtful(*table)).collect();
            let regained = !state.doubtful.is_subset(&doubtful);
            state.doubtful = doubtful;
            if regained {
                self.fresh.regain();
            }
        }
    }

    /// How far the rows have been loaded.
    pub(in crate::kafka) fn loaded(&self) -> Loaded {
        let state = self.lock();
        let mut loaded = Loaded { complete: true, ..Loaded::default() };
        for reading in &state.readings {
            loaded.complete &= reading.is_loaded();
            for (_, place) in reading.partitions() {
                let records = |to: i64| u64::try_from(to - place.low).unwrap_or(0);
                loaded.records += records(place.next().min(place.from));
                loaded.of += records(place.from);
            }
        }
        loaded
    }

    /// All is loaded: from here on effects count. Returns where each partition is to be read from.
    pub(super) fn begin(&self) -> Vec<(Partition, i64)> {
        let state = &mut *self.lock();
        let mut starts = Vec::new();
        for reading in &mut state.readings {
            reading.phase = Phase::Standby;
            starts.extend(reading.partitions().map(|(partition, place)| (partition, place.from)));
        }
        starts
    }

    /// Where each partition's reading is.
    pub(super) fn places(&self) -> Vec<(Partition, i64)> {
        let state = self.lock();
        let place = |(partition, place): (Partition, super::component::Place)| (partition, place.next());
        state.readings.iter().flat_map(Reading::partitions).map(place).collect()
    }

    /// Whether each partition of a component is read up to its end.
    pub(super) fn has_reached(&self, component: ComponentId, ends: &BTreeMap<Partition, i64>) -> bool {
        let state = self.lock();
        let mut places = state.readings[component.index()].partitions();
        places.all(|(partition, place)| ends.get(&partition).is_none_or(|end| place.next() >= *end))
    }

    /// Every partition of the table has passed an end that was noted at least a minute ago.
    pub(super) fn passed(&self, table: TableId) {
        let mut state = self.lock();
        let State { rows, processing, readings, gathered, gaps, .. } = &mut *state;
        if gaps.contains(&table) {
            let topic = self.catalog.table(table).topic.as_str();
            tracing::warn!(topic, "rows were deleted unseen, by compaction; tracked tables are read anew");
            return self.fail();
        }
        let Some(component) = self.catalog.component_of(table) else { return };
        let reading = &mut readings[component.index()];
        let places: Vec<_> = reading.partitions().filter(|(partition, _)| partition.table == table).collect();
        let Some(sink) = reading.sink(gathered, 1) else { return };
        processing.passed(rows, table, sink);
        // A standby keeps it as long as an event that was read by now may be a dead leader's last.
        for (partition, place) in places.into_iter().filter(|(_, place)| place.next() > place.from) {
            sink.reach(partition, place.next());
        }
        self.note_doubts(&mut state);
    }

    /// How many rows are kept.
    pub(in crate::kafka) fn rows(&self) -> usize {
        let state = self.lock();
        self.catalog.table_ids().map(|table| state.rows.len(table)).sum()
    }

    /// How many rows of each tracked table are kept, for the metrics.
    pub(super) fn report(&self) {
        let state = self.lock();
        for table in self.catalog.tracked_tables() {
            self.metrics.rows(table, state.rows.len(table));
        }
        for (index, reading) in state.readings.iter().enumerate() {
            let first = self.catalog.component(ComponentId::from_index(index)).tables[0];
            self.metrics.component(first, reading.phase == Phase::Leading, reading.backlog.keys());
        }
    }

    /// What was gathered, for a drain.
    pub(in crate::kafka) fn hand_over(&self) {
        let mut batch: Batch = mem::take(&mut self.lock().gathered);
        if !batch.is_empty() {
            self.handoff.force(&mut batch);
        }
    }
}
