use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, PoisonError};

use rdkafka::Message as _;
use rdkafka::message::BorrowedMessage;

use super::membership::Membership;
use super::offering::Offering;
use super::polling::{self, Chunk};
use super::processing::Processing;
use crate::batch::{Batch, Reached};
use crate::rows::Rows;

/// Decodes, evaluates and gathers chunk after chunk, until the polling thread sends no more.
pub(super) fn gather(membership: &Membership, mut processing: Processing, chunks: &Receiver<Chunk<'_>>) {
    let mut offering = Offering::default();
    // Those of tracked tables are another thread's.
    let mut rows = Rows::new(Arc::clone(&membership.catalog));
    for chunk in chunks {
        let mut batch = membership.gathered.lock().unwrap_or_else(PoisonError::into_inner);
        take(membership, &mut processing, &mut rows, &chunk.messages, &mut batch);
        offering.offer(&membership.handoff, &mut batch, chunk.messages.len(), chunk.idle);
        membership.full.store(batch.is_full(), Ordering::Relaxed);
        drop(batch);
        membership.turnstile.gathered();
    }
}

fn take(
    membership: &Membership,
    processing: &mut Processing,
    rows: &mut Rows,
    messages: &[BorrowedMessage<'_>],
    batch: &mut Batch,
) {
    for run in polling::runs(messages) {
        let (first, last) = (&run[0], &run[run.len() - 1]);
        // A topic that is not ours can only come from a subscription of another version of this group.
        let Some(partition) = membership.partition(first.topic(), first.partition()) else { continue };
        // One of a tracked table came between its assignment and its pause. The other consumer reads it.
        if membership.catalog.table(partition.table).tracked {
            continue;
        }
        let (mut newest, next) = (i64::MIN, last.offset() + 1);
        let mut expected = membership.handoff.ledger(|ledger| ledger.read(partition, next));
        for message in run {
            if let Some(expected) = expected.replace(message.offset() + 1) {
                processing.mind_the_gap(partition, expected, message, batch);
            }
            processing.process(rows, partition, message, Some(&mut *batch));
            newest = newest.max(message.timestamp().to_millis().unwrap_or(i64::MIN));
        }
        batch.reach(partition, Reached { next, newest });
    }
}
