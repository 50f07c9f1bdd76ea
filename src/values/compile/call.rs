use sqlparser::ast::{
    CaseWhen, CastKind, DataType, DuplicateTreatment, Expr, Function as Call, FunctionArg, FunctionArgExpr,
    FunctionArguments, Value as Literal,
};

use super::{Kind, Read, Reader, order, unknown, unlike};
use crate::expressions::{Comparison, Mistake};
use crate::values::datum::Datum;
use crate::values::expression::{Cast, Expression};
use crate::values::fold::{Aggregate, Function};

/// More digits than a binary64 has behind the point tell nothing.
const MOST_DIGITS: usize = 15;

/// The arguments of a function; of `count(*)` none.
struct Arguments<'e> {
    all: Vec<&'e Expr>,
    distinct: bool,
    wildcard: bool,
}

impl Reader<'_> {
    pub(super) fn call(&mut self, call: &Call, whole: &Expr) -> Read {
        let arguments = arguments(call).ok_or_else(|| unknown(whole))?;
        let name = call.name.to_string().to_ascii_lowercase();
        let function = match name.as_str() {
            "count" if arguments.distinct => Function::CountDistinct,
            "count" => Function::Count,
            "sum" => Function::Sum,
            "avg" => Function::Average,
            "min" => Function::Min,
            "max" => Function::Max,
            _ if call.filter.is_some() || arguments.distinct || arguments.wildcard => {
                return Err(unknown(whole));
            }
            "coalesce" => return self.coalesce(&arguments.all, whole),
            "nullif" => return self.null_if(&arguments.all, whole),
            "round" => return self.round(&arguments.all, whole),
            _ => return Err(unknown(whole)),
        };
        self.aggregate(function, &arguments, call.filter.as_deref(), whole)
    }

    fn aggregate(
        &mut self,
        function: Function,
        arguments: &Arguments<'_>,
        filter: Option<&Expr>,
        whole: &Expr,
    ) -> Read {
        if self.in_row {
            let what = format!("the aggregate `{whole}` stands where there is one row only");
            return Err(Mistake::new(what, "use columns and paths here"));
        }
        let is_right = match (&arguments.all[..], arguments.wildcard) {
            ([], true) => function == Function::Count,
            ([_], false) => !arguments.distinct || function == Function::CountDistinct,
            _ => false,
        };
        if !is_right {
            return Err(unknown(whole));
        }
        self.in_row = true;
        let argument = arguments.all.first().map(|argument| self.read(argument)).transpose();
        let filter = filter.map(|filter| self.truth(filter)).transpose();
        self.in_row = false;
        let (argument, filter) = (argument?, filter?);
        let of = argument.as_ref().map_or(Kind::Integer, |(_, kind)| *kind);
        let kind = match (function, of) {
            (Function::Count | Function::CountDistinct, _) | (Function::Sum, Kind::Integer) => Kind::Integer,
            (Function::Average, Kind::Integer) => Kind::Float,
            (Function::Sum | Function::Average, Kind::Float | Kind::Number) => {
                return Err(Mistake::new(
                    format!("`{whole}` adds up floats, whose sum depends on the order of the rows"),
                    "leave this view to the application, or keep the amounts as integers",
                ));
            }
            (Function::Sum | Function::Average, _) => {
                let what = format!("`{whole}` adds up what is {}", of.name());
                return Err(Mistake::new(what, "name a column of integers, or `count` the rows"));
            }
            (Function::Min | Function::Max, Kind::Text) => {
                return Err(order(whole, "leave this view to the application"));
            }
            (Function::Min | Function::Max, Kind::Number) => {
                let what =
                    format!("`{whole}` compares integers with floats, and of equal ones may yield either");
                return Err(Mistake::new(what, "cast them to one of the two"));
            }
            (Function::Min | Function::Max, kind) => kind,
        };
        let argument = argument.map(|(argument, _)| argument);
        let number = self.names.aggregate(Aggregate { function, argument, filter });
        Ok((Expression::Aggregate(number), kind))
    }

    fn coalesce(&mut self, all: &[&Expr], whole: &Expr) -> Read {
        if all.is_empty() {
            return Err(unknown(whole));
        }
        let (mut read, mut kind) = (Vec::with_capacity(all.len()), Kind::Null);
        for one in all {
            let (one, of) = self.read(one)?;
            kind = kind.join(of).ok_or_else(|| unlike(whole, kind, of))?;
            read.push(one);
        }
        Ok((Expression::Coalesce(read), kind))
    }

    fn null_if(&mut self, all: &[&Expr], whole: &Expr) -> Read {
        let [left, right] = all else { return Err(unknown(whole)) };
        let ((left, kind), (right, of)) = (self.read(left)?, self.read(right)?);
        kind.join(of).ok_or_else(|| unlike(whole, kind, of))?;
        Ok((Expression::NullIf(Box::new([left, right])), kind))
    }

    fn round(&mut self, all: &[&Expr], whole: &Expr) -> Read {
        let (number, digits) = match all {
            [number] => (number, None),
            [number, digits] => (number, Some(self.digits(digits, whole)?)),
            _ => return Err(unknown(whole)),
        };
        let (number, kind) = self.number(number)?;
        let kind = if digits.is_none() { Kind::Integer } else { kind };
        Ok((Expression::Round(Box::new(number), digits), kind))
    }

    #[expect(clippy::unused_self, reason = "stands beside what reads the other arguments")]
    fn digits(&self, digits: &Expr, whole: &Expr) -> Result<usize, Mistake> {
        let number = match digits {
            Expr::Value(value) => match &value.value {
                Literal::Number(digits, _) => digits.parse().ok(),
                _ => None,
            },
            _ => None,
        };
        number.filter(|digits| *digits <= MOST_DIGITS).ok_or_else(|| {
            let what = format!("`{whole}` does not say how many digits there are to be");
            Mistake::new(what, format!("write a number from 0 to {MOST_DIGITS}, such as `round(x, 2)`"))
        })
    }

    pub(super) fn case(
        &mut self,
        operand: Option<&Expr>,
        conditions: &[CaseWhen],
        or_else: Option<&Expr>,
        whole: &Expr,
    ) -> Read {
        let operand = operand.map(|operand| self.read(operand)).transpose()?;
        let (mut branches, mut kind) = (Vec::with_capacity(conditions.len()), Kind::Null);
        for CaseWhen { condition, result } in conditions {
            let condition = match &operand {
                None => self.truth(condition)?,
                Some((operand, of)) => {
                    let (other, kind) = self.read(condition)?;
                    of.join(kind).ok_or_else(|| unlike(whole, *of, kind))?;
                    Expression::Compare(Comparison::Equal, Box::new([operand.clone(), other]))
                }
            };
            let (result, of) = self.read(result)?;
            kind = kind.join(of).ok_or_else(|| unlike(whole, kind, of))?;
            branches.push([condition, result]);
        }
        let or_else = match or_else {
            Some(or_else) => {
                let (or_else, of) = self.read(or_else)?;
                kind = kind.join(of).ok_or_else(|| unlike(whole, kind, of))?;
                or_else
            }
            None => Expression::Literal(Datum::Null),
        };
        Ok((Expression::Case(branches, Box::new(or_else)), kind))
    }

    pub(super) fn cast(&mut self, how: &CastKind, inner: &Expr, to: &DataType, whole: &Expr) -> Read {
        let (cast, kind) = match to {
            _ if !matches!(how, CastKind::Cast | CastKind::DoubleColon) => return Err(unknown(whole)),
            DataType::Integer(None) | DataType::Int(None) | DataType::BigInt(None) => {
                (Cast::Integer, Kind::Integer)
            }
            DataType::DoublePrecision => (Cast::Float, Kind::Float),
            DataType::Text => (Cast::Text, Kind::Text),
            _ => {
                let what = format!("`{whole}` casts to `{to}`");
                return Err(Mistake::new(what, "cast to `integer`, `double precision` or `text`"));
            }
        };
        let (inner, of) = self.read(inner)?;
        let is_right = match cast {
            Cast::Integer => true,
            Cast::Float => of != Kind::Truth,
            // Databases and applications spell one float in many ways.
            Cast::Text => !matches!(of, Kind::Float | Kind::Number),
        };
        if !is_right {
            let what = format!("`{whole}` casts {} to `{to}`", of.name());
            return Err(Mistake::new(what, "leave it as it is, or cast it to `integer` first"));
        }
        Ok((Expression::Cast(Box::new(inner), cast), kind))
    }
}

/// `None` if there is anything else about the call.
fn arguments(call: &Call) -> Option<Arguments<'_>> {
    let FunctionArguments::List(list) = &call.args else { return None };
    let plain = call.over.is_none()
        && call.within_group.is_empty()
        && call.null_treatment.is_none()
        && !call.uses_odbc_syntax
        && matches!(call.parameters, FunctionArguments::None)
        && list.clauses.is_empty();
    if !plain {
        return None;
    }
    let distinct = list.duplicate_treatment == Some(DuplicateTreatment::Distinct);
    if let [FunctionArg::Unnamed(FunctionArgExpr::Wildcard)] = &list.args[..] {
        return Some(Arguments { all: Vec::new(), distinct, wildcard: true });
    }
    let argument = |argument| match argument {
        &FunctionArg::Unnamed(FunctionArgExpr::Expr(ref argument)) => Some(argument),
        _ => None,
    };
    let all = list.args.iter().map(argument).collect::<Option<_>>()?;
    Some(Arguments { all, distinct, wildcard: false })
}
