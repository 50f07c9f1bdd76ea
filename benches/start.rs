//! How long a copy takes to start with many rows, what they cost, and how long a take-over takes.
//!
//! `cargo bench --bench start -- [--rows 1000000]`
//!
//! A topic holds one event a row. A first copy loads it and leads; a second one loads it and stands by; the first is killed
//! and an event is appended at once. Measured: from the kill to when the second leads, and to when Redis has acknowledged
//! the event. Most of it is the group noticing the death, which is `session.timeout.ms`.

mod harness;

use std::time::{Duration, Instant};

use harness::events::{self, Task};
use harness::kafka;
use harness::process;
use harness::stack::{Freshet, Outcome, Stack};
use rdkafka::ClientConfig;
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer as _, ThreadedProducer};

const TOPIC: &str = "bench.start.task";
const VIEWS: &str = r#"
  stats:    { key: "stats:{department_id}",    from: { task: { fill: { department_id: department_id }, reads: [status] } } }
  operator: { key: "operator:{operator_id}",   from: { task: { fill: { operator_id: operator_id }, reads: [status, quantity] } } }
"#;
const DEPARTMENTS: u64 = 200;
const OPERATORS: u64 = 1_000;
/// librdkafka's own default is 45 s, freshet's 10 s.
const SESSION_TIMEOUT: f64 = 10.0;

fn main() -> Outcome<()> {
    let count = harness::argument("--rows", 1_000_000);
    let stack = Stack::start()?;
    let empty = {
        kafka::create_topic(stack.brokers(), "bench.empty.task")?;
        let (freshet, _) = copy(&stack, "bench.empty.task", "empty")?;
        process::resident_kib(freshet.pid())?
    };
    kafka::create_topic(stack.brokers(), TOPIC)?;
    let producer = producer(stack.brokers())?;
    for id in 0..count {
        send(&producer, id);
    }
    producer.flush(Duration::from_mins(1))?;

    let (mut first, line) = copy(&stack, TOPIC, "start")?;
    report("first start", count, &line);
    let resident = process::resident_kib(first.pid())?;
    #[expect(clippy::cast_precision_loss, reason = "some GiB")]
    let bytes = (resident as f64 - empty as f64) * 1024.0 / count as f64;
    println!("{bytes:.0} bytes a row: {} MiB with them, {} MiB without", resident / 1024, empty / 1024);
    first.wait_for("leading")?;
    let (mut second, line) = copy(&stack, TOPIC, "start")?;
    report("a second copy", count, &line);

    first.kill()?;
    let killed = Instant::now();
    send(&producer, 0);
    producer.flush(Duration::from_secs(10))?;
    second.wait_for("leading")?;
    let leading = killed.elapsed().as_secs_f64();
    while second.line()?["target"] != "freshet::watermarks" {}
    let acknowledged = killed.elapsed().as_secs_f64();
    println!(
        "SIGKILL of the leader: the other leads after {leading:.2} s, {:.2} s more than the session timeout of \
         {SESSION_TIMEOUT} s; Redis has acknowledged what was appended meanwhile {:.0} ms later",
        leading - SESSION_TIMEOUT,
        (acknowledged - leading) * 1_000.0,
    );
    Ok(())
}

/// A copy with loaded rows, and the log line that says so.
fn copy(stack: &Stack, topic: &str, group: &str) -> Outcome<(Freshet, serde_json::Value)> {
    let mut freshet = Freshet::start(&stack.configuration(topic, group, VIEWS, true)?)?;
    let line = freshet.wait_for("rows are loaded")?;
    Ok((freshet, line))
}

fn report(what: &str, count: u64, line: &serde_json::Value) {
    assert_eq!(line["rows"].as_u64(), Some(count), "{line}");
    let seconds = line["seconds"].as_f64().unwrap_or(f64::NAN);
    #[expect(clippy::cast_precision_loss, reason = "a count of rows")]
    let rate = count as f64 / seconds;
    println!("{what}: {count} rows in {seconds:.2} s, {rate:.0} rows/s");
}

fn producer(brokers: &str) -> Outcome<ThreadedProducer<DefaultProducerContext>> {
    Ok(ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("linger.ms", "20")
        .set("queue.buffering.max.messages", "200000")
        .create()?)
}

fn send(producer: &ThreadedProducer<DefaultProducerContext>, id: u64) {
    let mut task = Task { id, department: id % DEPARTMENTS, operator: id % OPERATORS, version: 1 };
    let mut value = String::new();
    events::update(&mut value, &mut task, DEPARTMENTS);
    let key = format!(r#"{{"id":{id}}}"#);
    while producer.send(BaseRecord::to(TOPIC).key(&key).payload(&value)).is_err() {
        producer.flush(Duration::from_millis(50)).ok();
    }
}
