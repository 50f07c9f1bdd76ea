//! What is looked up now and then: commits, new partitions, ends.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaResult;

use super::Tracking;
use super::context::Context;
use crate::catalog::TableId;
use crate::change::Partition;

use super::super::asking;

/// How often the thread looks at the clock, and how often each thing is due.
const TICK: Duration = Duration::from_millis(100);
const COMMITS_EVERY: Duration = Duration::from_secs(1);
const PARTITIONS_EVERY: Duration = Duration::from_secs(5);
const ENDS_EVERY: Duration = Duration::from_mins(1);

pub(super) fn watch(
    tracking: &Tracking,
    consumer: &BaseConsumer<Context>,
    loaded: &AtomicBool,
    end: &AtomicBool,
) {
    let start = Instant::now();
    let (mut commits, mut partitions, mut ends) = (start, start, start);
    let mut noted: BTreeMap<Partition, i64> = BTreeMap::new();
    let mut missing = BTreeSet::new();
    let due = |last: &mut Instant, every: Duration| {
        let due = last.elapsed() >= every;
        if due {
            *last = Instant::now();
        }
        due
    };
    while !end.load(Ordering::Relaxed) {
        thread::sleep(TICK);
        if !due(&mut commits, COMMITS_EVERY) {
            continue;
        }
        tracking.report();
        if !loaded.load(Ordering::Relaxed) {
            continue;
        }
        let mut looked_up = trim(tracking, consumer);
        if looked_up.is_ok() && due(&mut partitions, PARTITIONS_EVERY) {
            looked_up = find(tracking, consumer, &mut missing);
        }
        if looked_up.is_ok() && due(&mut ends, ENDS_EVERY) {
            pass(tracking, &noted);
            let partitions: Vec<_> = tracking.places().iter().map(|(partition, _)| *partition).collect();
            looked_up = asking::ends(consumer, &tracking.catalog, &partitions).map(|ends| noted = ends);
        }
        if let Err(error) = looked_up {
            tracing::debug!(%error, "the broker did not answer a look-up; it is asked again");
        }
    }
}

/// Forgets what the leaders have committed.
fn trim(tracking: &Tracking, consumer: &BaseConsumer<Context>) -> KafkaResult<()> {
    let standing_by = tracking.standing_by();
    if standing_by.is_empty() {
        return Ok(());
    }
    let committed = asking::committed(consumer, &tracking.catalog, &standing_by)?;
    tracking.trim(&committed);
    Ok(())
}

/// Begins with partitions that came since, of topics that are new or that grew. `missing`: tables whose topic lacked a
/// partition the last time; one that lacks it twice was deleted, and its rows are no longer those of the table.
fn find(
    tracking: &Tracking,
    consumer: &BaseConsumer<Context>,
    missing: &mut BTreeSet<TableId>,
) -> KafkaResult<()> {
    let catalog = &tracking.catalog;
    let known: Vec<Partition> = tracking.places().into_iter().map(|(partition, _)| partition).collect();
    let mut found = Vec::new();
    for table in catalog.tracked_tables() {
        let partitions = asking::partitions_of(consumer, catalog, table)?;
        let mut of_table = known.iter().filter(|partition| partition.table == table);
        if of_table.all(|partition| partitions.contains(partition)) {
            missing.remove(&table);
        } else if !missing.insert(table) {
            let topic = catalog.table(table).topic.as_str();
            tracing::error!(topic, "the topic was deleted; the rows of tracked tables are read anew");
            tracking.fail();
            return Ok(());
        }
        found.extend(partitions.into_iter().filter(|partition| !known.contains(partition)));
    }
    if found.is_empty() {
        return Ok(());
    }
    let seen = asking::look_up(consumer, catalog, &found, asking::patiently())?;
    tracking.add(&seen);
    let starts: Vec<_> = seen.iter().map(|(partition, seen)| (*partition, seen.low)).collect();
    let assigned = tracking.list(starts).and_then(|list| consumer.incremental_assign(&list));
    if let Err(error) = assigned {
        tracing::error!(%error, "new partitions were not assigned; tracked tables are read anew");
        tracking.fail();
    }
    Ok(())
}

/// Tells of each table whose partitions have all been read beyond the ends noted the last time.
fn pass(tracking: &Tracking, noted: &BTreeMap<Partition, i64>) {
    let places = tracking.places();
    let mut tables: BTreeMap<TableId, bool> = BTreeMap::new();
    for (partition, next) in &places {
        let passed = noted.get(partition).is_some_and(|end| next >= end);
        *tables.entry(partition.table).or_insert(true) &= passed;
    }
    for (table, _) in tables.into_iter().filter(|(_, passed)| *passed) {
        tracking.passed(table);
    }
}
