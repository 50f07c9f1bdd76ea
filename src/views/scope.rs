use std::collections::HashSet;

use crate::catalog::Parameters;
use crate::change::{Row, Value};

/// Beyond either, a family goes whole: memory does not grow with what one batch changes.
const MOST_ROWS: usize = 256;
const MOST_BYTES: usize = 16 << 10;

/// Which keys of a family go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    Whole,
    /// All but those of registered sets of parameters that none of these rows affects.
    Affected(Affecting),
}

/// Rows before and after changes, of each the columns that `affects` reads, and each once.
///
/// Whether a row affects a set depends on these two alone. So it does not matter when that is asked, nor when a set was
/// registered: a set that none of the rows affects has the same value as before them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Affecting {
    rows: HashSet<Row<'static>>,
    bytes: usize,
}

impl Scope {
    /// These rows' columns that `affects` reads.
    pub fn of(rows: &[Row<'_>]) -> Self {
        let mut scope = Self::Affected(Affecting::default());
        scope.add(rows);
        scope
    }

    /// These rows count too.
    pub fn add(&mut self, rows: &[Row<'_>]) {
        let Self::Affected(affecting) = self else { return };
        for row in rows {
            let known: &HashSet<Row<'_>> = &affecting.rows;
            // Most changes are of rows like those before, and cost no allocation.
            if !known.contains(row) {
                affecting.add(row.iter().map(|value| value.clone().into_owned()).collect());
            }
        }
        *self = std::mem::take(affecting).bounded();
    }

    /// What either takes.
    pub fn join(&mut self, other: Self) {
        let Self::Affected(more) = other else {
            *self = Self::Whole;
            return;
        };
        if let Self::Affected(affecting) = self {
            more.rows.into_iter().for_each(|row| affecting.add(row));
            *self = std::mem::take(affecting).bounded();
        }
    }

    /// About what it takes of memory.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Whole => 0,
            Self::Affected(affecting) => affecting.bytes,
        }
    }
}

impl Affecting {
    fn add(&mut self, row: Row<'static>) {
        let bytes: usize = row.iter().map(bytes).sum();
        if self.rows.insert(row) {
            self.bytes += bytes;
        }
    }

    fn bounded(self) -> Scope {
        if self.rows.len() > MOST_ROWS || self.bytes > MOST_BYTES {
            Scope::Whole
        } else {
            Scope::Affected(self)
        }
    }

    /// Whether the value of this registered set may have changed with one of the rows.
    pub fn affects(&self, parameters: &Parameters, set: &[Value<'_>]) -> bool {
        match &parameters.affects {
            Some(affects) => self.rows.iter().any(|row| affects.condition.judge(row, set).may_hold()),
            None => true,
        }
    }
}

fn bytes(value: &Value<'_>) -> usize {
    let text = match value {
        Value::Text(text) | Value::Json(text) => text.len(),
        _ => 0,
    };
    size_of::<Value<'_>>() + text
}
