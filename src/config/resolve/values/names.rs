//! What the names in a view's `value` stand for.

use crate::catalog::{ColumnId, Path, RelationId, TableId};
use crate::config::problem::Fault;
use crate::config::resolve::paths::{Target, Unresolved};
use crate::config::resolve::tables::Tables;
use crate::expressions::Mistake;
use crate::values::compile::{self, Kind};
use crate::values::{Aggregate, Each, Expression, Slot};

/// Of one view.
pub(super) struct Names<'n> {
    pub(super) tables: &'n mut Tables,
    pub(super) base: TableId,
    /// The holes with the columns that fill them.
    pub(super) holes: Vec<(String, ColumnId)>,
    pub(super) slots: Vec<Slot>,
    /// What is read behind relations, each once.
    pub(super) paths: Vec<Path>,
    /// The groups around what is read, from the outermost.
    pub(super) scopes: Vec<Scope>,
    /// The fields above in the same map, in their order; those that are no expressions are in it without one.
    pub(super) fields: Vec<(String, Option<(Expression, Kind)>)>,
    /// A mistake that was found is reported where a relation is defined.
    pub(super) elsewhere: bool,
}

/// A group that is being read.
#[derive(Default)]
pub(super) struct Scope {
    pub(super) aggregates: Vec<Aggregate>,
    pub(super) lists: Vec<Each>,
    /// What the rows of a list's element have in common.
    pub(super) by: Option<usize>,
}

impl Names<'_> {
    /// The slot of a column or path.
    pub(super) fn slot(&mut self, text: &str) -> Result<(usize, Kind), Mistake> {
        let target = match Target::find(self.tables, self.base, text) {
            Ok(target) => target,
            Err(Unresolved::Fault(Fault { what, remedy })) => return Err(Mistake { what, remedy }),
            Err(Unresolved::Elsewhere) => {
                self.elsewhere = true;
                return Err(Mistake::new("", ""));
            }
        };
        let (table, r#type) = target.used(self.tables);
        let slot = match target.path(self.tables) {
            Err(column) => Slot { relations: Vec::new(), table, column, r#type },
            Ok(path) => {
                let slot = Slot { relations: path.relations.clone(), table, column: path.column, r#type };
                if !self.slots.contains(&slot) {
                    self.paths.push(path);
                }
                slot
            }
        };
        let known = self.slots.iter().position(|known| *known == slot);
        let number = known.unwrap_or_else(|| {
            self.slots.push(slot);
            self.slots.len() - 1
        });
        Ok((number, r#type.into()))
    }

    /// Whether all rows of the group have this in common: it is what they are grouped by, or lies behind that.
    fn is_common(&self, slot: usize) -> bool {
        let slot = &self.slots[slot];
        let grouped_by = |relations: &[RelationId], column: ColumnId| {
            let hole = relations.is_empty() && self.holes.iter().any(|(_, filling)| *filling == column);
            let by = |slot: usize| {
                let slot = &self.slots[slot];
                slot.relations == relations && slot.column == column
            };
            hole || self.scopes.iter().filter_map(|scope| scope.by).any(by)
        };
        let link = |at: usize| self.tables.followed[slot.relations[at].index()].column;
        grouped_by(&slot.relations, slot.column)
            || (0..slot.relations.len()).any(|at| grouped_by(&slot.relations[..at], link(at)))
    }

    /// Whether this is the name of a column that rows are grouped by.
    fn names_group(&self, name: &str) -> bool {
        let Some(column) = self.tables.found[self.base.index()].column(name) else { return false };
        let by = |slot: usize| self.slots[slot].relations.is_empty() && self.slots[slot].column == column;
        self.holes.iter().any(|(_, filling)| *filling == column)
            || self.scopes.iter().filter_map(|scope| scope.by).any(by)
    }
}

impl compile::Names for Names<'_> {
    fn column(&mut self, name: &str) -> Result<(usize, Kind), Mistake> {
        self.slot(name)
    }

    fn name(&mut self, name: &str) -> Result<(Expression, Kind), Mistake> {
        let mut meanings: Vec<(&str, Expression, Kind)> = Vec::new();
        if let Some(field) = self.fields.iter().position(|(field, _)| field == name) {
            match &self.fields[field].1 {
                // A field that just repeats a column is that column.
                Some((expression @ Expression::Slot(_), kind)) => {
                    meanings.push(("a field above", expression.clone(), *kind));
                }
                Some((_, kind)) => meanings.push(("a field above", Expression::Field(field), *kind)),
                None => {
                    let what = format!("`{name}` is a map or a list, or has a mistake of its own");
                    return Err(Mistake::new(what, "name a field that is an expression"));
                }
            }
        }
        let hole = self.holes.iter().find(|(hole, _)| hole == name).map(|(_, column)| *column);
        if let Some(column) = hole {
            let column = self.tables.found[self.base.index()].columns[column.index()].name.clone();
            let (slot, kind) = self.slot(&column)?;
            meanings.push(("a hole of the key", Expression::Slot(slot), kind));
        }
        if name.contains('.') || self.names_group(name) {
            let (slot, kind) = self.slot(name)?;
            if self.is_common(slot) {
                meanings.push(("a column", Expression::Slot(slot), kind));
            }
        }
        let mut meanings = meanings.into_iter();
        let Some((what, expression, kind)) = meanings.next() else { return Err(not_common(name)) };
        if let Some((other, ..)) = meanings.find(|(_, other, _)| *other != expression) {
            let what = format!("`{name}` is {what} and {other} too, which are not the same");
            return Err(Mistake::new(what, "give the field or the hole another name"));
        }
        Ok((expression, kind))
    }

    fn aggregate(&mut self, aggregate: Aggregate) -> usize {
        let Some(scope) = self.scopes.last_mut() else { return 0 };
        let known = scope.aggregates.iter().position(|known| *known == aggregate);
        known.unwrap_or_else(|| {
            scope.aggregates.push(aggregate);
            scope.aggregates.len() - 1
        })
    }
}

fn not_common(name: &str) -> Mistake {
    Mistake::new(
        format!(
            "`{name}` is no field above in the same map, no hole, and nothing that all rows of the group have in common"
        ),
        "put it into an aggregate, such as `max(…)`; or name a field above, a hole, the column of `each`, or what lies behind \
         one of these",
    )
}
