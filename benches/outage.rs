//! Redis stopped while events come: how long it takes to catch up, and what memory it costs.
//!
//! `cargo bench --bench outage -- [--seconds 60] [--rate 2000] [--backlog 10000000]`
//!
//! First an outage of so many seconds at so many events a second, then one with a backlog of so many events. Timed from when
//! Redis goes on to the acknowledgement of the last event; memory is what was held at most, above what was held before.

mod harness;

use std::process::Command;
use std::time::{Duration, Instant};

use harness::kafka::{self, Updates};
use harness::process;
use harness::stack::{Freshet, Outcome, Stack};
use rdkafka::ClientConfig;

const ROWS: u64 = 1_000_000;

/// One key in a hundred events, and one a row.
const VIEWS: &str = r#"
  stats: { key: "stats:{department_id}", from: { task: { fill: { department_id: department_id }, reads: [status] } } }
  item:  { key: "item:{id}",             from: { task: { fill: { id: id }, reads: [status] } } }
"#;

fn main() -> Outcome<()> {
    let (seconds, rate) = (harness::argument("--seconds", 60), harness::argument("--rate", 2_000));
    let backlog = harness::argument("--backlog", 10_000_000);
    let stack = Stack::start()?;
    println!(
        "{:>10} {:>10} {:>10} {:>12} {:>14} {:>12} {:>12}",
        "table", "events/s", "events", "catch-up s", "events/s then", "before MiB", "added MiB"
    );
    for tracked in [false, true] {
        measure(&stack, "outage", Some(rate), rate * seconds, tracked)?;
        measure(&stack, "backlog", None, backlog, tracked)?;
    }
    Ok(())
}

fn measure(stack: &Stack, name: &str, rate: Option<u64>, events: u64, tracked: bool) -> Outcome<()> {
    let kind = if tracked { "tracked" } else { "stateless" };
    let (topic, group) = (format!("bench.{name}-{kind}.task"), format!("{name}-{kind}"));
    kafka::create_topic(stack.brokers(), &topic)?;
    let mut producer = Updates::new(stack.brokers(), &topic, ROWS, 200)?;
    // Every row is known before the outage, so that what is added is the outage's.
    producer.send(ROWS, None)?;
    let mut freshet = Freshet::start(&stack.configuration(&topic, &group, VIEWS, tracked)?)?;
    let client = ClientConfig::from_iter(
        [("bootstrap.servers", stack.brokers()), ("group.id", &group)]
            .map(|(name, value)| (name.to_owned(), value.to_owned())),
    );
    freshet.reach(&kafka::ends(&client, &topic)?)?;
    let redis: String = redis::cmd("INFO").arg("server").query(&mut stack.redis()?)?;
    let redis =
        redis.lines().find_map(|line| line.strip_prefix("process_id:")).ok_or("no process")?.to_owned();

    process::forget_peak(freshet.pid())?;
    let before = process::resident_kib(freshet.pid())? / 1_024;
    signal("STOP", &redis)?;
    let sent = producer.send(events, rate);
    signal("CONT", &redis)?;
    let begin = Instant::now();
    sent?;
    freshet.reach(&kafka::ends(&client, &topic)?)?;
    let seconds = begin.elapsed().as_secs_f64();
    let added = process::peak_mib(freshet.pid())? - f64::from(u32::try_from(before)?);
    let rate = rate.map_or_else(|| "all".to_owned(), |rate| rate.to_string());
    println!(
        "{kind:>10} {rate:>10} {events:>10} {seconds:>12.2} {:>14.0} {before:>12} {added:>12.0}",
        f64::from(u32::try_from(events)?) / seconds
    );
    Ok(())
}

fn signal(name: &str, pid: &str) -> Outcome<()> {
    let done = Command::new("kill").args([&format!("-{name}"), pid]).status()?;
    // What was said to a stopped process is still on its way.
    std::thread::sleep(Duration::from_millis(10));
    if done.success() { Ok(()) } else { Err(format!("kill -{name} {pid} failed").into()) }
}
