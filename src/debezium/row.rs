use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::poison::Fault;
use super::value::classify;
use crate::catalog::{ColumnId, Table};
use crate::change::{Row, Value};

/// What of a table's rows is to be read.
#[derive(Debug)]
pub(super) struct Plan {
    columns: Vec<Box<str>>,
    /// Bit n says that a needed column has a name of n bytes (63: or more), which settles most of the others.
    lengths: u64,
    pub primary_key: Vec<ColumnId>,
    pub source_table: Option<Box<str>>,
    pub tracked: bool,
}

impl Plan {
    pub(super) fn new(table: &Table) -> Self {
        let columns: Vec<Box<str>> = table.columns.iter().map(|column| column.name.as_str().into()).collect();
        Self {
            lengths: columns.iter().fold(0, |lengths, name| lengths | length_bit(name)),
            columns,
            primary_key: table.primary_key.clone(),
            source_table: table.source_table.as_deref().map(Into::into),
            tracked: table.tracked,
        }
    }

    pub(super) fn name(&self, column: usize) -> &str {
        &self.columns[column]
    }

    fn find(&self, name: &str) -> Option<usize> {
        if self.lengths & length_bit(name) == 0 {
            return None;
        }
        self.columns.iter().position(|column| **column == *name)
    }
}

fn length_bit(name: &str) -> u64 {
    1 << name.len().min(63)
}

/// Reads an object into a row of the plan's columns; null into none.
pub(super) struct RowSeed<'s> {
    pub plan: &'s Plan,
    pub spare: &'s mut Vec<Row<'static>>,
    pub fault: &'s mut Fault,
}

impl<'de> DeserializeSeed<'de> for RowSeed<'_> {
    type Value = Option<Row<'de>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for RowSeed<'_> {
    type Value = Option<Row<'de>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a row")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut row: Row<'de> = self.spare.pop().unwrap_or_default();
        row.resize(self.plan.columns.len(), Value::Missing);
        while let Some(column) = map.next_key_seed(ColumnSeed(self.plan))? {
            let Some(column) = column else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let raw: &'de RawValue = map.next_value()?;
            if !matches!(row[column], Value::Missing) {
                return Err(self
                    .fault
                    .raise(format!("the column `{}` stands twice", self.plan.name(column))));
            }
            row[column] = classify(raw.get()).map_err(|what| {
                self.fault.raise(format!("the column `{}` is no text: {what}", self.plan.name(column)))
            })?;
        }
        Ok(Some(row))
    }
}

/// Finds a field's name among the needed columns, without keeping it.
struct ColumnSeed<'s>(&'s Plan);

impl<'de> DeserializeSeed<'de> for ColumnSeed<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for ColumnSeed<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a column's name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.0.find(name))
    }
}
