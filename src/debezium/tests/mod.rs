//! What holds for the whole room.

mod bad_input;
mod captured;
mod differential;
mod forms;
mod samples;

use crate::catalog::{Catalog, Column, ColumnType, Keep, ReplicaIdentity, Table};

/// A table of the topic `plain.public.<name>` with these columns, of which the first `keys` are its primary key.
fn table(name: &str, keys: usize, columns: &[&str]) -> Table {
    let column =
        |name: &&str| Column { name: (*name).to_owned(), r#type: ColumnType::Integer, keep: Keep::default() };
    let columns: Vec<Column> = columns.iter().map(column).collect();
    Table {
        name: name.to_owned(),
        topic: format!("plain.public.{name}"),
        source_table: Some(name.to_owned()),
        identity: ReplicaIdentity::Default,
        primary_key: (0..keys).map(crate::catalog::ColumnId::from_index).collect(),
        columns,
        tracked: false,
    }
}

fn catalog(tables: Vec<Table>) -> Catalog {
    Catalog { tables, ..Catalog::default() }
}
