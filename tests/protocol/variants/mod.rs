//! The protocol and what it would be without each of its rules.

mod families;
mod leases;
mod nested;
mod replicas;
mod transactions;
mod waiting;
mod warming;

use crate::scene::Scene;
use crate::search::{Explored, explore};
use crate::steps::Step;

/// No history of this scene ends stale, and the scene is worth it: it has this many states at least, fills are stored and
/// fills are refused, and in the end there may be a value.
#[track_caller]
fn right(scene: &Scene, states: usize) -> Explored {
    let explored = explore(scene);
    println!("{} states, {} of them settled", explored.states, explored.settled);
    if let Some(trace) = &explored.stale {
        panic!("stale after {} steps\n{trace}", trace.len());
    }
    assert!(explored.states >= states, "only {} states", explored.states);
    assert!(explored.with_value > 0, "no value is left in the end");
    for stored in [true, false] {
        let fill = Step::Fill { reader: 0, stored };
        assert!(explored.steps.contains(&fill), "no {fill:?} in any history");
    }
    explored
}

/// A history of this scene ends stale, and the shortest that does has so many steps.
#[track_caller]
fn wrong(scene: &Scene, steps: usize) {
    let explored = explore(scene);
    let Some(trace) = explored.stale else { panic!("{} states and none of them stale", explored.states) };
    println!("stale after {} steps\n{trace}", trace.len());
    assert_eq!(trace.len(), steps, "the shortest history that ends stale\n{trace}");
}
