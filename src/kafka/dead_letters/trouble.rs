use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};

use crate::batch::Letter;

/// Why letters are not delivered, and what a person can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Trouble {
    pub(super) what: String,
    pub(super) remedy: String,
}

impl Trouble {
    /// The broker, or the client, refused a letter. All is tried again, however it ends; this only says what would help.
    pub(super) fn refused(error: &KafkaError, letter: &Letter, topic: &str) -> Self {
        let remedy = match error.rdkafka_error_code() {
            Some(Code::UnknownTopic | Code::UnknownTopicOrPartition | Code::UnknownPartition) => {
                format!("make the topic: {}", command(topic))
            }
            Some(Code::TopicAuthorizationFailed | Code::ClusterAuthorizationFailed) => {
                format!("allow freshet's user to write to {topic}")
            }
            Some(Code::MessageSizeTooLarge) => format!(
                "raise `max.message.bytes` of {topic} above {} bytes, and let it exceed that of the tables' topics",
                letter.bytes()
            ),
            // A compacted topic takes no record without a key.
            Some(Code::InvalidRecord | Code::InvalidMessage) => {
                format!("set `cleanup.policy=delete` at {topic}")
            }
            _ => "look whether the brokers run; it is tried again".to_owned(),
        };
        Self { what: format!("the letter was not written to {topic}: {error}"), remedy }
    }

    pub(super) fn slow(topic: &str) -> Self {
        Self {
            what: format!("no broker has acknowledged the letter to {topic} yet"),
            remedy: "look whether the brokers run; it is tried again".to_owned(),
        }
    }

    pub(super) fn flood(most: u32) -> Self {
        Self {
            what: format!("more than {most} events in a minute cannot be decoded"),
            remedy: "it goes on when the minute is over; correct the configuration if it is wrong, otherwise raise \
                     `dead_letters.max_per_minute`"
                .to_owned(),
        }
    }
}

/// What makes a dead-letter topic, for whoever does not have one.
pub fn command(topic: &str) -> String {
    format!(
        "kafka-topics.sh --bootstrap-server … --create --topic {topic} --config cleanup.policy=delete --config retention.ms=-1"
    )
}
