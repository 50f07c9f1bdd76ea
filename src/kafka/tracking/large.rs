use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::catalog::ViewId;

/// For how long a key that had too many rows is taken to have too many still.
const AGAIN: Duration = Duration::from_mins(1);

/// Keys whose values were too large when they were last computed.
///
/// To find that out, a hundred thousand rows are looked at while events wait, and such a key changes with almost every
/// batch. There are few of them, since each takes that many rows.
#[derive(Debug, Default)]
pub(super) struct Large(HashMap<ViewId, HashMap<Box<str>, Instant>>);

impl Large {
    /// Whether the key's value need not be computed.
    pub(super) fn holds(&self, view: ViewId, key: &str, now: Instant) -> bool {
        let found = self.0.get(&view).and_then(|keys| keys.get(key));
        found.is_some_and(|found| now.saturating_duration_since(*found) < AGAIN)
    }

    /// Notes whether the key's value was too large.
    pub(super) fn note(&mut self, view: ViewId, key: &str, is_large: bool, now: Instant) {
        if is_large {
            self.0.entry(view).or_default().insert(key.into(), now);
        } else if let Some(keys) = self.0.get_mut(&view) {
            keys.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_was_too_large_is_computed_again_a_minute_later() {
        let (view, other, start) = (ViewId::from_index(0), ViewId::from_index(1), Instant::now());
        let mut large = Large::default();
        large.note(view, "a", true, start);
        large.note(view, "b", false, start);
        let held = |large: &Large, after: Duration| {
            [(view, "a"), (view, "b"), (other, "a")].map(|(view, key)| large.holds(view, key, start + after))
        };
        assert_eq!(held(&large, Duration::ZERO), [true, false, false]);
        assert_eq!(held(&large, AGAIN), [false; 3]);
        large.note(view, "a", false, start + AGAIN);
        assert_eq!(held(&large, Duration::ZERO), [false; 3], "it is no longer too large");
    }
}
