//! The scripts of a warmed key, and those of them that arrive late.

use super::{Outcome, Step, Ways};
use crate::scene::{Command, Fences, Raise, Scene, WarmLeaves};
use crate::state::{Key, Late, Lease, State, Vector};

/// `token` is for the lease, should the fence be missing.
pub(super) fn write(scene: &Scene, key: &mut Key, vector: Vector, token: Lease) -> Outcome {
    let is_leased = match scene.fences {
        Fences::MissingIsLeased => key.fence.is_none(),
        Fences::UncoveredIsLeased => key.fence.is_none_or(|fence| !vector.covers(fence)),
        Fences::None | Fences::MissingIsSet | Fences::MissingIsRaised => false,
    };
    match key.fence {
        _ if is_leased => {
            *key = Key { lease: Some(token), ..Key::default() };
            return Outcome::Missing;
        }
        Some(fence) if !vector.covers(fence) => return Outcome::Refused,
        None if scene.fences == Fences::MissingIsRaised => {
            *key = Key { fence: Some(vector), ..Key::default() };
            return Outcome::Missing;
        }
        _ => {}
    }
    set(scene, key, vector);
    Outcome::Done
}

pub(super) fn renew(scene: &Scene, key: &mut Key, vector: Vector) -> Outcome {
    match key.fence {
        Some(fence) if vector.covers(fence) => {
            set(scene, key, vector);
            Outcome::Done
        }
        None if key.lease.is_none() && key.value.is_none() => {
            key.lease = Some(Lease::Leader);
            Outcome::Missing
        }
        _ => Outcome::Refused,
    }
}

pub(super) fn fill(scene: &Scene, key: &mut Key, vector: Vector, token: Lease) -> Outcome {
    if key.lease != Some(token) {
        return Outcome::Refused;
    }
    set(scene, key, vector);
    Outcome::Done
}

fn set(scene: &Scene, key: &mut Key, vector: Vector) {
    key.value = Some(vector);
    if scene.fences != Fences::None {
        key.fence = Some(vector);
    }
    match scene.warm_leaves {
        WarmLeaves::Nothing => key.lease = None,
        WarmLeaves::TheLease => {}
        WarmLeaves::AHold => key.lease = Some(Lease::Hold(vector)),
    }
}

pub(super) fn delete(scene: &Scene, key: &mut Key, vector: Vector) {
    key.value = None;
    key.lease = (scene.warm_leaves == WarmLeaves::AHold).then_some(Lease::Hold(vector));
    let raised = key.fence.map_or(vector, |fence| fence.join(vector));
    match scene.raise {
        Raise::Never => {}
        Raise::Always => key.fence = Some(raised),
        Raise::IfThere => key.fence = key.fence.and(Some(raised)),
        Raise::TakesItAlong => key.fence = None,
    }
}

/// A leader falls asleep over what it sends, or its connection does; it, or a successor, begins the event anew. Some time
/// later the command reaches Redis, and nobody hears the answer.
pub(super) fn late_steps(scene: &Scene, state: &State, ways: &mut Ways) {
    let slots = &state.late[..scene.late];
    if let Some(slot) = slots.iter().position(Option::is_none) {
        fall_asleep(scene, state, slot, ways);
    }
    for (slot, late) in slots.iter().enumerate() {
        let Some(late) = *late else { continue };
        let mut after = *state;
        after.late[slot] = None;
        let key = &mut after.keys[0];
        let outcome = match late {
            Late::Write(vector) => write(scene, key, vector, Lease::Nobody),
            Late::Fill(vector) => fill(scene, key, vector, Lease::Late(slot)),
            Late::Delete(vector) => {
                delete(scene, key, vector);
                Outcome::Done
            }
        };
        ways.push((Step::Arrive(late, outcome), after));
    }
}

fn fall_asleep(scene: &Scene, state: &State, slot: usize, ways: &mut Ways) {
    let mut over = |late: Late| {
        let mut after = *state;
        after.late[slot] = Some(late);
        after.freshet.running = None;
        let lease = &mut after.keys[0].lease;
        if *lease == Some(Lease::Leader) {
            *lease = Some(if matches!(late, Late::Fill(_)) { Lease::Late(slot) } else { Lease::Nobody });
        }
        ways.push((Step::FallAsleepOver(late), after));
    };
    let Some(running) = state.freshet.running else {
        for topic in state.freshet.applied.rows_below(state.database) {
            let vector = state.freshet.applied.after(topic);
            for program in scene.programs {
                match program[0] {
                    Command::Warm => over(Late::Write(vector)),
                    Command::DeleteWarmed => over(Late::Delete(vector)),
                    _ => {}
                }
            }
        }
        return;
    };
    if scene.program(running.program)[running.next] == Command::FillNoted {
        over(Late::Fill(running.noted));
    }
}
