//! Values and positions as bytes.
//!
//! A value is a tag, and what the tag asks for. One value has one form, so that equal values are equal bytes: an
//! integer takes as many bytes as it needs, and none if it is below [`SMALL`].

use super::position::Position;
use crate::change::Value;

const MISSING: u8 = 0;
const UNAVAILABLE: u8 = 1;
const NULL: u8 = 2;
const FALSE: u8 = 3;
const TRUE: u8 = 4;
const UNSIGNED: u8 = 5;
const TEXT: u8 = 6;
const JSON: u8 = 7;
const DIGEST: u8 = 8;
const NUMBERED: u8 = 9;
/// And the number of bytes, 1 to 8.
const POSITIVE: u8 = 15;
/// The same of the complement.
const NEGATIVE: u8 = 23;
const FIRST_SMALL: u8 = 32;
const SMALL: u8 = u8::MAX - FIRST_SMALL;

/// A position ends with a byte: the sizes of its two numbers as decimal digits, and whether it is of a snapshot.
const NO_NUMBER: u8 = 9;
const OF_SNAPSHOT: u8 = 100;

/// Where packed bytes go.
pub(super) trait Sink {
    fn put(&mut self, bytes: &[u8]);
}

impl Sink for Vec<u8> {
    fn put(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}

/// A packed key, which is seldom long enough to need an allocation.
#[derive(Default)]
pub(super) struct Short {
    inline: [u8; 32],
    length: usize,
    long: Vec<u8>,
}

impl Short {
    pub(super) fn bytes(&self) -> &[u8] {
        if self.long.is_empty() { &self.inline[..self.length] } else { &self.long }
    }
}

impl Sink for Short {
    fn put(&mut self, bytes: &[u8]) {
        let end = self.length + bytes.len();
        if self.long.is_empty() && end <= self.inline.len() {
            self.inline[self.length..end].copy_from_slice(bytes);
            self.length = end;
            return;
        }
        if self.long.is_empty() {
            self.long.extend_from_slice(&self.inline[..self.length]);
        }
        self.long.extend_from_slice(bytes);
    }
}

/// Packs a value as it is.
pub(super) fn value(value: &Value<'_>, out: &mut impl Sink) {
    match value {
        Value::Missing => out.put(&[MISSING]),
        Value::Unavailable => out.put(&[UNAVAILABLE]),
        Value::Null => out.put(&[NULL]),
        Value::Bool(false) => out.put(&[FALSE]),
        Value::Bool(true) => out.put(&[TRUE]),
        Value::Int(number) => match u64::try_from(*number) {
            Ok(number) => match u8::try_from(number).ok().filter(|number| *number <= SMALL) {
                Some(small) => out.put(&[FIRST_SMALL + small]),
                None => sized(POSITIVE, number, out),
            },
            Err(_) => sized(NEGATIVE, !number.cast_unsigned(), out),
        },
        Value::UInt(number) => {
            out.put(&[UNSIGNED]);
            out.put(&number.to_le_bytes());
        }
        Value::Text(text) => bytes(TEXT, text.as_bytes(), out),
        Value::Json(json) => bytes(JSON, json.as_bytes(), out),
        Value::Digest(digest) => {
            out.put(&[DIGEST]);
            out.put(&digest.to_le_bytes());
        }
    }
}

/// Packs a text that has a number.
pub(super) fn numbered(number: u16, out: &mut impl Sink) {
    out.put(&[NUMBERED]);
    out.put(&number.to_le_bytes());
}

fn sized(tag: u8, number: u64, out: &mut impl Sink) {
    let size = size(number).max(1);
    out.put(&[tag + size]);
    out.put(&number.to_le_bytes()[..usize::from(size)]);
}

/// How many bytes the number needs: 0 to 8.
fn size(number: u64) -> u8 {
    u8::try_from((u64::BITS - number.leading_zeros()).div_ceil(8)).unwrap_or(8)
}

fn bytes(tag: u8, bytes: &[u8], out: &mut impl Sink) {
    out.put(&[tag]);
    length(bytes.len(), out);
    out.put(bytes);
}

/// Seven bits a byte, the lowest first.
fn length(mut length: usize, out: &mut impl Sink) {
    while length > 0x7f {
        out.put(&[low_seven_bits(length) | 0x80]);
        length >>= 7;
    }
    out.put(&[low_seven_bits(length)]);
}

const fn low_seven_bits(length: usize) -> u8 {
    length.to_le_bytes()[0] & 0x7f
}

/// Packs a position, to be read from its end.
pub(super) fn position(position: Position, out: &mut impl Sink) {
    let half = |number: Option<u64>| number.map_or((NO_NUMBER, 0), |number| (size(number), number));
    let (lsn_size, lsn) = half(position.lsn);
    let (time_size, time) = half(position.committed_at.map(i64::cast_unsigned));
    for (size, number) in [(lsn_size, lsn), (time_size, time)] {
        out.put(&number.to_le_bytes()[..bytes_of(size)]);
    }
    let of_snapshot = if position.of_snapshot { OF_SNAPSHOT } else { 0 };
    out.put(&[of_snapshot + lsn_size * 10 + time_size]);
}

fn bytes_of(size: u8) -> usize {
    usize::from(if size == NO_NUMBER { 0 } else { size })
}

/// Splits a position from the end of packed values.
pub(super) fn split_position(packed: &[u8]) -> (&[u8], Position) {
    let (sizes, packed) = packed.split_last().expect("an image ends with its position");
    let (lsn_size, time_size) = (sizes % OF_SNAPSHOT / 10, sizes % 10);
    let (packed, time) = packed.split_at(packed.len() - bytes_of(time_size));
    let (packed, lsn) = packed.split_at(packed.len() - bytes_of(lsn_size));
    let half = |size: u8, bytes| (size != NO_NUMBER).then(|| number(bytes));
    let committed_at = half(time_size, time).map(u64::cast_signed);
    (packed, Position { lsn: half(lsn_size, lsn), committed_at, of_snapshot: *sizes >= OF_SNAPSHOT })
}

fn number(bytes: &[u8]) -> u64 {
    let mut whole = [0; 8];
    whole[..bytes.len()].copy_from_slice(bytes);
    u64::from_le_bytes(whole)
}

/// A value as it was packed.
pub(super) enum Packed<'a> {
    Value(Value<'a>),
    Numbered(u16),
}

/// Reads values one after the other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor<'a>(pub &'a [u8]);

impl<'a> Cursor<'a> {
    /// The next value, as bytes.
    pub(super) fn skip(&mut self) -> &'a [u8] {
        let start = self.0;
        self.tag();
        &start[..start.len() - self.0.len()]
    }

