use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::mem;

use super::{Batch, Family, Letter};
use crate::catalog::ViewId;
use crate::change::Partition;
use crate::views::{Reason, Scope};

/// Events in one segment: what is trimmed at once.
const SEGMENT: usize = 4_096;
/// Keys of all segments together, in bytes. Beyond, keys become families.
const MOST_BYTES: usize = 64 << 20;
const MOST_SEGMENTS: usize = 4_096;

/// What a standby has read and the leader has not committed: the effects, in the standby's own reading order.
///
/// Only a prefix whose every event is committed is trimmed. Trimming each partition by itself would be wrong: what an
/// event deletes depends on what was read of other partitions before it, and this copy may have read them in another order
/// than the leader.
#[derive(Debug, Default)]
pub struct Backlog {
    segments: VecDeque<Segment>,
    /// Up to where each partition was trimmed.
    trimmed: BTreeMap<Partition, i64>,
}

#[derive(Debug, Default)]
struct Segment {
    batch: Batch,
    events: usize,
    sealed: bool,
}

impl Backlog {
    /// Where the effects of the next `events` events go. Their positions are noted there too.
    ///
    /// # Panics
    /// Never: there is a segment after one was pushed.
    pub fn open(&mut self, events: usize) -> &mut Batch {
        if self.segments.back().is_none_or(|segment| segment.sealed || segment.events >= SEGMENT) {
            self.collapse();
            self.segments.push_back(Segment::default());
        }
        let segment = self.segments.back_mut().expect("one was pushed if there was none");
        segment.events += events;
        // When a standby's events came into the database is of no account until it leads.
        segment.batch.timings.clear();
        &mut segment.batch
    }

    /// Closes the last segment, so that it is trimmed once it is committed, however slowly events come.
    pub fn seal(&mut self) {
        if let Some(segment) = self.segments.back_mut() {
            segment.sealed = true;
            segment.batch.timings.clear();
        }
    }

    /// Forgets the longest prefix of which every position is committed.
    pub fn trim(&mut self, committed: impl Fn(Partition) -> Option<i64>) {
        let is_committed = |segment: &Segment| {
            segment.batch.positions().iter().all(|(partition, reached)| {
                committed(*partition).is_some_and(|offset| offset >= reached.next)
            })
        };
        while self.segments.front().is_some_and(is_committed) {
            let Some(segment) = self.segments.pop_front() else { break };
            for (partition, reached) in segment.batch.positions() {
                self.trimmed.insert(*partition, reached.next);
            }
        }
    }

    /// The offset up to which the partition was trimmed. A lower commit means that the group's offsets were lost.
    pub fn trimmed(&self, partition: Partition) -> Option<i64> {
        self.trimmed.get(&partition).copied()
    }

    /// Everything that is left, in order, to be applied. Nothing stays.
    pub fn take(&mut self) -> impl Iterator<Item = Batch> + use<> {
        self.trimmed.clear();
        mem::take(&mut self.segments).into_iter().map(|segment| segment.batch)
    }

    pub fn is_empty(&self) -> bool {
        self.segments.is_empty()
    }

    /// The letters that wait, of all segments.
    pub fn letters(&self) -> impl Iterator<Item = &Letter> {
        self.segments.iter().flat_map(|segment| segment.batch.letters()).map(AsRef::as_ref)
    }

    /// The keys that wait, of all segments.
    pub fn keys(&self) -> usize {
        self.segments.iter().map(|segment| segment.batch.keys.len()).sum()
    }

