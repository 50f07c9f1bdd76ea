//! Values that are written instead of deleted. [`fence`](super::fence) says by which rules.
//!
//! A value is computed when it is sent, from the rows as they are then, at each attempt anew: nothing is kept of it here,
//! and what waits for Redis costs its key.

mod attempt;
mod groups;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use attempt::{Attempt, Done, Fill, Tokens, jittered};
pub(super) use attempt::{What, lives_ms};
use groups::Groups;
use tokio::sync::watch;
use tokio::task::block_in_place;

use super::connection::Connection;
use super::writer::{Again, until};
use crate::catalog::{Catalog, ComponentId, ViewId};
use crate::kafka::{Ask, Fresh};
use crate::telemetry::{Metrics, Warmed};

/// Keys that are written at once: others' commands come between, and a lock on the rows is short.
const AT_ONCE: usize = 128;
/// All keys of a view are written within this time for each, so that what changes is not held up by it.
const ONE_OF_ALL: Duration = Duration::from_micros(200);
/// How long after a fill that came too late it is tried anew.
const LATE: Duration = Duration::from_millis(500);
/// When a value is written again although nothing changed, as parts of its `ttl`.
const RENEWED: std::ops::Range<f64> = 0.4..0.5;

/// A key whose fill waits.
struct Queued {
    view: ViewId,
    ask: Ask,
    key: Arc<str>,
}

pub(super) struct Warming {
    catalog: Arc<Catalog>,
    fresh: Arc<Fresh>,
    metrics: Arc<Metrics>,
    tokens: Tokens,
    fills: HashMap<Arc<str>, Fill>,
    /// By component their keys in the order in which they get ready, and keys of fills that are no more.
    queues: BTreeMap<Option<ComponentId>, VecDeque<Queued>>,
    groups: Groups,
    answers: watch::Receiver<u64>,
    regained: watch::Receiver<u64>,
}

impl Warming {
    pub(super) fn new(catalog: &Arc<Catalog>, fresh: &Arc<Fresh>, metrics: &Arc<Metrics>) -> Self {
        Self {
            catalog: Arc::clone(catalog),
            fresh: Arc::clone(fresh),
            metrics: Arc::clone(metrics),
            tokens: Tokens::new(),
            fills: HashMap::new(),
            queues: BTreeMap::new(),
            groups: Groups::default(),
            answers: fresh.answers(),
            regained: fresh.regained(),
        }
    }

    /// Waits for something to do besides what events ask for.
    pub(super) async fn wait(&mut self) {
        let renewal = self.groups.next();
        loop {
            // Before it is looked: an answer that comes later wakes this up.
            self.answers.mark_unchanged();
            if self.queues.values().any(|queue| self.is_ready(queue)) {
                return;
            }
            tokio::select! {
                // The senders are as old as this.
                _ = self.answers.changed() => {}
                _ = self.regained.changed() => return self.write_all(),
                () = until(renewal) => return,
            }
        }
    }

    /// Whether the first fill of a queue can be sent, or is to be asked for anew.
    fn is_ready(&self, queue: &VecDeque<Queued>) -> bool {
        queue.front().is_some_and(|queued| self.fresh.is_answered(queued.ask))
    }

    /// Does what is due, some of it: whoever calls sees to events in between.
    pub(super) async fn go_on(&mut self, redis: &mut Connection) {
        self.fill(redis).await;
        let due = self.groups.take(Instant::now(), AT_ONCE);
        // Another copy renews what it leads.
        let views: BTreeSet<ViewId> = due.iter().map(|(view, _)| *view).collect();
        let of_others: Vec<_> =
            block_in_place(|| views.into_iter().filter(|view| !self.fresh.leads(*view)).collect());
        let (others, led): (Vec<_>, Vec<_>) = due.into_iter().partition(|(view, _)| of_others.contains(view));
        for (view, key) in others {
            self.groups.remove(&key);
            self.metrics.warm_groups(view, self.groups.len(view));
        }
        let keys: Vec<_> = led.iter().map(|(view, key)| (*view, &**key)).collect();
        self.write(redis, &keys, What::Renew).await;
    }

    /// Writes keys.
    pub(super) async fn write(&mut self, redis: &mut Connection, keys: &[(ViewId, &str)], what: What) {
        for keys in keys.chunks(AT_ONCE) {
            self.write_some(redis, keys, what).await;
        }
    }

    async fn write_some(&mut self, redis: &mut Connection, keys: &[(ViewId, &str)], what: What) {
        let waiting: Vec<_> = keys.iter().map(|(_, key)| self.fills.get(*key).cloned()).collect();
        let done = self.attempt(redis, keys, &waiting, what).await;
        let mut asks = BTreeMap::new();
        for ((view, key), done) in keys.iter().zip(done) {
            self.metrics.warmed(*view, warmed(&done, what));
            match done {
                Done::Deleted(Warmed::Empty) => {
                    self.forget(key);
                    continue;
                }
                Done::Leased(token) => {
                    let ask = *asks.entry(*view).or_insert_with(|| self.fresh.ask(*view));
                    if let Some(ask) = ask {
                        self.await_fill(*view, Arc::from(*key), Fill { token, ask });
                    }
                }
                Done::Kept | Done::Left => {}
                // Some time later its value may be known.
                Done::Written | Done::Late | Done::Deleted(_) => drop(self.fills.remove(*key)),
            }
            self.keep(*view, key, what);
        }
        self.bound(redis, keys).await;
    }

