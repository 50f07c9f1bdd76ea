//! The stack, freshet on it, and the question whether a write has gone all the way.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use rdkafka::admin::{AdminClient, AdminOptions, AlterConfig, ResourceSpecifier};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::{ClientConfig, Message as _, Offset, TopicPartitionList};

use super::universe;
use crate::harness::{Freshet, PATIENCE, Stack, eventually};

const PARTITIONS: i32 = 4;
const TABLES: [&str; 6] = [
    "workorder_workordertask",
    "workorder_tasklog",
    "workorder_workorderprocess",
    "workorder_workorder",
    "workorder_department",
    "auth_user",
];
const MARKERS: &str = "app.public.workorder_marker";

/// A view besides the shipped ones, of a column that none of them reads.
const PROCESS_LOAD: &str = r#"
  process_load:
    key: "process_load:{department_id}"
    from: { process: { fill: { department_id: department_id }, reads: [status] } }
"#;

pub struct Pipeline {
    pub sql: postgres::Client,
    redis: redis::Connection,
    kafka: BaseConsumer,
    markers: i64,
    freshet: Freshet,
    stack: Stack,
}

impl Pipeline {
    pub fn start() -> Self {
        let stack = Stack::start(&["--no-freshet"]);
        let mut sql = postgres::Client::connect(&stack["DATABASE_URL"], postgres::NoTls).expect("PostgreSQL");
        sql.batch_execute(
            "CREATE TABLE workorder_marker (id bigint PRIMARY KEY);
             ALTER PUBLICATION freshet_work_orders ADD TABLE workorder_marker",
        )
        .expect("a table of markers");
        let redis = redis::Client::open(&stack["REDIS_URL"]).expect("a URL");
        let kafka = ClientConfig::new()
            .set("bootstrap.servers", &stack["KAFKA_BROKERS"])
            .set("group.id", "freshet")
            .create()
            .expect("a consumer");
        Self {
            sql,
            redis: redis.get_connection().expect("Redis"),
            kafka,
            markers: 0,
            freshet: freshet(&stack),
            stack,
        }
    }

    /// Fills Redis, runs `write`, and compares what is left once the write has been applied.
    #[track_caller]
    pub fn step(&mut self, name: &str, write: &str, gone: &[String]) {
        let before = universe::all();
        let mut pipeline = redis::pipe();
        for key in &before {
            pipeline.set(key, "cached").ignore();
        }
        pipeline.exec(&mut self.redis).expect("Redis takes the keys");
        self.sql.batch_execute(write).unwrap_or_else(|error| panic!("{name}: {error}"));
        self.wait_until_applied();
        let left: BTreeSet<String> = redis::cmd("KEYS").arg("*").query(&mut self.redis).expect("keys");
        let deleted: BTreeSet<String> = before.difference(&left).cloned().collect();
        assert_eq!(deleted, universe::expand(gone), "{name}: the keys that went");
    }

    /// What a query of one text column answers.
    pub fn keys(&mut self, query: &str) -> Vec<String> {
        self.sql.query(query, &[]).expect("an answer").iter().map(|row| row.get(0)).collect()
    }

    /// Makes a table's topic one that takes a truncate's null key, and lets Debezium send truncates.
    pub fn let_truncates_through(&mut self, table: &str) {
        configure(&format!("app.public.{table}"), &self.stack["KAFKA_BROKERS"]);
        // The connector has made the publication, without what it skips.
        self.sql
            .batch_execute(
                "ALTER PUBLICATION freshet_work_orders SET (publish = 'insert, update, delete, truncate')",
            )
            .expect("a publication");
        let connector = format!("{}/connectors/work-orders/config", &self.stack["CONNECT_URL"]);
        let mut config: serde_json::Value =
            serde_json::from_str(&curl(&["-X", "GET", &connector])).expect("a connector's configuration");
        config["skipped.operations"] = "none".into();
        let reader = "SELECT coalesce(max(active_pid), 0) FROM pg_replication_slots";
        let before: i32 = self.sql.query_one(reader, &[]).expect("a slot").get(0);
        let json = "Content-Type: application/json";
        curl(&["-X", "PUT", "-H", json, "-d", &config.to_string(), &connector]);
        // The connector's task starts anew, which shows in the process that reads the slot.
        let look = || self.sql.query_one(reader, &[]).expect("a slot").get::<_, i32>(0);
        eventually("another reader of the slot", look, |now| *now != 0 && *now != before);
    }

