use sqlparser::ast::{BinaryOperator, Expr, InTarget, UnaryOperator, Value as Literal};
use sqlparser::dialect::GenericDialect;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::Token;

use super::condition::{Comparison, Condition, Operand};
use super::truth::Truth;
use crate::change::Value;

/// Longer than anybody writes.
const LONGEST: usize = 4_096;

/// How deep it may be nested. Without optimisation each step of the parser takes tens of kilobytes of the stack.
const DEEPEST: usize = 20;

/// What is wrong with an expression, and what would be right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    pub what: String,
    pub remedy: String,
}

impl Mistake {
    pub fn new(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { what: what.into(), remedy: remedy.into() }
    }
}

/// A name in an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Name<'n> {
    Column(&'n str),
    Parameter(&'n str),
}

/// What is known beforehand of what is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Its values tell.
    Any,
    Integer,
    Text,
    Truth,
}

/// Says what a name stands for.
type Resolve<'r> = &'r mut dyn FnMut(Name<'_>) -> Result<(Operand, Kind), Mistake>;

impl Condition {
    /// Reads a condition. `resolve` says what its names stand for, in the order in which they are written.
    pub fn parse(text: &str, resolve: Resolve<'_>) -> Result<Self, Mistake> {
        Reader(resolve).condition(&expression(text, "id = :id")?)
    }
}

/// Reads any expression. `example` is one that would be right where it stands.
pub(crate) fn expression(text: &str, example: &str) -> Result<Expr, Mistake> {
    if text.len() > LONGEST {
        let what = format!("the expression has {} bytes", text.len());
        return Err(Mistake::new(what, format!("use at most {LONGEST}")));
    }
    let parsed = Parser::new(&GenericDialect {}).with_recursion_limit(DEEPEST).try_with_sql(text).and_then(
        |mut parser| {
            let expression = parser.parse_expr()?;
            parser.expect_token(&Token::EOF)?;
            Ok(expression)
        },
    );
    parsed.map_err(|error| {
        let error = error.to_string();
        let what = error.trim_start_matches("sql parser error: ");
        Mistake::new(format!("this is no SQL expression: {what}"), format!("write one, such as `{example}`"))
    })
}

/// The links of `a and b and c`, which the parser nests to the left, as deep as there are.
pub(crate) fn links<'e>(expression: &'e Expr, joined: &BinaryOperator) -> Vec<&'e Expr> {
    let (mut links, mut rest) = (Vec::new(), expression);
    while let Expr::BinaryOp { left, op, right } = rest
        && op == joined
    {
        links.push(&**right);
        rest = left;
    }
    links.push(rest);
    links.reverse();
    links
}

struct Reader<'r>(Resolve<'r>);

