//! Lines of a file, as `explain` reads them.

use super::{catalog, table};
use crate::catalog::{Catalog, TableId};
use crate::debezium::samples::{Place, read_line};

fn tables() -> Catalog {
    let mut moved = table("task", 1, &["id"]);
    moved.topic = "routed".to_owned();
    let mut twice = table("shared", 1, &["id"]);
    twice.topic = "shared.a".to_owned();
    let mut again = twice.clone();
    again.topic = "shared.b".to_owned();
    catalog(vec![table("user", 1, &["id"]), moved, twice, again])
}

#[test]
fn a_captured_record_is_read_whole() {
    let line = r#"{"topic":"routed","partition":3,"offset":7,"timestamp":1,"headers":[["a","b"],["c",null]],"key":"{\"id\":1}","value":null}"#;
    let sample = read_line(line, &tables()).expect("a record");
    assert_eq!((sample.partition, sample.offset), (Some(3), Some(7)));
    assert_eq!(sample.place, Place::Table(TableId::from_index(1)));
    let record = sample.record();
    assert_eq!((record.topic, record.key, record.value), ("routed", Some(&br#"{"id":1}"#[..]), None));
    assert_eq!((record.headers.header("a"), record.headers.header("c")), (Some(&b"b"[..]), None));
}

#[test]
fn a_binary_record_is_decoded() {
    let sample =
        read_line(r#"{"topic":"routed","key_b64":"AAE=","value_b64":"/w=="}"#, &tables()).expect("a record");
    assert_eq!((sample.record().key, sample.record().value), (Some(&[0, 1][..]), Some(&[255][..])));
}

#[test]
fn a_topic_says_where_a_record_belongs() {
    for (topic, place) in [
        ("plain.public.user", Place::Table(TableId::from_index(0))),
        ("plain.transaction", Place::Ignored),
        ("__debezium-heartbeat.plain", Place::Ignored),
        ("plain.public.other", Place::OtherTopic),
    ] {
        let line = format!(r#"{{"topic":"{topic}","value":{{"op":1}}}}"#);
        let sample = read_line(&line, &tables()).expect("a record");
        assert_eq!(sample.place, place, "{topic}");
        assert_eq!(sample.record().value, Some(&br#"{"op":1}"#[..]));
    }
}

#[test]
fn a_plain_event_is_placed_by_its_source() {
    let user = r#"{"op":"r","source":{"name":"plain","schema":"public","table":"user"}}"#;
    let task = r#"{"op":"r","source":{"name":"x","db":"app","table":"task"}}"#;
    for (event, expect) in [(user, "plain.public.user"), (task, "routed")] {
        let quoted = serde_json::to_string(event).expect("a string");
        for line in [
            event.to_owned(),
            format!(r#"{{"schema":{{}},"payload":{event}}}"#),
            format!(r#"{{"value":{quoted}}}"#),
        ] {
            let sample = read_line(&line, &tables()).expect("an event");
            assert_eq!(sample.topic, expect, "{line}");
        }
    }
}

#[test]
fn what_cannot_be_placed_says_what_there_is() {
    for (line, says) in [
        ("nonsense", "(byte 2)"),
        ("[]", "byte"),
        ("{}", "neither a captured record"),
        (r#"{"op":"r"}"#, "does not say its table"),
        (
            r#"{"op":"r","source":{"name":"plain","schema":"public","table":"none"}}"#,
            "`user` (plain.public.user)",
        ),
        (r#"{"op":"r","source":{"table":"shared"}}"#, "(shared.a), `shared` (shared.b)"),
        (r#"{"topic":"routed","value_b64":"?"}"#, "`value_b64` is no base64"),
    ] {
        let error = read_line(line, &tables()).expect_err(line).to_string();
        assert!(error.contains(says), "{error}");
    }
}
