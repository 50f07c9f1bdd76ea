//! The store against the simplest one that there is.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::images::change;
use super::script::{OF_CUSTOMER, ORDER, catalog};
use crate::catalog::ColumnId;
use crate::change::{Operation, Row, Value};
use crate::rows::{Before, Found, Image, Rows};

/// Whole rows by key, and the LSN at which each of them was last seen or went.
#[derive(Debug, Default)]
struct Model {
    rows: BTreeMap<i64, (Row<'static>, u64)>,
    deleted: BTreeMap<i64, u64>,
    truncated: u64,
}

#[derive(Debug, Clone)]
struct Step {
    operation: Operation,
    id: i64,
    customer: Value<'static>,
    status: &'static str,
    note: Value<'static>,
    /// How far behind the newest event this one is.
    late: u64,
}

impl Step {
    fn row(&self) -> Row<'static> {
        vec![Value::Int(self.id), self.customer.clone(), Value::Text(self.status.into()), self.note.clone()]
    }
}

impl Model {
    /// The row before, and whether the event was older than what is known.
    fn apply(&mut self, step: &Step, lsn: u64) -> (Option<Row<'static>>, bool) {
        if step.operation == Operation::Truncate {
            let older = lsn < self.truncated;
            if !older {
                self.truncated = lsn;
                self.rows.retain(|_, (_, own)| *own > lsn);
            }
            return (None, older);
        }
        let kept = self.rows.get(&step.id).cloned();
        let known = kept.as_ref().map(|(_, lsn)| *lsn).or(self.deleted.get(&step.id).copied());
        let before = kept.map(|(row, _)| row);
        if known.is_some_and(|known| lsn < known) || lsn < self.truncated {
            return (before, true);
        }
        if step.operation == Operation::Delete {
            self.rows.remove(&step.id);
            self.deleted.insert(step.id, lsn);
        } else {
            let mut row = step.row();
            if let (Value::Unavailable, Some(before)) = (&row[3], &before) {
                row[3] = before[3].clone();
            }
            self.deleted.remove(&step.id);
            self.rows.insert(step.id, (row, lsn));
        }
        (before, false)
    }
}

fn step() -> impl Strategy<Value = Step> {
    let operation = prop_oneof![
        4 => Just(Operation::Create),
        8 => Just(Operation::Update),
        2 => Just(Operation::Snapshot),
        4 => Just(Operation::Delete),
        1 => Just(Operation::Truncate),
    ];
    let customer = prop_oneof![
        6 => (0..5_i64).prop_map(Value::Int),
        1 => Just(Value::Null),
        1 => Just(Value::Text("3".into())),
    ];
    let note = prop_oneof![
        Just(Value::Unavailable),
        Just(Value::Null),
        (0..9_i64).prop_map(Value::Int),
        prop::sample::select(vec!["short", "a note that is longer than any that is kept whole"])
            .prop_map(|text| Value::Text(text.into())),
    ];
    let late = prop_oneof![4 => Just(0_u64), 1 => 0..20_u64];
    (operation, 0..12_i64, customer, prop::sample::select(vec!["new", "paid", "sent"]), note, late).prop_map(
        |(operation, id, customer, status, note, late)| Step { operation, id, customer, status, note, late },
    )
}

/// Whether an image is of this row. A long text must be kept as a digest.
fn is_row(rows: &Rows, image: &Image, expect: &Row<'_>) -> bool {
    let mut row = Row::new();
    rows.row(ORDER, image, &mut row);
    let long = |value: &Value<'_>| matches!(value, Value::Text(text) if text.len() > 32);
    row[..3] == expect[..3]
        && if long(&expect[3]) { matches!(row[3], Value::Digest(_)) } else { row[3] == expect[3] }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn rows_are_those_of_the_model(steps in prop::collection::vec(step(), 1..120)) {
        let (mut rows, mut model) = (Rows::new(catalog()), Model::default());
        for (at, step) in steps.iter().enumerate() {
            let lsn = (at as u64 + 30).saturating_sub(step.late);
            let transition = rows.apply(&change(ORDER, step.operation, step.row(), Some(lsn)), false);
            let (before, older) = model.apply(step, lsn);
            prop_assert_eq!(transition.older, older);
            match (&transition.before, &before) {
                (Before::Known(image), Some(row)) => prop_assert!(is_row(&rows, image, row)),
                (Before::Absent | Before::Unknown, None) => {}
                other => prop_assert!(false, "{:?}", other),
            }
            if let (false, Some(after)) = (older, &transition.after) {
                prop_assert!(is_row(&rows, after, &model.rows[&step.id].0));
            }
            prop_assert_eq!(rows.len(ORDER), model.rows.len());
        }
        let is_whole = !rows.is_incomplete(ORDER);
        for id in 0..12 {
            match (rows.find(ORDER, &Value::Int(id)), model.rows.get(&id)) {
                (Found::Known(image), Some((row, _))) => prop_assert!(is_row(&rows, image, row)),
                (Found::Absent | Found::Unseen, None) => prop_assert!(is_whole),
                (Found::Unknown, None) => prop_assert!(!is_whole),
                other => prop_assert!(false, "{:?}", other),
            }
        }
        // What points where is asked of the table as if it were whole: an unknown row was seen since.
        rows.tables[ORDER.index()].incomplete = false;
        for customer in (0..5).map(Value::Int).chain([Value::Text("3".into()), Value::Null]) {
            let images = rows.pointing(OF_CUSTOMER, &customer).expect("every link is known");
            let id = |image| rows.value(ORDER, image, ColumnId::from_index(0));
            let mut ids: Vec<i64> = images
                .map(|image| match id(image) {
                    Value::Int(id) => id,
                    other => panic!("{other:?}"),
                })
                .collect();
            ids.sort_unstable();
            let points = |row: &Row<'_>| row[1] == customer && customer != Value::Null;
            let expect: Vec<i64> =
                model.rows.iter().filter(|(_, (row, _))| points(row)).map(|(id, _)| *id).collect();
            prop_assert_eq!(ids, expect);
        }
    }
}
