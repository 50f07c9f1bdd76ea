use std::sync::Arc;

use rdkafka::Message as _;
use rdkafka::message::{BorrowedMessage, Headers as _};

use super::reader::Mode;
use crate::batch::{Batch, Timing};
use crate::catalog::{Catalog, ViewId};
use crate::change::{Change, Partition};
use crate::debezium::{Decoder, Event, Headers, Record};
use crate::telemetry::{Metrics, Outcome};
use crate::views::{Effects, Evaluator, Reason, Why};

/// From a message to the effects of its change: decoder, then views, then the batch.
pub(super) struct Processing {
    catalog: Arc<Catalog>,
    decoder: Decoder,
    evaluator: Evaluator,
    metrics: Arc<Metrics>,
    mode: Mode,
}

impl Processing {
    pub(super) fn new(catalog: &Arc<Catalog>, metrics: Arc<Metrics>, mode: Mode) -> Self {
        Self {
            catalog: Arc::clone(catalog),
            decoder: Decoder::new(catalog),
            evaluator: Evaluator::new(Arc::clone(catalog)),
            metrics,
            mode,
        }
    }

    /// Adds what the message does to the batch. A message that cannot be decoded stops nobody: the families of its
    /// table go.
    pub(super) fn process(&mut self, partition: Partition, message: &BorrowedMessage<'_>, batch: &mut Batch) {
        let record = Record {
            topic: message.topic(),
            key: message.key(),
            value: message.payload(),
            headers: &LazyHeaders(message),
        };
        let (outcome, committed) = match self.decoder.decode(partition.table, &record) {
            Ok(Event::Change(change)) => {
                let (committed, believed) = (change.committed_at, self.evaluator.believes(partition.table));
                if self.mode == Mode::DryRun {
                    let mut log = DryRun { catalog: &self.catalog, change: &change, message, batch };
                    self.evaluator.evaluate(&change, &mut log);
                } else {
                    self.evaluator.evaluate(&change, batch);
                }
                self.decoder.recycle(change);
                if let Some(view) = self.evaluator.take_wrong_type() {
                    tracing::error!(
                        topic = message.topic(),
                        partition = message.partition(),
                        offset = message.offset(),
                        cause = Reason::ColumnType.label(),
                        view = self.catalog.view(view).name,
                        "a column that fills a key holds another type than configured, and the family's deletion finds no \
                         key of that type: write `columns: {{ NAME: text }}` at its table"
                    );
                }
                if believed && !self.evaluator.believes(partition.table) {
                    tracing::error!(
                        table = self.catalog.table(partition.table).name,
                        "declared `replica_identity: full`, and an update came without its old row: run ALTER TABLE … \
                         REPLICA IDENTITY FULL; until a restart the table counts as default, and its changes delete families"
                    );
                }
                (Outcome::Change, committed)
            }
            Ok(Event::Tombstone) => (Outcome::Tombstone, None),
            Ok(Event::Message) => (Outcome::Message, None),
            Err(poison) => {
                tracing::error!(
                    topic = message.topic(),
                    partition = message.partition(),
                    offset = message.offset(),
                    cause = poison.cause(),
                    error = %poison,
                    "an event cannot be decoded; the families of its table are deleted"
                );
                self.metrics.poison(partition.table, poison.cause());
                self.evaluator.widen(partition.table, Reason::Undecodable, batch);
                (Outcome::Poison, None)
            }
        };
        self.metrics.event(partition.table, outcome);
        if matches!(outcome, Outcome::Change) {
            batch.timings.add(Timing {
                committed: committed.map(|micros| micros / 1_000),
                appended: message.timestamp().to_millis(),
                events: 1,
            });
        }
    }
}

/// The client parses a message's headers when they are asked for, and most changes need none.
struct LazyHeaders<'m>(&'m BorrowedMessage<'m>);

impl Headers for LazyHeaders<'_> {
    fn header(&self, name: &str) -> Option<&[u8]> {
        self.0.headers()?.iter().find(|header| header.key == name).and_then(|header| header.value)
    }
}

/// Says what would be deleted, and why. The keys it names are row values; a dry run is asked for to see them.
struct DryRun<'d> {
    catalog: &'d Catalog,
    change: &'d Change<'d>,
    message: &'d BorrowedMessage<'d>,
    batch: &'d mut Batch,
}

impl DryRun<'_> {
    fn say(&self, view: ViewId, key: Option<&str>, family: Option<&str>, why: &Why<'_>) {
        tracing::info!(
            key,
            family,
            view = self.catalog.view(view).name,
            why = %why,
            reason = why.reason.label(),
            table = self.catalog.table(self.change.table).name,
            operation = self.change.operation.name(),
            topic = self.message.topic(),
            partition = self.message.partition(),
            offset = self.message.offset(),
            committed_at_us = self.change.committed_at,
            "would delete"
        );
    }
}

impl Effects for DryRun<'_> {
    fn key(&mut self, view: ViewId, key: &str, why: Why<'_>) {
        self.say(view, Some(key), None, &why);
        self.batch.key(view, key, why);
    }

    fn family(&mut self, view: ViewId, why: Why<'_>) {
        self.say(view, None, Some(&self.catalog.view(view).pattern.text()), &why);
        self.batch.family(view, why);
    }
}
