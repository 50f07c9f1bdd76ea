use std::collections::BTreeMap;
use std::sync::Arc;

use humantime::format_duration;
use serde::Serialize;

use crate::catalog::{Catalog, TableId, ViewId};
use crate::change::{Row, Value};
use crate::debezium::samples::{Place, Sample, SampleError, read_line};
use crate::debezium::{Decoder, Event, Record};
use crate::rows::Rows;
use crate::views::{Does, Effects, Evaluator, Reason, Rule, Why};

/// What one line comes to. Its fields are the machine-readable output; what is not known is null.
#[derive(Debug, Default, Serialize)]
pub(in crate::cli) struct Verdict {
    pub(super) line: u64,
    pub(in crate::cli) topic: Option<String>,
    pub(in crate::cli) partition: Option<i32>,
    pub(in crate::cli) offset: Option<i64>,
    pub(in crate::cli) table: Option<String>,
    pub(in crate::cli) operation: Option<&'static str>,
    pub(in crate::cli) effects: Vec<Effect>,
    /// Why nothing goes.
    pub(super) ignored: Option<String>,
    /// Why the line is no event, or the event cannot be decoded.
    pub(in crate::cli) error: Option<String>,
}

#[derive(Debug, Serialize)]
pub(in crate::cli) struct Effect {
    pub(in crate::cli) view: String,
    #[serde(flatten)]
    pub(in crate::cli) goes: Goes,
    pub(super) reason: &'static str,
    pub(super) why: String,
    /// How long after that it goes again.
    pub(super) settle: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::cli) enum Goes {
    Key(String),
    /// The view's pattern.
    Family(String),
    /// The view's pattern, but for the registered sets that none of these rows affects.
    Affected {
        family: String,
        rows: Vec<BTreeMap<String, String>>,
    },
}

/// Reads lines and says what each does.
pub(in crate::cli) struct Judge {
    catalog: Arc<Catalog>,
    decoder: Decoder,
    evaluator: Evaluator,
    rows: Rows,
}

impl Judge {
    pub(in crate::cli) fn new(catalog: Arc<Catalog>) -> Self {
        let (decoder, evaluator) = (Decoder::new(&catalog), Evaluator::new(Arc::clone(&catalog)));
        let rows = Rows::new(Arc::clone(&catalog));
        Self { catalog, decoder, evaluator, rows }
    }

    pub(super) fn line(&mut self, number: u64, line: &[u8]) -> Verdict {
        let mut verdict = Verdict { line: number, ..Verdict::default() };
        let sample = std::str::from_utf8(line)
            .map_err(|error| format!("the line is not UTF-8 (byte {})", error.valid_up_to() + 1))
            .map(|line| read_line(line, &self.catalog));
        match sample {
            Err(error) => verdict.error = Some(error),
            Ok(Err(SampleError::UnknownTable { found, .. })) => {
                verdict.ignored = Some(format!("no table reads events from `{found}`"));
            }
            Ok(Err(error)) => verdict.error = Some(error.to_string()),
            Ok(Ok(sample)) => self.sample(&sample, &mut verdict),
        }
        verdict
    }

    fn sample(&mut self, sample: &Sample, verdict: &mut Verdict) {
        verdict.topic = Some(sample.topic.clone());
        (verdict.partition, verdict.offset) = (sample.partition, sample.offset);
        match sample.place {
            Place::Table(table) => self.event(table, &sample.record(), verdict),
            Place::Ignored => {
                verdict.ignored = Some("a heartbeat or a transaction marker, ignored on purpose".to_owned());
            }
            Place::OtherTopic => verdict.ignored = Some("no table has this topic".to_owned()),
        }
    }

    /// A record by itself: of the rows of tracked tables nothing is known.
    pub(in crate::cli) fn record_alone(
        &mut self,
        record: &Record<'_>,
        partition: i32,
        offset: i64,
    ) -> Verdict {
        let topic = Some(record.topic.to_owned());
        let mut verdict =
            Verdict { topic, partition: Some(partition), offset: Some(offset), ..Verdict::default() };
        self.rows = Rows::new(Arc::clone(&self.catalog));
        for table in self.catalog.tracked_tables() {
            self.rows.incomplete(table);
        }
        match self.catalog.table_by_topic(record.topic) {
            Some(table) => self.event(table, record, &mut verdict),
            None => verdict.ignored = Some("no table has this topic".to_owned()),
        }
        verdict
    }

