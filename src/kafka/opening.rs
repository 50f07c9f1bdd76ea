//! Where reading of a partition starts, and what has to be deleted for it.

use std::collections::BTreeSet;

use super::ledger::Held;
use super::metadata::{Definitions, Metadata};
use crate::batch::{Batch, Reached};
use crate::catalog::ViewId;
use crate::change::Partition;
use crate::handoff::Handoff;
use crate::views::{Effects as _, Reason, Why};

/// What the broker says of a partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) committed: Option<Committed>,
    /// The group has an offset for another partition of the topic: a missing one was lost, and this is no first start.
    pub(super) others: bool,
    pub(super) low: i64,
    pub(super) high: i64,
    /// The first record that is newer than all that lay below the committed offset.
    pub(super) newer: Option<i64>,
    /// When the broker was asked, in milliseconds since the Unix epoch: no record below an end that it told is newer, as far
    /// as clocks agree. Where they do not, families go once too often.
    pub(super) asked_at: i64,
    /// How many partitions the topic has, and had when the group started on it.
    pub(super) partitions: u32,
    pub(super) partitions_at_first: u32,
}

impl Seen {
    /// The log does not hold the committed offset, or is another one: a record below it is newer than all that were.
    pub(super) fn is_lost(&self) -> bool {
        self.committed.as_ref().is_some_and(|Committed { offset, .. }| {
            !(self.low..=self.high).contains(offset) || self.newer.is_some_and(|newer| newer < *offset)
        })
    }
}

/// What the group has for a partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Committed {
    pub(super) offset: i64,
    /// `None` if another version wrote it.
    pub(super) metadata: Option<Metadata>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Opening {
    pub(super) start: i64,
    pub(super) widen: Widen,
}

/// Which families go before `start` is committed with today's metadata.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Widen {
    /// None: all is as it was.
    Nothing,
    /// Those of views that were defined otherwise.
    Changed(Vec<ViewId>),
    /// Those of every view that the table's rows may touch.
    All(Reason),
}

impl Widen {
    pub(super) fn reason(&self) -> Option<Reason> {
        match self {
            Self::Nothing => None,
            Self::Changed(_) => Some(Reason::DefinitionsChanged),
            Self::All(reason) => Some(*reason),
        }
    }
}

impl Opening {
    /// What the group holds, for the ledger.
    pub(super) fn held(&self, seen: &Seen) -> Held {
        let partitions = seen.partitions_at_first;
        // What lies below the start was not read, so nobody knows how new it is.
        let newest = if self.start > 0 { seen.asked_at } else { i64::MIN };
        match (&seen.committed, &self.widen) {
            (None, _) | (_, Widen::All(Reason::LostOffsets)) => Held { newest, partitions, ..Held::NOTHING },
            (Some(Committed { offset, metadata }), widen) => Held {
                offset: Some(*offset),
                current: *widen == Widen::Nothing && metadata.is_some(),
                newest: metadata.as_ref().map_or(newest, |metadata| metadata.newest),
                partitions,
                node: match widen {
                    Widen::All(_) => None,
                    Widen::Nothing | Widen::Changed(_) => {
                        metadata.as_ref().and_then(|metadata| metadata.node)
                    }
                },
            },
        }
    }
}

/// Enters partitions into the ledger, and deletes the families that are in doubt for them, each once.
#[derive(Default)]
pub(super) struct Entering {
    families: BTreeSet<(Reason, ViewId)>,
}

impl Entering {
    /// What was never committed is committed up to `read`, also where no event follows: a partition without an offset would
    /// be one whose offset was lost.
    pub(super) fn enter(
        &mut self,
        (handoff, batch): (&Handoff, &mut Batch),
        partition: Partition,
        (widen, definitions): (Widen, &Definitions),
        held: Held,
        read: impl Into<Reached>,
    ) {
        handoff.ledger(|ledger| ledger.assign(partition, held));
        let reason = widen.reason();
        if let Some(reason) = reason {
            let views = match widen {
                Widen::Changed(views) => views,
                Widen::Nothing | Widen::All(_) => definitions.views().collect(),
            };
            if reason == Reason::RedisChanged && !self.families.iter().any(|(other, _)| *other == reason) {
                tracing::warn!(
                    "redis was restarted or is another node than the one that acknowledged what is committed; the families of \
                     these tables are deleted"
                );
            }
            for view in views {
                if self.families.insert((reason, view)) {
                    batch.family(view, Why::because(reason));
                }
            }
        }
        if reason.is_some() || held.offset.is_none() {
            // The families' deletion is what this offset stands for: it is committed once Redis has acknowledged it.
            batch.reach(partition, held.offset.map_or_else(|| read.into(), Reached::from));
        }
    }

    /// Why families went, for the log.
    pub(super) fn reasons(&self) -> String {
        let reasons: BTreeSet<_> = self.families.iter().map(|(reason, _)| reason.label()).collect();
        reasons.into_iter().collect::<Vec<_>>().join(", ")
    }
}

