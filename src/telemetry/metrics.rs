use std::time::Duration;

use prometheus::{
    Encoder as _, Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
    TextEncoder,
};

use crate::batch::{Family, Keys, Timings};
use crate::catalog::{Catalog, TableId, ViewId};

/// From 0.1 ms to 26 s by factors of two, then what only an outage explains.
fn seconds() -> Vec<f64> {
    let mut bounds: Vec<f64> = (0..18).map(|n| 0.0001 * f64::from(1_u32 << n)).collect();
    bounds.extend([60.0, 300.0, 3600.0]);
    bounds
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Change,
    Tombstone,
    Message,
    Poison,
}

impl Outcome {
    const ALL: [Self; 4] = [Self::Change, Self::Tombstone, Self::Message, Self::Poison];

    const fn label(self) -> &'static str {
        match self {
            Self::Change => "change",
            Self::Tombstone => "tombstone",
            Self::Message => "message",
            Self::Poison => "poison",
        }
    }
}

/// What became of a key whose value freshet writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Warmed {
    /// Its value was written since a row had changed.
    Written,
    /// Its value was written again, before it expired or where readers may have stored another.
    Renewed,
    /// It was deleted, and is to be filled under a lease.
    Leased,
    /// It was filled under the lease.
    Filled,
    /// The lease was lost before the fill.
    Late,
    /// A renewal left it as it was.
    Left,
    /// It was deleted: no row fills it any more.
    Empty,
    /// It was deleted: its value is not known.
    Unknown,
    /// It was deleted: its value is too large, or made of too many rows.
    TooLarge,
    /// It was deleted: Redis took no write.
    NoWrite,
    /// It was deleted: the view had more keys than `max_groups`.
    Evicted,
}

impl Warmed {
    const fn label(self) -> &'static str {
        match self {
            Self::Written => "written",
            Self::Renewed => "renewed",
            Self::Leased => "leased",
            Self::Filled => "filled",
            Self::Late => "late",
            Self::Left => "left",
            Self::Empty => "empty",
            Self::Unknown => "unknown",
            Self::TooLarge => "too_large",
            Self::NoWrite => "no_write",
            Self::Evicted => "evicted",
        }
    }
}

/// What became of a deleted key whose value the database is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refilled {
    Filled,
    /// It was told that there is none.
    Empty,
    /// The key was there again, or a reader fills it.
    Elsewhere,
    /// It was deleted anew before its value was there.
    Overtaken,
    /// The database or Redis failed.
    Failed,
    /// Too many keys waited.
    Dropped,
}

impl Refilled {
    const fn label(self) -> &'static str {
        match self {
            Self::Filled => "filled",
            Self::Empty => "empty",
            Self::Elsewhere => "elsewhere",
            Self::Overtaken => "overtaken",
            Self::Failed => "failed",
            Self::Dropped => "dropped",
        }
    }
}

/// How a family was deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// By its live names.
    Names,
    /// By a walk over all names in Redis.
    Scan,
}

impl How {
    pub const fn label(self) -> &'static str {
        match self {
            Self::Names => "names",
            Self::Scan => "scan",
        }
    }
}

/// A family that was deleted.
#[derive(Debug, Clone, Copy)]
pub struct FamilyDeletion {
    pub how: How,
    /// How many keys existed.
    pub keys: u64,
    /// How many names were left, perhaps of keys, that belong to registered sets which no change affects.
    pub kept: u64,
    pub refused_holds: u64,
}

/// The counters behind `/metrics`. Labels are names from the configuration, never keys or offsets.
pub struct Metrics {
    registry: Registry,
    /// Resolved beforehand, by table and outcome: an event costs one addition.
    events: Vec<[IntCounter; Outcome::ALL.len()]>,
    tables: Vec<String>,
    views: Vec<String>,
    poison: IntCounterVec,
    keys: Vec<IntCounter>,
    keys_deleted: IntCounter,
    widenings: IntCounterVec,
    families: IntCounterVec,
    kept_keys: IntCounterVec,
    family_seconds: Histogram,
    live_names: IntGaugeVec,
    lag: IntGaugeVec,
    paused: IntGaugeVec,
    rows: IntGaugeVec,
    leading: IntGaugeVec,
    backlog: IntGaugeVec,
    settling_keys: IntGauge,
    second_deletes: IntCounter,
    refused_holds: IntCounter,
    warmed: IntCounterVec,
    warm_groups: IntGaugeVec,
    audited: IntCounterVec,
    stale_keys: IntGaugeVec,
    last_audit: IntGaugeVec,
    refilled: IntCounterVec,
    refill_seconds: Histogram,
    refill_queue: IntGauge,
    letters: IntCounterVec,
    stopped: IntGaugeVec,
    redis_retries: IntCounter,
    commit_to_acknowledged: Histogram,
    append_to_acknowledged: Histogram,
}

