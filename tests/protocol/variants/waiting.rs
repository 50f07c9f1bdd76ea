use crate::scene::{Fill, RIGHT, Scene};
use crate::search::explore_with;
use crate::state::{Reader, State};
use crate::steps::Step;

const WAITS: u8 = 2;
const WAITING: Scene = Scene { waits: WAITS, readers: 3, ..RIGHT };

/// At most how many steps a reader has before it.
fn left(reader: Reader) -> u8 {
    match reader {
        Reader::Idle => 0,
        Reader::Computed { .. } => 1,
        Reader::Computing { first, .. } => 2 + u8::from(first.is_none()),
        Reader::Waiting { left, .. } => 4 + left,
    }
}

fn of(step: Step) -> Option<usize> {
    match step {
        Step::Lease { reader, .. }
        | Step::Wait { reader }
        | Step::ReadRows { reader }
        | Step::Fill { reader, .. }
        | Step::Die { reader } => Some(reader),
        _ => None,
    }
}

/// Whatever the others do, a reader that has begun can always go on, and each of its steps brings it nearer to its end.
#[test]
fn every_reader_comes_to_an_end() {
    let mut waiting = 0;
    let explored = explore_with(&WAITING, |state, ways| {
        for (number, &reader) in state.readers.iter().enumerate() {
            waiting += usize::from(matches!(reader, Reader::Waiting { .. }));
            let own: Vec<&State> =
                ways.iter().filter(|(step, _)| of(*step) == Some(number)).map(|(_, after)| after).collect();
            if reader == Reader::Idle {
                continue;
            }
            assert!(!own.is_empty(), "reader {number} is stuck");
            for after in own {
                assert!(left(after.readers[number]) < left(reader), "reader {number} is where it was");
            }
        }
        for (step, after) in ways {
            let others = (0..3).filter(|&number| of(*step) != Some(number));
            assert!(others.into_iter().all(|number| after.readers[number] == state.readers[number]));
        }
    });
    assert!(explored.stale.is_none() && explored.states >= 15_000, "{} states", explored.states);
    assert!(waiting >= 10_000, "readers waited in {waiting} states");
}

/// Of the readers that compute at once, at most one would store: the others' leases are gone.
#[test]
fn one_fill_at_a_time() {
    let mut at_once = [0, 0];
    for (count, fill) in at_once.iter_mut().zip([Fill::Leased, Fill::Stock]) {
        explore_with(&Scene { fill, crashes: 0, ..WAITING }, |_, ways| {
            let stores = ways.iter().filter(|(step, _)| matches!(step, Step::Fill { stored: true, .. }));
            *count = stores.count().max(*count);
        });
    }
    assert_eq!(at_once[0], 1);
    assert!(at_once[1] > 1, "without leases there are more");
}
