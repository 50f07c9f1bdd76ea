//! What may happen next. One step is one round trip to Redis, one statement, one commit.

mod database;
mod freshet;
mod loss;
mod readers;
mod warming;

use crate::scene::{Command, Scene};
use crate::state::{Late, State, Vector};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Step {
    Commit {
        row: usize,
    },
    Replicate {
        row: usize,
    },
    Begin,
    WriteInTransaction,
    CommitTransaction,
    RollBack,
    Lease {
        reader: usize,
        key: usize,
    },
    Wait {
        reader: usize,
    },
    ReadRows {
        reader: usize,
    },
    Fill {
        reader: usize,
        stored: bool,
    },
    /// Its request ends. What it has in Redis stays.
    Die {
        reader: usize,
    },
    Send {
        topic: Option<usize>,
        command: Command,
        outcome: Outcome,
    },
    Note {
        ends: Vector,
    },
    Crash {
        back_to: Vector,
    },
    FallAsleepOver(Late),
    Arrive(Late, Outcome),
    LoseValue {
        key: usize,
    },
    LoseLease {
        key: usize,
    },
    LoseFence {
        key: usize,
    },
}

/// What a warm write or its fill came to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Outcome {
    Done,
    Refused,
    /// There was no fence.
    Missing,
}

pub(crate) type Ways = Vec<(Step, State)>;

/// Each step that may happen now, and what is then.
pub(crate) fn steps(scene: &Scene, state: &State, ways: &mut Ways) {
    database::steps(scene, state, ways);
    for reader in 0..scene.readers {
        readers::steps(scene, state, reader, ways);
    }
    freshet::steps(scene, state, ways);
    warming::late_steps(scene, state, ways);
    loss::steps(scene, state, ways);
}

/// Adds a step that changes the state so.
fn step(ways: &mut Ways, state: &State, step: Step, change: impl FnOnce(&mut State)) {
    let mut after = *state;
    change(&mut after);
    ways.push((step, after));
}
