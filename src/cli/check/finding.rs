use std::fmt;

use crate::cli::plain;

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Finding {
    Right(String),
    /// It is as it should be, within limits that a person should know.
    Note {
        what: String,
        remedy: String,
    },
    /// It works, and a person may want to know.
    Warning {
        what: String,
        remedy: String,
    },
    Wrong {
        what: String,
        remedy: String,
    },
}

impl Finding {
    pub(super) fn wrong(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::Wrong { what: what.into(), remedy: remedy.into() }
    }

    pub(super) const fn is_wrong(&self) -> bool {
        matches!(self, Self::Wrong { .. })
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Right(what) => writeln!(f, "  right    {}", plain(what)),
            Self::Note { what, remedy } => {
                writeln!(f, "  note     {}\n           {}", plain(what), plain(remedy))
            }
            Self::Warning { what, remedy } => {
                writeln!(f, "  warning  {}\n           {}", plain(what), plain(remedy))
            }
            Self::Wrong { what, remedy } => {
                writeln!(f, "  WRONG    {}\n           {}", plain(what), plain(remedy))
            }
        }
    }
}

/// What was found of the configuration or of one server.
#[derive(Debug)]
pub(super) struct Section {
    title: String,
    findings: Vec<Finding>,
}

impl Section {
    pub(super) const fn new(title: String, findings: Vec<Finding>) -> Self {
        Self { title, findings }
    }

    pub(super) fn wrong(&self) -> usize {
        self.findings.iter().filter(|finding| finding.is_wrong()).count()
    }
}

impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.title)?;
        self.findings.iter().try_for_each(|finding| finding.fmt(f))
    }
}
