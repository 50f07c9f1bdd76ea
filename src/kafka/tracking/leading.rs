//! Taking over, giving up, and what a standby forgets.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::component::{Phase, Reading};
use super::{State, Tracking};
use crate::batch::{Batch, Letter, Reached};
use crate::catalog::{ComponentId, TableId, ViewId};
use crate::change::Partition;
use crate::views::{Effects as _, Reason, Why};

use super::super::ledger::Held;
use super::super::mode::Mode;
use super::super::opening::{self, Committed, Entering, Opening, Seen, Widen};

impl Tracking {
    /// The components that this copy is to take over and those that it is to give up, by what it owns in the group.
    ///
    /// A component is led by the owner of partition 0 of its first topic that exists.
    pub(in crate::kafka) fn election(
        &self,
        owned: &BTreeSet<Partition>,
    ) -> (Vec<ComponentId>, Vec<ComponentId>) {
        let state = self.lock();
        let is_elected = |id: &ComponentId| {
            let zero = |table: &TableId| Partition { table: *table, number: 0 };
            let exists =
                |zero: &Partition| owned.contains(zero) || state.readings[id.index()].place(*zero).is_some();
            let first = self.catalog.component(*id).tables.iter().map(zero).find(exists);
            first.is_some_and(|first| owned.contains(&first))
        };
        let phase = |id: &ComponentId| state.readings[id.index()].phase;
        let all = || (0..self.catalog.components.len()).map(ComponentId::from_index);
        (
            all().filter(|id| phase(id) == Phase::Standby && is_elected(id)).collect(),
            all().filter(|id| phase(id) == Phase::Leading && !is_elected(id)).collect(),
        )
    }

    /// The partitions of a component that this copy reads.
    pub(in crate::kafka) fn partitions(&self, component: ComponentId) -> Vec<Partition> {
        self.lock().readings[component.index()].partitions().map(|(partition, _)| partition).collect()
    }

    /// Takes a component over. `seen` is what the broker says of its partitions now.
    pub(in crate::kafka) fn lead(&self, component: ComponentId, seen: &[(Partition, Seen)]) {
        let mut state = self.lock();
        let State { readings, gathered, .. } = &mut *state;
        let reading = &mut readings[component.index()];
        let offset = |seen: &Seen| seen.committed.as_ref().map(|committed| committed.offset);
        reading.trim(|partition| offset(&seen.iter().find(|(other, _)| *other == partition)?.1));
        let waiting_keys = reading.backlog.keys();
        let mut entering = Entering::default();
        for (partition, seen) in seen {
            let Some(place) = reading.place(*partition) else { continue };
            let definitions = &self.definitions[partition.table.index()];
            let mut opening = opening::decide(seen, definitions, self.handoff.node());
            if offset(seen).is_some_and(|offset| reading.is_lost(*partition, offset)) {
                opening.widen = Widen::All(Reason::LostOffsets);
            }
            // All that was read above what is committed goes into the same batch.
            let next = place.next().max(place.from).min(seen.high);
            let read = Reached { next, ..place.reached };
            self.enter(gathered, &mut entering, *partition, seen, opening, read);
        }
        // One that came since the broker was asked.
        for (partition, _) in reading.partitions() {
            if seen.iter().all(|(other, _)| *other != partition) {
                let count = reading.partitions().filter(|(other, _)| other.table == partition.table).count();
                let partitions = u32::try_from(count).unwrap_or(u32::MAX);
                self.handoff.ledger(|ledger| ledger.assign(partition, Held { partitions, ..Held::NOTHING }));
            }
        }
        reading.lead(gathered);
        self.note_stopped(&state);
        let families = entering.reasons();
        tracing::info!(component = self.first_topic(component), waiting_keys, families, "leading");
        self.fresh.regain();
    }

    pub(super) fn enter(
        &self,
        gathered: &mut Batch,
        entering: &mut Entering,
        partition: Partition,
        seen: &Seen,
        mut opening: Opening,
        read: Reached,
    ) {
        let mut held = opening.held(seen);
        if self.mode == Mode::DryRun {
            (opening.widen, held.current) = (Widen::Nothing, true);
        }
        let definitions = &self.definitions[partition.table.index()];
        entering.enter((&self.handoff, gathered), partition, (opening.widen, definitions), held, read);
    }

    /// Becomes a standby of a component; what is gathered goes to the writer by [`hand_over`](Self::hand_over).
    pub(in crate::kafka) fn give_up(&self, component: ComponentId) {
        let mut state = self.lock();
        state.readings[component.index()].give_up(|batch: &mut Batch| {
            for table in &self.catalog.component(component).tables {
                for view in self.views_of(*table) {
                    batch.family(view, Why::because(Reason::Unacknowledged));
                }
            }
        });
        tracing::info!(component = self.first_topic(component), "leading no more");
    }

    /// Commits nothing of these partitions any more. What waits of them is still applied.
    pub(in crate::kafka) fn forget(&self, partitions: &[Partition]) -> Vec<Arc<Letter>> {
        self.lock().gathered.forget(partitions)
    }

    /// Keeps letters that this copy gave up undelivered, in case that it takes over again before its successor has
    /// delivered them. They count as late as what was read last, which is later than they have to.
    pub(in crate::kafka) fn keep(&self, letters: Vec<Arc<Letter>>) {
        let mut state = self.lock();
        for letter in letters {
            let Some(component) = self.catalog.component_of(letter.partition.table) else { continue };
            let reading = &mut state.readings[component.index()];
            if reading.phase == Phase::Standby {
                let batch = reading.backlog.open(1);
                batch.reach(letter.partition, letter.offset + 1);
                batch.letter(letter);
            }
        }
        self.note_stopped(&state);
    }

    /// Every partition of the components that this copy does not lead.
    pub(super) fn standing_by(&self) -> Vec<Partition> {
        let state = self.lock();
        let standing_by = state.readings.iter().filter(|reading| reading.phase == Phase::Standby);
        standing_by.flat_map(Reading::partitions).map(|(partition, _)| partition).collect()
    }

    /// Forgets what leaders have committed.
    pub(super) fn trim(&self, committed: &BTreeMap<Partition, Committed>) {
        let mut state = self.lock();
        for reading in &mut state.readings {
            reading.trim(|partition| committed.get(&partition).map(|committed| committed.offset));
        }
        self.note_stopped(&state);
    }

    fn views_of(&self, table: TableId) -> impl Iterator<Item = ViewId> + '_ {
        self.definitions[table.index()].views()
    }

    fn first_topic(&self, component: ComponentId) -> &str {
        &self.catalog.table(self.catalog.component(component).tables[0]).topic
    }
}
