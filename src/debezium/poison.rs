use std::fmt;

use crate::change::Operation;

/// Why a record cannot be decoded. It says what and where, and never a row's values: it is written to logs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Poison {
    #[error("the value has zero bytes; a tombstone would be null")]
    Empty,
    #[error("{part} cannot be read: {what} (byte {at})")]
    Malformed {
        part: Part,
        what: String,
        /// Counted from 1, near the fault.
        at: usize,
    },
    #[error("the value is no change event: it has no `op`")]
    NoEnvelope,
    #[error("the operation {operation} is unknown")]
    UnknownOperation { operation: String },
    #[error("the event comes from the table `{found}`, the topic is that of `{expected}`")]
    WrongTable { expected: String, found: String },
    #[error("`source.{field}` is no number that it could be")]
    Source { field: &'static str },
    #[error("the {} has no `{image}`", operation.name())]
    NoImage { operation: Operation, image: &'static str },
    #[error("the delete has no `before`, and its message key does not tell the row: {what}")]
    Key { what: String },
    #[error("`primary_key` is configured as {configured}, and the message key is of {found}")]
    OtherKey { configured: String, found: String },
}

impl Poison {
    /// A short word for metrics.
    pub const fn cause(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Malformed { .. } | Self::Source { .. } => "malformed",
            Self::NoEnvelope => "no_envelope",
            Self::UnknownOperation { .. } => "unknown_operation",
            Self::WrongTable { .. } => "wrong_table",
            Self::NoImage { .. } => "no_image",
            Self::Key { .. } => "key",
            Self::OtherKey { .. } => "other_key",
        }
    }
}

/// A part of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Key,
    Value,
    Header,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Key => "the key",
            Self::Value => "the value",
            Self::Header => "a header",
        })
    }
}

/// A fault that a visitor found. serde carries only a text through the parser, and serde's own texts quote values, so
/// the fault waits here until the parser has unwound.
#[derive(Debug, Default)]
pub(super) struct Fault {
    what: Option<String>,
    /// The field that is being read, for faults that serde finds itself.
    pub field: &'static str,
}

impl Fault {
    /// Notes what is wrong and gives an error that unwinds the parser.
    #[cold]
    pub(super) fn raise<E: serde::de::Error>(&mut self, what: String) -> E {
        self.what = Some(what);
        E::custom("see the fault")
    }

    #[cold]
    pub(super) fn into_poison(self, part: Part, text: &str, error: &serde_json::Error) -> Poison {
        let what = match (self.what, error.classify()) {
            (Some(what), _) => what,
            (None, serde_json::error::Category::Data) => format!("`{}` has the wrong type", self.field),
            // serde_json's messages about syntax are fixed texts; they end in the place, which is said once.
            (None, _) => {
                let message = error.to_string();
                message.split(" at line ").next().unwrap_or_default().to_owned()
            }
        };
        let lines = text.split_inclusive('\n').take(error.line().saturating_sub(1));
        Poison::Malformed { part, what, at: lines.map(str::len).sum::<usize>() + error.column() }
    }
}

/// The text of a record's part, all of it UTF-8.
pub(super) fn utf8(part: Part, bytes: &[u8]) -> Result<&str, Poison> {
    std::str::from_utf8(bytes).map_err(|error| Poison::Malformed {
        part,
        what: "it is not UTF-8".to_owned(),
        at: error.valid_up_to() + 1,
    })
}
