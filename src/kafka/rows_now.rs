//! The rows of tables as their topics have them now, read once.

use std::collections::BTreeSet;
use std::sync::Arc;

use rdkafka::Message as _;
use rdkafka::message::BorrowedMessage;

use super::processing::{LazyHeaders, record};
use super::topics::TopicsError;
use super::whole_topic::{Progress, Take, read_whole};
use crate::catalog::{Catalog, TableId};
use crate::config::Kafka;
use crate::debezium::{Decoder, Event};
use crate::rows::Rows;

/// What the topics of some tables hold.
#[derive(Debug)]
pub struct RowsNow {
    pub rows: Rows,
    /// Events that could not be decoded. Their rows are unknown, unless a later event tells them.
    pub poison: u64,
    /// Topics that are not there, lost records, or tell of events that were lost: their rows are not all known.
    pub incomplete: Vec<String>,
}

/// Reads the topics of tracked tables, one after the other, from their beginnings to the ends that each has when it is begun.
/// `progress` is told of each message, with its topic.
///
/// # Errors
/// The broker did not answer, or refused.
pub fn rows_now(
    kafka: &Kafka,
    catalog: &Arc<Catalog>,
    tables: &BTreeSet<TableId>,
    progress: impl FnMut(&str, Progress),
) -> Result<RowsNow, TopicsError> {
    let mut loading = Loading {
        now: RowsNow { rows: Rows::new(Arc::clone(catalog)), poison: 0, incomplete: Vec::new() },
        decoder: Decoder::new(catalog),
        table: TableId::from_index(0),
        whole: true,
        progress,
    };
    for table in tables {
        let topic = catalog.table(*table).topic.as_str();
        (loading.table, loading.whole) = (*table, true);
        let found = read_whole(kafka, topic, &mut loading)?;
        if found.is_none() || !loading.whole {
            loading.now.rows.incomplete(*table);
            loading.now.incomplete.push(topic.to_owned());
        }
    }
    Ok(loading.now)
}

struct Loading<F> {
    now: RowsNow,
    decoder: Decoder,
    table: TableId,
    /// Whether the topic tells all rows of the table.
    whole: bool,
    progress: F,
}

impl<F: FnMut(&str, Progress)> Take for Loading<F> {
    fn lost(&mut self) {
        self.whole = false;
    }

    fn message(&mut self, message: &BorrowedMessage<'_>, progress: Progress) {
        let headers = LazyHeaders(message);
        let event = self.decoder.decode(self.table, &record(message, &headers));
        match event {
            Ok(Event::Change(change)) => {
                self.whole &= self.now.rows.load(&change).is_none();
                self.decoder.recycle(change);
            }
            Ok(Event::Tombstone | Event::Message) => {}
            Err(_) => {
                self.now.poison += 1;
                let key = self.decoder.key(self.table, &record(message, &()));
                self.now.rows.forget(self.table, key.as_ref());
            }
        }
        (self.progress)(message.topic(), progress);
    }
}
