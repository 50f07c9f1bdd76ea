use std::fmt;

use super::image::Images;
use super::reason::Reason;
use super::route::Route;
use super::rules::{Does, Rule};
use crate::catalog::{ColumnId, Reads, Table, ViewId};
use crate::change::{Operation, Row};

/// Takes what a change does. Each call says why; a caller that does not ask pays nothing for it.
pub trait Effects {
    /// This key, as spelled on the wire, goes.
    fn key(&mut self, view: ViewId, key: &str, why: Why<'_>);
    /// Every key of this view goes.
    fn family(&mut self, view: ViewId, why: Why<'_>);
    /// Every key of this view goes, but those of registered sets of parameters that none of these rows affects. Of each row these
    /// are the columns that `affects` reads. Who does not tell sets apart deletes all.
    fn affected(&mut self, view: ViewId, _rows: &[Row<'_>], why: Why<'_>) {
        self.family(view, why);
    }
}

/// Why a key or a family goes.
#[derive(Debug, Clone, Copy)]
pub struct Why<'a> {
    pub reason: Reason,
    /// What decided, where it was a row change.
    pub(super) by: Option<Because<'a>>,
}

/// A row change that decided, and the rule by which it did.
#[derive(Debug, Clone, Copy)]
pub(super) struct Because<'a> {
    pub(super) rule: &'a Rule,
    pub(super) table: &'a Table,
    pub(super) operation: Operation,
    pub(super) images: &'a Images<'a>,
}

impl Why<'_> {
    /// A reason that no single row change gave.
    pub const fn because(reason: Reason) -> Self {
        Self { reason, by: None }
    }
}

impl fmt::Display for Why<'_> {
    /// A phrase for a person: `the row before the change, by shop_id; update of order, changed: shop_id, status`. Never a value.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(Because { rule, table, operation, images }) = self.by else {
            return f.write_str(self.reason.sentence());
        };
        match (&rule.does, self.reason) {
            (Does::Behind(behind), Reason::Behind) => write!(f, "the row behind {}", behind.paths)?,
            (does, reason) => {
                f.write_str(reason.sentence())?;
                match does {
                    Does::Keys(Route { text, rest_of: None, .. }) | Does::FamilyByPath(text) => {
                        write!(f, ", by {text}")?;
                    }
                    Does::Keys(Route { text, rest_of: Some(path), .. }) => {
                        write!(f, ", by {text} as the end of {path}")?;
                    }
                    Does::Behind(behind) => write!(f, ", behind {}", behind.paths)?,
                    Does::DeclaredFamily | Does::AffectedSets(_) => {}
                }
            }
        }
        write!(f, "; {} of {}", operation.name(), table.name)?;
        let changed = if images.are_known() { changed(rule, table, images) } else { String::new() };
        if changed.is_empty() { Ok(()) } else { write!(f, ", changed: {changed}") }
    }
}

/// The read columns that differ between the images.
fn changed(rule: &Rule, table: &Table, images: &Images<'_>) -> String {
    let all: Vec<_>;
    let read = match &rule.reads {
        Reads::Columns(columns) => columns,
        Reads::All => {
            all = (0..table.columns.len()).map(ColumnId::from_index).collect();
            &all
        }
    };
    let names = read
        .iter()
        .filter(|column| images.differ(**column))
        .map(|column| table.columns[column.index()].name.as_str());
    names.collect::<Vec<_>>().join(", ")
}
