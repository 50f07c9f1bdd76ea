use std::sync::Arc;

use serde::Serialize;

use crate::catalog::{Catalog, TableId, ViewId};
use crate::change::Change;
use crate::debezium::samples::{Place, Sample, SampleError, read_line};
use crate::debezium::{Decoder, Event};
use crate::views::{Effects, Evaluator, Reason, Why};

/// What one line comes to. Its fields are the machine-readable output; what is not known is null.
#[derive(Debug, Default, Serialize)]
pub(super) struct Verdict {
    pub(super) line: u64,
    pub(super) topic: Option<String>,
    pub(super) partition: Option<i32>,
    pub(super) offset: Option<i64>,
    pub(super) table: Option<String>,
    pub(super) operation: Option<&'static str>,
    pub(super) effects: Vec<Effect>,
    /// Why nothing goes.
    pub(super) ignored: Option<String>,
    /// Why the line is no event, or the event cannot be decoded.
    pub(super) error: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct Effect {
    pub(super) view: String,
    #[serde(flatten)]
    pub(super) goes: Goes,
    pub(super) reason: &'static str,
    pub(super) why: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Goes {
    Key(String),
    /// The view's pattern.
    Family(String),
}

/// Reads lines and says what each does.
pub(super) struct Judge {
    catalog: Arc<Catalog>,
    decoder: Decoder,
    evaluator: Evaluator,
}

impl Judge {
    pub(super) fn new(catalog: Arc<Catalog>) -> Self {
        let (decoder, evaluator) = (Decoder::new(&catalog), Evaluator::new(Arc::clone(&catalog)));
        Self { catalog, decoder, evaluator }
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
            Place::Table(table) => self.event(table, sample, verdict),
            Place::Ignored => {
                verdict.ignored = Some("a heartbeat or a transaction marker, ignored on purpose".to_owned());
            }
            Place::OtherTopic => verdict.ignored = Some("no table has this topic".to_owned()),
        }
    }

    fn event(&mut self, table: TableId, sample: &Sample, verdict: &mut Verdict) {
        verdict.table = Some(self.catalog.table(table).name.clone());
        let mut effects = Collected { catalog: &self.catalog, effects: Vec::new() };
        match self.decoder.decode(table, &sample.record()) {
            Err(poison) => {
                verdict.error = Some(poison.to_string());
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
                self.evaluator.evaluate(&change, &mut effects);
                if effects.effects.is_empty() {
                    verdict.ignored = Some(why_nothing(&self.evaluator, &change).to_owned());
                }
                verdict.effects = effects.effects;
                return self.decoder.recycle(change);
            }
        }
        verdict.effects = effects.effects;
    }
}

fn why_nothing(evaluator: &Evaluator, change: &Change<'_>) -> &'static str {
    if evaluator.rules().of(change.table).is_empty() {
        "no view reads this table"
    } else if evaluator.is_read(change) {
        "a column that fills the key is null, so the row has no key"
    } else {
        "no view reads what changed"
    }
}

struct Collected<'c> {
    catalog: &'c Catalog,
    effects: Vec<Effect>,
}

impl Collected<'_> {
    fn push(&mut self, view: ViewId, goes: Goes, why: Why<'_>) {
        let view = self.catalog.view(view).name.clone();
        self.effects.push(Effect { view, goes, reason: why.reason.label(), why: why.to_string() });
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
}
