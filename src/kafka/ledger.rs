mod letters;
mod node;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::ops::Bound;
use std::sync::Arc;
use std::time::Instant;

use super::dead_letters::Undelivered;
use super::shares::{Share, Shares};
use crate::batch::{Letter, Reached};
use crate::change::Partition;

/// Which offsets may be committed.
///
/// A batch covers a stretch of each partition. Batches are sent in order and may be acknowledged in any order (a family
/// takes longer than a key); a partition's watermark advances over a contiguous run of acknowledged batches only, and not
/// over a letter that is not delivered.
///
/// A batch is *applied* once its keys and families are deleted, and *settled* once what has to be is deleted a second
/// time. Drains, lag and latency look at the first, commits at the second.
#[derive(Debug, Default)]
pub struct Ledger {
    partitions: HashMap<Partition, Progress>,
    /// Batches on their way, with the shares that Redis has not acknowledged.
    unacknowledged: BTreeMap<u64, Shares>,
    /// How many of them are not applied.
    unapplied: usize,
    /// Up to which batch each of these shares is acknowledged, where that comes for all batches below.
    up_to: BTreeMap<Share, u64>,
    /// The Redis node that was met last.
    node: Option<u32>,
}

/// What the group holds for a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// Never gone below. `None` where nothing was committed, or what was is of a log that is gone.
    pub offset: Option<i64>,
    /// Its metadata is today's; otherwise the same offset is committed anew.
    pub current: bool,
    /// As [`Reached::newest`].
    pub newest: i64,
    /// How many partitions the topic had when the group started on it; it is committed along.
    pub partitions: u32,
    /// The Redis node that everything below was applied to. `None` where families that go stand for that, on whichever node.
    pub node: Option<u32>,
}

impl Held {
    pub const NOTHING: Self =
        Self { offset: None, current: false, newest: i64::MIN, partitions: 0, node: None };
}

/// An offset that is to be committed, and what goes with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    pub offset: i64,
    pub newest: i64,
    pub partitions: u32,
    pub node: Option<u32>,
}

/// Redis may have forgotten what it acknowledged of a partition, until all families are gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Doubt {
    Waits,
    /// The batch that deletes them.
    Sent(u64),
}

#[derive(Debug)]
struct Progress {
    /// Everything below has been acknowledged. `None` until the first acknowledgement after the assignment.
    watermark: Option<i64>,
    /// The same of what is applied; never below the watermark.
    applied: Option<i64>,
    held: Held,
    /// The offset after the last record read.
    read: Option<i64>,
    /// Stretches on their way, each with its batch.
    sent: VecDeque<(u64, Reached)>,
    /// How many of them, from the first on, are applied and not settled.
    settling: usize,
    letters: Undelivered,
    /// Nothing is committed meanwhile: the metadata would name a node that lacks some of it, the old one or the new one.
    doubt: Option<Doubt>,
}

impl Progress {
    fn new(held: Held) -> Self {
        Self {
            watermark: None,
            applied: None,
            held,
            read: held.offset,
            sent: VecDeque::new(),
            settling: 0,
            letters: Undelivered::default(),
            doubt: None,
        }
    }

    /// Moves over what has been acknowledged, and whose letters are delivered. Below the first letter that is not, all of its
    /// stretch may be committed: or a few letters of many would all be written again after a crash.
    fn advance(&mut self, unacknowledged: &BTreeMap<u64, Shares>) {
        while let Some((batch, reached)) = self.sent.get(self.settling) {
            if unacknowledged.get(batch).is_some_and(|shares| !shares.are_applied()) {
                break;
            }
            self.applied = self.applied.max(Some(reached.next));
            self.settling += 1;
        }
        while self.settling > 0
            && let Some((batch, reached)) = self.sent.front().copied()
            && !unacknowledged.contains_key(&batch)
        {
            if let Some(letter) = self.letters.holds(reached.next) {
                self.acknowledged(Reached { next: letter, ..reached });
                break;
            }
            self.sent.pop_front();
            self.settling -= 1;
            self.acknowledged(reached);
        }
    }

    /// A copy that takes over may read again what is committed already.
    fn acknowledged(&mut self, reached: Reached) {
        self.watermark = self.watermark.max(Some(reached.next));
        self.held.newest = self.held.newest.max(reached.newest);
    }

    fn due(&self, node: Option<u32>) -> Option<Due> {
        let Held { offset: committed, current, newest, partitions, node: held } = self.held;
        let (None, offset) = (self.doubt, self.watermark?) else { return None };
        let current = current && held == node;
        let is_due =
            committed.is_none_or(|committed| committed < offset || (committed == offset && !current));
        is_due.then_some(Due { offset, newest, partitions, node })
    }

    /// All families are gone from the node, so that everything that was committed counts for it.
    fn clear(&mut self) {
        self.doubt = None;
        // Where the definitions changed, other families are on their way too.
        if self.held.current {
            self.watermark = self.watermark.max(self.held.offset);
        }
    }
}

impl Ledger {
    /// Begins to keep a partition.
    pub fn assign(&mut self, partition: Partition, held: Held) {
        let is_another = |held: u32| self.node.is_some_and(|node| node != held);
        let doubt = held.node.is_some_and(is_another).then_some(Doubt::Waits);
        self.partitions.insert(partition, Progress { doubt, ..Progress::new(held) });
    }

