//! From the text of an expression to an [`Expression`], or to what is wrong with it.

use sqlparser::ast::{
    AccessExpr, BinaryOperator, Expr, FunctionArguments, InTarget, UnaryOperator, Value as Literal,
};

use super::datum::Datum;
use super::expression::{Expression, Operator};
use super::fold::Aggregate;
use crate::expressions::{Mistake, comparison, expression, links};

mod call;
mod kind;

pub use kind::Kind;

/// Deeper than anybody writes, and far from the end of a stack.
const DEEPEST: usize = 64;

/// What names stand for.
pub trait Names {
    /// Inside an aggregate or a condition over rows: a column or a path, as a slot.
    fn column(&mut self, name: &str) -> Result<(usize, Kind), Mistake>;
    /// Elsewhere: a field, a hole, or what the group alone decides.
    fn name(&mut self, name: &str) -> Result<(Expression, Kind), Mistake>;
    /// The number of an aggregate in its group.
    fn aggregate(&mut self, aggregate: Aggregate) -> usize;
}

/// Reads an expression over a group of rows.
pub fn leaf(text: &str, names: &mut dyn Names) -> Result<(Expression, Kind), Mistake> {
    let parsed = expression(text, "count(*)")?;
    Reader { names, in_row: false, depth: 0 }.read(&parsed)
}

/// Reads a condition over one row.
pub fn condition(text: &str, names: &mut dyn Names) -> Result<Expression, Mistake> {
    let parsed = expression(text, "status = 'new'")?;
    Reader { names, in_row: true, depth: 0 }.truth(&parsed)
}

struct Reader<'n> {
    names: &'n mut dyn Names,
    /// Inside an aggregate, or a condition over rows.
    in_row: bool,
    depth: usize,
}

type Read = Result<(Expression, Kind), Mistake>;

impl Reader<'_> {
    fn read(&mut self, whole: &Expr) -> Read {
        self.depth += 1;
        if self.depth > DEEPEST {
            let what = format!("the expression is nested more than {DEEPEST} levels deep");
            return Err(Mistake::new(what, "give a part of it a name as a field above"));
        }
        let read = self.read_one(whole);
        self.depth -= 1;
        read
    }

    fn read_one(&mut self, whole: &Expr) -> Read {
        if let Some(name) = name(whole) {
            return self.name(&name);
        }
        match whole {
            Expr::Nested(inner) => self.read(inner),
            Expr::Value(value) => literal(&value.value).ok_or_else(|| unknown(whole)),
            Expr::UnaryOp { op: UnaryOperator::Not, expr } => {
                Ok((Expression::Not(Box::new(self.truth(expr)?)), Kind::Truth))
            }
            Expr::UnaryOp { op: UnaryOperator::Minus, expr } => {
                let (inner, kind) = self.number(expr)?;
                let minus = Expression::Literal(Datum::Integer(-1));
                Ok((Expression::Arithmetic(Operator::Multiply, Box::new([minus, inner])), kind))
            }
            Expr::BinaryOp { op: op @ (BinaryOperator::And | BinaryOperator::Or), .. } => {
                let all =
                    links(whole, op).into_iter().map(|one| self.truth(one)).collect::<Result<_, _>>()?;
                let of = if *op == BinaryOperator::And { Expression::And } else { Expression::Or };
                Ok((of(all), Kind::Truth))
            }
            Expr::BinaryOp { left, op, right } => self.binary(left, op, right, whole),
            Expr::IsNull(inner) => Ok((Expression::IsNull(Box::new(self.read(inner)?.0)), Kind::Truth)),
            Expr::IsNotNull(inner) => {
                let is_null = Expression::IsNull(Box::new(self.read(inner)?.0));
                Ok((Expression::Not(Box::new(is_null)), Kind::Truth))
            }
            Expr::In { expr, target: InTarget::List(list), negated, global: false } => {
                let (one, kind) = self.read(expr)?;
                let mut all = Vec::with_capacity(list.len());
                for other in list {
                    let (other, of) = self.read(other)?;
                    kind.join(of).ok_or_else(|| unlike(whole, kind, of))?;
                    all.push(other);
                }
                let is_in = Expression::In(Box::new(one), all);
                let is_in = if *negated { Expression::Not(Box::new(is_in)) } else { is_in };
                Ok((is_in, Kind::Truth))
            }
            Expr::Case { operand, conditions, else_result, .. } => {
                self.case(operand.as_deref(), conditions, else_result.as_deref(), whole)
            }
            Expr::Cast { kind, expr, data_type, format: None } => self.cast(kind, expr, data_type, whole),
            Expr::Function(function) => self.call(function, whole),
            _ => Err(unknown(whole)),
        }
    }

    fn name(&mut self, name: &str) -> Read {
        if self.in_row {
            self.names.column(name).map(|(slot, kind)| (Expression::Slot(slot), kind))
        } else {
            self.names.name(name)
        }
    }

    fn binary(&mut self, left: &Expr, op: &BinaryOperator, right: &Expr, whole: &Expr) -> Read {
        let operator = match op {
            BinaryOperator::Plus => Operator::Add,
            BinaryOperator::Minus => Operator::Subtract,
            BinaryOperator::Multiply => Operator::Multiply,
            BinaryOperator::Divide => Operator::Divide,
            _ => return self.compare(left, op, right, whole),
        };
        let ((left, one), (right, other)) = (self.number(left)?, self.number(right)?);
        let kind = match (operator, one, other) {
            (Operator::Divide, ..) | (_, Kind::Float, _) | (_, _, Kind::Float) => Kind::Float,
            (_, Kind::Number, _) | (_, _, Kind::Number) => Kind::Number,
            _ => Kind::Integer,
        };
        Ok((Expression::Arithmetic(operator, Box::new([left, right])), kind))
    }

    fn compare(&mut self, left: &Expr, op: &BinaryOperator, right: &Expr, whole: &Expr) -> Read {
        let comparison = comparison(op).ok_or_else(|| unknown(whole))?;
        let ((left, one), (right, other)) = (self.read(left)?, self.read(right)?);
        let kind = one.join(other).ok_or_else(|| unlike(whole, one, other))?;
        if kind == Kind::Text && !matches!(op, BinaryOperator::Eq | BinaryOperator::NotEq) {
            return Err(order(whole, "compare texts by `=`, `<>` or `in`"));
        }
        Ok((Expression::Compare(comparison, Box::new([left, right])), Kind::Truth))
    }

    /// An expression that is true or not.
    fn truth(&mut self, whole: &Expr) -> Result<Expression, Mistake> {
        match self.read(whole)? {
            (read, Kind::Truth | Kind::Null) => Ok(read),
            (_, kind) => Err(Mistake::new(
                format!("`{whole}` is {}, which is true of nothing by itself", kind.name()),
                "compare it, such as `status = 'new'`; a column of truths is declared `boolean` under the `columns` of its table",
            )),
        }
    }

    fn number(&mut self, whole: &Expr) -> Read {
        match self.read(whole)? {
            (_, kind @ (Kind::Text | Kind::Truth)) => Err(Mistake::new(
                format!("`{whole}` is {}, and only numbers are reckoned with", kind.name()),
                "name a number, or `cast` it",
            )),
            read => Ok(read),
        }
    }
}

