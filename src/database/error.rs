use std::error::Error as _;
use std::fmt;
use std::time::Duration;

use tokio_postgres::error::SqlState;

/// What the database, or the way to it, says. Never the URL, and so never its password.
#[derive(Debug)]
pub enum DatabaseError {
    Postgres(tokio_postgres::Error),
    Tls(rustls::Error),
    /// It did not answer for so long.
    Silent(Duration),
    /// It is a replica, which may lag behind the events.
    Replica,
    /// It replays nothing, so nobody knows how far it is.
    NoReplica,
    /// What a statement tells is larger than a cached value may be.
    TooLarge,
    /// A column whose values have no spelling in Redis.
    Column {
        name: String,
        r#type: String,
    },
    NoColumn,
    /// A number that is none that JSON and Python share.
    Number,
}

impl DatabaseError {
    /// Whether a statement took longer than it may.
    pub fn is_timeout(&self) -> bool {
        match self {
            Self::Postgres(error) => error.code() == Some(&SqlState::QUERY_CANCELED),
            Self::Silent(_) => true,
            _ => false,
        }
    }
}

impl fmt::Display for DatabaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // The message alone: its detail may hold values of a row.
            Self::Postgres(error) => match (error.as_db_error(), error.source()) {
                (Some(said), _) => f.write_str(said.message()),
                (None, Some(source)) => write!(f, "{error}: {source}"),
                (None, None) => write!(f, "{error}"),
            },
            Self::Tls(error) => write!(f, "TLS cannot be used: {error}"),
            Self::Replica => f.write_str(
                "it is a replica, which may lag behind the events; name the primary as `database.url`",
            ),
            Self::Column { name, r#type } => {
                write!(
                    f,
                    "the column `{name}` is of type {type}; cast it to text, float8, bigint, boolean or json"
                )
            }
            Self::NoReplica => {
                f.write_str("`database.replica_url` leads to no replica; remove it, or name one")
            }
            Self::TooLarge => f.write_str("the value is larger than 1 MiB"),
            Self::NoColumn => f.write_str("the statement tells no column"),
            Self::Number => f.write_str("a number is not finite or has more than 64 bits"),
            Self::Silent(waited) => write!(f, "no answer within {}", humantime::format_duration(*waited)),
        }
    }
}

impl std::error::Error for DatabaseError {}

impl From<tokio_postgres::Error> for DatabaseError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Postgres(error)
    }
}

impl From<rustls::Error> for DatabaseError {
    fn from(error: rustls::Error) -> Self {
        Self::Tls(error)
    }
}