    /// Returns the letters that were not delivered.
    pub fn revoke(&mut self, partition: Partition) -> Vec<Arc<Letter>> {
        self.partitions.remove(&partition).map_or_else(Vec::new, |mut progress| progress.letters.take())
    }

    /// Notes up to where a partition was read. Returns where that was before.
    pub fn read(&mut self, partition: Partition, next: i64) -> Option<i64> {
        self.partitions.get_mut(&partition)?.read.replace(next)
    }

    /// Notes that a batch is on its way and needs these acknowledgements.
    pub fn sent(&mut self, batch: u64, positions: &[(Partition, Reached)], shares: Shares) {
        self.unapplied += usize::from(!shares.are_applied());
        self.unacknowledged.insert(batch, shares);
        for (partition, reached) in positions {
            // A partition that was revoked in the meantime is its new owner's to commit.
            if let Some(progress) = self.partitions.get_mut(partition) {
                progress.sent.push_back((batch, *reached));
            }
        }
    }

    /// Notes that a share of a batch is acknowledged, once or again. Returns whether the batch is applied with it.
    pub fn acknowledged(&mut self, batch: u64, share: Share) -> bool {
        let Some(shares) = self.unacknowledged.get_mut(&batch) else { return false };
        let were_applied = shares.are_applied();
        shares.remove(share);
        let applied = !were_applied && shares.are_applied();
        if shares.is_empty() {
            self.unacknowledged.remove(&batch);
        } else if !applied {
            return false;
        }
        self.unapplied -= usize::from(applied);
        self.advance();
        if applied {
            for progress in self.partitions.values_mut().filter(|one| one.doubt == Some(Doubt::Sent(batch))) {
                progress.clear();
            }
        }
        applied
    }

    /// Notes that a share of this batch and of all before it is acknowledged. Returns whether that ended the wait of any.
    pub fn acknowledged_up_to(&mut self, batch: u64, share: Share) -> bool {
        // Those below wait for another share, and there may be many.
        let after = self.up_to.insert(share, batch).unwrap_or(0);
        if after >= batch {
            return false;
        }
        let new = (Bound::Excluded(after), Bound::Included(batch));
        let waiting = self.unacknowledged.range(new).filter(|(_, shares)| shares.contain(share));
        let waiting: Vec<u64> = waiting.map(|(batch, _)| *batch).collect();
        for batch in &waiting {
            if let Some(shares) = self.unacknowledged.get_mut(batch) {
                shares.remove(share);
                if shares.is_empty() {
                    self.unacknowledged.remove(batch);
                }
            }
        }
        if !waiting.is_empty() {
            self.advance();
        }
        !waiting.is_empty()
    }

    fn advance(&mut self) {
        for progress in self.partitions.values_mut() {
            progress.advance(&self.unacknowledged);
        }
    }

    /// How many batches are not applied.
    pub fn unapplied(&self) -> usize {
        self.unapplied
    }

    /// How many batches are applied and not settled.
    pub fn settling(&self) -> usize {
        self.unacknowledged.len() - self.unapplied
    }

    /// Whether everything that was sent of these partitions is applied, and its letters delivered. Nobody waits for letters
    /// of a partition that is stopped: others would stand still for it.
    pub fn is_drained(&mut self, partitions: &[Partition], now: Instant) -> bool {
        let is_drained = |progress: &mut Progress| {
            progress.settling == progress.sent.len()
                && (progress.letters.len() == 0 || progress.letters.stops(now))
        };
        self.partitions
            .iter_mut()
            .filter(|(partition, _)| partitions.contains(partition))
            .all(|(_, progress)| is_drained(progress))
    }

    /// The watermark of each partition whose commit is behind it.
    pub fn uncommitted(&self) -> Vec<(Partition, Due)> {
        self.partitions
            .iter()
            .filter_map(|(partition, progress)| Some((*partition, progress.due(self.node)?)))
            .collect()
    }

    /// Notes what was committed, and under which node's name: meanwhile another may have been met.
    pub fn committed(&mut self, partition: Partition, offset: i64, node: Option<u32>) {
        if let Some(progress) = self.partitions.get_mut(&partition) {
            progress.held = Held { offset: Some(offset), current: true, node, ..progress.held };
        }
    }

    /// The offset after the last acknowledged record, where one is known.
    pub fn watermark(&self, partition: Partition) -> Option<i64> {
        let progress = self.partitions.get(&partition)?;
        progress.watermark.max(progress.held.offset)
    }

    /// The offset after the last record that is applied, settled or not, where one is known.
    pub fn applied(&self, partition: Partition) -> Option<i64> {
        let progress = self.partitions.get(&partition)?;
        progress.applied.max(progress.held.offset)
    }

    /// Up to where each partition is applied since its assignment.
    pub fn all_applied(&self) -> Vec<(Partition, i64)> {
        self.partitions
            .iter()
            .filter_map(|(partition, progress)| Some((*partition, progress.applied?)))
            .collect()
    }

    pub fn partitions(&self) -> impl Iterator<Item = Partition> + '_ {
        self.partitions.keys().copied()
    }
}
