use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Receiver;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::Message as _;
use rdkafka::message::BorrowedMessage;

use super::membership::Membership;
use super::processing::Processing;
use crate::batch::Batch;

/// How many messages are gathered before the batch is offered to the writer, while there are more. The larger, the more of
/// a backlog's events share their keys; at 500,000 events/s it is 16 ms, of which a reader that is behind knows nothing.
const BURST: usize = 8_192;

/// Messages in the order in which they were read, from the polling thread to the gathering one.
pub(super) struct Chunk<'m> {
    pub(super) messages: Vec<BorrowedMessage<'m>>,
    /// There were no more: what is in hand must not wait for the next message.
    pub(super) idle: bool,
}

/// Decodes, evaluates and gathers chunk after chunk, until the polling thread sends no more.
pub(super) fn gather(membership: &Membership, mut processing: Processing, chunks: &Receiver<Chunk<'_>>) {
    let mut since_offered = 0;
    for chunk in chunks {
        let mut batch = membership.gathered.lock().unwrap_or_else(PoisonError::into_inner);
        take(membership, &mut processing, &chunk.messages, &mut batch);
        since_offered += chunk.messages.len();
        if (chunk.idle || since_offered >= BURST) && !batch.is_empty() {
            if membership.handoff.offer(&mut batch) {
                since_offered = 0;
            } else if chunk.idle {
                membership.handoff.join(&mut batch);
            }
        }
        membership.full.store(batch.is_full(), Ordering::Relaxed);
        drop(batch);
        membership.turnstile.gathered();
    }
}

fn take(
    membership: &Membership,
    processing: &mut Processing,
    messages: &[BorrowedMessage<'_>],
    batch: &mut Batch,
) {
    // Neighbours are mostly of one partition: it is looked up, and its offset noted, once a run.
    let same = |a: &BorrowedMessage<'_>, b: &BorrowedMessage<'_>| {
        a.partition() == b.partition() && a.topic() == b.topic()
    };
    for run in messages.chunk_by(same) {
        let (first, last) = (&run[0], &run[run.len() - 1]);
        // A topic that is not ours can only come from a subscription of another version of this group.
        let Some(partition) = membership.partition(first.topic(), first.partition()) else { continue };
        for message in run {
            processing.process(partition, message, batch);
        }
        batch.reach(partition, last.offset() + 1);
    }
}

/// Lets a rebalance wait until all that was sent is gathered.
#[derive(Default)]
pub(super) struct Turnstile {
    sent: AtomicU64,
    gathered: Mutex<u64>,
    moved: Condvar,
}

impl Turnstile {
    pub(super) fn sent(&self) {
        self.sent.fetch_add(1, Ordering::Relaxed);
    }

    fn gathered(&self) {
        *self.gathered.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.moved.notify_all();
    }

    /// Gathering waits for nothing, so this takes milliseconds; the deadline is for a thread that broke.
    pub(super) fn wait(&self, deadline: Instant) {
        let sent = self.sent.load(Ordering::Relaxed);
        let mut gathered = self.gathered.lock().unwrap_or_else(PoisonError::into_inner);
        while *gathered < sent {
            let left = deadline.saturating_duration_since(Instant::now());
            if left == Duration::ZERO {
                return;
            }
            gathered = self
                .moved
                .wait_timeout(gathered, left)
                .map_or_else(|poisoned| poisoned.into_inner().0, |(gathered, _)| gathered);
        }
    }
}
