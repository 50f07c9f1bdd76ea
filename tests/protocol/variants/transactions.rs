use super::{right, wrong};
use crate::scene::{Inside, Level, RIGHT, Scene};
use crate::steps::Step;

const INSIDE: Scene = Scene { transaction: Some(Level::ReadCommitted), ..RIGHT };

#[test]
fn a_fill_on_commit() {
    let explored = right(&INSIDE, 20_000);
    assert!(explored.steps.contains(&Step::RollBack));
}

#[test]
fn a_fill_inside_the_transaction() {
    wrong(&Scene { inside: Inside::AtOnce, ..INSIDE }, 7);
}

/// The snapshot is older than the lease.
#[test]
fn a_fill_on_commit_above_read_committed() {
    wrong(&Scene { transaction: Some(Level::RepeatableRead), ..INSIDE }, 8);
}