    /// Returns once everything committed in the database so far is acknowledged by Redis: a marker, committed last, is in
    /// the log, and the group has committed the end of every partition.
    fn wait_until_applied(&mut self) {
        self.markers += 1;
        self.sql.execute("INSERT INTO workorder_marker VALUES ($1)", &[&self.markers]).expect("a marker");
        self.wait_for_marker();
        eventually("partitions that are behind", || self.behind(), Vec::is_empty);
    }

    /// Debezium sends in the order of commits, one request at a time.
    fn wait_for_marker(&self) {
        let mut list = TopicPartitionList::new();
        (0..PARTITIONS).for_each(|partition| {
            list.add_partition_offset(MARKERS, partition, Offset::Beginning).expect("a partition");
        });
        self.kafka.assign(&list).expect("an assignment");
        let wanted = format!("\"after\":{{\"id\":{}}}", self.markers);
        let deadline = Instant::now() + PATIENCE;
        loop {
            assert!(Instant::now() < deadline, "marker {} did not come", self.markers);
            // An error is a topic that the first marker is about to make.
            let Some(Ok(message)) = self.kafka.poll(Duration::from_millis(200)) else { continue };
            if message.payload().is_some_and(|value| String::from_utf8_lossy(value).contains(&wanted)) {
                break;
            }
        }
        self.kafka.unassign().expect("no assignment");
    }

    /// Partitions whose committed offset is not their end: topic, partition, committed, end.
    fn behind(&self) -> Vec<(String, i32, Offset, i64)> {
        let mut asked = TopicPartitionList::new();
        for table in TABLES {
            asked.add_partition_range(&format!("app.public.{table}"), 0, PARTITIONS - 1);
        }
        let committed = self.kafka.committed_offsets(asked, PATIENCE).expect("offsets");
        let partitions = committed.elements();
        let ends = partitions.iter().map(|element| {
            self.kafka.fetch_watermarks(element.topic(), element.partition(), PATIENCE).expect("ends").1
        });
        partitions
            .iter()
            .zip(ends)
            .filter(|(element, end)| element.offset() != Offset::Offset(*end))
            .map(|(element, end)| (element.topic().to_owned(), element.partition(), element.offset(), end))
            .collect()
    }

    /// SIGTERM, and how it ended.
    pub fn stop(self) -> Option<i32> {
        self.freshet.signal("TERM");
        self.freshet.exit_code()
    }
}

/// A topic that keeps everything and takes records without a key.
fn configure(topic: &str, brokers: &str) {
    let admin: AdminClient<DefaultClientContext> =
        ClientConfig::new().set("bootstrap.servers", brokers).create().expect("an admin client");
    let wanted = AlterConfig::new(ResourceSpecifier::Topic(topic))
        .set("cleanup.policy", "delete")
        .set("retention.ms", "-1");
    let options = AdminOptions::new().operation_timeout(Some(PATIENCE));
    let altered = tokio::runtime::Runtime::new()
        .expect("a runtime")
        .block_on(async { admin.alter_configs([&wanted], &options).await });
    altered.expect("an answer").into_iter().for_each(|topic| {
        topic.expect("the topic takes it");
    });
}

fn curl(arguments: &[&str]) -> String {
    let output = Command::new("curl").args(["-sSf"]).args(arguments).output().expect("curl");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// freshet with the shipped configuration and one view more, ready.
fn freshet(stack: &Stack) -> Freshet {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/examples/work-orders/freshet.yaml");
    let shipped = fs::read_to_string(shipped).expect("it is shipped");
    // The harness says where to listen.
    let configuration = shipped
        // Which keys an event concerns is seen by what goes.
        .replace("    warm: stream\n", "")
        .replace("\nviews:\n", &format!("\nviews:{PROCESS_LOAD}"))
        .replace("http:\n  listen: \"${FRESHET_HTTP_LISTEN:-127.0.0.1:9090}\"\n", "");
    let environment = [("KAFKA_BROKERS", &stack["KAFKA_BROKERS"]), ("REDIS_URL", &stack["REDIS_URL"])];
    Freshet::start_with(&configuration, &["run"], &environment).ready()
}
