use std::cmp::Ordering;

use super::parse::Kind;
use super::truth::Truth;
use crate::change::Value;

/// A SQL condition over a row and a set of parameters, each of which is given as a list of values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    Always(Truth),
    Compare(Operand, Comparison, Operand),
    IsNull(Operand),
    In(Operand, Vec<Operand>),
    Not(Box<Self>),
    /// Every one of these.
    And(Vec<Self>),
    /// One of these.
    Or(Vec<Self>),
}

/// What is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operand {
    Column {
        index: usize,
        /// What it was declared to hold. Where nothing was, two texts may be two spellings of one date or number as the source
        /// writes them, and an integer may be a day's number.
        holds: Kind,
    },
    Parameter(usize),
    Literal(Value<'static>),
}

impl Operand {
    /// What a reader left out has the same key as `0`, `''` and false, so a null one may stand for any of them.
    const fn is_parameter(&self) -> bool {
        matches!(self, Self::Parameter(_))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Condition {
    /// What it comes to for this row and these parameters.
    pub fn judge(&self, row: &[Value<'_>], parameters: &[Value<'_>]) -> Truth {
        let given = Given { row, parameters };
        match self {
            Self::Always(truth) => *truth,
            Self::Compare(left, comparison, right) => given.compare(left, *comparison, right),
            Self::IsNull(operand) => match given.value(operand) {
                Some(Value::Null) if operand.is_parameter() => Truth::Doubt,
                Some(Value::Missing | Value::Unavailable) | None => Truth::Doubt,
                Some(value) => (*value == Value::Null).into(),
            },
            Self::In(operand, list) => list
                .iter()
                .map(|one| given.compare(operand, Comparison::Equal, one))
                .fold(Truth::False, Truth::or),
            Self::Not(condition) => !condition.judge(row, parameters),
            Self::And(all) => all.iter().map(|one| one.judge(row, parameters)).fold(Truth::True, Truth::and),
            Self::Or(all) => all.iter().map(|one| one.judge(row, parameters)).fold(Truth::False, Truth::or),
        }
    }
}

struct Given<'g> {
    row: &'g [Value<'g>],
    parameters: &'g [Value<'g>],
}

impl<'g> Given<'g> {
    fn value(&self, operand: &'g Operand) -> Option<&'g Value<'g>> {
        match operand {
            Operand::Column { index, .. } => self.row.get(*index),
            Operand::Parameter(index) => self.parameters.get(*index),
            Operand::Literal(value) => Some(value),
        }
    }

    fn compare(&self, left: &Operand, comparison: Comparison, right: &Operand) -> Truth {
        let order = match (self.value(left), self.value(right)) {
            (None | Some(Value::Missing | Value::Unavailable), _)
            | (_, None | Some(Value::Missing | Value::Unavailable)) => None,
            (Some(Value::Null), Some(other)) if left.is_parameter() && *other != Value::Null => None,
            (Some(other), Some(Value::Null)) if right.is_parameter() && *other != Value::Null => None,
            (Some(Value::Null), _) | (_, Some(Value::Null)) => return Truth::Null,
            (Some(Value::Bool(one)), Some(Value::Bool(other))) => Some(one.cmp(other)),
            (Some(Value::Text(one)), Some(Value::Text(other))) => {
                let alike = one == other;
                return match comparison {
                    Comparison::Equal | Comparison::NotEqual if alike || hold(left, right, Kind::Text) => {
                        (alike == (comparison == Comparison::Equal)).into()
                    }
                    // The order of texts is their collation's, which no event tells.
                    _ => Truth::Doubt,
                };
            }
            (Some(one), Some(other)) => {
                let spelled = hold(left, right, Kind::Integer);
                integer(one, spelled).zip(integer(other, spelled)).map(|(one, other)| one.cmp(&other))
            }
        };
        order.map_or(Truth::Doubt, |order| comparison.holds(order).into())
    }
}

/// Whether a column that is compared was declared to hold this.
fn hold(left: &Operand, right: &Operand, kind: Kind) -> bool {
    [left, right].iter().all(|operand| match operand {
        Operand::Column { holds, .. } => *holds == kind,
        Operand::Parameter(_) | Operand::Literal(_) => true,
    })
}

/// A value as an integer. `spelled`: a text counts as the integer that it spells, as the database would take a parameter for an
/// integer column.
fn integer(value: &Value<'_>, spelled: bool) -> Option<i128> {
    match value {
        Value::Int(number) => Some((*number).into()),
        Value::UInt(number) => Some((*number).into()),
        Value::Text(text) if spelled => text.parse().ok(),
        _ => None,
    }
}

impl Comparison {
    pub(crate) const fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::NotEqual => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        }
    }
}
