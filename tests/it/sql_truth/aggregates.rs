//! What many rows come to.

use super::expressions::Author;
use super::written::{Kind, Written};

impl Author<'_> {
    pub(super) fn aggregate(&mut self, kind: Kind, depth: usize) -> Written {
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
}
