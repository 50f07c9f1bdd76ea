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
        if raw.warm.is_none() {
            if raw.max_groups.is_some() {
                let fault = Fault::new(
                    "`max_groups` bounds what freshet writes, and it writes nothing of this view",
                    "add `warm: stream`, or remove it",
                );
                self.context.name(&child(self.pointer, "max_groups"), fault);
            }
            return None;
        }
        let mut right = true;
        let mut report = |reader: &mut Self, name: &str, fault| {
            right = false;
            reader.context.name(&child(reader.pointer, name), fault);
        };
        if raw.value.is_none() {
            let fault = Fault::new(
                "`warm: stream` writes what `value` says, and the view has none",
                "add a `value`, or remove `warm`",
            );
            report(self, "warm", fault);
        }
        if raw.ttl.is_none() {
            let fault = Fault::new(
                "everything that freshet writes expires, and the view has no `ttl`",
                "add the one that the application uses, such as `ttl: 5m`",
            );
            report(self, "warm", fault);
        }
        let ttl = ttl?;
        if !(SHORTEST..=LONGEST).contains(&ttl) {
            let fault = Fault::new(
                "what freshet writes lives between `1s` and `1y`",
                "write a longer or a shorter one, or remove `warm`",
            );
            report(self, "ttl", fault);
        }
        right.then_some(Warm { ttl, max_groups: raw.max_groups.unwrap_or(MOST_GROUPS) })
    }
}
