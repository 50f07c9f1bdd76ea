//! An audit from its beginning to its end.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use redis::RedisError;
use redis::aio::MultiplexedConnection;
use tokio_postgres::Client;
use tokio_postgres::types::PgLsn;

use super::suspect::{Stream, Suspect, Verdict};
use super::truth::{Look, Seen, Truth};
use super::{Cached, Needs, Report, Stale};
use crate::catalog::{Catalog, ViewId};
use crate::database::DatabaseError;
use crate::kafka::{Lag, TopicsError};
use crate::redis::{self as cache, cached, sample};
use crate::values::{Format, Values};

/// Keys whose values are held at once, and whose rows are read in one snapshot if they are not too many.
const AT_ONCE: usize = 100;
/// How long one statement may take. It reads the rows of some hundred keys.
pub const STATEMENT_TIMEOUT: Duration = Duration::from_mins(2);
/// A server that stands still ends no statement. Some make up one snapshot.
const SNAPSHOT: Duration = Duration::from_mins(5);
/// Between two looks at what differs.
const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(5);

/// What all the sources of the database have received of the log: which of them is the stream's is not known. Who may not see that of others learns only whether one is there.
const RECEIVED: &str = "SELECT count(*), coalesce(bool_and(s.active), false), min(r.write_lsn) \
    FROM pg_replication_slots s LEFT JOIN pg_stat_replication r ON r.pid = s.active_pid \
    WHERE s.slot_type = 'logical' AND s.database = current_database()";

/// How an audit goes about.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Keys of a view.
    pub sample: usize,
    pub seed: u64,
    /// Rows that are held at once.
    pub rows: usize,
    /// How long a value may differ once the stream has passed.
    pub patience: Duration,
    /// How long the stream is waited for.
    pub wait: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            sample: 1_000,
            seed: 0,
            rows: 1_000_000,
            patience: Duration::from_secs(10),
            wait: Duration::from_mins(2),
        }
    }
}

