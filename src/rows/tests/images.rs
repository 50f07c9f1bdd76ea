//! How values are kept.

use std::sync::Arc;

use proptest::prelude::*;

use super::script::{ORDER, Script, catalog};
use crate::catalog::{Catalog, ColumnId, TableId};
use crate::change::{Change, Operation, Row, Snapshot, Value};
use crate::rows::{Image, Rows};

pub(super) fn change(table: TableId, operation: Operation, row: Row<'_>, lsn: Option<u64>) -> Change<'_> {
    let (before, after) = match operation {
        Operation::Delete => (Some(row), None),
        Operation::Truncate => (None, None),
        _ => (None, Some(row)),
    };
    Change {
        table,
        operation,
        snapshot: Snapshot::Incremental,
        before,
        after,
        moved: None,
        lsn,
        committed_at: None,
    }
}

fn create(rows: &mut Rows, row: Row<'_>) -> Image {
    rows.apply(&change(ORDER, Operation::Create, row, None), false).after.expect("an image")
}

fn read<'r>(rows: &'r Rows, image: &'r Image) -> Row<'r> {
    let mut row = vec![Value::Null; 9];
    rows.row(ORDER, image, &mut row);
    for (column, value) in row.iter().enumerate() {
        assert_eq!(rows.value(ORDER, image, ColumnId::from_index(column)), *value);
    }
    row
}

fn text(text: &str) -> Value<'_> {
    Value::Text(text.into())
}

#[test]
fn every_value_is_kept_as_it_is() {
    let mut rows = Rows::new(catalog());
    let integers = [0, 1, 223, 224, 255, 256, 65_535, 65_536, -1, -2, -256, -257, i64::MAX, i64::MIN];
    let values = integers.map(Value::Int).into_iter().chain([
        Value::Missing,
        Value::Unavailable,
        Value::Null,
        Value::Bool(false),
        Value::Bool(true),
        Value::UInt(u64::MAX),
        text(""),
        text("new"),
        text("ünïcödé"),
        Value::Json("[1]".into()),
        Value::Json("1.50".into()),
        Value::Digest(7),
    ]);
    for (id, value) in (1..).zip(values) {
        let row = vec![Value::Int(id), value.clone(), value.clone(), Value::Null];
        let image = create(&mut rows, row.clone());
        assert_eq!(read(&rows, &image), row);
    }
}

#[test]
fn of_a_long_value_that_is_only_compared_a_digest_is_kept() {
    let mut rows = Rows::new(catalog());
    let long = "a text that is longer than those that a column's list of texts takes in";
    let mut note = |value: Value<'static>| {
        let image = create(&mut rows, vec![Value::Int(1), Value::Int(7), text(long), value]);
        let row = read(&rows, &image);
        assert!(matches!(row[2], Value::Digest(_)));
        match row[3] {
            Value::Digest(digest) => digest,
            ref other => panic!("{other:?}"),
        }
    };
    let digests = [
        note(text("this one is longer than thirty-two bytes")),
        note(text("this one is longer than thirty-two bytes, too")),
        note(Value::Json("[\"this one is longer\",\"than eight bytes\"]".into())),
        note(text("[\"this one is longer\",\"than eight bytes\"]")),
    ];
    assert_eq!(digests[0], note(text("this one is longer than thirty-two bytes")));
    for (at, digest) in digests.iter().enumerate() {
        assert!(!digests[..at].contains(digest));
    }
}

#[test]
fn a_key_and_a_link_are_kept_whole() {
    let mut rows = Rows::new(catalog());
    let long = "a key of a customer that is a long text, and of which no digest would do";
    let image = create(&mut rows, vec![text(long), text(long), Value::Null, Value::Null]);
    assert_eq!(read(&rows, &image)[..2], [text(long), text(long)]);
    let pointing = rows.pointing(super::script::OF_CUSTOMER, &text(long)).expect("all are known");
    assert_eq!(pointing.count(), 1);
}

