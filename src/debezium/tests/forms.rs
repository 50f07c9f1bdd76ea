//! The forms one change can have, and the forms one value can have.

use super::{catalog, table};
use crate::catalog::{Table, TableId};
use crate::change::{Change, Moved, Row, Snapshot, Value};
use crate::debezium::{Decoder, Event, Headers, Record, is_ignored};
use base64::Engine as _;

fn task() -> Table {
    table("task", 1, &["id", "status"])
}

fn decode<'a>(key: Option<&'a str>, value: &'a str, headers: &'a dyn Headers) -> Event<'a> {
    let record = Record { topic: "t", key: key.map(str::as_bytes), value: Some(value.as_bytes()), headers };
    Decoder::new(&catalog(vec![task()])).decode(TableId::from_index(0), &record).expect("an event")
}

fn change<'a>(key: Option<&'a str>, value: &'a str) -> Change<'a> {
    match decode(key, value, &()) {
        Event::Change(change) => change,
        other => panic!("{other:?}"),
    }
}

fn status(json: &str) -> Value<'static> {
    let event = format!(r#"{{"op":"c","after":{{"id":1,"status":{json}}}}}"#).leak();
    change(None, event).after.expect("an image").swap_remove(1)
}

#[test]
fn values_by_form() {
    let text = |text: &'static str| Value::Text(text.into());
    let json = |text: &'static str| Value::Json(text.into());
    for (written, expect) in [
        ("null", Value::Null),
        ("true", Value::Bool(true)),
        ("false", Value::Bool(false)),
        ("-9223372036854775808", Value::Int(i64::MIN)),
        ("9223372036854775807", Value::Int(i64::MAX)),
        ("9223372036854775808", Value::UInt(9_223_372_036_854_775_808)),
        ("18446744073709551615", Value::UInt(u64::MAX)),
        ("18446744073709551616", json("18446744073709551616")),
        ("-9223372036854775809", json("-9223372036854775809")),
        // Exact, or two numbers that the database holds apart would be equal.
        ("0.1", json("0.1")),
        ("0.10000000000000001", json("0.10000000000000001")),
        ("12345678901234567.89", json("12345678901234567.89")),
        ("1e3", json("1e3")),
        ("1E400", json("1E400")),
        (r#""NaN""#, text("NaN")),
        (r#""""#, text("")),
        (r#""D\u00e9p\u00f4t \"A\"\n""#, text("Dépôt \"A\"\n")),
        (r#""\ud83d\ude00""#, text("😀")),
        (r#"[1, "a"]"#, json(r#"[1, "a"]"#)),
        (r#"{"scale":2,"value":"Sw=="}"#, json(r#"{"scale":2,"value":"Sw=="}"#)),
    ] {
        assert_eq!(status(written), expect, "{written}");
    }
}

#[test]
fn every_form_of_the_placeholder_is_unavailable() {
    let bytes = "__debezium_unavailable_value".as_bytes();
    let integers = bytes.iter().map(u8::to_string).collect::<Vec<_>>().join(",");
    let hex = bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let base64 = base64::engine::general_purpose::STANDARD.encode(bytes);
    for written in [
        r#""__debezium_unavailable_value""#.to_owned(),
        r#""__debezium\u005funavailable_value""#.to_owned(),
        format!(r#""{base64}""#),
        format!(r#""{hex}""#),
        r#"["__debezium_unavailable_value"]"#.to_owned(),
        format!(r#"["{base64}"]"#),
        format!("[{integers}]"),
        r#"{"__debezium_unavailable_value":"__debezium_unavailable_value"}"#.to_owned(),
        r#""{\"__debezium_unavailable_value\":\"__debezium_unavailable_value\"}""#.to_owned(),
    ] {
        assert_eq!(status(&written), Value::Unavailable, "{written}");
    }
    assert!(matches!(status(r#""__debezium_unavailable_valuE""#), Value::Text(_)));
    assert!(matches!(status(r#"["__debezium_unavailable_value","x"]"#), Value::Json(_)));
}

#[test]
fn text_is_borrowed_unless_it_holds_an_escape() {
    let record = r#"{"op":"c","after":{"id":1,"status":"plain"}}"#;
    let row = change(None, record).after.expect("an image");
    assert!(matches!(&row[1], Value::Text(std::borrow::Cow::Borrowed("plain"))));
}

#[test]
fn a_delete_without_an_old_row_has_its_key() {
    let expect = Some(vec![Value::Int(7), Value::Missing]);
    for key in [r#"{"id":7}"#, r#"{"schema":{"type":"struct"},"payload":{"id":7}}"#] {
        assert_eq!(change(Some(key), r#"{"op":"d","before":null,"after":null}"#).before, expect, "{key}");
        assert_eq!(change(Some(key), r#"{"op":"d"}"#).before, expect, "{key}");
    }
}

#[test]
fn a_header_with_schemas_names_the_same_key() {
    for header in [r#"{"id":9}"#, r#"{"schema":{"type":"struct"},"payload":{"id":9}}"#] {
        let headers = vec![("__debezium.oldkey".to_owned(), header.as_bytes().to_vec())];
        let Event::Change(change) = decode(None, r#"{"op":"c","after":{"id":10}}"#, &headers) else {
            panic!("no change")
        };
        assert_eq!(change.moved, Some(Moved::From(r#"{"id":9}"#.into())));
    }
}

#[test]
fn events_that_change_no_row() {
    assert_eq!(decode(None, r#"{"op":"m","source":{"table":""},"message":{}}"#, &()), Event::Message);
    assert_eq!(decode(None, "null", &()), Event::Tombstone);
    assert_eq!(decode(None, r#"{"schema":null,"payload":null}"#, &()), Event::Tombstone);
    let record = Record { topic: "t", key: None, value: None, headers: &() };
    let event = Decoder::new(&catalog(vec![task()])).decode(TableId::from_index(0), &record);
    assert_eq!(event, Ok(Event::Tombstone));
}

#[test]
fn a_source_says_its_time_in_milliseconds_if_not_in_microseconds() {
    let event = |source: &str| format!(r#"{{"source":{source},"op":"t"}}"#);
    for (source, lsn, time) in [
        (r#"{"table":"task","lsn":5,"ts_ms":7,"ts_us":7001}"#, Some(5), Some(7001)),
        (r#"{"lsn":null,"ts_ms":7,"ts_us":null}"#, None, Some(7000)),
        ("{}", None, None),
        ("null", None, None),
    ] {
        let event = event(source);
        let change = change(None, &event);
        assert_eq!((change.lsn, change.committed_at), (lsn, time), "{source}");
    }
}

#[test]
fn size_and_depth_are_no_fault() {
    let megabytes = "x".repeat(5 << 20);
    let event = format!(r#"{{"op":"c","after":{{"other":"{megabytes}","id":1,"status":"{megabytes}"}}}}"#);
    let row = change(None, &event).after.expect("an image");
    assert!(matches!(&row[1], Value::Text(std::borrow::Cow::Borrowed(text)) if text.len() == 5 << 20));

    let nested = format!("{}{}", "[".repeat(1 << 20), "]".repeat(1 << 20));
    let event = format!(r#"{{"op":"c","after":{{"other":{nested},"id":1,"status":{nested}}}}}"#);
    let row = change(None, &event).after.expect("an image");
    assert!(matches!(&row[1], Value::Json(std::borrow::Cow::Borrowed(text)) if text.len() == 2 << 20));
}

#[test]
fn recycled_buffers_are_used_again() {
    let mut decoder = Decoder::new(&catalog(vec![task()]));
    let value = br#"{"op":"u","before":{"id":1},"after":{"id":1}}"#;
    let record = Record { topic: "t", key: None, value: Some(value), headers: &() };
    let mut addresses = || {
        let Ok(Event::Change(change)) = decoder.decode(TableId::from_index(0), &record) else { panic!() };
        let address = |row: &Option<Row<'_>>| row.as_ref().map(|row| row.as_ptr() as usize);
        let mut addresses = [address(&change.before), address(&change.after)];
        addresses.sort();
        decoder.recycle(change);
        addresses
    };
    assert_eq!(addresses(), addresses());
}

#[test]
fn topics_without_row_changes() {
    for (topic, expect) in [
        ("__debezium-heartbeat.plain", true),
        ("plain.transaction", true),
        ("plain.public.transactions", false),
        ("plain.public.task", false),
    ] {
        assert_eq!(is_ignored(topic), expect, "{topic}");
    }
}

#[test]
fn an_incremental_snapshot_says_so_and_a_last_row_that_it_is() {
    for (snapshot, expect) in [
        (r#""incremental""#, Snapshot::Incremental),
        (r#""true""#, Snapshot::Unsaid),
        (r#""first_in_data_collection""#, Snapshot::Unsaid),
        (r#""last_in_data_collection""#, Snapshot::Last),
        (r#""last""#, Snapshot::Last),
        (r#""false""#, Snapshot::Unsaid),
        ("true", Snapshot::Unsaid),
        ("null", Snapshot::Unsaid),
    ] {
        let event = format!(r#"{{"op":"r","after":{{"id":1}},"source":{{"snapshot":{snapshot}}}}}"#);
        assert_eq!(change(None, &event).snapshot, expect, "{snapshot}");
    }
}
