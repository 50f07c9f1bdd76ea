use std::sync::Arc;
use std::thread;

use super::*;
use crate::batch::Timing;
use crate::catalog::{TableId, ViewId};
use crate::kafka::Held;
use crate::views::{Effects as _, Reason, Why};

const PARTITION: Partition = Partition { table: TableId::from_index(0), number: 0 };

fn held(offset: i64) -> Held {
    Held { offset: Some(offset), current: true, newest: i64::MIN, partitions: 1, node: None }
}

fn handoff() -> Handoff {
    let handoff = Handoff::default();
    handoff.ledger(|ledger| ledger.assign(PARTITION, held(0)));
    handoff
}

/// A batch with one key, up to this offset.
fn batch(next: i64) -> Batch {
    let mut batch = Batch::default();
    batch.keys.insert(ViewId::from_index(0), &format!("key:{next}"));
    batch.reach(PARTITION, next);
    batch.timings.add(Timing { committed: Some(next), appended: None, events: 1 });
    batch
}

fn watermark(handoff: &Handoff) -> Option<i64> {
    handoff.ledger(|ledger| ledger.watermark(PARTITION))
}

#[tokio::test]
async fn while_one_batch_is_on_its_way_the_next_one_grows() {
    let handoff = handoff();
    assert!(handoff.offer(&mut batch(1)));
    let first = handoff.take().await;
    assert!(handoff.offer(&mut batch(2)));
    let mut third = batch(3);
    assert!(!handoff.offer(&mut third), "the slot is taken");
    handoff.join(&mut third);
    assert!(third.is_empty());
    handoff.acknowledge(first.number, Share::Keys);
    assert_eq!(watermark(&handoff), Some(1));
    let second = handoff.take().await;
    assert_eq!(second.batch.keys.len(), 2);
    assert_eq!(handoff.acknowledge(second.number, Share::Keys).map(|timings| timings.len()), Some(2));
    assert_eq!(watermark(&handoff), Some(3));
}

#[tokio::test]
async fn keys_and_families_are_acknowledged_apart() {
    let handoff = handoff();
    let mut both = batch(1);
    both.family(ViewId::from_index(0), Why::because(Reason::Truncate));
    handoff.force(&mut both);
    let sent = handoff.take().await;
    assert!(handoff.acknowledge(sent.number, Share::Keys).is_none());
    assert_eq!(watermark(&handoff), Some(0));
    assert!(handoff.acknowledge(sent.number, Share::Families).is_some());
    assert_eq!(watermark(&handoff), Some(1));
}

#[test]
fn a_full_slot_takes_no_more_but_by_force() {
    let handoff = handoff();
    let mut full = batch(1);
    (0..70_000).for_each(|n| full.keys.insert(ViewId::from_index(0), &n.to_string()));
    assert!(handoff.offer(&mut full));
    let mut next = batch(2);
    handoff.join(&mut next);
    assert!(!next.is_empty(), "it stays where it was gathered");
    handoff.force(&mut next);
    assert!(next.is_empty());
}

#[tokio::test]
async fn what_waits_of_a_revoked_partition_is_applied_and_not_committed() {
    let handoff = handoff();
    handoff.force(&mut batch(5));
    handoff.revoke(&[PARTITION]);
    handoff.ledger(|ledger| ledger.assign(PARTITION, held(2)));
    // Another partition's batch takes the keys along.
    let other = Partition { number: 1, ..PARTITION };
    let mut more = Batch::default();
    more.reach(other, 1);
    handoff.force(&mut more);
    let sent = handoff.take().await;
    assert_eq!(sent.batch.keys.len(), 1);
    handoff.acknowledge(sent.number, Share::Keys);
    assert_eq!(watermark(&handoff), Some(2));
}

#[tokio::test]
async fn a_drain_ends_with_the_last_acknowledgement_or_at_its_deadline() {
    let handoff = Arc::new(handoff());
    handoff.force(&mut batch(1));
    let soon = Instant::now() + Duration::from_millis(20);
    assert!(!handoff.drain(&[PARTITION], soon), "the slot is not empty");
    let sent = handoff.take().await;
    let soon = Instant::now() + Duration::from_millis(20);
    assert!(!handoff.drain(&[PARTITION], soon), "the batch is on its way");
    let waiting = Arc::clone(&handoff);
    let drained = thread::spawn(move || waiting.drain(&[PARTITION], Instant::now() + Duration::from_mins(1)));
    handoff.acknowledge(sent.number, Share::Keys);
    assert!(drained.join().expect("no panic"));
}

#[tokio::test]
async fn many_batches_may_wait_for_their_second_delete() {
    let handoff = Handoff { settles: true, ..Handoff::default() };
    handoff.ledger(|ledger| ledger.assign(PARTITION, held(0)));
    let most = i64::try_from(4 * MOST_ON_THE_WAY).expect("small");
    for next in 1..=most {
        handoff.force(&mut batch(next));
        let sent = handoff.try_take().expect("those that settle stop nothing");
        assert!(
            handoff.acknowledge(sent.number, Share::Keys).is_some(),
            "latency is that of the first delete"
        );
    }
    let soon = Instant::now() + Duration::from_millis(20);
    assert!(handoff.drain(&[PARTITION], soon), "a drain does not wait for second deletes");
    assert_eq!(watermark(&handoff), Some(0));
    handoff.settle(7, Share::KeysAgain);
    assert_eq!(watermark(&handoff), Some(7));
    assert_eq!(handoff.ledger(|ledger| ledger.applied(PARTITION)), Some(most));
}

#[test]
fn offsets_alone_have_nothing_to_settle() {
    let handoff = Handoff { settles: true, ..Handoff::default() };
    handoff.ledger(|ledger| ledger.assign(PARTITION, held(0)));
    let mut offsets = Batch::default();
    offsets.reach(PARTITION, 3);
    handoff.force(&mut offsets);
    let sent = handoff.try_take().expect("a batch");
    handoff.acknowledge(sent.number, Share::Keys);
    assert_eq!(watermark(&handoff), Some(3));
}
