//! What the broker is asked of topics, offsets and commits.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant, SystemTime};

use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext};
use rdkafka::error::KafkaResult;
use rdkafka::{Offset, TopicPartitionList};

use super::metadata::Metadata;
use super::opening::{Committed, Seen};
use super::reach::without_thread;
use crate::catalog::{Catalog, TableId};
use crate::change::Partition;

/// How long the broker may take for one answer.
const ANSWER: Duration = Duration::from_secs(10);

/// When all that is asked must be answered, for those who can wait.
pub(super) fn patiently() -> Instant {
    Instant::now() + 6 * ANSWER
}

/// Asks the broker for what [`decide`](super::opening::decide) needs, of all these partitions at once.
pub(super) fn look_up<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    catalog: &Catalog,
    partitions: &[Partition],
    until: Instant,
) -> KafkaResult<Vec<(Partition, Seen)>> {
    if partitions.is_empty() {
        return Ok(Vec::new());
    }
    let left = || until.saturating_duration_since(Instant::now()).min(ANSWER);
    // Before the ends are known: what is appended from here on may lie below none of them.
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let asked_at = i64::try_from(now.as_millis()).unwrap_or(i64::MAX);
    let tables: BTreeSet<TableId> = partitions.iter().map(|partition| partition.table).collect();
    let mut existing = Vec::new();
    for table in tables {
        existing.extend(partitions_within(consumer, catalog, table, left())?);
    }
    let committed = committed_within(consumer, catalog, &existing, left())?;
    let all_at = |offset| partitions.iter().map(move |partition| (*partition, offset));
    let low = offsets(consumer, catalog, all_at(Offset::Beginning), left())?;
    let high = offsets(consumer, catalog, all_at(Offset::End), left())?;
    let newest =
        |partition: &Partition| committed.get(partition)?.metadata.as_ref().map(|metadata| metadata.newest);
    let after = partitions.iter().filter_map(|partition| {
        let newest = newest(partition).filter(|newest| *newest != i64::MIN)?;
        Some((*partition, Offset::Offset(newest.saturating_add(1))))
    });
    let newer = offsets(consumer, catalog, after, left())?;
    let mut all: Vec<(Partition, Seen)> = partitions
        .iter()
        .map(|partition| {
            let of_topic = |other: &&Partition| other.table == partition.table;
            let count = u32::try_from(existing.iter().filter(of_topic).count()).unwrap_or(u32::MAX);
            let seen = Seen {
                committed: committed.get(partition).cloned(),
                others: committed.keys().any(|other| other.table == partition.table && other != partition),
                low: low.get(partition).copied().unwrap_or(0),
                high: high.get(partition).copied().unwrap_or(0),
                newer: newer.get(partition).copied(),
                asked_at,
                partitions: count,
                partitions_at_first: count,
            };
            (*partition, seen)
        })
        .collect();
    // What was committed for a log that is gone says nothing of the one that took its place.
    let lost: BTreeSet<Partition> =
        all.iter().filter(|(_, seen)| seen.is_lost()).map(|(partition, _)| *partition).collect();
    let mut at_first: BTreeMap<TableId, u32> = BTreeMap::new();
    for (partition, Committed { metadata, .. }) in &committed {
        if let Some(metadata) = metadata.as_ref().filter(|_| !lost.contains(partition)) {
            let first = at_first.entry(partition.table).or_insert(metadata.partitions);
            *first = metadata.partitions.min(*first);
        }
    }
    for (partition, seen) in &mut all {
        if let Some(first) = at_first.get(&partition.table) {
            seen.partitions_at_first = seen.partitions.min(*first);
        }
    }
    Ok(all)
}

/// The partitions that a table's topic has now; none if it does not exist yet.
pub(super) fn partitions_of<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    catalog: &Catalog,
    table: TableId,
) -> KafkaResult<Vec<Partition>> {
    partitions_within(consumer, catalog, table, ANSWER)
}

fn partitions_within<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    catalog: &Catalog,
    table: TableId,
    time: Duration,
) -> KafkaResult<Vec<Partition>> {
    let topic = catalog.table(table).topic.as_str();
    let metadata = consumer.fetch_metadata(Some(topic), time)?;
    let numbers = metadata
        .topics()
        .iter()
        .filter(|answer| answer.name() == topic)
        .flat_map(rdkafka::metadata::MetadataTopic::partitions);
    Ok(numbers.map(|partition| Partition { table, number: partition.id() }).collect())
}

