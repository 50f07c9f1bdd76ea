//! Histories as text, so that a test reads as what happens.

use std::sync::Arc;

use crate::catalog::{
    Catalog, Column, ColumnId, ColumnType, Keep, Relation, RelationId, ReplicaIdentity, Table, TableId,
};
use crate::change::{Change, Operation, Row, Snapshot, Value};
use crate::rows::{Before, Found, Image, Rows};

pub(super) const ORDER: TableId = TableId::from_index(0);
pub(super) const CUSTOMER: TableId = TableId::from_index(1);
pub(super) const LINE: TableId = TableId::from_index(2);
pub(super) const OF_CUSTOMER: RelationId = RelationId::from_index(0);

fn table(name: &str, keys: usize, columns: &[(&str, Keep)]) -> Table {
    let column = |(name, keep): &(&str, Keep)| Column {
        name: (*name).to_owned(),
        r#type: ColumnType::Integer,
        keep: *keep,
    };
    Table {
        name: name.to_owned(),
        topic: format!("shop.public.{name}"),
        source_table: None,
        identity: ReplicaIdentity::Default,
        columns: columns.iter().map(column).collect(),
        primary_key: (0..keys).map(ColumnId::from_index).collect(),
        tracked: true,
    }
}

/// Orders point to customers, and are asked for by them. A line has a key of two columns.
pub(super) fn catalog() -> Arc<Catalog> {
    use Keep::{Digest, Value};
    let order = [("id", Value), ("customer_id", Value), ("status", Digest), ("note", Digest)];
    Arc::new(Catalog {
        tables: vec![
            table("order", 1, &order),
            table("customer", 1, &[("id", Value), ("name", Value)]),
            table("line", 2, &[("order_id", Value), ("number", Value), ("quantity", Value)]),
        ],
        relations: vec![Relation {
            from: ORDER,
            column: ColumnId::from_index(1),
            to: CUSTOMER,
            reversed: true,
        }],
        ..Catalog::default()
    })
}

fn value(text: &str) -> Value<'_> {
    match text {
        "null" => Value::Null,
        "?" => Value::Missing,
        "~" => Value::Unavailable,
        text => text.parse().map_or(Value::Text(text.into()), Value::Int),
    }
}

fn word(value: &Value<'_>) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Missing => "?".to_owned(),
        Value::Unavailable => "~".to_owned(),
        Value::Int(number) => number.to_string(),
        Value::Text(text) => text.to_string(),
        other => format!("{other:?}"),
    }
}

/// The columns' values from the first on; the rest is missing.
fn row(catalog: &Catalog, table: TableId, text: &str) -> Option<Row<'static>> {
    let mut row: Row<'static> =
        text.split_whitespace().map(|word| value(String::leak(word.to_owned()))).collect();
    let columns = catalog.table(table).columns.len();
    assert!(row.len() <= columns, "{text}");
    let given = !row.is_empty();
    row.resize(columns, Value::Missing);
    given.then_some(row)
}

pub(super) struct Script {
    catalog: Arc<Catalog>,
    pub rows: Rows,
    table: TableId,
}

impl Script {
    pub(super) fn new(table: TableId) -> Self {
        let catalog = catalog();
        Self { rows: Rows::new(Arc::clone(&catalog)), catalog, table }
    }

