use std::fmt;

use super::problem::Problem;

/// Why there are no settings.
#[derive(Debug)]
pub enum Error {
    Read {
        name: String,
        source: std::io::Error,
    },
    /// Every mistake, by place. There is at least one.
    Invalid {
        name: String,
        problems: Vec<Problem>,
    },
}

impl Error {
    /// The mistakes; none if the file could not be read at all.
    pub fn problems(&self) -> &[Problem] {
        match self {
            Self::Read { .. } => &[],
            Self::Invalid { problems, .. } => problems,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read { name, source } => {
                write!(f, "the configuration `{name}` cannot be read: {source}; name another by --config")
            }
            Self::Invalid { name, problems } => {
                for (index, problem) in problems.iter().enumerate() {
                    if index > 0 {
                        f.write_str("\n")?;
                    }
                    write!(f, "{name}:{problem}")?;
                }
                Ok(())
            }
        }
    }
}

impl std::error::Error for Error {}
