use std::borrow::Cow;
use std::cmp::Ordering;

use super::Trouble;

/// A SQL value, as expressions know it.
#[derive(Debug, Clone, PartialEq)]
pub enum Datum<'d> {
    Null,
    Truth(bool),
    /// Wider than any column, so that a sum of them does not overflow soon. A result is of 64 bits.
    Integer(i128),
    /// Always finite.
    Float(f64),
    Text(Cow<'d, str>),
}

impl Datum<'_> {
    /// The number, unless arithmetic left the finite ones.
    pub(super) const fn float(number: f64) -> Result<Self, Trouble> {
        if number.is_finite() { Ok(Self::Float(number)) } else { Err(Trouble::Value) }
    }

    /// SQL's three truths; null is `None`.
    pub(super) const fn truth(&self) -> Result<Option<bool>, Trouble> {
        match self {
            Self::Truth(truth) => Ok(Some(*truth)),
            Self::Null => Ok(None),
            _ => Err(Trouble::Value),
        }
    }

    /// As binary64, rounded to the nearest.
    #[expect(clippy::cast_precision_loss, reason = "arithmetic of binary64 rounds")]
    pub(super) const fn number(&self) -> Result<f64, Trouble> {
        match self {
            Self::Integer(number) => Ok(*number as f64),
            Self::Float(number) => Ok(*number),
            _ => Err(Trouble::Value),
        }
    }

    /// The order of two values of one type, neither null; integers and floats by their exact values, texts by code point.
    pub(super) fn order(&self, other: &Self) -> Result<Ordering, Trouble> {
        Ok(match (self, other) {
            (Self::Truth(one), Self::Truth(other)) => one.cmp(other),
            (Self::Text(one), Self::Text(other)) => one.cmp(other),
            (Self::Integer(one), Self::Integer(other)) => one.cmp(other),
            (Self::Float(one), Self::Float(other)) => one.partial_cmp(other).ok_or(Trouble::Value)?,
            (Self::Integer(one), Self::Float(other)) => exact(*one, *other),
            (Self::Float(one), Self::Integer(other)) => exact(*other, *one).reverse(),
            _ => return Err(Trouble::Value),
        })
    }
}

/// An integer beside a finite float, which the integer as a float may equal though it is another number.
#[expect(clippy::cast_possible_truncation, reason = "beyond the integers `as` yields the last one of them")]
fn exact(one: i128, other: f64) -> Ordering {
    let whole = other.trunc() as i128;
    one.cmp(&whole).then_with(|| 0.0_f64.partial_cmp(&other.fract()).unwrap_or(Ordering::Equal))
}

/// What rows are grouped by and told apart by. Not null.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Key<'d>(pub(super) Datum<'d>);

impl Eq for Key<'_> {}

impl PartialOrd for Key<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Key<'_> {
    /// All keys of one group are of one type, that of a column or an expression; across types any order will do.
    fn cmp(&self, other: &Self) -> Ordering {
        let rank = |datum: &Datum<'_>| match datum {
            Datum::Null => 0,
            Datum::Truth(_) => 1,
            Datum::Integer(_) | Datum::Float(_) => 2,
            Datum::Text(_) => 3,
        };
        self.0.order(&other.0).unwrap_or_else(|_| rank(&self.0).cmp(&rank(&other.0)))
    }
}
