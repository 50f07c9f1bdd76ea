//! A backlog of task updates through freshet, against a bare librdkafka loop over the same topic in the same run.
//!
//! `cargo bench --bench throughput -- [--messages 1000000] [--rounds 3]`

mod harness;

use std::time::Instant;

use freshet::config;
use freshet::kafka::client_config;
use harness::events::{self, Task};
use harness::kafka::{self, PARTITIONS, Run};
use harness::process;
use harness::stack::{Configuration, Freshet, Outcome, Stack};
use rdkafka::ClientConfig;
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer as _, ThreadedProducer};

const TOPIC: &str = "bench.public.task";
const ROWS: u64 = 100_000;
const DEPARTMENTS: u64 = 200;
const OPERATORS: u64 = 1_000;

/// Three values a task counts in, as the work-orders example has them.
const VIEWS: &str = r#"
  stats:    { key: "stats:{department_id}",    from: { task: { fill: { department_id: department_id }, reads: [status] } } }
  workload: { key: "workload:{department_id}", from: { task: { fill: { department_id: department_id }, reads: [status, operator_id] } } }
  operator: { key: "operator:{operator_id}",   from: { task: { fill: { operator_id: operator_id }, reads: [status, quantity] } } }
"#;

fn main() -> Outcome<()> {
    let (messages, rounds) = (harness::argument("--messages", 1_000_000), harness::argument("--rounds", 3));
    let stack = Stack::start()?;
    kafka::create_topic(stack.brokers(), TOPIC)?;
    let bytes = produce(stack.brokers(), messages)?;
    println!("{messages} messages of {} bytes, {PARTITIONS} partitions", bytes / messages);
    println!(
        "{:>8} {:>14} {:>8} {:>14} {:>8} {:>7} {:>9} {:>9}",
        "round", "bare msg/s", "cpu s", "freshet msg/s", "cpu s", "ratio", "keys", "peak MiB"
    );
    let mut ratios = Vec::new();
    for round in 1..=rounds {
        let configuration = stack.configuration(TOPIC, &format!("round-{round}"), VIEWS)?;
        let client = client(&stack, round)?;
        let bare = kafka::bare_loop(&client, TOPIC, messages)?;
        let (freshet, keys, peak) = freshet(&client, &configuration, messages)?;
        let ratio = rate(freshet) / rate(bare);
        println!(
            "{round:>8} {:>14.0} {:>8.2} {:>14.0} {:>8.2} {ratio:>7.2} {keys:>9.0} {peak:>9.0}",
            rate(bare),
            bare.cpu_seconds,
            rate(freshet),
            freshet.cpu_seconds,
        );
        ratios.push(ratio);
    }
    ratios.sort_by(f64::total_cmp);
    println!("median ratio {:.2}", harness::quantile(&ratios, 0.5));
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "a count of messages")]
fn rate(run: Run) -> f64 {
    run.messages as f64 / run.seconds
}

/// The very properties that freshet gives its consumer.
fn client(stack: &Stack, round: u64) -> Outcome<ClientConfig> {
    let text = format!(
        "kafka: {{ brokers: \"{}\", group: round-{round} }}\nredis: {{ url: \"{}\" }}\n\
         tables: {{ task: {{ topic: {TOPIC}, primary_key: id }} }}\nviews: {{ all: {{ family: \"all:*\", from: task }} }}\n",
        stack.brokers(),
        stack.addresses["REDIS_URL"],
    );
    let settings = config::parse("bench", &text, &|_| None)?;
    Ok(client_config(&settings.kafka, &settings.kafka.group))
}

fn produce(brokers: &str, messages: u64) -> Outcome<u64> {
    let producer: ThreadedProducer<DefaultProducerContext> = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("linger.ms", "20")
        .set("batch.size", "1000000")
        .set("queue.buffering.max.messages", "200000")
        .create()?;
    let mut tasks: Vec<Task> = (0..ROWS)
        .map(|id| Task { id, department: id % DEPARTMENTS, operator: id % OPERATORS, version: 1 })
        .collect();
    let (mut value, mut bytes) = (String::new(), 0);
    for n in 0..messages {
        // A stride that is prime to the number of rows: neighbours in the log are no neighbours in the table.
        let task = &mut tasks[usize::try_from(n * 7_919 % ROWS)?];
        events::update(&mut value, task, DEPARTMENTS);
        bytes += u64::try_from(value.len())?;
        let key = format!(r#"{{"id":{}}}"#, task.id);
        while producer.send(BaseRecord::to(TOPIC).key(&key).payload(&value)).is_err() {
            producer.flush(std::time::Duration::from_millis(50)).ok();
        }
    }
    producer.flush(std::time::Duration::from_mins(1))?;
    Ok(bytes)
}

/// From the assignment to the acknowledgement of the last event by Redis.
fn freshet(client: &ClientConfig, configuration: &Configuration, messages: u64) -> Outcome<(Run, f64, f64)> {
    kafka::commit_beginning(client, TOPIC)?;
    let ends = kafka::ends(client, TOPIC)?;
    let mut freshet = Freshet::start(configuration)?;
    freshet.wait_for("assigned")?;
    let (started, cpu) = (Instant::now(), process::cpu_seconds(freshet.pid())?);
    let mut reached = vec![0; ends.len()];
    while reached != ends {
        let line = freshet.line()?;
        if let (Some(partition), Some(offset)) = (line["partition"].as_u64(), line["offset"].as_i64())
            && line["target"] == "freshet::watermarks"
        {
            reached[usize::try_from(partition)?] = offset;
        }
    }
    let seconds = started.elapsed().as_secs_f64();
    let cpu_seconds = process::cpu_seconds(freshet.pid())? - cpu;
    let run = Run { messages, seconds, cpu_seconds };
    Ok((run, freshet.metric("freshet_keys_total")?, process::peak_mib(freshet.pid())?))
}
