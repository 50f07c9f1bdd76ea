//! Random expressions of a kind, each in the two spellings.

use fastrand::Rng;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Integer,
    Float,
    /// An integer or a float.
    Number,
    Text,
    Truth,
}

/// An expression as a configuration writes it, and as PostgreSQL is asked for the same.
#[derive(Debug, Clone)]
pub struct Written {
    pub ours: String,
    pub sql: String,
    /// It may divide by zero, or leave what a type holds.
    pub may_fail: bool,
}

impl Written {
    pub fn new(ours: &str, sql: &str) -> Self {
        Self { ours: ours.to_owned(), sql: sql.to_owned(), may_fail: false }
    }

    fn same(text: &str) -> Self {
        Self::new(text, text)
    }

    /// Both spellings with each `{}` replaced by the next of the parts.
    fn of(ours: &str, sql: &str, parts: &[Self]) -> Self {
        Self {
            ours: filled(ours, parts.iter().map(|part| &*part.ours)),
            sql: filled(sql, parts.iter().map(|part| &*part.sql)),
            may_fail: parts.iter().any(|part| part.may_fail),
        }
    }

    fn both(text: &str, parts: &[Self]) -> Self {
        Self::of(text, text, parts)
    }

    fn that_may_fail(self) -> Self {
        Self { may_fail: true, ..self }
    }
}

fn filled<'p>(text: &str, mut parts: impl Iterator<Item = &'p str>) -> String {
    let mut pieces = text.split("{}");
    let mut filled = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        filled += parts.next().expect("a part for each place");
        filled += piece;
    }
    assert!(parts.next().is_none(), "too many parts for {text}");
    filled
}

/// Writes expressions over the names that there are.
pub struct Author<'r> {
    pub rng: &'r mut Rng,
    /// Of single rows.
    pub columns: Vec<(Kind, Written)>,
    /// What all rows of the group have in common, and the fields above.
    pub common: Vec<(Kind, Written)>,
}

