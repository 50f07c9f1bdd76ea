use std::collections::HashMap;
use std::error::Error;
use std::time::Duration;

use bytes::BytesMut;
use tokio_postgres::types::{Format as Wire, IsNull, ToSql, Type};
use tokio_postgres::{Client, Statement};

use super::{DatabaseError, answer, connect};
use crate::config::DatabaseUrl;
use crate::values::Format;

/// How often it is asked whether all is visible that is committed.
const LOOK: Duration = Duration::from_millis(2);

/// Whether a transaction has been committed that a new snapshot does not show.
///
/// Debezium reads the log, so an event may be here before other sessions see its change: between its flush and the
/// moment in which its transaction is none that runs any more lie some microseconds, or with `synchronous_standby_names` as
/// long as a standby takes. Such a transaction has a commit time and holds the lock of its own id. Whoever is shown none
/// takes a snapshot after that, in which all is visible whose events were read before.
const UNSEEN: &str = "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'transactionid' AND mode = 'ExclusiveLock' \
                      AND granted AND pg_xact_commit_timestamp(transactionid) IS NOT NULL)";

/// A session in which statements are asked again and again.
pub struct Session {
    client: Client,
    /// Absent where the server keeps no commit times.
    unseen: Option<Statement>,
    prepared: HashMap<String, Statement>,
}

impl Session {
    /// Whoever waits for it in vain drops it.
    pub async fn open(url: &DatabaseUrl, statement_timeout: Duration) -> Result<Self, DatabaseError> {
        let client = connect(url, statement_timeout).await?;
        let asked = "SELECT pg_is_in_recovery(), current_setting('track_commit_timestamp') = 'on'";
        let row = client.query_one(asked, &[]).await?;
        if row.try_get(0)? {
            return Err(DatabaseError::Replica);
        }
        let unseen = if row.try_get(1)? { Some(client.prepare(UNSEEN).await?) } else { None };
        Ok(Self { client, unseen, prepared: HashMap::new() })
    }

    pub fn is_closed(&self) -> bool {
        self.client.is_closed()
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
        if let Some(unseen) = &self.unseen {
            while self.client.query_one(unseen, &[]).await?.try_get(0)? {
                tokio::time::sleep(LOOK).await;
            }
        }
        let texts: Vec<Text<'_>> = parameters.iter().copied().map(Text).collect();
        let parameters: Vec<_> = texts.iter().map(|text| text as &(dyn ToSql + Sync)).collect();
        let row = self.client.query_opt(&statement, &parameters).await?;
        row.map(|row| answer::bytes(&row, format)).transpose()
    }

    async fn prepare(&mut self, sql: &str) -> Result<Statement, DatabaseError> {
        if let Some(statement) = self.prepared.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(sql).await?;
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
