//! The first thing in which a cached value is not what the database says.

use std::cmp::Ordering;
use std::fmt;

use super::cached::{Cached, Part, Unreadable};
use crate::values::{Datum, Tree};

/// Letters of a text that are shown.
const SHOWN: usize = 60;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Where it is, such as `operators[0].name`; empty where it is the value as a whole.
    pub path: String,
    pub cached: String,
    pub database: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = if self.path.is_empty() { "the value" } else { &self.path };
        write!(f, "{path} is {} and in the database {}", self.cached, self.database)
    }
}

/// Numbers are equal that are one number, as in Python: an integer and a float may be. The order of a map does not count.
///
/// # Errors
/// The value holds, where a plain one is expected, something of which nothing is read.
pub fn difference(cached: &Cached, expected: &Tree<'_>) -> Result<Option<Difference>, Unreadable> {
    Comparison { cached, path: String::new() }.part(cached.root, expected)
}

struct Comparison<'c> {
    cached: &'c Cached,
    path: String,
}

impl Comparison<'_> {
    /// As deep as what is expected, which the configuration bounds.
    fn part(&mut self, at: usize, expected: &Tree<'_>) -> Result<Option<Difference>, Unreadable> {
        let part = &self.cached.parts[at];
        match (part, expected) {
            (Part::Other(class), _) => Err(Unreadable::Holds(class.clone())),
            (Part::List(items), all @ Tree::List(expected)) => {
                for (number, (item, expected)) in items.iter().zip(expected).enumerate() {
                    if let Some(found) = self.within(&format!("[{number}]"), *item, expected)? {
                        return Ok(Some(found));
                    }
                }
                let same = items.len() == expected.len();
                Ok((!same).then(|| self.told(part, all)))
            }
            (Part::Map(fields), Tree::Map(expected)) => self.map(fields, expected),
            (part, Tree::Leaf(datum)) if same(part, datum) => Ok(None),
            (part, expected) => Ok(Some(self.told(part, expected))),
        }
    }

    fn map(
        &mut self,
        fields: &[(usize, usize)],
        expected: &[(&str, Tree<'_>)],
    ) -> Result<Option<Difference>, Unreadable> {
        let name = |key: usize| match &self.cached.parts[key] {
            Part::Text(name) => Some(name.as_str()),
            _ => None,
        };
        let dot = if self.path.is_empty() { "" } else { "." };
        for (wanted, expected) in expected {
            // Of fields of one name the last one counts, as in Python.
            let found = fields.iter().rev().find(|(key, _)| name(*key) == Some(wanted));
            let step = format!("{dot}{wanted}");
            let Some((_, value)) = found else {
                let mut missing = self.told(&Part::Null, expected);
                missing.path.push_str(&step);
                "not there".clone_into(&mut missing.cached);
                return Ok(Some(missing));
            };
            if let Some(found) = self.within(&step, *value, expected)? {
                return Ok(Some(found));
            }
        }
        let unknown = |(key, _): &&(usize, usize)| {
            name(*key).is_none_or(|name| !expected.iter().any(|(wanted, _)| *wanted == name))
        };
        Ok(fields.iter().find(unknown).map(|(key, value)| Difference {
            path: format!("{}{dot}{}", self.path, name(*key).unwrap_or("?")),
            cached: shown(&self.cached.parts[*value]),
            database: "not there".to_owned(),
        }))
    }

    fn within(
        &mut self,
        step: &str,
        at: usize,
        expected: &Tree<'_>,
    ) -> Result<Option<Difference>, Unreadable> {
        let length = self.path.len();
        self.path.push_str(step);
        let found = self.part(at, expected);
        self.path.truncate(length);
        found
    }

    fn told(&self, part: &Part, expected: &Tree<'_>) -> Difference {
        Difference { path: self.path.clone(), cached: shown(part), database: shown_tree(expected) }
    }
}

fn same(part: &Part, datum: &Datum<'_>) -> bool {
    match (part, datum) {
        (Part::Null, Datum::Null) => true,
        (Part::Truth(one), Datum::Truth(other)) => one == other,
        (Part::Text(one), Datum::Text(other)) => *one == **other,
        (Part::Integer(one), Datum::Integer(other)) => one == other,
        (Part::Float(one), Datum::Float(other)) => one.partial_cmp(other) == Some(Ordering::Equal),
        (Part::Integer(integer), Datum::Float(float)) | (Part::Float(float), Datum::Integer(integer)) => {
            one_number(*integer, *float)
        }
        (Part::Decimal(text), Datum::Integer(integer)) => {
            let whole = text.split_once('.').map_or(text.as_str(), |(whole, rest)| {
                if rest.bytes().all(|byte| byte == b'0') { whole } else { text }
            });
            whole.parse() == Ok(*integer)
        }
        (Part::Decimal(text), Datum::Float(float)) => text.parse() == Ok(*float),
        _ => false,
    }
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "both ways, so that none is lost"
)]
fn one_number(integer: i128, float: f64) -> bool {
    (integer as f64).partial_cmp(&float) == Some(Ordering::Equal) && float as i128 == integer
}

fn shown(part: &Part) -> String {
    match part {
        Part::Null => "null".to_owned(),
        Part::Truth(truth) => truth.to_string(),
        Part::Integer(number) => number.to_string(),
        Part::Float(number) => format!("{number:?}"),
        Part::Decimal(text) => text.clone(),
        Part::Text(text) => quoted(text),
        Part::List(items) => format!("a list of {}", items.len()),
        Part::Map(fields) => format!("a map of {}", fields.len()),
        Part::Other(class) => format!("a Python {class}"),
    }
}

fn shown_tree(tree: &Tree<'_>) -> String {
    match tree {
        Tree::Leaf(Datum::Null) => "null".to_owned(),
        Tree::Leaf(Datum::Truth(truth)) => truth.to_string(),
        Tree::Leaf(Datum::Integer(number)) => number.to_string(),
        Tree::Leaf(Datum::Float(number)) => format!("{number:?}"),
        Tree::Leaf(Datum::Text(text)) => quoted(text),
        Tree::List(items) => format!("a list of {}", items.len()),
        Tree::Map(fields) => format!("a map of {}", fields.len()),
    }
}

fn quoted(text: &str) -> String {
    let mut short: String = text.chars().take(SHOWN).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    format!("{short:?}")
}
