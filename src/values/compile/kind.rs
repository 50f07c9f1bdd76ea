use crate::catalog::ColumnType;

/// What is known of an expression's values before there are any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Null,
    Integer,
    Float,
    /// An integer or a float: branches keep their own type.
    Number,
    Text,
    Truth,
}

impl Kind {
    /// What an expression is that is one of two; nothing if they do not go together.
    pub(super) fn join(self, other: Self) -> Option<Self> {
        match (self, other) {
            (Self::Null, kind) | (kind, Self::Null) => Some(kind),
            (one, other) if one == other => Some(one),
            (Self::Text | Self::Truth, _) | (_, Self::Text | Self::Truth) => None,
            _ => Some(Self::Number),
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Integer => "an integer",
            Self::Float => "a float",
            Self::Number => "a number",
            Self::Text => "a text",
            Self::Truth => "a truth",
        }
    }
}

impl From<ColumnType> for Kind {
    /// What was not declared is an integer.
    fn from(r#type: ColumnType) -> Self {
        match r#type {
            ColumnType::Any | ColumnType::Integer => Self::Integer,
            ColumnType::Text => Self::Text,
            ColumnType::Boolean => Self::Truth,
            ColumnType::Float => Self::Float,
        }
    }
}
