use std::collections::BTreeSet;
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use redis::RedisResult;
use redis::aio::MultiplexedConnection;
use tokio::sync::Notify;

use super::connection::{Connection, Ping, Repeatable};
use super::writer::{acknowledge, unlink, unlinks};
use crate::batch::Family;
use crate::catalog::{Catalog, Pattern, ViewId};
use crate::handoff::Handoff;
use crate::telemetry::Metrics;

/// Names that one step of `SCAN` looks at. Redis serves nobody else meanwhile: about a millisecond.
const STEP: u32 = 1_000;

/// Deletes families, one `SCAN` at a time. What is asked for while one runs is done once after it.
#[derive(Debug)]
pub struct Families {
    catalog: Arc<Catalog>,
    asked: Mutex<Asked>,
    more: Notify,
}

#[derive(Debug, Default)]
struct Asked {
    views: BTreeSet<ViewId>,
    batches: Vec<u64>,
}

impl Families {
    pub fn new(catalog: Arc<Catalog>) -> Self {
        Self { catalog, asked: Mutex::default(), more: Notify::new() }
    }

    /// Asks for a batch's families. The batch is acknowledged once all of them have been deleted from now on.
    pub(super) fn request(&self, batch: u64, families: &[Family]) {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.views.extend(families.iter().map(|family| family.view));
        asked.batches.push(batch);
        drop(asked);
        self.more.notify_one();
    }

    /// Deletes what is asked for. Never ends.
    pub async fn delete(&self, handoff: Arc<Handoff>, mut connection: Connection, metrics: Arc<Metrics>) {
        connection.until_done(&Ping).await;
        loop {
            self.more.notified().await;
            let asked = mem::take(&mut *self.asked.lock().unwrap_or_else(PoisonError::into_inner));
            for view in asked.views {
                let view = self.catalog.view(view);
                let started = Instant::now();
                // A lost connection may mean another server, to which a cursor means nothing: the walk starts anew.
                let deleted = connection.until_done(&view.pattern).await;
                metrics.family(&view.name, deleted, started.elapsed());
                tracing::debug!(view = view.name, deleted, "family deleted");
            }
            for batch in asked.batches {
                acknowledge(&handoff, batch, &metrics);
            }
        }
    }
}

impl Repeatable for Pattern {
    /// How many keys existed.
    type Done = u64;

    async fn attempt(&self, redis: &mut MultiplexedConnection) -> RedisResult<u64> {
        delete_family(redis, self).await
    }
}

/// Deletes every name that matches the pattern whole. Returns how many there were.
pub async fn delete_family(redis: &mut MultiplexedConnection, pattern: &Pattern) -> RedisResult<u64> {
    let glob = pattern.glob();
    let (mut cursor, mut deleted) = (0_u64, 0);
    loop {
        let mut scan = redis::cmd("SCAN");
        scan.arg(cursor).arg("MATCH").arg(&glob).arg("COUNT").arg(STEP);
        let (next, mut names): (u64, Vec<Vec<u8>>) = scan.query_async(redis).await?;
        names.retain(|name| pattern.matches(name));
        if !names.is_empty() {
            deleted += unlink(redis, &unlinks(names.iter().map(Vec::as_slice))).await?;
        }
        if next == 0 {
            return Ok(deleted);
        }
        cursor = next;
    }
}
