//! Random events, against a second reading through a tree; and damaged ones.

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::{catalog, table};
use crate::catalog::TableId;
use crate::change::{Row, Value};
use crate::debezium::{Decoder, Event, Poison, Record};

const NEEDED: [&str; 4] = ["id", "status", "ä \"quoted\"", "extra"];
const PLACEHOLDER: &str = "__debezium_unavailable_value";

fn scalar() -> impl Strategy<Value = Json> {
    prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<u64>().prop_map(Json::from),
        any::<f64>().prop_filter("JSON has no others", |float| float.is_finite()).prop_map(Json::from),
        ".{0,40}".prop_map(Json::from),
        Just(Json::from(PLACEHOLDER)),
    ]
}

fn any_json() -> impl Strategy<Value = Json> {
    scalar().prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            prop::collection::hash_map(".{0,8}", inner, 0..4).prop_map(|map| json!(map)),
        ]
    })
}

/// A row in which each needed column may be absent, in any order among others.
fn row() -> impl Strategy<Value = Json> {
    let needed = prop::sample::subsequence(NEEDED.map(str::to_owned).to_vec(), 0..=NEEDED.len());
    let others = prop::collection::vec("other_[a-z]{1,12}", 0..6);
    (needed, others)
        .prop_flat_map(|(mut names, others)| {
            names.extend(others);
            let count = names.len();
            (Just(names).prop_shuffle(), prop::collection::vec(any_json(), count))
        })
        .prop_map(|(names, values)| Json::Object(names.into_iter().zip(values).collect()))
}

fn event() -> impl Strategy<Value = Json> {
    let images = (prop::option::of(row()), row());
    (images, any::<Option<u64>>(), any::<Option<i64>>(), any_json()).prop_map(
        |((before, after), lsn, ts_us, other)| {
            json!({
                "before": before, "after": after, "transaction": other, "op": "u",
                "source": {"version": other, "ts_us": ts_us, "table": "task", "lsn": lsn},
            })
        },
    )
}

fn expected_row(row: &Json) -> Option<Row<'_>> {
    let row = row.as_object()?;
    Some(NEEDED.map(|name| row.get(name).map_or(Value::Missing, expected_value)).to_vec())
}

fn expected_value(value: &Json) -> Value<'_> {
    match value {
        Json::Null => Value::Null,
        Json::Bool(bool) => Value::Bool(*bool),
        Json::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(integer), _) => Value::Int(integer),
            (None, Some(integer)) => Value::UInt(integer),
            (None, None) => Value::Json(number.to_string().into()),
        },
        Json::String(text) if text == PLACEHOLDER => Value::Unavailable,
        Json::Array(items) if *items == [PLACEHOLDER] => Value::Unavailable,
        Json::String(text) => Value::Text(text.into()),
        other => Value::Json(other.to_string().into()),
    }
}

fn decode<'a>(decoder: &mut Decoder, value: &'a [u8]) -> Result<Event<'a>, Poison> {
    let record = Record { topic: "t", key: None, value: Some(value), headers: &() };
    decoder.decode(TableId::from_index(0), &record)
}

proptest! {
    #[test]
    fn both_forms_say_what_a_tree_says(event in event(), pretty: bool) {
        let mut decoder = Decoder::new(&catalog(vec![table("task", 1, &NEEDED)]));
        let schemas = json!({"schema": {"fields": [{"field": "op", "payload": {}}]}, "payload": event});
        for form in [&event, &schemas] {
            // Spaces would stay in the raw text of an array, so they come only around the fields.
            let text = if pretty { form.to_string().replacen('{', " {\n\t", 1) } else { form.to_string() };
            match decode(&mut decoder, text.as_bytes()) {
                Ok(Event::Change(change)) => {
                    prop_assert_eq!(&change.before, &expected_row(&event["before"]));
                    prop_assert_eq!(&change.after, &expected_row(&event["after"]));
                    prop_assert_eq!(change.lsn, event["source"]["lsn"].as_u64());
                    prop_assert_eq!(change.committed_at, event["source"]["ts_us"].as_i64());
                    decoder.recycle(change);
                }
                other => prop_assert!(false, "{:?}", other),
            }
        }
    }

    #[test]
    fn a_damaged_event_never_panics(
        event in event(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut decoder = Decoder::new(&catalog(vec![table("task", 1, &NEEDED)]));
        let mut bytes = event.to_string().into_bytes();
        let whole = bytes.clone();
        let cut = cut.index(bytes.len());
        prop_assert!(decode(&mut decoder, &whole[..cut]).is_err());
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        // Damage inside a text or a number can leave an event that is readable; never one that is not UTF-8.
        if decode(&mut decoder, &bytes).is_ok() {
            prop_assert!(std::str::from_utf8(&bytes).is_ok());
        }
    }
}
