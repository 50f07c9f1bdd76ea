use std::mem::take;

use super::{Outcome, Step, Ways, step, warming};
use crate::scene::{Command, F, K, L, Scene, SecondDelete};
use crate::state::{Freshet, Lease, Reader, Running, Second, State, Vector};

pub(super) fn steps(scene: &Scene, state: &State, ways: &mut Ways) {
    let Freshet { applied, running, second, crashes } = state.freshet;
    if let Some(running) = running {
        send(scene, state, running, ways);
    } else {
        for program in 0..scene.programs.len() {
            let begin = |topic| Running { topic, program, next: 0, seen: 0, noted: Vector::default() };
            for topic in applied.rows_below(state.database) {
                send(scene, state, begin(Some(topic)), ways);
            }
            if second.is_some_and(|second| is_due(scene, state, second)) {
                send(scene, state, begin(None), ways);
            }
        }
        if scene.renewal.is_some() {
            let program = scene.programs.len();
            let begin = Running { topic: None, program, next: 0, seen: 0, noted: Vector::default() };
            send(scene, state, begin, ways);
        }
    }
    if crashes < scene.crashes {
        crash(state, ways);
    }
}

/// What freshet has come past once this program has ended.
fn position(state: &State, topic: Option<usize>) -> Vector {
    topic.map_or(state.freshet.applied, |topic| state.freshet.applied.after(topic))
}

/// The next command of a program.
fn send(scene: &Scene, state: &State, mut running: Running, ways: &mut Ways) {
    let program = scene.program(running.program);
    let command = program[running.next];
    let topic = running.topic;
    let position = position(state, topic);
    let mut after = *state;
    let key = &mut after.keys[0];
    let mut done = position;
    let mut outcome = Outcome::Done;
    running.next += 1;
    match command {
        Command::Unlink(names) => unlink(&mut after, names),
        Command::Hold => key.lease = Some(Lease::Hold(position)),
        Command::Look(names) => running.seen |= names & existing(state),
        Command::Pair if running.seen & (F | K | L) != 0 => running.seen |= F | K | L,
        Command::Pair => {}
        Command::UnlinkSeen => unlink(&mut after, take(&mut running.seen)),
        Command::Warm => {
            outcome = warming::write(scene, key, position, Lease::Leader);
            if outcome != Outcome::Missing {
                running.next = program.len();
            }
        }
        Command::Renew => {
            outcome = warming::renew(scene, key, position);
            if outcome != Outcome::Missing {
                running.next = program.len();
            }
        }
        Command::Note => return note(state, running, position, ways),
        Command::FillNoted => {
            outcome = warming::fill(scene, key, running.noted, Lease::Leader);
            // A fill that is refused has done nothing for the events that it has read on to.
            if outcome == Outcome::Done {
                done = done.join(running.noted);
            }
        }
        Command::DeleteWarmed => warming::delete(scene, key, position),
    }
    let ended = running.next == program.len();
    after.freshet.running = (!ended).then_some(running);
    if ended {
        let waiting = state.freshet.second.filter(|_| topic.is_some());
        after.freshet.second = if scene.second == SecondDelete::None || done == state.freshet.applied {
            waiting
        } else {
            let committed = waiting.map_or(state.freshet.applied, |second| second.committed);
            Some(Second { of: done, committed })
        };
        after.freshet.applied = done;
    }
    ways.push((Step::Send { topic, command, outcome }, after));
}

/// Commits may not have reached their topics yet, so their ends are anywhere between what freshet has read and the database.
fn note(state: &State, running: Running, position: Vector, ways: &mut Ways) {
    for noted in state.database.and_below().filter(|noted| noted.covers(position)) {
        step(ways, state, Step::Note { ends: noted }, |after| {
            after.freshet.running = Some(Running { noted, ..running });
        });
    }
}

fn is_due(scene: &Scene, state: &State, Second { of, .. }: Second) -> bool {
    let has_read_before = |reader: &Reader| match *reader {
        Reader::Computing { first, .. } => first.is_some_and(|first| first < of.0[0]),
        Reader::Computed { value, .. } => !value.covers(of),
        Reader::Idle | Reader::Waiting { .. } => false,
    };
    match scene.second {
        SecondDelete::None | SecondDelete::AnyTime => true,
        SecondDelete::AfterFills => !state.readers.iter().any(has_read_before),
        SecondDelete::AfterReplica => state.replica.covers(of),
    }
}

/// It goes on from any offset below that is or was committed.
fn crash(state: &State, ways: &mut Ways) {
    let Freshet { applied, running, second, crashes } = state.freshet;
    let committed = second.map_or(applied, |second| second.committed);
    for back_to in committed.and_below() {
        if back_to == applied && running.is_none() {
            continue;
        }
        step(ways, state, Step::Crash { back_to }, |after| {
            after.freshet = Freshet { applied: back_to, running: None, second: None, crashes: crashes + 1 };
            for key in &mut after.keys {
                if key.lease == Some(Lease::Leader) {
                    key.lease = Some(Lease::Nobody);
                }
            }
        });
    }
}

fn unlink(state: &mut State, names: u8) {
    for (number, key) in state.keys.iter_mut().enumerate() {
        let names = names >> (2 * number);
        if names & K != 0 {
            key.value = None;
        }
        if names & L != 0 {
            key.lease = None;
        }
        if names & F != 0 {
            key.fence = None;
        }
    }
}

fn existing(state: &State) -> u8 {
    let [key, _] = state.keys;
    let bit = |there, name| if there { name } else { 0 };
    bit(key.value.is_some(), K) | bit(key.lease.is_some(), L) | bit(key.fence.is_some(), F)
}
