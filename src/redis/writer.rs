use std::sync::Arc;
use std::time::{Instant, SystemTime};

use redis::RedisResult;
use redis::aio::MultiplexedConnection;
use tokio::time::{sleep, sleep_until};

use super::connection::{Connection, Ping, Repeatable};
use super::deletion::{Along, Deleted, delete};
use super::families::Families;
use super::identity::LOOK;
use super::refilling::Refilling;
use super::settling::Settling;
use super::warming::{Warming, What};
use crate::batch::Keys;
use crate::catalog::{Catalog, ViewId};
use crate::handoff::{Handoff, Sent};
use crate::kafka::{Fresh, Share};
use crate::telemetry::Metrics;

/// Log lines of this target say up to where each partition is applied, as it moves; the benchmarks read them.
const WATERMARKS: &str = "freshet::watermarks";

/// Keys that one pipeline deletes a second time: first deletes wait for it about a millisecond.
const SECOND_DELETES_AT_ONCE: usize = 4_096;

/// What may be held of keys that wait for their second delete. Beyond, first deletes wait for room.
const MOST_SETTLING_BYTES: usize = 64 << 20;

/// Sends batch after batch, each once the one before is acknowledged, and what is due a second time or by itself. Never ends.
pub async fn write(
    (catalog, fresh, refilling): (Arc<Catalog>, Arc<Fresh>, Arc<Refilling>),
    handoff: Arc<Handoff>,
    mut connection: Connection,
    families: Arc<Families>,
    metrics: Arc<Metrics>,
) {
    // Readiness knows of Redis before the first event does.
    connection.until_done(&Ping).await;
    let warming = Warming::new(&catalog, &fresh, &metrics);
    let settling = Settling::default();
    let mut writer = Writer { catalog, handoff, connection, families, metrics, settling, warming, refilling };
    loop {
        let has_room = writer.settling.bytes() < MOST_SETTLING_BYTES;
        tokio::select! {
            sent = writer.handoff.take(), if has_room => writer.send(sent).await,
            () = until(writer.settling.next()) => writer.settle_due().await,
            views = writer.families.gone() => views.into_iter().for_each(|view| writer.warming.refresh(view)),
            () = writer.warming.wait() => writer.warming.go_on(&mut writer.connection).await,
            // Readiness knows of Redis although no event asks for it, and the ledger of a node that changed.
            () = sleep(LOOK) => writer.connection.until_done(&Ping).await,
        }
    }
}

struct Writer {
    catalog: Arc<Catalog>,
    handoff: Arc<Handoff>,
    connection: Connection,
    families: Arc<Families>,
    metrics: Arc<Metrics>,
    settling: Settling,
    warming: Warming,
    refilling: Arc<Refilling>,
}

impl Writer {
    async fn send(&mut self, Sent { number, batch }: Sent) {
        if !batch.families().is_empty() {
            self.metrics.widenings(batch.families());
            self.families.request(number, batch.families());
        }
        // A batch that holds offsets only is acknowledged all the same.
        if !batch.keys.is_empty() || batch.families().is_empty() {
            if !batch.keys.is_empty() {
                let once = Once { catalog: &self.catalog, keys: &batch.keys };
                let deleted = self.connection.until_done(&once).await;
                self.refilling.deleted(batch.keys.iter());
                let written = batch.keys.iter().filter(|(view, _)| self.catalog.view(*view).warm.is_some());
                let written: Vec<_> = written.collect();
                self.warming.write(&mut self.connection, &written, What::Write).await;
                self.metrics.keys(&batch.keys, deleted.keys);
                self.metrics.refused_holds(deleted.refused_holds);
            }
            acknowledge(&self.handoff, number, Share::Keys, &self.metrics);
            if self.catalog.settles() {
                self.settle(number, &batch.keys);
            }
        }
        self.handoff.recycle(batch);
    }

    /// Notes when these keys are to be deleted again, now that they have been once.
    fn settle(&mut self, batch: u64, keys: &Keys) {
        let now = Instant::now();
        let due = |(view, key)| {
            let again = self.catalog.view(view).again()?;
            Some((key, now + again, view))
        };
        if self.settling.enter(batch, keys.iter().filter_map(due)) {
            self.metrics.settling(self.settling.len());
        } else {
            self.handoff.acknowledge(batch, Share::KeysAgain);
        }
    }

    async fn settle_due(&mut self) {
        let due = self.settling.take(Instant::now(), SECOND_DELETES_AT_ONCE);
        let (written, gone): (Vec<_>, Vec<_>) = due
            .names
            .iter()
            .map(|(key, view)| (*view, &**key))
            .partition(|(view, _)| self.catalog.view(*view).warm.is_some());
        let deleted = self.connection.until_done(&Again { catalog: &self.catalog, keys: &gone }).await;
        self.refilling.deleted(gone.iter().copied());
        self.warming.write(&mut self.connection, &written, What::Again).await;
        self.metrics.second_deletes(gone.len(), deleted.keys);
        self.metrics.settling(self.settling.len());
        self.settling.done(due);
        self.handoff.settle(self.settling.settled(), Share::KeysAgain);
    }
}

/// Waits for a time; without one for ever.
pub(super) async fn until(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time.into()).await,
        None => std::future::pending().await,
    }
}

/// A batch's keys, on their first deletion; those are left out whose values are written.
struct Once<'b> {
    catalog: &'b Catalog,
    keys: &'b Keys,
}

impl Repeatable for Once<'_> {
    type Done = Deleted;

    async fn attempt(&self, redis: &mut MultiplexedConnection) -> RedisResult<Deleted> {
        let views = self.keys.iter().map(|(view, key)| (self.catalog.view(view), key));
        let gone = views.filter(|(view, _)| view.warm.is_none());
        delete(redis, gone.map(|(view, key)| (key.as_bytes(), Along::of_key(view)))).await
    }
}

/// Keys on their second deletion, or that go for no event.
pub(super) struct Again<'d> {
    pub(super) catalog: &'d Catalog,
    pub(super) keys: &'d [(ViewId, &'d str)],
}

impl Repeatable for Again<'_> {
    type Done = Deleted;

    async fn attempt(&self, redis: &mut MultiplexedConnection) -> RedisResult<Deleted> {
        // As of a family: a hold that a later event has set is not cut short.
        let along = |view: &ViewId| Along::if_there(self.catalog.view(*view));
        delete(redis, self.keys.iter().map(|(view, key)| (key.as_bytes(), along(view)))).await
    }
}

/// Notes the acknowledgement, and when the batch is applied with it how long its events took.
pub(super) fn acknowledge(handoff: &Handoff, number: u64, share: Share, metrics: &Metrics) {
    let Some(timings) = handoff.acknowledge(number, share) else { return };
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    metrics.acknowledged(&timings, now);
    if tracing::enabled!(target: WATERMARKS, tracing::Level::TRACE) {
        for (partition, offset) in handoff.ledger(|ledger| ledger.all_applied()) {
            tracing::trace!(target: WATERMARKS, partition = partition.number, offset, at_us = u64::try_from(now.as_micros()).unwrap_or(u64::MAX));
        }
    }
}