#[test]
fn equal_texts_stay_equal_when_a_column_has_more_of_them_than_its_list_takes() {
    let mut rows = Rows::new(catalog());
    let status = |number: u32| format!("state-{number:08}");
    let mut image = |number: u32| {
        create(&mut rows, vec![Value::Int(1), Value::Null, Value::Text(status(number).into()), Value::Null])
    };
    let first: Vec<Image> = (0..5_000).map(&mut image).collect();
    let second: Vec<Image> = (0..5_000).map(&mut image).collect();
    assert!(first == second);
    assert_eq!(read(&rows, &first[4_095])[2], Value::Text(status(4_095).into()));
    assert!(matches!(read(&rows, &first[4_096])[2], Value::Digest(_)));
}

#[test]
fn what_a_deleted_row_used_is_used_again() {
    let mut script = Script::new(ORDER);
    for cycle in 0..200 {
        for id in 0..50 {
            script.step(&format!("c {} {} new x @{}", cycle * 50 + id, id % 7, cycle + 1));
        }
        for id in 0..50 {
            script.step(&format!("d {} @{}", cycle * 50 + id, cycle + 1));
        }
    }
    assert_eq!(script.step("len"), "0");
    assert_eq!(script.step("pointing 3"), "");
    assert_eq!(script.rows.tables[ORDER.index()].store.numbers(), 50);
    script.step("c 1 7 new x @1000");
    script.step("t @2000");
    assert_eq!(script.rows.tables[ORDER.index()].store.numbers(), 0);
}

fn value() -> impl Strategy<Value = Value<'static>> {
    prop_oneof![
        Just(Value::Missing),
        Just(Value::Unavailable),
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        (-3_i64..300).prop_map(Value::Int),
        any::<u64>().prop_map(Value::UInt),
        any::<u64>().prop_map(Value::Digest),
        ".{0,40}".prop_map(|text| Value::Text(text.into())),
        ".{0,40}".prop_map(|json| Value::Json(json.into())),
    ]
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        8 => Just(Operation::Create),
        8 => Just(Operation::Update),
        4 => Just(Operation::Snapshot),
        4 => Just(Operation::Delete),
        1 => Just(Operation::Truncate),
    ]
}

fn snapshot() -> impl Strategy<Value = Snapshot> {
    prop_oneof![Just(Snapshot::Unsaid), Just(Snapshot::Incremental), Just(Snapshot::Last)]
}

fn any_change() -> impl Strategy<Value = Change<'static>> {
    let row = || prop::option::of(prop::collection::vec(value(), 0..6));
    let lsn = prop_oneof![Just(None), (0..20_u64).prop_map(Some), any::<u64>().prop_map(Some)];
    let time = prop_oneof![Just(None), (0..20_i64).prop_map(Some), any::<i64>().prop_map(Some)];
    (0..3_usize, operation(), snapshot(), row(), row(), lsn, time).prop_map(
        |(table, operation, snapshot, before, after, lsn, committed_at)| Change {
            table: TableId::from_index(table),
            operation,
            snapshot,
            before,
            after,
            moved: None,
            lsn,
            committed_at,
        },
    )
}

proptest! {
    /// Whatever an event says, nothing panics, and an image that is kept can be read.
    #[test]
    fn no_event_breaks_anything(changes in prop::collection::vec((any_change(), any::<bool>()), 1..40)) {
        let catalog: Arc<Catalog> = catalog();
        let mut rows = Rows::new(Arc::clone(&catalog));
        for (at, (change, flag)) in changes.iter().enumerate() {
            let table = change.table;
            match at % 7 {
                5 => { rows.load(change); }
                6 if *flag => rows.forget(table, change.after.as_ref()),
                6 => { rows.passed(table); }
                _ => {
                    let transition = rows.apply(change, *flag);
                    for image in transition.after.iter().chain(&transition.sent) {
                        let mut row = Row::new();
                        rows.row(table, image, &mut row);
                        prop_assert_eq!(row.len(), catalog.table(table).columns.len());
                    }
                }
            }
            for value in change.after.iter().flatten() {
                let _ = rows.find(table, value);
                if let Some(images) = rows.pointing(super::script::OF_CUSTOMER, value) {
                    for image in images {
                        let link = rows.value(ORDER, image, ColumnId::from_index(1));
                        prop_assert_eq!(&link, value);
                    }
                }
            }
        }
    }
}
