//! The database itself, for what events do not tell: connecting, and what may go wrong with it.
//!
//! freshet only reads: every session says so, and is told how long a statement may take. Whoever holds a connection drops it
//! after a deadline of its own, since a server that stands still ends no statement.

mod answer;
mod connection;
mod error;
mod session;
mod statement;
mod tls;

pub use connection::{Connection, connect};
pub use error::DatabaseError;
pub use session::Session;
pub use statement::{Statement, StatementError};
