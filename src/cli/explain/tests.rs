use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::{Summary, explain};
use crate::catalog::Catalog;

const EVENTS: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/postgres-json.jsonl"));

fn catalog() -> Arc<Catalog> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/samples.yaml");
    Arc::new(crate::config::load(&path, &|_| None).expect("the fixture's configuration").catalog)
}

fn run(events: &str, json: bool) -> (String, Summary) {
    run_with(&catalog(), events, json)
}

fn run_with(catalog: &Arc<Catalog>, events: &str, json: bool) -> (String, Summary) {
    let mut output = Vec::new();
    let summary = explain(&mut events.as_bytes(), &mut output, catalog, json).expect("memory can be written");
    (String::from_utf8(output).expect("text"), summary)
}

#[test]
fn what_is_deleted_a_second_time_says_when() {
    let mut catalog = Catalog::clone(&catalog());
    for view in &mut catalog.views {
        view.settle = (view.name == "department").then_some(Duration::from_millis(1_500));
    }
    let event = r#"{"op":"c","after":{"id":5,"name":"a","code":"b"},"source":{"name":"plain","schema":"public","table":"workorder_department"}}"#;
    let catalog = Arc::new(catalog);
    let (text, _) = run_with(&catalog, event, false);
    insta::assert_snapshot!(text, @r#"
    line 1: create of department (plain.public.workorder_department)
      key      department:5  the row after the change, by id; create of department; again after 1s 500ms
    "#);
    let (json, _) = run_with(&catalog, event, true);
    assert!(json.contains(r#""settle":"1s 500ms""#), "{json}");
}

#[test]
fn the_captured_events_explained() {
    let (text, summary) = run(EVENTS, false);
    insta::assert_snapshot!(format!("{text}{summary}"));
}

#[test]
fn a_line_that_is_no_event_stops_nothing() {
    let good = EVENTS.lines().nth(46).expect("line 47");
    let plain = r#"{"op":"c","after":{"id":5,"name":"a","code":"b"},"source":{"name":"plain","schema":"public","table":"workorder_department"}}"#;
    let events = [
        good,
        "no json",
        "",
        plain,
        r#"{"op":"c","source":{"name":"plain","schema":"public","table":"other"}}"#,
        r#"{"topic":"other","value":"{}"}"#,
        r#"{"topic":"plain.public.auth_user","partition":1,"offset":2,"value":"{\"op\":\"x\"}"}"#,
        r#"{"topic":"plain.public.auth_user","value":"{\"op\":\"m\"}"}"#,
    ];
    let (text, summary) = run(&events.join("\n"), false);
    insta::assert_snapshot!(text, @r#"
    line 1: update of task_full (plain.public.workorder_taskfull, partition 0, offset 6)
      key      task_stats:3  the row before the change, by assigned_department_id; update of task_full, changed: assigned_department_id
      key      task_stats:4  the row after the change, by assigned_department_id; update of task_full, changed: assigned_department_id
    line 2: no event
      error    the line is no JSON object of the expected form (byte 2)
    line 4: create of department (plain.public.workorder_department)
      key      department:5  the row after the change, by id; create of department
    line 5: an event of no table
      nothing  no table reads events from `plain.public.other`
    line 6: an event of no table (other)
      nothing  no table has this topic
    line 7: an event of user that cannot be decoded (plain.public.auth_user, partition 1, offset 2)
      error    the operation "x" is unknown
      family   user:{id}  an event could not be decoded
    line 8: message of user (plain.public.auth_user)
      nothing  a logical decoding message, which concerns no row
    "#);
    assert_eq!(summary, Summary { deleting: 2, nothing: 3, undecodable: 1, no_events: 1 });
}

#[test]
fn every_line_of_output_has_the_same_fields() {
    let broken = r#"{"topic":"plain.public.auth_user","partition":1,"offset":2,"value":"{\"op\":\"x\"}"}"#;
    let move_away = EVENTS.lines().nth(46).expect("line 47");
    let heartbeat = EVENTS.lines().next().expect("line 1");
    let (text, _) = run(&[heartbeat, move_away, broken, "{"].join("\n"), true);
    insta::assert_snapshot!(text, @r#"
    {"line":1,"topic":"__debezium-heartbeat.plain","partition":0,"offset":0,"table":null,"operation":null,"effects":[],"ignored":"a heartbeat or a transaction marker, ignored on purpose","error":null}
    {"line":2,"topic":"plain.public.workorder_taskfull","partition":0,"offset":6,"table":"task_full","operation":"update","effects":[{"view":"task_stats","key":"task_stats:3","reason":"old_row","why":"the row before the change, by assigned_department_id; update of task_full, changed: assigned_department_id","settle":null},{"view":"task_stats","key":"task_stats:4","reason":"new_row","why":"the row after the change, by assigned_department_id; update of task_full, changed: assigned_department_id","settle":null}],"ignored":null,"error":null}
    {"line":3,"topic":"plain.public.auth_user","partition":1,"offset":2,"table":"user","operation":null,"effects":[{"view":"user","family":"user:{id}","reason":"undecodable","why":"an event could not be decoded","settle":null}],"ignored":null,"error":"the operation \"x\" is unknown"}
    {"line":4,"topic":null,"partition":null,"offset":null,"table":null,"operation":null,"effects":[],"ignored":null,"error":"the line is no JSON object of the expected form (byte 1)"}
    "#);
}
