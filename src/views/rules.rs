use super::route::Route;
use crate::catalog::{
    Catalog, ColumnId, Fill, Path, Pattern, Reads, RelationId, Source, TableId, View, ViewId,
};

/// For each table, what a change of one of its rows does to which view.
#[derive(Debug)]
pub struct Rules {
    /// The rules of one view are beside each other.
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
    /// Deletes the keys that the old and the new row fill, by themselves or by the rows they lead to.
    Keys(Route),
    /// Deletes the keys of the rows that lead to this one.
    Behind(Behind),
    /// Deletes the declared family: that is what it was declared for.
    DeclaredFamily,
    /// Deletes the declared family but for the registered sets of parameters that neither the old nor the new row affects, by
    /// these columns.
    AffectedSets(Box<[ColumnId]>),
    /// Deletes the family, because the key or the value lies behind a relation to rows that are not known (the path as
    /// it was written).
    FamilyByPath(String),
}

/// A row that the value of a view's keys is read from, seen from that row.
#[derive(Debug, Clone)]
pub struct Behind {
    /// From the source's own row to this one; they are walked backwards.
    pub relations: Box<[RelationId]>,
    /// From the source's own row to what fills the holes.
    pub route: Route,
    /// The paths that are read, as they were written.
    pub paths: String,
}

impl Rules {
    pub fn new(catalog: &Catalog) -> Self {
        let mut rules = Self { by_table: vec![Vec::new(); catalog.tables.len()] };
        for id in catalog.view_ids() {
            let view = catalog.view(id);
            for source in &view.sources {
                rules.add_source(catalog, id, view, source);
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

    fn add_source(&mut self, catalog: &Catalog, id: ViewId, view: &View, source: &Source) {
        let fill_paths = source.fills.iter().filter_map(|fill| match fill {
            Fill::Path(path) => Some(path),
            Fill::Column(_) => None,
        });
        let add = |rules: &mut Self, table, does, reads| rules.add(table, Rule { view: id, does, reads });
        let route = match &view.pattern {
            Pattern::Declared { .. } => {
                let does = match view.affects(source.table) {
                    Some(affects) => Does::AffectedSets(affects.columns.as_slice().into()),
                    None => Does::DeclaredFamily,
                };
                add(self, source.table, does, source.reads.clone());
                for path in &source.read_paths {
                    for (table, column) in path.steps(&catalog.relations) {
                        add(self, table, Does::DeclaredFamily, Reads::Columns(vec![column]));
                    }
                }
                return;
            }
            Pattern::Template(_) => Route::of(catalog, source),
        };
        match &route {
            Ok(route) => {
                self.add_keys(id, source.table, route.clone(), &source.reads);
                for (table, rest) in route.rests(catalog) {
                    let reads = Reads::Columns(rest.own(catalog).to_vec());
                    self.add_keys(id, table, rest, &reads);
                }
            }
            Err(unfollowed) => {
                let does = Does::FamilyByPath(unfollowed.text.clone());
                add(self, source.table, does, source.reads.clone());
                fill_paths.for_each(|path| self.add_family(catalog, id, path));
            }
        }
        for path in &source.read_paths {
            match &route {
                Ok(route) if path.followed => self.add_behind(catalog, id, path, route),
                _ => self.add_family(catalog, id, path),
            }
        }
    }

    /// A row that fills the holes. Where its table is a source and on another one's path, that is one rule.
    fn add_keys(&mut self, view: ViewId, table: TableId, route: Route, reads: &Reads) {
        for rule in &mut self.by_table[table.index()] {
            if let Does::Keys(known) = &mut rule.does
                && rule.view == view
                && known.leads_as(&route)
            {
                rule.reads.join(reads);
                if route.rest_of.is_none() {
                    *known = route;
                }
                return;
            }
        }
        self.add(table, Rule { view, does: Does::Keys(route), reads: reads.clone() });
    }

    /// A change on a path that is not followed.
    fn add_family(&mut self, catalog: &Catalog, view: ViewId, path: &Path) {
        for (table, column) in path.steps(&catalog.relations) {
            let does = Does::FamilyByPath(path.text.clone());
            self.add(table, Rule { view, does, reads: Reads::Columns(vec![column]) });
        }
    }

    /// A change on a path that is read: one rule for all paths that come to this row in the same way.
    fn add_behind(&mut self, catalog: &Catalog, view: ViewId, path: &Path, route: &Route) {
        for (at, (table, column)) in path.steps(&catalog.relations).enumerate() {
            let relations = &path.relations[..=at];
            let same = |rule: &&mut Rule| {
                rule.view == view
                    && matches!(&rule.does, Does::Behind(behind) if *behind.relations == *relations)
            };
            let known = self.by_table[table.index()].iter_mut().find(same);
            let used = Reads::Columns(vec![column]);
            if let Some(Rule { does: Does::Behind(behind), reads, .. }) = known {
                reads.join(&used);
                behind.paths.push_str(", ");
                behind.paths.push_str(&path.text);
            } else {
                let behind =
                    Behind { relations: relations.into(), route: route.clone(), paths: path.text.clone() };
                self.add(table, Rule { view, does: Does::Behind(behind), reads: used });
            }
        }
    }

    fn add(&mut self, table: TableId, rule: Rule) {
        self.by_table[table.index()].push(rule);
    }
}
