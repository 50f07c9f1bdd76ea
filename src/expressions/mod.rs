//! SQL expressions as the configuration writes them, as far as it may: conditions over a row's columns and readers' parameters.
//!
//! The text is parsed by `sqlparser`; what it means is here. Pure, and small on purpose: a comparison, `is null`, `in`, and
//! their `and`, `or`, `not`. Truth is SQL's, which knows `NULL`, and one thing more: *doubt*. What the database would say of two
//! values is not always known from how an event spells them; then nothing is guessed.

mod condition;
mod parse;
#[cfg(test)]
mod tests;
mod truth;

pub use condition::{Comparison, Condition, Operand};
pub use parse::{Kind, Mistake, Name};
pub(crate) use parse::{comparison, expression, links};
pub use truth::Truth;