/// Decides where to start. Pure.
///
/// Where offsets were lost the families go, which covers all that lies below the end. `node`: of Redis, if one was met; the
/// ledger compares what is held with the first that is.
pub(super) fn decide(seen: &Seen, today: &Definitions, node: Option<u32>) -> Opening {
    let lost = |reason| Opening { start: seen.high, widen: Widen::All(reason) };
    match &seen.committed {
        None if seen.others => lost(Reason::LostOffsets),
        None => lost(Reason::FirstStart),
        Some(_) if seen.is_lost() => lost(Reason::LostOffsets),
        Some(Committed { offset, metadata: None }) => {
            Opening { start: *offset, widen: Widen::All(Reason::DefinitionsChanged) }
        }
        Some(Committed { offset, metadata: Some(metadata) })
            if node.is_some() && metadata.node.is_some() && metadata.node != node =>
        {
            Opening { start: *offset, widen: Widen::All(Reason::RedisChanged) }
        }
        Some(Committed { offset, metadata: Some(metadata) }) => {
            let changed = today.changed_since(metadata);
            let widen = if changed.is_empty() { Widen::Nothing } else { Widen::Changed(changed) };
            Opening { start: *offset, widen }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata(digests: &str) -> Option<Metadata> {
        Metadata::read(&format!("3:1000:4:00000001:{digests}"))
    }

    #[test]
    fn where_reading_starts() {
        let view = ViewId::from_index;
        let today = Definitions(vec![(view(0), 1), (view(1), 2)]);
        let same = metadata("0000000100000002");
        let at = |offset, metadata: &Option<Metadata>| Some(Committed { offset, metadata: metadata.clone() });
        let all = |start, reason| Opening { start, widen: Widen::All(reason) };
        let changed = |start, views| Opening { start, widen: Widen::Changed(views) };
        let nothing = |start| Opening { start, widen: Widen::Nothing };
        for (committed, others, (low, high), newer, expected) in [
            (None, false, (0, 0), None, all(0, Reason::FirstStart)),
            (None, false, (5, 40), None, all(40, Reason::FirstStart)),
            (None, true, (5, 40), None, all(40, Reason::LostOffsets)),
            (at(7, &same), true, (5, 40), None, nothing(7)),
            (at(7, &same), true, (5, 40), Some(7), nothing(7)),
            (at(40, &same), false, (5, 40), None, nothing(40)),
            (at(5, &same), false, (5, 40), None, nothing(5)),
            (at(7, &metadata("00000001")), true, (5, 40), None, changed(7, vec![view(1)])),
            (at(7, &metadata("0000000300000004")), true, (5, 40), None, changed(7, vec![view(0), view(1)])),
            (at(7, &None), true, (5, 40), None, all(7, Reason::DefinitionsChanged)),
            // Retention overtook the group.
            (at(4, &same), true, (5, 40), None, all(40, Reason::LostOffsets)),
            // The topic was created anew, and is shorter than it was, or longer.
            (at(41, &same), true, (0, 40), None, all(40, Reason::LostOffsets)),
            (at(7, &same), true, (0, 40), Some(0), all(40, Reason::LostOffsets)),
        ] {
            let seen = Seen {
                committed,
                others,
                low,
                high,
                newer,
                asked_at: 0,
                partitions: 4,
                partitions_at_first: 4,
            };
            for node in [None, Some(1)] {
                assert_eq!(decide(&seen, &today, node), expected, "{seen:?}");
            }
            if expected.start == 7
                && seen.committed.as_ref().is_some_and(|committed| committed.metadata.is_some())
            {
                assert_eq!(decide(&seen, &today, Some(2)), all(7, Reason::RedisChanged), "{seen:?}");
            }
        }
    }

    #[test]
    fn what_the_ledger_is_told() {
        let held = |committed, widen| {
            let seen = Seen {
                committed,
                others: false,
                low: 0,
                high: 9,
                newer: None,
                asked_at: 5_000,
                partitions: 8,
                partitions_at_first: 4,
            };
            Opening { start: 7, widen }.held(&seen)
        };
        let committed = |metadata| Some(Committed { offset: 7, metadata });
        let expected = Held { offset: Some(7), current: true, newest: 1_000, partitions: 4, node: Some(1) };
        assert_eq!(held(committed(metadata("")), Widen::Nothing), expected);
        let renewed = Held { current: false, ..expected };
        assert_eq!(held(committed(metadata("")), Widen::Changed(Vec::new())), renewed);
        let unread = Held { newest: 5_000, node: None, ..renewed };
        assert_eq!(held(committed(None), Widen::All(Reason::DefinitionsChanged)), unread);
        // A log that is gone holds nothing to stay above.
        let nothing = Held { newest: 5_000, partitions: 4, ..Held::NOTHING };
        assert_eq!(held(committed(metadata("")), Widen::All(Reason::LostOffsets)), nothing);
        assert_eq!(held(None, Widen::All(Reason::FirstStart)), nothing);
    }
}
