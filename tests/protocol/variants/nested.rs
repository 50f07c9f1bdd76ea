use super::{right, wrong};
use crate::scene::{Command, INNER, K, L, Nested, RIGHT, Scene};
use crate::state::Vector;

/// Two keys that may lie on two nodes, so their deletes reach them in either order.
const NESTED: Scene = Scene {
    nested: Some(Nested::Computed),
    commits: Vector([0, 2]),
    programs: &[
        &[Command::Unlink(K | L), Command::Unlink(INNER)],
        &[Command::Unlink(INNER), Command::Unlink(K | L)],
    ],
    ..RIGHT
};

#[test]
fn the_inner_view_computed() {
    right(&NESTED, 18_000);
}

#[test]
fn the_inner_view_from_the_cache() {
    wrong(&Scene { nested: Some(Nested::FromTheCache), ..NESTED }, 9);
}
