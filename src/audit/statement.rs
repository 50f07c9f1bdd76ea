//! The SQL that reads rows. All columns are read as text, as the change events are made of text.

use std::fmt::Write as _;

use super::column::{Column, Kind};

/// A name as SQL takes any.
pub fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Rows whose columns are these values, column by column: as many lists of text as columns, then how many rows at most.
pub fn filling(table: &str, columns: &[Column], holes: &[Column]) -> String {
    let number = holes.len();
    let lists: Vec<_> = (1..=number).map(|list| format!("${list}::text[]")).collect();
    let names: Vec<_> = (1..=number).map(|hole| format!("h{hole}")).collect();
    let mut text = selection(columns);
    let _ =
        write!(text, " FROM unnest({}) AS k({}) JOIN {table} AS t ON ", lists.join(", "), names.join(", "));
    let conditions: Vec<_> = holes
        .iter()
        .zip(&names)
        .map(|(hole, name)| {
            let column = quoted(&hole.name);
            match hole.kind {
                Kind::Label => format!("t.{column}::text = k.{name}"),
                Kind::Integer => format!("t.{column} = k.{name}::bigint"),
                _ => format!("t.{column} = k.{name}::{}", hole.cast),
            }
        })
        .collect();
    let _ = write!(text, "{} LIMIT ${}::bigint", conditions.join(" AND "), number + 1);
    text
}

/// Rows by their primary keys, a list of text.
pub fn by_key(table: &str, columns: &[Column], key: &Column) -> String {
    let column = quoted(&key.name);
    let condition = match key.kind {
        Kind::Label => format!("t.{column}::text = ANY($1::text[])"),
        Kind::Integer => format!("t.{column} = ANY($1::text[]::bigint[])"),
        _ => format!("t.{column} = ANY($1::text[]::{}[])", key.cast),
    };
    format!("{} FROM {table} AS t WHERE {condition}", selection(columns))
}

fn selection(columns: &[Column]) -> String {
    let read = |column: &Column| {
        let name = quoted(&column.name);
        match column.kind {
            Kind::Padded => format!("CASE WHEN t.{name} IS NOT NULL THEN format('%s', t.{name}) END"),
            _ => format!("t.{name}::text"),
        }
    };
    format!("SELECT {}", columns.iter().map(read).collect::<Vec<_>>().join(", "))
}
