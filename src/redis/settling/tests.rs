use std::time::Duration;

use proptest::prelude::*;
use proptest::{collection, sample};

use super::*;

const SETTLE: u64 = 10;
const VIEW: ViewId = ViewId::from_index(0);

/// A clock that stands still until it is moved, in milliseconds.
fn at(start: Instant, millis: u64) -> Instant {
    start + Duration::from_millis(millis)
}

/// What is deleted the second time, and when, if these batches of names are deleted the first time at these times.
fn check(events: &[(u64, &[&str])], expected: &[(u64, &str)]) {
    let start = Instant::now();
    let mut settling = Settling::default();
    let mut events = events.iter().zip(1_u64..).peekable();
    let mut deleted = Vec::new();
    for now in 0..10 * SETTLE {
        let due = settling.take(at(start, now), usize::MAX);
        let mut names: Vec<_> = due.names.iter().map(|(name, _)| (now, name.to_string())).collect();
        names.sort();
        deleted.append(&mut names);
        settling.done(due);
        while let Some(((_, names), batch)) = events.next_if(|((then, _), _)| *then == now) {
            settling.enter(batch, names.iter().map(|name| (*name, at(start, now + SETTLE), VIEW)));
            assert!(settling.settled() < batch || names.is_empty());
        }
    }
    let deleted: Vec<_> = deleted.iter().map(|(now, name)| (*now, name.as_str())).collect();
    assert_eq!(deleted, expected);
    assert_eq!(settling.settled(), settling.last, "all has settled");
    assert_eq!((settling.bytes(), settling.len(), settling.queue.len()), (0, 0, 0));
}

#[test]
fn each_name_goes_once_more_when_it_is_due() {
    check(&[], &[]);
    check(&[(3, &["a"])], &[(13, "a")]);
    check(&[(3, &["b", "a"]), (5, &["c"])], &[(13, "a"), (13, "b"), (15, "c")]);
    check(&[(3, &["a"]), (40, &["a"])], &[(13, "a"), (50, "a")]);
}

#[test]
fn a_pending_delete_is_not_postponed_and_serves_no_later_event() {
    check(&[(0, &["a"]), (9, &["a"])], &[(10, "a"), (19, "a")]);
    // What came last decides when it is armed again.
    check(&[(0, &["a"]), (2, &["a"]), (3, &["b"]), (9, &["a"])], &[(10, "a"), (13, "b"), (19, "a")]);
    check(&[(0, &["a"]), (0, &["a"])], &[(10, "a")]);
    // At the very time at which it goes, the pending delete has left.
    check(&[(0, &["a"]), (10, &["a"])], &[(10, "a"), (20, "a")]);
    let hot: Vec<(u64, &[&str])> = (0..50).map(|now| (now, &["a"][..])).collect();
    check(&hot, &[(10, "a"), (19, "a"), (28, "a"), (37, "a"), (46, "a"), (55, "a"), (59, "a")]);
}

#[test]
fn a_delete_that_comes_late_is_that_of_all_that_is_due() {
    let start = Instant::now();
    let mut settling = Settling::default();
    for batch in 1..=3 {
        settling.enter(batch, [("a", at(start, 10 * batch), VIEW)].into_iter());
    }
    let due = settling.take(at(start, 30), usize::MAX);
    assert_eq!(due.names.len(), 1);
    settling.done(due);
    assert_eq!((settling.settled(), settling.next()), (3, None));
}

#[test]
fn batches_settle_in_their_order() {
    let start = Instant::now();
    let mut settling = Settling::default();
    let enter = |settling: &mut Settling, batch, names: &[(&str, u64)]| {
        settling.enter(batch, names.iter().map(|(name, due)| (*name, at(start, *due), VIEW)));
    };
    enter(&mut settling, 4, &[]);
    assert_eq!(settling.settled(), 4);
    enter(&mut settling, 5, &[("a", 10), ("slow", 60)]);
    enter(&mut settling, 7, &[("a", 12), ("b", 11)]);
    assert_eq!(settling.next(), Some(at(start, 10)));
    let due = settling.take(at(start, 11), 1);
    assert_eq!(due.names.len(), 1, "no more than asked for");
    let more = settling.take(at(start, 11), usize::MAX);
    assert_eq!(more.names.len(), 1, "`a` was armed again for what came meanwhile, and is not due");
    settling.done(more);
    settling.done(due);
    let due = settling.take(at(start, 12), usize::MAX);
    assert_eq!(due.names.len(), 1);
    settling.done(due);
    assert_eq!(settling.settled(), 4, "another name of the fifth batch waits");
    let due = settling.take(at(start, 60), usize::MAX);
    assert_eq!(settling.settled(), 4, "it is on its way");
    settling.done(due);
    assert_eq!(settling.settled(), 7);
}

#[derive(Debug, Clone)]
enum Step {
    Wait(u64),
    Enter(Vec<&'static str>),
    Take(usize),
    Done,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let names = collection::vec(sample::select(vec!["a", "b", "c", "d"]), 0..4);
    collection::vec(
        prop_oneof![
            (1..7_u64).prop_map(Step::Wait),
            names.prop_map(Step::Enter),
            (1..4_usize).prop_map(Step::Take),
            Just(Step::Done),
        ],
        0..120,
    )
}

/// One event's second delete, in a model that remembers all of them.
#[derive(Debug)]
struct Owed {
    batch: u64,
    name: &'static str,
    due: u64,
}

proptest! {
    #[test]
    fn every_second_delete_happens_and_no_batch_settles_before(steps in steps()) {
        let start = Instant::now();
        let mut settling = Settling::default();
        let (mut now, mut batch) = (0, 0);
        let mut owed: Vec<Owed> = Vec::new();
        let mut on_the_way: Option<(Due, u64)> = None;
        let end = [Step::Done, Step::Wait(2 * SETTLE), Step::Take(99), Step::Done, Step::Wait(SETTLE), Step::Take(99), Step::Done];
        for step in steps.into_iter().chain(end) {
            match step {
                Step::Wait(millis) => now += millis,
                Step::Enter(names) => {
                    batch += 1;
                    settling.enter(batch, names.iter().map(|name| (*name, at(start, now + SETTLE), VIEW)));
                    owed.extend(names.iter().map(|&name| Owed { batch, name, due: now + SETTLE }));
                }
                // One pipeline at a time, and what is lost with it is sent again.
                Step::Take(most) => if on_the_way.is_none() {
                    let due = settling.take(at(start, now), most);
                    for (name, _) in &due.names {
                        prop_assert!(owed.iter().any(|owed| *owed.name == **name && owed.due <= now), "{name} goes for nothing");
                    }
                    on_the_way = Some((due, now));
                }
                Step::Done => if let Some((due, sent)) = on_the_way.take() {
                    owed.retain(|owed| owed.due > sent || !due.names.iter().any(|(name, _)| **name == *owed.name));
                    settling.done(due);
                }
            }
            prop_assert_eq!(settling.queue.len(), settling.pending.len(), "one a name");
            let first = owed.iter().map(|owed| owed.batch).min();
            // A name that was due late and has come again since waits as a whole: later is allowed, earlier is not.
            prop_assert!(settling.settled() <= first.map_or(batch, |first| first - 1));
        }
        prop_assert!(owed.is_empty(), "{:?}", owed);
        prop_assert_eq!((settling.settled(), settling.bytes()), (batch, 0));
    }
}
