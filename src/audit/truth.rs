//! What the database says: the rows that some keys are made of, read in one snapshot, and the values that they come to by the
//! same code that computes them from the topics.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher as _, Hasher as _};
use std::sync::Arc;

use foldhash::quality::FixedState;
use tokio_postgres::types::{PgLsn, ToSql};
use tokio_postgres::{Client, IsolationLevel, Transaction};

use super::column::{Column, Kind};
use super::statement::{by_key, filling, quoted};
use super::{Cached, Difference, Needs, difference};
use crate::catalog::TableId;
use crate::change::{Change, Operation, Snapshot, Value};
use crate::database::DatabaseError;
use crate::rows::Rows;
use crate::values::{Spelling, Trouble, Values};

const DESCRIBE: &str = "SELECT a.attname::text, format_type(a.atttypid, -1), \
    CASE t.typtype WHEN 'e' THEN 'enum' ELSE t.typname::text END \
    FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid \
    WHERE a.attrelid = to_regclass($1::text) AND a.attnum > 0 AND NOT a.attisdropped";

/// A replica is as far as it has replayed.
const POSITION: &str =
    "SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END";

/// Reads the rows of one view's keys.
#[derive(Debug)]
pub(super) struct Truth {
    pub needs: Needs,
    tables: BTreeMap<TableId, Described>,
}

/// A table, and what is read of it in the order of [`Needs::columns`].
#[derive(Debug)]
struct Described {
    name: String,
    columns: Vec<Column>,
}

/// The rows of some keys, as one snapshot shows them.
#[derive(Debug)]
pub(super) struct Seen {
    rows: Rows,
    /// Every change that the snapshot shows lies before this place in the database's log.
    pub lsn: u64,
}

/// What a cached value is beside that of the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Look {
    True,
    /// The first thing that differs, and a digest of the whole value in the database.
    Differs(Difference, u64),
    NotComparable(String),
}

impl Truth {
    /// Asks the database for its columns' types. The inner error says why values of this view cannot be compared.
    pub(super) async fn new(client: &Client, needs: Needs) -> Result<Result<Self, String>, DatabaseError> {
        let mut tables = BTreeMap::new();
        for (table, ids) in &needs.columns {
            let known = needs.catalog.table(*table);
            // `prefix.schema.table` is Debezium's own rule.
            let mut parts = known.topic.rsplit('.');
            let (Some(table_name), Some(schema), Some(_)) = (parts.next(), parts.next(), parts.next()) else {
                return Ok(Err(format!(
                    "the topic {} does not say which table it is of; Debezium names topics prefix.schema.table",
                    known.topic
                )));
            };
            let name = format!("{}.{}", quoted(schema), quoted(table_name));
            let found = client.query(DESCRIBE, &[&name]).await?;
            if found.is_empty() {
                return Ok(Err(format!("the database has no table {name}, or its user may not see it")));
            }
            let mut columns = Vec::with_capacity(ids.len());
            for id in ids {
                let column = &known.columns[id.index()];
                let is_it = |row: &&tokio_postgres::Row| row.get::<_, &str>(0) == column.name;
                let Some(row) = found.iter().find(is_it) else {
                    return Ok(Err(format!("the table {name} has no column {}", column.name)));
                };
                let (cast, r#type): (String, &str) = (row.get(1), row.get(2));
                let Some(kind) = Kind::of(r#type, column.r#type) else {
                    let what = format!("the column {} of {name} is of the type {cast}", column.name);
                    return Ok(Err(format!("{what}, whose form in events is not known here")));
                };
                columns.push(Column { name: column.name.clone(), cast, kind });
            }
            tables.insert(*table, Described { name, columns });
        }
        Ok(Ok(Self { needs, tables }))
    }

    /// Reads the rows of these keys in one snapshot. `None` if they are more than so many.
    pub(super) async fn read(
        &self,
        client: &mut Client,
        keys: &[&str],
        most: usize,
    ) -> Result<Option<Seen>, DatabaseError> {
        let snapshot =
            client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true);
        let transaction = snapshot.start().await?;
        let mut reading = Reading {
            truth: self,
            rows: Rows::new(Arc::clone(&self.needs.catalog)),
            wanted: BTreeMap::new(),
            asked: BTreeSet::new(),
        };
        if !reading.base(&transaction, keys, most).await? {
            return Ok(None);
        }
        for _ in 0..self.needs.depth {
            for (table, keys) in std::mem::take(&mut reading.wanted) {
                reading.behind(&transaction, table, keys).await?;
            }
        }
        let rows = reading.rows;
        let lsn: PgLsn = transaction.query_one(POSITION, &[]).await?.get(0);
        transaction.commit().await?;
        Ok(Some(Seen { rows, lsn: lsn.into() }))
    }

