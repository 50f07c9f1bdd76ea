use std::sync::Arc;
use std::time::SystemTime;

use redis::aio::MultiplexedConnection;
use redis::{Pipeline, RedisResult};

use super::connection::{Connection, Ping, Repeatable};
use super::families::Families;
use crate::batch::Keys;
use crate::handoff::{Handoff, Sent};
use crate::telemetry::Metrics;

/// Log lines of this target say each partition's watermark as it moves; the benchmarks read them.
const WATERMARKS: &str = "freshet::watermarks";

/// Keys in one `UNLINK`: few enough that other clients' commands get between, enough that a reply is cheap.
const KEYS_PER_COMMAND: usize = 128;

/// Sends batch after batch, each once the one before is acknowledged. Never ends.
pub async fn write(
    handoff: Arc<Handoff>,
    mut connection: Connection,
    families: Arc<Families>,
    metrics: Arc<Metrics>,
) {
    // Readiness knows of Redis before the first event does.
    connection.until_done(&Ping).await;
    loop {
        let Sent { number, batch } = handoff.take().await;
        if !batch.families().is_empty() {
            metrics.widenings(batch.families());
            families.request(number, batch.families());
        }
        // A batch that holds offsets only is acknowledged all the same.
        if !batch.keys.is_empty() || batch.families().is_empty() {
            if !batch.keys.is_empty() {
                let deleted = connection.until_done(&batch.keys).await;
                metrics.keys(&batch.keys, deleted);
            }
            acknowledge(&handoff, number, &metrics);
        }
        handoff.recycle(batch);
    }
}

impl Repeatable for Keys {
    /// How many keys existed.
    type Done = u64;

    async fn attempt(&self, redis: &mut MultiplexedConnection) -> RedisResult<u64> {
        unlink(redis, &unlinks(self.iter().map(|(_, key)| key.as_bytes()))).await
    }
}

/// Notes the acknowledgement, and with a batch's last one how long its events took.
pub(super) fn acknowledge(handoff: &Handoff, number: u64, metrics: &Metrics) {
    let Some(timings) = handoff.acknowledge(number) else { return };
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    metrics.acknowledged(&timings, now);
    if tracing::enabled!(target: WATERMARKS, tracing::Level::TRACE) {
        for (partition, offset) in handoff.ledger(|ledger| ledger.watermarks()) {
            tracing::trace!(target: WATERMARKS, partition = partition.number, offset, at_us = u64::try_from(now.as_micros()).unwrap_or(u64::MAX));
        }
    }
}

/// The commands that delete these keys.
pub fn unlinks<'k>(keys: impl Iterator<Item = &'k [u8]>) -> Pipeline {
    let mut pipeline = redis::pipe();
    // Each command's own reply is read; by default one error would hide the others.
    pipeline.ignore_errors();
    let mut keys = keys.peekable();
    while keys.peek().is_some() {
        pipeline.cmd("UNLINK");
        for key in keys.by_ref().take(KEYS_PER_COMMAND) {
            pipeline.arg(key);
        }
    }
    pipeline
}

/// Sends the commands and reads each one's own reply. Returns how many keys existed.
pub async fn unlink(redis: &mut MultiplexedConnection, commands: &Pipeline) -> RedisResult<u64> {
    let replies: Vec<RedisResult<u64>> = commands.query_async(redis).await?;
    if replies.len() != commands.len() {
        return Err(
            (redis::ErrorKind::UnexpectedReturnType, "another number of replies than of commands").into()
        );
    }
    replies.into_iter().sum()
}
