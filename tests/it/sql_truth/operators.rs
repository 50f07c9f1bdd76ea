//! What expressions of one kind are made of, beside what there is of every kind.

use super::expressions::Author;
use super::written::{Kind, Written};

impl Author<'_> {
    pub(super) fn integer(&mut self, in_row: bool, depth: usize) -> Written {
        match self.rng.u8(..6) {
            0..3 => {
                let first = self.expression(Kind::Integer, in_row, depth);
                self.chain(first, Kind::Integer, in_row, depth)
            }
            3 => {
                let inner = self.expression(Kind::Integer, in_row, depth);
                Written::both("(- {})", &[inner])
            }
            4 => {
                let inner = self.expression(Kind::Number, in_row, depth);
                Written::of("round({})", "round(({})::float8)::bigint::numeric", &[inner]).that_may_fail()
            }
            _ => {
                let kind = self.choose(&[Kind::Integer, Kind::Float, Kind::Truth, Kind::Text]);
                let inner = match kind {
                    Kind::Text => self.digits(in_row),
                    _ => self.expression(kind, in_row, depth),
                };
                let sql = match kind {
                    Kind::Truth => "({})::int::numeric",
                    _ => "({})::bigint::numeric",
                };
                let ours = if self.one_in(2) { "cast({} as integer)" } else { "({})::bigint" };
                let cast = Written::of(ours, sql, &[inner]);
                if kind == Kind::Float { cast.that_may_fail() } else { cast }
            }
        }
    }

    pub(super) fn float(&mut self, in_row: bool, depth: usize) -> Written {
        let [one, other, more] =
            [Kind::Number, Kind::Number, Kind::Number].map(|kind| self.expression(kind, in_row, depth));
        let divisor = match self.rng.u8(..8) {
            0 => other.that_may_fail(),
            1 => Written::same("8"),
            _ => Written::both("nullif({}, 0)", &[other]),
        };
        match self.rng.u8(..6) {
            0 => {
                let first = self.expression(Kind::Float, in_row, depth);
                self.chain(first, Kind::Number, in_row, depth)
            }
            1 => {
                let kind = self.choose(&[Kind::Number, Kind::Text]);
                let inner = if kind == Kind::Text { self.digits(in_row) } else { one };
                Written::of("cast({} as double precision)", "({})::float8", &[inner])
            }
            2 => Written::of("({} - {} / {})", "({} - ({})::float8 / ({})::float8)", &[more, one, divisor]),
            3 => Written::of("({} / {} * {})", "(({})::float8 / ({})::float8 * {})", &[one, divisor, more]),
            _ => Written::of("({} / {})", "(({})::float8 / ({})::float8)", &[one, divisor]),
        }
    }

    /// Without parentheses between its operators.
    pub(super) fn chain(&mut self, first: Written, kind: Kind, in_row: bool, depth: usize) -> Written {
        let mut text = "({}".to_owned();
        let mut parts = vec![first];
        for _ in 0..self.rng.usize(1..3) {
            text += self.choose(&[" + {}", " - {}", " * {}"]);
            parts.push(self.expression(kind, in_row, depth));
        }
        Written::both(&(text + ")"), &parts)
    }

    pub(super) fn truth(&mut self, in_row: bool, depth: usize) -> Written {
        match self.rng.u8(..8) {
            0..3 => self.comparison(in_row, depth),
            3 => {
                let kind = self.any();
                let inner = self.expression(kind, in_row, depth);
                let text = self.choose(&["({} is null)", "({} is not null)", "(not {} is null)"]);
                Written::both(text, &[inner])
            }
            4 | 5 => {
                let kind = self.choose(&[Kind::Number, Kind::Text, Kind::Truth]);
                let mut parts = vec![self.expression(kind, in_row, depth)];
                for _ in 0..self.rng.usize(1..4) {
                    parts.push(match self.rng.u8(..4) {
                        0 => Written::null(kind),
                        1 => self.expression(kind, in_row, depth),
                        _ => self.literal(kind),
                    });
                }
                let places = vec!["{}"; parts.len() - 1].join(", ");
                let text = self.choose(&["({} in (", "({} not in (", "(not {} in ("]);
                Written::both(&format!("{text}{places}))"), &parts)
            }
            _ => {
                let mut text = String::from("(");
                let mut parts = Vec::new();
                for at in 0..self.rng.usize(2..5) {
                    if at > 0 {
                        text += self.choose(&[" and ", " or "]);
                    }
                    text += self.choose(&["{}", "{}", "not {}"]);
                    parts.push(self.expression(Kind::Truth, in_row, depth));
                }
                Written::both(&(text + ")"), &parts)
            }
        }
    }

    fn comparison(&mut self, in_row: bool, depth: usize) -> Written {
        let kind = self.choose(&[Kind::Number, Kind::Number, Kind::Text, Kind::Truth]);
        let operators: &[&str] = match kind {
            Kind::Text => &["=", "<>", "!="],
            _ => &["=", "<>", "<", "<=", ">", ">="],
        };
        let operator = self.choose(operators);
        let [left, right] = self.pair(kind, in_row, depth);
        // What follows binds less tightly.
        let test = self.choose(&["", "", "", " is null"]);
        Written::both(&format!("({{}} {operator} {{}}{test})"), &[left, right])
    }

    /// A text that spells a number.
    fn digits(&mut self, in_row: bool) -> Written {
        if in_row && self.one_in(2) {
            return Written::new("d", "i.d");
        }
        match self.rng.u8(..4) {
            0 => self.named(Kind::Text, in_row).that_may_fail(),
            _ => Written::same(self.choose(&["'12'", "'-4'", "'007'"])),
        }
    }
}
