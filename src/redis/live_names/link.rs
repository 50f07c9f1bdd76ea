use std::sync::Arc;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Client, ErrorKind, InfoDict, ProtocolVersion, PushInfo, PushKind, RedisResult,
    Value,
};
use tokio::sync::Notify;
use tokio::time::timeout;

use super::super::connection::{ANSWER, CONNECT, client};
use crate::config::RedisUrl;

/// The channel that Redis names for this. With RESP 3 the words come as pushes all the same; but who subscribes to it is a
/// subscriber, and cut once it lags too far behind.
const CHANNEL: &str = "__redis__:invalidate";

/// How long a deletion waits for the proof that nothing is on its way. `SCAN` needs none.
const PROOF: Duration = Duration::from_secs(1);

/// What Redis says of names.
pub(super) enum Word {
    /// These have been set, deleted, or have expired.
    Names(Vec<Value>),
    /// All are gone, and a server that is becoming a replica says no more of what it loads after it.
    Flushed,
}

/// Two connections to one server: by its first Redis follows names, to its second it tells them.
///
/// They are two because a client that is told of names on the connection that follows them, and does not read, is kept by
/// Redis with all that it has not read; a subscriber is cut.
#[derive(Clone)]
pub(super) struct Link {
    pub(super) tracking: MultiplexedConnection,
    told: MultiplexedConnection,
    /// The server's `run_id`.
    pub(super) server: String,
    /// Tells when either connection is lost.
    pub(super) cut: Arc<Notify>,
}

impl Link {
    /// Connects, and lets names with these prefixes be followed. `hear` is called for each word, in their order.
    pub(super) async fn open(
        url: &RedisUrl,
        prefixes: &[String],
        hear: impl Fn(Word) + Send + Sync + 'static,
    ) -> RedisResult<Self> {
        let client = client(url)?;
        let settings = client.get_connection_info().redis_settings().clone();
        let info = client.get_connection_info().clone();
        // RESP 2 would do for the subscriber, but not let it ask for its own number.
        let client = Client::open(info.set_redis_settings(settings.set_protocol(ProtocolVersion::RESP3)))?;
        let cut = Arc::new(Notify::new());
        let (lost, broken) = (Arc::clone(&cut), Arc::clone(&cut));
        let mut told = connect(&client, move |push| match push.kind {
            PushKind::Invalidate => hear(word(push)),
            PushKind::Disconnection => lost.notify_one(),
            _ => {}
        })
        .await?;
        let mut tracking = connect(&client, move |push| match push.kind {
            PushKind::Disconnection => broken.notify_one(),
            // The other connection is gone.
            PushKind::Other(kind) if kind == "tracking-redir-broken" => broken.notify_one(),
            _ => {}
        })
        .await?;
        let server = run_id(&mut tracking).await?;
        // Numbers of clients are small: another server may have one with the same.
        if run_id(&mut told).await? != server {
            return Err((ErrorKind::InvalidClientConfig, "two connections led to two servers").into());
        }
        let number: u64 = redis::cmd("CLIENT").arg("ID").query_async(&mut told).await?;
        told.subscribe(CHANNEL).await?;
        let mut on = redis::cmd("CLIENT");
        on.arg("TRACKING").arg("ON").arg("REDIRECT").arg(number).arg("BCAST");
        for prefix in prefixes {
            on.arg("PREFIX").arg(prefix);
        }
        on.query_async::<()>(&mut tracking).await?;
        Ok(Self { tracking, told, server, cut })
    }

    /// Two round trips, one after the other. After them everything has been heard that Redis did before them.
    ///
    /// Redis tells of names at the end of a turn of its event loop, in which it may have answered already what came in the
    /// same turn: a single answer proves nothing. After the first answer that turn is over, so what it tells waits for
    /// the subscriber; the second answer comes behind that. The first also proves that names were followed until then.
    pub(super) async fn settle(&self) -> RedisResult<()> {
        redis::cmd("PING").query_async::<()>(&mut self.tracking.clone()).await?;
        redis::cmd("PING").query_async(&mut self.told.clone()).await
    }

    /// Whether it settled soon enough for a deletion.
    pub(super) async fn settles_in_time(&self) -> bool {
        matches!(timeout(PROOF, self.settle()).await, Ok(Ok(())))
    }
}

/// What tells one server's process from another's.
pub(super) async fn run_id(redis: &mut MultiplexedConnection) -> RedisResult<String> {
    let info: InfoDict = redis::cmd("INFO").arg("server").query_async(redis).await?;
    info.get("run_id").ok_or_else(|| (ErrorKind::UnexpectedReturnType, "a server without a run_id").into())
}

async fn connect(
    client: &Client,
    hear: impl Fn(PushInfo) + Send + Sync + 'static,
) -> RedisResult<MultiplexedConnection> {
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(CONNECT))
        .set_response_timeout(Some(ANSWER))
        // Called by the connection itself as it reads: what came before an answer has been heard before it.
        .set_push_sender(move |push| {
            hear(push);
            Ok::<_, redis::aio::SendError>(())
        });
    client.get_multiplexed_async_connection_with_config(&config).await
}

fn word(push: PushInfo) -> Word {
    match push.data.into_iter().next() {
        Some(Value::Array(names)) => Word::Names(names),
        // Null stands for all names; whatever else there may be is taken for the worst.
        _ => Word::Flushed,
    }
}
