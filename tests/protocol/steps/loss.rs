use super::{Step, Ways, step};
use crate::scene::{FencesGo, Scene};
use crate::state::{Lease, State};

/// What expires and what Redis evicts.
pub(super) fn steps(scene: &Scene, state: &State, ways: &mut Ways) {
    for (key, of) in state.keys.iter().enumerate() {
        if of.value.is_some() && scene.values_go {
            step(ways, state, Step::LoseValue { key }, |after| after.keys[key].value = None);
        }
        let lease_goes = match of.lease {
            None => false,
            // A hold is set for longer than the replica lags.
            Some(Lease::Hold(changes)) => state.replica.covers(changes) || scene.holds_are_evicted,
            Some(_) => true,
        };
        if lease_goes {
            step(ways, state, Step::LoseLease { key }, |after| after.keys[key].lease = None);
        }
        let fence_goes = match scene.fences_go {
            FencesGo::Never => false,
            FencesGo::BeforeLateCommands => state.late.iter().all(Option::is_none),
            FencesGo::AfterTheValue => of.value.is_none(),
            FencesGo::AnyTime => true,
        };
        if of.fence.is_some() && fence_goes {
            step(ways, state, Step::LoseFence { key }, |after| after.keys[key].fence = None);
        }
    }
}
