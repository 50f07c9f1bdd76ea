use std::sync::Arc;
use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBuilder};
use redis::aio::MultiplexedConnection;
use redis::io::tcp::TcpSettings;
use redis::{AsyncConnectionConfig, Client, ErrorKind, IntoConnectionInfo as _, RedisResult};

use super::identity::Identity;
use super::policy::{Policy, policy, remedy};
use crate::config::RedisUrl;
use crate::handoff::Handoff;
use crate::telemetry::{Health, Metrics, Part};

/// How long Redis may take to accept a connection, and to answer. A stopped server is noticed after this long.
pub(super) const CONNECT: Duration = Duration::from_secs(3);
pub(super) const ANSWER: Duration = Duration::from_secs(5);

/// Work that is safe to do twice: a reply may be lost after the deed.
pub(super) trait Repeatable: Sync {
    type Done: Send;

    /// Does the work once, from its beginning.
    fn attempt(
        &self,
        redis: &mut MultiplexedConnection,
    ) -> impl Future<Output = RedisResult<Self::Done>> + Send;
}

/// Asks whether Redis is there.
pub(super) struct Ping;

impl Repeatable for Ping {
    type Done = ();

    async fn attempt(&self, redis: &mut MultiplexedConnection) -> RedisResult<()> {
        redis::cmd("PING").query_async(redis).await
    }
}

/// A connection that waits for Redis as long as it takes.
///
/// While it waits freshet is not ready, and says why.
pub struct Connection {
    client: Client,
    live: Option<MultiplexedConnection>,
    identity: Identity,
    part: Part,
    health: Arc<Health>,
    metrics: Arc<Metrics>,
}

impl Connection {
    /// `part` is what becomes ready with it. Does not connect yet. An error means that the URL is not one of Redis.
    /// `handoff` is told which node it meets.
    pub fn new(
        url: &RedisUrl,
        part: Part,
        handoff: Arc<Handoff>,
        health: Arc<Health>,
        metrics: Arc<Metrics>,
    ) -> RedisResult<Self> {
        let identity = Identity::new(handoff);
        Ok(Self { client: client(url)?, live: None, identity, part, health, metrics })
    }

    /// Tries until Redis has acknowledged it.
    pub(super) async fn until_done<R: Repeatable>(&mut self, work: &R) -> R::Done {
        let mut delays = ExponentialBuilder::default()
            .with_jitter()
            .with_min_delay(Duration::from_millis(20))
            .with_max_delay(Duration::from_secs(2))
            .without_max_times()
            .build();
        let mut waited = false;
        loop {
            let error = match self.try_once(work).await {
                Ok(done) => {
                    if waited {
                        tracing::info!(part = self.part.name(), "redis answers again");
                    }
                    self.health.set(self.part, Ok(()));
                    return done;
                }
                Err(error) => error,
            };
            let policy = policy(&error);
            if policy == Policy::Reconnect {
                let lost = self.live.take().is_some();
                self.identity.renew(lost);
            }
            self.metrics.redis_retry();
            self.health.set(self.part, Err(error.to_string()));
            let (server, part, remedy) = (self.address(), self.part.name(), remedy(&error));
            if policy == Policy::Refused {
                tracing::error!(server, part, %error, remedy, "redis refuses; nothing goes on until it no longer does");
            } else if !waited {
                tracing::warn!(server, part, %error, remedy, "waiting for redis");
            }
            waited = true;
            tokio::time::sleep(delays.next().unwrap_or(Duration::from_secs(2))).await;
        }
    }

    /// Where the server is, without user and password.
    fn address(&self) -> String {
        self.client.get_connection_info().addr().to_string()
    }

    async fn try_once<R: Repeatable>(&mut self, work: &R) -> RedisResult<R::Done> {
        let live = match &mut self.live {
            Some(live) => live,
            none => none.insert(connect(&self.client).await?),
        };
        self.identity.look(live).await?;
        if self.identity.is_current() {
            let done = work.attempt(live).await?;
            if self.identity.is_current() {
                return Ok(done);
            }
        }
        // It was not lost: it is this copy that wants another one.
        self.live = None;
        Err((ErrorKind::Io, "the other connection met another node").into())
    }
}

/// Connects now or fails, for a command that a person waits for.
pub async fn connect_once(url: &RedisUrl) -> RedisResult<MultiplexedConnection> {
    connect(&client(url)?).await
}

pub(super) fn client(url: &RedisUrl) -> RedisResult<Client> {
    let info = url.expose().into_connection_info()?;
    // Without it a small write waits for the acknowledgement of the one before.
    let tcp = TcpSettings::default().set_nodelay(true);
    Client::open(info.set_tcp_settings(tcp))
}

async fn connect(client: &Client) -> RedisResult<MultiplexedConnection> {
    let config =
        AsyncConnectionConfig::new().set_connection_timeout(Some(CONNECT)).set_response_timeout(Some(ANSWER));
    client.get_multiplexed_async_connection_with_config(&config).await
}
