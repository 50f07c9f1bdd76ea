//! Random expressions of a kind, each in the two spellings.

use fastrand::Rng;

use super::written::{Kind, Written};

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

    pub(super) fn expression(&mut self, kind: Kind, in_row: bool, depth: usize) -> Written {
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
                    let null = Written::null(kind);
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

    /// Two that often are equal; the second may be null.
    pub(super) fn pair(&mut self, kind: Kind, in_row: bool, depth: usize) -> [Written; 2] {
        let left = self.expression(kind, in_row, depth);
        let right = match self.rng.u8(..8) {
            0 => Written::null(kind),
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

    pub(super) fn named(&mut self, kind: Kind, in_row: bool) -> Written {
        let names = if in_row { &self.columns } else { &self.common };
        let of_kind: Vec<_> = names.iter().filter(|(of, _)| *of == kind).collect();
        match self.rng.choice(&of_kind) {
            Some((_, name)) => name.clone(),
            None => self.literal(kind),
        }
    }

    pub(super) fn any(&mut self) -> Kind {
        self.choose(&[Kind::Integer, Kind::Float, Kind::Number, Kind::Text, Kind::Truth])
    }

    pub(super) fn literal(&mut self, kind: Kind) -> Written {
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

    pub fn one_in(&mut self, count: u32) -> bool {
        self.rng.u32(..count) == 0
    }

    pub fn choose<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.rng.usize(..of.len())]
    }
}
