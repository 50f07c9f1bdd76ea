//! Of which tables freshet keeps the rows, why, and what follows from it.

use super::finding::Finding;
use crate::catalog::{Catalog, Fill, Need, Path, Pattern, ReplicaIdentity, Source, Table, TableId, View};

/// Whether a table is tracked, and why, in one phrase.
pub(super) fn of(catalog: &Catalog, id: TableId) -> String {
    let table = catalog.table(id);
    match (table.tracked, catalog.needs_rows(id)) {
        (true, Some(need)) => format!("tracked: {}", reason(catalog, id, need)),
        (true, None) => "tracked: forced by `tracked`".to_owned(),
        (false, None) => "stateless: its events tell all that is needed".to_owned(),
        (false, Some(_)) if table.primary_key.is_empty() => {
            "stateless: without a primary key its rows cannot be told apart".to_owned()
        }
        (false, Some(_)) => "stateless: forced by `tracked`".to_owned(),
    }
}

fn reason(catalog: &Catalog, id: TableId, need: Need) -> &'static str {
    match need {
        Need::OnAPath if catalog.relations.iter().any(|relation| relation.to == id) => {
            "a relation reaches it"
        }
        Need::OnAPath => "a path leads from it to other rows",
        Need::OldRow => "its old rows are not in the events",
    }
}

/// The tracked tables of each component, on a line.
pub(super) fn components(catalog: &Catalog) -> impl Iterator<Item = String> + '_ {
    catalog.components.iter().map(|component| {
        let names: Vec<&str> =
            component.tables.iter().map(|table| catalog.table(*table).name.as_str()).collect();
        names.join(", ")
    })
}

/// Each path of a view with whether it is followed. A declared family goes in either case.
pub(super) fn paths(catalog: &Catalog, view: &View) -> Vec<String> {
    let mut lines = Vec::new();
    if matches!(view.pattern, Pattern::Declared { .. }) {
        return lines;
    }
    for source in &view.sources {
        let fills: Vec<&Path> = source.fills.iter().filter_map(of_fill).collect();
        for path in fills.iter().copied().chain(&source.read_paths) {
            // A key can be spelled only if its holes can be filled.
            let mut needed = fills.iter().copied().chain([path]);
            let does = match needed.find_map(|path| untracked(catalog, source, path)) {
                None => "followed row by row".to_owned(),
                Some(table) => format!(
                    "not followed, because `{}` is not tracked: a change on it deletes the family",
                    table.name
                ),
            };
            let line = format!("{}, path `{}`: {does}", catalog.table(source.table).name, path.text);
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
    }
    lines
}

const fn of_fill(fill: &Fill) -> Option<&Path> {
    match fill {
        Fill::Path(path) => Some(path),
        Fill::Column(_) => None,
    }
}

/// The first table on a path that is not tracked.
fn untracked<'c>(catalog: &'c Catalog, source: &Source, path: &Path) -> Option<&'c Table> {
    let on_the_way = path.steps(&catalog.relations).map(|(table, _)| table);
    [source.table].into_iter().chain(on_the_way).map(|id| catalog.table(id)).find(|table| !table.tracked)
}

/// What a person may want to know of the tables, or change.
pub(super) fn findings(catalog: &Catalog) -> Vec<Finding> {
    catalog.table_ids().filter_map(|id| finding(catalog, id)).collect()
}

fn finding(catalog: &Catalog, id: TableId) -> Option<Finding> {
    let table = catalog.table(id);
    let name = &table.name;
    if table.primary_key.is_empty() && table.identity == ReplicaIdentity::Default {
        return Some(Finding::Warning {
            what: format!(
                "tables.{name}: without a primary key and under the default replica identity PostgreSQL refuses each \
                 UPDATE and DELETE of the table once it is published"
            ),
            remedy:
                "ALTER TABLE … REPLICA IDENTITY FULL and `replica_identity: full`, or give it a primary key"
                    .to_owned(),
        });
    }
    let need = catalog.needs_rows(id).filter(|_| !table.tracked)?;
    let because = reason(catalog, id, need);
    Some(if table.primary_key.is_empty() {
        Finding::Note {
            what: format!(
                "tables.{name}: without a primary key it is not tracked, though {because}; changes on that path delete \
                 families"
            ),
            remedy: "give it a primary key".to_owned(),
        }
    } else {
        Finding::Note {
            what: format!(
                "tables.{name}.tracked: it is not tracked, though {because}; its changes delete families"
            ),
            remedy: "remove `tracked` to delete keys alone".to_owned(),
        }
    })
}
