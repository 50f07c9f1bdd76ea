use super::Trouble;
use super::group::State;
use super::plan::Plan;
use super::row::{Row, Source};
use super::tree::Tree;
use crate::catalog::{Catalog, ColumnId, ColumnType, Computed, Fill, Pattern, View};
use crate::change::Value;
use crate::rows::{Image, Rows};

/// Rows that are looked at for one key, while events wait: a tenth of a second or two.
const MOST_ROWS: usize = 100_000;

/// The value of a key, from all rows that fill it.
pub(super) fn value<'d>(
    plan: &'d Plan,
    catalog: &'d Catalog,
    rows: &'d Rows,
    view: &View,
    key: &str,
) -> Result<Tree<'d>, Trouble> {
    let (Some(Computed { relation, hole }), Pattern::Template(template)) = (view.computed, &view.pattern)
    else {
        return Err(Trouble::Foreign);
    };
    let filling = template.values(key).ok_or(Trouble::Foreign)?;
    if view.tables(&catalog.relations).any(|table| rows.is_doubtful(table)) {
        return Err(Trouble::Doubtful);
    }
    let links = spelled(filling[hole], template.holes()[hole].r#type);
    let base = view.sources.iter().filter(|source| source.table == plan.table);
    let fills = base.flat_map(|source| &source.fills);
    let others: Vec<(ColumnId, &str)> = fills
        .zip(filling)
        .enumerate()
        .filter(|(at, _)| *at != hole)
        .filter_map(|(_, (fill, text))| match fill {
            Fill::Column(column) => Some((*column, text)),
            Fill::Path(_) => None,
        })
        .collect();
    let source = Source { catalog, rows, plan };
    let mut group: Option<(State<'d>, Row<'d>)> = None;
    let mut visits = 0;
    for link in links.into_iter().flatten() {
        for image in rows.pointing(relation, &link).ok_or(Trouble::Unresolved)? {
            visits += 1;
            if visits > MOST_ROWS {
                return Err(Trouble::TooLarge);
            }
            if !fill(rows, plan, image, &others)? {
                continue;
            }
            let (state, row) =
                group.get_or_insert_with(|| (State::new(&plan.group, image), Row::new(source, image)));
            row.turn(image);
            state.add(row)?;
        }
    }
    match group {
        Some((state, _)) => state.value(source),
        None => Err(Trouble::Empty),
    }
}

/// Whether a row's columns fill their holes so.
fn fill(rows: &Rows, plan: &Plan, image: &Image, columns: &[(ColumnId, &str)]) -> Result<bool, Trouble> {
    for (column, text) in columns {
        let alike = match rows.value(plan.table, image, *column) {
            Value::Int(number) => itoa::Buffer::new().format(number) == *text,
            Value::UInt(number) => itoa::Buffer::new().format(number) == *text,
            Value::Text(value) => value == *text,
            // Such a value fills no hole.
            Value::Null | Value::Bool(_) | Value::Json(_) => false,
            Value::Missing | Value::Unavailable | Value::Digest(_) => return Err(Trouble::Unresolved),
        };
        if !alike {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The values that are spelled so in a key. Where no type was declared, digits may be an integer or a text.
fn spelled(text: &str, r#type: ColumnType) -> [Option<Value<'_>>; 2] {
    // `007` is the spelling of no integer.
    let int = text.parse::<i64>().ok().filter(|number| itoa::Buffer::new().format(*number) == text);
    let uint = || text.parse::<u64>().ok().filter(|number| itoa::Buffer::new().format(*number) == text);
    let integer = int.map(Value::Int).or_else(|| uint().map(Value::UInt));
    match r#type {
        ColumnType::Integer => [integer, None],
        ColumnType::Text => [Some(Value::Text(text.into())), None],
        ColumnType::Any | ColumnType::Boolean | ColumnType::Float => {
            [integer, Some(Value::Text(text.into()))]
        }
    }
}
