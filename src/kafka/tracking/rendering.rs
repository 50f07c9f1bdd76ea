//! Values, and the keys that have one.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use super::component::{Phase, Reading};
use super::{State, Tracking};
use crate::catalog::ViewId;
use crate::kafka::fresh::Rendered;
use crate::values::{Spelling, Trouble, Values};
use crate::views::filled_keys;

/// For how long values are computed, one at least, while events wait for the rows.
const AT_ONCE: Duration = Duration::from_millis(5);
/// A value of more bytes is none for a cache: whoever reads it, and whoever waits for Redis meanwhile, is held up.
const MOST_VALUE: usize = 1 << 20;
/// Rows that are looked at while events wait: a millisecond or two.
const ROWS_AT_ONCE: usize = 8_192;

impl Tracking {
    /// The values of these keys as the rows have them now, all at one moment; of the first keys alone where all would be more
    /// than `most` bytes, or take long.
    pub(in crate::kafka) fn render(
        &self,
        values: &Values,
        spelling: Spelling,
        keys: &[(ViewId, &str)],
        most: usize,
    ) -> Vec<Result<Rendered, Trouble>> {
        let State { rows, readings, large, .. } = &mut *self.lock();
        let (mut fences, mut bytes) = (BTreeMap::new(), 0);
        let mut rendered = Vec::with_capacity(keys.len());
        let end = Instant::now() + AT_ONCE;
        for (view, key) in keys {
            let now = Instant::now();
            if bytes > most || (!rendered.is_empty() && now > end) {
                break;
            }
            let fence = fences.entry(*view).or_insert_with(|| self.fence(readings, *view));
            let Some(fence) = fence else {
                rendered.push(Err(Trouble::Unresolved));
                continue;
            };
            if large.holds(*view, key, now) {
                rendered.push(Err(Trouble::TooLarge));
                continue;
            }
            let tree = values.value(&self.catalog, rows, *view, key);
            let value = tree.and_then(|tree| tree.bytes(spelling));
            let value = value.and_then(|value| {
                let fits = value.len() <= MOST_VALUE;
                fits.then_some(value).ok_or(Trouble::TooLarge)
            });
            large.note(*view, key, value == Err(Trouble::TooLarge), now);
            rendered.push(value.map(|value| {
                bytes += value.len() + fence.len();
                Rendered { value, fence: fence.clone() }
            }));
        }
        rendered
    }

    /// Whether this copy applies the effects of the view's tables.
    pub(in crate::kafka) fn leads(&self, view: ViewId) -> bool {
        let state = self.lock();
        let component = self.catalog.component_of_view(view);
        component.is_some_and(|id| state.readings[id.index()].phase == Phase::Leading)
    }

    /// The keys that the rows of the view's first table fill, no more than so many.
    ///
    /// What changes meanwhile has its own effects.
    pub(in crate::kafka) fn keys(&self, view: ViewId, most: usize) -> HashSet<String> {
        let (mut keys, mut from) = (HashSet::new(), 0);
        let mut add = |key: &str| {
            if !keys.contains(key) {
                keys.insert(key.to_owned());
            }
            keys.len()
        };
        let mut found = 0;
        while found < most {
            let places = from..from + ROWS_AT_ONCE;
            if !filled_keys(&self.catalog, view, &self.lock().rows, places, |key| found = add(key)) {
                break;
            }
            from += ROWS_AT_ONCE;
        }
        keys
    }

    /// How far the view's tables are read. `None` while they are loaded: the rows are those of no moment.
    fn fence(&self, readings: &[Reading], view: ViewId) -> Option<String> {
        let component = self.catalog.component_of_view(view)?;
        let reading = Some(&readings[component.index()]).filter(|reading| reading.phase != Phase::Loading)?;
        let view = self.catalog.view(view);
        let mut fence = format!("{:016x}", view.digest);
        // By the topics' names, whatever the order of the configuration.
        for table in &self.catalog.component(component).tables {
            if view.tables(&self.catalog.relations).any(|needed| needed == *table) {
                for (_, place) in reading.partitions().filter(|(partition, _)| partition.table == *table) {
                    // Writing to a text does not fail.
                    let _ = write!(fence, " {}", place.next());
                }
            }
        }
        Some(fence)
    }
}