impl Metrics {
    /// # Panics
    /// If two metrics here have one name, which each test of this crate would show.
    #[expect(clippy::too_many_lines, reason = "a list of names")]
    pub fn new(catalog: &Catalog) -> Self {
        let registry = Registry::new();
        let counters = |name: &str, help: &str, labels: &[&str]| {
            let counters = IntCounterVec::new(Opts::new(name, help), labels).expect("a valid name");
            registry.register(Box::new(counters.clone())).expect("a new name");
            counters
        };
        let histogram = |name: &str, help: &str| {
            let histogram = Histogram::with_opts(HistogramOpts::new(name, help).buckets(seconds()))
                .expect("a valid name");
            registry.register(Box::new(histogram.clone())).expect("a new name");
            histogram
        };
        let counter = |name: &str, help: &str| {
            let counter = IntCounter::new(name, help).expect("a valid name");
            registry.register(Box::new(counter.clone())).expect("a new name");
            counter
        };
        let gauges = |name: &str, help: &str, labels: &[&str]| {
            let gauges = IntGaugeVec::new(Opts::new(name, help), labels).expect("a valid name");
            registry.register(Box::new(gauges.clone())).expect("a new name");
            gauges
        };
        let lag = gauges(
            "freshet_unapplied_lag_records",
            "Records in the log whose effects Redis has not acknowledged. What is only to be deleted again does not count.",
            &["topic", "partition"],
        );
        let settling_keys = IntGauge::new("freshet_settling_keys", "Keys that wait for their second delete.")
            .expect("a valid name");
        registry.register(Box::new(settling_keys.clone())).expect("a new name");
        let refill_queue = IntGauge::new(
            "freshet_refill_queue",
            "Deleted keys whose values the database is still to be asked for.",
        )
        .expect("a valid name");
        registry.register(Box::new(refill_queue.clone())).expect("a new name");
        let paused = gauges("freshet_paused", "1 while reading waits for Redis.", &["tables"]);

        let events =
            counters("freshet_events_total", "Messages read, by what they were.", &["table", "outcome"]);
        let keys = counters("freshet_keys_total", "Keys sent to Redis, to be deleted or written.", &["view"]);
        Self {
            events: catalog
                .tables
                .iter()
                .map(|table| {
                    Outcome::ALL
                        .map(|outcome| events.with_label_values(&[table.name.as_str(), outcome.label()]))
                })
                .collect(),
            keys: catalog.views.iter().map(|view| keys.with_label_values(&[view.name.as_str()])).collect(),
            tables: catalog.tables.iter().map(|table| table.name.clone()).collect(),
            views: catalog.views.iter().map(|view| view.name.clone()).collect(),
            poison: counters(
                "freshet_poison_messages_total",
                "Messages that could not be decoded; their tables' families were deleted.",
                &["table", "cause"],
            ),
            keys_deleted: counter("freshet_keys_deleted_total", "Keys that existed when they were deleted."),
            widenings: counters(
                "freshet_widenings_total",
                "Changes that deleted a whole family because its keys were in doubt.",
                &["view", "reason"],
            ),
            families: counters(
                "freshet_family_deletions_total",
                "Families deleted, by their live names or by SCAN.",
                &["view", "how"],
            ),
            kept_keys: counters(
                "freshet_kept_keys_total",
                "Names that a family's deletion left, of registered sets of parameters that no changed row affects.",
                &["view"],
            ),
            family_seconds: histogram("freshet_family_deletion_seconds", "Duration of a family's deletion."),
            live_names: gauges(
                "freshet_live_names",
                "Names of a declared family that are perhaps there; 0 while they are not known.",
                &["view"],
            ),
            lag,
            paused,
            rows: gauges("freshet_rows", "Rows of a tracked table that are kept.", &["table"]),
            leading: gauges(
                "freshet_leading",
                "1 where this copy applies the effects of a component's tables, 0 where it stands by.",
                &["component"],
            ),
            backlog: gauges(
                "freshet_backlog_keys",
                "Keys that a standby keeps until the leader has committed them.",
                &["component"],
            ),
            settling_keys,
            second_deletes: counter(
                "freshet_second_deletes_total",
                "Keys and families that were deleted again, as their views' `settle` or `hold` asks.",
            ),
            refused_holds: counter(
                "freshet_refused_holds_total",
                "Leases that were deleted and not held, because Redis took no write.",
            ),
            warmed: counters(
                "freshet_warmed_total",
                "What became of keys whose values freshet writes: written after a change, renewed, leased (deleted until it is filled), filled, late (the lease was lost); or deleted: empty (no row fills it), unknown (its value is not), no_write (Redis took none), evicted.",
                &["view", "outcome"],
            ),
            warm_groups: gauges(
                "freshet_warm_groups",
                "Keys of a view that this copy keeps in Redis.",
                &["view"],
            ),
            audited: counters(
                "freshet_audit_keys_total",
                "Keys that an audit looked at: true, stale, behind (their change is on its way), changed meanwhile, not_compared.",
                &["view", "outcome"],
            ),
            stale_keys: gauges(
                "freshet_audit_stale_keys",
                "Keys of a view that the last audit found stale in its sample.",
                &["view"],
            ),
            last_audit: gauges(
                "freshet_audit_last_timestamp_seconds",
                "When the last audit of a view ended, since the Unix epoch.",
                &["view"],
            ),
            refilled: counters(
                "freshet_refilled_total",
                "What became of deleted keys whose values the database is asked for: filled, empty (there is none), elsewhere (there again, or a reader fills it), overtaken (deleted anew meanwhile), failed, dropped (too many waited).",
                &["view", "outcome"],
            ),
            refill_seconds: histogram(
                "freshet_refill_seconds",
                "How long a value took that the database was asked for.",
            ),
            refill_queue,
            letters: counters(
                "freshet_dead_letters_total",
                "Messages written to the dead-letter topic.",
                &["table"],
            ),
            stopped: gauges(
                "freshet_partition_stopped",
                "1 while a partition is read no further, since its dead letters cannot be written.",
                &["topic", "partition"],
            ),
            redis_retries: counter("freshet_redis_retries_total", "Attempts that Redis did not acknowledge."),
            commit_to_acknowledged: histogram(
                "freshet_commit_to_acknowledged_seconds",
                "From the commit in the database to the acknowledgement by Redis.",
            ),
            append_to_acknowledged: histogram(
                "freshet_append_to_acknowledged_seconds",
                "From the append to the log to the acknowledgement by Redis.",
            ),
            registry,
        }
    }

