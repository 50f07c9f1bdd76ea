//! The JSON Schema of the configuration, and its verdicts as sentences.

use std::collections::BTreeSet;

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{JsonType, ValidationError};
use serde_json::Value;

use super::document::{Document, child};
use super::problem::{Fault, Problems, nearest, suggest};
use super::{later, raw};

/// The JSON Schema that a configuration must match.
pub fn json_schema() -> Value {
    schemars::schema_for!(raw::Configuration).to_value()
}

/// A document without what the schema does not know.
pub(super) struct Shape {
    pub value: Value,
    /// Mappings that lost an unknown name: what seems to be missing there may just be misspelled.
    pub misspelled: BTreeSet<String>,
}

/// Reports everything in which the document's shape is wrong.
pub(super) fn check(document: &Document, problems: &mut Problems) -> Shape {
    let schema = json_schema();
    let validator = jsonschema::validator_for(&schema).expect("the schema of the types is a schema");
    let mut verdicts =
        Verdicts { schema: &schema, document, problems, unknown: Vec::new(), missing: Vec::new() };
    for error in validator.iter_errors(&document.value) {
        verdicts.error(&error);
    }
    let Verdicts { unknown, missing, .. } = verdicts;
    for Missing { parent, fault, name } in missing {
        let meant = |unknown: &Unknown| unknown.parent == parent && unknown.meant.as_deref() == Some(&name);
        if !unknown.iter().any(meant) {
            problems.name(document, &parent, fault);
        }
    }
    let mut shape = Shape { value: document.value.clone(), misspelled: BTreeSet::new() };
    for Unknown { parent, name, .. } in unknown {
        if let Some(Value::Object(map)) = shape.value.pointer_mut(&parent) {
            map.shift_remove(&name);
        }
        shape.misspelled.insert(parent);
    }
    shape
}

struct Verdicts<'a> {
    schema: &'a Value,
    document: &'a Document,
    problems: &'a mut Problems,
    unknown: Vec<Unknown>,
    missing: Vec<Missing>,
}

struct Unknown {
    parent: String,
    name: String,
    meant: Option<String>,
}

struct Missing {
    parent: String,
    name: String,
    fault: Fault,
}

impl Verdicts<'_> {
    fn error(&mut self, error: &ValidationError<'_>) {
        let pointer = error.instance_path().as_str();
        match error.kind() {
            ValidationErrorKind::AdditionalProperties { unexpected } => {
                for name in unexpected {
                    self.unknown(error, pointer, name);
                }
            }
            ValidationErrorKind::Required { property } => {
                let name = property.as_str().unwrap_or_default().to_owned();
                let description = self.around(error, &format!("/properties/{name}/description"));
                let description = description.and_then(Value::as_str).map(first_sentence);
                let remedy = match description {
                    Some(text) => format!("add it: {text}"),
                    None => "add it".to_owned(),
                };
                let fault = Fault::new(format!("`{name}` is missing"), remedy);
                self.missing.push(Missing { parent: pointer.to_owned(), name, fault });
            }
            ValidationErrorKind::Type { kind } => {
                let fault = wrong_type(pointer, error.instance(), &kinds(kind));
                self.problems.value(self.document, pointer, fault);
            }
            // Of a value that is no text at all, its type is reported.
            ValidationErrorKind::Enum { .. } if !error.instance().is_string() => {}
            ValidationErrorKind::Enum { options } => {
                let options: Vec<&str> =
                    options.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
                let value = error.instance().as_str().unwrap_or_default();
                let remedy = suggest(value, options.iter().copied(), "write one of those that are");
                self.problems.value(
                    self.document,
                    pointer,
                    Fault::new(format!("`{value}` is not known here"), remedy),
                );
            }
            ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
                self.any_of(error, pointer, context);
            }
            _ => {
                let fault =
                    Fault::new(error.masked().to_string(), "see the JSON Schema of the configuration");
                self.problems.value(self.document, pointer, fault);
            }
        }
    }

    /// The alternative whose type is right tells what is wrong inside; if there is none, all are named.
    fn any_of(
        &mut self,
        error: &ValidationError<'_>,
        pointer: &str,
        context: &[Vec<ValidationError<'static>>],
    ) {
        let mut expected = Vec::new();
        for alternative in context {
            let type_error = alternative.iter().find_map(|inner| match inner.kind() {
                ValidationErrorKind::Type { kind } if inner.instance_path().as_str() == pointer => {
                    Some(kinds(kind))
                }
                _ => None,
            });
            if let Some(kinds) = type_error {
                expected.extend(kinds);
            } else {
                for inner in alternative {
                    self.error(inner);
                }
                return;
            }
        }
        self.problems.value(self.document, pointer, wrong_type(pointer, error.instance(), &expected));
    }

    fn unknown(&mut self, error: &ValidationError<'_>, parent: &str, name: &str) {
        let pointer = child(parent, name);
        if later::is_later(parent, name) {
            let fault = Fault::new(format!("`{name}` is not supported by this version"), "remove it");
            self.problems.name(self.document, &pointer, fault);
            let meant = None;
            self.unknown.push(Unknown { parent: parent.to_owned(), name: name.to_owned(), meant });
            return;
        }
        let known = self.around(error, "/properties").and_then(Value::as_object);
        let known: Vec<&str> = known.into_iter().flatten().map(|(name, _)| name.as_str()).collect();
        let meant = nearest(name, known.iter().copied()).map(str::to_owned);
        let remedy = suggest(name, known, "remove it, or write one that exists");
        self.problems.name(
            self.document,
            &pointer,
            Fault::new(format!("there is no setting `{name}`"), remedy),
        );
        self.unknown.push(Unknown { parent: parent.to_owned(), name: name.to_owned(), meant });
    }

    /// A part of the schema beside the keyword that was violated.
    fn around(&self, error: &ValidationError<'_>, beside: &str) -> Option<&Value> {
        let (parent, _) = error.schema_path().as_str().rsplit_once('/')?;
        self.schema.pointer(&format!("{parent}{beside}"))
    }
}

