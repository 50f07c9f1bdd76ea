//! Poison messages: what no decoder can read, straight in the topics of the tables, among the events that Debezium sends.
//!
//! Each deletes families, which hides a stale key, and so does a row that is unknown for it: so they come in some rounds
//! only, and what they leave unknown is healed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use fastrand::Rng;
use postgres::Client;
use rdkafka::producer::{BaseRecord, DeliveryResult, Producer as _, ProducerContext, ThreadedProducer};
use rdkafka::{ClientConfig, ClientContext, Message as _};

use super::load::{DEPARTMENTS, LOGS, MARKERS, ORDERS, PROCESSES, TASKS, USERS};
use super::markers::PARTITIONS;
use super::partition::partition_of;
use crate::harness::Stack;

/// A broker that hung may be found again only after a request has run into its timeout.
const DELIVERY: Duration = Duration::from_mins(3);

/// Where they come, one transaction in so many has one before it.
const SELDOM: u32 = 100;

const TABLES: [(&str, i64); 6] = [
    ("workorder_workordertask", TASKS),
    ("workorder_tasklog", LOGS),
    ("workorder_workorderprocess", PROCESSES),
    ("workorder_workorder", ORDERS),
    ("workorder_department", DEPARTMENTS),
    ("auth_user", USERS),
];

const FORMS: [&[u8]; 5] = [
    b"\xff\xfe is no JSON",
    b"",
    b"{}",
    br#"{"before":null,"after":{"id":1},"source":{},"op":"x"}"#,
    br#"{"before":null,"after":{"id":1,"sta"#,
];

/// Where a message lies: its topic, partition and offset.
pub type Place = (String, i32, i64);

/// The offset of what the broker took twice and kept once, when it was killed before it could say so: the client is told that
/// it is there, and not where.
const NOWHERE: i64 = -1001;

pub struct Poison {
    rng: Rng,
    sql: Client,
    producer: ThreadedProducer<Arrivals>,
    /// By table, the rows that freshet no longer knows: their own changes make them known.
    unknown: BTreeMap<&'static str, Vec<i64>>,
    sent: usize,
    /// Whether any come by themselves.
    pub comes: bool,
}

/// The places of what the broker has taken, or why it did not.
#[derive(Default)]
struct Arrivals(Mutex<Vec<Result<Place, String>>>);

impl ClientContext for Arrivals {}

impl ProducerContext for Arrivals {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        let arrival = match result {
            Ok(message) => Ok((message.topic().to_owned(), message.partition(), message.offset())),
            Err((error, _)) => Err(error.to_string()),
        };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(arrival);
    }
}

impl Poison {
    pub fn new(stack: &Stack, rng: Rng, sql: Client) -> Self {
        let producer = ClientConfig::new()
            .set("bootstrap.servers", &stack["KAFKA_BROKERS"])
            .set("socket.timeout.ms", "10000")
            // A broker that is killed may have taken what it does not acknowledge.
            .set("enable.idempotence", "true")
            .create_with_context(Arrivals::default())
            .expect("a producer");
        Self { rng, sql, producer, unknown: BTreeMap::new(), sent: 0, comes: false }
    }

    /// Now and then one, in the name of a row.
    pub fn sometimes(&mut self) {
        if self.comes && self.rng.u32(0..SELDOM) == 0 {
            let form = self.rng.usize(0..FORMS.len());
            self.of_a_row(form);
        }
    }

    /// One of each form, in the names of rows. Returns how many.
    pub fn each_form(&mut self) -> usize {
        let before = self.sent;
        (0..FORMS.len()).for_each(|form| self.of_a_row(form));
        self.sent - before
    }

    /// Where the row's own events lie: a copy that reads the topic anew meets them in the same order.
    fn of_a_row(&mut self, form: usize) {
        let (table, loaded) = TABLES[self.rng.usize(0..TABLES.len())];
        let from = self.rng.i64(1..=loaded);
        let query = format!("SELECT id FROM {table} WHERE id < {MARKERS} ORDER BY id < {from}, id LIMIT 1");
        let Some(row) = self.sql.query_opt(&query, &[]).expect("a row") else { return };
        let id = row.get(0);
        self.unknown.entry(table).or_default().push(id);
        self.send(table, partition_of(id, PARTITIONS), &format!("{{\"id\":{id}}}"), FORMS[form]);
    }

    /// Of no row that could be told. From then on freshet cannot know all rows of any table. A compacted topic takes no
    /// message without a key.
    pub fn of_no_row(&mut self) {
        for (table, _) in TABLES {
            let partition = self.rng.i32(0..PARTITIONS);
            let form = self.rng.usize(0..FORMS.len());
            self.send(table, partition, "nobody", FORMS[form]);
        }
    }

    fn send(&mut self, table: &str, partition: i32, key: &str, value: &[u8]) {
        let topic = format!("app.public.{table}");
        let record = BaseRecord::to(&topic).partition(partition).key(key).payload(value);
        self.producer.send(record).map_err(|(error, _)| error).expect("room for a record");
        self.sent += 1;
    }

    /// Changes each row that is unknown, and no value with it. A row that is gone was made known by its deletion.
    pub fn heal(&mut self) {
        self.flush();
        for (table, rows) in std::mem::take(&mut self.unknown) {
            let update = format!("UPDATE {table} SET id = id WHERE id = ANY ($1)");
            self.sql.execute(&update, &[&rows]).expect("rows are updated");
        }
    }

    pub fn flush(&self) {
        self.producer.flush(DELIVERY).expect("the broker takes them");
    }

    /// How many were sent.
    pub const fn sent(&self) -> usize {
        self.sent
    }

    /// What was sent and is not among these places. Nothing else is sent that cannot be read, so of those whose offset is not
    /// known there has to be one more place each.
    pub fn missing<'p>(&self, places: impl Iterator<Item = &'p Place>) -> Vec<String> {
        self.flush();
        let arrived = self.producer.context().0.lock().unwrap_or_else(PoisonError::into_inner);
        assert_eq!(arrived.len(), self.sent, "each that was sent has arrived");
        let mut left: BTreeSet<Place> = places.cloned().collect();
        let arrived = arrived.iter().map(|arrival| arrival.as_ref().expect("the broker has taken it"));
        let (nowhere, known): (Vec<_>, Vec<_>) = arrived.partition(|(_, _, offset)| *offset == NOWHERE);
        let mut missing: Vec<_> = known.into_iter().filter(|place| !left.remove(*place)).collect();
        for place in nowhere {
            let other = left.iter().find(|(topic, partition, _)| (topic, partition) == (&place.0, &place.1));
            match other.cloned() {
                Some(other) => drop(left.remove(&other)),
                None => missing.push(place),
            }
        }
        missing.iter().map(|(topic, partition, offset)| format!("{topic} {partition} {offset}")).collect()
    }
}
