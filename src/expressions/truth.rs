use std::ops::Not;

/// What a condition comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Truth {
    True,
    False,
    /// SQL's `NULL`: a value that it depends on is null.
    Null,
    /// The database may say any of the three.
    Doubt,
}

impl Truth {
    /// Whether a row may be one that a `where` with this condition takes: it leaves out what is false, and what is null.
    pub const fn may_hold(self) -> bool {
        matches!(self, Self::True | Self::Doubt)
    }

    /// One falsehood decides, whatever is in doubt; null and doubt are no truth and no falsehood yet.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::False, _) | (_, Self::False) => Self::False,
            (Self::Doubt, _) | (_, Self::Doubt) => Self::Doubt,
            (Self::Null, _) | (_, Self::Null) => Self::Null,
            (Self::True, Self::True) => Self::True,
        }
    }

    /// One truth decides.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        !(!self).and(!other)
    }
}

impl Not for Truth {
    type Output = Self;

    fn not(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::Null => Self::Null,
            Self::Doubt => Self::Doubt,
        }
    }
}

impl From<bool> for Truth {
    fn from(truth: bool) -> Self {
        if truth { Self::True } else { Self::False }
    }
}
