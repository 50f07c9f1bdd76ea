use std::collections::HashSet;
use std::fmt;

use crate::scene::Scene;
use crate::state::State;
use crate::steps::{Step, Ways, steps};

/// What following every step from every state has come to.
#[derive(Default)]
pub(crate) struct Explored {
    pub(crate) states: usize,
    /// In how many of them nothing is under way.
    pub(crate) settled: usize,
    /// In how many of those there is a value.
    pub(crate) with_value: usize,
    pub(crate) steps: HashSet<Step>,
    /// The shortest way to a settled state that is stale. Nothing was followed behind it.
    pub(crate) stale: Option<Trace>,
}

pub(crate) struct Trace(Vec<(Option<Step>, State)>);

pub(crate) fn explore(scene: &Scene) -> Explored {
    explore_with(scene, |_, _| {})
}

/// Breadth first, so the first stale state is one of the nearest. `look` is shown each state with its steps.
pub(crate) fn explore_with(scene: &Scene, mut look: impl FnMut(&State, &Ways)) -> Explored {
    let mut explored = Explored::default();
    let first = State::default();
    let mut known = HashSet::from([first]);
    let mut found: Vec<(State, usize, Option<Step>)> = vec![(first, 0, None)];
    let mut next = 0;
    let mut ways = Vec::new();
    while let Some(&(state, ..)) = found.get(next) {
        if state.is_settled() {
            explored.settled += 1;
            explored.with_value += usize::from(state.keys[0].value.is_some());
            if state.is_stale() {
                explored.stale = Some(Trace::back(&found, next));
                break;
            }
        }
        steps(scene, &state, &mut ways);
        look(&state, &ways);
        for (step, after) in ways.drain(..) {
            explored.steps.insert(step);
            if known.insert(after) {
                found.push((after, next, Some(step)));
            }
        }
        next += 1;
    }
    explored.states = found.len();
    explored
}

impl Trace {
    fn back(found: &[(State, usize, Option<Step>)], last: usize) -> Self {
        let mut way = Vec::new();
        let mut at = last;
        loop {
            let (state, before, step) = found[at];
            way.push((step, state));
            if step.is_none() {
                break;
            }
            at = before;
        }
        way.reverse();
        Self(way)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len() - 1
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, (step, state)) in self.0.iter().enumerate() {
            if let Some(step) = step {
                writeln!(f, "{number:3}. {:62}|{state}", format!("{step:?}"))?;
            }
        }
        Ok(())
    }
}
