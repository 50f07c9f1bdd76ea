//! Runs plans, at a pace, and remembers what it ran.

use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use postgres::error::SqlState;
use postgres::{Client, SimpleQueryMessage, Transaction};

use super::author::Author;
use super::keys::Key;
use super::plan::{Plan, Step};
use super::poison::Poison;
use super::readers::Shared;
use super::reads::Reads;

/// A transaction every so often, so that the events of a fault's time are many and the machine is not flooded.
const PACE: Duration = Duration::from_millis(8);

/// Of a phase in which much is written: statements of about two thousand rows, and other transactions between two of them.
const WIDE: usize = 20;
const BETWEEN: usize = 20;

/// Of what was run, so many lines are told of a stale key.
const LAST: usize = 5;

/// How often something was done, and how many rows it wrote.
#[derive(Debug, Default, Clone, Copy)]
pub struct Count {
    pub transactions: u64,
    pub rows: u64,
}

pub struct Writer {
    author: Author,
    sql: Client,
    beside: Client,
    pub poison: Poison,
    pub counts: BTreeMap<&'static str, Count>,
    /// What was run, one line a transaction.
    pub journal: Vec<String>,
}

enum End {
    Committed,
    RolledBack,
    /// By the database: a unique name, a row that is still pointed to, a lock that another holds.
    Refused(SqlState),
}

impl Writer {
    pub fn new(author: Author, poison: Poison, mut clients: [Client; 2]) -> Self {
        for client in &mut clients {
            // Only the other of two transactions that overlap can hold a lock, and it does not go on meanwhile.
            client.batch_execute("SET lock_timeout = '100ms'").expect("a setting");
        }
        let [sql, beside] = clients;
        Self { author, sql, beside, poison, counts: BTreeMap::new(), journal: Vec::new() }
    }

    /// How many rows were written by name.
    pub fn rows(&self) -> u64 {
        self.counts.values().map(|count| count.rows).sum()
    }

    /// So many transactions. Fills wait for each, and it for them, if they exclude each other.
    pub fn write(&mut self, count: usize, shared: &Shared) {
        self.write_each(PACE, count, shared);
    }

    /// Tens of thousands of rows, without a pause.
    pub fn write_much(&mut self, shared: &Shared) {
        for _ in 0..WIDE {
            let plan = self.author.wide();
            self.run_one(&plan, shared);
            self.write_each(Duration::ZERO, BETWEEN, shared);
        }
    }

    fn write_each(&mut self, pace: Duration, count: usize, shared: &Shared) {
        for _ in 0..count {
            let begun = Instant::now();
            self.poison.sometimes();
            let plan = self.author.next();
            self.run_one(&plan, shared);
            std::thread::sleep(pace.saturating_sub(begun.elapsed()));
        }
    }

    fn run_one(&mut self, plan: &Plan, shared: &Shared) {
        let _alone = shared.alone();
        self.run(plan, &mut |_| {});
        shared.transactions.fetch_add(1, Ordering::Relaxed);
    }

    /// So many transactions, and the keys whose reads a statement of theirs has changed.
    pub fn write_and_watch(&mut self, count: usize, shared: &Shared) -> HashSet<Key> {
        let mut changed = HashSet::new();
        for _ in 0..count {
            // Of two that overlap neither sees what the other does.
            let plan = Plan { meanwhile: Vec::new(), ..self.author.next() };
            let mut before = Reads::look(&mut self.sql).expect("reads");
            let (mut kept, mut savepoint) = (HashSet::new(), HashSet::new());
            let end = self.run(&plan, &mut |transaction| {
                let Watched::After(transaction) = transaction else {
                    match transaction {
                        Watched::Savepoint => savepoint.clone_from(&kept),
                        _ => kept.clone_from(&savepoint),
                    }
                    return;
                };
                let after = Reads::look(transaction).expect("reads");
                kept.extend(before.changed(&after));
                before = after;
            });
            if let End::Committed = end {
                changed.extend(kept);
            }
            shared.transactions.fetch_add(1, Ordering::Relaxed);
        }
        changed
    }

