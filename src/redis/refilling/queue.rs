use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use crate::catalog::ViewId;

/// Beyond so many keys a key is only deleted.
const MOST: usize = 100_000;

/// The keys whose values are to be asked for, each once. Pure.
#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: VecDeque<(ViewId, Arc<str>)>,
    known: HashMap<Arc<str>, State>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Waiting,
    Running,
    /// It was deleted while it ran, so that what is asked may be too old.
    RunningAndDeleted,
}

impl Queue {
    /// Notes that a key was deleted. False if there is no room for it.
    pub(super) fn push(&mut self, view: ViewId, key: &str) -> bool {
        if let Some(state) = self.known.get_mut(key) {
            if *state == State::Running {
                *state = State::RunningAndDeleted;
            }
            return true;
        }
        if self.known.len() >= MOST {
            return false;
        }
        let key: Arc<str> = key.into();
        self.known.insert(Arc::clone(&key), State::Waiting);
        self.waiting.push_back((view, key));
        true
    }

    /// The one that has waited longest. It runs until it is [`done`](Self::done).
    pub(super) fn take(&mut self) -> Option<(ViewId, Arc<str>)> {
        let (view, key) = self.waiting.pop_front()?;
        self.known.insert(Arc::clone(&key), State::Running);
        Some((view, key))
    }

    pub(super) fn done(&mut self, view: ViewId, key: &Arc<str>) {
        if self.known.get(key) == Some(&State::RunningAndDeleted) {
            self.known.insert(Arc::clone(key), State::Waiting);
            self.waiting.push_back((view, Arc::clone(key)));
        } else {
            self.known.remove(key);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    pub(super) fn has_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VIEW: ViewId = ViewId::from_index(0);

    #[test]
    fn a_key_runs_once_at_a_time_and_again_if_it_was_deleted_meanwhile() {
        let mut queue = Queue::default();
        assert!(queue.push(VIEW, "a") && queue.push(VIEW, "b") && queue.push(VIEW, "a"));
        let (_, a) = queue.take().expect("a key");
        assert_eq!((&*a, queue.len()), ("a", 2));
        assert!(queue.push(VIEW, "a"));
        let (_, b) = queue.take().expect("a key");
        assert_eq!(&*b, "b");
        assert!(queue.take().is_none(), "a runs");
        queue.done(VIEW, &a);
        queue.done(VIEW, &b);
        let (_, again) = queue.take().expect("a key");
        assert_eq!((&*again, queue.has_waiting()), ("a", false));
        queue.done(VIEW, &again);
        assert_eq!((queue.len(), queue.take()), (0, None));
    }

    #[test]
    fn what_has_no_room_is_only_deleted() {
        let mut queue = Queue::default();
        assert!((0..MOST).all(|key| queue.push(VIEW, &key.to_string())));
        assert!(!queue.push(VIEW, "one more") && queue.push(VIEW, "7"));
        let (_, key) = queue.take().expect("a key");
        queue.done(VIEW, &key);
        assert!(queue.push(VIEW, "one more"));
    }
}
