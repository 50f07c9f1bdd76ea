//! Tells whoever has asked when the rows are those of all that was in the topics when he did.

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use rdkafka::consumer::BaseConsumer;

use super::super::asking;
use super::super::fresh::Fresh;
use super::Tracking;
use super::context::Context;
use crate::catalog::ComponentId;
use crate::change::Partition;

/// How long it may take to see that the reading is over.
const LOOK: Duration = Duration::from_millis(100);
/// How often it is looked whether the ends are reached. A value is not served for as long.
///
/// Behind a transaction the end is that of its marker, which the client does not hand out: it shows in its statistics, a
/// second later.
const REACHED: Duration = Duration::from_millis(2);

/// A component's ends, and what was asked last when they were looked up.
struct Waiting {
    asked: u64,
    ends: BTreeMap<Partition, i64>,
}

/// Answers until `is_over`.
pub(super) fn pass(
    tracking: &Tracking,
    fresh: &Fresh,
    consumer: &BaseConsumer<Context>,
    is_loaded: impl Fn() -> bool,
    is_over: impl Fn() -> bool,
) {
    let mut waiting: BTreeMap<ComponentId, Waiting> = BTreeMap::new();
    while !is_over() {
        let open = fresh.open(LOOK);
        if open.is_empty() {
            continue;
        }
        if !is_loaded() {
            thread::sleep(LOOK);
            continue;
        }
        let new = open.into_iter().filter(|(component, _)| !waiting.contains_key(component));
        for (component, asked) in new.collect::<Vec<_>>() {
            // Asked for after what they are to answer was asked.
            match asking::ends(consumer, &tracking.catalog, &tracking.partitions(component)) {
                Ok(ends) => drop(waiting.insert(component, Waiting { asked, ends })),
                Err(error) => {
                    tracing::debug!(%error, "the broker did not tell a topic's end; it is asked again");
                    thread::sleep(LOOK);
                }
            }
        }
        waiting.retain(|component, Waiting { asked, ends }| {
            let reached = tracking.has_reached(*component, ends);
            if reached && !is_over() {
                fresh.answer(*component, *asked);
            }
            !reached
        });
        if !waiting.is_empty() {
            thread::sleep(REACHED);
        }
    }
}
