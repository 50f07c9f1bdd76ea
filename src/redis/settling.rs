use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};
use std::sync::Arc;
use std::time::Instant;

use crate::catalog::ViewId;

#[cfg(test)]
mod tests;

/// What a name that waits holds besides its own bytes: its places in the map and in the queue.
const OVERHEAD: usize = 160;

/// The second deletes that are due later, of keys or of families, by name. Pure: it knows no clock and no Redis.
///
/// A name has at most one pending delete, which nothing postpones. What happens to it meanwhile is noted, and once the
/// pending one is taken the name is armed again for the latest of that. So a hot key is deleted about once per `settle`,
/// and each event's key goes no earlier than its own first delete plus `settle`.
///
/// Batches come in the order of their numbers. As a watermark is contiguous anyhow, a name remembers only the first batch
/// that waits for it: what is below all of those has settled. So memory grows with names and not with events.
#[derive(Debug, Default)]
pub(super) struct Settling {
    pending: HashMap<Arc<str>, Pending>,
    /// One entry for each that is pending, the earliest first.
    queue: BinaryHeap<Reverse<(Instant, Arc<str>)>>,
    /// How many deletes, pending or on their way, each batch is the first to wait for.
    waiting: BTreeMap<u64, usize>,
    /// The last batch that came.
    last: u64,
    bytes: usize,
}

#[derive(Debug)]
struct Pending {
    delete: Delete,
    /// For what came while the delete was pending.
    again: Option<Delete>,
    view: ViewId,
}

#[derive(Debug, Clone, Copy)]
struct Delete {
    due: Instant,
    /// The first batch that waits for it.
    batch: u64,
}

/// Names to delete a second time, now, each with its view.
#[derive(Debug, Default)]
pub(super) struct Due {
    pub(super) names: Vec<(Arc<str>, ViewId)>,
    batches: Vec<u64>,
}

impl Settling {
    /// Notes a batch whose names have been deleted once, and when each is due again, with its view. Returns whether there was
    /// any.
    pub(super) fn enter<'n>(
        &mut self,
        batch: u64,
        names: impl Iterator<Item = (&'n str, Instant, ViewId)>,
    ) -> bool {
        self.last = batch;
        let mut any = false;
        for (name, due, view) in names {
            any = true;
            let delete = Delete { due, batch };
            if let Some(pending) = self.pending.get_mut(name) {
                // At the same instant the pending one is this one's too.
                if pending.delete.due >= due {
                    continue;
                }
                match &mut pending.again {
                    Some(again) => again.due = again.due.max(due),
                    again @ None => {
                        *again = Some(delete);
                        *self.waiting.entry(batch).or_default() += 1;
                    }
                }
            } else {
                *self.waiting.entry(batch).or_default() += 1;
                self.arm(Arc::from(name), delete, view);
            }
        }
        any
    }

    fn arm(&mut self, name: Arc<str>, delete: Delete, view: ViewId) {
        self.bytes += name.len() + OVERHEAD;
        self.queue.push(Reverse((delete.due, Arc::clone(&name))));
        self.pending.insert(name, Pending { delete, again: None, view });
    }

    /// Whether a name waits for its delete.
    pub(super) fn is_pending(&self, name: &str) -> bool {
        self.pending.contains_key(name)
    }

    /// When the next delete is due.
    pub(super) fn next(&self) -> Option<Instant> {
        self.queue.peek().map(|Reverse((due, _))| *due)
    }

    /// Takes what is due, the earliest first, and no more than so much.
    pub(super) fn take(&mut self, now: Instant, most: usize) -> Due {
        let mut taken = Due::default();
        while taken.names.len() < most && self.next().is_some_and(|due| due <= now) {
            let Some(Reverse((_, name))) = self.queue.pop() else { break };
            let Some(Pending { delete, again, view }) = self.pending.remove(&name) else { continue };
            self.bytes -= name.len() + OVERHEAD;
            taken.batches.push(delete.batch);
            taken.names.push((Arc::clone(&name), view));
            match again {
                // Late enough to be that one's too.
                Some(again) if again.due <= now => taken.batches.push(again.batch),
                Some(again) => self.arm(name, again, view),
                None => {}
            }
        }
        taken
    }

    /// Notes that Redis has acknowledged what was taken.
    pub(super) fn done(&mut self, due: Due) {
        for batch in due.batches {
            if let Some(deletes) = self.waiting.get_mut(&batch) {
                *deletes -= 1;
                if *deletes == 0 {
                    self.waiting.remove(&batch);
                }
            }
        }
    }

    /// Everything up to this batch has settled.
    pub(super) fn settled(&self) -> u64 {
        self.waiting.first_key_value().map_or(self.last, |(first, _)| first - 1)
    }

    /// How much memory the names hold that wait.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// How many names wait.
    pub(super) fn len(&self) -> usize {
        self.pending.len()
    }
}
