//! The values of warmed views: what freshet writes instead of deleting a key. Pure, as [`views`](crate::views) are.
//!
//! A view with a `value` says what its keys hold as SQL expressions over the rows that fill the key, and over the rows that
//! relations lead to. The configuration compiles it to a plan, in which names are numbers ([`compile`]). A value is computed
//! anew from all rows of its group, in one pass over them, each time its key is written: nothing is added up over time,
//! so nothing drifts, and an event that is read twice does no harm. A relation's reverse index finds the rows.
//!
//! Where anything that the value depends on is not known, or is not what the configuration says it is, there is
//! [`Trouble`] instead of a value, and the key is to be deleted: the next reader computes it.
//!
//! Integers are of 128 bits on the way and of 64 at the end; everything that is divided is binary64. `NULL` is SQL's.

pub mod compile;
mod datum;
mod expression;
mod fold;
mod group;
mod plan;
mod render;
mod round;
mod row;
#[cfg(test)]
mod tests;
mod tree;

use std::sync::Arc;
use std::time::Duration;

pub use datum::Datum;
pub use expression::{Cast, Expression, Operator};
pub use fold::{Aggregate, Function};
pub use plan::{Each, Field, Group, Map, Order, Plan, Slot};
pub use tree::Tree;

use crate::catalog::{Catalog, ViewId};
use crate::rows::Rows;

/// How readers spell values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Of Python, in a protocol that every living version reads.
    Pickle,
    Json,
}

/// Why a key has no value. It is deleted then, and a reader computes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// No row fills the key.
    #[error("no row fills the key any more")]
    Empty,
    /// A row, or a column of one, that the value depends on was not seen.
    #[error("something that the value depends on is not known yet")]
    Unresolved,
    /// A column is not of its declared type, an integer has more than 64 bits, or something was divided by zero.
    #[error("a column is not of its declared type, or a number is out of its range")]
    Value,
    /// The view is not warmed, or the key is none of its keys.
    #[error("the key is none of a warmed view")]
    Foreign,
}

/// How the values of the warmed views are computed and spelled. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Values {
    /// By view; `None` where keys are deleted.
    plans: Arc<[Option<Warmed>]>,
    format: Format,
}

/// A view whose values are written.
#[derive(Debug, Clone)]
pub struct Warmed {
    pub plan: Plan,
    /// How long a value lives in Redis unless it is written again.
    pub ttl: Duration,
}

impl Values {
    /// One for each view of the catalog, in its order.
    pub fn new(plans: impl IntoIterator<Item = Option<Warmed>>, format: Format) -> Self {
        Self { plans: plans.into_iter().collect(), format }
    }

    /// Whether the view's values are written, and not only deleted.
    pub fn is_warmed(&self, view: ViewId) -> bool {
        self.warmed(view).is_some()
    }

    /// How long a value of this view lives in Redis unless it is written again. Zero of a view that is not warmed.
    pub fn ttl(&self, view: ViewId) -> Duration {
        self.warmed(view).map_or(Duration::ZERO, |warmed| warmed.ttl)
    }

    /// The bytes of the key's value as the rows have it now. `key` is spelled as on the wire.
    pub fn render(
        &self,
        catalog: &Catalog,
        rows: &Rows,
        view: ViewId,
        key: &str,
    ) -> Result<Vec<u8>, Trouble> {
        self.value(catalog, rows, view, key)?.bytes(self.format)
    }

    /// The key's value as the rows have it now.
    pub fn value<'d>(
        &'d self,
        catalog: &'d Catalog,
        rows: &'d Rows,
        view: ViewId,
        key: &str,
    ) -> Result<Tree<'d>, Trouble> {
        let warmed = self.warmed(view).ok_or(Trouble::Foreign)?;
        render::value(&warmed.plan, catalog, rows, catalog.view(view), key)
    }

    fn warmed(&self, view: ViewId) -> Option<&Warmed> {
        self.plans.get(view.index())?.as_ref()
    }
}
