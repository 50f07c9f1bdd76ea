use std::fmt::Write as _;

use md5::{Digest as _, Md5};
use serde_json::Value as Json;

use super::{ColumnId, KeyFormat, TableId};
use crate::change::{Row, Value};
use crate::expressions::Condition;

/// What readers ask a declared family for: each set of parameters has a key of its own.
///
/// Readers register the sets that they ask for. What a change of a row does not affect of these is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameters {
    /// In the order in which the key names them; a registered set is the list of their values.
    pub names: Vec<String>,
    pub key: ParameterKey,
    /// Absent: every change deletes the whole family.
    pub affects: Option<Affects>,
    /// So many registered sets count, the youngest of them.
    pub max_sets: usize,
}

/// Which sets a row belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Affects {
    /// As it was written.
    pub text: String,
    /// The first table that the view is computed from.
    pub table: TableId,
    /// What the condition's columns stand for.
    pub columns: Vec<ColumnId>,
    pub condition: Condition,
}

/// The key of a set of parameters, spelled as on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterKey {
    /// As it was written, in the key format.
    text: String,
    /// There is a literal more than there are holes.
    literals: Vec<String>,
    holes: Vec<Hole>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Hole {
    /// The parameter's value.
    Plain(usize),
    /// The first 8 hexadecimal digits of the MD5 of these parameters' values, joined by colons.
    Md5(Vec<usize>),
}

/// What is wrong with the key of a set of parameters, and what would be right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParameterKeyError {
    #[error("the brace at character {at} has no partner; a literal brace is doubled: `{{{{` or `}}}}`")]
    Brace { at: usize },
    #[error(
        "`{{{inner}}}` is no parameter, and no row fills the key of a family; write `{{:name}}`, or `{{md5_8(:one, :other)}}`"
    )]
    NoParameter { inner: String },
    #[error("the parameter `:{name}` stands twice; name it once")]
    Repeated { name: String },
    #[error("the key has no parameter; write one, such as `{{:name}}`, or remove the key")]
    None,
    #[error("the key does not begin with the family's prefix `{prefix}`; begin it so")]
    Prefix { prefix: String },
}

impl ParameterKey {
    /// Reads a key as the configuration writes it, beside a family with this prefix on the wire. Returns the names of its
    /// parameters too.
    pub fn parse(
        text: &str,
        format: &KeyFormat,
        prefix: &str,
    ) -> Result<(Self, Vec<String>), ParameterKeyError> {
        let (mut literals, inners) =
            super::template::split(text).map_err(|at| ParameterKeyError::Brace { at })?;
        let (mut names, mut holes) = (Vec::new(), Vec::with_capacity(inners.len()));
        for inner in inners {
            let (mentioned, hashed) =
                mentioned(&inner).ok_or_else(|| ParameterKeyError::NoParameter { inner: inner.clone() })?;
            let first = names.len();
            for name in mentioned {
                if names.contains(&name) {
                    return Err(ParameterKeyError::Repeated { name });
                }
                names.push(name);
            }
            holes.push(if hashed { Hole::Md5((first..names.len()).collect()) } else { Hole::Plain(first) });
        }
        if names.is_empty() {
            return Err(ParameterKeyError::None);
        }
        literals[0].insert_str(0, &format.prefix);
        if !literals[0].starts_with(prefix) {
            let prefix = prefix.strip_prefix(&format.prefix).unwrap_or(prefix).to_owned();
            return Err(ParameterKeyError::Prefix { prefix });
        }
        if let Some(last) = literals.last_mut() {
            last.push_str(&format.suffix);
        }
        let text = format!("{}{text}{}", format.prefix, format.suffix);
        Ok((Self { text, literals, holes }, names))
    }

    /// The key of a set, on the wire. A null is the empty text.
    pub fn spell(&self, set: &[Value<'_>]) -> String {
        let mut key = self.literals[0].clone();
        for (hole, literal) in self.holes.iter().zip(&self.literals[1..]) {
            match hole {
                Hole::Plain(index) => spell(&set[*index], &mut key),
                Hole::Md5(indexes) => {
                    let mut joined = String::new();
                    for (place, index) in indexes.iter().enumerate() {
                        if place > 0 {
                            joined.push(':');
                        }
                        spell(&set[*index], &mut joined);
                    }
                    for byte in &Md5::digest(joined.as_bytes())[..4] {
                        // Writing to a `String` cannot fail.
                        let _ = write!(key, "{byte:02x}");
                    }
                }
            }
            key.push_str(literal);
        }
        key
    }

    /// As a person reads it, on the wire.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl Parameters {
    /// A set as a reader registers it: a JSON list of a value for each parameter. What is absent, empty or zero is null, so that
    /// one key has one such list; all else is an integer or a text. `None` for anything else.
    pub fn set(&self, registered: &[u8]) -> Option<Row<'static>> {
        let list: Vec<Json> = serde_json::from_slice(registered).ok()?;
        if list.len() != self.names.len() {
            return None;
        }
        let value = |one: Json| match one {
            Json::Null => Some(Value::Null),
            Json::String(text) if !text.is_empty() => Some(Value::Text(text.into())),
            Json::Number(number) => match (number.as_i64(), number.as_u64()) {
                (Some(0), _) => None,
                (Some(number), _) => Some(Value::Int(number)),
                (_, Some(number)) => Some(Value::UInt(number)),
                _ => None,
            },
            _ => None,
        };
        list.into_iter().map(value).collect()
    }
}

/// The parameters that a hole names, and whether it is a hash of them.
fn mentioned(inner: &str) -> Option<(Vec<String>, bool)> {
    let name = |text: &str| {
        let name = text.trim().strip_prefix(':')?;
        let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        is_name.then(|| name.to_owned())
    };
    let inner = inner.trim();
    match inner.strip_prefix("md5_8(") {
        None => Some((vec![name(inner)?], false)),
        Some(list) => {
            let names = list.strip_suffix(')')?.split(',').map(name).collect::<Option<_>>()?;
            Some((names, true))
        }
    }
}

fn spell(value: &Value<'_>, out: &mut String) {
    match value {
        Value::Int(number) => out.push_str(itoa::Buffer::new().format(*number)),
        Value::UInt(number) => out.push_str(itoa::Buffer::new().format(*number)),
        Value::Text(text) => out.push_str(text),
        _ => {}
    }
}

#[cfg(test)]
#[path = "parameters_tests.rs"]
mod tests;
