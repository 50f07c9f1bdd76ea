use std::time::Duration;

use super::*;
use crate::catalog::TableId;

const KEYS: [Share; 1] = [Share::Keys];
const ALL: [Share; 4] = [Share::Keys, Share::Families, Share::KeysAgain, Share::FamiliesAgain];

fn partition(number: i32) -> Partition {
    Partition { table: TableId::from_index(0), number }
}

fn held(offset: i64) -> Held {
    Held { offset: Some(offset), current: true, newest: i64::MIN, partitions: 4, node: None }
}

fn ledger() -> Ledger {
    let mut ledger = Ledger::default();
    ledger.assign(partition(0), held(0));
    ledger.assign(partition(1), held(0));
    ledger
}

fn due(ledger: &Ledger) -> Vec<(i32, i64)> {
    ledger.uncommitted().iter().map(|(partition, due)| (partition.number, due.offset)).collect()
}

#[test]
fn a_later_batch_does_not_overtake_an_earlier_one() {
    let mut ledger = ledger();
    ledger.sent(1, &[(partition(0), 10.into())], Shares::new(KEYS));
    ledger.sent(2, &[(partition(0), 20.into()), (partition(1), 5.into())], Shares::new(KEYS));
    assert!(ledger.acknowledged(2, Share::Keys));
    assert_eq!(due(&ledger), [(1, 5)]);
    assert!(ledger.acknowledged(1, Share::Keys));
    assert_eq!(ledger.watermark(partition(0)), Some(20));
}

#[test]
fn a_batch_counts_once_all_its_acknowledgements_are_in() {
    let mut ledger = ledger();
    ledger.sent(1, &[(partition(0), 10.into())], Shares::new([Share::Keys, Share::Families]));
    for _ in 0..2 {
        assert!(!ledger.acknowledged(1, Share::Keys), "the same one twice is one");
        assert!(ledger.uncommitted().is_empty());
        assert!(!ledger.is_drained(&[partition(0)], Instant::now()));
    }
    assert!(ledger.acknowledged(1, Share::Families));
    assert_eq!(due(&ledger), [(0, 10)]);
    assert!(ledger.is_drained(&[partition(0)], Instant::now()));
}

#[test]
fn what_is_committed_is_not_committed_again() {
    let mut ledger = ledger();
    ledger.sent(1, &[(partition(0), 10.into())], Shares::new(KEYS));
    ledger.acknowledged(1, Share::Keys);
    ledger.committed(partition(0), 10, None);
    assert!(ledger.uncommitted().is_empty());
}

#[test]
fn metadata_that_needs_renewal_is_committed_at_the_same_offset() {
    let mut ledger = Ledger::default();
    ledger.assign(partition(0), Held { current: false, ..held(7) });
    ledger.sent(1, &[(partition(0), 7.into())], Shares::new(KEYS));
    ledger.acknowledged(1, Share::Keys);
    assert_eq!(due(&ledger), [(0, 7)]);
}

#[test]
fn an_acknowledgement_after_revocation_moves_nothing() {
    let mut ledger = ledger();
    ledger.sent(1, &[(partition(0), 10.into()), (partition(1), 3.into())], Shares::new(KEYS));
    ledger.revoke(partition(0));
    assert!(ledger.acknowledged(1, Share::Keys));
    assert_eq!(due(&ledger), [(1, 3)]);
    // Assigned anew, it starts from what the group has, not from what was on its way then.
    ledger.assign(partition(0), held(4));
    assert_eq!(ledger.watermark(partition(0)), Some(4));
}

#[test]
fn what_is_read_again_is_applied_and_not_committed() {
    let mut ledger = Ledger::default();
    ledger.assign(partition(0), held(7));
    ledger.sent(1, &[(partition(0), 5.into())], Shares::new(KEYS));
    ledger.acknowledged(1, Share::Keys);
    assert_eq!(due(&ledger), []);
    // Metadata that needs renewal is renewed at the committed offset, however far behind reading is.
    ledger.assign(partition(0), Held { current: false, ..held(7) });
    ledger.sent(2, &[(partition(0), 7.into())], Shares::new(KEYS));
    ledger.sent(3, &[(partition(0), 6.into())], Shares::new(KEYS));
    ledger.acknowledged(2, Share::Keys);
    ledger.acknowledged(3, Share::Keys);
    assert_eq!(due(&ledger), [(0, 7)]);
}