impl Reader<'_> {
    fn condition(&mut self, expression: &Expr) -> Result<Condition, Mistake> {
        Ok(match expression {
            Expr::Nested(inner) => self.condition(inner)?,
            Expr::UnaryOp { op: UnaryOperator::Not, expr } => Condition::Not(Box::new(self.condition(expr)?)),
            Expr::BinaryOp { op: BinaryOperator::And, .. } => {
                Condition::And(self.chain(expression, &BinaryOperator::And)?)
            }
            Expr::BinaryOp { op: BinaryOperator::Or, .. } => {
                Condition::Or(self.chain(expression, &BinaryOperator::Or)?)
            }
            Expr::BinaryOp { left, op, right } => {
                let comparison = comparison(op).ok_or_else(|| unknown(expression))?;
                let (left, right) = self.alike(left, comparison, right, expression)?;
                Condition::Compare(left, comparison, right)
            }
            Expr::IsNull(inner) => Condition::IsNull(self.operand(inner)?.0),
            Expr::IsNotNull(inner) => Condition::Not(Box::new(Condition::IsNull(self.operand(inner)?.0))),
            Expr::In { expr, target: InTarget::List(list), negated, global: false } => {
                let (mut left, mut all) = (None, Vec::with_capacity(list.len()));
                for one in list {
                    let (operand, one) = self.alike(expr, Comparison::Equal, one, expression)?;
                    left = Some(operand);
                    all.push(one);
                }
                let is_in = Condition::In(left.ok_or_else(|| unknown(expression))?, all);
                if *negated { Condition::Not(Box::new(is_in)) } else { is_in }
            }
            Expr::Value(value) => match &value.value {
                Literal::Boolean(truth) => Condition::Always((*truth).into()),
                Literal::Null => Condition::Always(Truth::Null),
                _ => return Err(no_condition(expression)),
            },
            Expr::Identifier(_) => return Err(no_condition(expression)),
            _ => return Err(unknown(expression)),
        })
    }

    fn chain(&mut self, expression: &Expr, joined: &BinaryOperator) -> Result<Vec<Condition>, Mistake> {
        links(expression, joined).into_iter().map(|link| self.condition(link)).collect()
    }

    /// Both sides of a comparison, unless it is known that they never agree.
    fn alike(
        &mut self,
        left: &Expr,
        comparison: Comparison,
        right: &Expr,
        whole: &Expr,
    ) -> Result<(Operand, Operand), Mistake> {
        let ((left, one), (right, other)) = (self.operand(left)?, self.operand(right)?);
        let equality = matches!(comparison, Comparison::Equal | Comparison::NotEqual);
        match (one, other) {
            (Kind::Text, _) | (_, Kind::Text) if !equality => Err(Mistake::new(
                format!(
                    "`{whole}`: which text comes before which is the database's to say, and no event tells"
                ),
                "compare texts by `=`, `<>` or `in`",
            )),
            (Kind::Text, Kind::Any) if is_column(&right) => Err(undeclared(whole)),
            (Kind::Any, Kind::Text) if is_column(&left) => Err(undeclared(whole)),
            (one, other) if one == other || one == Kind::Any || other == Kind::Any => Ok((left, right)),
            (one, other) => Err(Mistake::new(
                format!("`{whole}` compares {} with {}", one.name(), other.name()),
                "compare what is of one type",
            )),
        }
    }

    fn operand(&mut self, expression: &Expr) -> Result<(Operand, Kind), Mistake> {
        let literal = |value, kind| Ok((Operand::Literal(value), kind));
        match expression {
            Expr::Nested(inner) => self.operand(inner),
            Expr::Identifier(column) => (self.0)(Name::Column(&column.value)),
            Expr::CompoundIdentifier(_) => Err(Mistake::new(
                format!("`{expression}` leads to another row"),
                "name a column of the row itself",
            )),
            Expr::UnaryOp { op: UnaryOperator::Minus, expr } => match &**expr {
                Expr::Value(value) if matches!(value.value, Literal::Number(..)) => {
                    literal(number(&format!("-{}", value.value), expression)?, Kind::Integer)
                }
                _ => Err(unknown(expression)),
            },
            Expr::Value(value) => match &value.value {
                Literal::Placeholder(name) if name.starts_with(':') => (self.0)(Name::Parameter(&name[1..])),
                Literal::Number(digits, _) => literal(number(digits, expression)?, Kind::Integer),
                Literal::SingleQuotedString(text) => literal(Value::Text(text.clone().into()), Kind::Text),
                Literal::Boolean(truth) => literal(Value::Bool(*truth), Kind::Truth),
                Literal::Null => literal(Value::Null, Kind::Any),
                _ => Err(unknown(expression)),
            },
            _ => Err(unknown(expression)),
        }
    }
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Any => "anything",
            Self::Integer => "an integer",
            Self::Text => "a text",
            Self::Truth => "a truth",
        }
    }
}

const fn is_column(operand: &Operand) -> bool {
    matches!(operand, Operand::Column { .. })
}

pub(crate) fn comparison(operator: &BinaryOperator) -> Option<Comparison> {
    Some(match operator {
        BinaryOperator::Eq => Comparison::Equal,
        BinaryOperator::NotEq => Comparison::NotEqual,
        BinaryOperator::Lt => Comparison::Less,
        BinaryOperator::LtEq => Comparison::LessOrEqual,
        BinaryOperator::Gt => Comparison::Greater,
        BinaryOperator::GtEq => Comparison::GreaterOrEqual,
        _ => return None,
    })
}

fn number(digits: &str, expression: &Expr) -> Result<Value<'static>, Mistake> {
    match (digits.parse(), digits.parse()) {
        (Ok(number), _) => Ok(Value::Int(number)),
        (_, Ok(number)) => Ok(Value::UInt(number)),
        _ => Err(Mistake::new(format!("`{expression}` is no integer of 64 bits"), "compare integers")),
    }
}

fn undeclared(whole: &Expr) -> Mistake {
    Mistake::new(
        format!("`{whole}` compares a text with a column that was not declared to hold text"),
        "declare the column `text` under the `columns` of its table",
    )
}

fn unknown(expression: &Expr) -> Mistake {
    Mistake::new(
        format!("`{expression}` is not understood here"),
        "use columns, `:parameters`, literals, `=`, `<>`, `<`, `<=`, `>`, `>=`, `in`, `is null`, `and`, `or` and `not`",
    )
}

fn no_condition(expression: &Expr) -> Mistake {
    Mistake::new(format!("`{expression}` is true of nothing by itself"), "compare it, such as `id = :id`")
}
