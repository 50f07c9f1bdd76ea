//! One statement that changes a million rows, through the whole pipeline.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use postgres::{Client, NoTls};
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

use super::{forget_peak, held, peak};
use crate::harness::{Freshet, PATIENCE, Stack};

const ROWS: i64 = 1_000_000;
const TOPIC: &str = "app.public.workorder_workordertask";
const PARTITIONS: i32 = 4;
/// What the transaction may add to what freshet held before it.
const MOST: f64 = 64.0;
/// How long nothing may move. Debezium sends some tens of thousands of rows a second, and a machine may be busy.
const DEADLINE: Duration = Duration::from_mins(3);

/// Besides the shipped views, one with a key for each row: nothing is deduplicated.
const A_KEY_A_ROW: &str = "
  task_card:
    key: \"task_card:{id}\"
    from: { task: { reads: [status] } }
";

/// The departments take turns, so that rows of all of them lie side by side in the log.
const INSERT: &str = "
    INSERT INTO workorder_workordertask (id, work_order_process_id, assigned_department_id, assigned_operator_id, work_content)
    SELECT 1000000 + n, 1 + n % 30, 1 + n % 6, 1 + n % 8, 'Task ' || n FROM generate_series(1, $1::bigint) n";

struct Log(BaseConsumer);

impl Log {
    fn ends(&self) -> i64 {
        let end = |partition| self.0.fetch_watermarks(TOPIC, partition, PATIENCE).expect("ends").1;
        (0..PARTITIONS).map(end).sum()
    }

    fn committed(&self) -> i64 {
        let mut list = TopicPartitionList::new();
        list.add_partition_range(TOPIC, 0, PARTITIONS - 1);
        let offset = |offset| if let Offset::Offset(offset) = offset { offset } else { 0 };
        let committed = self.0.committed_offsets(list, PATIENCE).expect("offsets");
        committed.elements().iter().map(|element| offset(element.offset())).sum()
    }
}

#[track_caller]
fn wait_for(what: &str, expected: i64, look: impl Fn() -> i64) {
    let (mut most, mut moved) = (0, Instant::now());
    loop {
        let seen = look();
        if seen >= expected {
            return;
        }
        if seen > most {
            (most, moved) = (seen, Instant::now());
        }
        assert!(moved.elapsed() < DEADLINE, "{what}: {seen} of {expected}, and no more for {DEADLINE:?}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn an_update_of_a_million_rows_is_bounded() {
    let stack = Stack::start(&["--no-freshet"]);
    let mut sql = Client::connect(&stack["DATABASE_URL"], NoTls).expect("PostgreSQL");
    let kafka = ClientConfig::new()
        .set("bootstrap.servers", &stack["KAFKA_BROKERS"])
        .set("group.id", "freshet")
        .create()
        .expect("a consumer");
    let log = Log(kafka);
    let seed = log.ends();
    sql.execute(INSERT, &[&ROWS]).expect("rows");
    wait_for("rows in the log", seed + ROWS, || log.ends());

    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/examples/work-orders/freshet.yaml");
    let shipped = fs::read_to_string(shipped).expect("the shipped configuration");
    let listen = "http:\n  listen: \"${FRESHET_HTTP_LISTEN:-127.0.0.1:9090}\"\n";
    let configuration =
        shipped.replace(listen, "").replacen("\nviews:\n", &format!("\nviews:\n{A_KEY_A_ROW}"), 1);
    assert!(configuration.contains("task_card"));
    let environment = ["KAFKA_BROKERS", "REDIS_URL"].map(|name| (name, stack[name].to_owned()));
    let environment = environment.each_ref().map(|(name, value)| (*name, value.as_str()));
    let freshet = Freshet::start_with(&configuration, &["run"], &environment);
    wait_for("offsets committed at the start", seed + ROWS, || log.committed());

    forget_peak(&freshet);
    let before = held(&freshet);
    let changed = sql
        .execute("UPDATE workorder_workordertask SET status = 'completed' WHERE id > 1000000", &[])
        .expect("an update");
    assert_eq!(i64::try_from(changed).expect("a number"), ROWS);
    wait_for("offsets committed", seed + 2 * ROWS, || log.committed());
    let grown = peak(&freshet) - before;
    println!("memory: {before:.0} MiB, and {grown:.0} more for {ROWS} rows in one statement");
    assert!(grown <= MOST, "memory grew by {grown:.0} MiB over {before:.0} MiB");
}
