//! Columns and paths as they are written: `status`, `customer.region.name`.

use super::relations::{Known, Relation};
use super::tables::Tables;
use crate::catalog::{ColumnId, ColumnType, Fill, Path, TableId};
use crate::config::problem::{Fault, nearest};

/// What a text such as `order.customer.name` names, seen from a table. Nothing is needed yet.
pub(super) struct Target {
    text: String,
    base: TableId,
    relations: Vec<Relation>,
    column: String,
}

/// Why a text names nothing.
pub(super) enum Unresolved {
    Fault(Fault),
    /// It leads through a relation whose own mistake is reported there.
    Elsewhere,
}

impl Target {
    pub(super) fn find(tables: &Tables, base: TableId, text: &str) -> Result<Self, Unresolved> {
        let mut segments: Vec<&str> = text.split('.').collect();
        let column = segments.pop().unwrap_or_default();
        if column.is_empty() || segments.iter().any(|segment| segment.is_empty()) {
            let what = format!("`{text}` is no column and no path");
            return Err(Unresolved::Fault(Fault::new(what, "write `column`, or `relation.column`")));
        }
        let (mut table, mut relations) = (base, Vec::new());
        for name in segments {
            match tables.relations.get(&(table, name.to_owned())) {
                Some(Known::Relation(relation)) => {
                    relations.push(relation.clone());
                    table = relation.to;
                }
                Some(Known::Broken) => return Err(Unresolved::Elsewhere),
                None => return Err(Unresolved::Fault(undefined(tables, table, name, text))),
            }
        }
        if let Some(Known::Relation(relation)) = tables.relations.get(&(table, column.to_owned()))
            && relation.column != column
        {
            let what = format!("`{text}` is a relation, not a column");
            let before = text.strip_suffix(column).unwrap_or_default();
            let remedy = format!(
                "write its column `{before}{}`, or a column of the other row: `{text}.…`",
                relation.column
            );
            return Err(Unresolved::Fault(Fault::new(what, remedy)));
        }
        Ok(Self { text: text.to_owned(), base, relations, column: column.to_owned() })
    }

    /// The relations on the way, as written; empty for a column of the base row.
    pub(super) fn way(&self) -> &str {
        self.text.strip_suffix(&self.column).unwrap_or_default().trim_end_matches('.')
    }

    fn table(&self) -> TableId {
        self.relations.last().map_or(self.base, |relation| relation.to)
    }

    /// The column's type, if one was declared.
    pub(super) fn r#type(&self, tables: &Tables) -> Option<ColumnType> {
        Some(tables.type_of(self.table(), &self.column)).filter(|r#type| *r#type != ColumnType::Any)
    }

    /// The column's table and type. The column counts as used, so that its type may be declared.
    pub(super) fn used(&self, tables: &mut Tables) -> (TableId, ColumnType) {
        tables.fills(self.table(), &self.column);
        (self.table(), tables.type_of(self.table(), &self.column))
    }

    /// Where a hole's value comes from.
    pub(super) fn fill(&self, tables: &mut Tables) -> Fill {
        tables.fills(self.table(), &self.column);
        match self.path(tables) {
            Ok(path) => Fill::Path(path),
            Err(column) => Fill::Column(column),
        }
    }

    /// The path, or the base row's column if it is none.
    pub(super) fn path(&self, tables: &mut Tables) -> Result<Path, ColumnId> {
        if self.relations.is_empty() {
            return Err(tables.need(self.base, &self.column));
        }
        let mut from = self.base;
        let mut relations = Vec::with_capacity(self.relations.len());
        for Relation { column, to } in &self.relations {
            relations.push(tables.follow(from, column, *to));
            from = *to;
        }
        let column = tables.need(from, &self.column);
        Ok(Path { text: self.text.clone(), relations, column, followed: false })
    }
}

fn undefined(tables: &Tables, table: TableId, name: &str, text: &str) -> Fault {
    let relation = format!("{}.{name}", tables.name(table));
    let remedy = match nearest(name, tables.relations_of(table)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("define `{relation}: {{ column: …, to: … }}` under `relations`"),
    };
    Fault::new(format!("`{text}`: the relation `{relation}` is not defined"), remedy)
}
