use std::collections::HashMap;
use std::error::Error;
use std::time::Duration;

use bytes::BytesMut;
use tokio_postgres::types::{Format as Wire, IsNull, ToSql, Type};
use tokio_postgres::{Client, Statement};

use super::{DatabaseError, answer, connect};
use crate::config::Database;
use crate::values::Format;

/// How often it is asked whether all is visible that is committed, here or on a replica.
const LOOK: Duration = Duration::from_millis(2);

/// The transactions that have been committed and that a new snapshot does not show; `NULL` for none.
///
/// Debezium reads the log, so an event may be here before other sessions see its change: between its flush and the
/// moment in which its transaction is none that runs any more lie some microseconds, or with `synchronous_standby_names` as
/// long as a standby takes. Such a transaction has a commit time and holds the lock of its own id. Whoever is shown none
/// takes a snapshot after that, in which all is visible whose events were read before. Those that are committed later need not be
/// waited for, and where many are there would be no end to it.
const UNSEEN: &str = "SELECT array_agg(transactionid::text) FROM pg_locks WHERE locktype = 'transactionid' \
                      AND mode = 'ExclusiveLock' AND granted AND pg_xact_commit_timestamp(transactionid) IS NOT NULL";
const STILL_UNSEEN: &str = "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'transactionid' \
                            AND mode = 'ExclusiveLock' AND granted AND transactionid::text = ANY ($1::text[]))";

/// How far the primary has written, and whether a replica shows what had been written by then.
const WRITTEN: &str = "SELECT pg_current_wal_lsn()::text";
const SHOWN: &str = "SELECT pg_last_wal_replay_lsn() >= $1::text::pg_lsn";

/// A session in which statements are asked again and again.
pub struct Session {
    primary: Client,
    /// Where statements are run, if not on the primary.
    replica: Option<Client>,
    /// Absent where the server keeps no commit times.
    unseen: Option<[Statement; 2]>,
    prepared: HashMap<String, Statement>,
}

impl Session {
    /// Whoever waits for it in vain drops it.
    pub async fn open(database: &Database, statement_timeout: Duration) -> Result<Self, DatabaseError> {
        let primary = connect(&database.url, statement_timeout).await?;
        let asked = "SELECT pg_is_in_recovery(), current_setting('track_commit_timestamp') = 'on'";
        let row = primary.query_one(asked, &[]).await?;
        if row.try_get(0)? {
            return Err(DatabaseError::Replica);
        }
        let unseen = if row.try_get(1)? {
            Some([primary.prepare(UNSEEN).await?, primary.prepare(STILL_UNSEEN).await?])
        } else {
            None
        };
        let replica = match &database.replica_url {
            Some(url) => Some(connect(url, statement_timeout).await?),
            None => None,
        };
        Ok(Self { primary, replica, unseen, prepared: HashMap::new() })
    }

    pub fn is_closed(&self) -> bool {
        self.primary.is_closed() || self.replica.as_ref().is_some_and(Client::is_closed)
    }

    /// Whether a value shows all that was committed before it was asked for.
    pub const fn sees_commits(&self) -> bool {
        self.unseen.is_some() || self.replica.is_some()
    }

    /// Whether a statement is right and tells what can be written.
    pub async fn probe(&mut self, sql: &str) -> Result<(), DatabaseError> {
        self.prepare(sql).await.map(drop)
    }

    /// What a statement tells by now, as bytes in Redis; `None` if it tells no row. All that was committed before this is
    /// in it, if the server keeps commit times.
    pub async fn value(
        &mut self,
        sql: &str,
        parameters: &[&str],
        format: Format,
    ) -> Result<Option<Vec<u8>>, DatabaseError> {
        let statement = self.prepare(sql).await?;
        self.catch_up().await?;
        let texts: Vec<Text<'_>> = parameters.iter().copied().map(Text).collect();
        let parameters: Vec<_> = texts.iter().map(|text| text as &(dyn ToSql + Sync)).collect();
        let row = self.asked().query_opt(&statement, &parameters).await?;
        row.map(|row| answer::bytes(&row, format)).transpose()
    }

    /// Waits until a snapshot shows all that was committed before this.
    async fn catch_up(&self) -> Result<(), DatabaseError> {
        if let Some(replica) = &self.replica {
            // What is in the log is visible there once it is replayed.
            let written: String = self.primary.query_one(WRITTEN, &[]).await?.try_get(0)?;
            let shows = async || -> Result<bool, DatabaseError> {
                let shown = replica.query_one(SHOWN, &[&written]).await?.try_get::<_, Option<bool>>(0)?;
                shown.ok_or(DatabaseError::NoReplica)
            };
            while !shows().await? {
                tokio::time::sleep(LOOK).await;
            }
        } else if let Some([unseen, still]) = &self.unseen {
            let unseen: Option<Vec<String>> = self.primary.query_one(unseen, &[]).await?.try_get(0)?;
            let Some(unseen) = unseen else { return Ok(()) };
            while self.primary.query_one(still, &[&unseen]).await?.try_get(0)? {
                tokio::time::sleep(LOOK).await;
            }
        }
        Ok(())
    }

    fn asked(&self) -> &Client {
        self.replica.as_ref().unwrap_or(&self.primary)
    }

    async fn prepare(&mut self, sql: &str) -> Result<Statement, DatabaseError> {
        if let Some(statement) = self.prepared.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.asked().prepare(sql).await?;
        answer::check(statement.columns())?;
        self.prepared.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }
}

/// A value of whatever type the database takes it for, spelled as in SQL.
#[derive(Debug)]
struct Text<'t>(&'t str);

impl ToSql for Text<'_> {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        out.extend_from_slice(self.0.as_bytes());
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn encode_format(&self, _: &Type) -> Wire {
        Wire::Text
    }

    tokio_postgres::types::to_sql_checked!();
}
