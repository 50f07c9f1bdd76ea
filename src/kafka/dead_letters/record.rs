use rdkafka::Message;
use rdkafka::message::{Header, OwnedHeaders};

use crate::batch::Letter;
use crate::kafka::headers::readable;

/// As in KIP-1191, and two of our own.
const TOPIC: &str = "__dlq.errors.topic";
const PARTITION: &str = "__dlq.errors.partition";
const OFFSET: &str = "__dlq.errors.offset";
const GROUP: &str = "__dlq.errors.group";
const MESSAGE: &str = "__dlq.errors.message";
const CAUSE: &str = "__dlq.errors.cause";
const TIMESTAMP: &str = "__dlq.errors.timestamp";
const OURS: usize = 7;

/// The original's headers, then ours. An original may have headers of these names, too: the last ones count.
pub(super) fn headers(letter: &Letter, topic: &str, group: &str) -> OwnedHeaders {
    let (partition, offset) = (letter.partition.number.to_string(), letter.offset.to_string());
    let timestamp = letter.timestamp.map(|timestamp| timestamp.to_string());
    let ours: [_; OURS] = [
        (TOPIC, Some(topic)),
        (PARTITION, Some(&partition)),
        (OFFSET, Some(&offset)),
        (GROUP, Some(group)),
        (MESSAGE, Some(&letter.message)),
        (CAUSE, Some(letter.cause)),
        (TIMESTAMP, timestamp.as_deref()),
    ];
    let all = OwnedHeaders::new_with_capacity(letter.headers.len() + OURS);
    let all = letter
        .headers
        .iter()
        .fold(all, |all, (key, value)| all.insert(Header { key, value: value.as_deref() }));
    ours.into_iter().fold(all, |all, (key, value)| all.insert(Header { key, value }))
}

/// A letter as it was found in the dead-letter topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// Where it lies in the dead-letter topic.
    pub place: (i32, i64),
    /// Where the event lay.
    pub topic: String,
    pub partition: i32,
    pub offset: i64,
    pub group: String,
    pub message: String,
    pub cause: String,
    /// Of the event, in milliseconds since the Unix epoch.
    pub timestamp: Option<i64>,
    pub key: Option<Vec<u8>>,
    pub value: Option<Vec<u8>>,
    /// Those that the event had.
    pub headers: Vec<(String, Option<Vec<u8>>)>,
}

impl DeadLetter {
    /// Reads a record of the dead-letter topic. `None` if it is no letter of ours.
    pub(super) fn read(record: &impl Message) -> Option<Self> {
        let headers: Vec<(String, Option<Vec<u8>>)> = readable(record.headers()?)
            .map(|header| (header.key.to_owned(), header.value.map(<[u8]>::to_vec)))
            .collect();
        let text = |name: &str| {
            let (_, value) = headers.iter().rev().find(|(own, _)| own == name)?;
            String::from_utf8(value.clone()?).ok()
        };
        Some(Self {
            place: (record.partition(), record.offset()),
            topic: text(TOPIC)?,
            partition: text(PARTITION)?.parse().ok()?,
            offset: text(OFFSET)?.parse().ok()?,
            group: text(GROUP).unwrap_or_default(),
            message: text(MESSAGE).unwrap_or_default(),
            cause: text(CAUSE).unwrap_or_default(),
            timestamp: text(TIMESTAMP).and_then(|timestamp| timestamp.parse().ok()),
            key: record.key().map(<[u8]>::to_vec),
            value: record.payload().map(<[u8]>::to_vec),
            headers: originals(headers),
        })
    }
}

/// Without the last header of each of our names.
fn originals(mut headers: Vec<(String, Option<Vec<u8>>)>) -> Vec<(String, Option<Vec<u8>>)> {
    for name in [TOPIC, PARTITION, OFFSET, GROUP, MESSAGE, CAUSE, TIMESTAMP] {
        if let Some(last) = headers.iter().rposition(|(own, _)| own == name) {
            headers.remove(last);
        }
    }
    headers
}

#[cfg(test)]
mod tests {
    use rdkafka::Timestamp;
    use rdkafka::message::{Headers as _, OwnedMessage};

    use super::*;
    use crate::catalog::TableId;
    use crate::change::Partition;

    #[test]
    fn what_is_written_is_read() {
        // The second event was a letter of another topic before.
        let before =
            [("trace", Some(b"\xff".to_vec())), (TOPIC, Some(b"elsewhere".to_vec())), ("null", None)];
        for (original, key, value) in [(&[][..], None, Some(Vec::new())), (&before, Some(vec![0]), None)] {
            let headers_of_it: Vec<_> =
                original.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
            let letter = Letter {
                partition: Partition { table: TableId::from_index(0), number: 3 },
                offset: 7,
                timestamp: Some(1_000),
                cause: "malformed",
                message: "the value cannot be read".to_owned(),
                key: key.clone(),
                value: value.clone(),
                headers: headers_of_it.clone(),
            };
            let headers = headers(&letter, "app.public.order", "freshet");
            assert_eq!(headers.count(), original.len() + OURS);
            let time = Timestamp::NotAvailable;
            let record =
                OwnedMessage::new(value.clone(), key.clone(), "d".to_owned(), time, 1, 9, Some(headers));
            let expected = DeadLetter {
                place: (1, 9),
                topic: "app.public.order".to_owned(),
                partition: 3,
                offset: 7,
                group: "freshet".to_owned(),
                message: letter.message,
                cause: "malformed".to_owned(),
                timestamp: Some(1_000),
                key,
                value,
                headers: headers_of_it,
            };
            assert_eq!(DeadLetter::read(&record), Some(expected));
        }
        let alien = OwnedMessage::new(None, None, "d".to_owned(), Timestamp::NotAvailable, 0, 0, None);
        assert_eq!(DeadLetter::read(&alien), None);
    }
}
