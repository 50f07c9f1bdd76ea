//! Which cached values a row change affects. Pure: no I/O, no clock, the same answer for `run`, `explain` and the tests.
//!
//! [`Rules`] turn the catalog's views into one list of rules a table; [`Evaluator`] applies them to a
//! [`Change`](crate::change::Change), by its old and its new image, and reports each key and each family with the
//! reason to an [`Effects`]. The old image of a tracked row is the one that [`rows`](crate::rows) keep.
//!
//! A tracked row deletes three kinds of keys:
//!
//! - those that it fills, by its own columns or through the rows that it leads to, as they are now ([`Route`]);
//! - those that it fills as a row on such a way, by the rest of the way and whether or not a row leads to it. Topics are
//!   read in any order, so the row that led to it may be gone before its own change is read;
//! - those of the rows that lead to it, where their value is read from it ([`Behind`]).
//!
//! Of a declared family that readers ask for by sets of parameters, a row of the first table deletes what it affects
//! ([`Scope`]); which sets are registered is asked when the family goes.
//!
//! This is right in any interleaving of the topics if one copy applies the effects of all tables that a view ties
//! together, and if a standby that takes over applies everything from the first event on that is not committed, in its own
//! reading order. The test `interleavings` looks for counterexamples, and finds them for each rule that is left out.

mod effect;
mod evaluate;
mod filled;
mod image;
mod judge;
mod keys;
mod reason;
mod route;
mod rules;
mod scope;
mod spelling;
#[cfg(test)]
mod tests;
mod unresolved;

pub use effect::{Effects, Why};
pub use evaluate::Evaluator;
pub use filled::filled_keys;
pub use keys::Keys;
pub use reason::Reason;
pub use route::Route;
pub use rules::{Behind, Does, Rule, Rules};
pub use scope::{Affecting, Scope};
