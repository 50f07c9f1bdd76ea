use super::{right, wrong};
use crate::scene::{Command, K, L, RIGHT, Reads, Scene, SecondDelete};
use crate::state::Vector;

const HELD: Scene = Scene {
    reads: Reads::Replica,
    commits: Vector([2, 1]),
    programs: &[&[Command::Hold, Command::Unlink(K)]],
    ..RIGHT
};

#[test]
fn a_hold() {
    right(&HELD, 43_000);
}

#[test]
fn no_hold() {
    wrong(&Scene { programs: RIGHT.programs, ..HELD }, 7);
}

#[test]
fn the_hold_after_the_delete() {
    wrong(&Scene { programs: &[&[Command::Unlink(K | L), Command::Hold]], ..HELD }, 8);
}

/// A lost lease refuses a fill. A lost hold allows one.
#[test]
fn a_hold_that_redis_evicts() {
    wrong(&Scene { holds_are_evicted: true, ..HELD }, 9);
}

#[test]
fn a_hold_that_redis_evicts_and_a_second_delete_when_the_replica_has_caught_up() {
    let scene = Scene {
        holds_are_evicted: true,
        second: SecondDelete::AfterReplica,
        commits: Vector([2, 0]),
        ..HELD
    };
    right(&scene, 6_000);
}

/// Then the hold only spares readers a value that will be deleted.
#[test]
fn no_hold_but_a_second_delete_when_the_replica_has_caught_up() {
    let scene = Scene {
        programs: RIGHT.programs,
        second: SecondDelete::AfterReplica,
        commits: Vector([1, 1]),
        ..HELD
    };
    right(&scene, 6_000);
}
