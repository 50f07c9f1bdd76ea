//! What both consumers have in common: messages in chunks, and one policy for what the client reports instead.

use std::time::Duration;

use rdkafka::Message as _;
use rdkafka::consumer::{BaseConsumer, ConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::BorrowedMessage;

use super::reach::is_of_a_connection;

/// Messages that go to the gathering thread at once, and how many such chunks may wait for it.
const CHUNK: usize = 1_024;
pub(super) const CHUNKS: usize = 4;
/// How long a poll waits for a message; also how late a commit may be noticed as due.
pub(super) const POLL: Duration = Duration::from_millis(100);
/// While paused, how soon a free slot is noticed.
pub(super) const PAUSED_POLL: Duration = Duration::from_millis(5);

/// Messages in the order in which they were read, from a polling thread to its gathering one.
pub(super) struct Chunk<'m> {
    pub(super) messages: Vec<BorrowedMessage<'m>>,
    /// There were no more: what is in hand must not wait for the next message.
    pub(super) idle: bool,
}

/// How one consumer's life ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Stopped,
    /// Its state is in doubt; a new one starts from what is committed.
    StartAfresh,
}

/// Reads what is there; waits only for the first message. `polled` is told of each as it comes.
pub(super) fn chunk<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    mut wait: Duration,
    polled: impl Fn(),
) -> Result<Chunk<'_>, End> {
    let mut chunk = Chunk { messages: Vec::new(), idle: false };
    while chunk.messages.len() < CHUNK {
        match consumer.poll(wait) {
            Some(Ok(message)) => {
                polled();
                chunk.messages.push(message);
            }
            Some(Err(error)) => failed(&error)?,
            None => {
                chunk.idle = true;
                break;
            }
        }
        wait = Duration::ZERO;
    }
    Ok(chunk)
}

/// The messages in runs of one partition. Neighbours are mostly of one: it is looked up, and its offset noted, once a run.
pub(super) fn runs<'c, 'm>(
    messages: &'c [BorrowedMessage<'m>],
) -> impl Iterator<Item = &'c [BorrowedMessage<'m>]> {
    messages.chunk_by(|a, b| a.partition() == b.partition() && a.topic() == b.topic())
}

fn failed(error: &KafkaError) -> Result<(), End> {
    match error.rdkafka_error_code() {
        Some(RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic) => {
            // Debezium makes a table's topic at its first event. It is found once it is there.
            tracing::warn!(%error, "a topic does not exist yet; `freshet check` says which");
            Ok(())
        }
        // The log does not hold the offset: opening finds out what was lost.
        Some(RDKafkaErrorCode::AutoOffsetReset | RDKafkaErrorCode::OffsetOutOfRange) => {
            tracing::error!(%error, "the log does not hold the offset; the consumer starts afresh");
            Err(End::StartAfresh)
        }
        Some(RDKafkaErrorCode::Fatal | RDKafkaErrorCode::PollExceeded) => {
            tracing::error!(%error, "the Kafka client gave up; it starts afresh");
            Err(End::StartAfresh)
        }
        // The client's context has heard of that already.
        Some(code) if is_of_a_connection(code) => Ok(()),
        // The client itself tries again.
        _ => {
            tracing::warn!(%error, "kafka client");
            Ok(())
        }
    }
}
