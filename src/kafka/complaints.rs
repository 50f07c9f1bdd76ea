use std::collections::HashMap;
use std::mem;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::catalog::{Catalog, Table, TableId};
use crate::change::{Change, Partition, Row, Value};
use crate::debezium::Poison;
use crate::views::Reason;

/// How often in a minute the same cause is logged of a table. Who looks for a bad event wants its place; but a whole topic may
/// be poison, and is read at every start, and one may have a gap after each transaction.
const MOST: u64 = 100;
const MINUTE: Duration = Duration::from_mins(1);

/// What is logged of events that are not as the configuration says.
pub(super) struct Complaints {
    catalog: Arc<Catalog>,
    poison: Said,
    gaps: Said,
    types: Said,
    /// By table, whether its first row was looked through for the columns that views need.
    looked: Vec<bool>,
}

/// What was met how often in the minute that began when.
#[derive(Debug, Default)]
struct Said(HashMap<(TableId, &'static str), (Instant, u64)>);

impl Said {
    /// How often this was not said in the minute before, if it is to be said now.
    fn is_due(&mut self, table: TableId, cause: &'static str, now: Instant) -> Option<u64> {
        let (began, times) = self.0.entry((table, cause)).or_insert((now, 0));
        let mut unsaid = 0;
        if now.saturating_duration_since(*began) >= MINUTE {
            unsaid = times.saturating_sub(MOST);
            (*began, *times) = (now, 0);
        }
        *times += 1;
        (*times <= MOST).then_some(unsaid)
    }
}

impl Complaints {
    pub(super) fn new(catalog: &Arc<Catalog>) -> Self {
        let looked = vec![false; catalog.tables.len()];
        Self {
            catalog: Arc::clone(catalog),
            poison: Said::default(),
            gaps: Said::default(),
            types: Said::default(),
            looked,
        }
    }

    /// `loading`: what the event did was applied when it was first met.
    pub(super) fn poison(&mut self, partition: Partition, offset: i64, poison: &Poison, loading: bool) {
        if let Some(unsaid) = self.poison.is_due(partition.table, poison.cause(), Instant::now()) {
            tracing::error!(
                topic = self.catalog.table(partition.table).topic,
                partition = partition.number,
                offset,
                cause = poison.cause(),
                error = %poison,
                unsaid,
                "an event cannot be decoded; {}",
                if loading { "its row is unknown until it changes" } else { "the families of its table are deleted" }
            );
        }
    }

    /// A column fills a key of this view with what its type does not allow.
    pub(super) fn column_type(&mut self, partition: Partition, offset: i64, view: &str) {
        let cause = Reason::ColumnType.label();
        if let Some(unsaid) = self.types.is_due(partition.table, cause, Instant::now()) {
            tracing::error!(
                topic = self.catalog.table(partition.table).topic,
                partition = partition.number,
                offset,
                cause,
                view,
                unsaid,
                "a column that fills a key holds what its type does not allow, or the separator that follows it in the key, \
                 and the family's deletion may not find that key: write its type under `columns` at its table, and let text \
                 be the last thing in the key"
            );
        }
    }

    /// `expected` is the offset that would follow the last one read.
    pub(super) fn gap(&mut self, partition: Partition, offset: i64, expected: i64) {
        if let Some(unsaid) = self.gaps.is_due(partition.table, Reason::Compacted.label(), Instant::now()) {
            tracing::warn!(
                topic = self.catalog.table(partition.table).topic,
                partition = partition.number,
                offset,
                expected,
                unsaid,
                "records are missing that compaction may have taken before they were read, so families are deleted; let \
                 the topic's `min.compaction.lag.ms` exceed the longest outage"
            );
        }
    }

    /// A column that no event has is a mistake in the configuration, and each change deletes more for it.
    pub(super) fn columns(&mut self, change: &Change<'_>) {
        let (looked, Some(after)) = (&mut self.looked[change.table.index()], &change.after) else { return };
        if mem::replace(looked, true) {
            return;
        }
        let table = self.catalog.table(change.table);
        let missing = missing(table, after);
        if !missing.is_empty() {
            tracing::error!(
                table = table.name,
                columns = missing,
                "the table's events lack columns that views need, so more is deleted than has to be: are they spelled right?"
            );
        }
    }
}

/// The names of the columns that a row lacks.
fn missing(table: &Table, row: &Row<'_>) -> String {
    let lacking = table.columns.iter().zip(row).filter(|(_, value)| **value == Value::Missing);
    lacking.map(|(column, _)| column.name.as_str()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_columns_that_a_row_lacks() {
        let text = "
            kafka: { brokers: b }
            redis: { url: redis://r }
            tables: { order: { topic: order, primary_key: id } }
            views: { v: { key: 'v:{shop_id}', from: { order: { reads: [status, statuss] } } } }";
        let catalog = crate::config::parse("f", text, &|_| None).expect("a right configuration").catalog;
        let table = &catalog.tables[0];
        let row = |lacking: &[&str]| {
            let lacks = |column: &crate::catalog::Column| lacking.contains(&column.name.as_str());
            let value = |column| if lacks(column) { Value::Missing } else { Value::Null };
            table.columns.iter().map(value).collect::<Row<'_>>()
        };
        for (lacking, expected) in
            [(&[][..], ""), (&["statuss"], "statuss"), (&["id", "status"], "id, status")]
        {
            assert_eq!(missing(table, &row(lacking)), expected);
        }
    }

    #[test]
    fn the_same_is_said_so_often_in_a_minute() {
        let (mut said, start) = (Said::default(), Instant::now());
        let mut met = |seconds, table, cause| {
            said.is_due(TableId::from_index(table), cause, start + Duration::from_secs(seconds))
        };
        for _ in 0..MOST {
            assert_eq!(met(0, 0, "empty"), Some(0));
        }
        for (seconds, table, cause, expected) in [
            (1, 0, "empty", None),
            (1, 0, "malformed", Some(0)),
            (1, 1, "empty", Some(0)),
            (59, 0, "empty", None),
            (60, 0, "empty", Some(2)),
            (61, 0, "empty", Some(0)),
        ] {
            assert_eq!(met(seconds, table, cause), expected, "{seconds} s");
        }
    }
}
