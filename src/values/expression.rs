use std::borrow::Cow;
use std::cmp::Ordering;

use super::datum::Datum;
use super::{Trouble, round};
use crate::expressions::Comparison;

/// An expression whose names are places: of what is read of a row, of aggregates, of fields.
#[derive(Debug, Clone, PartialEq)]
pub enum Expression {
    Literal(Datum<'static>),
    /// A column of the row, or of a row behind it, by its number in the plan.
    Slot(usize),
    /// By its number in the group.
    Aggregate(usize),
    /// A field above in the same map, by its place there.
    Field(usize),
    Arithmetic(Operator, Box<[Self; 2]>),
    Compare(Comparison, Box<[Self; 2]>),
    In(Box<Self>, Vec<Self>),
    IsNull(Box<Self>),
    Not(Box<Self>),
    And(Vec<Self>),
    Or(Vec<Self>),
    /// Conditions with their results, and what else.
    Case(Vec<[Self; 2]>, Box<Self>),
    Coalesce(Vec<Self>),
    NullIf(Box<[Self; 2]>),
    /// To so many digits; without them to an integer.
    Round(Box<Self>, Option<usize>),
    Cast(Box<Self>, Cast),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    Add,
    Subtract,
    Multiply,
    /// Of binary64, whatever is divided.
    Divide,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cast {
    Integer,
    Float,
    Text,
}

/// What the places of an expression hold.
pub(super) trait Given<'d> {
    fn slot(&self, slot: usize) -> Result<Datum<'d>, Trouble>;
    fn aggregate(&self, aggregate: usize) -> Datum<'d>;
    fn field(&self, field: usize) -> Datum<'d>;
}

impl Expression {
    /// What the expression comes to. Only what decides that is asked for, from left to right.
    pub(super) fn evaluate<'d>(&'d self, given: &impl Given<'d>) -> Result<Datum<'d>, Trouble> {
        Ok(match self {
            Self::Literal(datum) => datum.clone(),
            Self::Slot(slot) => given.slot(*slot)?,
            Self::Aggregate(aggregate) => given.aggregate(*aggregate),
            Self::Field(field) => given.field(*field),
            Self::Arithmetic(operator, sides) => {
                match (sides[0].evaluate(given)?, sides[1].evaluate(given)?) {
                    (Datum::Null, _) | (_, Datum::Null) => Datum::Null,
                    (left, right) => operator.of(&left, &right)?,
                }
            }
            Self::Compare(comparison, sides) => {
                let (left, right) = (sides[0].evaluate(given)?, sides[1].evaluate(given)?);
                truth(order(&left, &right)?.map(|order| comparison.holds(order)))
            }
            Self::In(one, list) => {
                let one = one.evaluate(given)?;
                any(list, |other| Ok(order(&one, &other.evaluate(given)?)?.map(Ordering::is_eq)))?
            }
            Self::IsNull(inner) => Datum::Truth(inner.evaluate(given)? == Datum::Null),
            Self::Not(inner) => truth(inner.evaluate(given)?.truth()?.map(|truth| !truth)),
            Self::And(all) => {
                let not = |one: &'d Self| Ok(one.evaluate(given)?.truth()?.map(|truth| !truth));
                truth(any(all, not)?.truth()?.map(|truth| !truth))
            }
            Self::Or(all) => any(all, |one| one.evaluate(given)?.truth())?,
            Self::Case(conditions, or_else) => {
                for [condition, result] in conditions {
                    if condition.holds(given)? {
                        return result.evaluate(given);
                    }
                }
                or_else.evaluate(given)?
            }
            Self::Coalesce(all) => {
                for one in all {
                    let datum = one.evaluate(given)?;
                    if datum != Datum::Null {
                        return Ok(datum);
                    }
                }
                Datum::Null
            }
            Self::NullIf(sides) => {
                let left = sides[0].evaluate(given)?;
                let equal = order(&left, &sides[1].evaluate(given)?)?.is_some_and(Ordering::is_eq);
                if equal { Datum::Null } else { left }
            }
            Self::Round(inner, digits) => match (inner.evaluate(given)?, digits) {
                (Datum::Float(number), Some(digits)) => Datum::float(round::to_digits(number, *digits))?,
                (Datum::Float(number), None) => integer(number)?,
                (whole, _) => whole,
            },
            Self::Cast(inner, cast) => cast.of(inner.evaluate(given)?)?,
        })
    }