    /// Compares a value with that of the rows.
    pub(super) fn look(&self, values: &Values, seen: &Seen, key: &str, cached: &Cached) -> Look {
        let expected = match values.value(&self.needs.catalog, &seen.rows, self.needs.view, key) {
            Ok(expected) => expected,
            Err(Trouble::Empty) => {
                return Look::NotComparable(
                    "no row in the database fills the key; the application may store zeros of its own"
                        .to_owned(),
                );
            }
            Err(trouble) => return Look::NotComparable(trouble.to_string()),
        };
        match difference(cached, &expected) {
            Ok(None) => Look::True,
            Ok(Some(found)) => match expected.bytes(Spelling::Json) {
                Ok(bytes) => {
                    let mut hasher = FixedState::default().build_hasher();
                    hasher.write(&bytes);
                    Look::Differs(found, hasher.finish())
                }
                Err(trouble) => Look::NotComparable(trouble.to_string()),
            },
            Err(unreadable) => Look::NotComparable(unreadable.to_string()),
        }
    }
}

struct Reading<'t> {
    truth: &'t Truth,
    rows: Rows,
    /// Rows behind relations, by their keys.
    wanted: BTreeMap<TableId, BTreeSet<String>>,
    asked: BTreeSet<(TableId, String)>,
}

impl Reading<'_> {
    /// The rows that fill the keys. False if they are too many.
    async fn base(
        &mut self,
        transaction: &Transaction<'_>,
        keys: &[&str],
        most: usize,
    ) -> Result<bool, DatabaseError> {
        let needs = &self.truth.needs;
        let table = &self.truth.tables[&needs.base];
        let place = |hole| needs.columns[&needs.base].iter().position(|column| column == hole);
        let holes: Vec<Column> =
            needs.holes.iter().filter_map(place).map(|at| table.columns[at].clone()).collect();
        let mut lists: Vec<Vec<&str>> = vec![Vec::new(); holes.len()];
        for values in keys.iter().filter_map(|key| needs.template()?.values(key)) {
            if values.iter().zip(&holes).all(|(value, hole)| hole.kind.takes(value)) {
                lists.iter_mut().zip(values).for_each(|(list, value)| list.push(value));
            }
        }
        let limit = i64::try_from(most).unwrap_or(i64::MAX).saturating_add(1);
        let mut parameters: Vec<&(dyn ToSql + Sync)> = Vec::new();
        parameters.extend(lists.iter().map(|list| list as &(dyn ToSql + Sync)));
        parameters.push(&limit);
        let statement = filling(&table.name, &table.columns, &holes);
        let found = transaction.query(&statement, &parameters).await?;
        if found.len() > most {
            return Ok(false);
        }
        for row in &found {
            self.take(needs.base, row);
        }
        Ok(true)
    }

    /// Rows that others point to. Those that are not there are known to be absent.
    async fn behind(
        &mut self,
        transaction: &Transaction<'_>,
        table: TableId,
        keys: BTreeSet<String>,
    ) -> Result<(), DatabaseError> {
        let described = &self.truth.tables[&table];
        let key = &described.columns[0];
        let keys: Vec<String> = keys.into_iter().filter(|text| key.kind.takes(text)).collect();
        let statement = by_key(&described.name, &described.columns, key);
        let found = transaction.query(&statement, &[&keys]).await?;
        let mut there = BTreeSet::new();
        for row in &found {
            there.insert(row.get::<_, &str>(0));
            self.take(table, row);
        }
        for absent in keys.iter().filter(|key| !there.contains(key.as_str())) {
            let mut before = self.nothing(table);
            before[self.truth.needs.columns[&table][0].index()] = key.kind.value(Some(absent));
            self.rows.load(&change(table, Operation::Delete, before));
        }
        Ok(())
    }

    fn take(&mut self, table: TableId, row: &tokio_postgres::Row) {
        let (needs, described) = (&self.truth.needs, &self.truth.tables[&table]);
        let mut after: Vec<Value<'_>> = self.nothing(table);
        for (number, (id, column)) in needs.columns[&table].iter().zip(&described.columns).enumerate() {
            let text: Option<&str> = row.get(number);
            after[id.index()] = column.kind.value(text);
            let links = needs.relations.iter().map(|relation| needs.catalog.relation(*relation));
            for relation in links.filter(|relation| relation.from == table && relation.column == *id) {
                if let Some(text) = text
                    && self.asked.insert((relation.to, text.to_owned()))
                {
                    self.wanted.entry(relation.to).or_default().insert(text.to_owned());
                }
            }
        }
        self.rows.load(&change(table, Operation::Create, after));
    }

    fn nothing<'v>(&self, table: TableId) -> Vec<Value<'v>> {
        vec![Value::Missing; self.truth.needs.catalog.table(table).columns.len()]
    }
}

fn change(table: TableId, operation: Operation, row: Vec<Value<'_>>) -> Change<'_> {
    let (before, after) = if operation == Operation::Delete { (Some(row), None) } else { (None, Some(row)) };
    Change {
        table,
        operation,
        snapshot: Snapshot::Unsaid,
        before,
        after,
        moved: None,
        lsn: None,
        committed_at: None,
    }
}
