//! A backlog of task updates through freshet, against a bare librdkafka loop over the same topic in the same run.
//!
//! `cargo bench --bench throughput -- [--messages 1000000] [--rounds 3]`

mod harness;

use std::time::Instant;

use freshet::config;
use freshet::kafka::client_config;
use harness::kafka::{self, PARTITIONS, Run, Updates};
use harness::process;
use harness::stack::{Configuration, Freshet, Outcome, Stack};
use rdkafka::ClientConfig;

const TOPIC: &str = "bench.public.task";
const ROWS: u64 = 100_000;
const KINDS: [&str; 2] = ["stateless", "tracked"];

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
    let bytes = Updates::new(stack.brokers(), TOPIC, ROWS, 200)?.send(messages, None)?;
    println!("{messages} messages of {} bytes, {PARTITIONS} partitions", bytes / messages);
    println!(
        "{:>6} {:>10} {:>14} {:>8} {:>14} {:>8} {:>7} {:>9} {:>9}",
        "round", "table", "bare msg/s", "cpu s", "freshet msg/s", "cpu s", "ratio", "keys", "peak MiB"
    );
    let mut ratios = [Vec::new(), Vec::new()];
    for round in 1..=rounds {
        let bare = kafka::bare_loop(&client(&stack, "bare")?, TOPIC, messages)?;
        for (tracked, ratios) in [false, true].into_iter().zip(&mut ratios) {
            let group = format!("{}-{round}", KINDS[usize::from(tracked)]);
            let (client, configuration) =
                (client(&stack, &group)?, stack.configuration(TOPIC, &group, VIEWS, tracked)?);
            let (freshet, keys, peak) = freshet(&client, &configuration, messages, tracked)?;
            let ratio = rate(freshet) / rate(bare);
            println!(
                "{round:>6} {:>10} {:>14.0} {:>8.2} {:>14.0} {:>8.2} {ratio:>7.2} {keys:>9.0} {peak:>9.0}",
                KINDS[usize::from(tracked)],
                rate(bare),
                bare.cpu_seconds,
                rate(freshet),
                freshet.cpu_seconds,
            );
            ratios.push(ratio);
        }
    }
    for (kind, ratios) in KINDS.iter().zip(&mut ratios) {
        ratios.sort_by(f64::total_cmp);
        println!("median ratio, {kind}: {:.2}", harness::quantile(ratios, 0.5));
    }
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "a count of messages")]
fn rate(run: Run) -> f64 {
    run.messages as f64 / run.seconds
}

/// The very properties that freshet gives its consumer.
fn client(stack: &Stack, group: &str) -> Outcome<ClientConfig> {
    let text = format!(
        "kafka: {{ brokers: \"{}\", group: {group} }}\nredis: {{ url: \"{}\" }}\n\
         tables: {{ task: {{ topic: {TOPIC}, primary_key: id }} }}\nviews: {{ all: {{ family: \"all:*\", from: task }} }}\n",
        stack.brokers(),
        stack.addresses["REDIS_URL"],
    );
    let settings = config::parse("bench", &text, &|_| None)?;
    Ok(client_config(&settings.kafka, &settings.kafka.group))
}

/// From when reading begins to the acknowledgement of the last event by Redis. With a tracked table that is when nothing is
/// left to load, since the group stands at the beginning.
fn freshet(
    client: &ClientConfig,
    configuration: &Configuration,
    messages: u64,
    tracked: bool,
) -> Outcome<(Run, f64, f64)> {
    kafka::commit_beginning(client, TOPIC)?;
    let ends = kafka::ends(client, TOPIC)?;
    let mut freshet = Freshet::start(configuration)?;
    freshet.wait_for(if tracked { "rows are loaded" } else { "assigned" })?;
    let (started, cpu) = (Instant::now(), process::cpu_seconds(freshet.pid())?);
    freshet.reach(&ends)?;
    let seconds = started.elapsed().as_secs_f64();
    let cpu_seconds = process::cpu_seconds(freshet.pid())? - cpu;
    let run = Run { messages, seconds, cpu_seconds };
    Ok((run, freshet.metric("freshet_keys_total")?, process::peak_mib(freshet.pid())?))
}
