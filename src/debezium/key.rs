//! Message keys and key-change headers, with schemas or without. They are read only where an event needs them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeSeed;
use serde_json::value::RawValue;

use super::poison::{Fault, utf8};
use super::row::{Plan, RowSeed};
use super::{Headers, Part, Poison, Record};
use crate::change::{Moved, Operation, Row, Value};

const NEW_KEY: &str = "__debezium.newkey";
const OLD_KEY: &str = "__debezium.oldkey";

#[derive(Deserialize)]
struct WithSchema<'a> {
    #[serde(borrow)]
    schema: Option<&'a RawValue>,
    #[serde(borrow)]
    payload: Option<&'a RawValue>,
}

/// The payload of JSON with schemas, or the text as it is. A key's own column may be called `payload`, so only an
/// object beside a `schema` counts.
fn payload(text: &str) -> &str {
    match serde_json::from_str::<WithSchema<'_>>(text) {
        Ok(WithSchema { schema: Some(_), payload: Some(payload) }) if payload.get().starts_with('{') => {
            payload.get()
        }
        _ => text,
    }
}

/// The row that a message key tells: its key columns, the others missing.
pub(super) fn row<'a>(
    plan: &Plan,
    spare: &mut Vec<Row<'static>>,
    record: &Record<'a>,
) -> Result<Row<'a>, Poison> {
    let key = match record.key {
        Some(key) if !plan.primary_key.is_empty() => key,
        _ => return Err(Poison::NoImage { operation: Operation::Delete, image: "before" }),
    };
    let text = payload(utf8(Part::Key, key)?);
    let mut fault = Fault::default();
    fault.field = "key";
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let row = RowSeed { plan, spare, fault: &mut fault }
        .deserialize(&mut deserializer)
        .and_then(|row| deserializer.end().map(|()| row))
        .map_err(|error| fault.into_poison(Part::Key, text, &error))?
        .ok_or_else(|| Poison::Key { what: "it is null".to_owned() })?;
    for column in &plan.primary_key {
        if matches!(row[column.index()], Value::Missing | Value::Null | Value::Unavailable) {
            let what = format!("it has no `{}`", plan.name(column.index()));
            return Err(Poison::Key { what });
        }
    }
    Ok(row)
}

/// Whether the message key has the columns that the configuration takes for the primary key. Other rows than the database's
/// would be told apart, and links to them lead nowhere. False where it does not tell columns.
pub(super) fn is_of_primary_key(plan: &Plan, record: &Record<'_>) -> Result<bool, Poison> {
    let Some(Ok(text)) = record.key.map(|key| utf8(Part::Key, key)) else { return Ok(false) };
    let Ok(columns) = serde_json::from_str::<BTreeMap<Cow<'_, str>, &RawValue>>(payload(text)) else {
        return Ok(false);
    };
    if columns.is_empty() {
        return Ok(false);
    }
    let configured: Vec<&str> = plan.primary_key.iter().map(|column| plan.name(column.index())).collect();
    // The events of a row of a stateless table may be kept together by more columns.
    let too_many = plan.tracked && columns.len() > configured.len();
    if configured.is_empty() || (configured.iter().all(|column| columns.contains_key(*column)) && !too_many) {
        return Ok(true);
    }
    let found = columns.keys().map(|column| column.chars().take(64).collect::<String>());
    Err(Poison::OtherKey { configured: configured.join(", "), found: found.collect::<Vec<_>>().join(", ") })
}

/// The other half of a primary-key change, where the headers name it.
pub(super) fn moved<'a>(operation: Operation, headers: &'a dyn Headers) -> Result<Option<Moved<'a>>, Poison> {
    // Looking a header up costs more than reading a column: an update never has one.
    let (name, half): (_, fn(Cow<'a, str>) -> Moved<'a>) = match operation {
        Operation::Delete => (NEW_KEY, Moved::To),
        Operation::Create => (OLD_KEY, Moved::From),
        _ => return Ok(None),
    };
    let Some(value) = headers.header(name) else { return Ok(None) };
    Ok(Some(half(Cow::Borrowed(payload(utf8(Part::Header, value)?)))))
}
