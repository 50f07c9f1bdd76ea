use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::poison::Fault;
use super::row::{Plan, RowSeed};
use crate::change::Row;

/// The fields of an event that a change is made of, as far as the event has them.
#[derive(Debug, Default)]
pub(super) struct Envelope<'a> {
    /// The whole value, or its payload, is null.
    pub null: bool,
    pub before: Option<Row<'a>>,
    pub after: Option<Row<'a>>,
    /// JSON as it was written, so that a field of a wrong type is judged here and not by serde.
    pub op: Option<&'a str>,
    pub source: Source<'a>,
}

/// The fields of `source` that count, each as JSON.
#[derive(Debug, Default)]
pub(super) struct Source<'a> {
    pub table: Option<&'a str>,
    pub lsn: Option<&'a str>,
    pub ts_us: Option<&'a str>,
    pub ts_ms: Option<&'a str>,
    pub snapshot: Option<&'a str>,
}

/// What a reading of one event needs.
pub(super) struct Reading<'s> {
    pub plan: &'s Plan,
    pub spare: &'s mut Vec<Row<'static>>,
    pub fault: Fault,
}

/// Reads an envelope, or the payload of a value with schemas, which is the same one level deeper.
pub(super) struct EnvelopeSeed<'s, 'r, 'de> {
    pub reading: &'s mut Reading<'r>,
    pub envelope: &'s mut Envelope<'de>,
    pub inside_payload: bool,
}

impl<'de> DeserializeSeed<'de> for EnvelopeSeed<'_, '_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.reading.fault.field = if self.inside_payload { "payload" } else { "event" };
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for EnvelopeSeed<'_, '_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a change event")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.envelope.null = true;
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { reading, envelope, inside_payload } = self;
        let mut seen = 0_u8;
        while let Some(field) = map.next_key::<Field>()? {
            if field == Field::Other || (field == Field::Payload && inside_payload) {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let bit = 1 << field as u8;
            if seen & bit != 0 {
                return Err(reading.fault.raise(format!("`{}` stands twice", field.name())));
            }
            // An event with schemas has its fields in the payload only; one that has them at both levels says two things.
            if (field == Field::Payload && seen != 0) || seen & (1 << Field::Payload as u8) != 0 {
                return Err(reading.fault.raise("fields of an event stand beside a `payload`".to_owned()));
            }
            seen |= bit;
            reading.fault.field = field.name();
            match field {
                Field::Before => envelope.before = map.next_value_seed(reading.row())?,
                Field::After => envelope.after = map.next_value_seed(reading.row())?,
                Field::Source => map.next_value_seed(SourceSeed {
                    fault: &mut reading.fault,
                    source: &mut envelope.source,
                })?,
                Field::Op => envelope.op = Some(map.next_value::<&RawValue>()?.get()),
                Field::Payload => {
                    map.next_value_seed(EnvelopeSeed { reading, envelope, inside_payload: true })?;
                }
                Field::Other => {}
            }
        }
        Ok(())
    }
}

impl Reading<'_> {
    fn row(&mut self) -> RowSeed<'_> {
        RowSeed { plan: self.plan, spare: self.spare, fault: &mut self.fault }
    }
}

/// Reads `source` where it is an object; null is none.
struct SourceSeed<'s, 'de> {
    fault: &'s mut Fault,
    source: &'s mut Source<'de>,
}

impl<'de> DeserializeSeed<'de> for SourceSeed<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for SourceSeed<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a source")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(field) = map.next_key::<SourceField>()? {
            let (place, name) = match field {
                SourceField::Table => (&mut self.source.table, "table"),
                SourceField::Lsn => (&mut self.source.lsn, "lsn"),
                SourceField::TsUs => (&mut self.source.ts_us, "ts_us"),
                SourceField::TsMs => (&mut self.source.ts_ms, "ts_ms"),
                SourceField::Snapshot => (&mut self.source.snapshot, "snapshot"),
                SourceField::Other => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            if place.replace(map.next_value::<&RawValue>()?.get()).is_some() {
                return Err(self.fault.raise(format!("`source.{name}` stands twice")));
            }
        }
        Ok(())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Field {
    Before,
    After,
    Source,
    Op,
    Payload,
    #[serde(other)]
    Other,
}

impl Field {
    const fn name(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::After => "after",
            Self::Source => "source",
            Self::Op => "op",
            Self::Payload => "payload",
            Self::Other => "another field",
        }
    }
}

#[derive(Debug, Clone, Copy, serde::Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum SourceField {
    Table,
    Lsn,
    TsUs,
    TsMs,
    Snapshot,
    #[serde(other)]
    Other,
}