impl Author<'_> {
    /// Over a group of rows.
    pub fn leaf(&mut self, kind: Kind) -> Written {
        self.expression(kind, false, 2)
    }

    /// Over one row.
    pub fn condition(&mut self) -> Written {
        self.expression(Kind::Truth, true, 2)
    }

    fn expression(&mut self, kind: Kind, in_row: bool, depth: usize) -> Written {
        if depth == 0 || self.one_in(4) {
            return self.least(kind, in_row, depth);
        }
        let depth = depth - 1;
        match (kind, self.rng.u8(..8)) {
            (Kind::Number, 0..4) => {
                let kind = self.choose(&[Kind::Integer, Kind::Float]);
                self.expression(kind, in_row, depth)
            }
            (_, 4) => self.case(kind, in_row, depth),
            (_, 5) => self.simple_case(kind, in_row, depth),
            (_, 6) | (Kind::Number, _) => {
                let mut parts = self.alternatives(kind, 2, in_row, depth);
                if self.one_in(3) {
                    let null = self.null(kind);
                    parts.insert(self.rng.usize(..=parts.len()), null);
                }
                let places = vec!["{}"; parts.len()].join(", ");
                Written::both(&format!("coalesce({places})"), &parts)
            }
            (_, 7) => {
                let [left, right] = self.pair(kind, in_row, depth);
                Written::both("nullif({}, {})", &[left, right])
            }
            (Kind::Integer, _) => self.integer(in_row, depth),
            (Kind::Float, _) => self.float(in_row, depth),
            (Kind::Text, _) => {
                let kind = self.choose(&[Kind::Integer, Kind::Truth, Kind::Text]);
                let inner = self.expression(kind, in_row, depth);
                Written::both("cast({} as text)", &[inner])
            }
            (Kind::Truth, _) => self.truth(in_row, depth),
        }
    }

    fn integer(&mut self, in_row: bool, depth: usize) -> Written {
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

    fn float(&mut self, in_row: bool, depth: usize) -> Written {
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
    fn chain(&mut self, first: Written, kind: Kind, in_row: bool, depth: usize) -> Written {
        let mut text = "({}".to_owned();
        let mut parts = vec![first];
        for _ in 0..self.rng.usize(1..3) {
            text += self.choose(&[" + {}", " - {}", " * {}"]);
            parts.push(self.expression(kind, in_row, depth));
        }
        Written::both(&(text + ")"), &parts)
    }

    fn truth(&mut self, in_row: bool, depth: usize) -> Written {
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
                        0 => self.null(kind),
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

    /// Two that often are equal; the second may be null.
    fn pair(&mut self, kind: Kind, in_row: bool, depth: usize) -> [Written; 2] {
        let left = self.expression(kind, in_row, depth);
        let right = match self.rng.u8(..8) {
            0 => self.null(kind),
            1..5 => self.literal(kind),
            _ => self.expression(kind, in_row, depth),
        };
        [left, right]
    }

    fn case(&mut self, kind: Kind, in_row: bool, depth: usize) -> Written {
        let mut text = "case".to_owned();
        let mut parts = Vec::new();
        for result in self.alternatives(kind, 2, in_row, depth) {
            text += " when {} then {}";
            parts.extend([self.expression(Kind::Truth, in_row, depth), result]);
        }
        self.or_else(text, parts, kind, in_row, depth)
    }

    fn simple_case(&mut self, kind: Kind, in_row: bool, depth: usize) -> Written {
        let of = self.choose(&[Kind::Number, Kind::Text, Kind::Truth]);
        let [operand, first] = self.pair(of, in_row, depth);
        let second = self.literal(of);
        let mut parts = vec![operand];
        let results = self.alternatives(kind, 2, in_row, depth);
        for (when, then) in [first, second].into_iter().zip(results) {
            parts.extend([when, then]);
        }
        self.or_else("case {} when {} then {} when {} then {}".to_owned(), parts, kind, in_row, depth)
    }

    fn or_else(
        &mut self,
        text: String,
        mut parts: Vec<Written>,
        kind: Kind,
        in_row: bool,
        depth: usize,
    ) -> Written {
        let end = match self.rng.u8(..3) {
            0 => " end",
            1 => " else null end",
            _ => {
                parts.push(self.expression(kind, in_row, depth));
                " else {} end"
            }
        };
        Written::both(&format!("({text}{end})"), &parts)
    }

    /// Of one kind; of numbers an integer and a float.
    fn alternatives(&mut self, kind: Kind, count: usize, in_row: bool, depth: usize) -> Vec<Written> {
        let of = |at: usize| match kind {
            Kind::Number if at == 0 => Kind::Integer,
            Kind::Number => Kind::Float,
            kind => kind,
        };
        let mut all: Vec<_> = (0..count).map(|at| self.expression(of(at), in_row, depth)).collect();
        self.rng.shuffle(&mut all);
        all
    }

    fn least(&mut self, kind: Kind, in_row: bool, depth: usize) -> Written {
        let kind = if kind == Kind::Number { self.choose(&[Kind::Integer, Kind::Float]) } else { kind };
        if self.one_in(5) {
            return self.literal(kind);
        }
        if !in_row && kind != Kind::Text && !self.one_in(3) {
            return self.aggregate(kind, depth);
        }
        self.named(kind, in_row)
    }

    fn named(&mut self, kind: Kind, in_row: bool) -> Written {
        let names = if in_row { &self.columns } else { &self.common };
        let of_kind: Vec<_> = names.iter().filter(|(of, _)| *of == kind).collect();
        match self.rng.choice(&of_kind) {
            Some((_, name)) => name.clone(),
            None => self.literal(kind),
        }
    }

    fn aggregate(&mut self, kind: Kind, depth: usize) -> Written {
        let extreme = self.choose(&["min({}", "max({}"]);
        let (ours, sql, argument) = match (kind, self.rng.u8(..6)) {
            (Kind::Integer, 0) => ("count(*", "count(*", None),
            (Kind::Integer, 1 | 2) => {
                let of = self.any();
                let text = self.choose(&["count({}", "count(distinct {}"]);
                (text, text, Some(self.expression(of, true, depth)))
            }
            (Kind::Integer, 3 | 4) => ("sum({}", "sum({}", Some(self.amount(depth))),
            (Kind::Float, 0..3) => ("avg({}", "avg(({})::float8", Some(self.amount(depth))),
            (Kind::Truth, _) => {
                let sql = if extreme == "min({}" { "bool_and({}" } else { "bool_or({}" };
                (extreme, sql, Some(self.expression(kind, true, depth)))
            }
            _ => (extreme, extreme, Some(self.expression(kind, true, depth))),
        };
        let mut parts: Vec<_> = argument.into_iter().collect();
        let end = if self.one_in(3) {
            parts.push(self.expression(Kind::Truth, true, depth));
            ") filter (where {})"
        } else {
            ")"
        };
        let cast = if kind == Kind::Integer { "::numeric" } else { "" };
        Written::of(&format!("{ours}{end}"), &format!("({sql}{end}){cast}"), &parts)
    }

    /// What is added up: an integer, and known to be one.
    fn amount(&mut self, depth: usize) -> Written {
        let name = self.named(Kind::Integer, true);
        if depth == 0 { name } else { self.chain(name, Kind::Integer, true, depth - 1) }
    }

    fn literal(&mut self, kind: Kind) -> Written {
        match kind {
            Kind::Integer => Written::same(self.choose(&["0", "1", "2", "3", "7"])),
            Kind::Float | Kind::Number => {
                let text = self.choose(&["0.0", "0.5", "2.0", "1.25", "1e1"]);
                Written::new(text, &format!("{text}::float8"))
            }
            Kind::Text => Written::same(self.choose(&["'new'", "'done'", "'it''s'", "'7'", "''"])),
            Kind::Truth => Written::same(self.choose(&["true", "false"])),
        }
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

    fn null(&mut self, kind: Kind) -> Written {
        let sql = match kind {
            Kind::Integer => "null::numeric",
            Kind::Float | Kind::Number => "null::float8",
            Kind::Text => "null::text",
            Kind::Truth => "null::boolean",
        };
        Written::new("null", sql)
    }

    fn any(&mut self) -> Kind {
        self.choose(&[Kind::Integer, Kind::Float, Kind::Number, Kind::Text, Kind::Truth])
    }

    pub fn one_in(&mut self, count: u32) -> bool {
        self.rng.u32(..count) == 0
    }

    pub fn choose<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.rng.usize(..of.len())]
    }
}