/// A column or path. The parser takes `user` and some more for calls without parentheses.
fn name(whole: &Expr) -> Option<String> {
    match whole {
        Expr::Identifier(name) => Some(name.value.clone()),
        Expr::CompoundIdentifier(names) => {
            Some(names.iter().map(|name| name.value.as_str()).collect::<Vec<_>>().join("."))
        }
        Expr::Function(call) if matches!(call.args, FunctionArguments::None) => Some(call.name.to_string()),
        Expr::CompoundFieldAccess { root, access_chain } => {
            let mut path = name(root)?;
            for access in access_chain {
                let AccessExpr::Dot(Expr::Identifier(next)) = access else { return None };
                path.push('.');
                path.push_str(&next.value);
            }
            Some(path)
        }
        _ => None,
    }
}

fn literal(literal: &Literal) -> Option<(Expression, Kind)> {
    let (datum, kind) = match literal {
        Literal::Null => (Datum::Null, Kind::Null),
        Literal::Boolean(truth) => (Datum::Truth(*truth), Kind::Truth),
        Literal::SingleQuotedString(text) => (Datum::Text(text.clone().into()), Kind::Text),
        Literal::Number(digits, _) => match digits.parse::<i64>() {
            Ok(number) => (Datum::Integer(number.into()), Kind::Integer),
            // A number of digits alone is an integer, and this one is none of 64 bits.
            Err(_) if digits.bytes().all(|byte| byte.is_ascii_digit()) => return None,
            Err(_) => (Datum::float(digits.parse().ok()?).ok()?, Kind::Float),
        },
        _ => return None,
    };
    Some((Expression::Literal(datum), kind))
}

fn unlike(whole: &Expr, one: Kind, other: Kind) -> Mistake {
    Mistake::new(
        format!("`{whole}` puts {} beside {}", one.name(), other.name()),
        "use one type; a column's is declared under the `columns` of its table, and is `integer` otherwise",
    )
}

fn order(whole: &Expr, remedy: &str) -> Mistake {
    let what =
        format!("`{whole}`: which text comes before which is the database's to say, and no event tells");
    Mistake::new(what, remedy)
}

fn unknown(whole: &Expr) -> Mistake {
    Mistake::new(
        format!("`{whole}` is not understood here"),
        "use names, literals of 64 bits, `+`, `-`, `*`, `/`, comparisons, `in`, `is null`, `and`, `or`, `not`, `case`, `cast`, \
         `coalesce`, `nullif`, `round`, and the aggregates `count`, `sum`, `avg`, `min`, `max`",
    )
}