    pub(super) fn value(&mut self) -> Packed<'a> {
        let (tag, body) = self.tag();
        let text = || std::str::from_utf8(body).expect("it was packed from a text").into();
        Packed::Value(match tag {
            MISSING => Value::Missing,
            UNAVAILABLE => Value::Unavailable,
            NULL => Value::Null,
            FALSE => Value::Bool(false),
            TRUE => Value::Bool(true),
            UNSIGNED => Value::UInt(number(body)),
            TEXT => Value::Text(text()),
            JSON => Value::Json(text()),
            DIGEST => Value::Digest(number(body)),
            NUMBERED => return Packed::Numbered(u16::try_from(number(body)).unwrap_or(u16::MAX)),
            small if small >= FIRST_SMALL => Value::Int(i64::from(small - FIRST_SMALL)),
            negative if negative > NEGATIVE => Value::Int((!number(body)).cast_signed()),
            _ => Value::Int(number(body).cast_signed()),
        })
    }

    fn tag(&mut self) -> (u8, &'a [u8]) {
        let tag = self.take(1)[0];
        let size = match tag {
            UNSIGNED | DIGEST => 8,
            NUMBERED => 2,
            TEXT | JSON => self.length(),
            small if small >= FIRST_SMALL => 0,
            negative if negative > NEGATIVE => usize::from(negative - NEGATIVE),
            positive if positive > POSITIVE => usize::from(positive - POSITIVE),
            _ => 0,
        };
        (tag, self.take(size))
    }

    fn take(&mut self, size: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(size);
        self.0 = rest;
        taken
    }

    fn length(&mut self) -> usize {
        let (mut length, mut shift) = (0, 0);
        loop {
            let byte = self.take(1)[0];
            length |= usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte < 0x80 {
                return length;
            }
        }
    }
}
