//! The consumer group: reading, the offset ledger, what is committed and what happens at a rebalance.
//!
//! One [`Reader`] polls on a thread of its own. It never waits for Redis: when the batch is full it pauses the
//! partitions and polls on, so that the group keeps it. An offset is committed only up to the [`Ledger`]'s watermark.

mod ledger;
mod membership;
mod metadata;
mod opening;
mod processing;
mod properties;
mod reader;
mod topics;

pub use ledger::Ledger;
pub use properties::client_config;
pub use reader::{Mode, Reader, ReaderError};
pub use topics::{Topic, TopicsError, check_properties, topics};
