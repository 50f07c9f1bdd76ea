//! Values that the database is asked for once their keys were deleted, under a lease as a reader does it (`lease`).
//!
//! Nothing waits for this: a key whose value is not told, for whatever reason, is deleted, and a reader fills it. What is told
//! too late is refused with the lease, which each deletion takes along; the key is then asked for again, since each deletion
//! notes that, too.

mod queue;
mod script;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use queue::Queue;
use redis::aio::MultiplexedConnection;
use redis::{Cmd, RedisResult};
pub use script::probe;
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

use super::connection::connect_once;
use super::lease::lease_of;
use super::warming::lives_ms;
use crate::catalog::{Catalog, Pattern, Refill, ViewId};
use crate::config::{Database, RedisUrl};
use crate::database::{DatabaseError, Session};
use crate::telemetry::{Metrics, Refilled};
use crate::values::Format;

/// How many sessions the database is asked in at once.
const SESSIONS: usize = 4;
/// How long a statement may take; and with it all that is asked for one value. Both are less than the lease lasts.
const STATEMENT: Duration = Duration::from_secs(5);
const VALUE: Duration = Duration::from_secs(7);
/// How long after a session that could not be had, or was given up, another is opened.
const AGAIN: Duration = Duration::from_secs(1);
/// What goes wrong with a view is said no more often.
const SAID_EACH: Duration = Duration::from_mins(1);

/// Where the database and Redis are, and how values are spelled there.
#[derive(Debug, Clone)]
pub struct Places {
    pub redis: RedisUrl,
    pub database: Database,
    pub format: Format,
}

/// Asks for the values of keys that were deleted.
pub struct Refilling {
    catalog: Arc<Catalog>,
    metrics: Arc<Metrics>,
    places: Option<Places>,
    queue: Mutex<Queue>,
    more: Notify,
    said: Mutex<HashMap<ViewId, Instant>>,
}

/// Why a value was not told.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("redis: {0}")]
    Redis(#[from] redis::RedisError),
    #[error("the database: {0}")]
    Database(#[from] DatabaseError),
}

impl Refilling {
    /// Without places, where no view asks, it does nothing.
    pub fn new(catalog: &Arc<Catalog>, metrics: &Arc<Metrics>, places: Option<Places>) -> Self {
        Self {
            catalog: Arc::clone(catalog),
            metrics: Arc::clone(metrics),
            places: places.filter(|_| catalog.views.iter().any(|view| view.refill.is_some())),
            queue: Mutex::default(),
            more: Notify::new(),
            said: Mutex::default(),
        }
    }

    /// Notes that these keys were deleted; those of views that ask for no value are left out.
    pub(super) fn deleted<'k>(&self, keys: impl Iterator<Item = (ViewId, &'k str)>) {
        if self.places.is_none() {
            return;
        }
        let mut queue = self.queue();
        for (view, key) in keys.filter(|(view, _)| self.catalog.view(*view).refill.is_some()) {
            if !queue.push(view, key) {
                self.metrics.refilled(view, Refilled::Dropped);
            }
        }
        self.metrics.refill_queue(queue.len());
        if queue.has_waiting() {
            self.more.notify_one();
        }
    }

    /// Asks, a few at a time. Never ends.
    pub async fn ask(&self) {
        let Some(places) = &self.places else { return std::future::pending().await };
        let askers: [_; SESSIONS] =
            std::array::from_fn(|_| Asker { of: self, places, redis: None, session: None }.ask());
        let [first, second, third, fourth] = askers;
        tokio::join!(first, second, third, fourth);
    }

    async fn next(&self) -> (ViewId, Arc<str>) {
        loop {
            {
                let mut queue = self.queue();
                if let Some(next) = queue.take() {
                    if queue.has_waiting() {
                        self.more.notify_one();
                    }
                    return next;
                }
            }
            self.more.notified().await;
        }
    }

    fn done(&self, view: ViewId, key: &Arc<str>) {
        let mut queue = self.queue();
        queue.done(view, key);
        self.metrics.refill_queue(queue.len());
        if queue.has_waiting() {
            self.more.notify_one();
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn failed(&self, view: ViewId, error: &Failure) {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if said.get(&view).is_none_or(|then| then.elapsed() >= SAID_EACH) {
            said.insert(view, Instant::now());
            let name = &self.catalog.view(view).name;
            tracing::warn!(view = name, %error, "the database tells no value; the key stays deleted");
        }
    }
}

/// Asks for one value after the other, in a session of its own.
struct Asker<'r> {
    of: &'r Refilling,
    places: &'r Places,
    redis: Option<MultiplexedConnection>,
    session: Option<Session>,
}