    pub fn event(&self, table: TableId, outcome: Outcome) {
        self.events[table.index()][outcome as usize].inc();
    }

    pub fn poison(&self, table: TableId, cause: &str) {
        self.poison.with_label_values(&[self.tables[table.index()].as_str(), cause]).inc();
    }

    pub fn keys(&self, keys: &Keys, deleted: u64) {
        for (view, _) in keys.iter() {
            self.keys[view.index()].inc();
        }
        self.keys_deleted.inc_by(deleted);
    }

    /// Counts the widenings among what a batch asks for; a declared family is none.
    pub fn widenings(&self, families: &[Family]) {
        for family in families.iter().filter(|family| family.reason.is_widening()) {
            let labels = [self.views[family.view.index()].as_str(), family.reason.label()];
            self.widenings.with_label_values(&labels).inc_by(family.times);
        }
    }

    pub fn family(&self, view: ViewId, done: FamilyDeletion, took: Duration) {
        self.families.with_label_values(&[self.views[view.index()].as_str(), done.how.label()]).inc();
        self.keys_deleted.inc_by(done.keys);
        self.kept_keys.with_label_values(&[self.views[view.index()].as_str()]).inc_by(done.kept);
        self.refused_holds(done.refused_holds);
        self.family_seconds.observe(took.as_secs_f64());
    }

    /// Counts what was deleted again, and how many keys existed then.
    pub fn second_deletes(&self, names: usize, deleted: u64) {
        self.second_deletes.inc_by(names as u64);
        self.keys_deleted.inc_by(deleted);
    }

    pub fn refused_holds(&self, holds: u64) {
        self.refused_holds.inc_by(holds);
    }

    pub fn warmed(&self, view: ViewId, outcome: Warmed) {
        self.warmed.with_label_values(&[self.views[view.index()].as_str(), outcome.label()]).inc();
    }

