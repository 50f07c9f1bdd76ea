//! Views whose values freshet writes.

use std::time::Duration;

use super::views::Reader;
use crate::catalog::Warm;
use crate::config::document::child;
use crate::config::problem::Fault;
use crate::config::raw;

const MOST_GROUPS: usize = 100_000;
/// A value is renewed at half of its `ttl`; one that lives less would be written all the time.
const SHORTEST: Duration = Duration::from_secs(1);
/// Redis counts the time to live in milliseconds of 64 bits, and nobody waits that long.
const LONGEST: Duration = Duration::from_hours(24 * 365);

impl Reader<'_, '_> {
    /// How the view's values are written, if they are. Reports what is missing for it, and what needs it.
    pub(super) fn warm(&mut self, raw: &raw::View, ttl: Option<Duration>) -> Option<Warm> {
        if !matches!(raw.warm, Some(raw::Warm::From(_))) {
            if raw.max_groups.is_some() {
                let fault = Fault::new(
                    "`max_groups` bounds what freshet keeps in Redis, and it keeps nothing of this view",
                    "add `warm: stream`, or remove it",
                );
                self.context.name(&child(self.pointer, "max_groups"), fault);
            }
            return None;
        }
        if raw.value.is_none() {
            let fault = Fault::new(
                "`warm: stream` writes what `value` says, and the view has none",
                "add a `value`, or remove `warm`",
            );
            self.context.name(&child(self.pointer, "warm"), fault);
        }
        let ttl = self.lives(raw, ttl)?;
        raw.value.is_some().then_some(Warm { ttl, max_groups: raw.max_groups.unwrap_or(MOST_GROUPS) })
    }

    /// How long what freshet writes lives. Reports if that is not said, or is too long or too short.
    pub(super) fn lives(&mut self, raw: &raw::View, ttl: Option<Duration>) -> Option<Duration> {
        if raw.ttl.is_none() {
            let fault = Fault::new(
                "everything that freshet writes expires, and the view has no `ttl`",
                "add the one that the application uses, such as `ttl: 5m`",
            );
            self.context.name(&child(self.pointer, "warm"), fault);
        }
        let ttl = ttl?;
        if !(SHORTEST..=LONGEST).contains(&ttl) {
            let fault = Fault::new(
                "what freshet writes lives between `1s` and `1y`",
                "write a longer or a shorter one, or remove `warm`",
            );
            self.context.name(&child(self.pointer, "ttl"), fault);
            return None;
        }
        Some(ttl)
    }
}
