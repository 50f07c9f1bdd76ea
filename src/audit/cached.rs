//! A value as Redis holds it, whoever spelled it.

use std::io::Read as _;

use flate2::read::ZlibDecoder;

use super::pickle;
use crate::values::Spelling;

/// What an inflated value may hold at most, and of how many parts one may be.
const MOST_BYTES: u64 = 16 << 20;
pub(super) const MOST_PARTS: usize = 1_000_000;

/// A value in parts that name each other by number: a pickle may hold one part in many places, and itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Cached {
    pub(super) parts: Vec<Part>,
    pub(super) root: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Part {
    Null,
    Truth(bool),
    Integer(i128),
    Float(f64),
    /// Python's `Decimal`, as it was written.
    Decimal(String),
    Text(String),
    /// A list or a tuple.
    List(Vec<usize>),
    Map(Vec<(usize, usize)>),
    /// Of a class of which nothing is read, or the class itself.
    Other(String),
}

/// Why a value cannot be compared.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    #[error("it is larger than what is read of one value")]
    TooLarge,
    #[error("it is no pickle")]
    Pickle,
    #[error("it is a pickle of an older protocol, or holds what no cached value does (opcode 0x{0:02x})")]
    Opcode(u8),
    #[error("it is no JSON")]
    Json,
    #[error("it cannot be decompressed")]
    Compressed,
    #[error("it holds a Python {0}")]
    Holds(String),
}

impl Cached {
    /// Reads a value, compressed by zlib or not.
    ///
    /// # Errors
    /// Why it cannot be read. Whatever the bytes are, neither time nor memory go beyond a bound.
    pub fn read(bytes: &[u8], spelling: Spelling) -> Result<Self, Unreadable> {
        // No pickle and no JSON begins like a zlib stream.
        if let [0x78, second, ..] = bytes
            && (0x7800 + u32::from(*second)).is_multiple_of(31)
        {
            let mut inflated = Vec::new();
            let mut decoder = ZlibDecoder::new(bytes).take(MOST_BYTES + 1);
            decoder.read_to_end(&mut inflated).map_err(|_| Unreadable::Compressed)?;
            if inflated.len() as u64 > MOST_BYTES {
                return Err(Unreadable::TooLarge);
            }
            return Self::read_plain(&inflated, spelling);
        }
        Self::read_plain(bytes, spelling)
    }

    fn read_plain(bytes: &[u8], spelling: Spelling) -> Result<Self, Unreadable> {
        match spelling {
            Spelling::Json => {
                let value = serde_json::from_slice(bytes).map_err(|_| Unreadable::Json)?;
                let mut cached = Self { parts: Vec::new(), root: 0 };
                cached.root = cached.json(value)?;
                Ok(cached)
            }
            Spelling::Pickle => match integer(bytes) {
                // So Django's Redis cache stores integers, which Redis can add to.
                Some(integer) => Ok(Self { parts: vec![Part::Integer(integer)], root: 0 }),
                None => pickle::read(bytes),
            },
        }
    }

    /// The parser has bounded how deep it goes.
    fn json(&mut self, value: serde_json::Value) -> Result<usize, Unreadable> {
        use serde_json::Value;
        let part = match value {
            Value::Null => Part::Null,
            Value::Bool(truth) => Part::Truth(truth),
            Value::Number(number) => match (number.as_i128(), number.as_f64()) {
                (Some(number), _) => Part::Integer(number),
                (None, Some(number)) => Part::Float(number),
                (None, None) => return Err(Unreadable::Json),
            },
            Value::String(text) => Part::Text(text),
            Value::Array(values) => {
                Part::List(values.into_iter().map(|value| self.json(value)).collect::<Result<_, _>>()?)
            }
            Value::Object(fields) => {
                let mut parts = Vec::with_capacity(fields.len());
                for (name, value) in fields {
                    parts.push((self.push(Part::Text(name))?, self.json(value)?));
                }
                Part::Map(parts)
            }
        };
        self.push(part)
    }

    pub(super) fn push(&mut self, part: Part) -> Result<usize, Unreadable> {
        if self.parts.len() >= MOST_PARTS {
            return Err(Unreadable::TooLarge);
        }
        self.parts.push(part);
        Ok(self.parts.len() - 1)
    }
}

fn integer(bytes: &[u8]) -> Option<i128> {
    let digits = bytes.strip_prefix(b"-").unwrap_or(bytes);
    let is_integer = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    str::from_utf8(bytes).ok().filter(|_| is_integer)?.parse().ok()
}
