//! The consumer group: reading, the offset ledger, what is committed and what happens at a rebalance.
//!
//! One [`Reader`] polls on a thread of its own; a second thread decodes and gathers. Neither waits for Redis: when the
//! batch is full the partitions pause, and polling goes on, so that the group keeps this member. An offset is committed only up to the [`Ledger`]'s watermark.

mod gathering;
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
