use super::{Step, Ways, step};
use crate::scene::{Level, Reads, Scene};
use crate::state::{Reader, State, Transaction, Vector};

/// The row that the transaction changes, and nobody else in its scenes.
const ITS_ROW: usize = 1;

pub(super) fn steps(scene: &Scene, state: &State, ways: &mut Ways) {
    for row in state.database.rows_below(scene.commits) {
        step(ways, state, Step::Commit { row }, |after| {
            commit(scene, after, row);
        });
    }
    if scene.reads == Reads::Replica {
        for row in state.replica.rows_below(state.database) {
            step(ways, state, Step::Replicate { row }, |after| after.replica = state.replica.after(row));
        }
    }
    if let Some(level) = scene.transaction {
        transaction(scene, level, state, ways);
    }
}

fn commit(scene: &Scene, state: &mut State, row: usize) {
    state.database = state.database.after(row);
    if scene.reads == Reads::Primary {
        state.replica = state.database;
    }
}

fn transaction(scene: &Scene, level: Level, state: &State, ways: &mut Ways) {
    match state.transaction {
        Transaction::None => step(ways, state, Step::Begin, |after| {
            let snapshot = if level == Level::RepeatableRead { state.database } else { Vector::default() };
            after.transaction = Transaction::Open { snapshot, wrote: false };
        }),
        // The reader inside and the transaction are one thread.
        Transaction::Open { .. } if matches!(state.readers[0], Reader::Computing { inside: true, .. }) => {}
        Transaction::Open { snapshot, wrote } => {
            step(ways, state, Step::CommitTransaction, |after| {
                after.transaction = Transaction::Committed;
                if wrote {
                    commit(scene, after, ITS_ROW);
                }
            });
            if !wrote {
                step(ways, state, Step::WriteInTransaction, |after| {
                    after.transaction = Transaction::Open { snapshot, wrote: true };
                });
            }
            step(ways, state, Step::RollBack, |after| after.transaction = Transaction::RolledBack);
        }
        Transaction::Committed | Transaction::RolledBack => {}
    }
}

/// What a statement sees of a row.
pub(super) fn row(scene: &Scene, state: &State, row: usize, inside: bool) -> u8 {
    let outside = match scene.reads {
        Reads::Primary => state.database,
        Reads::Replica => state.replica,
    };
    let Vector(rows) = match (inside, state.transaction) {
        (true, Transaction::Open { snapshot, wrote }) => {
            let seen = if scene.transaction == Some(Level::RepeatableRead) { snapshot } else { outside };
            if wrote { seen.after(ITS_ROW) } else { seen }
        }
        _ => outside,
    };
    rows[row]
}

/// A row that nobody changes needs no statement of its own.
pub(super) fn changes(scene: &Scene, row: usize) -> bool {
    scene.commits.0[row] > 0 || (row == ITS_ROW && scene.transaction.is_some())
}
