use std::cell::RefCell;

use super::Trouble;
use super::datum::Datum;
use super::expression::Given;
use super::plan::{Plan, Slot};
use crate::catalog::{Catalog, ColumnType};
use crate::change::Value;
use crate::rows::{Found, Image, Rows};

/// Where rows are read from, for one plan.
#[derive(Clone, Copy)]
pub(super) struct Source<'d> {
    pub(super) catalog: &'d Catalog,
    pub(super) rows: &'d Rows,
    pub(super) plan: &'d Plan,
}

/// A row of the base table. What is read of it, and of the rows behind it, is read when it is asked for, and once.
pub(super) struct Row<'d> {
    source: Source<'d>,
    image: &'d Image,
    read: RefCell<Vec<Option<Datum<'d>>>>,
}

impl<'d> Row<'d> {
    pub(super) fn new(source: Source<'d>, image: &'d Image) -> Self {
        Self { source, image, read: RefCell::new(vec![None; source.plan.slots.len()]) }
    }

    pub(super) const fn image(&self) -> &'d Image {
        self.image
    }

    /// Goes to another row.
    pub(super) fn turn(&mut self, image: &'d Image) {
        self.image = image;
        self.read.get_mut().fill(None);
    }
}

impl<'d> Given<'d> for Row<'d> {
    fn slot(&self, slot: usize) -> Result<Datum<'d>, Trouble> {
        if let Some(datum) = &self.read.borrow()[slot] {
            return Ok(datum.clone());
        }
        let datum = self.source.read(self.image, &self.source.plan.slots[slot])?;
        self.read.borrow_mut()[slot] = Some(datum.clone());
        Ok(datum)
    }

    /// Expressions over single rows have no aggregates.
    fn aggregate(&self, _: usize) -> Datum<'d> {
        Datum::Null
    }

    fn field(&self, _: usize) -> Datum<'d> {
        Datum::Null
    }
}

impl<'d> Source<'d> {
    /// As a `LEFT JOIN` reads it: behind a null link, or one to a row that is gone, everything is null.
    fn read(self, image: &'d Image, slot: &Slot) -> Result<Datum<'d>, Trouble> {
        let (mut table, mut image) = (self.plan.table, image);
        for relation in &slot.relations {
            let relation = self.catalog.relation(*relation);
            let link = match self.rows.value(table, image, relation.column) {
                Value::Null => return Ok(Datum::Null),
                Value::Missing | Value::Unavailable => return Err(Trouble::Unresolved),
                link => link,
            };
            image = match self.rows.find(relation.to, &link) {
                Found::Known(image) => image,
                Found::Absent => return Ok(Datum::Null),
                Found::Unseen | Found::Unknown => return Err(Trouble::Unresolved),
            };
            table = relation.to;
        }
        datum(self.rows.value(table, image, slot.column), slot.r#type)
    }
}

/// A column's value, if it is of the column's type. What was not declared is an integer.
fn datum(value: Value<'_>, r#type: ColumnType) -> Result<Datum<'_>, Trouble> {
    match (r#type, value) {
        (_, Value::Null) => Ok(Datum::Null),
        (_, Value::Missing | Value::Unavailable | Value::Digest(_)) => Err(Trouble::Unresolved),
        (ColumnType::Any | ColumnType::Integer, Value::Int(number)) => Ok(Datum::Integer(number.into())),
        (ColumnType::Any | ColumnType::Integer, Value::UInt(number)) => Ok(Datum::Integer(number.into())),
        (ColumnType::Boolean, Value::Bool(truth)) => Ok(Datum::Truth(truth)),
        (ColumnType::Text, Value::Text(text)) => Ok(Datum::Text(text)),
        (ColumnType::Float, Value::Int(number)) => Datum::float(Datum::Integer(number.into()).number()?),
        (ColumnType::Float, Value::UInt(number)) => Datum::float(Datum::Integer(number.into()).number()?),
        (ColumnType::Float, Value::Json(text)) => Datum::float(number(&text)?),
        _ => Err(Trouble::Value),
    }
}

/// A number as JSON spells it; Rust reads more than that.
fn number(text: &str) -> Result<f64, Trouble> {
    let is_number = text.starts_with(|c: char| c.is_ascii_digit() || c == '-');
    text.parse().ok().filter(|_| is_number).ok_or(Trouble::Value)
}
