//! What a column of the database is in a change event.

use std::borrow::Cow;

use crate::catalog::ColumnType;
use crate::change::Value;

/// A column as the database describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    /// As a statement names it, in whatever schema it is.
    pub cast: String,
    pub kind: Kind,
}

/// How Debezium sends a column, and so how a value reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Integer,
    Boolean,
    Text,
    /// Text that is padded: a cast would strip that.
    Padded,
    /// Text that is not asked for by its own type, because not every text is one of its values.
    Label,
    Uuid,
    /// A number that is no integer.
    Number,
}

impl Kind {
    /// Of a type by its name in `pg_type`, or `enum`. A numeric comes as text or as a number
    /// (`decimal.handling.mode`), which the column's declared type tells. `None`: it comes in a form that depends on more.
    pub fn of(r#type: &str, declared: ColumnType) -> Option<Self> {
        Some(match (r#type, declared) {
            ("int2" | "int4" | "int8", _) => Self::Integer,
            ("bool", _) => Self::Boolean,
            ("text" | "varchar" | "name" | "citext", _) => Self::Text,
            ("bpchar", _) => Self::Padded,
            ("enum", _) | ("numeric", ColumnType::Text) => Self::Label,
            ("uuid", _) => Self::Uuid,
            ("float4" | "float8", _) | ("numeric", ColumnType::Float) => Self::Number,
            _ => return None,
        })
    }

    /// What an event would hold, of what the database prints.
    pub fn value(self, text: Option<&str>) -> Value<'_> {
        let Some(text) = text else { return Value::Null };
        match self {
            Self::Integer => text.parse().map_or(Value::Missing, Value::Int),
            Self::Boolean => Value::Bool(text == "true"),
            Self::Text | Self::Padded | Self::Label | Self::Uuid => Value::Text(Cow::Borrowed(text)),
            Self::Number => Value::Json(Cow::Borrowed(text)),
        }
    }

    /// Whether a text can be asked for as a value of the type. Another one is that of no row.
    pub fn takes(self, text: &str) -> bool {
        match self {
            Self::Integer => text.parse::<i64>().is_ok(),
            Self::Uuid => {
                let groups: Vec<_> = text.split('-').map(str::len).collect();
                groups == [8, 4, 4, 4, 12]
                    && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
            }
            Self::Text | Self::Padded | Self::Label => !text.contains('\0'),
            // Such a column fills no hole.
            Self::Boolean | Self::Number => false,
        }
    }
}
