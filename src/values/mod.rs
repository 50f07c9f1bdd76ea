//! The values of keys, computed from the rows that the topics tell, without asking the database. Pure, as
//! [`views`](crate::views) are.
//!
//! A view with a `value` says what its keys hold as SQL expressions over the rows that fill the key, and over the rows that
//! relations lead to. The configuration compiles it to a plan, in which names are numbers ([`compile`]). A value is computed
//! anew from all rows of its group, in one pass over them: nothing is added up over time, so nothing drifts, and an event that
//! is read twice does no harm. A relation's reverse index finds the rows.
//!
//! Where anything that the value depends on is not known, or is not what the configuration says it is, there is
//! [`Trouble`] instead of a value.
//!
//! Integers are of 128 bits on the way and of 64 at the end; everything that is divided is binary64. `NULL` is SQL's.

pub mod compile;
mod datum;
mod expression;
mod fold;
mod format;
mod group;
mod plan;
mod render;
mod round;
mod row;
#[cfg(test)]
mod tests;
mod tree;

use std::sync::Arc;

pub use datum::Datum;
pub use expression::{Cast, Expression, Operator};
pub use fold::{Aggregate, Function};
pub use format::{Format, Spelling};
pub use plan::{Each, Field, Group, Map, Order, Plan, Slot};
pub use tree::Tree;

use crate::catalog::{Catalog, ViewId};
use crate::rows::Rows;

/// Why a key has no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// No row fills the key.
    #[error("no row fills the key")]
    Empty,
    /// A row, or a column of one, that the value depends on was not seen.
    #[error("a row or a column that the value depends on was not seen")]
    Unresolved,
    /// Events were lost, or the database was restored: rows that are gone may still be counted.
    #[error("events of the rows were lost, until a new snapshot has told them all")]
    Doubtful,
    /// A column is not of its declared type, an integer has more than 64 bits, or something was divided by zero.
    #[error("a column is not of its declared type, or a number is out of its range")]
    Value,
    /// More rows fill the key than are looked at while events wait for it, or the value is too large.
    #[error("more than 100,000 rows fill the key, or its value is larger than 1 MiB")]
    TooLarge,
    /// The view has no `value`, or the key is none of its keys.
    #[error("the key is none of a view with a `value`")]
    Foreign,
}

/// How the values of the views are computed, of those that say so. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Values {
    /// By view.
    plans: Arc<[Option<Plan>]>,
}

impl Values {
    /// One for each view of the catalog, in its order.
    pub fn new(plans: impl IntoIterator<Item = Option<Plan>>) -> Self {
        Self { plans: plans.into_iter().collect() }
    }

    /// Whether the configuration says how the view's values are computed.
    pub fn has(&self, view: ViewId) -> bool {
        self.plan(view).is_some()
    }

    /// The key's value as the rows have it now. `key` is spelled as on the wire.
    ///
    /// # Errors
    /// Why it has none that is known.
    pub fn value<'d>(
        &'d self,
        catalog: &'d Catalog,
        rows: &'d Rows,
        view: ViewId,
        key: &str,
    ) -> Result<Tree<'d>, Trouble> {
        render::value(self.plan(view).ok_or(Trouble::Foreign)?, catalog, rows, catalog.view(view), key)
    }

    /// How they are, if the configuration says so.
    pub fn plan(&self, view: ViewId) -> Option<&Plan> {
        self.plans.get(view.index())?.as_ref()
    }
}