    fn await_fill(&mut self, view: ViewId, key: Arc<str>, fill: Fill) {
        let queue = self.queues.entry(self.catalog.component_of_view(view)).or_default();
        queue.push_back(Queued { view, ask: fill.ask, key: Arc::clone(&key) });
        self.fills.insert(key, fill);
    }

    /// Fills keys whose lease is old enough.
    async fn fill(&mut self, redis: &mut Connection) {
        let (mut names, mut fills) = (Vec::new(), Vec::new());
        for queue in self.queues.values_mut() {
            while names.len() < AT_ONCE
                && let Some(Queued { view, ask, key }) =
                    queue.pop_front_if(|queued| self.fresh.is_answered(queued.ask))
            {
                if let Some(fill) = self.fills.get(&key).filter(|fill| fill.ask == ask) {
                    fills.push(Some(fill.clone()));
                    names.push((view, key));
                }
            }
        }
        let keys: Vec<_> = names.iter().map(|(view, key)| (*view, &**key)).collect();
        let done = self.attempt(redis, &keys, &fills, What::Fill).await;
        for ((view, key), done) in keys.iter().zip(done) {
            self.metrics.warmed(*view, warmed(&done, What::Fill));
            let fill = self.fills.remove(*key);
            match (done, fill) {
                (Done::Deleted(Warmed::Empty), _) => self.forget(key),
                // The rows are read anew: under the same lease, once that is done.
                (Done::Late, Some(fill)) if self.fresh.is_outdated(fill.ask) => {
                    if let Some(ask) = self.fresh.ask(*view) {
                        self.await_fill(*view, Arc::from(*key), Fill { ask, ..fill });
                    }
                }
                // Most likely the family was deleted meanwhile.
                (Done::Late, _) if self.groups.holds(key) => {
                    self.groups.keep(*view, key, Instant::now() + LATE, false);
                }
                _ => {}
            }
        }
    }

    async fn attempt(
        &self,
        redis: &mut Connection,
        keys: &[(ViewId, &str)],
        waiting: &[Option<Fill>],
        what: What,
    ) -> Vec<Done> {
        if keys.is_empty() {
            return Vec::new();
        }
        let Self { catalog, fresh, tokens, .. } = self;
        redis.until_done(&Attempt { catalog, fresh, tokens, keys, waiting, what }).await
    }

    /// Notes that a key is there, and when it is to be written again.
    fn keep(&mut self, view: ViewId, key: &str, what: What) {
        let ttl = self.catalog.view(view).warm.map_or(Duration::ZERO, |warm| warm.ttl);
        self.groups.keep(view, key, Instant::now() + jittered(ttl, RENEWED), what == What::Write);
    }

    fn forget(&mut self, key: &str) {
        self.fills.remove(key);
        self.groups.remove(key);
    }

    /// Deletes what is beyond a view's `max_groups`.
    async fn bound(&mut self, redis: &mut Connection, keys: &[(ViewId, &str)]) {
        let mut views: Vec<ViewId> = keys.iter().map(|(view, _)| *view).collect();
        views.dedup();
        for view in views {
            let most = self.catalog.view(view).warm.map_or(0, |warm| warm.max_groups);
            let mut gone = Vec::new();
            while let Some(key) = self.groups.take_beyond(view, most) {
                self.fills.remove(&key);
                gone.push(key);
            }
            if !gone.is_empty() {
                let keys: Vec<_> = gone.iter().map(|key| (view, &**key)).collect();
                redis.until_done(&Again { catalog: &self.catalog, keys: &keys }).await;
                for _ in &gone {
                    self.metrics.warmed(view, Warmed::Evicted);
                }
            }
            self.metrics.warm_groups(view, self.groups.len(view));
        }
    }

    /// Keys of views that this copy leads by now are written: it does not know which its predecessor had written, or which
    /// had no value that was known.
    fn write_all(&mut self) {
        for view in self.catalog.view_ids() {
            let Some(warm) = self.catalog.view(view).warm else { continue };
            let keys = block_in_place(|| {
                if self.fresh.leads(view) { self.fresh.keys(view, warm.max_groups) } else { HashSet::new() }
            });
            self.spread(view, keys.iter().map(String::as_str));
        }
    }

    /// A family was deleted: its keys are written again.
    pub(super) fn refresh(&mut self, view: ViewId) {
        let keys = self.groups.of(view);
        self.spread(view, keys.iter().map(|key| &**key));
    }

    /// Keys are to be written, one after the other.
    fn spread<'k>(&mut self, view: ViewId, keys: impl Iterator<Item = &'k str>) {
        let mut due = Instant::now();
        for key in keys {
            self.groups.keep(view, key, due, false);
            due += ONE_OF_ALL;
        }
    }
}

fn warmed(done: &Done, what: What) -> Warmed {
    match (done, what) {
        (Done::Written, What::Write) => Warmed::Written,
        (Done::Written, What::Again | What::Renew) => Warmed::Renewed,
        (Done::Written, What::Fill) => Warmed::Filled,
        (Done::Leased(_) | Done::Kept, _) => Warmed::Leased,
        (Done::Late, _) => Warmed::Late,
        (Done::Left, _) => Warmed::Left,
        (Done::Deleted(why), _) => *why,
    }
}
