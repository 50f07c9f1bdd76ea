use std::sync::Arc;

use rdkafka::Message as _;
use rdkafka::message::{BorrowedMessage, Header};

use super::complaints::Complaints;
use super::gaps::Gaps;
use super::headers::readable;
use super::mode::Mode;
use crate::batch::{Batch, Letter, Timing};
use crate::catalog::{Catalog, TableId, ViewId};
use crate::change::{Change, Partition, Row};
use crate::debezium::{Decoder, Event, Headers, Poison, Record};
use crate::rows::Rows;
use crate::telemetry::{Metrics, Outcome};
use crate::views::{Effects, Evaluator, Reason, Why};

/// From a message to the effects of its change: decoder, then views, then the batch.
pub(super) struct Processing {
    catalog: Arc<Catalog>,
    decoder: Decoder,
    evaluator: Evaluator,
    metrics: Arc<Metrics>,
    gaps: Arc<Gaps>,
    mode: Mode,
    /// Events that cannot be decoded go to the dead-letter topic.
    letters: bool,
    complaints: Complaints,
}

impl Processing {
    pub(super) fn new(
        catalog: &Arc<Catalog>,
        metrics: Arc<Metrics>,
        gaps: Arc<Gaps>,
        mode: Mode,
        letters: bool,
    ) -> Self {
        Self {
            catalog: Arc::clone(catalog),
            decoder: Decoder::new(catalog),
            evaluator: Evaluator::new(Arc::clone(catalog)),
            metrics,
            gaps,
            mode,
            letters,
            complaints: Complaints::new(catalog),
        }
    }

    /// Brings the rows of a tracked table to the state after the message, and adds what the message does to the batch;
    /// without a batch its effects were applied by then. A message that cannot be decoded stops nobody: the families of
    /// its table go, and its row is unknown until it is seen again.
    pub(super) fn process(
        &mut self,
        rows: &mut Rows,
        partition: Partition,
        message: &BorrowedMessage<'_>,
        batch: Option<&mut Batch>,
    ) {
        let headers = LazyHeaders(message);
        let record = record(message, &headers);
        let outcome = match (self.decoder.decode(partition.table, &record), batch) {
            (Ok(Event::Change(change)), None) => {
                self.complaints.columns(&change);
                rows.load(&change);
                self.decoder.recycle(change);
                return;
            }
            (Ok(Event::Change(change)), Some(batch)) => {
                let committed = change.committed_at;
                self.complaints.columns(&change);
                self.judge(rows, &change, message, batch);
                self.decoder.recycle(change);
                batch.timings.add(Timing {
                    committed: committed.map(|micros| micros / 1_000),
                    appended: message.timestamp().to_millis(),
                    events: 1,
                });
                Outcome::Change
            }
            (Ok(Event::Tombstone), _) => Outcome::Tombstone,
            (Ok(Event::Message), _) => Outcome::Message,
            (Err(poison), batch) => {
                self.poison(rows, partition, message, &poison, batch);
                Outcome::Poison
            }
        };
        self.metrics.event(partition.table, outcome);
    }

    fn judge(
        &mut self,
        rows: &mut Rows,
        change: &Change<'_>,
        message: &BorrowedMessage<'_>,
        batch: &mut Batch,
    ) {
        let (table, complete) = (change.table, !rows.is_incomplete(change.table));
        let believed = self.evaluator.believes(table);
        if self.mode == Mode::DryRun {
            let mut log = DryRun { catalog: &self.catalog, change, message, batch };
            self.evaluator.evaluate(rows, change, &mut log);
        } else {
            self.evaluator.evaluate(rows, change, batch);
        }
        if let Some(view) = self.evaluator.take_wrong_type() {
            let partition = Partition { table, number: message.partition() };
            self.complaints.column_type(partition, message.offset(), &self.catalog.view(view).name);
        }
        if believed && !self.evaluator.believes(table) {
            tracing::error!(
                table = self.catalog.table(table).name,
                "declared `replica_identity: full`, and an update came without its old row: run ALTER TABLE … REPLICA \
                 IDENTITY FULL; until a restart the table counts as default"
            );
        }
        if complete && rows.is_incomplete(table) {
            tracing::error!(
                topic = message.topic(),
                partition = message.partition(),
                offset = message.offset(),
                "a row was updated that the topic never showed, so it does not hold all rows, and families are deleted in \
                 doubt; let Debezium write it anew by a snapshot (`snapshot.mode: initial`)"
            );
        }
    }