#[test]
fn the_newest_time_is_that_of_all_records_so_far() {
    let mut ledger = Ledger::default();
    ledger.assign(partition(0), Held { newest: 50, ..held(0) });
    for (batch, next, newest, expected) in [(1, 1, 40, 50), (2, 2, 70, 70), (3, 3, 60, 70)] {
        ledger.sent(batch, &[(partition(0), Reached { next, newest })], Shares::new(KEYS));
        ledger.acknowledged(batch, Share::Keys);
        let (_, due) = ledger.uncommitted()[0];
        assert_eq!(due, Due { offset: next, newest: expected, partitions: 4, node: None });
    }
}

#[test]
fn a_batch_is_applied_before_it_is_settled_and_committed_after() {
    let mut ledger = ledger();
    ledger.sent(1, &[(partition(0), 10.into())], Shares::new(ALL));
    assert!(!ledger.acknowledged(1, Share::Families));
    assert_eq!((ledger.unapplied(), ledger.settling()), (1, 0));
    assert!(ledger.acknowledged(1, Share::Keys), "with it the batch is applied");
    assert_eq!((ledger.unapplied(), ledger.settling()), (0, 1));
    assert!(ledger.is_drained(&[partition(0)], Instant::now()), "a drain does not wait for second deletes");
    assert_eq!(ledger.applied(partition(0)), Some(10));
    assert_eq!(ledger.all_applied(), [(partition(0), 10)]);
    for share in [Share::FamiliesAgain, Share::KeysAgain] {
        assert_eq!((due(&ledger), ledger.watermark(partition(0))), (vec![], Some(0)), "before {share:?}");
        assert!(!ledger.acknowledged(1, share), "it was applied before");
    }
    assert_eq!(due(&ledger), [(0, 10)]);
    assert_eq!(ledger.settling(), 0);
}

#[test]
fn the_watermark_waits_for_the_first_batch_that_is_not_settled() {
    let mut ledger = ledger();
    for batch in 1..=4 {
        let settles = [Share::Keys].into_iter().chain((batch % 2 == 0).then_some(Share::KeysAgain));
        let next = i64::try_from(10 * batch).expect("small");
        ledger.sent(batch, &[(partition(0), next.into())], Shares::new(settles));
    }
    for batch in [1, 2, 4] {
        assert!(ledger.acknowledged(batch, Share::Keys));
    }
    assert_eq!(ledger.applied(partition(0)), Some(20), "the third is not applied");
    assert!(!ledger.is_drained(&[partition(0)], Instant::now()));
    assert_eq!(due(&ledger), [(0, 10)]);
    assert!(ledger.acknowledged_up_to(3, Share::KeysAgain));
    assert!(!ledger.acknowledged_up_to(3, Share::KeysAgain), "nothing more waited for it");
    assert_eq!(due(&ledger), [(0, 20)]);
    assert!(ledger.acknowledged(3, Share::Keys));
    assert_eq!((due(&ledger), ledger.applied(partition(0))), (vec![(0, 30)], Some(40)));
    assert!(ledger.acknowledged_up_to(4, Share::KeysAgain));
    assert_eq!(due(&ledger), [(0, 40)]);
    assert_eq!((ledger.unapplied(), ledger.settling()), (0, 0));
}

#[test]
fn a_second_delete_after_revocation_commits_nothing() {
    let mut ledger = ledger();
    ledger.sent(1, &[(partition(0), 10.into())], Shares::new([Share::Keys, Share::KeysAgain]));
    ledger.acknowledged(1, Share::Keys);
    ledger.revoke(partition(0));
    ledger.assign(partition(0), held(4));
    assert_eq!(ledger.applied(partition(0)), Some(4));
    ledger.acknowledged_up_to(1, Share::KeysAgain);
    assert_eq!((due(&ledger), ledger.watermark(partition(0))), (vec![], Some(4)));
}

fn nodes(ledger: &Ledger) -> Vec<(i32, i64, Option<u32>)> {
    ledger.uncommitted().iter().map(|(partition, due)| (partition.number, due.offset, due.node)).collect()
}

