use std::collections::HashSet;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::tracking::Tracking;
use crate::catalog::{Catalog, ViewId};
use crate::values::{Format, Trouble, Values};

/// The values of keys, as this copy's rows have them now: what whoever writes them asks for.
pub struct Fresh {
    values: Values,
    format: Format,
    warms: bool,
    /// The reading of the tracked tables, while there is one.
    tracking: Mutex<Option<Arc<Tracking>>>,
    asked: Mutex<u64>,
    more: Condvar,
    passed: watch::Sender<u64>,
    led: watch::Sender<u64>,
}

/// A value, and how far the rows had been read that it was computed from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    pub value: Vec<u8>,
    /// The view's definition, and the next offset of each partition of its tables, in an order that all copies share.
    pub fence: String,
}

impl Fresh {
    pub fn new(catalog: &Catalog, values: Values, format: Format) -> Self {
        Self {
            values,
            format,
            warms: catalog.views.iter().any(|view| view.warm.is_some()),
            tracking: Mutex::default(),
            asked: Mutex::default(),
            more: Condvar::new(),
            passed: watch::Sender::new(0),
            led: watch::Sender::new(0),
        }
    }

    /// Whether values of any view are written.
    pub const fn warms(&self) -> bool {
        self.warms
    }

    /// The values of these keys, or why they are not known; of the first keys alone where all of them would be more than
    /// `most` bytes, or take long.
    pub fn render(&self, keys: &[(ViewId, &str)], most: usize) -> Vec<Result<Rendered, Trouble>> {
        match self.tracking() {
            Some(tracking) => tracking.render(&self.values, self.format, keys, most),
            None => keys.iter().map(|_| Err(Trouble::Unresolved)).collect(),
        }
    }

    /// Whether this copy applies the effects of the view's tables.
    pub fn leads(&self, view: ViewId) -> bool {
        self.tracking().is_some_and(|tracking| tracking.leads(view))
    }

    /// The keys that rows fill of a view, those of the first rows where they are more than so many.
    pub fn keys(&self, view: ViewId, most: usize) -> HashSet<String> {
        self.tracking().map_or_else(HashSet::new, |tracking| tracking.keys(view, most))
    }

    /// Asks to be told when the rows are those of all that is in the topics from now on. Returns what [`passed`](Self::passed)
    /// will show then, or more.
    pub fn ask(&self) -> u64 {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        *asked += 1;
        self.more.notify_one();
        *asked
    }

    pub fn passed(&self) -> watch::Receiver<u64> {
        self.passed.subscribe()
    }

    /// Changes whenever this copy has taken over a component.
    pub fn led(&self) -> watch::Receiver<u64> {
        self.led.subscribe()
    }

    /// The last that was asked for, if that was not answered yet; waits a while for it.
    pub(super) fn open(&self, wait: Duration) -> Option<u64> {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = *self.passed.borrow();
        let waited = self.more.wait_timeout_while(asked, wait, |asked| *asked == passed);
        let asked = *waited.unwrap_or_else(PoisonError::into_inner).0;
        (asked > passed).then_some(asked)
    }

    pub(super) fn pass(&self, asked: u64) {
        self.passed.send_replace(asked);
    }

    pub(super) fn lead(&self) {
        self.led.send_modify(|times| *times += 1);
    }

    /// Takes another reading's rows from now on, or nobody's.
    pub(super) fn of(&self, tracking: Option<&Arc<Tracking>>) {
        *self.tracking.lock().unwrap_or_else(PoisonError::into_inner) = tracking.map(Arc::clone);
    }

    fn tracking(&self) -> Option<Arc<Tracking>> {
        self.tracking.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
