use super::{right, wrong};
use crate::scene::Command::{DeleteWarmed, FillNoted, Look, Note, Pair, Renew, Unlink, UnlinkSeen, Warm};
use crate::scene::{
    Command, F, Fences, FencesGo, Fill, K, L, RIGHT, Raise, Reads, Scene, SecondDelete, WarmLeaves,
};
use crate::state::{Late, Vector};
use crate::steps::{Outcome, Step};

const THROUGH_THE_LEASE: &[Command] = &[Warm, Note, FillNoted];

/// Fences may go at any time, and two commands may be late.
const WARMED: Scene = Scene {
    programs: &[THROUGH_THE_LEASE, &[DeleteWarmed]],
    fences: Fences::MissingIsLeased,
    raise: Raise::IfThere,
    fences_go: FencesGo::AnyTime,
    late: 2,
    readers: 1,
    ..RIGHT
};

/// Where value and fence are set if there is no fence. Fences stay while a command is late.
const SET_IF_MISSING: Scene = Scene {
    programs: &[&[Warm], &[DeleteWarmed]],
    fences: Fences::MissingIsSet,
    raise: Raise::Always,
    fences_go: FencesGo::BeforeLateCommands,
    late: 1,
    commits: Vector([2, 1]),
    ..WARMED
};

#[test]
fn a_missing_fence_leads_through_the_lease() {
    let explored = right(&WARMED, 20_000);
    let sent = |command, outcome| Step::Send { topic: Some(0), command, outcome };
    for step in [
        sent(Warm, Outcome::Done),
        sent(Warm, Outcome::Refused),
        sent(FillNoted, Outcome::Done),
        sent(FillNoted, Outcome::Refused),
        Step::Arrive(Late::Fill(Vector([1, 0])), Outcome::Done),
        Step::LoseFence { key: 0 },
    ] {
        assert!(explored.steps.contains(&step), "no {step:?} in any history");
    }
}

/// What freshet does: one way out of every doubt. Its delete is three commands, between which others come.
const FRESHET: Scene = Scene {
    programs: &[THROUGH_THE_LEASE, &[Unlink(F), Unlink(L), Unlink(K)]],
    fences: Fences::UncoveredIsLeased,
    raise: Raise::TakesItAlong,
    ..WARMED
};

#[test]
fn a_fence_that_is_not_covered_leads_through_the_lease_and_a_delete_takes_it_along() {
    let explored = right(&FRESHET, 17_000);
    let late = Step::Arrive(Late::Write(Vector([1, 0])), Outcome::Missing);
    assert!(explored.steps.contains(&late), "no {late:?} in any history");
}

#[test]
fn a_fence_that_is_not_covered_leads_through_the_lease_with_two_topics() {
    right(&Scene { commits: Vector([1, 1]), late: 1, crashes: 0, readers: 2, ..FRESHET }, 20_000);
}

/// Nothing changed, so nothing is deleted: a value is renewed over its fence, or filled under a lease that nobody has.
#[test]
fn a_renewal_deletes_nothing() {
    let explored = right(&Scene { renewal: Some(&[Renew, Note, FillNoted]), late: 1, ..FRESHET }, 1_000);
    for outcome in [Outcome::Done, Outcome::Refused, Outcome::Missing] {
        let step = Step::Send { topic: None, command: Renew, outcome };
        assert!(explored.steps.contains(&step), "no {step:?} in any history");
    }
    let fills = Step::Send { topic: None, command: FillNoted, outcome: Outcome::Done };
    assert!(explored.steps.contains(&fills));
}

/// Its lease says nothing of what was read before it was taken.
#[test]
fn a_renewal_that_fills_what_it_knew_when_it_took_the_lease() {
    wrong(&Scene { renewal: Some(&[Renew, FillNoted]), late: 1, ..FRESHET }, 6);
}

#[test]
fn a_delete_takes_the_fence_along_last() {
    let scene = Scene { programs: &[THROUGH_THE_LEASE, &[Unlink(L), Unlink(K), Unlink(F)]], ..FRESHET };
    wrong(&scene, 10);
}

