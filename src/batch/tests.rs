use super::*;
use crate::catalog::TableId;

fn view(index: usize) -> ViewId {
    ViewId::from_index(index)
}

fn partition(number: i32) -> Partition {
    Partition { table: TableId::from_index(0), number }
}

fn keys(batch: &Batch) -> Vec<(usize, &str)> {
    batch.keys.iter().map(|(view, key)| (view.index(), key)).collect()
}

#[test]
fn a_key_is_kept_once_in_the_order_of_its_first_change() {
    let mut batch = Batch::default();
    for key in ["b", "a", "b", "c", "a"] {
        batch.keys.insert(view(0), key);
    }
    assert_eq!(keys(&batch), [(0, "b"), (0, "a"), (0, "c")]);
    batch.clear();
    assert!(batch.keys.is_empty());
    batch.keys.insert(view(1), "a");
    assert_eq!(keys(&batch), [(1, "a")]);
}

#[test]
fn many_keys_are_all_found_again() {
    let mut keys = Keys::default();
    for round in 0..2 {
        for n in 0..10_000 {
            keys.insert(view(0), &format!("key:{n}"));
        }
        assert_eq!(keys.len(), 10_000, "round {round}");
    }
    assert!(keys.iter().enumerate().all(|(n, (_, key))| key == format!("key:{n}")));
}

#[test]
fn a_later_batch_joins_behind_an_earlier_one() {
    let (mut first, mut later) = (Batch::default(), Batch::default());
    first.keys.insert(view(0), "a");
    first.reach(partition(0), 5);
    later.keys.insert(view(0), "b");
    later.keys.insert(view(0), "a");
    later.reach(partition(0), 9);
    later.reach(partition(1), 2);
    let family = Family { view: view(1), scope: Scope::Whole, reason: Reason::Truncate, times: 1 };
    first.add_family(family.clone());
    later.add_family(family.clone());
    later.add_family(Family { reason: Reason::Path, ..family.clone() });
    let timing = Timing { committed: Some(1), appended: Some(2), events: 1 };
    first.timings.add(timing);
    later.timings.add(timing);

    first.append(&mut later);
    assert_eq!(keys(&first), [(0, "a"), (0, "b")]);
    assert_eq!(first.positions(), [(partition(0), 9.into()), (partition(1), 2.into())]);
    assert_eq!(
        first.families(),
        [Family { times: 2, ..family.clone() }, Family { reason: Reason::Path, ..family }]
    );
    assert_eq!(first.timings.iter().collect::<Vec<_>>(), [&Timing { events: 2, ..timing }]);
    assert!(later.is_empty() && later.keys.is_empty() && later.families().is_empty());
}

#[test]
fn a_batch_is_full_by_keys_by_bytes_and_by_times() {
    let mut batch = Batch::default();
    (0..MOST_KEYS).for_each(|n| batch.keys.insert(view(0), &n.to_string()));
    assert!(batch.is_full());

    let mut batch = Batch::default();
    batch.keys.insert(view(0), &"x".repeat(MOST_KEY_BYTES));
    assert!(batch.is_full());

    let mut batch = Batch::default();
    for n in 0..i64::try_from(MOST_TIMINGS).expect("a small number") {
        assert!(!batch.is_full());
        batch.timings.add(Timing { committed: Some(n), appended: None, events: 1 });
    }
    assert!(batch.is_full());
}

#[test]
fn revoked_offsets_are_forgotten_and_effects_kept() {
    let mut batch = Batch::default();
    batch.keys.insert(view(0), "a");
    batch.reach(partition(0), 5);
    batch.reach(partition(1), 6);
    batch.forget(&[partition(0)]);
    assert_eq!(batch.positions(), [(partition(1), 6.into())]);
    assert_eq!(keys(&batch), [(0, "a")]);
    batch.forget(&[partition(1)]);
    assert!(!batch.is_empty(), "what is left is still sent");
}

#[test]
fn what_is_full_is_not_empty_even_without_offsets() {
    let mut batch = Batch::default();
    for n in 0..i64::try_from(MOST_TIMINGS).expect("a small number") {
        batch.timings.add(Timing { committed: Some(n), appended: None, events: 1 });
    }
    batch.reach(partition(0), 1);
    batch.forget(&[partition(0)]);
    assert!(batch.is_full() && !batch.is_empty());
}

/// An event with one byte for a value.
pub(crate) fn letter(partition: Partition, offset: i64) -> Letter {
    let (cause, message, headers) = ("malformed", String::new(), Vec::new());
    Letter { partition, offset, timestamp: None, cause, message, key: None, value: Some(vec![0]), headers }
}

#[test]
fn letters_go_with_their_offsets() {
    let partition = |number| Partition { table: TableId::from_index(0), number };
    let (mut batch, mut later) = (Batch::default(), Batch::default());
    assert!(batch.is_empty());
    batch.letter(Arc::new(letter(partition(0), 1)));
    later.letter(Arc::new(letter(partition(1), 2)));
    batch.append(&mut later);
    assert!(!batch.is_empty() && later.is_empty());
    let forgotten = batch.forget(&[partition(0)]);
    assert_eq!(forgotten.iter().map(|letter| letter.offset).collect::<Vec<_>>(), [1]);
    assert_eq!(batch.take_letters().iter().map(|letter| letter.offset).collect::<Vec<_>>(), [2]);
    assert!(batch.is_empty());
}

#[test]
fn many_letters_or_large_ones_fill_a_batch() {
    let partition = Partition { table: TableId::from_index(0), number: 0 };
    let full = |number: i64, bytes: usize| {
        let mut batch = Batch::default();
        for offset in 0..number {
            batch.letter(Arc::new(Letter { value: Some(vec![0; bytes]), ..letter(partition, offset) }));
        }
        batch.is_full()
    };
    assert!(!full(1_023, 1) && full(1_024, 1));
    assert!(!full(1, 4_000_000) && full(1, 4 << 20));
}
