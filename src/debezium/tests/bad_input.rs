//! What cannot be read is poison, with its cause and its place, and without the row's values.

use super::{catalog, table};
use crate::catalog::{Table, TableId};
use crate::debezium::{Decoder, Poison, Record};

fn decode(key: Option<&[u8]>, value: &[u8]) -> Poison {
    let mut decoder = Decoder::new(&catalog(vec![table("task", 1, &["id", "status"])]));
    let record = Record { topic: "plain.public.task", key, value: Some(value), headers: &() };
    decoder.decode(TableId::from_index(0), &record).expect_err("poison")
}

#[track_caller]
fn check(value: impl AsRef<[u8]>, cause: &str, says: &str) {
    let poison = decode(Some(br#"{"id":1}"#), value.as_ref());
    assert_eq!(poison.cause(), cause, "{poison}");
    let message = poison.to_string();
    assert!(message.contains(says), "{message}");
    assert!(!message.contains("secret"), "{message}");
}

#[test]
fn broken_json() {
    check("", "empty", "zero bytes");
    check("nonsense", "malformed", "(byte 2)");
    check(b"\0\0\0\0\x01\x02", "malformed", "expected value (byte 1)");
    check(r#"{"op":"u","after":{"id":1,"status":"secret"#, "malformed", "EOF while parsing a string");
    check("{\n\"op\":\"u\",\n\"after\" {}}", "malformed", "expected `:` (byte 21)");
    check(r#"{"op":"u","after":{"id":1}} {"secret":1}"#, "malformed", "trailing characters (byte 29)");
    check(b"{\"op\":\"u\",\"after\":{\"id\":1,\"other\":\"\xff\"}}", "malformed", "not UTF-8 (byte 36)");
    check(r#"{"op":"u","after":{"id":1,"status":"secret\ud800"}}"#, "malformed", "`status`");
}

#[test]
fn json_that_is_no_event() {
    check(r#"{"ts_ms":1795397384228}"#, "no_envelope", "no `op`");
    check(r#"{"status":"BEGIN","id":"1177:31524656","event_count":null}"#, "no_envelope", "no `op`");
    check(r#"{"id":1,"status":"secret","__op":"u"}"#, "no_envelope", "no `op`");
    check(r#"{"op":null,"after":{"id":1}}"#, "unknown_operation", "null");
    check("[]", "malformed", "`event` has the wrong type");
    check(r#""secret""#, "malformed", "`event` has the wrong type");
    check(r#"{"schema":null,"payload":"secret"}"#, "malformed", "`payload` has the wrong type");
    check(r#"{"op":"u","after":"secret"}"#, "malformed", "`after` has the wrong type");
    check(r#"{"op":"u","before":["secret"],"after":{}}"#, "malformed", "`before` has the wrong type");
    check(r#"{"op":"u","after":{"id":1},"source":"secret"}"#, "malformed", "`source` has the wrong type");
}

#[test]
fn events_that_say_two_things() {
    check(r#"{"op":"u","op":"d","after":{"id":1}}"#, "malformed", "`op` stands twice");
    check(r#"{"op":"u","after":{"id":1,"id":2}}"#, "malformed", "`id` stands twice");
    check(
        r#"{"op":"u","after":{"id":1},"source":{"lsn":1,"lsn":2}}"#,
        "malformed",
        "`source.lsn` stands twice",
    );
    check(r#"{"op":"u","payload":{"op":"d"}}"#, "malformed", "beside a `payload`");
    check(r#"{"payload":{"op":"u"},"after":{"id":1}}"#, "malformed", "beside a `payload`");
}

#[test]
fn events_that_say_too_little() {
    check(r#"{"op":"x","after":{"id":1}}"#, "unknown_operation", r#""x""#);
    check(r#"{"op":"u","before":{"id":1}}"#, "no_image", "the update has no `after`");
    check(r#"{"op":"c","after":null}"#, "no_image", "the create has no `after`");
    check(r#"{"op":"r"}"#, "no_image", "the snapshot has no `after`");
    check(r#"{"op":"u","after":{"id":1},"source":{"table":"other"}}"#, "wrong_table", "`other`");
    check(r#"{"op":"u","after":{"id":1},"source":{"table":7}}"#, "wrong_table", "`7`");
    check(r#"{"op":"u","after":{"id":1},"source":{"lsn":"secret"}}"#, "malformed", "`source.lsn`");
}

#[test]
fn a_delete_without_an_old_row_needs_a_key_that_tells_the_row() {
    let delete = br#"{"op":"d","before":null}"#;
    for (key, cause, says) in [
        (None, "no_image", "the delete has no `before`"),
        (Some("null"), "key", "it is null"),
        (Some("{}"), "key", "it has no `id`"),
        (Some(r#"{"id":null}"#), "key", "it has no `id`"),
        (Some("5"), "malformed", "the key cannot be read: `key` has the wrong type"),
        (Some(r#"{"id":"#), "malformed", "the key cannot be read"),
    ] {
        let poison = decode(key.map(str::as_bytes), delete);
        assert_eq!(poison.cause(), cause, "{key:?}");
        assert!(poison.to_string().contains(says), "{poison}");
    }
}

#[test]
fn a_primary_key_that_is_configured_otherwise_than_the_message_key() {
    let value = br#"{"op":"u","after":{"id":1,"number":2}}"#;
    let whole = r#"{"schema":{"type":"struct"},"payload":{"id":1,"number":2}}"#;
    for (tracked, configured, key, expect) in [
        (true, &["id"][..], Some(r#"{"id":1}"#), None),
        (true, &["id", "number"], Some(whole), None),
        (true, &["number"], Some(r#"{"id":1}"#), Some("number, and the message key is of id")),
        (false, &["number"], Some(r#"{"id":1}"#), Some("number, and the message key is of id")),
        (true, &["id", "number"], Some(r#"{"id":1}"#), Some("id, number, and the message key is of id")),
        (true, &["id"], Some(whole), Some("id, and the message key is of id, number")),
        (false, &["id"], Some(whole), None),
        (false, &[], Some(whole), None),
        // None that tells columns.
        (true, &["id"], None, None),
        (true, &["id"], Some("1"), None),
        (true, &["id"], Some("Struct{id=1}"), None),
    ] {
        let columns = [configured, &["id", "number"]].concat();
        let table = Table { tracked, ..table("line", configured.len(), &columns) };
        let mut decoder = Decoder::new(&catalog(vec![table]));
        let record = Record { topic: "t", key: key.map(str::as_bytes), value: Some(value), headers: &() };
        for _ in 0..2 {
            let found = decoder.decode(TableId::from_index(0), &record).err();
            assert_eq!(
                found.as_ref().map(Poison::cause),
                expect.map(|_| "other_key"),
                "{configured:?} {key:?}"
            );
            let says = found.map(|poison| poison.to_string()).unwrap_or_default();
            assert!(says.ends_with(expect.unwrap_or_default()), "{says}");
        }
    }
}
