use rdkafka::message::BorrowedMessage;
use rdkafka::{Message as _, Timestamp};

use super::record::DeadLetter;
use crate::config::Kafka;
use crate::kafka::topics::TopicsError;
use crate::kafka::whole_topic::{Progress, Take, read_whole};

/// What was read next of the dead-letter topic.
#[derive(Debug)]
pub struct Read {
    /// `None` if the record is no letter of freshet's.
    pub letter: Option<DeadLetter>,
    /// When it was written, in milliseconds since the Unix epoch.
    pub written: i64,
    pub progress: Progress,
}

/// Reads the topic from its beginning to the ends that it has now. `None` if there is no such topic.
pub fn read_all(kafka: &Kafka, topic: &str, read: impl FnMut(Read)) -> Result<Option<()>, TopicsError> {
    read_whole(kafka, topic, &mut Letters(read))
}

struct Letters<F>(F);

impl<F: FnMut(Read)> Take for Letters<F> {
    fn message(&mut self, message: &BorrowedMessage<'_>, progress: Progress) {
        let written = match message.timestamp() {
            Timestamp::NotAvailable => 0,
            time => time.to_millis().unwrap_or(0),
        };
        self.0(Read { letter: DeadLetter::read(message), written, progress });
    }
}
