use std::collections::HashSet;

use super::image::Image;
use super::reason::Reason;
use super::spelling::Spelling;
use crate::catalog::{Catalog, ColumnId, Fill, Pattern, TableId, Template, ViewId};
use crate::rows::Rows;

/// The keys that rows fill of a view whose values are computed, each once, in any order, and no more than so many. None of
/// another view.
pub fn filled_keys(catalog: &Catalog, view: ViewId, rows: &Rows, most: usize) -> Vec<String> {
    let Some((template, table, columns)) = base(catalog, view) else { return Vec::new() };
    let of = catalog.table(table);
    let (mut keys, mut spelling) = (HashSet::new(), Spelling::default());
    for kept in rows.images(table) {
        if keys.len() >= most {
            break;
        }
        let image = Image::Kept { rows, table, kept };
        let filled = spelling.fill(template, of, &columns, image, Reason::UnknownOldRow);
        if filled.key && filled.doubt.is_none() && !keys.contains(spelling.key.as_str()) {
            keys.insert(spelling.key.clone());
        }
    }
    keys.into_iter().collect()
}

/// The table whose rows the values are computed from, and its columns that fill the holes.
fn base(catalog: &Catalog, view: ViewId) -> Option<(&Template, TableId, Vec<ColumnId>)> {
    let view = catalog.view(view);
    let table = catalog.relation(view.computed?.relation).from;
    let Pattern::Template(template) = &view.pattern else { return None };
    let source = view.sources.iter().find(|source| source.table == table)?;
    let column = |fill: &Fill| match fill {
        Fill::Column(column) => Some(*column),
        Fill::Path(_) => None,
    };
    Some((template, table, source.fills.iter().map(column).collect::<Option<_>>()?))
}
