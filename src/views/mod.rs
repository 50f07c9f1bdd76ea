//! Which cached values a row change affects. Pure: no I/O, no clock, the same answer for `run`, `explain` and the tests.
//!
//! [`Rules`] turn the catalog's views into one list of rules a table; [`Evaluator`] applies them to a
//! [`Change`](crate::change::Change), by its old and its new image, and reports each key and each family with the
//! reason to an [`Effects`].

mod effect;
mod evaluate;
mod image;
mod rules;
#[cfg(test)]
mod tests;

pub use effect::{Effects, Reason, Why};
pub use evaluate::Evaluator;
pub use rules::{Does, Rule, Rules};
