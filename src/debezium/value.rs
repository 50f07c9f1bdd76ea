use std::borrow::Cow;

use crate::change::Value;

/// The string that stands for a large value which an update did not touch.
const PLACEHOLDER: &str = "__debezium_unavailable_value";
/// The same of a `bytea` column, by `binary.handling.mode`.
const PLACEHOLDER_BASE64: &str = "X19kZWJleml1bV91bmF2YWlsYWJsZV92YWx1ZQ==";
const PLACEHOLDER_HEX: &str = "5f5f646562657a69756d5f756e617661696c61626c655f76616c7565";
/// The same of an `hstore` column, as an object or as the text of one.
const PLACEHOLDER_HSTORE: &str = r#"{"__debezium_unavailable_value":"__debezium_unavailable_value"}"#;
/// The same of an integer array: the string's bytes.
const PLACEHOLDER_INTEGERS: &str =
    "[95,95,100,101,98,101,122,105,117,109,95,117,110,97,118,97,105,108,97,98,108,101,95,118,97,108,117,101]";
/// The same of a `uuid` array: the string's name-based UUID.
const PLACEHOLDER_UUID: &str = "b68a35a7-17ad-35b3-af2a-ae46edb4545a";

/// What a column's JSON says. `raw` is one JSON value without space around it, its syntax already checked.
pub(super) fn classify(raw: &str) -> Result<Value<'_>, &'static str> {
    match raw.as_bytes().first() {
        Some(b'n') => Ok(Value::Null),
        Some(b't') => Ok(Value::Bool(true)),
        Some(b'f') => Ok(Value::Bool(false)),
        Some(b'"') => {
            let text = text(raw).ok_or("it escapes half a character")?;
            Ok(if is_placeholder(&text) { Value::Unavailable } else { Value::Text(text) })
        }
        Some(b'[' | b'{') if is_placeholder_container(raw) => Ok(Value::Unavailable),
        Some(b'[' | b'{') => Ok(Value::Json(Cow::Borrowed(raw))),
        _ => Ok(number(raw)),
    }
}

/// The text of a JSON string; borrowed unless it holds an escape. `None` if `raw` is no string or names no character.
pub(super) fn text(raw: &str) -> Option<Cow<'_, str>> {
    let inner = raw.strip_prefix('"')?.strip_suffix('"')?;
    if inner.contains('\\') {
        serde_json::from_str(raw).ok().map(Cow::Owned)
    } else {
        Some(Cow::Borrowed(inner))
    }
}

/// A number in the one form that its value has. What no integer type holds stays as it was written.
fn number(raw: &str) -> Value<'_> {
    if let Ok(integer) = raw.parse::<i64>() {
        Value::Int(integer)
    } else if let Ok(integer) = raw.parse::<u64>() {
        Value::UInt(integer)
    } else {
        Value::Json(Cow::Borrowed(raw))
    }
}

fn is_placeholder(text: &str) -> bool {
    match text.len() {
        28 => text == PLACEHOLDER,
        40 => text == PLACEHOLDER_BASE64,
        56 => text.eq_ignore_ascii_case(PLACEHOLDER_HEX),
        63 => text == PLACEHOLDER_HSTORE,
        _ => false,
    }
}

/// Connect's converter writes no space, so the text can be compared as it is.
fn is_placeholder_container(raw: &str) -> bool {
    if raw == PLACEHOLDER_HSTORE || raw == PLACEHOLDER_INTEGERS {
        return true;
    }
    let only = raw.strip_prefix("[\"").and_then(|rest| rest.strip_suffix("\"]"));
    only.is_some_and(|text| is_placeholder(text) || text == PLACEHOLDER_UUID)
}
