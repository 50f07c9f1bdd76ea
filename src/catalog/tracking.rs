//! Which tables are tracked, what is kept of their rows, and which of them belong together. Derived, but for a table that
//! the configuration forces one way.

use super::table::index;
use super::{Catalog, ColumnId, Fill, Keep, Path, Pattern, Reads, ReplicaIdentity, Source, TableId, View};

/// Index of a component in [`Catalog::components`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ComponentId(u16);
index!(ComponentId);

/// Why a change of a table cannot be judged by its event alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Other rows decide what a change deletes: a path that a view follows begins, ends or passes here.
    OnAPath,
    /// The old row decides what a change deletes, and the events do not tell it.
    OldRow,
}

/// Tracked tables that views tie together. One copy of freshet applies the effects of all of them, because what a row's
/// change deletes depends on rows of the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Component {
    /// In the order of their topics' names: the owner of the first one's partition 0 leads.
    pub tables: Vec<TableId>,
}

impl Catalog {
    /// Derives what depends on all views together. `forced` says what the configuration says of a table, if it does.
    pub fn track(&mut self, forced: impl Fn(TableId) -> Option<bool>) {
        for table in self.table_ids() {
            let has_key = !self.table(table).primary_key.is_empty();
            let tracked = forced(table).unwrap_or_else(|| self.needs_rows(table).is_some());
            self.tables[table.index()].tracked = has_key && tracked;
        }
        self.follow();
        self.keep();
        self.components = self.tied();
    }

    /// What the rows of this table are needed for, if they are.
    pub fn needs_rows(&self, table: TableId) -> Option<Need> {
        // What a relation is only followed backwards from need not be known.
        let ends_a_path = || {
            let sources = self.views.iter().flat_map(|view| &view.sources);
            let mut relations = sources.flat_map(Source::paths).flat_map(|path| &path.relations);
            relations.any(|relation| self.relation(*relation).to == table)
        };
        let on_a_path = self.relations.iter().any(|relation| relation.from == table) || ends_a_path();
        let full = self.table(table).identity == ReplicaIdentity::Full;
        if on_a_path {
            Some(Need::OnAPath)
        } else if !full && self.views.iter().any(|view| self.needs_old_row(view, table)) {
            Some(Need::OldRow)
        } else {
            None
        }
    }

    /// Whether the old row decides what a change of this table deletes of a view.
    fn needs_old_row(&self, view: &View, table: TableId) -> bool {
        let key = &self.table(table).primary_key;
        let by_key = |fill: &Fill| matches!(fill, Fill::Column(column) if key.contains(column));
        let sets = view
            .affects(table)
            .is_some_and(|affects| !affects.columns.iter().all(|column| key.contains(column)));
        let mut sources = view.sources.iter().filter(|source| source.table == table);
        sets || sources.any(|source| source.reads != Reads::All || !source.fills.iter().all(by_key))
    }

    /// Settles which paths are followed row by row, and which relations are asked for in reverse.
    fn follow(&mut self) {
        let Self { tables, relations, views, .. } = self;
        for view in views {
            if let Some(computed) = view.computed {
                relations[computed.relation.index()].reversed = true;
            }
            let template = matches!(view.pattern, Pattern::Template(_));
            for source in &mut view.sources {
                let is_tracked = |path: &Path| {
                    tables[source.table.index()].tracked
                        && path.steps(relations).all(|(table, _)| tables[table.index()].tracked)
                };
                let mut fillable = true;
                for fill in &mut source.fills {
                    if let Fill::Path(path) = fill {
                        path.followed = is_tracked(path);
                        fillable &= path.followed;
                    }
                }
                for path in &mut source.read_paths {
                    path.followed = fillable && is_tracked(path);
                }
                // A change behind a hole's path fills the hole by itself, so only what is read is looked up in reverse.
                for path in source.read_paths.iter().filter(|path| template && path.followed) {
                    for relation in &path.relations {
                        relations[relation.index()].reversed = true;
                    }
                }
            }
        }
    }

    /// Keeps the values of columns that fill a hole, link to another row, are of a primary key, compared with parameters, or in
    /// a view's `value`.
    fn keep(&mut self) {
        let mut kept: Vec<(TableId, ColumnId)> =
            self.relations.iter().map(|relation| (relation.from, relation.column)).collect();
        for id in self.table_ids() {
            kept.extend(self.table(id).primary_key.iter().map(|column| (id, *column)));
        }
        for Source { table, fills, .. } in self.views.iter().flat_map(|view| &view.sources) {
            kept.extend(fills.iter().filter_map(|fill| match fill {
                Fill::Column(column) => Some((*table, *column)),
                Fill::Path(path) => path.steps(&self.relations).last(),
            }));
        }
        let parameters = self.views.iter().filter_map(|view| view.parameters.as_ref());
        for affects in parameters.filter_map(|parameters| parameters.affects.as_ref()) {
            kept.extend(affects.columns.iter().map(|column| (affects.table, *column)));
        }
        let computed = self.views.iter().filter_map(|view| Some((view, view.computed?)));
        for source in computed.flat_map(|(view, computed)| {
            let base = self.relation(computed.relation).from;
            view.sources.iter().filter(move |source| source.table == base)
        }) {
            if let Reads::Columns(columns) = &source.reads {
                kept.extend(columns.iter().map(|column| (source.table, *column)));
            }
            kept.extend(source.read_paths.iter().flat_map(|path| path.steps(&self.relations)));
        }
        for (table, column) in kept {
            self.tables[table.index()].columns[column.index()].keep = Keep::Value;
        }
    }

    /// The tracked tables, those that a view needs together in one component.
    fn tied(&self) -> Vec<Component> {
        let mut components: Vec<Vec<TableId>> = self.tracked_tables().map(|table| vec![table]).collect();
        for view in &self.views {
            let needed: Vec<TableId> = view.tables(&self.relations).collect();
            let (tied, apart): (Vec<_>, Vec<_>) = components
                .into_iter()
                .partition(|component| component.iter().any(|table| needed.contains(table)));
            components = apart;
            components.extend((!tied.is_empty()).then(|| tied.concat()));
        }
        let topic = |table: &TableId| &self.table(*table).topic;
        for component in &mut components {
            component.sort_by(|a, b| topic(a).cmp(topic(b)));
        }
        components.sort_by(|a, b| topic(&a[0]).cmp(topic(&b[0])));
        components.into_iter().map(|tables| Component { tables }).collect()
    }
}
