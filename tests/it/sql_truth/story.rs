//! Random rows, by the changes that made them: some moved, some are gone, and links lead to rows that are gone.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::sync::Arc;

use fastrand::Rng;
use freshet::catalog::Catalog;
use freshet::change::{Change, Operation, Snapshot, Value};
use freshet::rows::Rows;
use postgres::Client;

/// Whose rows fill keys: of the owners, because a shop is one.
pub const SHOPS: [i64; 3] = [1, 2, 3];
const OWNERS: i64 = 5;
const ITEMS: i64 = 12;

const ITEM: [(&str, &str); 8] = [
    ("id", "bigint"),
    ("shop_id", "bigint"),
    ("owner_id", "bigint"),
    ("n", "bigint"),
    ("f", "float8"),
    ("s", "text"),
    ("d", "text"),
    ("b", "boolean"),
];
const OWNER: [(&str, &str); 6] = [
    ("id", "bigint"),
    ("boss_id", "bigint"),
    ("k", "integer"),
    ("g", "float8"),
    ("name", "text"),
    ("ok", "boolean"),
];

#[derive(Debug, Clone, Copy)]
enum Cell {
    Null,
    Integer(i64),
    Float(f64),
    Text(&'static str),
    Truth(bool),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Table {
    Item,
    Owner,
}

/// A row that is written or, without cells, deleted.
struct Write {
    table: Table,
    id: i64,
    cells: Option<Vec<Cell>>,
}

pub struct Story(Vec<Write>);

impl Table {
    const fn columns(self) -> (&'static str, &'static [(&'static str, &'static str)]) {
        match self {
            Self::Item => ("item", &ITEM),
            Self::Owner => ("owner", &OWNER),
        }
    }
}

impl fmt::Display for Story {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|Write { table, id, cells }| match cells {
            Some(cells) => writeln!(f, "  {table:?} {cells:?}"),
            None => writeln!(f, "  {table:?} {id} deleted"),
        })
    }
}

