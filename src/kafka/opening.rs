use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext};
use rdkafka::error::KafkaResult;
use rdkafka::{Offset, TopicPartitionList};

use super::metadata::Metadata;
use crate::views::Reason;

/// How long the broker may take for one answer while a partition is opened.
const ANSWER: Duration = Duration::from_secs(10);

/// Where reading of a partition starts, and what has to be deleted for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Opening {
    pub(super) start: i64,
    /// Why the table's families go before `start` is committed with today's metadata; `None` where all is as it was.
    pub(super) families: Option<Reason>,
}

/// What the group has for a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Committed {
    pub(super) offset: i64,
    pub(super) metadata: Option<Metadata>,
}

/// Decides where to start. Pure.
///
/// `others` says whether the group has an offset for another partition of the topic: then the missing one was lost, and
/// this is no first start. Where offsets were lost the families go, which covers all that lies below the end.
pub(super) fn decide(
    committed: Option<Committed>,
    others: bool,
    (low, high): (i64, i64),
    today: Metadata,
) -> Opening {
    match committed {
        None if others => Opening { start: high, families: Some(Reason::LostOffsets) },
        None => Opening { start: high, families: Some(Reason::FirstStart) },
        Some(Committed { offset, .. }) if offset < low || offset > high => {
            Opening { start: high, families: Some(Reason::LostOffsets) }
        }
        Some(Committed { offset, metadata }) => Opening {
            start: offset,
            families: (metadata != Some(today)).then_some(Reason::DefinitionsChanged),
        },
    }
}

/// Asks the broker for what [`decide`] needs. `partitions` are all of one topic.
pub(super) fn committed<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    topic: &str,
) -> KafkaResult<Vec<(i32, Option<Committed>)>> {
    let metadata = consumer.fetch_metadata(Some(topic), ANSWER)?;
    let mut asked = TopicPartitionList::new();
    for partition in metadata
        .topics()
        .iter()
        .filter(|t| t.name() == topic)
        .flat_map(rdkafka::metadata::MetadataTopic::partitions)
    {
        asked.add_partition(topic, partition.id());
    }
    let answered = consumer.committed_offsets(asked, ANSWER)?;
    answered
        .elements()
        .iter()
        .map(|element| {
            element.error()?;
            let committed = match element.offset() {
                Offset::Offset(offset) => {
                    Some(Committed { offset, metadata: Metadata::read(element.metadata()) })
                }
                _ => None,
            };
            Ok((element.partition(), committed))
        })
        .collect()
}

/// The first offset and the end of a partition, as the broker has them now.
pub(super) fn ends<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    topic: &str,
    partition: i32,
) -> KafkaResult<(i64, i64)> {
    consumer.fetch_watermarks(topic, partition, ANSWER)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata(digest: &str) -> Option<Metadata> {
        Metadata::read(&format!("1:{digest:0>16}"))
    }

    #[test]
    fn where_reading_starts() {
        let today = metadata("1").expect("well written");
        let at = |offset, metadata| Some(Committed { offset, metadata });
        let families = |start, reason| Opening { start, families: Some(reason) };
        let nothing = |start| Opening { start, families: None };
        for (committed, others, ends, expected) in [
            (None, false, (0, 0), families(0, Reason::FirstStart)),
            (None, false, (5, 40), families(40, Reason::FirstStart)),
            (None, true, (5, 40), families(40, Reason::LostOffsets)),
            (at(7, Some(today)), true, (5, 40), nothing(7)),
            (at(40, Some(today)), false, (5, 40), nothing(40)),
            (at(5, Some(today)), false, (5, 40), nothing(5)),
            (at(7, metadata("2")), true, (5, 40), families(7, Reason::DefinitionsChanged)),
            (at(7, None), true, (5, 40), families(7, Reason::DefinitionsChanged)),
            // Retention overtook the group.
            (at(4, Some(today)), true, (5, 40), families(40, Reason::LostOffsets)),
            // The topic was created anew.
            (at(41, Some(today)), true, (0, 40), families(40, Reason::LostOffsets)),
        ] {
            assert_eq!(decide(committed, others, ends, today), expected, "{committed:?} {others} {ends:?}");
        }
    }
}
