//! Events from a file: captured records, or plain event values, one JSON object a line.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Record, is_ignored};
use crate::catalog::{Catalog, TableId};

/// A record read from a line, and where it belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// Empty where the line did not say it and no table claims the record.
    pub topic: String,
    pub partition: Option<i32>,
    pub offset: Option<i64>,
    pub place: Place,
    key: Option<Vec<u8>>,
    value: Option<Vec<u8>>,
    headers: Vec<(String, Vec<u8>)>,
}

/// Where a record belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Table(TableId),
    /// A topic that carries no row changes.
    Ignored,
    /// The line names a topic that no table has.
    OtherTopic,
}

impl Sample {
    pub fn record(&self) -> Record<'_> {
        Record {
            topic: &self.topic,
            key: self.key.as_deref(),
            value: self.value.as_deref(),
            headers: &self.headers,
        }
    }
}

/// Why a line cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SampleError {
    #[error("the line is no JSON object of the expected form (byte {at})")]
    Json { at: usize },
    #[error(
        "the line is neither a captured record (`topic`, `key`, `value`) nor an event's value (`op`, `after`)"
    )]
    Form,
    #[error("`{field}` is no base64")]
    Base64 { field: &'static str },
    #[error("the event does not say its table (`source.table`); write it as {{\"topic\": …, \"value\": …}}")]
    NoSource,
    #[error("the event comes from `{found}`, which no table reads; the tables are {known}")]
    UnknownTable { found: String, known: String },
    #[error(
        "the event comes from `{found}`, which several tables read: {candidates}; write it as {{\"topic\": …, \"value\": …}}"
    )]
    Ambiguous { found: String, candidates: String },
}

#[derive(Deserialize)]
struct Line<'a> {
    topic: Option<String>,
    partition: Option<i32>,
    offset: Option<i64>,
    #[serde(default)]
    headers: Option<Vec<(String, Option<String>)>>,
    #[serde(borrow)]
    key: Option<&'a RawValue>,
    #[serde(borrow)]
    value: Option<&'a RawValue>,
    key_b64: Option<String>,
    value_b64: Option<String>,
}

/// The fields that tell which form a line has, and where an event came from.
#[derive(Deserialize)]
struct Probe<'a> {
    #[serde(borrow)]
    op: Option<&'a RawValue>,
    #[serde(borrow)]
    payload: Option<&'a RawValue>,
    source: Option<Source>,
}

#[derive(Deserialize)]
struct Source {
    name: Option<String>,
    schema: Option<String>,
    /// `MySQL` and `MariaDB` have no schema; their topics have the database in its place.
    db: Option<String>,
    table: Option<String>,
}

/// Reads one line. A line without a topic is placed by its `source`.
pub fn read_line(line: &str, catalog: &Catalog) -> Result<Sample, SampleError> {
    let line = line.trim();
    let probe: Probe<'_> = parse(line)?;
    if probe.op.is_some() || probe.payload.is_some() {
        let table = place(line.as_bytes(), catalog)?;
        return Ok(Sample {
            topic: catalog.table(table).topic.clone(),
            partition: None,
            offset: None,
            place: Place::Table(table),
            key: None,
            value: Some(line.as_bytes().to_vec()),
            headers: Vec::new(),
        });
    }
    let captured: Line<'_> = parse(line)?;
    let key = part("key_b64", captured.key, captured.key_b64)?;
    let value = part("value_b64", captured.value, captured.value_b64)?;
    let (topic, place) = match (captured.topic, &value) {
        (Some(topic), _) => {
            let place = match catalog.table_by_topic(&topic) {
                Some(table) => Place::Table(table),
                None if is_ignored(&topic) => Place::Ignored,
                None => Place::OtherTopic,
            };
            (topic, place)
        }
        (None, Some(value)) => {
            let table = place(value, catalog)?;
            (catalog.table(table).topic.clone(), Place::Table(table))
        }
        (None, None) => return Err(SampleError::Form),
    };
    let headers = captured.headers.unwrap_or_default();
    Ok(Sample {
        topic,
        partition: captured.partition,
        offset: captured.offset,
        place,
        key,
        value,
        headers: headers.into_iter().filter_map(|(name, value)| Some((name, value?.into_bytes()))).collect(),
    })
}

/// A key or a value: text, base64, or the JSON itself.
fn part(
    field: &'static str,
    text: Option<&RawValue>,
    encoded: Option<String>,
) -> Result<Option<Vec<u8>>, SampleError> {
    match (text.map(RawValue::get), encoded) {
        (_, Some(encoded)) => STANDARD.decode(encoded).map(Some).map_err(|_| SampleError::Base64 { field }),
        (None, None) => Ok(None),
        (Some(raw), None) if raw.starts_with('"') => Ok(Some(parse::<String>(raw)?.into_bytes())),
        (Some(raw), None) => Ok(Some(raw.as_bytes().to_vec())),
    }
}

/// The table that an event's value names: by the topic it would have, else by the source's own name of the table.
fn place(value: &[u8], catalog: &Catalog) -> Result<TableId, SampleError> {
    let text =
        std::str::from_utf8(value).map_err(|error| SampleError::Json { at: error.valid_up_to() + 1 })?;
    let probe: Probe<'_> = parse(text)?;
    let source = match (probe.source, probe.payload) {
        (Some(source), _) => Some(source),
        (None, Some(payload)) => parse::<Probe<'_>>(payload.get())?.source,
        (None, None) => None,
    };
    let Some(Source { name, schema, db, table: Some(table) }) = source else {
        return Err(SampleError::NoSource);
    };
    let topic = [name.as_deref(), schema.as_deref().or(db.as_deref()), Some(&table)]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(".");
    if let Some(id) = catalog.table_by_topic(&topic) {
        return Ok(id);
    }
    let named: Vec<TableId> = catalog
        .table_ids()
        .filter(|id| catalog.table(*id).source_table.as_deref() == Some(&*table))
        .collect();
    match named[..] {
        [id] => Ok(id),
        [] => Err(SampleError::UnknownTable { found: topic, known: list(catalog, catalog.table_ids()) }),
        _ => Err(SampleError::Ambiguous { found: topic, candidates: list(catalog, named.into_iter()) }),
    }
}

fn list(catalog: &Catalog, tables: impl Iterator<Item = TableId>) -> String {
    let names = tables.map(|id| format!("`{}` ({})", catalog.table(id).name, catalog.table(id).topic));
    names.collect::<Vec<_>>().join(", ")
}

fn parse<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, SampleError> {
    serde_json::from_str(text).map_err(|error| SampleError::Json { at: error.column() })
}