    fn poison(
        &mut self,
        rows: &mut Rows,
        partition: Partition,
        message: &BorrowedMessage<'_>,
        poison: &Poison,
        batch: Option<&mut Batch>,
    ) {
        self.complaints.poison(partition, message.offset(), poison, batch.is_none());
        self.metrics.poison(partition.table, poison.cause());
        if self.catalog.table(partition.table).tracked {
            let key = self.decoder.key(partition.table, &record(message, &()));
            rows.forget(partition.table, key.as_ref());
        }
        if let Some(batch) = batch {
            self.evaluator.widen(partition.table, Reason::Undecodable, batch);
            if self.letters {
                batch.letter(Arc::new(letter(partition, message, poison)));
            }
        }
    }

    /// Every partition of a tracked table was read beyond an end that was noted a minute after the last such call.
    pub(super) fn passed(&mut self, rows: &mut Rows, table: TableId, batch: &mut Batch) {
        if self.evaluator.passed(rows, table, batch) {
            tracing::warn!(
                topic = self.catalog.table(table).topic,
                "rows link to others that the topic has not shown in a minute, and keys lie behind them, so families are \
                 deleted; if those rows exist in the database, let Debezium write the topic anew by a snapshot"
            );
        }
    }

    /// Deletes the families of a message's table if records before it may be missing, and says so. `expected` is the offset
    /// that would follow the last one read.
    pub(super) fn mind_the_gap(
        &mut self,
        partition: Partition,
        expected: i64,
        message: &BorrowedMessage<'_>,
        batch: &mut Batch,
    ) -> bool {
        let hides = self.gaps.hides(partition.table, expected, message);
        if hides {
            self.complaints.gap(partition, message.offset(), expected);
            self.widen(partition.table, Reason::Compacted, batch);
        }
        hides
    }

    /// Adds the families of every view that this table's rows may touch.
    pub(super) fn widen(&self, table: TableId, reason: Reason, batch: &mut Batch) {
        self.evaluator.widen(table, reason, batch);
    }
}

pub(super) fn record<'m>(message: &'m BorrowedMessage<'_>, headers: &'m dyn Headers) -> Record<'m> {
    Record { topic: message.topic(), key: message.key(), value: message.payload(), headers }
}

/// The message whole, but for headers whose name cannot be read: it goes on when its own memory is the client's again.
fn letter(partition: Partition, message: &BorrowedMessage<'_>, poison: &Poison) -> Letter {
    let owned = |header: Header<'_, &[u8]>| (header.key.to_owned(), header.value.map(<[u8]>::to_vec));
    Letter {
        partition,
        offset: message.offset(),
        timestamp: message.timestamp().to_millis(),
        cause: poison.cause(),
        message: poison.to_string(),
        key: message.key().map(<[u8]>::to_vec),
        value: message.payload().map(<[u8]>::to_vec),
        headers: message.headers().map_or_else(Vec::new, |headers| readable(headers).map(owned).collect()),
    }
}

/// The client parses a message's headers when they are asked for, and most changes need none.
pub(super) struct LazyHeaders<'m>(pub(super) &'m BorrowedMessage<'m>);

impl Headers for LazyHeaders<'_> {
    fn header(&self, name: &str) -> Option<&[u8]> {
        readable(self.0.headers()?).find(|header| header.key == name)?.value
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
        let view = self.catalog.view(view);
        let is_written = key.is_some() && view.warm.is_some();
        tracing::info!(
            key,
            family,
            view = view.name,
            why = %why,
            reason = why.reason.label(),
            table = self.catalog.table(self.change.table).name,
            operation = self.change.operation.name(),
            topic = self.message.topic(),
            partition = self.message.partition(),
            offset = self.message.offset(),
            committed_at_us = self.change.committed_at,
            "{}",
            if is_written { "would write" } else { "would delete" }
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

    fn affected(&mut self, view: ViewId, rows: &[Row<'_>], why: Why<'_>) {
        self.say(view, None, Some(&self.catalog.view(view).pattern.text()), &why);
        self.batch.affected(view, rows, why);
    }
}