    /// Whether a `where` takes the row: null does not.
    pub(super) fn holds<'d>(&'d self, given: &impl Given<'d>) -> Result<bool, Trouble> {
        Ok(self.evaluate(given)?.truth()? == Some(true))
    }
}

impl Operator {
    fn of(self, left: &Datum<'_>, right: &Datum<'_>) -> Result<Datum<'static>, Trouble> {
        if let (Datum::Integer(left), Datum::Integer(right)) = (left, right) {
            let whole = match self {
                Self::Add => left.checked_add(*right),
                Self::Subtract => left.checked_sub(*right),
                Self::Multiply => left.checked_mul(*right),
                Self::Divide => return divide(&Datum::Integer(*left), &Datum::Integer(*right)),
            };
            return whole.map(Datum::Integer).ok_or(Trouble::Value);
        }
        match self {
            Self::Add => Datum::float(left.number()? + right.number()?),
            Self::Subtract => Datum::float(left.number()? - right.number()?),
            Self::Multiply => Datum::float(left.number()? * right.number()?),
            Self::Divide => divide(left, right),
        }
    }
}

fn divide(left: &Datum<'_>, right: &Datum<'_>) -> Result<Datum<'static>, Trouble> {
    // Nothing finite comes of a division by zero.
    Datum::float(left.number()? / right.number()?)
}

impl Cast {
    fn of(self, datum: Datum<'_>) -> Result<Datum<'_>, Trouble> {
        Ok(match (self, datum) {
            (_, Datum::Null) => Datum::Null,
            (Self::Integer, Datum::Integer(number)) => Datum::Integer(number),
            (Self::Integer, Datum::Truth(truth)) => Datum::Integer(truth.into()),
            (Self::Integer, Datum::Float(number)) => integer(number)?,
            (Self::Integer, Datum::Text(text)) => {
                Datum::Integer(text.parse::<i64>().map_err(|_| Trouble::Value)?.into())
            }
            (Self::Float, Datum::Text(text)) => Datum::float(text.parse().map_err(|_| Trouble::Value)?)?,
            (Self::Float, number) => Datum::Float(number.number()?),
            (Self::Text, Datum::Text(text)) => Datum::Text(text),
            (Self::Text, Datum::Integer(number)) => Datum::Text(Cow::Owned(number.to_string())),
            (Self::Text, Datum::Truth(truth)) => {
                Datum::Text(Cow::Borrowed(if truth { "true" } else { "false" }))
            }
            (Self::Text, Datum::Float(_)) => return Err(Trouble::Value),
        })
    }
}

/// The nearest integer; of two that are as near, the even one.
#[expect(clippy::cast_possible_truncation, reason = "it is within 64 bits")]
fn integer(number: f64) -> Result<Datum<'static>, Trouble> {
    const BEYOND: f64 = 9_223_372_036_854_775_808.0;
    let whole = number.round_ties_even();
    if (-BEYOND..BEYOND).contains(&whole) { Ok(Datum::Integer(whole as i128)) } else { Err(Trouble::Value) }
}

fn truth<'d>(truth: Option<bool>) -> Datum<'d> {
    truth.map_or(Datum::Null, Datum::Truth)
}

/// `None` if one of them is null.
fn order(left: &Datum<'_>, right: &Datum<'_>) -> Result<Option<Ordering>, Trouble> {
    match (left, right) {
        (Datum::Null, _) | (_, Datum::Null) => Ok(None),
        _ => left.order(right).map(Some),
    }
}

/// True once one of them is; else null if one of them is.
fn any<'d, 'e>(
    all: &'e [Expression],
    mut judge: impl FnMut(&'e Expression) -> Result<Option<bool>, Trouble>,
) -> Result<Datum<'d>, Trouble> {
    let mut result = Some(false);
    for one in all {
        match judge(one)? {
            Some(true) => return Ok(Datum::Truth(true)),
            Some(false) => {}
            None => result = None,
        }
    }
    Ok(truth(result))
}
