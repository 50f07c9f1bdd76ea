//! Events as a real PostgreSQL and Debezium sent them; `tests/fixtures/README.md` says what each line shows.

use std::fmt::Write as _;

use super::{catalog, table};
use crate::catalog::Catalog;
use crate::change::{Moved, Value};
use crate::debezium::samples::{Place, Sample, read_line};
use crate::debezium::{Decoder, Event};

const EVENTS: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/postgres-json.jsonl"));

const TASK: [&str; 6] =
    ["id", "assigned_department_id", "assigned_operator_id", "status", "work_content", "extra"];

fn fixture() -> Catalog {
    catalog(vec![
        table("workorder_workordertask", 1, &TASK),
        table("workorder_taskfull", 1, &TASK),
        table("workorder_department", 1, &["id", "name", "code"]),
        table("workorder_workorder", 1, &["id", "status", "priority"]),
        table("auth_user", 1, &["id", "username", "first_name", "is_active"]),
        table("compound", 2, &["tenant_id", "task_no", "dept"]),
        table("nopk", 0, &["dept", "note"]),
    ])
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
        Value::Float(float) => format!("{float:?}"),
        Value::Text(text) if text.len() > 60 => {
            format!("{:?}… ({} bytes)", text.chars().take(8).collect::<String>(), text.len())
        }
        Value::Text(text) => format!("{text:?}"),
        Value::Json(json) => format!("json {json}"),
    }
}