    pub fn warm_groups(&self, view: ViewId, keys: usize) {
        self.warm_groups.with_label_values(&[self.views[view.index()].as_str()]).set(as_i64(keys));
    }

    pub fn refilled(&self, view: ViewId, outcome: Refilled) {
        self.refilled.with_label_values(&[self.views[view.index()].as_str(), outcome.label()]).inc();
    }

    pub fn refill_took(&self, took: Duration) {
        self.refill_seconds.observe(took.as_secs_f64());
    }

    pub fn refill_queue(&self, keys: usize) {
        self.refill_queue.set(as_i64(keys));
    }

    pub fn settling(&self, keys: usize) {
        self.settling_keys.set(as_i64(keys));
    }

    /// Set by whoever keeps the names.
    pub fn live_names(&self, view: ViewId) -> IntGauge {
        self.live_names.with_label_values(&[self.views[view.index()].as_str()])
    }

    /// Sets the lag of all assigned partitions; those of other copies leave.
    pub fn lags<'l>(&self, lags: impl Iterator<Item = (&'l str, i32, i64)>) {
        self.lag.reset();
        for (topic, partition, records) in lags {
            self.lag.with_label_values(&[topic, partition.to_string().as_str()]).set(records);
        }
    }

    /// Tracked tables are read by a consumer of their own.
    pub fn paused(&self, tracked: bool, paused: bool) {
        let tables = if tracked { "tracked" } else { "stateless" };
        self.paused.with_label_values(&[tables]).set(i64::from(paused));
    }

    pub fn rows(&self, table: TableId, rows: usize) {
        self.rows.with_label_values(&[self.tables[table.index()].as_str()]).set(as_i64(rows));
    }

    /// Notes what this copy does with a component, named by its first table.
    pub fn component(&self, first: TableId, leading: bool, backlog: usize) {
        let name = [self.tables[first.index()].as_str()];
        self.leading.with_label_values(&name).set(i64::from(leading));
        self.backlog.with_label_values(&name).set(as_i64(backlog));
    }

    /// Notes what an audit of a view found.
    pub fn audited(&self, view: ViewId, outcomes: &[(&str, usize)], stale: usize, now: Duration) {
        let name = self.views[view.index()].as_str();
        for (outcome, keys) in outcomes {
            self.audited.with_label_values(&[name, *outcome]).inc_by(*keys as u64);
        }
        self.stale_keys.with_label_values(&[name]).set(as_i64(stale));
        self.last_audit.with_label_values(&[name]).set(i64::try_from(now.as_secs()).unwrap_or(i64::MAX));
    }

    /// Views of which another copy tells.
    pub fn not_audited(&self, views: &[ViewId]) {
        for view in views {
            // It may never have been said.
            let name = [self.views[view.index()].as_str()];
            let _ = self.stale_keys.remove_label_values(&name);
            let _ = self.last_audit.remove_label_values(&name);
        }
    }

    /// Counts a letter that the broker has.
    pub fn letter(&self, table: TableId) {
        self.letters.with_label_values(&[self.tables[table.index()].as_str()]).inc();
    }

    /// A partition that goes on leaves.
    pub fn stopped(&self, topic: &str, partition: i32, stopped: bool) {
        let labels = [topic, &partition.to_string()];
        if stopped {
            self.stopped.with_label_values(&labels).set(1);
        } else {
            // It may never have been said.
            let _ = self.stopped.remove_label_values(&labels);
        }
    }

    pub fn redis_retry(&self) {
        self.redis_retries.inc();
    }

    /// `now` since the Unix epoch.
    pub fn acknowledged(&self, timings: &Timings, now: Duration) {
        let now = i64::try_from(now.as_millis()).unwrap_or(i64::MAX);
        for (histogram, time) in [
            (&self.commit_to_acknowledged, (|timing| timing.committed) as fn(&crate::batch::Timing) -> _),
            (&self.append_to_acknowledged, |timing| timing.appended),
        ] {
            let local = histogram.local();
            for timing in timings.iter() {
                let Some(then) = time(timing) else { continue };
                // Two machines' clocks may disagree; an event does not take less than no time.
                let milliseconds = u64::try_from(now - then).unwrap_or(0);
                for _ in 0..timing.events {
                    local.observe(Duration::from_millis(milliseconds).as_secs_f64());
                }
            }
        }
    }

    /// The metrics in Prometheus' text format.
    pub fn text(&self) -> Result<Vec<u8>, prometheus::Error> {
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(text)
    }
}

fn as_i64(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
