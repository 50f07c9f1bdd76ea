use std::future::Future;
use std::time::{SystemTime, UNIX_EPOCH};

use redis::aio::MultiplexedConnection;
use redis::{Cmd, ErrorKind, FromRedisValue, RedisError, RedisResult, ServerErrorKind};
use tokio::time::Instant;

use super::ANSWER;
use super::finding::Finding;
use crate::catalog::{View, escape_glob};
use crate::config::{RedisUrl, Settings};
use crate::redis::{can_follow, connect_once, is_denied, lease_of, probe_refilling, probe_writing};

/// Asks within the time that a server has for all that it is asked.
pub(super) async fn ask(settings: &Settings) -> Vec<Finding> {
    let url = &settings.redis.url;
    let end = Instant::now() + ANSWER;
    let mut redis = match in_time(end, connect_once(url)).await {
        Ok(connection) => Asked { connection, end },
        Err(error) => return vec![failed("it cannot be reached", &error, url)],
    };
    if let Err(error) = redis.query::<()>(&redis::cmd("PING")).await {
        return vec![failed("it does not answer", &error, url)];
    }
    let server = redis.query::<String>(redis::cmd("INFO").arg("server")).await;
    let version = server.as_deref().ok().and_then(version).map(|version| format!(", version {version}"));
    let mut findings = vec![Finding::Right(format!("it answers{}", version.unwrap_or_default()))];
    // Who may not ask which node this is may still delete: that is no fault.
    if let Err(error) = &server {
        findings.push(Finding::Warning {
            what: format!(
                "INFO fails, which tells whether this is still the same server; without it all families are deleted at each \
                 start and with each lost connection: {error}"
            ),
            remedy: allow(url, "+info"),
        });
    }
    findings.push(match redis.query::<redis::Value>(redis::cmd("SCAN").arg(0).arg("COUNT").arg(1)).await {
        Ok(_) => Finding::Right("SCAN is allowed, which families need".to_owned()),
        Err(error) => failed("SCAN fails, which families need", &error, url),
    });
    if may_unlink(&mut redis, settings, &mut findings).await {
        findings.push(may_revoke(&mut redis, settings).await);
        findings.extend(may_write(&mut redis, settings).await);
        findings.extend(may_refill(&mut redis, settings).await);
    }
    findings.extend(may_follow(end, settings).await);
    findings
}

/// Without it nothing is wrong, and each change that deletes a declared family costs a walk over all names.
async fn may_follow(end: Instant, settings: &Settings) -> Option<Finding> {
    let url = &settings.redis.url;
    let asked = async { can_follow(url, &settings.catalog).await.transpose() };
    Some(match in_time(end, asked).await.transpose()? {
        Ok(()) => Finding::Right("CLIENT TRACKING is allowed, which declared families need".to_owned()),
        Err(error) => Finding::Warning {
            what: format!("names cannot be followed, so declared families are deleted by SCAN: {error}"),
            remedy: if is_denied(&error) {
                let rules = "+ping +info +subscribe +client|id +client|tracking &__redis__:invalidate";
                allow(url, rules)
            } else {
                "Redis 6 or later tells of them; a proxy may not".to_owned()
            },
        },
    })
}

/// A connection, and when what is asked of it must be answered.
struct Asked {
    connection: MultiplexedConnection,
    end: Instant,
}

impl Asked {
    async fn query<T: FromRedisValue>(&mut self, command: &Cmd) -> RedisResult<T> {
        in_time(self.end, command.query_async(&mut self.connection)).await
    }
}

/// False if `UNLINK` fails, whatever the key.
async fn may_unlink(redis: &mut Asked, settings: &Settings, findings: &mut Vec<Finding>) -> bool {
    let url = &settings.redis.url;
    for view in &settings.catalog.views {
        let (name, pattern) = (&view.name, view.pattern.text());
        match redis.query::<u64>(redis::cmd("UNLINK").arg(probe(view))).await {
            Ok(_) => findings.push(Finding::Right(format!("UNLINK of {pattern} is allowed (view `{name}`)"))),
            Err(error) if is_denied(&error) && denies_a_key(&error) => findings.push(Finding::wrong(
                format!("UNLINK of {pattern} is denied (view `{name}`): {error}"),
                allow(url, &format!("~{}*", escape_glob(view.pattern.prefix()))),
            )),
            Err(error) => {
                // It is the same for every other view.
                findings.push(failed("UNLINK fails", &error, url));
                return false;
            }
        }
    }
    true
}

/// Leases go with keys: who may not delete them deletes nothing.
async fn may_revoke(redis: &mut Asked, settings: &Settings) -> Finding {
    let url = &settings.redis.url;
    for view in &settings.catalog.views {
        let Some(lease) = lease_of(&probe(view)) else { continue };
        let mut commands = vec![("UNLINK", redis::cmd("UNLINK").arg(&lease).to_owned())];
        if view.hold.is_some() {
            // There is no such lease, so nothing is written.
            commands.push((
                "SET",
                redis::cmd("SET").arg(&lease).arg("hold").arg("PX").arg(1).arg("XX").to_owned(),
            ));
        }
        for (name, command) in commands {
            if let Err(error) = redis.query::<redis::Value>(&command).await {
                let what = format!("{name} of leases, freshet:lease:*, fails (view `{}`)", view.name);
                return if is_denied(&error) && denies_a_key(&error) {
                    Finding::wrong(format!("{what}: {error}"), allow(url, "~freshet:lease:*"))
                } else {
                    failed(&what, &error, url)
                };
            }
        }
    }
    let held = if settings.catalog.views.iter().any(|view| view.hold.is_some()) {
        " and SET for `hold`"
    } else {
        ""
    };
    Finding::Right(format!("UNLINK of leases, freshet:lease:*{held} is allowed"))
}

