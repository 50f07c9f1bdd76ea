use super::{right, wrong};
use crate::scene::Command::{Look, Pair, UnlinkSeen};
use crate::scene::{Command, K, L, RIGHT, Reads, Scene, SecondDelete};
use crate::state::Vector;

/// As a walk through all names does it.
const LEASES_THEN_VALUES: &[Command] = &[Look(L), UnlinkSeen, Look(K), UnlinkSeen];

/// The model has one name of the family. Each name of a larger one is looked at once and deleted once, too.
const fn family(programs: &'static [&'static [Command]]) -> Scene {
    Scene { programs, commits: Vector([2, 1]), ..RIGHT }
}

const ON_A_REPLICA: Scene =
    Scene { reads: Reads::Replica, commits: Vector([2, 0]), ..family(&[LEASES_THEN_VALUES]) };

#[test]
fn the_leases_and_then_the_values() {
    right(&family(&[LEASES_THEN_VALUES]), 42_000);
}

/// As the names that are followed allow it: they are taken at one moment.
#[test]
fn names_of_one_moment_each_with_its_value_and_lease() {
    right(&family(&[&[Look(K | L), Pair, UnlinkSeen]]), 42_000);
}

#[test]
fn names_of_one_moment_as_they_are() {
    wrong(&family(&[&[Look(K | L), UnlinkSeen]]), 7);
}

#[test]
fn one_walk_that_comes_past_the_value_before_its_lease() {
    wrong(&family(&[&[Look(K), Look(L), Pair, UnlinkSeen]]), 9);
}

#[test]
fn the_values_and_then_the_leases() {
    wrong(&family(&[&[Look(K), UnlinkSeen, Look(L), UnlinkSeen]]), 9);
}

#[test]
fn leases_of_values_that_exist_only() {
    wrong(&family(&[&[Look(K), Pair, UnlinkSeen]]), 8);
}

/// A name that does not exist cannot be held.
#[test]
fn readers_on_a_replica() {
    wrong(&ON_A_REPLICA, 9);
}

#[test]
fn readers_on_a_replica_and_a_second_delete() {
    right(&Scene { second: SecondDelete::AfterReplica, ..ON_A_REPLICA }, 11_000);
}