/// Applied to node 1, which is the one that answers.
fn on_node_1() -> Ledger {
    let mut ledger = Ledger::default();
    assert!(!ledger.met(1), "nothing is kept");
    ledger.assign(partition(0), Held { node: Some(1), ..held(7) });
    ledger
}

#[test]
fn another_node_is_named_once_the_families_are_gone_from_it() {
    let mut ledger = on_node_1();
    ledger.sent(1, &[(partition(0), 9.into())], Shares::new(KEYS));
    ledger.acknowledged(1, Share::Keys);
    assert_eq!(nodes(&ledger), [(0, 9, Some(1))]);
    assert!(ledger.met(2));
    assert_eq!(nodes(&ledger), [], "node 1 has it, and node 2 may not");
    assert!(ledger.is_in_doubt());
    ledger.sent(2, &[(partition(0), 12.into())], Shares::new([Share::Keys, Share::Families]));
    ledger.sent_for_doubts(2);
    assert!(!ledger.is_in_doubt());
    ledger.sent(3, &[(partition(0), 15.into())], Shares::new(KEYS));
    ledger.acknowledged(3, Share::Keys);
    ledger.acknowledged(2, Share::Keys);
    assert_eq!(nodes(&ledger), [], "keys went, families not yet");
    ledger.acknowledged(2, Share::Families);
    assert_eq!(nodes(&ledger), [(0, 15, Some(2))]);
    assert!(!ledger.met(2));
}

#[test]
fn an_idle_partition_is_committed_anew_for_another_node() {
    let mut ledger = on_node_1();
    ledger.met(2);
    ledger.sent(1, &[], Shares::new(KEYS));
    ledger.sent_for_doubts(1);
    ledger.acknowledged(1, Share::Keys);
    assert_eq!(nodes(&ledger), [(0, 7, Some(2))]);
    // A commit that was on its way since before that.
    ledger.committed(partition(0), 7, Some(1));
    assert_eq!(nodes(&ledger), [(0, 7, Some(2))]);
    ledger.committed(partition(0), 7, Some(2));
    assert_eq!(nodes(&ledger), []);
}

#[test]
fn families_that_went_from_one_node_do_not_count_for_the_next() {
    let mut ledger = on_node_1();
    ledger.met(2);
    ledger.sent(1, &[], Shares::new(KEYS));
    ledger.sent_for_doubts(1);
    assert!(ledger.met(3));
    ledger.acknowledged(1, Share::Keys);
    assert_eq!(nodes(&ledger), []);
    assert!(ledger.is_in_doubt());
}

#[test]
fn a_partition_is_compared_with_the_node_whichever_is_known_first() {
    for (assigned_first, committed_for, expected) in [
        (false, Some(2), true),
        (true, Some(2), true),
        (false, Some(1), false),
        (true, Some(1), false),
        // Its families are on their way for another reason.
        (false, None, false),
        (true, None, false),
    ] {
        let mut ledger = Ledger::default();
        let held = Held { node: committed_for, ..held(7) };
        if assigned_first {
            ledger.assign(partition(0), held);
        }
        assert_eq!(ledger.met(1), assigned_first && expected, "{assigned_first} {committed_for:?}");
        if !assigned_first {
            ledger.assign(partition(0), held);
        }
        assert_eq!(ledger.is_in_doubt(), expected, "{assigned_first} {committed_for:?}");
    }
}

#[test]
fn other_families_on_their_way_are_waited_for_too() {
    let mut ledger = Ledger::default();
    ledger.met(1);
    ledger.assign(partition(0), Held { current: false, node: Some(1), ..held(7) });
    ledger.sent(1, &[(partition(0), 7.into())], Shares::new(KEYS));
    ledger.met(2);
    ledger.sent(2, &[], Shares::new(KEYS));
    ledger.sent_for_doubts(2);
    ledger.acknowledged(2, Share::Keys);
    assert_eq!(nodes(&ledger), []);
    ledger.acknowledged(1, Share::Keys);
    assert_eq!(nodes(&ledger), [(0, 7, Some(2))]);
}