pub fn tables(sql: &mut Client) {
    for (name, columns) in [Table::Item, Table::Owner].map(Table::columns) {
        let columns: Vec<_> = columns.iter().map(|(name, r#type)| format!("{name} {type}")).collect();
        sql.batch_execute(&format!("CREATE TABLE {name} ({})", columns.join(", "))).expect("a table");
    }
}

impl Story {
    pub fn new(rng: &mut Rng) -> Self {
        // A row that was never seen is no row that is gone.
        let mut writes: Vec<_> = (1..=OWNERS).map(|id| owner(rng, id)).collect();
        for _ in 0..rng.usize(10..50) {
            let mut write = match rng.u8(..5) {
                0 => {
                    let id = rng.i64(1..=OWNERS);
                    owner(rng, id)
                }
                _ => item(rng),
            };
            if rng.u8(..6) == 0 {
                write.cells = None;
            }
            writes.push(write);
        }
        Self(writes)
    }

    /// The rows as they are in the end.
    pub fn store(&self, sql: &mut Client) {
        let mut rows = BTreeMap::new();
        for Write { table, id, cells } in &self.0 {
            match cells {
                Some(cells) => rows.insert((*table, *id), cells),
                None => rows.remove(&(*table, *id)),
            };
        }
        let mut script = "TRUNCATE item, owner;".to_owned();
        for ((table, _), cells) in rows {
            let cells: Vec<_> = cells.iter().map(|cell| cell.sql()).collect();
            let _ = write!(script, "INSERT INTO {} VALUES ({});", table.columns().0, cells.join(", "));
        }
        sql.batch_execute(&script).expect("rows are written");
    }

    /// The rows as their changes tell them.
    pub fn tell(&self, catalog: &Arc<Catalog>) -> Rows {
        let mut rows = Rows::new(Arc::clone(catalog));
        for (Write { table, id, cells }, lsn) in self.0.iter().zip(1..) {
            let (name, columns) = table.columns();
            let table = catalog.table_ids().find(|id| catalog.table(*id).name == name).expect("a table");
            let mut row = vec![Value::Missing; catalog.table(table).columns.len()];
            // What a deleted row held is not told under the default replica identity.
            let gone = vec![Cell::Null; columns.len()];
            for ((column, _), cell) in columns.iter().zip(cells.as_ref().unwrap_or(&gone)) {
                if let Some(column) = catalog.table(table).column(column) {
                    row[column.index()] = cell.value();
                }
            }
            let key = catalog.table(table).column("id").expect("a key");
            row[key.index()] = Value::Int(*id);
            let (operation, before, after) = match cells {
                Some(_) => (Operation::Update, None, Some(row)),
                None => (Operation::Delete, Some(row), None),
            };
            let change = Change {
                table,
                operation,
                snapshot: Snapshot::Unsaid,
                before,
                after,
                moved: None,
                lsn: Some(lsn),
                committed_at: Some(lsn.cast_signed()),
            };
            assert!(rows.load(&change).is_none(), "nothing is in doubt");
        }
        rows
    }
}

fn item(rng: &mut Rng) -> Write {
    let id = rng.i64(1..=ITEMS);
    let shop = link(rng, 3);
    let cells = vec![
        Cell::Integer(id),
        shop,
        link(rng, OWNERS),
        integer(rng),
        float(rng),
        text(rng),
        choose(rng, &[Cell::Null, Cell::Text("12"), Cell::Text("-4"), Cell::Text("0")]),
        truth(rng),
    ];
    Write { table: Table::Item, id, cells: Some(cells) }
}

fn owner(rng: &mut Rng, id: i64) -> Write {
    let cells = vec![Cell::Integer(id), link(rng, OWNERS), integer(rng), float(rng), text(rng), truth(rng)];
    Write { table: Table::Owner, id, cells: Some(cells) }
}

fn link(rng: &mut Rng, to: i64) -> Cell {
    if rng.u8(..8) == 0 { Cell::Null } else { Cell::Integer(rng.i64(1..=to)) }
}

fn integer(rng: &mut Rng) -> Cell {
    if rng.u8(..5) == 0 { Cell::Null } else { Cell::Integer(rng.i64(-3..10)) }
}

fn float(rng: &mut Rng) -> Cell {
    let numbers = [-1.5, -0.25, 0.0, 0.1, 0.5, 2.0, 2.5, 3.0, 7.125];
    if rng.u8(..5) == 0 { Cell::Null } else { Cell::Float(numbers[rng.usize(..numbers.len())]) }
}

fn text(rng: &mut Rng) -> Cell {
    choose(
        rng,
        &[
            Cell::Null,
            Cell::Text("new"),
            Cell::Text("done"),
            Cell::Text("it's"),
            Cell::Text("Ünal"),
            Cell::Text("7"),
        ],
    )
}

fn truth(rng: &mut Rng) -> Cell {
    choose(rng, &[Cell::Null, Cell::Truth(true), Cell::Truth(false)])
}

fn choose(rng: &mut Rng, of: &[Cell]) -> Cell {
    of[rng.usize(..of.len())]
}

impl Cell {
    fn sql(self) -> String {
        match self {
            Self::Null => "NULL".to_owned(),
            Self::Integer(number) => number.to_string(),
            Self::Float(number) => format!("{number:?}"),
            Self::Text(text) => format!("'{}'", text.replace('\'', "''")),
            Self::Truth(truth) => truth.to_string(),
        }
    }

    /// As JSON tells it.
    fn value(self) -> Value<'static> {
        match self {
            Self::Null => Value::Null,
            Self::Integer(number) => Value::Int(number),
            Self::Float(number) => Value::Json(format!("{number:?}").into()),
            Self::Text(text) => Value::Text(text.into()),
            Self::Truth(truth) => Value::Bool(truth),
        }
    }
}
