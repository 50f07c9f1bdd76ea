//! Tells whoever has asked when the rows are those of all that was in the topics when he did.

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use rdkafka::consumer::BaseConsumer;

use super::super::asking;
use super::super::fresh::Fresh;
use super::Tracking;
use super::context::Context;
use crate::change::Partition;

/// How long it may take to see that the reading is over.
const LOOK: Duration = Duration::from_millis(100);
/// How often it is looked whether the ends are reached. A value is not served for as long.
const REACHED: Duration = Duration::from_millis(2);

/// Answers until `is_over`.
pub(super) fn pass(
    tracking: &Tracking,
    fresh: &Fresh,
    consumer: &BaseConsumer<Context>,
    is_loaded: impl Fn() -> bool,
    is_over: impl Fn() -> bool,
) {
    while !is_over() {
        let Some(asked) = fresh.open(LOOK) else { continue };
        if !is_loaded() {
            thread::sleep(LOOK);
            continue;
        }
        let partitions: Vec<Partition> = tracking.places().iter().map(|(partition, _)| *partition).collect();
        // Asked for after what is answered was asked.
        let ends = match asking::ends(consumer, &tracking.catalog, &partitions) {
            Ok(ends) => ends,
            Err(error) => {
                tracing::debug!(%error, "the broker did not tell the topics' ends; it is asked again");
                thread::sleep(LOOK);
                continue;
            }
        };
        while !is_over() && !have_reached(tracking, &ends) {
            thread::sleep(REACHED);
        }
        if !is_over() {
            fresh.pass(asked);
        }
    }
}

fn have_reached(tracking: &Tracking, ends: &BTreeMap<Partition, i64>) -> bool {
    let reached = |(partition, next): &(Partition, i64)| ends.get(partition).is_none_or(|end| next >= end);
    tracking.places().iter().all(reached)
}