#[test]
fn no_watermark_passes_a_letter_that_is_not_delivered() {
    let (mut ledger, now) = (ledger(), Instant::now());
    let letters = [(0, 3), (0, 12), (1, 2)].map(|(number, offset)| letter(partition(number), offset));
    ledger.add_letters(letters.to_vec(), now);
    ledger.sent(1, &[(partition(0), 3.into()), (partition(1), 2.into())], Shares::new(KEYS));
    ledger.sent(2, &[(partition(0), 10.into()), (partition(1), 5.into())], Shares::new(KEYS));
    ledger.sent(3, &[(partition(0), 20.into())], Shares::new(KEYS));
    for batch in 1..4 {
        ledger.acknowledged(batch, Share::Keys);
    }
    let watermarks = |ledger: &Ledger| [0, 1].map(|number| ledger.watermark(partition(number)));
    assert_eq!(watermarks(&ledger), [Some(3), Some(2)]);
    ledger.delivered(&letters[2]);
    assert_eq!(watermarks(&ledger), [Some(3), Some(5)], "the other partition goes on");
    ledger.delivered(&letter(partition(0), 3));
    assert_eq!(watermarks(&ledger), [Some(3), Some(5)], "that is another letter of this offset");
    ledger.delivered(&letters[0]);
    assert_eq!(watermarks(&ledger), [Some(12), Some(5)], "up to the next letter");
    assert!(!ledger.is_drained(&[partition(0)], now));
    assert!(ledger.is_drained(&[partition(0)], now + Duration::from_secs(1)), "it is stopped");
    assert_eq!(ledger.revoke(partition(0)), [Arc::clone(&letters[1])]);
}

#[test]
fn a_letter_of_what_is_committed_was_delivered() {
    let mut ledger = Ledger::default();
    ledger.assign(partition(0), held(5));
    ledger.add_letters([4, 5].map(|offset| letter(partition(0), offset)).to_vec(), Instant::now());
    assert_eq!(ledger.next_letter(partition(0)).map(|(letter, many)| (letter.offset, many)), Some((5, 1)));
    // Where offsets were lost nothing is known to be delivered.
    ledger.assign(partition(0), Held::NOTHING);
    ledger.add_letters(vec![letter(partition(0), 4)], Instant::now());
    assert_eq!(ledger.next_letter(partition(0)).map(|(letter, _)| letter.offset), Some(4));
}

#[test]
fn a_partition_stops_for_a_letter_that_waits_and_for_many() {
    let (start, mut ledger) = (Instant::now(), ledger());
    let stopped = |ledger: &mut Ledger, millis| ledger.stopped(start + Duration::from_millis(millis));
    let first = letter(partition(0), 0);
    ledger.add_letters(vec![Arc::clone(&first)], start);
    assert!(stopped(&mut ledger, 900).is_empty());
    assert_eq!(stopped(&mut ledger, 1_000), [partition(0)].into());
    // Until all are delivered, so that it does not go on and off.
    let second = letter(partition(0), 1);
    ledger.add_letters(vec![Arc::clone(&second)], start + Duration::from_secs(1));
    ledger.delivered(&first);
    assert_eq!(stopped(&mut ledger, 1_100), [partition(0)].into());
    ledger.delivered(&second);
    assert!(stopped(&mut ledger, 1_200).is_empty());
    ledger.add_letters((0..100).map(|offset| letter(partition(1), offset)).collect(), start);
    assert_eq!(stopped(&mut ledger, 0), [partition(1)].into());
}

fn letter(partition: Partition, offset: i64) -> Arc<Letter> {
    let (cause, message) = ("empty", String::new());
    let (key, value, headers) = (None, Some(Vec::new()), Vec::new());
    Arc::new(Letter { partition, offset, timestamp: None, cause, message, key, value, headers })
}

#[test]
fn what_settled_before_is_not_looked_at_again() {
    const BATCHES: u64 = 50_000;
    let mut ledger = ledger();
    for batch in 1..=BATCHES {
        ledger.sent(batch, &[], Shares::new(ALL));
        ledger.acknowledged(batch, Share::Keys);
        ledger.acknowledged(batch, Share::Families);
    }
    let started = Instant::now();
    for batch in 1..=BATCHES {
        assert!(ledger.acknowledged_up_to(batch, Share::KeysAgain));
    }
    // Otherwise a thousand million batches are visited: a minute.
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    assert_eq!(ledger.settling(), 50_000);
    assert!(!ledger.acknowledged_up_to(BATCHES, Share::KeysAgain));
    assert!(ledger.acknowledged_up_to(BATCHES, Share::FamiliesAgain));
    assert_eq!(ledger.settling(), 0);
}