/// A family is deleted name by name, each with its partners.
const WALKS: &[Command] = &[Look(L), Pair, UnlinkSeen, Look(F), Pair, UnlinkSeen, Look(K), Pair, UnlinkSeen];
const WALKS_PAST_FENCES: &[Command] = &[Look(L), Pair, UnlinkSeen, Look(K), Pair, UnlinkSeen];

#[test]
fn a_family_of_warmed_keys_leases_then_fences_then_values() {
    right(&Scene { programs: &[THROUGH_THE_LEASE, WALKS], ..FRESHET }, 20_000);
}

#[test]
fn a_family_of_warmed_keys_whose_fences_are_not_looked_for() {
    wrong(&Scene { programs: &[THROUGH_THE_LEASE, WALKS_PAST_FENCES], ..FRESHET }, 14);
}

#[test]
fn a_missing_fence_leads_through_the_lease_with_two_topics() {
    right(&Scene { commits: Vector([1, 1]), late: 1, crashes: 0, readers: 2, ..WARMED }, 52_000);
}

/// As `leases` has it without warm writes.
#[test]
fn a_fill_over_a_value_among_those_who_keep_the_protocol() {
    right(&Scene { fill: Fill::OverAValue, readers: 2, late: 1, ..WARMED }, 10_000);
}

#[test]
fn a_missing_fence_leads_through_the_lease_but_a_delete_sets_it() {
    wrong(&Scene { raise: Raise::Always, ..WARMED }, 9);
}

#[test]
fn a_missing_fence_is_set_and_the_value_deleted() {
    let scene =
        Scene { programs: &[&[Warm, Warm], &[DeleteWarmed]], fences: Fences::MissingIsRaised, ..WARMED };
    wrong(&scene, 8);
}

#[test]
fn value_and_fence_are_set_if_the_fence_is_missing() {
    right(&SET_IF_MISSING, 20_000);
}

#[test]
fn value_and_fence_are_set_if_the_fence_has_expired_with_the_value() {
    wrong(&Scene { fences_go: FencesGo::AfterTheValue, ..SET_IF_MISSING }, 7);
}

#[test]
fn value_and_fence_are_set_if_the_fence_is_evicted() {
    wrong(&Scene { fences_go: FencesGo::AnyTime, ..SET_IF_MISSING }, 7);
}

#[test]
fn no_fence() {
    wrong(&Scene { fences: Fences::None, raise: Raise::Never, ..SET_IF_MISSING }, 6);
}

#[test]
fn a_delete_that_does_not_raise_the_fence() {
    wrong(&Scene { raise: Raise::Never, ..SET_IF_MISSING }, 6);
}

#[test]
fn a_warm_write_that_leaves_the_lease() {
    wrong(&Scene { warm_leaves: WarmLeaves::TheLease, ..SET_IF_MISSING }, 7);
}

/// While no value goes, the fill's own question makes up for the lease.
#[test]
fn a_warm_write_that_leaves_the_lease_and_a_fill_over_a_value() {
    let kept = Scene {
        programs: &[&[Warm]],
        warm_leaves: WarmLeaves::TheLease,
        values_go: false,
        late: 0,
        ..SET_IF_MISSING
    };
    right(&kept, 1_000);
    wrong(&Scene { fill: Fill::OverAValue, ..kept }, 6);
}

/// The value goes, and the lease that is free then is taken by one who reads old rows.
#[test]
fn readers_on_a_replica() {
    let scene = Scene { reads: Reads::Replica, late: 0, ..SET_IF_MISSING };
    wrong(&scene, 7);
    right(&Scene { warm_leaves: WarmLeaves::AHold, ..scene }, 11_000);
}

/// A hold and the writer's own lease cannot both lie in one key.
#[test]
fn readers_on_a_replica_and_a_missing_fence_that_leads_through_the_lease() {
    let scene = Scene { reads: Reads::Replica, late: 1, ..WARMED };
    wrong(&Scene { warm_leaves: WarmLeaves::AHold, ..scene }, 9);
    right(&Scene { second: SecondDelete::AfterReplica, ..scene }, 14_000);
}

#[test]
fn readers_on_a_replica_a_fence_that_is_not_covered_and_a_second_write() {
    let second = SecondDelete::AfterReplica;
    right(&Scene { reads: Reads::Replica, late: 1, second, ..FRESHET }, 14_000);
}
