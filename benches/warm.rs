//! Values that are written, against the same keys deleted, from the same events in the same run; and what they cost in memory.
//!
//! `cargo bench --bench warm -- [--rows 1000000] [--updates 200000]`
//!
//! Every row is loaded and every value is there before the updates are sent, as fast as the broker takes them. Measured from
//! the first one's sending to the acknowledgement of the last by Redis.

mod harness;

use std::time::{Duration, Instant};

use harness::kafka::{self, Updates};
use harness::process;
use harness::stack::{Freshet, Outcome, Stack};
use rdkafka::ClientConfig;

const DELETED: &str = r#"
  stats: { key: "stats:{department_id}", from: { task: { fill: { department_id: department_id }, reads: [status] } } }
"#;
/// The rows of a group are found by a relation. Where it leads is never asked.
const WRITTEN: &str = r#"
  stats: { key: "stats:{department_id}", from: { task: { fill: { department_id: department_id } } }, ttl: 1h, warm: stream,
           max_groups: 1000000,
           value: { total: count(*), done: count(*) filter (where status = 'completed') } }
relations:
  task.parent: { column: department_id, to: task }
"#;

fn main() -> Outcome<()> {
    let (rows, updates) = (harness::argument("--rows", 1_000_000), harness::argument("--updates", 200_000));
    let stack = Stack::start()?;
    println!(
        "{:>8} {:>9} {:>9} {:>12} {:>8} {:>10} {:>12}",
        "groups", "rows", "keys are", "updates/s", "cpu s", "keys", "resident MiB"
    );
    for groups in [1_000, 100_000] {
        let topic = format!("bench.warm{groups}.task");
        kafka::create_topic(stack.brokers(), &topic)?;
        let mut sent = Updates::new(stack.brokers(), &topic, rows, groups)?;
        sent.send(rows, None)?;
        let deleted = run(&stack, &topic, &mut sent, (rows, updates, groups), false)?;
        let written = run(&stack, &topic, &mut sent, (rows, updates, groups), true)?;
        println!(
            "{groups:>8} groups: written at {:.2} of the rate at which they are deleted",
            written / deleted
        );
    }
    Ok(())
}

fn run(
    stack: &Stack,
    topic: &str,
    sent: &mut Updates,
    (rows, updates, groups): (u64, u64, u64),
    writes: bool,
) -> Outcome<f64> {
    let (kind, views) = if writes { ("written", WRITTEN) } else { ("deleted", DELETED) };
    let configuration = stack.configuration(topic, &format!("{kind}-{groups}"), views, true)?;
    let mut redis = stack.redis()?;
    redis::cmd("FLUSHALL").exec(&mut redis)?;
    let mut freshet = Freshet::start(&configuration)?;
    freshet.wait_for("leading")?;
    if writes {
        while redis::cmd("DBSIZE").query::<u64>(&mut redis)? < 2 * groups {
            std::thread::sleep(Duration::from_millis(100));
        }
    }
    let (resident, cpu) = (process::resident_kib(freshet.pid())?, process::cpu_seconds(freshet.pid())?);
    let started = Instant::now();
    sent.send(updates, None)?;
    let mut client = ClientConfig::new();
    client.set("bootstrap.servers", stack.brokers()).set("group.id", "ends");
    freshet.reach(&kafka::ends(&client, topic)?)?;
    let seconds = started.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a count of updates")]
    let rate = updates as f64 / seconds;
    println!(
        "{groups:>8} {rows:>9} {kind:>9} {rate:>12.0} {:>8.2} {:>10.0} {:>12}",
        process::cpu_seconds(freshet.pid())? - cpu,
        freshet.metric("freshet_keys_total")?,
        resident / 1024,
    );
    Ok(rate)
}
