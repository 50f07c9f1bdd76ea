//! Tracked tables: this copy's rows of all partitions, and whether it leads.
//!
//! What an event deletes depends, through relations, on what was read of other topics before it. So the effects of a
//! component's events are applied by one copy, its leader, which reads every partition of it; that is right in any
//! interleaving: either the rows include a link when the far row's change comes, or the link's own event comes later and
//! deletes then. The others read alike and keep the effects that are not committed yet, in their own reading order, and
//! take over with them. `src/views/tests/interleavings` shows that an owner a partition leaves stale keys.

mod component;
mod context;
mod following;
mod large;
mod leading;
mod passing;
mod rendering;
mod session;
mod watch;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use rdkafka::error::KafkaResult;
use rdkafka::{Offset, TopicPartitionList};

use self::component::{Phase, Reading};
pub(super) use self::following::Loaded;
use self::large::Large;
pub(super) use self::session::Session;
use super::asking;
use super::dead_letters;
use super::fresh::Fresh;
use super::metadata::Definitions;
use super::mode::Mode;
use super::offering::Offering;
use super::processing::Processing;
use super::reach::Reach;
use crate::batch::Batch;
use crate::catalog::{Catalog, TableId};
use crate::change::Partition;
use crate::handoff::Handoff;
use crate::rows::Rows;
use crate::telemetry::Metrics;

/// Everything that the threads of tracked tables share with the group's.
pub(super) struct Tracking {
    catalog: Arc<Catalog>,
    handoff: Arc<Handoff>,
    metrics: Arc<Metrics>,
    definitions: Arc<Vec<Definitions>>,
    mode: Mode,
    reach: Arc<Reach>,
    fresh: Arc<Fresh>,
    state: Mutex<State>,
    /// What is gathered is as much as a batch may hold; reading waits.
    full: AtomicBool,
    /// Rows are in doubt: they are read anew from the beginning.
    failed: AtomicBool,
    /// Partitions of which this copy, as a standby, keeps too many letters to read on.
    stopped: Mutex<BTreeSet<Partition>>,
    /// The ends of partitions, as last heard.
    ends: Mutex<Vec<(Partition, i64)>>,
}

struct State {
    rows: Rows,
    processing: Processing,
    /// By component.
    readings: Vec<Reading>,
    /// Effects of the components that this copy leads, since the last hand-over.
    gathered: Batch,
    offering: Offering,
    /// Tables of which compaction may have taken what was not read, a deletion for one: their rows may be gone.
    gaps: BTreeSet<TableId>,
    /// Tables whose rows were in doubt when it was last looked.
    doubtful: BTreeSet<TableId>,
    large: Large,
}

impl Tracking {
    pub(super) fn new(
        catalog: &Arc<Catalog>,
        handoff: &Arc<Handoff>,
        metrics: &Arc<Metrics>,
        definitions: &Arc<Vec<Definitions>>,
        processing: Processing,
        (mode, reach, fresh): (Mode, &Arc<Reach>, &Arc<Fresh>),
    ) -> Self {
        Self {
            state: Mutex::new(State {
                rows: Rows::new(Arc::clone(catalog)),
                processing,
                readings: catalog.components.iter().map(|_| Reading::default()).collect(),
                gathered: Batch::default(),
                offering: Offering::default(),
                gaps: BTreeSet::new(),
                doubtful: BTreeSet::new(),
                large: Large::default(),
            }),
            catalog: Arc::clone(catalog),
            handoff: Arc::clone(handoff),
            metrics: Arc::clone(metrics),
            definitions: Arc::clone(definitions),
            mode,
            reach: Arc::clone(reach),
            fresh: Arc::clone(fresh),
            full: AtomicBool::new(false),
            failed: AtomicBool::new(false),
            stopped: Mutex::default(),
            ends: Mutex::default(),
        }
    }

    /// Whether what is gathered is as much as a batch may hold.
    fn is_full(&self) -> bool {
        self.full.load(Ordering::Relaxed)
    }

    /// Rows are in doubt: this reading ends, and they are read anew.
    fn fail(&self) {
        self.failed.store(true, Ordering::Relaxed);
    }

    pub(super) fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }

    /// The partitions that are read no further, since their letters are not delivered.
    fn stopped(&self) -> BTreeSet<Partition> {
        let mut stopped = self.handoff.ledger(|ledger| ledger.stopped(Instant::now()));
        stopped.retain(|partition| self.catalog.table(partition.table).tracked);
        stopped.extend(self.stopped.lock().unwrap_or_else(PoisonError::into_inner).iter().copied());
        stopped
    }

    /// Notes which partitions a standby reads no further: those of which many letters wait, until none do.
    fn note_stopped(&self, state: &State) {
        let mut letters: BTreeMap<Partition, (usize, usize)> = BTreeMap::new();
        let standing_by = state.readings.iter().filter(|reading| reading.phase == Phase::Standby);
        for letter in standing_by.flat_map(|reading| reading.backlog.letters()) {
            let (number, bytes) = letters.entry(letter.partition).or_default();
            (*number, *bytes) = (*number + 1, *bytes + letter.bytes());
        }
        let mut stopped = self.stopped.lock().unwrap_or_else(PoisonError::into_inner);
        letters.retain(|partition, (number, bytes)| {
            stopped.contains(partition) || dead_letters::are_many(*number, *bytes)
        });
        *stopped = letters.into_keys().collect();
    }

    /// The end of each partition, as the broker told last.
    pub(super) fn ends(&self) -> Vec<(Partition, i64)> {
        self.ends.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set_ends(&self, ends: Vec<(Partition, i64)>) {
        *self.ends.lock().unwrap_or_else(PoisonError::into_inner) = ends;
    }

    /// These partitions, from these offsets.
    fn list(&self, starts: Vec<(Partition, i64)>) -> KafkaResult<TopicPartitionList> {
        let starts = starts.into_iter().map(|(partition, start)| (partition, Offset::Offset(start)));
        asking::list(&self.catalog, starts)
    }

    /// A panic elsewhere leaves the rows in doubt, and ends the process's part that reads them; the rest may look.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
