//! The consumer group: reading, the offset ledger, what is committed and what happens at a rebalance.
//!
//! One [`Reader`] polls on a thread of its own; a second thread decodes and gathers. Neither waits for Redis: when the
//! batch is full the partitions pause, and polling goes on, so that the group keeps this member. An offset is committed only up to the [`Ledger`]'s watermark.

mod asking;
mod asks;
mod committing;
mod complaints;
mod dead_letters;
mod fresh;
mod gaps;
mod gathering;
mod headers;
mod lag;
mod ledger;
mod loading;
mod membership;
mod metadata;
mod mode;
mod offering;
mod opening;
mod polling;
mod processing;
mod properties;
mod reach;
mod reader;
mod rebalance;
mod refused;
mod rows_now;
mod shares;
mod silence;
mod topic_config;
mod topics;
mod tracking;
mod turnstile;
mod whole_topic;

pub use dead_letters::{
    DeadLetter, DeadLetters, Read, check_letters, command as make_letters_topic, may_write, read_all,
};
pub use fresh::{Ask, Fresh, Rendered};
pub use lag::Lag;
pub use ledger::{Due, Held, Ledger};
pub use mode::Mode;
pub use properties::client_config;
pub use reader::{Reader, ReaderError};
pub use refused::Refused;
pub use rows_now::{RowsNow, rows_now};
pub use shares::{Share, Shares};
pub use topic_config::{TopicConfig, topic_configs};
pub use topics::{Topic, TopicsError, check_properties, lost_beginnings, topics};
pub use whole_topic::Progress;
