//! Which node a connection met, and whether it may have forgotten what it acknowledged.
//!
//! A node that was restarted may lack the last deletions, or have brought deleted keys back from its dump; one that took
//! another's place may lack what the replication had not told it. The first shows in `run_id`, the second in `master_replid`,
//! which also changes while connections stay. Redis changes the latter too when its first replica comes and an hour after the
//! last one went: families go for nothing then, which harms less than a key that stays.

use std::process;
use std::sync::{Arc, Once};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use redis::aio::MultiplexedConnection;
use redis::{ErrorKind, RedisError, RedisResult, ServerErrorKind};
use sha2::{Digest as _, Sha256};

use crate::handoff::Handoff;

/// How often a connection asks which node it meets, however busy it is.
pub(super) const LOOK: Duration = Duration::from_secs(2);

/// What one connection knows of its node.
#[derive(Debug)]
pub(super) struct Identity {
    handoff: Arc<Handoff>,
    met: Option<u32>,
    looked: Option<Instant>,
    /// A connection broke since the last look.
    lost: bool,
}

impl Identity {
    pub(super) fn new(handoff: Arc<Handoff>) -> Self {
        Self { handoff, met: None, looked: None, lost: false }
    }

    /// The connection is another one from here on. `lost`: the old one broke.
    pub(super) fn renew(&mut self, lost: bool) {
        self.looked = None;
        self.lost |= lost;
    }

    /// Looks which node this is, unless it did a moment ago.
    pub(super) async fn look(&mut self, redis: &mut MultiplexedConnection) -> RedisResult<()> {
        if self.looked.is_some_and(|looked| looked.elapsed() < LOOK) {
            return Ok(());
        }
        let node = match ask(redis).await {
            Ok(Some(node)) => node,
            Ok(None) => self.unnamed("it names no `run_id`"),
            Err(error) if is_refused(&error) => self.unnamed(&error.to_string()),
            Err(error) => return Err(error),
        };
        (self.met, self.looked, self.lost) = (Some(node), Some(Instant::now()), false);
        if self.handoff.ledger(|ledger| ledger.met(node)) {
            tracing::warn!(
                node = format!("{node:08x}"),
                "redis was restarted or is another node than the one that acknowledged what is committed; all families are deleted"
            );
        }
        Ok(())
    }

    /// Whether this connection met the node that was met last, by any connection. What another node acknowledges counts for
    /// nothing: the families that go for a change may be gone already.
    pub(super) fn is_current(&self) -> bool {
        self.met == self.handoff.node()
    }

    /// The node for one that may not be asked: every lost connection may mean another one, and so does every start.
    fn unnamed(&self, why: &str) -> u32 {
        static TOLD: Once = Once::new();
        TOLD.call_once(|| {
            tracing::error!(
                why,
                "redis does not tell which node it is, so that all families are deleted at each start and with each lost \
                 connection; allow it to freshet's user: ACL SETUSER … +info"
            );
        });
        self.handoff.node().filter(|_| !self.lost).unwrap_or_else(|| {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            digest(&format!("unnamed {} {}", process::id(), now.as_nanos()), "")
        })
    }
}

/// The node's digest, if it says who it is.
async fn ask(redis: &mut MultiplexedConnection) -> RedisResult<Option<u32>> {
    let mut sections = redis::pipe();
    sections.cmd("INFO").arg("server").cmd("INFO").arg("replication");
    let (server, replication): (String, String) = sections.query_async(redis).await?;
    Ok(field(&server, "run_id").map(|run| digest(run, field(&replication, "master_replid").unwrap_or(""))))
}

/// By permission, or because the command was renamed.
fn is_refused(error: &RedisError) -> bool {
    match error.kind() {
        ErrorKind::Server(ServerErrorKind::NoPerm) => true,
        ErrorKind::Server(ServerErrorKind::ResponseError) => {
            error.detail().is_some_and(|detail| detail.starts_with("unknown command"))
        }
        _ => false,
    }
}

fn field<'i>(info: &'i str, name: &str) -> Option<&'i str> {
    info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
}

fn digest(run: &str, replication: &str) -> u32 {
    let hash = Sha256::digest(format!("{run} {replication}"));
    hash.iter().take(4).fold(0, |all, byte| all << 8 | u32::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn either_name_tells_nodes_apart() {
        let info = "# Server\r\nrun_id:abc\r\nredis_version:7.0.15\r\n";
        assert_eq!(field(info, "run_id"), Some("abc"));
        assert_eq!(field(info, "run"), None);
        let node = digest("abc", "def");
        assert_eq!(node, digest("abc", "def"));
        assert_ne!(node, digest("abc", "deg"));
        assert_ne!(node, digest("abd", "def"));
    }

    #[test]
    fn only_what_is_refused_for_good_hides_a_name() {
        for (reply, expected) in [
            ("NOPERM User app has no permissions to run the 'info' command", true),
            ("ERR unknown command 'INFO', with args beginning with: 'server' ", true),
            ("ERR max number of clients reached", false),
            ("NOAUTH Authentication required.", false),
        ] {
            let error = redis::parse_redis_value(format!("-{reply}\r\n").as_bytes())
                .and_then(redis::Value::extract_error)
                .expect_err("an error reply");
            assert_eq!(is_refused(&error), expected, "{reply}");
        }
    }

    #[test]
    fn a_node_without_a_name_is_another_one_after_each_loss() {
        let handoff = Arc::new(Handoff::default());
        let mut connections = [0; 2].map(|_| Identity::new(Arc::clone(&handoff)));
        let mut meet = |at: usize, lost: bool| {
            let identity = &mut connections[at];
            identity.renew(lost);
            let node = identity.unnamed("refused");
            identity.lost = false;
            handoff.ledger(|ledger| ledger.met(node));
            node
        };
        let first = meet(0, false);
        assert_eq!(meet(1, false), first, "two connections of one start met one node");
        let second = meet(0, true);
        assert_ne!(second, first);
        assert_eq!(meet(1, false), second);
    }
}
