use std::cmp::Ordering;
use std::collections::BTreeSet;

use super::Trouble;
use super::datum::{Datum, Key};
use super::expression::{Expression, Given};

/// What many rows come to.
#[derive(Debug, Clone, PartialEq)]
pub struct Aggregate {
    pub function: Function,
    /// Absent in `count(*)`.
    pub argument: Option<Expression>,
    /// Which of the rows count.
    pub filter: Option<Expression>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    Count,
    CountDistinct,
    Sum,
    Average,
    Min,
    Max,
}

/// An aggregate of the rows so far.
#[derive(Debug)]
pub(super) enum Fold<'d> {
    Count(i128),
    Distinct(BTreeSet<Key<'d>>),
    Sum {
        sum: i128,
        count: i128,
        average: bool,
    },
    /// The one that comes first in this order.
    Extreme(Option<Datum<'d>>, Ordering),
}

impl<'d> Fold<'d> {
    pub(super) const fn new(function: Function) -> Self {
        match function {
            Function::Count => Self::Count(0),
            Function::CountDistinct => Self::Distinct(BTreeSet::new()),
            Function::Sum => Self::Sum { sum: 0, count: 0, average: false },
            Function::Average => Self::Sum { sum: 0, count: 0, average: true },
            Function::Min => Self::Extreme(None, Ordering::Less),
            Function::Max => Self::Extreme(None, Ordering::Greater),
        }
    }

    /// Takes a row in.
    pub(super) fn add(&mut self, aggregate: &'d Aggregate, row: &impl Given<'d>) -> Result<(), Trouble> {
        if let Some(filter) = &aggregate.filter
            && !filter.holds(row)?
        {
            return Ok(());
        }
        let datum = match &aggregate.argument {
            Some(argument) => argument.evaluate(row)?,
            None => Datum::Truth(true),
        };
        match (self, datum) {
            (_, Datum::Null) => {}
            (Self::Count(count), _) => *count += 1,
            (Self::Distinct(seen), datum) => {
                seen.insert(Key(datum));
            }
            (Self::Sum { sum, count, .. }, Datum::Integer(number)) => {
                *sum = sum.checked_add(number).ok_or(Trouble::Value)?;
                *count += 1;
            }
            (Self::Sum { .. }, _) => return Err(Trouble::Value),
            (Self::Extreme(extreme, first), datum) => {
                let comes_first = match &*extreme {
                    Some(known) => datum.order(known)? == *first,
                    None => true,
                };
                if comes_first {
                    *extreme = Some(datum);
                }
            }
        }
        Ok(())
    }

    pub(super) fn result(self) -> Result<Datum<'d>, Trouble> {
        Ok(match self {
            Self::Count(count) => Datum::Integer(count),
            Self::Distinct(seen) => Datum::Integer(i128::try_from(seen.len()).map_err(|_| Trouble::Value)?),
            Self::Sum { count: 0, .. } | Self::Extreme(None, _) => Datum::Null,
            Self::Sum { sum, average: false, .. } => Datum::Integer(sum),
            Self::Sum { sum, count, average: true } => {
                Datum::float(Datum::Integer(sum).number()? / Datum::Integer(count).number()?)?
            }
            Self::Extreme(Some(datum), _) => datum,
        })
    }
}
