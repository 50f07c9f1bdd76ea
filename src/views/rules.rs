use crate::catalog::{Catalog, ColumnId, Fill, Path, Pattern, Reads, Source, TableId, View, ViewId};

/// For each table, what a change of one of its rows does to which view.
#[derive(Debug)]
pub struct Rules {
    by_table: Vec<Vec<Rule>>,
}

/// What a change of a table's row does to one view, if a column changed that the rule reads.
#[derive(Debug, Clone)]
pub struct Rule {
    pub view: ViewId,
    pub does: Does,
    pub reads: Reads,
}

#[derive(Debug, Clone)]
pub enum Does {
    /// Deletes the keys that the old and the new row fill, each hole by one of these columns.
    Keys(Box<[ColumnId]>),
    /// Deletes the declared family: that is what it was declared for.
    DeclaredFamily,
    /// Deletes the family, because the key lies behind a relation (the path as it was written).
    FamilyByPath(String),
}

impl Rules {
    pub fn new(catalog: &Catalog) -> Self {
        let mut rules = Self { by_table: vec![Vec::new(); catalog.tables.len()] };
        for id in catalog.view_ids() {
            let view = catalog.view(id);
            for source in &view.sources {
                rules.add_source(id, view, source);
            }
        }
        rules
    }

    pub fn of(&self, table: TableId) -> &[Rule] {
        &self.by_table[table.index()]
    }

    /// The views that a change of this table may touch, each once.
    pub fn views_of(&self, table: TableId) -> impl Iterator<Item = ViewId> + '_ {
        let rules = self.of(table);
        rules
            .iter()
            .enumerate()
            .filter(|(at, rule)| rules[..*at].iter().all(|earlier| earlier.view != rule.view))
            .map(|(_, rule)| rule.view)
    }

    fn add_source(&mut self, id: ViewId, view: &View, source: &Source) {
        let does = match (&view.pattern, fills(source)) {
            (Pattern::Declared { .. }, _) => Does::DeclaredFamily,
            (Pattern::Template(_), Ok(columns)) => Does::Keys(columns),
            (Pattern::Template(_), Err(path)) => Does::FamilyByPath(path.text.clone()),
        };
        self.add(source.table, Rule { view: id, does, reads: source.reads.clone() });
        let fill_paths = source.fills.iter().filter_map(|fill| match fill {
            Fill::Path(path) => Some(path),
            Fill::Column(_) => None,
        });
        for path in fill_paths.chain(&source.read_paths) {
            for (table, column) in &path.steps {
                let does = match view.pattern {
                    Pattern::Declared { .. } => Does::DeclaredFamily,
                    Pattern::Template(_) => Does::FamilyByPath(path.text.clone()),
                };
                self.add(*table, Rule { view: id, does, reads: Reads::Columns(vec![*column]) });
            }
        }
    }

    fn add(&mut self, table: TableId, rule: Rule) {
        self.by_table[table.index()].push(rule);
    }
}

/// The columns that fill the holes, or the first path among the fills.
fn fills(source: &Source) -> Result<Box<[ColumnId]>, &Path> {
    source
        .fills
        .iter()
        .map(|fill| match fill {
            Fill::Column(column) => Ok(*column),
            Fill::Path(path) => Err(path),
        })
        .collect()
}
