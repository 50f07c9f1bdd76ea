//! Kafka, Redis and HTTP.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use url::Url;

use super::Context;
use crate::catalog::KeyFormat;
use crate::config::document::child;
use crate::config::problem::Fault;
use crate::config::settings::{Http, Kafka, Redis, RedisUrl};
use crate::config::{librdkafka, raw};
use crate::values::Format;

pub(super) fn kafka(context: &mut Context<'_>) -> Option<Kafka> {
    let raw: raw::Kafka = context.one("/kafka")?;
    for (name, value, example) in
        [("brokers", &raw.brokers, "localhost:9092"), ("group", &raw.group, "freshet")]
    {
        if value.trim().is_empty() {
            context.value(
                &child("/kafka", name),
                Fault::new("this is empty", format!("write one, such as `{example}`")),
            );
        }
    }
    let mut properties = BTreeMap::new();
    for name in raw.librdkafka.into_keys() {
        let pointer = child("/kafka/librdkafka", &name);
        let text = context.document.text(&pointer).cloned().unwrap_or_default();
        if let Some(fault) = librdkafka::refuse(&name, &text.text) {
            context.name(&pointer, fault);
        } else if librdkafka::is_secret(&name) && !text.is_outside(&(0..text.text.len())) {
            context.value(&pointer, literal_secret(&format!("`{name}`"), "KAFKA_PASSWORD"));
        }
        properties.insert(name, text.text);
    }
    Some(Kafka { brokers: raw.brokers, group: raw.group, librdkafka: properties })
}

pub(super) fn redis(context: &mut Context<'_>) -> Option<Redis> {
    let raw: raw::Redis = context.one("/redis")?;
    let url = match redis_url(&raw.url) {
        Ok(url) => Some(url),
        Err(fault) => {
            context.value("/redis/url", fault);
            None
        }
    };
    if let Some(text) = context.document.text("/redis/url")
        && let Some(password) = password(&text.text)
        && !text.is_outside(&password)
    {
        context.value("/redis/url", literal_secret("the password", "REDIS_PASSWORD"));
    }
    let format = key_format(&raw.key_format);
    if let Err(fault) = &format {
        context.value("/redis/key_format", fault.clone());
    }
    let value_format = match raw.value_format {
        raw::ValueFormat::Pickle => Format::PICKLE,
        raw::ValueFormat::Json => Format::JSON,
        raw::ValueFormat::PickleZlib => Format { compressed: true, ..Format::PICKLE },
        raw::ValueFormat::JsonZlib => Format { compressed: true, ..Format::JSON },
    };
    Some(Redis { url: RedisUrl::new(url?), key_format: format.ok()?, value_format })
}

pub(super) fn http(context: &mut Context<'_>) -> Option<Http> {
    let raw: raw::Http = match context.shape.value.pointer("/http") {
        Some(_) => context.one("/http")?,
        None => raw::Http::default(),
    };
    if let Ok(listen) = raw.listen.parse::<SocketAddr>() {
        Some(Http { listen })
    } else {
        let what = format!("`{}` is no address and port", raw.listen);
        context.value(
            "/http/listen",
            Fault::new(what, "write an IP address and a port, such as `0.0.0.0:9090`"),
        );
        None
    }
}

pub(super) fn literal_secret(what: &str, variable: &str) -> Fault {
    Fault::new(
        format!("{what} stands in the file"),
        format!("write `${{{variable}}}` and set it in the environment, or `${{file:/run/secrets/…}}`"),
    )
}

/// No fault names the text: it may hold a password.
fn redis_url(text: &str) -> Result<Url, Fault> {
    let shape = "write `redis://host:6379/0`, or `rediss://…` for TLS; special characters in a password are percent-encoded";
    let url = Url::parse(text).map_err(|error| Fault::new(format!("this is no URL: {error}"), shape))?;
    if !matches!(url.scheme(), "redis" | "rediss") {
        return Err(Fault::new("this is no URL of Redis", shape));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(Fault::new("the URL names no host", shape));
    }
    let database = url.path().trim_start_matches('/');
    if !database.is_empty() && database.parse::<u32>().is_err() {
        return Err(Fault::new("the database in the URL is no number", "write a number, such as `/0`"));
    }
    Ok(url)
}

/// Where the password of a URL stands in its text.
pub(super) fn password(url: &str) -> Option<std::ops::Range<usize>> {
    let start = url.find("://")? + 3;
    let end = url[start..].find(['/', '?', '#']).map_or(url.len(), |end| start + end);
    let at = start + url[start..end].rfind('@')?;
    let colon = start + url[start..at].find(':')?;
    (colon + 1 < at).then_some(colon + 1..at)
}

fn key_format(text: &str) -> Result<KeyFormat, Fault> {
    let format = KeyFormat::parse(text).ok_or_else(|| {
        Fault::new(
            format!("`{text}` does not hold `{{}}` once, without other braces"),
            "write it like `:1:{}`",
        )
    })?;
    if format.suffix.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(Fault::new(
            format!("a digit follows `{{}}` in `{text}`, so that the end of a key cannot be told"),
            "put a separator such as `:` between them",
        ));
    }
    Ok(format)
}
