//! Whether what Redis holds is what the database says.
//!
//! A sample of a view's keys is read from Redis ([`Cached`]). The rows that their values are made of are read from the database,
//! in one snapshot, and loaded as if events had told them; the code that computes values from the topics computes them
//! from these, so that arithmetic and rounding are the same. [`difference`] says what is not as it should be.
//!
//! # When a difference is an error
//!
//! A change may be on its way. A value is stale if, in this order,
//!
//! 1. the database says something else than Redis, in a snapshot that was taken at a place in its log;
//! 2. whoever reads the log for the stream has received that place (`pg_stat_replication`, where the user may see it;
//!    otherwise that somebody reads);
//! 3. a patience later the group has committed the ends of all topics of the view as they are then: what it commits Redis has
//!    acknowledged;
//! 4. the value that Redis holds after that still differs, and the database has not changed it since.
//!
//! The patience covers the way from the source to the topics, of which nobody tells: it is the one thing in which a long delay
//! would be called an error. Without replication slots in the database it also covers the source.
//! Whatever is not decided within a time is *behind*, which is no error and no success.

mod background;
mod cached;
pub mod column;
mod compare;
mod needs;
mod pickle;
mod report;
mod run;
pub mod statement;
mod suspect;
#[cfg(test)]
mod tests;
mod truth;

pub use background::Background;
pub use cached::{Cached, Unreadable};
pub use compare::{Difference, difference};
pub use needs::Needs;
pub use report::{Report, Stale};
pub use run::{AuditError, Options, STATEMENT_TIMEOUT, Servers, Subject, audit};
