use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;

use super::librdkafka;
use crate::catalog::{Catalog, KeyFormat};
use crate::values::{Format, Values};

/// A configuration without mistakes.
#[derive(Debug, Clone)]
pub struct Settings {
    pub kafka: Kafka,
    pub redis: Redis,
    pub http: Http,
    pub database: Option<Database>,
    pub dead_letters: Option<DeadLetters>,
    pub catalog: Catalog,
    /// How the values of the catalog's views are computed, of those that say so.
    pub values: Values,
}

/// Where the change events come from.
#[derive(Clone)]
pub struct Kafka {
    pub brokers: String,
    pub group: String,
    /// The user's further properties, none of which breaks a promise.
    pub librdkafka: BTreeMap<String, String>,
}

impl fmt::Debug for Kafka {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |(name, value): (&String, &String)| {
            (name.clone(), if librdkafka::is_secret(name) { "***".to_owned() } else { value.clone() })
        };
        f.debug_struct("Kafka")
            .field("brokers", &self.brokers)
            .field("group", &self.group)
            .field("librdkafka", &self.librdkafka.iter().map(shown).collect::<BTreeMap<_, _>>())
            .finish()
    }
}

/// The cache.
#[derive(Debug, Clone)]
pub struct Redis {
    pub url: RedisUrl,
    pub key_format: KeyFormat,
    pub value_format: Format,
}

/// Where Redis is. Printed without its password.
#[derive(Clone, PartialEq, Eq)]
pub struct RedisUrl(url::Url);

impl RedisUrl {
    pub(super) const fn new(url: url::Url) -> Self {
        Self(url)
    }

    /// The URL with its password. For the connection only.
    pub fn expose(&self) -> &str {
        self.0.as_str()
    }

    /// Whose permissions count. Percent-encoded as in the URL.
    pub fn user(&self) -> &str {
        if self.0.username().is_empty() { "default" } else { self.0.username() }
    }
}

impl fmt::Display for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        masked(self.0.clone(), "redis", f)
    }
}

impl fmt::Debug for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RedisUrl({self})")
    }
}

/// The database that the events are of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Database {
    /// The primary.
    pub url: DatabaseUrl,
    /// Where statements are run, if not on the primary.
    pub replica_url: Option<DatabaseUrl>,
}

/// Where PostgreSQL is. Printed without its password.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(url::Url);

impl DatabaseUrl {
    pub(super) const fn new(url: url::Url) -> Self {
        Self(url)
    }

    /// The URL with its password. For the connection only.
    pub fn expose(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Options may hold a password, too.
        let mut shown = self.0.clone();
        shown.set_query(None);
        masked(shown, "postgres", f)
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({self})")
    }
}

fn masked(mut url: url::Url, otherwise: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    // A URL without a host has no password either; there the call changes nothing.
    if url.password().is_some() && url.set_password(Some("***")).is_err() {
        return f.write_str(otherwise);
    }
    f.write_str(url.as_str())
}

/// Metrics and health.
#[derive(Debug, Clone, Copy)]
pub struct Http {
    pub listen: SocketAddr,
}

/// Where events go that cannot be decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetters {
    pub topic: String,
    /// Of one partition; beyond, it waits.
    pub max_per_minute: u32,
}
