//! What the images of tracked rows cost: the task table of the work-orders example.
//!
//! `cargo bench --bench rows -- [--rows 1000000]`

mod harness;

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use freshet::catalog::{Catalog, ColumnId, RelationId, TableId};
use freshet::change::{Change, Operation, Row, Snapshot, Value};
use freshet::config;
use freshet::rows::{Found, Rows};
use harness::process;
use harness::stack::Outcome;

const CONFIGURATION: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/examples/work-orders/freshet.yaml");
const STATUSES: [&str; 5] = ["draft", "pending", "in_progress", "completed", "cancelled"];
const DEPARTMENTS: u64 = 200;
const OPERATORS: u64 = 1_000;
const TASKS_OF_A_PROCESS: u64 = 4;

fn main() -> Outcome<()> {
    let count = harness::argument("--rows", 1_000_000);
    let catalog = Arc::new(config::load(Path::new(CONFIGURATION), &|_| None)?.catalog);
    let table = catalog.table_ids().find(|id| catalog.table(*id).name == "task").ok_or("no task table")?;
    let reversed: Vec<RelationId> = (0..catalog.relations.len())
        .map(RelationId::from_index)
        .filter(|id| catalog.relation(*id).from == table && catalog.relation(*id).reversed)
        .collect();
    println!("{count} rows, {} links with a reverse index", reversed.len());

    let mut rows = Rows::new(Arc::clone(&catalog));
    let tasks = Tasks::new(&catalog, table);
    let before = process::resident_kib(std::process::id())?;

    let started = Instant::now();
    tasks.each(count, 0, |change| {
        black_box(change);
    });
    report("made, as part of what follows", count, started);

    let started = Instant::now();
    tasks.each(count, 0, |change| {
        rows.load(change);
    });
    report("loaded", count, started);
    memory("after loading", before, count)?;

    for round in 1..=2 {
        let started = Instant::now();
        tasks.each(count, round, |change| {
            black_box(rows.apply(change, false));
        });
        report("updated", count, started);
        memory("after updating", before, count)?;
    }
    assert_eq!(rows.len(table), usize::try_from(count)?);

    let started = Instant::now();
    let mut found = 0_u64;
    for number in 0..count {
        let key = Value::Int(i64::try_from(scattered(number) % count + 1)?);
        found += u64::from(matches!(rows.find(table, &key), Found::Known(_)));
    }
    assert_eq!(found, count);
    report("found", count, started);

    for relation in reversed {
        let to = &catalog.table(catalog.relation(relation).to).name;
        let keys = match to.as_str() {
            "department" => DEPARTMENTS,
            "user" => OPERATORS,
            _ => count / TASKS_OF_A_PROCESS,
        };
        let started = Instant::now();
        let mut pointing = 0_u128;
        for key in 1..=keys {
            let images =
                rows.pointing(relation, &Value::Int(i64::try_from(key)?)).ok_or("not all are known")?;
            for image in images {
                black_box(rows.value(table, image, ColumnId::from_index(0)));
                pointing += 1;
            }
        }
        let nanoseconds = started.elapsed().as_nanos();
        println!(
            "pointing to {to}: {keys} lookups, {pointing} rows, {} ns a lookup, {} ns a row",
            nanoseconds / u128::from(keys),
            nanoseconds / pointing.max(1),
        );
    }
    Ok(())
}

/// The rows of a task table, one after the other.
struct Tasks {
    table: TableId,
    columns: Vec<String>,
}

impl Tasks {
    fn new(catalog: &Catalog, table: TableId) -> Self {
        let columns = catalog.table(table).columns.iter().map(|column| column.name.clone()).collect();
        Self { table, columns }
    }

    /// Calls `apply` with a change of each row. With every version a third of the rows move.
    fn each(&self, count: u64, version: u64, mut apply: impl FnMut(&Change<'_>)) {
        for number in 0..count {
            let change = Change {
                table: self.table,
                operation: if version == 0 { Operation::Create } else { Operation::Update },
                snapshot: Snapshot::Unsaid,
                before: None,
                after: Some(self.row(number, version)),
                moved: None,
                lsn: Some(0x0002_5a00_0000 + (version * count + number) * 300),
                committed_at: Some(integer(1_795_397_421_160_175 + (version * count + number) * 10_000)),
            };
            apply(&change);
        }
    }

    fn row(&self, number: u64, version: u64) -> Row<'static> {
        let random = scattered(number);
        let moved = random + (version + number % 3) / 3;
        let planned = random % 5_000;
        let value = |column: &String| {
            let number = match column.as_str() {
                "id" => number + 1,
                "assigned_department_id" => moved % DEPARTMENTS + 1,
                "assigned_operator_id" => moved / 7 % OPERATORS + 1,
                "work_order_process_id" => number / TASKS_OF_A_PROCESS + 1,
                "production_quantity" => planned,
                "quantity_completed" => planned * (version % 3) / 3,
                "quantity_defective" => random % 10,
                "created_at" => {
                    let (minute, second) = (number / 60 % 60, number % 60);
                    let text = format!("2026-11-23T01:{minute:02}:{second:02}.{:06}Z", random % 1_000_000);
                    return Value::Text(text.into());
                }
                "status" => {
                    let at = usize::try_from((random + version) % 5).expect("below five");
                    return Value::Text(STATUSES[at].into());
                }
                other => panic!("the example keeps `{other}` of a task, which this benchmark does not know"),
            };
            Value::Int(integer(number))
        };
        self.columns.iter().map(value).collect()
    }
}

fn integer(number: u64) -> i64 {
    i64::try_from(number).expect("no number here is that large")
}

/// The same for the same number, and in no order.
const fn scattered(number: u64) -> u64 {
    (number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20
}

#[expect(clippy::cast_precision_loss, reason = "counts and sizes that are shown")]
fn report(done: &str, count: u64, started: Instant) {
    let seconds = started.elapsed().as_secs_f64();
    println!("{done}: {:.0} a second, {:.0} ns each", count as f64 / seconds, seconds * 1e9 / count as f64);
}

#[expect(clippy::cast_precision_loss, reason = "counts and sizes that are shown")]
fn memory(when: &str, before: u64, count: u64) -> Outcome<()> {
    let kib = process::resident_kib(std::process::id())? - before;
    println!("{when}: {:.1} bytes a row", kib as f64 * 1024.0 / count as f64);
    Ok(())
}
