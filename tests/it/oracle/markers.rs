//! How a run knows that everything written has been applied: markers, written last, to each partition of each table.
//!
//! A marker is a row whose change deletes or replaces one key. Its department, user, work order, process, task and log are its own,
//! all under one number, so that nothing else does; the number is chosen by the partition in which the
//! change will lie. As a family may be deleted in doubt, and a value renewed, that is not enough: the group must also have
//! committed what lies behind the marker in its partition. A Redis that starts again without the keys takes nothing from
//! that: freshet commits only what Redis has acknowledged.
//!
//! Kafka may just have started again, so it is asked until it answers.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use postgres::Client;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::{ClientConfig, Message as _, Offset, TopicPartitionList};

use super::cache::Cache;
use super::load;
use super::partition::partition_of;
use crate::harness::{Stack, eventually};

pub const PARTITIONS: i32 = 4;
const DEADLINE: Duration = Duration::from_mins(3);
const ANSWER: Duration = Duration::from_secs(10);
/// What a marker's key holds until freshet deletes or replaces it.
const MARKER: &str = "marker";

/// The topic, the key that a change deletes, and the change: from `{n}` the row's number, `{v}` the how manieth change.
const TABLES: [(&str, &str, &str); 6] = [
    (
        "app.public.workorder_workordertask",
        ":1:task_stats:{n}",
        "UPDATE workorder_workordertask SET status = CASE {v} % 2 WHEN 0 THEN 'pending' ELSE 'completed' END WHERE id = {n}",
    ),
    (
        "app.public.workorder_tasklog",
        ":1:operator_stats:{n}",
        "INSERT INTO workorder_tasklog (id, task_id, log_type, created_at)
         VALUES ({n}, {n}, 'complete', timestamptz '2026-01-01 00:00+00' + {v} * interval '1 second')
         ON CONFLICT (id) DO UPDATE SET created_at = excluded.created_at",
    ),
    (
        "app.public.workorder_workorderprocess",
        ":1:dept_workload:{n}",
        "UPDATE workorder_workorderprocess SET work_order_id = CASE {v} % 2 WHEN 0 THEN {n} ELSE {other} END WHERE id = {n}",
    ),
    (
        "app.public.workorder_workorder",
        ":1:dept_workload:{n}",
        "UPDATE workorder_workorder SET priority = CASE {v} % 2 WHEN 0 THEN 'low' ELSE 'high' END WHERE id = {n}",
    ),
    (
        "app.public.workorder_department",
        ":1:dept_workload:{n}",
        "UPDATE workorder_department SET name = 'Marker {n} {v}' WHERE id = {n}",
    ),
    (
        "app.public.auth_user",
        ":1:operator_stats:{n}",
        "UPDATE auth_user SET username = 'marker {n} {v}' WHERE id = {n}",
    ),
];

struct Marker {
    topic: &'static str,
    partition: i32,
    number: i64,
    key: String,
    change: String,
}

pub struct Markers {
    each: Vec<Marker>,
    brokers: String,
    consumer: BaseConsumer,
    cache: Cache,
    version: u64,
}

impl Markers {
    /// Makes the rows.
    pub fn new(stack: &Stack, sql: &mut Client) -> Self {
        // Another table's order serves a process to move away to: its own priority stays when it moves.
        let other = load::MARKERS;
        let mut rows = rows_of(other);
        let mut numbers = load::MARKERS + 1..;
        let mut markers = Vec::new();
        for (topic, key, change) in TABLES {
            for partition in 0..PARTITIONS {
                let number = numbers
                    .find(|number| partition_of(*number, PARTITIONS) == partition)
                    .expect("numbers without end");
                let named = |text: &str| text.replace("{n}", &number.to_string());
                rows.push_str(&rows_of(number));
                let change = named(change).replace("{other}", &other.to_string());
                markers.push(Marker { topic, partition, number, key: named(key), change });
            }
        }
        sql.batch_execute(&rows).expect("rows of markers");
        let brokers = stack["KAFKA_BROKERS"].to_owned();
        Self { each: markers, consumer: consumer(&brokers), brokers, cache: Cache::new(stack), version: 0 }
    }

    /// Returns once all that is committed in the database has been applied to Redis.
    pub fn quiesce(&mut self, sql: &mut Client) {
        self.version += 1;
        let ends = self.ends();
        let mut keys = redis::pipe();
        self.each.iter().for_each(|marker| {
            keys.set_ex(&marker.key, MARKER, 3_600).ignore();
        });
        self.cache.ask(|redis| keys.exec(redis));
        let changes: Vec<_> =
            self.each.iter().map(|marker| marker.change.replace("{v}", &self.version.to_string())).collect();
        sql.batch_execute(&format!("BEGIN; {}; COMMIT", changes.join("; "))).expect("markers");
        let deadline = Instant::now() + DEADLINE;
        let behind = self.positions_behind(ends, deadline);
        self.wait(deadline, "keys of markers that are still there", Self::left);
        self.wait(deadline, "partitions that are not committed up to their marker", |markers| {
            markers.uncommitted(&behind)
        });
    }

