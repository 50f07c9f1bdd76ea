use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};

use super::keys::Key;
use super::writer::Count;

/// How often a fault struck.
#[derive(Debug, Default)]
pub struct Struck {
    times: usize,
    seconds: f64,
    /// From a service's return until all was applied, the longest one.
    caught_up: Option<Duration>,
}

/// What a run has seen.
pub struct Report {
    pub begun: Instant,
    pub writes: BTreeMap<&'static str, Count>,
    pub faults: BTreeMap<&'static str, Struck>,
    pub checkpoints: usize,
    pub compared: usize,
    /// Of those compared: filled before the writes of their round ended.
    pub older: usize,
    pub stale: usize,
    pub fills: u64,
    pub hits: u64,
    /// Fills that came too late for their lease.
    pub refused: u64,
    pub unanswered: u64,
    /// Poison messages: sent, and found again.
    pub poison: (usize, usize),
    /// Of the keys that stood before a phase without faults: how many its statements did not touch, and of these those
    /// that went.
    pub untouched: usize,
    pub without_cause: Vec<Key>,
}

impl Report {
    pub fn new() -> Self {
        Self {
            begun: Instant::now(),
            writes: BTreeMap::new(),
            faults: BTreeMap::new(),
            checkpoints: 0,
            compared: 0,
            older: 0,
            stale: 0,
            fills: 0,
            hits: 0,
            refused: 0,
            unanswered: 0,
            poison: (0, 0),
            untouched: 0,
            without_cause: Vec::new(),
        }
    }

    pub fn struck(&mut self, fault: &'static str, seconds: f64, caught_up: Option<Duration>) {
        let struck = self.faults.entry(fault).or_default();
        struck.times += 1;
        struck.seconds += seconds;
        struck.caught_up = struck.caught_up.max(caught_up);
    }

    pub fn seconds(&self) -> f64 {
        self.begun.elapsed().as_secs_f64()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sum = |of: fn(&Count) -> u64| self.writes.values().map(of).sum::<u64>();
        writeln!(
            f,
            "{} transactions, {} rows written by name:",
            sum(|count| count.transactions),
            sum(|count| count.rows)
        )?;
        for (kind, Count { transactions, rows }) in &self.writes {
            writeln!(f, "  {transactions:>6} {rows:>7}  {kind}")?;
        }
        writeln!(f, "{} faults:", self.faults.values().map(|struck| struck.times).sum::<usize>())?;
        for (fault, struck) in &self.faults {
            write!(f, "  {:>4} in {:>6.1} s  {fault}", struck.times, struck.seconds)?;
            match struck.caught_up {
                Some(time) => writeln!(f, ", caught up at most {:.1} s after its end", time.as_secs_f64())?,
                None => writeln!(f)?,
            }
        }
        writeln!(f, "{} poison messages, {} of them found again", self.poison.0, self.poison.1)?;
        writeln!(
            f,
            "{} fills, {} more refused, {} hits by readers, {} reads or fills that Redis did not answer",
            self.fills, self.refused, self.hits, self.unanswered
        )?;
        writeln!(
            f,
            "{} keys compared at {} checkpoints, {} of them filled before the end of the writes; {} stale",
            self.compared, self.checkpoints, self.older, self.stale
        )?;
        writeln!(
            f,
            "{} keys whose reads did not change; {} of them deleted without a cause",
            self.untouched,
            self.without_cause.len()
        )?;
        write!(f, "{:.0} s", self.seconds())
    }
}