/// The group's offsets.
pub(super) fn committed<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    catalog: &Catalog,
    partitions: &[Partition],
) -> KafkaResult<BTreeMap<Partition, Committed>> {
    committed_within(consumer, catalog, partitions, ANSWER)
}

pub(super) fn committed_within<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    catalog: &Catalog,
    partitions: &[Partition],
    time: Duration,
) -> KafkaResult<BTreeMap<Partition, Committed>> {
    let mut asked = TopicPartitionList::with_capacity(partitions.len());
    for partition in partitions {
        asked.add_partition(&catalog.table(partition.table).topic, partition.number);
    }
    let answered = consumer.committed_offsets(asked, time)?;
    let mut committed = BTreeMap::new();
    for element in answered.elements() {
        element.error()?;
        let table = catalog.table_by_topic(element.topic());
        if let (Offset::Offset(offset), Some(table)) = (element.offset(), table) {
            let metadata = Metadata::read(element.metadata());
            committed
                .insert(Partition { table, number: element.partition() }, Committed { offset, metadata });
        }
    }
    Ok(committed)
}

/// The ends of partitions, as the broker has them now.
pub(super) fn ends<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    catalog: &Catalog,
    partitions: &[Partition],
) -> KafkaResult<BTreeMap<Partition, i64>> {
    offsets(consumer, catalog, partitions.iter().map(|partition| (*partition, Offset::End)), ANSWER)
}

/// For each partition the offset of a time, or its first offset or its end. A time after the last record has none.
fn offsets<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    catalog: &Catalog,
    asked: impl Iterator<Item = (Partition, Offset)>,
    time: Duration,
) -> KafkaResult<BTreeMap<Partition, i64>> {
    let list = list(catalog, asked)?;
    if list.count() == 0 {
        return Ok(BTreeMap::new());
    }
    let answered = consumer.offsets_for_times(list, time)?;
    let mut offsets = BTreeMap::new();
    for element in answered.elements() {
        element.error()?;
        if let (Offset::Offset(offset), Some(table)) =
            (element.offset(), catalog.table_by_topic(element.topic()))
        {
            offsets.insert(Partition { table, number: element.partition() }, offset);
        }
    }
    Ok(offsets)
}

/// These partitions, each with its offset.
pub(super) fn list(
    catalog: &Catalog,
    partitions: impl IntoIterator<Item = (Partition, Offset)>,
) -> KafkaResult<TopicPartitionList> {
    let mut list = TopicPartitionList::new();
    for (partition, offset) in partitions {
        list.add_partition_offset(&catalog.table(partition.table).topic, partition.number, offset)?;
    }
    Ok(list)
}

/// Which topic took the place of one that was deleted, by a line of the client's log at `debug`.
///
/// Kafka gives each topic an id. The client knows it, tells it nowhere else, and reads on in the new topic at the offset where
/// it stood in the old one. From no id to one is how it finds a topic at first.
pub(super) fn made_anew(line: &str) -> Option<&str> {
    let (topic, ids) = without_thread(line).strip_prefix("Topic ")?.split_once(" changed id from ")?;
    let (old, new) = ids.split_once(" to ")?;
    let is_id = |text: &str| text.bytes().any(|byte| byte != b'A');
    (is_id(old) && is_id(new)).then_some(topic)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_that_was_made_anew() {
        for (line, expected) in [
            (
                "[thrd:main]: Topic shop.public.row changed id from 3lQ5tGzUTFSCxwlbjwDnVg to MT2nZ3PZRa6OrxQ0SU0kVw",
                Some("shop.public.row"),
            ),
            (
                "[thrd:app]: Topic shop.public.row changed id from AAAAAAAAAAAAAAAAAAAAAA to MT2nZ3PZRa6OrxQ0SU0kVw",
                None,
            ),
            ("Topic shop.public.row partition count changed from 1 to 3", None),
        ] {
            assert_eq!(made_anew(line), expected, "{line}");
        }
    }
}
