//! A row that the database tells, as a value in Redis: a mapping of its columns in their order; or what is in its only
//! column, if that is `value` and of type `json` or `jsonb`.

use std::error::Error;

use serde_json::Value as Json;
use tokio_postgres::types::{FromSql, Type};
use tokio_postgres::{Column, Row};

use super::DatabaseError;
use crate::values::{Datum, Format, Tree};

/// Whether values of these columns can be written.
pub(super) fn check(columns: &[Column]) -> Result<(), DatabaseError> {
    let known =
        |r#type: &Type| is_json(r#type) || is_text(r#type) || is_number(r#type) || *r#type == Type::BOOL;
    match columns.iter().find(|column| !known(column.type_())) {
        None if columns.is_empty() => Err(DatabaseError::NoColumn),
        None => Ok(()),
        Some(column) => Err(DatabaseError::Column {
            name: column.name().to_owned(),
            r#type: column.type_().name().to_owned(),
        }),
    }
}

/// As of a value that is written from the stream.
const MOST_BYTES: usize = 1 << 20;

pub(super) fn bytes(row: &Row, format: Format) -> Result<Vec<u8>, DatabaseError> {
    let cells = (0..row.len()).map(|index| cell(row, index)).collect::<Result<Vec<_>, _>>()?;
    let columns = row.columns();
    let tree = match (columns, &cells[..]) {
        ([column], [Cell::Json(json)]) if column.name() == "value" => tree(json),
        _ => Tree::Map(columns.iter().map(Column::name).zip(cells.iter().map(Cell::tree)).collect()),
    };
    let spelled = tree.bytes(format.spelling).map_err(|_| DatabaseError::Number)?;
    if spelled.len() > MOST_BYTES { Err(DatabaseError::TooLarge) } else { Ok(format.pack(spelled)) }
}

enum Cell<'r> {
    Json(Json),
    Datum(Datum<'r>),
}

impl Cell<'_> {
    fn tree(&self) -> Tree<'_> {
        match self {
            Self::Json(json) => tree(json),
            Self::Datum(datum) => Tree::Leaf(datum.clone()),
        }
    }
}

fn cell(row: &Row, index: usize) -> Result<Cell<'_>, DatabaseError> {
    let r#type = row.columns()[index].type_();
    if is_json(r#type) {
        let json = row.try_get::<_, Option<Text<'_>>>(index)?;
        if json.as_ref().is_some_and(|Text(json)| json.len() > MOST_BYTES) {
            return Err(DatabaseError::TooLarge);
        }
        let json = json.map_or(Ok(Json::Null), |Text(json)| serde_json::from_slice(json));
        return json.map(Cell::Json).map_err(|_| DatabaseError::Number);
    }
    let float = |number: Option<f64>| match number {
        Some(number) if !number.is_finite() => Err(DatabaseError::Number),
        number => Ok(number.map(Datum::Float)),
    };
    let datum = match *r#type {
        Type::BOOL => row.try_get::<_, Option<bool>>(index)?.map(Datum::Truth),
        Type::INT2 => row.try_get::<_, Option<i16>>(index)?.map(|number| Datum::Integer(number.into())),
        Type::INT4 => row.try_get::<_, Option<i32>>(index)?.map(|number| Datum::Integer(number.into())),
        Type::INT8 => row.try_get::<_, Option<i64>>(index)?.map(|number| Datum::Integer(number.into())),
        Type::FLOAT4 => float(row.try_get::<_, Option<f32>>(index)?.map(as_written))?,
        Type::FLOAT8 => float(row.try_get(index)?)?,
        _ => row.try_get::<_, Option<&str>>(index)?.map(|text| Datum::Text(text.into())),
    };
    Ok(Cell::Datum(datum.unwrap_or(Datum::Null)))
}

/// A number with a point or an exponent is a float, as for Python.
fn tree(json: &Json) -> Tree<'_> {
    match json {
        Json::Null => Tree::Leaf(Datum::Null),
        Json::Bool(truth) => Tree::Leaf(Datum::Truth(*truth)),
        Json::Number(number) => Tree::Leaf(match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (Some(number), ..) => Datum::Integer(number.into()),
            (_, Some(number), _) => Datum::Integer(number.into()),
            (.., float) => float.map_or(Datum::Null, Datum::Float),
        }),
        Json::String(text) => Tree::Leaf(Datum::Text(text.into())),
        Json::Array(list) => Tree::List(list.iter().map(tree).collect()),
        Json::Object(fields) => {
            Tree::Map(fields.iter().map(|(name, value)| (name.as_str(), tree(value))).collect())
        }
    }
}

/// What drivers make of the text that PostgreSQL writes: 0.1 and not the nearest binary32, which is 0.10000000149.
fn as_written(number: f32) -> f64 {
    number.to_string().parse().unwrap_or_else(|_| f64::from(number))
}

fn is_json(r#type: &Type) -> bool {
    matches!(*r#type, Type::JSON | Type::JSONB)
}

fn is_text(r#type: &Type) -> bool {
    matches!(*r#type, Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME)
}

fn is_number(r#type: &Type) -> bool {
    matches!(*r#type, Type::INT2 | Type::INT4 | Type::INT8 | Type::FLOAT4 | Type::FLOAT8)
}

/// The text of a JSON value.
struct Text<'r>(&'r [u8]);

impl<'r> FromSql<'r> for Text<'r> {
    fn from_sql(r#type: &Type, raw: &'r [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        match (raw, r#type) {
            // The number of its format.
            ([1, text @ ..], &Type::JSONB) => Ok(Self(text)),
            (_, &Type::JSONB) => Err("jsonb of another version".into()),
            (text, _) => Ok(Self(text)),
        }
    }

    fn accepts(r#type: &Type) -> bool {
        is_json(r#type)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::Spelling;

    #[test]
    fn floats_are_what_was_written_to_the_last_digit() {
        let text = "[31.245270191439438,0.30000000000000004,1.0,-2.5e-8,12]";
        let json: Json = serde_json::from_str(text).expect("JSON");
        let bytes = tree(&json).bytes(Spelling::Json).expect("a value");
        assert_eq!(str::from_utf8(&bytes), Ok(text));
        assert_eq!((as_written(0.1), as_written(1e20)), (0.1, 1e20));
    }
}
