//! Events as a real `PostgreSQL` and Debezium sent them; `tests/fixtures/README.md` says what each line shows.

use std::fmt::Write as _;
use std::path::Path;

use crate::catalog::Catalog;
use crate::change::{Change, Moved, Operation, Row, Value};
use crate::debezium::samples::{Place, Sample, read_line};
use crate::debezium::{Decoder, Event};

const EVENTS: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/postgres-json.jsonl"));

fn fixture() -> Catalog {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/samples.yaml");
    crate::config::load(&path, &|_| None).expect("the fixture's configuration").catalog
}

/// The event of each line, numbered from 1 as an editor does; `None` for a topic without row changes.
fn decode_all(lines: &[Sample]) -> Vec<Option<Event<'_>>> {
    let mut decoder = Decoder::new(&fixture());
    lines
        .iter()
        .map(|sample| match sample.place {
            Place::Table(table) => Some(decoder.decode(table, &sample.record()).expect("a captured event")),
            Place::Ignored => None,
            Place::OtherTopic => panic!("{} has no table", sample.topic),
        })
        .collect()
}

fn lines() -> Vec<Sample> {
    let catalog = fixture();
    EVENTS.lines().map(|line| read_line(line, &catalog).expect("a captured line")).collect()
}

#[test]
fn every_captured_line_decodes() {
    let lines = lines();
    let mut rendered = String::new();
    for (number, (sample, event)) in lines.iter().zip(decode_all(&lines)).enumerate() {
        let topic = sample.topic.trim_start_matches("plain.public.");
        writeln!(rendered, "{:>3} {topic} {}", number + 1, render(event.as_ref())).unwrap();
    }
    insta::assert_snapshot!(rendered);
}

fn render(event: Option<&Event<'_>>) -> String {
    match event {
        None => "ignored".to_owned(),
        Some(Event::Tombstone) => "tombstone".to_owned(),
        Some(Event::Message) => "message".to_owned(),
        Some(Event::Change(change)) => {
            let mut line = change.operation.name().to_owned();
            for (name, row) in [("before", &change.before), ("after", &change.after)] {
                if let Some(row) = row {
                    write!(line, " {name} ({})", row.iter().map(value).collect::<Vec<_>>().join(", "))
                        .unwrap();
                }
            }
            match &change.moved {
                Some(Moved::To(key)) => write!(line, " to {key}").unwrap(),
                Some(Moved::From(key)) => write!(line, " from {key}").unwrap(),
                None => {}
            }
            write!(line, " lsn {} at {}", change.lsn.unwrap(), change.committed_at.unwrap()).unwrap();
            line
        }
    }
}

fn value(value: &Value<'_>) -> String {
    match value {
        Value::Missing => "missing".to_owned(),
        Value::Unavailable => "unavailable".to_owned(),
        Value::Null => "null".to_owned(),
        Value::Bool(bool) => bool.to_string(),
        Value::Int(integer) => integer.to_string(),
        Value::UInt(integer) => format!("{integer}u"),
        Value::Text(text) if text.len() > 60 => {
            format!("{:?}… ({} bytes)", text.chars().take(8).collect::<String>(), text.len())
        }
        Value::Text(text) => format!("{text:?}"),
        Value::Json(json) => format!("json {json}"),
        Value::Digest(_) => unreachable!("no event holds a digest"),
    }
}

/// The change on a line, counted from 1.
fn change(line: usize) -> Change<'static> {
    let lines: &'static [Sample] = lines().leak();
    match decode_all(lines).swap_remove(line - 1) {
        Some(Event::Change(change)) => change,
        other => panic!("line {line} is no change: {other:?}"),
    }
}

fn text(text: &str) -> Value<'_> {
    Value::Text(text.into())
}

/// A task's row: id, department, operator, status.
#[track_caller]
fn assert_task(row: Option<&Row<'_>>, expect: [Value<'_>; 4]) {
    assert_eq!(row.expect("an image")[..4], expect);
}

#[test]
fn an_update_under_the_default_identity_has_no_old_row() {
    let moved = change(92);
    assert_eq!((moved.operation, &moved.before), (Operation::Update, &None));
    assert_task(moved.after.as_ref(), [Value::Int(2), Value::Int(4), Value::Int(3), text("completed")]);

    let moved = change(47);
    assert_task(moved.before.as_ref(), [Value::Int(2), Value::Int(3), Value::Int(3), text("completed")]);
    assert_task(moved.after.as_ref(), [Value::Int(2), Value::Int(4), Value::Int(3), text("completed")]);
}

#[test]
fn a_delete_is_reported_as_sent_though_its_old_row_may_be_false() {
    // The row was in department 3 and in progress; the default identity sends null and a default.
    let (inserted, deleted) = (change(89), change(94));
    assert_task(inserted.after.as_ref(), [Value::Int(10), Value::Int(3), Value::Null, text("in_progress")]);
    assert_eq!((deleted.operation, &deleted.after), (Operation::Delete, &None));
    assert_task(deleted.before.as_ref(), [Value::Int(10), Value::Null, Value::Null, text("pending")]);

    let deleted = change(49);
    assert_task(deleted.before.as_ref(), [Value::Int(10), Value::Int(3), Value::Null, text("in_progress")]);
}

#[test]
fn a_changed_primary_key_is_a_delete_and_a_create_that_name_each_other() {
    let (left, came) = (change(123), change(113));
    assert_eq!((left.operation, left.moved), (Operation::Delete, Some(Moved::To(r#"{"id":1000}"#.into()))));
    assert_eq!((came.operation, came.moved), (Operation::Create, Some(Moved::From(r#"{"id":9}"#.into()))));
    assert_eq!(left.lsn, came.lsn);
    assert_eq!(change(94).moved, None);
}

#[test]
fn an_untouched_large_column_is_unavailable() {
    let [written, untouched] = [105, 106].map(|line| change(line).after.expect("an image")[4].clone());
    assert!(matches!(written, Value::Text(text) if text.len() > 2000));
    assert_eq!(untouched, Value::Unavailable);
    // A full identity sends it.
    assert!(matches!(&change(60).after.expect("an image")[4], Value::Text(text) if text.len() > 2000));
}

#[test]
fn a_truncate_has_no_key_and_no_images_but_a_position() {
    for (line, lsn) in [(55, 31_564_264), (116, 31_532_168)] {
        assert_eq!(lines()[line - 1].record().key, None);
        let truncate = change(line);
        assert_eq!(truncate.operation, Operation::Truncate);
        assert_eq!((truncate.before, truncate.after, truncate.lsn), (None, None, Some(lsn)));
    }
}

#[test]
fn a_table_without_a_primary_key_needs_no_message_key() {
    assert_eq!(lines()[31].record().key, None);
    let update = change(32);
    assert_eq!(update.before, Some(vec![Value::Int(1), text("x")]));
    assert_eq!(update.after, Some(vec![Value::Int(3), text("x")]));
}

#[test]
fn a_compound_key_is_in_the_row_whole() {
    let left = change(27);
    assert_eq!(left.before, Some(vec![Value::Int(2), Value::Int(1), Value::Null]));
    assert_eq!(left.moved, Some(Moved::To(r#"{"tenant_id":2,"task_no":9}"#.into())));
}

#[test]
fn the_commit_time_is_the_databases() {
    // The envelope's own time is 1795397421070155, the record's 1795397421159 ms or later.
    assert_eq!(change(125).committed_at, Some(1_795_397_420_999_521));
}
