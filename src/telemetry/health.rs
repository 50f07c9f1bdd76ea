use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The poll loop moves at least every 100 ms, but for a rebalance, which waits for the broker (30 s) and for Redis (10 s).
const STILL: Duration = Duration::from_secs(90);

/// What readiness depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    Kafka,
    /// The connection that deletes keys.
    Redis,
    /// The connection that deletes families.
    Families,
    /// The rows of tracked tables; ready from the start where there are none.
    Rows,
    /// The dead-letter topic; ready until a letter cannot be written.
    DeadLetters,
}

impl Part {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Kafka => "kafka",
            Self::Redis => "redis",
            Self::Families => "redis, families",
            Self::Rows => "rows",
            Self::DeadLetters => "dead letters",
        }
    }
}

/// Whether freshet is ready, part by part, and whether its poll loop moves.
///
/// Liveness asks neither the broker nor Redis: a restart helps against neither.
#[derive(Debug)]
pub struct Health {
    parts: Mutex<BTreeMap<Part, Result<(), String>>>,
    started: Instant,
    moved: AtomicU64,
}

impl Default for Health {
    /// Nothing is ready until it says so, but for rows, which not every configuration needs.
    fn default() -> Self {
        let starting =
            [Part::Kafka, Part::Redis, Part::Families].map(|part| (part, Err("starting".to_owned())));
        Self {
            parts: Mutex::new(BTreeMap::from(starting)),
            started: Instant::now(),
            moved: AtomicU64::new(0),
        }
    }
}

impl Health {
    /// Notes the state of a part; an error is the reason that a person reads.
    pub fn set(&self, part: Part, state: Result<(), String>) {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner).insert(part, state);
    }

    /// The parts that are not ready, with the reason.
    pub fn waiting(&self) -> Vec<(Part, String)> {
        let parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        parts.iter().filter_map(|(part, state)| Some((*part, state.clone().err()?))).collect()
    }

    /// Notes that the poll loop moved.
    pub fn alive(&self) {
        let elapsed = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.moved.store(elapsed, Ordering::Relaxed);
    }

    pub fn is_alive(&self) -> bool {
        let moved = Duration::from_millis(self.moved.load(Ordering::Relaxed));
        self.started.elapsed().saturating_sub(moved) < STILL
    }
}
