//! What there is in two spellings.

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

    /// Null, as one of this kind.
    pub fn null(kind: Kind) -> Self {
        let sql = match kind {
            Kind::Integer => "null::numeric",
            Kind::Float | Kind::Number => "null::float8",
            Kind::Text => "null::text",
            Kind::Truth => "null::boolean",
        };
        Self::new("null", sql)
    }

    pub fn same(text: &str) -> Self {
        Self::new(text, text)
    }

    /// Both spellings with each `{}` replaced by the next of the parts.
    pub fn of(ours: &str, sql: &str, parts: &[Self]) -> Self {
        Self {
            ours: filled(ours, parts.iter().map(|part| &*part.ours)),
            sql: filled(sql, parts.iter().map(|part| &*part.sql)),
            may_fail: parts.iter().any(|part| part.may_fail),
        }
    }

    pub fn both(text: &str, parts: &[Self]) -> Self {
        Self::of(text, text, parts)
    }

    pub fn that_may_fail(self) -> Self {
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
