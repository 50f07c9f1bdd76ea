//! Views with a `value`: from what it says to a plan, and what such a view must be.

mod names;
mod tree;

use serde_json::json;

use super::relations::Known;
use super::views::{Feed, Reader};
use crate::catalog::{self, ColumnId, Computed, Fill, Reads, Source, TableId, Template};
use crate::config::document::child;
use crate::config::problem::Fault;
use crate::config::raw;
use crate::values::Plan;
use names::Names;

/// How the values of a view are computed.
pub(super) struct Written {
    pub(super) plan: Plan,
    /// Changes with whatever decides what they are.
    pub(super) definition: serde_json::Value,
}

impl Reader<'_, '_> {
    /// Reports what a view with a `value` must not have, and what it must. `None` if there is anything.
    fn may_be_computed(&mut self, raw: &raw::View, feed: &Feed<'_>) -> Option<()> {
        let mut faults = Vec::new();
        if raw.family.is_some() {
            faults.push((
                child(self.pointer, "family"),
                "the keys of a family are not known, so that their values cannot be computed",
                "use a `key` alone, with holes that a row fills, or remove `value`",
            ));
        }
        if feed.source.is_some_and(|source| source.reads.is_some()) {
            faults.push((
                child(&feed.pointer, "reads"),
                "what is read is what `value` names",
                "remove it, or remove `value`",
            ));
        }
        let is_right = faults.is_empty();
        for (pointer, what, remedy) in faults {
            self.context.name(&pointer, Fault::new(what, remedy));
        }
        is_right.then_some(())
    }

    /// A view whose values are computed: the one source with what it reads, how the group is found, and the plan.
    pub(super) fn computed(
        &mut self,
        raw: &raw::View,
        written: &tree::Mapping,
        feed: &Feed<'_>,
        template: Option<&Template>,
    ) -> Option<(Source, Computed, Written)> {
        let may_be = self.may_be_computed(raw, feed);
        let template = template?;
        let fills = self.fills(template, feed)?;
        let columns = self.own_columns(&fills, feed)?;
        let relation = self.grouping(&columns, feed);
        let holes = template.holes().iter().map(|hole| hole.name.clone()).zip(columns.clone()).collect();
        let names = Names {
            tables: &mut *self.tables,
            base: feed.table,
            holes,
            slots: Vec::new(),
            paths: Vec::new(),
            scopes: Vec::new(),
            fields: Vec::new(),
            elsewhere: false,
        };
        let mut reader = tree::Reader { context: &mut *self.context, names };
        let group = reader.group(written, &child(self.pointer, "value"), None);
        let Names { slots, paths, .. } = reader.names;
        let mut needed = vec![feed.table];
        needed
            .extend(paths.iter().flat_map(|path| path.steps(&self.tables.followed)).map(|(table, _)| table));
        let kept = self.are_kept(needed);
        let own = slots.iter().filter(|slot| slot.relations.is_empty()).map(|slot| slot.column);
        let mut reads: Vec<ColumnId> = columns
            .into_iter()
            .chain(own)
            .chain(paths.iter().map(|path| path.link(&self.tables.followed)))
            .collect();
        reads.sort_unstable();
        reads.dedup();
        let types: Vec<String> = slots.iter().map(|slot| slot.r#type.to_string()).collect();
        let definition = json!([written, types]);
        let source = Source { table: feed.table, fills, reads: Reads::Columns(reads), read_paths: paths };
        let plan = Plan { table: feed.table, slots, group: group? };
        let (relation, hole) = relation?;
        may_be?;
        kept.then_some((source, Computed { relation, hole }, Written { plan, definition }))
    }

    /// The base row's columns that fill the holes.
    fn own_columns(&mut self, fills: &[Fill], feed: &Feed<'_>) -> Option<Vec<ColumnId>> {
        let own = fills.iter().map(|fill| match fill {
            Fill::Column(column) => Ok(*column),
            Fill::Path(path) => Err(path),
        });
        match own.collect() {
            Ok(columns) => Some(columns),
            Err(path) => {
                let what =
                    format!("`{}` fills a hole from another row, whose key's rows are not found", path.text);
                let fault =
                    Fault::new(what, "fill the holes by columns of the row itself, or remove `value`");
                self.context.name(&child(&feed.pointer, "fill"), fault);
                None
            }
        }
    }

    /// The relation that finds the rows of a key, and the hole that its column fills.
    fn grouping(&mut self, columns: &[ColumnId], feed: &Feed<'_>) -> Option<(catalog::RelationId, usize)> {
        let base = &self.tables.found[feed.table.index()];
        let mut found: Vec<(usize, String, TableId)> = Vec::new();
        let mut broken = false;
        for ((_, _), known) in self.tables.relations.iter().filter(|((table, _), _)| *table == feed.table) {
            let Known::Relation(relation) = known else {
                broken = true;
                continue;
            };
            let fills = |column: &ColumnId| base.columns[column.index()].name == relation.column;
            let hole = columns.iter().position(fills);
            found.extend(hole.map(|hole| (hole, relation.column.clone(), relation.to)));
        }
        // Relations are not in any order; two of one column do the same.
        if let Some((hole, column, to)) = found.into_iter().min() {
            return Some((self.tables.follow(feed.table, &column, to), hole));
        }
        if !broken {
            let table = &base.name;
            let column = columns.first().map_or("", |column| base.columns[column.index()].name.as_str());
            let fault = Fault::new(
                format!(
                    "no relation of `{table}` finds the rows of a key: none has the column that fills a hole"
                ),
                format!(
                    "define one under `relations`, such as `{table}.…: {{ column: {column}, to: … }}`, or remove `value`"
                ),
            );
            self.context.name(&child(self.pointer, "key"), fault);
        }
        None
    }

    /// Whether the rows of all these tables are kept; reports of each that is not.
    fn are_kept(&mut self, mut tables: Vec<TableId>) -> bool {
        tables.sort_unstable();
        tables.dedup();
        let mut kept = true;
        for table in tables {
            let name = self.tables.name(table).to_owned();
            let keyless =
                self.tables.is_read(table) && self.tables.found[table.index()].primary_key.is_empty();
            let fault = if self.tables.forced(table) == Some(false) {
                Fault::new(
                    format!("a value is computed from the rows of `{name}`, which is `tracked: false`"),
                    "remove that from the table, or remove `value`",
                )
            } else if keyless {
                Fault::new(
                    format!(
                        "a value is computed from the rows of `{name}`, which has no primary key to keep them by"
                    ),
                    "name its `primary_key`, or remove `value`",
                )
            } else {
                continue;
            };
            kept = false;
            self.context.name(&child(self.pointer, "value"), fault);
        }
        kept
    }
}