    /// Of the transactions since this many, the last ones that name the number.
    pub fn last_with(&self, number: i64, since: u64) -> String {
        let number = number.to_string();
        let since = usize::try_from(since).expect("a count");
        let names = |line: &&String| line.split(|c: char| !c.is_ascii_digit()).any(|word| word == number);
        let lines: Vec<_> = self.journal.iter().skip(since).filter(names).rev().take(LAST).collect();
        lines.into_iter().rev().map(|line| format!("\n  {line}")).collect()
    }

    fn run(&mut self, plan: &Plan, watch: &mut impl FnMut(Watched<'_, '_>)) -> End {
        let number = self.journal.len();
        let ran = transact(&mut self.sql, &mut self.beside, plan, watch);
        let (end, rows) = match ran {
            Ok(rows) if plan.commits => (End::Committed, rows),
            Ok(_) => (End::RolledBack, 0),
            Err(error) => {
                let code = error.code().unwrap_or_else(|| panic!("{plan:?}: {error:?}")).clone();
                assert!(
                    [
                        SqlState::UNIQUE_VIOLATION,
                        SqlState::FOREIGN_KEY_VIOLATION,
                        SqlState::NOT_NULL_VIOLATION,
                        SqlState::LOCK_NOT_AVAILABLE,
                    ]
                    .contains(&code),
                    "{plan:?}: {error:?}"
                );
                (End::Refused(code), 0)
            }
        };
        let word = match &end {
            End::Committed => "committed",
            End::RolledBack => "rolled back",
            End::Refused(code) => code.code(),
        };
        let kind = if let End::Refused(_) = end { "refused by the database" } else { plan.kind };
        let count = self.counts.entry(kind).or_default();
        count.transactions += 1;
        count.rows += rows;
        self.journal.push(format!("{number} {} {word}, {rows} rows: {}", plan.kind, text(plan)));
        end
    }
}

/// What has just been done of a transaction.
enum Watched<'a, 'b> {
    After(&'a mut Transaction<'b>),
    Savepoint,
    RolledBack,
}

fn transact(
    sql: &mut Client,
    beside: &mut Client,
    plan: &Plan,
    watch: &mut impl FnMut(Watched<'_, '_>),
) -> Result<u64, postgres::Error> {
    let mut transaction = sql.transaction()?;
    let mut rows = 0;
    for (place, step) in plan.steps.iter().enumerate() {
        match step {
            Step::Run(statement) => {
                rows += execute(&mut transaction, statement)?;
                watch(Watched::After(&mut transaction));
            }
            Step::Savepoint => {
                transaction.batch_execute("SAVEPOINT here")?;
                watch(Watched::Savepoint);
            }
            Step::RollBackToSavepoint => {
                transaction.batch_execute("ROLLBACK TO SAVEPOINT here")?;
                watch(Watched::RolledBack);
            }
        }
        if place == 0 && !plan.meanwhile.is_empty() {
            rows += other_transaction(beside, &plan.meanwhile).unwrap_or(0);
        }
    }
    if plan.commits {
        transaction.commit()?;
    } else {
        transaction.rollback()?;
    }
    Ok(rows)
}

/// Refused where it would wait for the first.
fn other_transaction(beside: &mut Client, statements: &[String]) -> Result<u64, postgres::Error> {
    let mut transaction = beside.transaction()?;
    let mut rows = 0;
    for statement in statements {
        rows += execute(&mut transaction, statement)?;
    }
    transaction.commit()?;
    Ok(rows)
}

/// The rows that the statement names; those of a cascade are not among them.
fn execute(transaction: &mut Transaction<'_>, statement: &str) -> Result<u64, postgres::Error> {
    let answers = transaction.simple_query(statement)?;
    let counts = answers.iter().map(|answer| match answer {
        SimpleQueryMessage::CommandComplete(rows) => *rows,
        _ => 0,
    });
    Ok(counts.sum())
}

fn text(plan: &Plan) -> String {
    let line = |statement: &str| statement.split_whitespace().collect::<Vec<_>>().join(" ");
    let steps = plan.steps.iter().map(|step| match step {
        Step::Run(statement) => line(statement),
        Step::Savepoint => "SAVEPOINT".to_owned(),
        Step::RollBackToSavepoint => "ROLLBACK TO SAVEPOINT".to_owned(),
    });
    let meanwhile = plan.meanwhile.iter().map(|statement| format!("meanwhile {}", line(statement)));
    steps.chain(meanwhile).collect::<Vec<_>>().join("; ")
}