    /// Bounds what is kept: all segments become one whose keys are families, which counts at its last event. Letters stay:
    /// no family stands for one, and who reads stops a partition that has many.
    fn collapse(&mut self) {
        let bytes: usize = self.segments.iter().map(|segment| segment.batch.bytes()).sum();
        if bytes < MOST_BYTES && self.segments.len() < MOST_SEGMENTS {
            return;
        }
        let mut all = Segment { sealed: true, ..Segment::default() };
        for Segment { mut batch, events, .. } in self.segments.drain(..) {
            let views: BTreeSet<ViewId> = batch.keys.iter().map(|(view, _)| view).collect();
            batch.keys.clear();
            for view in views {
                batch.add_family(Family { view, scope: Scope::Whole, reason: Reason::BacklogFull, times: 1 });
            }
            all.batch.append(&mut batch);
            all.events += events;
        }
        self.segments.push_back(all);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::batch::Timing;
    use crate::catalog::TableId;
    use crate::views::{Effects as _, Why};

    const VIEW: ViewId = ViewId::from_index(0);

    fn partition(number: i32) -> Partition {
        Partition { table: TableId::from_index(0), number }
    }

    /// One event a segment: partition, next offset, key.
    fn backlog(events: &[(i32, i64, &str)]) -> Backlog {
        let mut backlog = Backlog::default();
        for (number, next, key) in events {
            let batch = backlog.open(1);
            batch.key(VIEW, key, Why::because(Reason::Row));
            batch.reach(partition(*number), *next);
            backlog.seal();
        }
        backlog
    }

    fn left(backlog: &mut Backlog) -> Vec<String> {
        let keys = |batch: Batch| batch.keys.iter().map(|(_, key)| key.to_owned()).collect::<Vec<_>>();
        backlog.take().flat_map(keys).collect()
    }

    #[test]
    fn only_a_committed_prefix_is_trimmed() {
        for (committed, expected) in [
            (&[][..], &["a", "b", "c"][..]),
            (&[(0, 1)], &["b", "c"]),
            // Partition 0 is committed beyond what was read; partition 1 holds the rest back.
            (&[(0, 9)], &["b", "c"]),
            (&[(1, 1)], &["a", "b", "c"]),
            (&[(0, 1), (1, 1)], &["c"]),
            (&[(0, 2), (1, 1)], &[]),
        ] {
            let mut backlog = backlog(&[(0, 1, "a"), (1, 1, "b"), (0, 2, "c")]);
            let offset = |partition: Partition| {
                committed.iter().find(|(number, _)| *number == partition.number).map(|(_, offset)| *offset)
            };
            backlog.trim(offset);
            assert_eq!(left(&mut backlog), expected, "{committed:?}");
        }
    }

    #[test]
    fn it_remembers_how_far_it_was_trimmed() {
        let mut backlog = backlog(&[(0, 5, "a"), (0, 9, "b")]);
        backlog.trim(|_| Some(7));
        assert_eq!(backlog.trimmed(partition(0)), Some(5));
        assert_eq!(backlog.trimmed(partition(1)), None);
    }

    #[test]
    fn a_segment_keeps_no_times() {
        let mut backlog = Backlog::default();
        for n in 0..2 {
            backlog.open(1).timings.add(Timing { committed: Some(n), appended: None, events: 1 });
            backlog.open(1).timings.add(Timing { committed: Some(n), appended: None, events: 1 });
            backlog.seal();
        }
        assert!(backlog.take().all(|batch| batch.timings.is_empty()));
    }

    #[test]
    fn a_segment_takes_more_events_until_it_is_sealed() {
        let mut backlog = Backlog::default();
        backlog.open(1).reach(partition(0), 1);
        backlog.open(1).reach(partition(0), 2);
        backlog.trim(|_| Some(1));
        assert!(!backlog.is_empty(), "its last event is not committed");
        backlog.seal();
        backlog.open(1).reach(partition(0), 3);
        backlog.trim(|_| Some(2));
        assert_eq!(backlog.take().count(), 1);
    }

    #[test]
    fn beyond_its_bound_keys_become_families_that_count_at_their_last_event() {
        let mut backlog = Backlog::default();
        let mut next = 0;
        while next < i64::try_from(MOST_SEGMENTS).expect("small") + 1 {
            next += 1;
            let batch = backlog.open(1);
            batch.key(VIEW, &format!("key:{next}"), Why::because(Reason::Row));
            batch.reach(partition(0), next);
            if next == 1 {
                batch.letter(Arc::new(crate::batch::tests::letter(partition(0), 0)));
            }
            backlog.seal();
        }
        backlog.trim(|_| Some(next - 2));
        let batches: Vec<Batch> = backlog.take().collect();
        let [families, last] = &batches[..] else { panic!("{} segments", batches.len()) };
        assert!(families.keys.is_empty());
        assert_eq!(families.letters().len(), 1, "no family stands for a letter");
        assert_eq!(families.families().iter().map(|family| family.view).collect::<Vec<_>>(), [VIEW]);
        assert_eq!(last.keys.len(), 1);
    }
}
