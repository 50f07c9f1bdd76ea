use super::{right, wrong};
use crate::scene::{Command, Fill, K, L, RIGHT, Scene, SecondDelete};
use crate::search::explore;
use crate::state::Vector;
use crate::steps::Step;

const STOCK: Scene = Scene { fill: Fill::Stock, programs: &[&[Command::Unlink(K)]], ..RIGHT };

#[test]
fn the_protocol() {
    let explored = right(&Scene { commits: Vector([2, 1]), readers: 3, ..RIGHT }, 87_000);
    for step in [
        Step::LoseValue { key: 0 },
        Step::LoseLease { key: 0 },
        Step::Crash { back_to: Vector([0, 0]) },
        Step::Die { reader: 2 },
    ] {
        assert!(explored.steps.contains(&step), "no {step:?} in any history");
    }
}

#[test]
fn three_commits() {
    right(&Scene { commits: Vector([3, 0]), ..RIGHT }, 1_200);
}

#[test]
fn the_lease_first_in_a_command_of_its_own() {
    right(
        &Scene { programs: &[&[Command::Unlink(L), Command::Unlink(K)]], commits: Vector([2, 1]), ..RIGHT },
        14_000,
    );
}

#[test]
fn the_value_first_in_a_command_of_its_own() {
    wrong(&Scene { programs: &[&[Command::Unlink(K), Command::Unlink(L)]], ..RIGHT }, 6);
}

#[test]
fn the_lease_stays() {
    wrong(&Scene { programs: &[&[Command::Unlink(K)]], ..RIGHT }, 5);
}

#[test]
fn no_leases() {
    wrong(&STOCK, 5);
}

#[test]
fn no_leases_and_a_second_delete() {
    wrong(&Scene { second: SecondDelete::AnyTime, ..STOCK }, 6);
}

/// So the second delete narrows the race to the fills that take longer than it waits.
#[test]
fn no_leases_and_a_second_delete_that_outwaits_every_fill() {
    let explored = explore(&Scene { second: SecondDelete::AfterFills, ..STOCK });
    assert!(explored.stale.is_none() && explored.states >= 600 && explored.with_value > 0);
}

#[test]
fn a_fill_with_anybody_s_token() {
    wrong(&Scene { fill: Fill::WithoutToken, ..RIGHT }, 7);
}

/// Whoever sets a value and keeps the protocol takes the lease away with it, so a lease that is held says that nothing
/// is there, or only what its own change will delete. The question is asked for those who do not: `warming` has one.
#[test]
fn a_fill_over_a_value_among_those_who_keep_the_protocol() {
    right(&Scene { fill: Fill::OverAValue, commits: Vector([2, 1]), ..RIGHT }, 7_000);
}