    /// A letter for the operation (`rl`: the last row of a snapshot), the old row where it is believed and `>`, the row, and `@lsn/time` (`@5` is `@5/5`), the time in minutes
    /// or `minutes:seconds`.
    fn change(&self, text: &str) -> (Change<'static>, bool) {
        let (text, position) = text.split_once('@').unwrap_or((text, ""));
        let (lsn, time) = position.split_once('/').unwrap_or((position, position));
        let (letters, columns) = text.split_once(' ').unwrap_or((text, ""));
        let (before, after) = columns.split_once('>').map_or((None, columns), |(old, new)| (Some(old), new));
        let (operation, snapshot) = match letters {
            "r" => (Operation::Snapshot, Snapshot::Unsaid),
            "ri" => (Operation::Snapshot, Snapshot::Incremental),
            "rl" => (Operation::Snapshot, Snapshot::Last),
            "c" => (Operation::Create, Snapshot::Unsaid),
            "u" => (Operation::Update, Snapshot::Unsaid),
            "d" => (Operation::Delete, Snapshot::Unsaid),
            "t" => (Operation::Truncate, Snapshot::Unsaid),
            other => panic!("no operation {other}"),
        };
        let image = |text| row(&self.catalog, self.table, text);
        let believed = before.is_some();
        let (before, after) = match operation {
            Operation::Delete => (image(before.unwrap_or(after)), None),
            _ => (before.and_then(image), image(after)),
        };
        let (minutes, seconds) = time.trim().split_once(':').unwrap_or((time.trim(), "0"));
        let seconds: i64 = seconds.parse().expect("seconds");
        let micros = |minutes: i64| (minutes * 60 + seconds) * 1_000_000;
        let (lsn, committed_at) = (lsn.trim().parse().ok(), minutes.parse().ok().map(micros));
        (
            Change { table: self.table, operation, snapshot, before, after, moved: None, lsn, committed_at },
            believed,
        )
    }

    fn image(&self, image: &Image) -> String {
        let mut row = Row::new();
        self.rows.row(self.table, image, &mut row);
        row.iter().map(word).collect::<Vec<_>>().join(" ")
    }

    /// Does one thing and says what came of it.
    pub(super) fn step(&mut self, step: &str) -> String {
        let (verb, rest) = step.split_once(' ').unwrap_or((step, ""));
        match verb {
            "load" => {
                let (change, _) = self.change(rest);
                self.rows.load(&change);
                String::new()
            }
            "forget" => {
                let row = row(&self.catalog, self.table, rest);
                self.rows.forget(self.table, row.as_ref());
                String::new()
            }
            "incomplete" => {
                self.rows.incomplete(self.table);
                String::new()
            }
            "stale" => {
                self.rows.stale(self.table);
                String::new()
            }
            "doubtful?" => self.rows.is_doubtful(self.table).to_string(),
            "incomplete?" => self.rows.is_incomplete(self.table).to_string(),
            "passed" => self.rows.passed(self.table).to_string(),
            "len" => self.rows.len(self.table).to_string(),
            "find" => match self.rows.find(self.table, &value(rest)) {
                Found::Known(image) => self.image(image),
                Found::Absent | Found::Unseen => "absent".to_owned(),
                Found::Unknown => "unknown".to_owned(),
            },
            "pointing" => match self.rows.pointing(OF_CUSTOMER, &value(rest)) {
                None => "unknown".to_owned(),
                Some(images) => {
                    let mut ids: Vec<String> = images
                        .map(|image| word(&self.rows.value(ORDER, image, ColumnId::from_index(0))))
                        .collect();
                    ids.sort();
                    ids.join(" ")
                }
            },
            _ => self.apply(step),
        }
    }

    fn apply(&mut self, step: &str) -> String {
        let (change, believed) = self.change(step);
        let transition = self.rows.apply(&change, believed);
        let mut text = match &transition.before {
            Before::Absent => "absent".to_owned(),
            Before::Known(image) => self.image(image),
            Before::Unknown => "unknown".to_owned(),
        };
        if let Some(sent) = &transition.sent {
            text += " or ";
            text += &self.image(sent);
        }
        text.push_str(" -> ");
        text.push_str(&transition.after.as_ref().map_or("gone".to_owned(), |after| self.image(after)));
        if transition.older {
            text.push_str(" older");
        }
        if let Some(doubt) = transition.doubt {
            text = format!("{text} {doubt:?}");
        }
        text
    }
}

/// Runs a history: each step with what it says.
#[track_caller]
pub(super) fn check(table: TableId, history: &[(&str, &str)]) {
    let mut script = Script::new(table);
    for (at, (step, expect)) in history.iter().enumerate() {
        assert_eq!(script.step(step), *expect, "step {at}: {step}");
    }
}
