use rdkafka::error::KafkaError;

/// The client does not take its configuration. A value may be a secret, and is not told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the Kafka client refuses its configuration: {0}")]
pub struct Refused(String);

impl From<KafkaError> for Refused {
    fn from(error: KafkaError) -> Self {
        match error {
            KafkaError::ClientConfig(_, reason, property, value) => {
                let reason = if value.is_empty() { reason } else { reason.replace(&value, "***") };
                Self(format!("`{property}`: {reason}"))
            }
            error => Self(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use rdkafka::ClientConfig;

    use super::*;

    #[test]
    fn the_property_is_told_and_not_its_value() {
        for property in ["sasl.passwrod", "fetch.min.bytes", "security.protocol", "ssl.ca.location"] {
            let mut config = ClientConfig::new();
            config.set(property, "xhunter2");
            let Err(error) = config.create_native_config() else { continue };
            let told = Refused::from(error).to_string();
            assert!(told.contains(property) && !told.contains("hunter2"), "{told}");
        }
    }
}
