use serde::de::DeserializeSeed;

use super::envelope::{Envelope, EnvelopeSeed, Reading, Source};
use super::poison::{Fault, utf8};
use super::row::Plan;
use super::{Event, Part, Poison, Record, key, value};
use crate::catalog::{Catalog, TableId};
use crate::change::{Change, Operation, Row, Snapshot, emptied};

/// Rows beyond this are freed: a caller that holds many changes at once shall not make the decoder hold them for ever.
const SPARE_ROWS: usize = 16;

/// Reads records. One for each thread, since it keeps buffers.
#[derive(Debug)]
pub struct Decoder {
    plans: Vec<Plan>,
    /// By table, whether a message key was seen that is of the primary key's columns: then all of them are.
    keyed: Vec<bool>,
    spare: Vec<Row<'static>>,
}

impl Decoder {
    pub fn new(catalog: &Catalog) -> Self {
        Self {
            plans: catalog.tables.iter().map(Plan::new).collect(),
            keyed: vec![false; catalog.tables.len()],
            spare: Vec::new(),
        }
    }

    /// Reads one record of the topic of `table`.
    pub fn decode<'a>(&mut self, table: TableId, record: &Record<'a>) -> Result<Event<'a>, Poison> {
        let Some(value) = record.value else { return Ok(Event::Tombstone) };
        if value.is_empty() {
            return Err(Poison::Empty);
        }
        let plan = &self.plans[table.index()];
        let envelope = read(plan, &mut self.spare, utf8(Part::Value, value)?)?;
        if envelope.null {
            return Ok(Event::Tombstone);
        }
        let operation = match envelope.op {
            None => return Err(Poison::NoEnvelope),
            Some(r#""u""#) => Operation::Update,
            Some(r#""c""#) => Operation::Create,
            Some(r#""d""#) => Operation::Delete,
            Some(r#""r""#) => Operation::Snapshot,
            Some(r#""t""#) => Operation::Truncate,
            Some(r#""m""#) => return Ok(Event::Message),
            Some(other) => {
                return Err(Poison::UnknownOperation { operation: other.chars().take(16).collect() });
            }
        };
        check_table(plan, &envelope.source)?;
        let keyed = &mut self.keyed[table.index()];
        if !*keyed && operation != Operation::Truncate {
            *keyed = key::is_of_primary_key(plan, record)?;
        }

        let (mut before, after) = (envelope.before, envelope.after);
        match operation {
            Operation::Snapshot | Operation::Create | Operation::Update if after.is_none() => {
                return Err(Poison::NoImage { operation, image: "after" });
            }
            Operation::Delete if before.is_none() => before = Some(key::row(plan, &mut self.spare, record)?),
            _ => {}
        }
        Ok(Event::Change(Change {
            table,
            operation,
            snapshot: match envelope.source.snapshot {
                Some(r#""incremental""#) => Snapshot::Incremental,
                Some(r#""last_in_data_collection""# | r#""last""#) => Snapshot::Last,
                _ => Snapshot::Unsaid,
            },
            before,
            after,
            moved: key::moved(operation, record.headers)?,
            lsn: integer("lsn", envelope.source.lsn)?,
            committed_at: committed_at(&envelope.source)?,
        }))
    }

    /// The row that the record's key tells, its other columns missing: what is left of a record that cannot be read.
    pub fn key<'a>(&mut self, table: TableId, record: &Record<'a>) -> Option<Row<'a>> {
        key::row(&self.plans[table.index()], &mut self.spare, record).ok()
    }

    /// Gives a change's buffers back, so that the next event allocates nothing.
    pub fn recycle(&mut self, change: Change<'_>) {
        for row in [change.before, change.after].into_iter().flatten() {
            if self.spare.len() < SPARE_ROWS {
                self.spare.push(emptied(row));
            }
        }
    }
}

fn read<'a>(plan: &Plan, spare: &mut Vec<Row<'static>>, text: &'a str) -> Result<Envelope<'a>, Poison> {
    let mut envelope = Envelope::default();
    let mut reading = Reading { plan, spare, fault: Fault::default() };
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let seed = EnvelopeSeed { reading: &mut reading, envelope: &mut envelope, inside_payload: false };
    match seed.deserialize(&mut deserializer).and_then(|()| deserializer.end()) {
        Ok(()) => Ok(envelope),
        Err(error) => Err(reading.fault.into_poison(Part::Value, text, &error)),
    }
}

fn check_table(plan: &Plan, source: &Source<'_>) -> Result<(), Poison> {
    let (Some(expected), Some(raw)) = (plan.source_table.as_deref(), source.table) else { return Ok(()) };
    let found = value::text(raw);
    // Debezium replaces what a topic's name may not hold.
    let topic_name =
        |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') { c } else { '_' };
    if found.as_deref().is_some_and(|found| found.chars().map(topic_name).eq(expected.chars())) {
        return Ok(());
    }
    let found = found.as_deref().unwrap_or(raw).chars().take(64).collect();
    Err(Poison::WrongTable { expected: expected.to_owned(), found })
}

/// In microseconds. A source that does not say microseconds says milliseconds.
fn committed_at(source: &Source<'_>) -> Result<Option<i64>, Poison> {
    match integer("ts_us", source.ts_us)? {
        Some(micros) => Ok(Some(micros)),
        None => Ok(integer::<i64>("ts_ms", source.ts_ms)?.and_then(|millis| millis.checked_mul(1000))),
    }
}

/// A field of `source` that is a number or null. Anything else is a source that is not understood.
fn integer<T: std::str::FromStr>(field: &'static str, raw: Option<&str>) -> Result<Option<T>, Poison> {
    match raw {
        None | Some("null") => Ok(None),
        Some(raw) => raw.parse().map(Some).map_err(|_| Poison::Source { field }),
    }
}