impl Asker<'_> {
    async fn ask(mut self) {
        loop {
            let (view, key) = self.of.next().await;
            let started = Instant::now();
            let outcome = match self.refill(view, &key).await {
                Ok(outcome) => outcome,
                Err(error) => {
                    self.of.failed(view, &error);
                    Refilled::Failed
                }
            };
            let has_failed = outcome == Refilled::Failed;
            self.of.metrics.refilled(view, outcome);
            self.of.metrics.refill_took(started.elapsed());
            self.of.done(view, &key);
            if has_failed && self.session.is_none() {
                // Not a login for each key.
                sleep(AGAIN).await;
            }
        }
    }

    async fn refill(&mut self, view: ViewId, key: &str) -> Result<Refilled, Failure> {
        let catalog = Arc::clone(&self.of.catalog);
        let view = catalog.view(view);
        let (Some(refill), Pattern::Template(template), Some(lease)) =
            (&view.refill, &view.pattern, lease_of(key))
        else {
            return Ok(Refilled::Elsewhere);
        };
        let Some(holes) = template.values(key) else { return Ok(Refilled::Elsewhere) };
        let parameters: Vec<&str> = refill.holes.iter().map(|hole| holes[*hole]).collect();
        // Before the lease: readers do not wait for a database that is away.
        self.open().await?;
        let token = format!("freshet-{:032x}", fastrand::u128(..));
        let taken = self.run(&script::take(key, &lease, &token)).await;
        if taken.is_err() {
            // It may have been taken all the same.
            self.run(&script::release(key, &lease, &token)).await?;
        }
        if taken? == 0 {
            return Ok(Refilled::Elsewhere);
        }
        let value = self.value(refill, &parameters).await;
        let Ok(Some(value)) = value else {
            // A reader need not wait until it expires.
            self.run(&script::release(key, &lease, &token)).await?;
            return value.map(|_| Refilled::Empty);
        };
        let filled = self.run(&script::fill(key, &lease, &token, &value, lives_ms(refill.ttl))).await;
        if filled.is_err() {
            // Redis takes no write, but it may delete.
            self.run(&script::release(key, &lease, &token)).await?;
        }
        Ok(if filled? == 1 { Refilled::Filled } else { Refilled::Overtaken })
    }

    async fn value(&mut self, refill: &Refill, parameters: &[&str]) -> Result<Option<Vec<u8>>, Failure> {
        let format = self.places.format;
        let session = self.open().await?;
        let told = timeout(VALUE, session.value(&refill.sql, parameters, format));
        let Ok(told) = told.await else {
            // What comes later would have to wait behind it.
            self.session = None;
            return Err(DatabaseError::Silent(VALUE).into());
        };
        if told.is_err() {
            // A statement may be one that the server has forgotten, or whose columns have changed.
            self.session = None;
        }
        Ok(told?)
    }

    async fn open(&mut self) -> Result<&mut Session, DatabaseError> {
        let session = match self.session.take().filter(|session| !session.is_closed()) {
            Some(live) => live,
            None => timeout(VALUE, Session::open(&self.places.database, STATEMENT))
                .await
                .unwrap_or(Err(DatabaseError::Silent(VALUE)))?,
        };
        Ok(self.session.insert(session))
    }

    async fn run(&mut self, command: &Cmd) -> RedisResult<u64> {
        let redis = match &mut self.redis {
            Some(live) => live,
            none => none.insert(connect_once(&self.places.redis).await?),
        };
        let answer = command.query_async(redis).await;
        if answer.is_err() {
            self.redis = None;
        }
        answer
    }
}
