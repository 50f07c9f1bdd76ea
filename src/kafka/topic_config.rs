use std::collections::HashMap;
use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, ResourceSpecifier};
use rdkafka::error::KafkaError;

use super::properties::client_config;
use super::topics::{Asking, TopicsError};
use crate::config::Kafka;

/// What a topic keeps, as far as it decides which changes can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicConfig {
    /// Of a key's records only the last one is sure to stay. A record without a key is refused.
    pub compacted: bool,
    /// How long a record of a compacted topic stays at least, though a newer one has its key.
    pub compaction_lag: Duration,
    /// How old a record may become. `None`: it does not go for its age.
    pub retention: Option<Duration>,
    /// How large a partition may become. `None`: no record goes for that.
    pub retention_bytes: Option<u64>,
}

impl TopicConfig {
    /// Reads the broker's own words; an error names the one that is missing.
    fn read(entries: &HashMap<&str, &str>) -> Result<Self, String> {
        let text = |name: &str| entries.get(name).copied().ok_or_else(|| format!("it leaves out `{name}`"));
        let number = |name: &str| {
            text(name)?.parse::<i64>().map_err(|error| format!("`{name}` is no number: {error}"))
        };
        let policy = text("cleanup.policy")?;
        let has = |word: &str| policy.split(',').any(|policy| policy.trim() == word);
        // A negative number is none.
        let limit = |name: &str| Ok::<_, String>(u64::try_from(number(name)?).ok().filter(|_| has("delete")));
        Ok(Self {
            compacted: has("compact"),
            compaction_lag: Duration::from_millis(
                u64::try_from(number("min.compaction.lag.ms")?).unwrap_or_default(),
            ),
            retention: limit("retention.ms")?.map(Duration::from_millis),
            retention_bytes: limit("retention.bytes")?,
        })
    }

    /// Whether records go though no newer one has their key, so that one day the topic lacks its beginning.
    pub const fn forgets(&self) -> bool {
        self.retention.is_some() || self.retention_bytes.is_some()
    }
}

/// Asks for the configuration of each of these topics, and waits for the answer. Where the broker does not tell one, the
/// text says why; an error means that it told none.
pub fn topic_configs(
    kafka: &Kafka,
    names: &[&str],
    deadline: Duration,
) -> Result<Vec<Result<TopicConfig, String>>, TopicsError> {
    let client: AdminClient<Asking> = client_config(kafka, &kafka.group)
        .set("statistics.interval.ms", "0")
        .create_with_context(Asking::default())
        .map_err(|error| TopicsError::Configuration(error.into()))?;
    let asked: Vec<ResourceSpecifier<'_>> = names.iter().map(|name| ResourceSpecifier::Topic(name)).collect();
    let options = AdminOptions::new().request_timeout(Some(deadline));
    // The answer comes from the client's own thread; nothing else has to run meanwhile.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .map_err(|error| unanswered(KafkaError::ClientCreation(error.to_string())))?;
    let answers = runtime.block_on(client.describe_configs(&asked, &options)).map_err(unanswered)?;
    // They come in the order of the question.
    Ok(answers
        .into_iter()
        .map(|answer| {
            let resource = answer.map_err(|error| error.to_string())?;
            let entries = resource.entries.iter();
            TopicConfig::read(&entries.filter_map(|e| Some((e.name.as_str(), e.value.as_deref()?))).collect())
        })
        .collect())
}

const fn unanswered(source: KafkaError) -> TopicsError {
    TopicsError::Answer { source, reason: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_broker_says() {
        let day = Duration::from_hours(24);
        let check = |policy: &str, retention: &str, bytes: &str, lag: &str| {
            let entries = [
                ("cleanup.policy", policy),
                ("retention.ms", retention),
                ("retention.bytes", bytes),
                ("min.compaction.lag.ms", lag),
            ];
            TopicConfig::read(&entries.into_iter().collect())
        };
        for (policy, retention, bytes, lag, compacted, expected) in [
            ("delete", "86400000", "-1", "0", false, (Some(day), None, Duration::ZERO)),
            ("delete", "-1", "-1", "0", false, (None, None, Duration::ZERO)),
            ("delete", "-1", "1000", "0", false, (None, Some(1000), Duration::ZERO)),
            ("compact", "86400000", "1000", "86400000", true, (None, None, day)),
            ("compact,delete", "86400000", "-1", "0", true, (Some(day), None, Duration::ZERO)),
            ("delete, compact", "86400000", "-1", "0", true, (Some(day), None, Duration::ZERO)),
        ] {
            let config = check(policy, retention, bytes, lag).expect("a configuration");
            assert_eq!(config.compacted, compacted, "{policy}");
            assert_eq!(
                (config.retention, config.retention_bytes, config.compaction_lag),
                expected,
                "{policy} {retention} {bytes}"
            );
            assert_eq!(config.forgets(), expected.0.is_some() || expected.1.is_some(), "{policy}");
        }
        let error = check("delete", "soon", "-1", "0").expect_err("no number");
        assert!(error.starts_with("`retention.ms` is no number"), "{error}");
        assert_eq!(TopicConfig::read(&HashMap::new()), Err("it leaves out `cleanup.policy`".to_owned()));
    }
}