fn kinds(kind: &TypeKind) -> Vec<JsonType> {
    match kind {
        TypeKind::Single(kind) => vec![*kind],
        TypeKind::Multiple(kinds) => kinds.iter().collect(),
    }
}

fn wrong_type(pointer: &str, value: &Value, expected: &[JsonType]) -> Fault {
    let is = match value {
        Value::Null => "nothing",
        Value::Bool(_) => "`true` or `false`",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a mapping",
    };
    let mut words: Vec<&str> =
        expected.iter().filter(|kind| **kind != JsonType::Null).map(|kind| word(*kind)).collect();
    words.dedup();
    let must = match words.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => "nothing".to_owned(),
    };
    let is_scalar = matches!(value, Value::Bool(_) | Value::Number(_));
    let remedy = if ["/ttl", "/settle", "/hold"].iter().any(|end| pointer.ends_with(end)) {
        "write it with a unit, such as `5m` or `300s`".to_owned()
    } else if is_scalar && expected.contains(&JsonType::String) {
        "put it in quotes".to_owned()
    } else {
        format!("write {must}")
    };
    Fault::new(format!("this is {is} and must be {must}"), remedy)
}

fn word(kind: JsonType) -> &'static str {
    match kind {
        JsonType::Null => "nothing",
        JsonType::Boolean => "`true` or `false`",
        JsonType::Integer => "a whole number",
        JsonType::Number => "a number",
        JsonType::String => "text",
        JsonType::Array => "a list",
        JsonType::Object => "a mapping",
    }
}

/// Descriptions are wrapped in the source; a message is one line.
fn first_sentence(description: &str) -> String {
    let text = description.split_whitespace().collect::<Vec<_>>().join(" ");
    let first = text.split_once(". ").map_or(text.as_str(), |(first, _)| first).trim_end_matches('.');
    let mut chars = first.chars();
    chars.next().map(|c| c.to_lowercase().chain(chars).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `UPDATE_SCHEMAS=1 cargo test schema_is_current` writes it anew.
    #[test]
    fn schema_is_current() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/configuration.schema.json");
        let generated = format!("{}\n", serde_json::to_string_pretty(&json_schema()).expect("JSON"));
        if std::env::var_os("UPDATE_SCHEMAS").is_some() {
            std::fs::write(path, &generated).expect("the schema is written");
        }
        let stored = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            stored == generated,
            "schemas/configuration.schema.json is not current; run `UPDATE_SCHEMAS=1 cargo test schema_is_current`"
        );
    }
}
