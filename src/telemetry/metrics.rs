use std::time::Duration;

use prometheus::{
    Encoder as _, Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
    TextEncoder,
};

use crate::batch::{Family, Keys, Timings};
use crate::catalog::{Catalog, TableId};

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
    family_seconds: Histogram,
    lag: IntGaugeVec,
    paused: IntGauge,
    redis_retries: IntCounter,
    commit_to_acknowledged: Histogram,
    append_to_acknowledged: Histogram,
}

impl Metrics {
    /// # Panics
    /// If two metrics here have one name, which each test of this crate would show.
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
        let lag = IntGaugeVec::new(
            Opts::new("freshet_lag_records", "Records in the log whose effects Redis has not acknowledged."),
            &["topic", "partition"],
        )
        .expect("a valid name");
        registry.register(Box::new(lag.clone())).expect("a new name");

        let paused =
            IntGauge::new("freshet_paused", "1 while reading waits for Redis.").expect("a valid name");
        registry.register(Box::new(paused.clone())).expect("a new name");

        let events =
            counters("freshet_events_total", "Messages read, by what they were.", &["table", "outcome"]);
        let keys = counters("freshet_keys_total", "Keys sent to Redis for deletion.", &["view"]);
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
            families: counters("freshet_family_deletions_total", "Families deleted by SCAN.", &["view"]),
            family_seconds: histogram("freshet_family_deletion_seconds", "Duration of a family's deletion."),
            lag,
            paused,
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

    pub fn family(&self, view: &str, deleted: u64, took: Duration) {
        self.families.with_label_values(&[view]).inc();
        self.keys_deleted.inc_by(deleted);
        self.family_seconds.observe(took.as_secs_f64());
    }

    /// Sets the lag of all assigned partitions; those of other copies leave.
    pub fn lags<'l>(&self, lags: impl Iterator<Item = (&'l str, i32, i64)>) {
        self.lag.reset();
        for (topic, partition, records) in lags {
            self.lag.with_label_values(&[topic, partition.to_string().as_str()]).set(records);
        }
    }

    pub fn paused(&self, paused: bool) {
        self.paused.set(i64::from(paused));
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
