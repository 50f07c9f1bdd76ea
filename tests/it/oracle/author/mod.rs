//! Random realistic work: which transaction comes next, by the seed and what the database holds.

mod departments;
mod orders;
mod tasks;
mod transactions;
mod users;
mod wide;

use fastrand::Rng;
use postgres::Client;

use super::load::{CREATED, DEPARTMENTS, LOGS, MARKERS, ORDERS, PROCESSES, TASKS, USERS};
use super::plan::Plan;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Table {
    Task,
    Log,
    Process,
    Order,
    Department,
    User,
}

impl Table {
    const fn name(self) -> &'static str {
        match self {
            Self::Task => "workorder_workordertask",
            Self::Log => "workorder_tasklog",
            Self::Process => "workorder_workorderprocess",
            Self::Order => "workorder_workorder",
            Self::Department => "workorder_department",
            Self::User => "auth_user",
        }
    }

    const fn loaded(self) -> i64 {
        match self {
            Self::Task => TASKS,
            Self::Log => LOGS,
            Self::Process => PROCESSES,
            Self::Order => ORDERS,
            Self::Department => DEPARTMENTS,
            Self::User => USERS,
        }
    }
}

/// Chooses by the seed alone: the rows that it finds are those that its earlier work has left.
pub struct Author {
    rng: Rng,
    sql: Client,
    /// The next new row of any table, and the next new name.
    next: i64,
    truncates: bool,
}

type Write = fn(&mut Author) -> Plan;

/// How often a kind of work is chosen, against the others.
const WORK: [(u32, Write); 44] = [
    (9, Author::create_task),
    (1, Author::create_large_task),
    (13, Author::progress),
    (10, Author::move_task),
    (8, Author::assign_task),
    (8, Author::touch_task),
    (3, Author::other_process),
    (2, Author::renumber_task),
    (2, Author::replace_task),
    (3, Author::delete_task),
    (2, Author::swap_tasks),
    (1, Author::copy_tasks),
    (1, Author::move_all_tasks),
    (1, Author::finish_tasks),
    (1, Author::update_each),
    (1, Author::delete_tasks),
    (1, Author::touch_tasks),
    (2, Author::there_and_back),
    (8, Author::create_log),
    (3, Author::change_log),
    (2, Author::reword_log),
    (2, Author::delete_log),
    (2, Author::move_log),
    (1, Author::copy_logs),
    (2, Author::create_process),
    (4, Author::move_process),
    (2, Author::reword_process),
    (1, Author::delete_process),
    (1, Author::renumber_process),
    (2, Author::create_order),
    (6, Author::prioritise),
    (3, Author::reword_order),
    (1, Author::delete_order),
    (1, Author::prioritise_many),
    (1, Author::replace_order),
    (5, Author::rename_department),
    (2, Author::reword_department),
    (2, Author::create_department),
    (1, Author::delete_department),
    (1, Author::renumber_department),
    (7, Author::rename_user),
    (4, Author::switch_user),
    (2, Author::create_user),
    (1, Author::delete_user),
];

impl Author {
    pub fn new(rng: Rng, sql: Client, truncates: bool) -> Self {
        Self { rng, sql, next: CREATED, truncates }
    }

    /// A transaction of one kind, or of several.
    pub fn next(&mut self) -> Plan {
        match self.rng.u32(0..1_000) {
            0..100 => self.several(),
            100..130 => self.rolled_back(),
            130..170 => self.partly_rolled_back(),
            170..210 => self.overlapping(),
            210 if self.truncates => Plan::one("truncate of logs", "TRUNCATE workorder_tasklog".to_owned()),
            _ => self.simple(),
        }
    }

    /// A transaction of one kind of work.
    fn simple(&mut self) -> Plan {
        let mut left = self.rng.u32(0..WORK.iter().map(|(weight, _)| weight).sum());
        let chosen = WORK.iter().find(|(weight, _)| {
            let here = left < *weight;
            left = left.saturating_sub(*weight);
            here
        });
        chosen.expect("below the sum").1(self)
    }

    /// A row of a table, found by a number up to which it has rows; 0 if it has none.
    fn row(&mut self, table: Table) -> i64 {
        self.row_where(table, "true")
    }

    fn row_where(&mut self, table: Table, condition: &str) -> i64 {
        let made = self.next - CREATED;
        let from = self.rng.i64(1..=table.loaded() + made);
        let from = if from > table.loaded() { CREATED + from - table.loaded() } else { from };
        let row = |least: i64| {
            format!(
                "(SELECT id FROM {} AS row WHERE id >= {least} AND id < {MARKERS} AND {condition} ORDER BY id LIMIT 1)",
                table.name()
            )
        };
        self.first(&format!("SELECT coalesce({}, {}, 0)", row(from), row(0)))
    }

    fn first(&mut self, query: &str) -> i64 {
        let row = self.sql.query_opt(query, &[]).unwrap_or_else(|error| panic!("{query}: {error:?}"));
        row.map_or(0, |row| row.get(0))
    }

    fn new_id(&mut self) -> i64 {
        self.next += 1;
        self.next
    }

    /// A department that a reader asks for and that no row has; 0 if there is none.
    fn free_id(&mut self, table: Table) -> i64 {
        let from = self.rng.i64(1..=table.loaded());
        let (name, loaded) = (table.name(), table.loaded());
        self.first(&format!(
            "SELECT n FROM generate_series(1::bigint, {loaded}) AS n
             WHERE NOT EXISTS (SELECT 1 FROM {name} WHERE id = n) ORDER BY n < {from}, n LIMIT 1"
        ))
    }

    /// SQL for the reference to a row of this table, sometimes to none.
    fn reference(&mut self, table: Table) -> String {
        if self.rng.u32(0..12) == 0 {
            return "NULL".to_owned();
        }
        match self.row(table) {
            0 => "NULL".to_owned(),
            id => id.to_string(),
        }
    }

    fn one_of(&mut self, choices: &[&'static str]) -> &'static str {
        self.rng.choice(choices).copied().expect("choices")
    }

    /// A time that comes from the seed: a transaction's own would be another at each run.
    fn time(&mut self) -> String {
        format!("timestamptz '2026-01-07 08:00+00' + {} * interval '1 second'", self.rng.u32(0..20_000_000))
    }
}
