//! Warmed views: a `value` from what it says to a plan, and what such a view must be.

mod names;
mod tree;

use std::time::Duration;

use serde_json::json;

use super::relations::Known;
use super::views::{Feed, Reader};
use crate::catalog::{self, ColumnId, Fill, Reads, Source, TableId, Template};
use crate::config::document::child;
use crate::config::problem::Fault;
use crate::config::raw;
use crate::values::{Plan, Warmed};
use names::Names;

/// A value that outlives this is no cache's.
const LONGEST_TTL: Duration = Duration::from_hours(30 * 24);

/// How the values of a view are computed.
pub(super) struct Written {
    pub(super) warmed: Warmed,
    /// Changes with whatever decides what they are.
    pub(super) definition: serde_json::Value,
}

impl Reader<'_, '_> {
    /// Reports what a view with a `value` must not have, and what it must. `None` if there is anything.
    fn may_be_warmed(&mut self, raw: &raw::View, feeds: &[Feed<'_>]) -> Option<()> {
        let mut faults = Vec::new();
        if raw.family.is_some() {
            faults.push((
                child(self.pointer, "family"),
                "the keys of a family are not known, so that their values cannot be written",
                "use a `key` alone, with holes that a row fills, or remove `value`",
            ));
        }
        for (name, said) in [("settle", raw.settle.is_some()), ("hold", raw.hold.is_some())] {
            if said {
                faults.push((
                    child(self.pointer, name),
                    "a value that is written is not written a second time",
                    "remove it, or remove `value`",
                ));
            }
        }
        if feeds.len() > 1 {
            faults.push((
                child(self.pointer, "from"),
                "a value is computed from the rows of one table, and of those that relations lead to",
                "keep the table whose rows are counted, or remove `value`",
            ));
        }
        if raw.ttl.is_none() && !self.context.is_misspelled(self.pointer) {
            faults.push((
                self.pointer.to_owned(),
                "the view has a `value`, and no `ttl`",
                "add how long a value may live, such as `ttl: 5m`",
            ));
        }
        for feed in feeds.iter().filter(|feed| feed.source.is_some_and(|source| source.reads.is_some())) {
            faults.push((
                child(&feed.pointer, "reads"),
                "what is read is what `value` names",
                "remove it, or remove `value`",
            ));
        }
        let is_right = faults.is_empty() && feeds.len() == 1;
        for (pointer, what, remedy) in faults {
            self.context.name(&pointer, Fault::new(what, remedy));
        }
        is_right.then_some(())
    }

    /// A view whose values are written: the one source with what it reads, how the group is found, and the plan.
    pub(super) fn warm(
        &mut self,
        raw: &raw::View,
        written: &tree::Mapping,
        feeds: &[Feed<'_>],
        template: Option<&Template>,
    ) -> Option<(Source, catalog::Warmed, Written)> {
        let may_be = self.may_be_warmed(raw, feeds);
        let ttl = raw.ttl.as_deref().and_then(|text| self.ttl(text));
        let feed = feeds.first()?;
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
        let ((relation, hole), ttl) = (relation?, ttl?);
        may_be?;
        let warmed = catalog::Warmed { ttl, relation, hole };
        kept.then_some((source, warmed, Written { warmed: Warmed { plan, ttl }, definition }))
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

    /// What lives so long in Redis unless it is written again.
    pub(super) fn ttl(&mut self, text: &str) -> Option<Duration> {
        let remedy = "write it like `5m`, `300s` or `1h30m`";
        self.duration("ttl", text, remedy, |ttl| {
            if ttl < Duration::from_secs(1) {
                Some("a value that lives less than `1s` is not cached")
            } else if ttl > LONGEST_TTL {
                Some("a value that nothing has written for `30d` is nobody's; more is refused")
            } else {
                None
            }
        })
    }

    /// Without a `value` nothing would use a `ttl`.
    pub(super) fn no_ttl(&mut self, raw: &raw::View) {
        if raw.ttl.is_some() {
            let fault = Fault::new(
                "freshet writes no value of this view, so that nothing would use it",
                "remove it, or add a `value`",
            );
            self.context.name(&child(self.pointer, "ttl"), fault);
        }
    }
}
