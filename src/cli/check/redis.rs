use std::future::Future;
use std::time::{SystemTime, UNIX_EPOCH};

use redis::aio::MultiplexedConnection;
use redis::{Cmd, ErrorKind, FromRedisValue, RedisError, RedisResult, ServerErrorKind};

use super::ANSWER;
use super::finding::Finding;
use crate::catalog::{View, escape_glob};
use crate::config::{RedisUrl, Settings};
use crate::redis::{connect_once, unlink, unlinks};

pub(super) async fn ask(settings: &Settings) -> Vec<Finding> {
    let url = &settings.redis.url;
    let mut redis = match in_time(connect_once(url)).await {
        Ok(redis) => redis,
        Err(error) => return vec![failed("it cannot be reached", &error, url)],
    };
    if let Err(error) = query::<()>(&mut redis, &redis::cmd("PING")).await {
        return vec![failed("it does not answer", &error, url)];
    }
    // Who may not read the version may still delete: that is no fault.
    let server = query::<String>(&mut redis, redis::cmd("INFO").arg("server")).await.ok();
    let version = server.as_deref().and_then(version).map(|version| format!(", version {version}"));
    let mut findings = vec![Finding::Right(format!("it answers{}", version.unwrap_or_default()))];
    findings.push(
        match query::<redis::Value>(&mut redis, redis::cmd("SCAN").arg(0).arg("COUNT").arg(1)).await {
            Ok(_) => Finding::Right("SCAN is allowed, which families need".to_owned()),
            Err(error) => failed("SCAN fails, which families need", &error, url),
        },
    );
    may_unlink(&mut redis, settings, &mut findings).await;
    findings
}

async fn may_unlink(redis: &mut MultiplexedConnection, settings: &Settings, findings: &mut Vec<Finding>) {
    let url = &settings.redis.url;
    for view in &settings.catalog.views {
        let (name, pattern) = (&view.name, view.pattern.text());
        let commands = unlinks([probe(view).as_bytes()].into_iter());
        match in_time(unlink(redis, &commands)).await {
            Ok(_) => findings.push(Finding::Right(format!("UNLINK of {pattern} is allowed (view `{name}`)"))),
            Err(error) if is_denied(&error) && denies_a_key(&error) => findings.push(Finding::wrong(
                format!("UNLINK of {pattern} is denied (view `{name}`): {error}"),
                allow(url, &format!("~{}*", escape_glob(view.pattern.prefix()))),
            )),
            Err(error) => {
                // It is the same for every other view.
                findings.push(failed("UNLINK fails", &error, url));
                return;
            }
        }
    }
}

/// A name by which to learn whether a view's keys may be deleted, without deleting any.
///
/// Permissions go by the name, so it begins as the view's keys do. What follows is no integer, so that no template with
/// an integer in that place has such a key. A text hole and a declared family take any name; there it is the process and
/// the nanosecond that no reader's key holds, and if one did, a cached value would be computed once more.
fn probe(view: &View) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("{}freshet-check-{}-{}", view.pattern.prefix(), std::process::id(), now.as_nanos())
}

async fn query<T: FromRedisValue>(redis: &mut MultiplexedConnection, command: &Cmd) -> RedisResult<T> {
    in_time(command.query_async(redis)).await
}

async fn in_time<T>(answer: impl Future<Output = RedisResult<T>>) -> RedisResult<T> {
    tokio::time::timeout(ANSWER, answer)
        .await
        .unwrap_or_else(|_| Err((ErrorKind::Io, "no answer in time").into()))
}

/// An error with the remedy that fits its kind.
fn failed(what: &str, error: &RedisError, url: &RedisUrl) -> Finding {
    let remedy = match (error.kind(), error.code()) {
        _ if is_denied(error) => match denied_command(error) {
            Some(command) => allow(url, &format!("+{command}")),
            None => format!("allow it to the user `{}`", url.user()),
        },
        (ErrorKind::AuthenticationFailed, _) | (_, Some("WRONGPASS" | "NOAUTH")) => {
            "give the right user and password in `redis.url`".to_owned()
        }
        (ErrorKind::Server(ServerErrorKind::ReadOnly), _) => {
            "this is a replica; name the primary in `redis.url`".to_owned()
        }
        (ErrorKind::Server(ServerErrorKind::Moved | ServerErrorKind::CrossSlot), _) => {
            "this is a node of a cluster; name a server that stands alone in `redis.url`".to_owned()
        }
        _ => "look whether the server runs, and at `redis.url`".to_owned(),
    };
    Finding::wrong(format!("{what}: {error}"), remedy)
}

fn is_denied(error: &RedisError) -> bool {
    error.kind() == ErrorKind::Server(ServerErrorKind::NoPerm)
}

/// Redis denies a key in the words `… to access a key` or `… one of the keys used as arguments`.
fn denies_a_key(error: &RedisError) -> bool {
    error.detail().is_some_and(|detail| detail.contains(" key"))
}

/// The command that is denied: `… has no permissions to run the 'unlink' command`.
fn denied_command(error: &RedisError) -> Option<&str> {
    let (_, rest) = error.detail()?.split_once('\'')?;
    rest.split_once('\'').map(|(command, _)| command)
}

fn allow(url: &RedisUrl, rule: &str) -> String {
    format!("allow it, as an administrator: ACL SETUSER {} {rule}", url.user())
}

fn version(info: &str) -> Option<&str> {
    info.lines().find_map(|line| line.strip_prefix("redis_version:")).map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probe_is_no_key_of_a_template_with_integers() {
        let text = r#"
            kafka: { brokers: "localhost:9092", group: test }
            redis: { url: "redis://localhost:6379/0", key_format: ":1:{}" }
            tables: { order: { topic: app.public.order, primary_key: id } }
            views: { shop: { key: "shop:{shop_id}", from: order }, pair: { key: "pair:{shop_id}:{id}", from: order } }
        "#;
        let settings = crate::config::parse("test", text, &|_| None).expect("a right configuration");
        for view in &settings.catalog.views {
            let probe = probe(view);
            assert!(probe.starts_with(view.pattern.prefix()), "{probe}");
            assert!(
                settings.catalog.views.iter().all(|view| !view.pattern.matches(probe.as_bytes())),
                "{probe}"
            );
        }
    }

    #[test]
    fn a_denial_says_what_is_denied() {
        for (reply, key, command) in [
            ("NOPERM User app has no permissions to run the 'unlink' command", false, Some("unlink")),
            (
                "NOPERM this user has no permissions to run the 'scan' command or its subcommand",
                false,
                Some("scan"),
            ),
            ("NOPERM No permissions to access a key", true, None),
            ("NOPERM this user has no permissions to access one of the keys used as arguments", true, None),
        ] {
            let error = redis::parse_redis_value(format!("-{reply}\r\n").as_bytes())
                .and_then(redis::Value::extract_error)
                .expect_err("an error reply");
            assert!(is_denied(&error), "{reply}");
            assert_eq!((denies_a_key(&error), denied_command(&error)), (key, command), "{reply}");
        }
    }
}
