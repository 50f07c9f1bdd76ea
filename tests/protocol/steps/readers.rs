use super::database::{changes, row};
use super::{Step, Ways, step};
use crate::scene::{Fill, Inside, Nested, Scene};
use crate::state::{Lease, Reader, State, Transaction, Vector};

pub(super) fn steps(scene: &Scene, state: &State, reader: usize, ways: &mut Ways) {
    match state.readers[reader] {
        Reader::Idle => {
            for key in 0..=usize::from(scene.nested.is_some()) {
                ask(scene, state, reader, key, scene.waits, ways);
            }
        }
        Reader::Waiting { key, left } => {
            if state.keys[key].value.is_some() || left == 0 {
                // With the value that came, or with one that it computes and does not store.
                step(ways, state, Step::Wait { reader }, |after| after.readers[reader] = Reader::Idle);
            } else {
                ask(scene, state, reader, key, left - 1, ways);
            }
        }
        Reader::Computing { key, first, inside } => {
            step(ways, state, Step::ReadRows { reader }, |after| {
                after.readers[reader] = read(scene, state, key, first, inside);
            });
            die(state, reader, ways);
        }
        Reader::Computed { key, value, inside } => {
            if inside && scene.inside == Inside::OnCommit {
                match state.transaction {
                    Transaction::Open { .. } => return,
                    Transaction::RolledBack => return die(state, reader, ways),
                    Transaction::None | Transaction::Committed => {}
                }
            }
            let mut after = *state;
            let stored = fill(scene, &mut after, reader, key, value);
            after.readers[reader] = Reader::Idle;
            ways.push((Step::Fill { reader, stored }, after));
            die(state, reader, ways);
        }
    }
}

/// Asks and takes the lease in one script. A hit changes nothing.
fn ask(scene: &Scene, state: &State, reader: usize, key: usize, left: u8, ways: &mut Ways) {
    if state.keys[key].value.is_some() {
        return;
    }
    if scene.fill != Fill::Stock && state.keys[key].lease.is_some() {
        if scene.waits > 0 {
            step(ways, state, Step::Wait { reader }, |after| {
                after.readers[reader] = Reader::Waiting { key, left };
            });
        }
        return;
    }
    step(ways, state, Step::Lease { reader, key }, |after| {
        if scene.fill != Fill::Stock {
            after.keys[key].lease = Some(Lease::Reader(reader));
        }
        let inside = reader == 0 && matches!(state.transaction, Transaction::Open { .. });
        after.readers[reader] = Reader::Computing { key, first: None, inside };
    });
}

/// A statement for each row, and others' steps between them. The inner view is made of the second row alone.
fn read(scene: &Scene, state: &State, key: usize, first: Option<u8>, inside: bool) -> Reader {
    let Some(first) = first else {
        let first = if key == 0 { row(scene, state, 0, inside) } else { 0 };
        if key == 0 && changes(scene, 0) && changes(scene, 1) {
            return Reader::Computing { key, first: Some(first), inside };
        }
        return read(scene, state, key, Some(first), inside);
    };
    let cached = match (scene.nested, key, state.keys[1].value) {
        (Some(Nested::FromTheCache), 0, Some(Vector([_, second]))) => Some(second),
        _ => None,
    };
    let second = cached.unwrap_or_else(|| row(scene, state, 1, inside));
    Reader::Computed { key, value: Vector([first, second]), inside }
}

/// The fill's script. Returns whether it has stored.
fn fill(scene: &Scene, state: &mut State, reader: usize, key: usize, value: Vector) -> bool {
    let key = &mut state.keys[key];
    let holds = match scene.fill {
        Fill::Leased | Fill::OverAValue => key.lease == Some(Lease::Reader(reader)),
        Fill::WithoutToken => key.lease.is_some(),
        Fill::Stock => true,
    };
    if !holds {
        return false;
    }
    if scene.fill != Fill::Stock {
        key.lease = None;
    }
    let over_a_value = matches!(scene.fill, Fill::OverAValue | Fill::Stock);
    if key.value.is_some() && !over_a_value {
        return false;
    }
    key.value = Some(value);
    true
}

/// A lease that is given back is one that expires at once, so there is no step for it.
fn die(state: &State, reader: usize, ways: &mut Ways) {
    step(ways, state, Step::Die { reader }, |after| {
        after.readers[reader] = Reader::Idle;
        for key in &mut after.keys {
            if key.lease == Some(Lease::Reader(reader)) {
                key.lease = Some(Lease::Nobody);
            }
        }
    });
}
