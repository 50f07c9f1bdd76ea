//! Dead letters: an event that cannot be decoded goes, whole, to a topic of its own, and the offset behind it is committed
//! only after the broker has acknowledged the letter.
//!
//! A letter travels in the [`Batch`](crate::batch::Batch) with the effects of its event (the families of its table). When
//! the writer takes the batch, its letters go to the [`Ledger`](super::Ledger): the watermark of a letter's partition does
//! not pass it before it is delivered; the other partitions of the batch go on. [`DeadLetters`] delivers each
//! partition's letters one after the other, and tries until it is done. So a letter is written at least once, in the order of
//! the partition, and after a crash perhaps again.
//!
//! Only the copy that applies effects writes letters. A standby keeps them in its backlog and writes what is left of them
//! when it takes over; what is committed was delivered. What a leader gives up undelivered goes back to its backlog.
//! While rows are loaded no letter is written: that was done before the commit.
//!
//! A partition whose oldest letter waits for a second, or that has many, is read no further until they are delivered; it
//! says so, and the others go on. So memory is bounded by what was polled by then. More letters of a partition than
//! `max_per_minute` wait for the minute's end: a configuration that is wrong stops, instead of diverting a topic.

mod deliverer;
mod limit;
mod producer;
mod reading;
mod record;
mod trouble;
mod undelivered;

pub use deliverer::DeadLetters;
pub use producer::{check_letters, may_write};
pub use reading::{Read, read_all};
pub use record::DeadLetter;
pub use trouble::command;
pub(in crate::kafka) use undelivered::{Undelivered, are_many};
