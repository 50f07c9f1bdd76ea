use std::collections::{BTreeMap, HashMap, VecDeque};

use crate::change::Partition;

/// Which offsets may be committed.
///
/// A batch covers a stretch of each partition. Batches are sent in order and may be acknowledged in any order (a family
/// takes longer than a key); a partition's watermark advances over a contiguous run of acknowledged batches only.
#[derive(Debug, Default)]
pub struct Ledger {
    partitions: HashMap<Partition, Progress>,
    /// Batches on their way, with the number of acknowledgements each still needs.
    unacknowledged: BTreeMap<u64, u32>,
}

#[derive(Debug, Default)]
struct Progress {
    /// Everything below has been acknowledged. `None` until the first acknowledgement after the assignment.
    watermark: Option<i64>,
    /// What the group has for this partition, with today's metadata.
    committed: Option<i64>,
    /// Stretches on their way: the batch, and the offset after its last record.
    sent: VecDeque<(u64, i64)>,
}

impl Ledger {
    /// Begins to keep a partition. `committed` is the group's offset if its metadata needs no renewal.
    pub fn assign(&mut self, partition: Partition, committed: Option<i64>) {
        self.partitions.insert(partition, Progress { committed, ..Progress::default() });
    }

    pub fn revoke(&mut self, partition: Partition) {
        self.partitions.remove(&partition);
    }

    /// Notes that a batch is on its way and needs this many acknowledgements.
    pub fn sent(&mut self, batch: u64, positions: &[(Partition, i64)], acknowledgements: u32) {
        self.unacknowledged.insert(batch, acknowledgements);
        for (partition, next) in positions {
            // A partition that was revoked in the meantime is its new owner's to commit.
            if let Some(progress) = self.partitions.get_mut(partition) {
                progress.sent.push_back((batch, *next));
            }
        }
    }

    /// Notes one acknowledgement. Returns whether it was the batch's last, so that the watermarks moved.
    pub fn acknowledged(&mut self, batch: u64) -> bool {
        let Some(missing) = self.unacknowledged.get_mut(&batch) else { return false };
        *missing -= 1;
        if *missing > 0 {
            return false;
        }
        self.unacknowledged.remove(&batch);
        for progress in self.partitions.values_mut() {
            while let Some((batch, next)) = progress.sent.front() {
                if self.unacknowledged.contains_key(batch) {
                    break;
                }
                progress.watermark = Some(*next);
                progress.sent.pop_front();
            }
        }
        true
    }

    /// How many batches are on their way.
    pub fn on_the_way(&self) -> usize {
        self.unacknowledged.len()
    }

    /// Whether everything that was sent of these partitions is acknowledged.
    pub fn is_drained(&self, partitions: &[Partition]) -> bool {
        partitions
            .iter()
            .filter_map(|partition| self.partitions.get(partition))
            .all(|progress| progress.sent.is_empty())
    }

    /// The watermark of each partition whose commit is behind it.
    pub fn uncommitted(&self) -> Vec<(Partition, i64)> {
        self.partitions
            .iter()
            .filter_map(|(partition, progress)| {
                let watermark = progress.watermark?;
                (progress.committed != Some(watermark)).then_some((*partition, watermark))
            })
            .collect()
    }

    pub fn committed(&mut self, partition: Partition, offset: i64) {
        if let Some(progress) = self.partitions.get_mut(&partition) {
            progress.committed = Some(offset);
        }
    }

    /// The offset after the last acknowledged record, where one is known.
    pub fn watermark(&self, partition: Partition) -> Option<i64> {
        let progress = self.partitions.get(&partition)?;
        progress.watermark.or(progress.committed)
    }

    pub fn watermarks(&self) -> Vec<(Partition, i64)> {
        self.partitions
            .iter()
            .filter_map(|(partition, progress)| Some((*partition, progress.watermark?)))
            .collect()
    }

    pub fn partitions(&self) -> impl Iterator<Item = Partition> + '_ {
        self.partitions.keys().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::TableId;

    fn partition(number: i32) -> Partition {
        Partition { table: TableId::from_index(0), number }
    }

    fn ledger() -> Ledger {
        let mut ledger = Ledger::default();
        ledger.assign(partition(0), Some(0));
        ledger.assign(partition(1), Some(0));
        ledger
    }

    #[test]
    fn a_later_batch_does_not_overtake_an_earlier_one() {
        let mut ledger = ledger();
        ledger.sent(1, &[(partition(0), 10)], 1);
        ledger.sent(2, &[(partition(0), 20), (partition(1), 5)], 1);
        assert!(ledger.acknowledged(2));
        assert_eq!(ledger.uncommitted(), [(partition(1), 5)]);
        assert!(ledger.acknowledged(1));
        assert_eq!(ledger.watermark(partition(0)), Some(20));
    }

    #[test]
    fn a_batch_counts_once_all_its_acknowledgements_are_in() {
        let mut ledger = ledger();
        ledger.sent(1, &[(partition(0), 10)], 2);
        assert!(!ledger.acknowledged(1));
        assert!(ledger.uncommitted().is_empty());
        assert!(!ledger.is_drained(&[partition(0)]));
        assert!(ledger.acknowledged(1));
        assert_eq!(ledger.uncommitted(), [(partition(0), 10)]);
        assert!(ledger.is_drained(&[partition(0)]));
    }

    #[test]
    fn what_is_committed_is_not_committed_again() {
        let mut ledger = ledger();
        ledger.sent(1, &[(partition(0), 10)], 1);
        ledger.acknowledged(1);
        ledger.committed(partition(0), 10);
        assert!(ledger.uncommitted().is_empty());
    }

    #[test]
    fn metadata_that_needs_renewal_is_committed_at_the_same_offset() {
        let mut ledger = Ledger::default();
        ledger.assign(partition(0), None);
        ledger.sent(1, &[(partition(0), 7)], 1);
        ledger.acknowledged(1);
        assert_eq!(ledger.uncommitted(), [(partition(0), 7)]);
    }

    #[test]
    fn an_acknowledgement_after_revocation_moves_nothing() {
        let mut ledger = ledger();
        ledger.sent(1, &[(partition(0), 10), (partition(1), 3)], 1);
        ledger.revoke(partition(0));
        assert!(ledger.acknowledged(1));
        assert_eq!(ledger.uncommitted(), [(partition(1), 3)]);
        // Assigned anew, it starts from what the group has, not from what was on its way then.
        ledger.assign(partition(0), Some(4));
        assert_eq!(ledger.watermark(partition(0)), Some(4));
    }
}