/// Why an audit came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    #[error("Redis failed")]
    Redis(#[from] RedisError),
    #[error("the database failed")]
    Database(#[from] DatabaseError),
    #[error("Kafka did not tell how far the group is")]
    Kafka(#[from] TopicsError),
    #[error("the task that asks Kafka ended")]
    Task(#[from] tokio::task::JoinError),
}

/// What is asked in an audit.
pub struct Servers {
    pub redis: MultiplexedConnection,
    pub database: Client,
    pub lag: Arc<Lag>,
}

/// What an audit is about.
#[derive(Clone)]
pub struct Subject {
    pub catalog: Arc<Catalog>,
    pub values: Values,
    pub format: Format,
}

/// One view, and what of it is still open.
struct Open {
    truth: Truth,
    suspects: Vec<Suspect>,
    ages: BTreeMap<String, Duration>,
    report: usize,
}

/// Looks at a sample of each of these views. `told` hears what is being done, and how far that is.
///
/// # Errors
/// A server failed. What was found by then is not told.
pub async fn audit(
    subject: &Subject,
    servers: &mut Servers,
    views: &[ViewId],
    options: Options,
    mut told: impl FnMut(&str, u64, u64),
) -> Result<Vec<Report>, AuditError> {
    let (mut reports, mut open) = (Vec::new(), Vec::new());
    for view in views {
        let name = subject.catalog.view(*view).name.clone();
        let mut report = Report { view: name.clone(), ..Report::default() };
        let Some(needs) =
            subject.values.plan(*view).and_then(|plan| Needs::new(&subject.catalog, *view, plan))
        else {
            continue;
        };
        let family = &subject.catalog.view(*view).pattern;
        let told_of_names = |found: usize| told(&format!("names of {name}"), found as u64, 0);
        let keys = sample(&mut servers.redis, family, options.seed, options.sample, told_of_names).await?;
        match within(Truth::new(&servers.database, needs)).await? {
            Err(why) => {
                report.checked = keys.len();
                report.incomparable.insert(why, (keys.len(), None));
            }
            Ok(truth) => {
                let mut first =
                    Open { truth, suspects: Vec::new(), ages: BTreeMap::new(), report: reports.len() };
                for (number, some) in keys.chunks(AT_ONCE).enumerate() {
                    told(&name, (number * AT_ONCE) as u64, keys.len() as u64);
                    let some = some.iter().map(String::as_str).collect();
                    first.look_first(subject, servers, some, options, &mut report).await?;
                }
                open.push(first);
            }
        }
        reports.push(report);
    }
    settle(subject, servers, &mut open, options, &mut reports, &mut told).await?;
    Ok(reports)
}

/// Looks again at what differs until it is known why.
async fn settle(
    subject: &Subject,
    servers: &mut Servers,
    open: &mut [Open],
    options: Options,
    reports: &mut [Report],
    told: &mut impl FnMut(&str, u64, u64),
) -> Result<(), AuditError> {
    let (begun, mut pause) = (Instant::now(), FIRST);
    let count = |open: &[Open]| open.iter().map(|open| open.suspects.len() as u64).sum::<u64>();
    let of = count(open);
    while count(open) > 0 && begun.elapsed() < options.wait {
        told("values that differ", of - count(open), of);
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST);
        for one in open.iter_mut().filter(|open| !open.suspects.is_empty()) {
            one.look_again(subject, servers, options, &mut reports[one.report]).await?;
        }
    }
    for one in open {
        let report = &mut reports[one.report];
        for suspect in one.suspects.drain(..) {
            let age = one.ages.remove(&suspect.key);
            let (key, difference) = suspect.into_parts();
            report.behind.push(Stale { key, difference, age });
        }
    }
    Ok(())
}

impl Open {
    async fn look_first(
        &mut self,
        subject: &Subject,
        servers: &mut Servers,
        keys: Vec<&str>,
        options: Options,
        report: &mut Report,
    ) -> Result<(), AuditError> {
        for (key, look, lsn) in self.look(subject, servers, keys, options).await? {
            report.checked += usize::from(look.is_some());
            match look {
                // It went between the two.
                None => {}
                Some(Look::True) => report.right += 1,
                Some(Look::NotComparable(why)) => report.incomparable(why, &key),
                Some(Look::Differs(difference, expected)) => {
                    self.suspects.push(Suspect::new(key, difference, expected, lsn));
                }
            }
        }
        Ok(())
    }

    async fn look_again(
        &mut self,
        subject: &Subject,
        servers: &mut Servers,
        options: Options,
        report: &mut Report,
    ) -> Result<(), AuditError> {
        // How far the stream is, then Redis, then the database: each shows at least what the one before had come to.
        let stream = stream(subject, servers, self.truth.needs.view).await?;
        let mut suspects: BTreeMap<String, Suspect> = std::mem::take(&mut self.suspects)
            .into_iter()
            .map(|suspect| (suspect.key.clone(), suspect))
            .collect();
        let keys: Vec<String> = suspects.keys().cloned().collect();
        for keys in keys.chunks(AT_ONCE) {
            let keys = keys.iter().map(String::as_str).collect();
            for (key, look, lsn) in self.look(subject, servers, keys, options).await? {
                let Some(mut suspect) = suspects.remove(&key) else { continue };
                match suspect.look(look, lsn, stream, Instant::now(), options.patience) {
                    Verdict::Open => self.suspects.push(suspect),
                    Verdict::True => report.right += 1,
                    Verdict::Gone => report.gone += 1,
                    Verdict::Changing => report.changing += 1,
                    Verdict::NotComparable(why) => report.incomparable(why, &key),
                    Verdict::Stale(difference) => {
                        let age = self.ages.get(&key).copied();
                        report.stale.push(Stale { key, difference, age });
                    }
                }
            }
        }
        Ok(())
    }

    /// What each key's value is beside that of the database, and where in the database's log that was; `None` where Redis has none.
    async fn look<'k>(
        &mut self,
        subject: &Subject,
        servers: &mut Servers,
        keys: Vec<&'k str>,
        options: Options,
    ) -> Result<Vec<(String, Option<Look>, u64)>, AuditError> {
        let mut looks = Vec::with_capacity(keys.len());
        let mut readable: Vec<(&'k str, Cached)> = Vec::new();
        let values = cached(&mut servers.redis, &keys).await?;
        let ttl = self.truth.needs.view().ttl;
        for (key, value) in keys.into_iter().zip(values) {
            let unreadable = match value {
                cache::Cached::Absent => {
                    looks.push((key.to_owned(), None, 0));
                    continue;
                }
                cache::Cached::TooLong => "it is larger than what is read of one value".to_owned(),
                cache::Cached::OfAnotherKind => "it is no string in Redis".to_owned(),
                cache::Cached::Value(bytes, lives) => match Cached::read(&bytes, subject.format.spelling) {
                    Ok(value) => {
                        let age = ttl.zip(lives).map(|(ttl, lives)| ttl.saturating_sub(lives));
                        if let Some(age) = age {
                            self.ages.insert(key.to_owned(), age);
                        }
                        readable.push((key, value));
                        continue;
                    }
                    Err(why) => why.to_string(),
                },
            };
            looks.push((key.to_owned(), Some(Look::NotComparable(unreadable)), 0));
        }
        // Halves of what has too many rows, until it has not.
        let mut left = vec![&readable[..]];
        while let Some(some) = left.pop() {
            if some.is_empty() {
                continue;
            }
            let names: Vec<&str> = some.iter().map(|(key, _)| *key).collect();
            let seen: Option<Seen> =
                within(self.truth.read(&mut servers.database, &names, options.rows)).await?;
            match seen {
                Some(seen) => looks.extend(some.iter().map(|(key, value)| {
                    let look = self.truth.look(&subject.values, &seen, key, value);
                    ((*key).to_owned(), Some(look), seen.lsn)
                })),
                None if some.len() == 1 => {
                    let why = format!("it is made of more than {} rows", options.rows);
                    looks.push((names[0].to_owned(), Some(Look::NotComparable(why)), 0));
                }
                None => {
                    let (one, other) = some.split_at(some.len() / 2);
                    left.extend([one, other]);
                }
            }
        }
        for key in
            looks.iter().filter(|(_, look, _)| !matches!(look, Some(Look::Differs(..)))).map(|(key, ..)| key)
        {
            self.ages.remove(key);
        }
        Ok(looks)
    }
}

async fn stream(subject: &Subject, servers: &Servers, view: ViewId) -> Result<Stream, AuditError> {
    let row = within(async { Ok(servers.database.query_one(RECEIVED, &[]).await?) }).await?;
    let (slots, active, received): (i64, bool, Option<PgLsn>) = (row.get(0), row.get(1), row.get(2));
    let received = match (slots, active, received) {
        // Nothing is known of it.
        (0, ..) | (_, true, None) => u64::MAX,
        (_, false, _) => 0,
        (_, true, Some(received)) => received.into(),
    };
    let (lag, catalog) = (Arc::clone(&servers.lag), Arc::clone(&subject.catalog));
    let behind = tokio::task::spawn_blocking(move || {
        let tables: std::collections::BTreeSet<_> = catalog.view(view).tables(&catalog.relations).collect();
        lag.of(&catalog, tables)
    });
    Ok(Stream { received, applied: behind.await?? == 0 })
}

async fn within<T>(asked: impl Future<Output = Result<T, DatabaseError>>) -> Result<T, DatabaseError> {
    tokio::time::timeout(SNAPSHOT, asked).await.unwrap_or(Err(DatabaseError::Silent(SNAPSHOT)))
}