    fn event(&mut self, table: TableId, record: &Record<'_>, verdict: &mut Verdict) {
        verdict.table = Some(self.catalog.table(table).name.clone());
        let mut effects = Collected { catalog: &self.catalog, effects: Vec::new() };
        match self.decoder.decode(table, record) {
            Err(poison) => {
                verdict.error = Some(poison.to_string());
                if self.catalog.table(table).tracked {
                    let key = self.decoder.key(table, record);
                    self.rows.forget(table, key.as_ref());
                }
                self.evaluator.widen(table, Reason::Undecodable, &mut effects);
            }
            Ok(Event::Tombstone) => {
                verdict.operation = Some("tombstone");
                verdict.ignored = Some("a tombstone; the delete before it said what happened".to_owned());
            }
            Ok(Event::Message) => {
                verdict.operation = Some("message");
                verdict.ignored = Some("a logical decoding message, which concerns no row".to_owned());
            }
            Ok(Event::Change(change)) => {
                verdict.operation = Some(change.operation.name());
                self.evaluator.evaluate(&mut self.rows, &change, &mut effects);
                if effects.effects.is_empty() {
                    verdict.ignored = Some(why_nothing(&self.evaluator, change.table).to_owned());
                }
                verdict.effects = effects.effects;
                return self.decoder.recycle(change);
            }
        }
        verdict.effects = effects.effects;
    }
}

fn why_nothing(evaluator: &Evaluator, table: TableId) -> &'static str {
    let rules = evaluator.rules().of(table);
    let by_itself = |rule: &Rule| matches!(&rule.does, Does::Keys(route) if route.relations.is_empty());
    if rules.is_empty() {
        "no view reads this table"
    } else if !evaluator.is_read() {
        "no view reads what changed"
    } else if rules.iter().all(by_itself) {
        "a column that fills the key is null, so the row has no key"
    } else {
        "a link or a column that fills the key is null, or no row leads to this one or from it to a key"
    }
}

/// A value as it is compared with a parameter.
fn plain(value: &Value<'_>) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(truth) => truth.to_string(),
        Value::Int(number) => number.to_string(),
        Value::UInt(number) => number.to_string(),
        Value::Text(text) => format!("'{text}'"),
        Value::Json(text) => text.to_string(),
        Value::Missing | Value::Unavailable | Value::Digest(_) => "?".to_owned(),
    }
}

struct Collected<'c> {
    catalog: &'c Catalog,
    effects: Vec<Effect>,
}

impl Collected<'_> {
    fn push(&mut self, view: ViewId, goes: Goes, why: Why<'_>) {
        let view = self.catalog.view(view);
        let settle = view.again().map(|settle| format_duration(settle).to_string());
        let (reason, why) = (why.reason.label(), why.to_string());
        self.effects.push(Effect { view: view.name.clone(), goes, reason, why, settle });
    }
}

impl Effects for Collected<'_> {
    fn key(&mut self, view: ViewId, key: &str, why: Why<'_>) {
        self.push(view, Goes::Key(key.to_owned()), why);
    }

    fn family(&mut self, view: ViewId, why: Why<'_>) {
        let pattern = self.catalog.view(view).pattern.text();
        self.push(view, Goes::Family(pattern), why);
    }

    fn affected(&mut self, view: ViewId, rows: &[Row<'_>], why: Why<'_>) {
        let definition = self.catalog.view(view);
        let affects = definition.parameters.iter().find_map(|parameters| parameters.affects.as_ref());
        let Some(affects) = affects else { return self.family(view, why) };
        let columns = &self.catalog.table(affects.table).columns;
        let names = affects.columns.iter().map(|column| columns[column.index()].name.clone());
        let named = |row: &Row<'_>| names.clone().zip(row.iter().map(plain)).collect();
        let rows = rows.iter().map(named).collect();
        self.push(view, Goes::Affected { family: definition.pattern.text(), rows }, why);
    }
}