/// Whether values may be written; nothing where none are.
async fn may_write(redis: &mut Asked, settings: &Settings) -> Option<Finding> {
    let url = &settings.redis.url;
    let mut written = settings.catalog.views.iter().filter(|view| view.warm.is_some()).peekable();
    written.peek()?;
    for view in written {
        let Some(command) = probe_writing(&probe(view)) else { continue };
        if let Err(error) = redis.query::<redis::Value>(&command).await {
            let what = format!("the script that writes values fails (view `{}`, `warm`)", view.name);
            return Some(if is_denied(&error) {
                let prefix = escape_glob(view.pattern.prefix());
                let rule = format!(
                    "+eval +get +set +del +unlink +pexpire +pttl ~{prefix}* ~freshet:fence:* ~freshet:lease:*"
                );
                Finding::wrong(format!("{what}: {error}"), allow(url, &rule))
            } else {
                failed(&what, &error, url)
            });
        }
    }
    Some(Finding::Right("writing values, and their fences, freshet:fence:*, is allowed".to_owned()))
}

/// Whether keys may be filled under a lease; nothing where none are.
async fn may_refill(redis: &mut Asked, settings: &Settings) -> Option<Finding> {
    let url = &settings.redis.url;
    let mut asked = settings.catalog.views.iter().filter(|view| view.refill.is_some()).peekable();
    asked.peek()?;
    for view in asked {
        let Some(command) = probe_refilling(&probe(view)) else { continue };
        if let Err(error) = redis.query::<redis::Value>(&command).await {
            let what =
                format!("the scripts that fill keys under a lease fail (view `{}`, `warm`)", view.name);
            return Some(if is_denied(&error) {
                let prefix = escape_glob(view.pattern.prefix());
                let rule = format!("+eval +exists +get +set +del ~{prefix}* ~freshet:lease:*");
                Finding::wrong(format!("{what}: {error}"), allow(url, &rule))
            } else {
                failed(&what, &error, url)
            });
        }
    }
    Some(Finding::Right("filling keys under their leases is allowed".to_owned()))
}

/// A name by which to learn whether a view's keys may be deleted, without deleting any.
///
/// Permissions go by the name, so it begins as the view's keys do. What follows is no integer, so that no template with
/// an integer in that place has such a key. Other holes and a declared family take any name; there it is the process and
/// the nanosecond that no reader's key holds, and if one did, a cached value would be computed once more.
fn probe(view: &View) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("{}freshet-check-{}-{}", view.pattern.prefix(), std::process::id(), now.as_nanos())
}

async fn in_time<T>(end: Instant, answer: impl Future<Output = RedisResult<T>>) -> RedisResult<T> {
    tokio::time::timeout_at(end, answer)
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
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    #[test]
    fn a_probe_is_no_key_of_a_template_with_integers() {
        let text = r#"
            kafka: { brokers: "localhost:9092", group: test }
            redis: { url: "redis://localhost:6379/0", key_format: ":1:{}" }
            tables: { order: { topic: app.public.order, primary_key: id, columns: { shop_id: integer } } }
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

    /// A server that answers what a client says to begin with, and nothing after that.
    fn falls_silent() -> u16 {
        let server = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = server.local_addr().expect("an address").port();
        thread::spawn(move || {
            let (mut client, _) = server.accept().expect("a client");
            let mut buffer = [0; 4096];
            while let Ok(length) = client.read(&mut buffer) {
                let said = String::from_utf8_lossy(&buffer[..length]).into_owned();
                let greetings = said.matches("SETINFO").count();
                let pings = said.matches("PING").count();
                let replies = "+OK\r\n".repeat(greetings) + &"+PONG\r\n".repeat(pings);
                if length == 0 || client.write_all(replies.as_bytes()).is_err() {
                    return;
                }
            }
        });
        port
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_server_that_falls_silent_takes_no_more_than_its_time() {
        let text = format!(
            r#"
            kafka: {{ brokers: "localhost:9092", group: test }}
            redis: {{ url: "redis://127.0.0.1:{}/0" }}
            tables: {{ order: {{ topic: app.public.order, primary_key: id }} }}
            views: {{ a: {{ family: "a:*", from: order }}, b: {{ family: "b:*", from: order }} }}
            "#,
            falls_silent()
        );
        let settings = crate::config::parse("test", &text, &|_| None).expect("a right configuration");
        let started = Instant::now();
        let said: String = ask(&settings).await.iter().map(ToString::to_string).collect();
        let took = started.elapsed();
        assert!(took >= ANSWER && took < ANSWER + ANSWER / 2, "{took:?}: {said}");
        assert!(said.contains("it answers\n") && said.contains("SCAN fails"), "{said}");
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
