use std::ops::Range;

use super::image::Image;
use super::reason::Reason;
use super::spelling::Spelling;
use crate::catalog::{Catalog, ColumnId, Fill, Pattern, TableId, Template, ViewId};
use crate::rows::Rows;

/// Tells the keys that rows in these places fill of a view whose values are computed. False beyond the last row, and for
/// another view.
pub fn filled_keys(
    catalog: &Catalog,
    view: ViewId,
    rows: &Rows,
    places: Range<usize>,
    mut each: impl FnMut(&str),
) -> bool {
    let Some((template, table, columns)) = base(catalog, view) else { return false };
    let Some(images) = rows.images(table, places) else { return false };
    let (of, mut spelling) = (catalog.table(table), Spelling::default());
    for kept in images {
        let image = Image::Kept { rows, table, kept };
        let filled = spelling.fill(template, of, &columns, image, Reason::UnknownOldRow);
        if filled.key && filled.doubt.is_none() {
            each(&spelling.key);
        }
    }
    true
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
