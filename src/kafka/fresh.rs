use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

pub use super::asks::Ask;
use super::asks::Asks;
use super::tracking::Tracking;
use crate::catalog::{Catalog, ComponentId, ViewId};
use crate::values::{Format, Trouble, Values};

/// The values of keys, as this copy's rows have them now: what whoever writes them asks for.
pub struct Fresh {
    catalog: Arc<Catalog>,
    values: Values,
    format: Format,
    warms: bool,
    reading: Mutex<Reading>,
    asks: Asks,
    regained: watch::Sender<u64>,
}

/// A reading of the tracked tables, while there is one.
#[derive(Default)]
struct Reading {
    tracking: Option<Arc<Tracking>>,
    number: u64,
}

/// A value, and how far the rows had been read that it was computed from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    pub value: Vec<u8>,
    /// The view's definition, and the next offset of each partition of its tables, in an order that all copies share.
    pub fence: String,
}

impl Fresh {
    pub fn new(catalog: &Arc<Catalog>, values: Values, format: Format) -> Self {
        Self {
            catalog: Arc::clone(catalog),
            values,
            format,
            warms: catalog.views.iter().any(|view| view.warm.is_some()),
            reading: Mutex::default(),
            asks: Asks::new(catalog.components.len()),
            regained: watch::Sender::new(0),
        }
    }

    /// Whether values of any view are written.
    pub const fn warms(&self) -> bool {
        self.warms
    }

    /// The values of these keys, or why they are not known; of the first keys alone where all of them would be more than
    /// `most` bytes, or take long. With them the number of the reading whose rows they are of.
    pub fn render(&self, keys: &[(ViewId, &str)], most: usize) -> (u64, Vec<Result<Rendered, Trouble>>) {
        let (tracking, number) = {
            let reading = self.reading();
            (reading.tracking.clone(), reading.number)
        };
        let mut rendered = match tracking {
            Some(tracking) => tracking.render(&self.values, self.format.spelling, keys, most),
            None => keys.iter().map(|_| Err(Trouble::Unresolved)).collect(),
        };
        // No event waits for this.
        for Rendered { value, .. } in rendered.iter_mut().flatten() {
            *value = self.format.pack(std::mem::take(value));
        }
        (number, rendered)
    }

    /// Whether this copy applies the effects of the view's tables.
    pub fn leads(&self, view: ViewId) -> bool {
        self.tracking().is_some_and(|tracking| tracking.leads(view))
    }

    /// The keys that rows fill of a view, those of the first rows where they are more than so many.
    pub fn keys(&self, view: ViewId, most: usize) -> HashSet<String> {
        self.tracking().map_or_else(HashSet::new, |tracking| tracking.keys(view, most))
    }

    /// Asks to be told when the rows of the view's tables are those of all that is in their topics from now on.
    pub fn ask(&self, view: ViewId) -> Option<Ask> {
        let component = self.catalog.component_of_view(view)?;
        Some(self.asks.ask(component, self.reading().number))
    }

    /// Whether that is so. Never, if the reading has ended in which it was asked.
    pub fn is_answered(&self, ask: Ask) -> bool {
        self.asks.is_answered(ask)
    }

    /// Whether the reading has ended in which this was asked. What the next one has read may be less.
    pub fn is_outdated(&self, ask: Ask) -> bool {
        !ask.is_of(self.reading().number)
    }

    /// Whether for this long the rows of the view's tables have not come to where they were to come: no value is known
    /// soon.
    pub fn stands_still(&self, view: ViewId, wait: Duration) -> bool {
        let since = self.catalog.component_of_view(view).and_then(|component| self.asks.since(component));
        since.is_some_and(|since| since.elapsed() > wait)
    }

    /// Changes whenever something that was asked for is so.
    pub fn answers(&self) -> watch::Receiver<u64> {
        self.asks.answers()
    }

    /// Changes whenever this copy may write values that it could not: it has taken over a component, or a table's rows are
    /// not in doubt any more.
    pub fn regained(&self) -> watch::Receiver<u64> {
        self.regained.subscribe()
    }

    /// What was asked for and not answered yet; waits a while for something.
    pub(super) fn open(&self, wait: Duration) -> Vec<(ComponentId, u64)> {
        self.asks.open(Instant::now() + wait)
    }

    pub(super) fn answer(&self, component: ComponentId, asked: u64) {
        self.asks.answer(component, asked);
    }

    pub(super) fn regain(&self) {
        self.regained.send_modify(|times| *times += 1);
    }

    /// Takes another reading's rows from now on, or nobody's.
    pub(super) fn of(&self, tracking: Option<&Arc<Tracking>>) {
        let mut reading = self.reading();
        reading.tracking = tracking.map(Arc::clone);
        reading.number += 1;
    }

    fn tracking(&self) -> Option<Arc<Tracking>> {
        self.reading().tracking.clone()
    }

    fn reading(&self) -> MutexGuard<'_, Reading> {
        self.reading.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
