//! Which rows and columns the values of a view are made of.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::catalog::{Catalog, ColumnId, Fill, Pattern, RelationId, TableId, Template, View, ViewId};
use crate::values::Plan;

/// What is read of the database for the keys of one view.
#[derive(Debug)]
pub struct Needs {
    pub view: ViewId,
    /// Of the one view: rows that no other view's relations lead to need not be known.
    pub catalog: Arc<Catalog>,
    /// Whose rows fill the keys.
    pub base: TableId,
    /// The columns that fill the holes, in their order.
    pub holes: Vec<ColumnId>,
    /// By table what is read of a row: its primary key first.
    pub columns: BTreeMap<TableId, Vec<ColumnId>>,
    /// Those that are followed, and how many follow on one another at most.
    pub relations: BTreeSet<RelationId>,
    pub depth: usize,
}

impl Needs {
    /// `None` for a view whose values are not computed.
    pub fn new(catalog: &Catalog, id: ViewId, plan: &Plan) -> Option<Self> {
        let view = catalog.view(id);
        let computed = view.computed?;
        let base = plan.table;
        let source = view.sources.iter().find(|source| source.table == base)?;
        let holes: Vec<ColumnId> = source
            .fills
            .iter()
            .map(|fill| match fill {
                Fill::Column(column) => Some(*column),
                Fill::Path(_) => None,
            })
            .collect::<Option<_>>()?;
        let relations: BTreeSet<RelationId> =
            plan.slots.iter().flat_map(|slot| slot.relations.clone()).collect();
        let mut read: BTreeSet<(TableId, ColumnId)> = holes.iter().map(|column| (base, *column)).collect();
        read.extend(plan.slots.iter().map(|slot| (slot.table, slot.column)));
        for relation in relations.iter().map(|relation| catalog.relation(*relation)) {
            read.insert((relation.from, relation.column));
        }
        let tables = relations.iter().map(|relation| catalog.relation(*relation).to).chain([base]);
        let mut columns: BTreeMap<TableId, Vec<ColumnId>> =
            tables.map(|table| (table, catalog.table(table).primary_key.clone())).collect();
        for (table, column) in read {
            let columns = columns.entry(table).or_default();
            if !columns.contains(&column) {
                columns.push(column);
            }
        }
        let mut catalog = catalog.clone();
        for (number, relation) in catalog.relations.iter_mut().enumerate() {
            relation.reversed = RelationId::from_index(number) == computed.relation;
        }
        let depth = plan.slots.iter().map(|slot| slot.relations.len()).max().unwrap_or(0);
        Some(Self { view: id, catalog: Arc::new(catalog), base, holes, columns, relations, depth })
    }

    pub fn view(&self) -> &View {
        self.catalog.view(self.view)
    }

    /// How the view's keys are spelled. A view whose values are computed has holes.
    pub fn template(&self) -> Option<&Template> {
        match &self.view().pattern {
            Pattern::Template(template) => Some(template),
            Pattern::Declared { .. } => None,
        }
    }
}
