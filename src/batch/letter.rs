use crate::change::Partition;

/// An event that cannot be decoded, whole, on its way to the dead-letter topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    pub partition: Partition,
    pub offset: i64,
    /// Of the original record, in milliseconds since the Unix epoch.
    pub timestamp: Option<i64>,
    /// A short word, as in the metrics.
    pub cause: &'static str,
    /// What is wrong, without the row's values.
    pub message: String,
    /// As they were: null is not the same as no bytes.
    pub key: Option<Vec<u8>>,
    pub value: Option<Vec<u8>>,
    pub headers: Vec<(String, Option<Vec<u8>>)>,
}

impl Letter {
    /// About how much memory it holds.
    pub fn bytes(&self) -> usize {
        let len = |bytes: &Option<Vec<u8>>| bytes.as_ref().map_or(0, Vec::len);
        let headers = self.headers.iter().map(|(name, value)| name.len() + len(value)).sum::<usize>();
        size_of::<Self>() + len(&self.key) + len(&self.value) + headers + self.message.len()
    }
}
