use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::watch;

use crate::catalog::ComponentId;

/// What was asked: that the rows of a component are those of all that was in its topics at that moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ask {
    component: ComponentId,
    number: u64,
    /// In which reading of the tables.
    reading: u64,
}

impl Ask {
    /// Whether it was asked in this reading of the tables.
    pub const fn is_of(&self, reading: u64) -> bool {
        self.reading == reading
    }
}

/// What was asked for, by component: one that stands still holds up no other.
#[derive(Debug)]
pub(super) struct Asks {
    of: Mutex<Vec<Asked>>,
    more: Condvar,
    answers: watch::Sender<u64>,
}

#[derive(Debug, Clone, Default)]
struct Asked {
    last: u64,
    answered: u64,
    /// Since when the next answer is awaited.
    since: Option<Instant>,
}

impl Asks {
    pub(super) fn new(components: usize) -> Self {
        Self {
            of: Mutex::new(vec![Asked::default(); components]),
            more: Condvar::new(),
            answers: watch::Sender::new(0),
        }
    }

    pub(super) fn ask(&self, component: ComponentId, reading: u64) -> Ask {
        let mut of = self.lock();
        let asked = &mut of[component.index()];
        asked.last += 1;
        asked.since.get_or_insert_with(Instant::now);
        self.more.notify_one();
        Ask { component, number: asked.last, reading }
    }

    pub(super) fn is_answered(&self, ask: Ask) -> bool {
        self.lock()[ask.component.index()].answered >= ask.number
    }

    pub(super) fn since(&self, component: ComponentId) -> Option<Instant> {
        self.lock()[component.index()].since
    }

    pub(super) fn answers(&self) -> watch::Receiver<u64> {
        self.answers.subscribe()
    }

    /// What was asked last of each component that waits for an answer; waits for one until then.
    pub(super) fn open(&self, until: Instant) -> Vec<(ComponentId, u64)> {
        let open = |of: &Vec<Asked>| {
            let of = of.iter().enumerate().filter(|(_, asked)| asked.answered < asked.last);
            of.map(|(at, asked)| (ComponentId::from_index(at), asked.last)).collect::<Vec<_>>()
        };
        let wait = until.saturating_duration_since(Instant::now());
        let of = self.more.wait_timeout_while(self.lock(), wait, |of| open(of).is_empty());
        open(&of.unwrap_or_else(PoisonError::into_inner).0)
    }

    pub(super) fn answer(&self, component: ComponentId, number: u64) {
        let mut of = self.lock();
        let asked = &mut of[component.index()];
        asked.answered = number;
        asked.since = (number < asked.last).then(Instant::now);
        drop(of);
        self.answers.send_modify(|times| *times += 1);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Asked>> {
        self.of.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_component_that_stands_still_holds_up_no_other() {
        let (asks, now) = (Asks::new(2), Instant::now());
        let [one, other] = [0, 1].map(ComponentId::from_index);
        assert!(asks.open(now).is_empty() && asks.since(one).is_none());
        let first = asks.ask(one, 7);
        let second = asks.ask(other, 7);
        assert_eq!(asks.open(now), [(one, 1), (other, 1)]);
        asks.answer(other, 1);
        assert_eq!((asks.is_answered(first), asks.is_answered(second)), (false, true));
        assert_eq!(asks.open(now), [(one, 1)]);
        assert!(asks.since(one).is_some() && asks.since(other).is_none());
        // What is asked later is not answered by what was looked up before.
        let third = asks.ask(one, 7);
        asks.answer(one, 1);
        assert_eq!((asks.is_answered(first), asks.is_answered(third)), (true, false));
        assert!(asks.since(one).is_some());
    }
}