    fn ends(&mut self) -> TopicPartitionList {
        let mut list = TopicPartitionList::new();
        for marker in &self.each {
            let look = || {
                let ends = self.consumer.fetch_watermarks(marker.topic, marker.partition, ANSWER);
                if ends.is_err() {
                    // A client whose broker hung may have lost it for good.
                    self.consumer = consumer(&self.brokers);
                }
                ends
            };
            let (_, end) = eventually("the topic's end", look, Result::is_ok).expect("an end");
            list.add_partition_offset(marker.topic, marker.partition, Offset::Offset(end))
                .expect("an offset");
        }
        list
    }

    /// The offset behind each marker's event, by its place. Debezium has sent everything before it by then.
    fn positions_behind(&self, from: TopicPartitionList, deadline: Instant) -> BTreeMap<usize, i64> {
        self.consumer.assign(&from).expect("an assignment");
        let mut behind = BTreeMap::new();
        while behind.len() < self.each.len() {
            assert!(Instant::now() < deadline, "Debezium sent {} markers of 24", behind.len());
            // The client goes on after an error.
            let Some(Ok(message)) = self.consumer.poll(Duration::from_millis(200)) else { continue };
            let place = self.each.iter().position(|marker| {
                (marker.topic, marker.partition) == (message.topic(), message.partition())
                    && message.key() == Some(format!("{{\"id\":{}}}", marker.number).as_bytes())
            });
            if let Some(place) = place {
                behind.insert(place, message.offset() + 1);
            }
        }
        self.consumer.unassign().expect("no assignment");
        behind
    }

    fn wait(&mut self, deadline: Instant, what: &str, mut outstanding: impl FnMut(&mut Self) -> Vec<String>) {
        loop {
            let left = outstanding(self);
            if left.is_empty() {
                return;
            }
            assert!(Instant::now() < deadline, "{what}, {DEADLINE:?} after the last write: {left:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn left(&mut self) -> Vec<String> {
        let keys: Vec<_> = self.each.iter().map(|marker| &marker.key).collect();
        let found: Vec<Option<Vec<u8>>> = self.cache.ask(|redis| redis::cmd("MGET").arg(&keys).query(redis));
        // A value that freshet writes takes its place.
        let stands = |value: &Option<Vec<u8>>| value.as_deref() == Some(MARKER.as_bytes());
        keys.iter().zip(found).filter(|(_, value)| stands(value)).map(|(key, _)| (*key).clone()).collect()
    }

    fn uncommitted(&mut self, behind: &BTreeMap<usize, i64>) -> Vec<String> {
        let mut asked = TopicPartitionList::new();
        for marker in &self.each {
            asked.add_partition(marker.topic, marker.partition);
        }
        let committed = match self.consumer.committed_offsets(asked, ANSWER) {
            Ok(committed) => committed,
            Err(error) => {
                self.consumer = consumer(&self.brokers);
                return vec![error.to_string()];
            }
        };
        let of =
            |marker: &Marker| committed.find_partition(marker.topic, marker.partition).map(|at| at.offset());
        let late = self.each.iter().zip(behind.values()).filter(
            |(marker, behind)| !matches!(of(marker), Some(Offset::Offset(offset)) if offset >= **behind),
        );
        late.map(|(marker, behind)| {
            format!("{} {}: {:?} of {behind}", marker.topic, marker.partition, of(marker))
        })
        .collect()
    }
}

fn consumer(brokers: &str) -> BaseConsumer {
    ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("group.id", "freshet")
        .set("allow.auto.create.topics", "false")
        .create()
        .expect("a consumer")
}

/// One row in each table under this number, each pointing to the others.
fn rows_of(n: i64) -> String {
    format!(
        "INSERT INTO workorder_department (id, name, code) VALUES ({n}, 'Marker {n}', 'm{n}');
         INSERT INTO auth_user (id, username) VALUES ({n}, 'marker {n}');
         INSERT INTO workorder_workorder (id, order_number, customer_id, order_date, delivery_date)
         VALUES ({n}, 'M-{n}', 1, '2026-01-01', '2026-01-02');
         INSERT INTO workorder_workorderprocess (id, work_order_id, process_id, sequence) VALUES ({n}, {n}, 1, 1);
         INSERT INTO workorder_workordertask (id, work_order_process_id, assigned_department_id, assigned_operator_id)
         VALUES ({n}, {n}, {n}, {n});
         INSERT INTO workorder_tasklog (id, task_id, log_type) VALUES ({n}, {n}, 'status_change');"
    )
}
