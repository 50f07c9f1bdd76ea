//! From a producer's `send` to the acknowledgement by Redis, at a fixed rate, every event deleting a key that exists, or
//! writing its new value.
//!
//! `cargo bench --bench latency -- [--seconds 60]`
//!
//! Open loop: an event is sent when its time has come, whether or not the one before is through. The producer notes the
//! clock before `send` and at the broker's acknowledgement, by offset; freshet logs each watermark with the time at which
//! Redis had replied. One machine, one clock.

mod harness;

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant, SystemTime};

use harness::events::{self, Task};
use harness::kafka::{self, PARTITIONS};
use harness::quantile;
use harness::stack::{Freshet, Outcome, Stack};
use rdkafka::producer::{BaseRecord, DeliveryResult, Producer as _, ProducerContext, ThreadedProducer};
use rdkafka::{ClientConfig, ClientContext, Message as _};

const DELETED: &str = r#"
  item: { key: "item:{id}", from: { task: { fill: { id: id }, reads: [status] } } }
"#;
/// A value a row: what is measured is the way of a value, not how long its group is.
const WRITTEN: &str = r#"
  item: { key: "item:{id}", from: { task: { fill: { id: id } } }, ttl: 1h, warm: stream, max_groups: 1000000,
          value: { total: count(*), done: count(*) filter (where status = 'completed') } }
relations:
  task.itself: { column: id, to: task }
"#;

/// What becomes of the keys.
struct Kind {
    name: &'static str,
    views: &'static str,
    tracked: bool,
    writes: bool,
}

const KINDS: [Kind; 3] = [
    Kind { name: "stateless", views: DELETED, tracked: false, writes: false },
    Kind { name: "tracked", views: DELETED, tracked: true, writes: false },
    Kind { name: "written", views: WRITTEN, tracked: true, writes: true },
];

/// When an event was sent and when the broker had it, in microseconds since the Unix epoch, by partition and offset.
#[derive(Default)]
struct Deliveries(Mutex<HashMap<(i32, i64), (u64, u64)>>);

impl ClientContext for Deliveries {}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = Box<u64>;

    fn delivery(&self, result: &DeliveryResult<'_>, sent: Box<u64>) {
        let message = result.as_ref().expect("the broker took the event");
        let mut deliveries = self.0.lock().expect("no panic before");
        deliveries.insert((message.partition(), message.offset()), (*sent, now()));
    }
}

fn main() -> Outcome<()> {
    let seconds = harness::argument("--seconds", 60);
    let stack = Stack::start()?;
    println!(
        "{:>10} {:>8} {:>8} {:>30} {:>30} {:>30}",
        "", "", "", "send → broker ms", "send → Redis ms", "broker → Redis ms"
    );
    println!(
        "{:>10} {:>8} {:>8} {:>30} {:>30} {:>30}",
        "table", "events/s", "events", "p50 / p99 / max", "p50 / p99 / max", "p50 / p99 / max"
    );
    for rate in [100, 1_000] {
        for kind in &KINDS {
            measure(&stack, rate, seconds, kind)?;
        }
    }
    Ok(())
}

fn measure(
    stack: &Stack,
    rate: u64,
    seconds: u64,
    &Kind { name: kind, views, tracked, writes }: &Kind,
) -> Outcome<()> {
    let (topic, events) = (format!("bench.{kind}{rate}.task"), rate * seconds);
    kafka::create_topic(stack.brokers(), &topic)?;
    let producer = || -> Outcome<ThreadedProducer<Deliveries>> {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", stack.brokers()).set("linger.ms", "0");
        Ok(config.create_with_context(Deliveries::default())?)
    };
    let mut next = [0_i64; PARTITIONS as usize];
    if writes {
        // Loaded before the first value is written: an update of a row that was never seen says that rows are missing.
        let first = producer()?;
        send(&first, &topic, 2_000, (0..events, 1))?;
        first.flush(Duration::from_secs(30))?;
        let mut client = ClientConfig::new();
        client.set("bootstrap.servers", stack.brokers()).set("group.id", "ends");
        next.copy_from_slice(&kafka::ends(&client, &topic)?);
    }
    let configuration = stack.configuration(&topic, &format!("{kind}-{rate}"), views, tracked)?;
    let mut redis = stack.redis()?;
    redis::cmd("FLUSHALL").exec(&mut redis)?;
    let mut freshet = Freshet::start(&configuration)?;
    // A first start deletes the families before the first event comes; the keys are set after it.
    let mut opened = 0;
    while opened < PARTITIONS {
        opened += i32::from(freshet.line()?["target"] == "freshet::watermarks");
    }
    // What is measured goes over a fence.
    while writes && redis::cmd("DBSIZE").query::<u64>(&mut redis)? < 2 * events {
        std::thread::sleep(Duration::from_millis(100));
    }
    for first in (0..events).step_by(10_000).filter(|_| !writes) {
        let mut pipeline = redis::pipe();
        for id in first..events.min(first + 10_000) {
            pipeline.set(format!(":1:item:{id}"), "value").ignore();
        }
        pipeline.exec(&mut redis)?;
    }

    let producer = producer()?;
    let reader = std::thread::spawn(move || acknowledgements(freshet, next, events));
    send(&producer, &topic, rate, (0..events, 2))?;
    producer.flush(Duration::from_secs(30))?;
    let (_freshet, _, acknowledged) = reader.join().map_err(|_| "the reader broke")??;

    let deliveries = producer.context().0.lock().map_err(|_| "a delivery failed")?;
    let (mut broker, mut whole, mut added) = (Vec::new(), Vec::new(), Vec::new());
    for (position, (sent, appended)) in deliveries.iter() {
        let done = acknowledged.get(position).ok_or("an event was not acknowledged")?;
        broker.push(milliseconds(*sent, *appended));
        whole.push(milliseconds(*sent, *done));
        added.push(milliseconds(*appended, *done));
    }
    let left: u64 = redis::cmd("DBSIZE").query(&mut redis)?;
    let expected = if writes { 2 * events } else { 0 };
    assert_eq!(
        (left, deliveries.len()),
        (expected, usize::try_from(events)?),
        "a key or a value with its fence"
    );
    let columns = [&mut broker, &mut whole, &mut added].map(|values| {
        values.sort_by(f64::total_cmp);
        format!("{:.2} / {:.2} / {:.2}", quantile(values, 0.5), quantile(values, 0.99), quantile(values, 1.0))
    });
    println!("{kind:>10} {rate:>8} {events:>8} {:>30} {:>30} {:>30}", columns[0], columns[1], columns[2]);
    Ok(())
}

fn send(
    producer: &ThreadedProducer<Deliveries>,
    topic: &str,
    rate: u64,
    (ids, version): (std::ops::Range<u64>, u64),
) -> Outcome<()> {
    let (begin, mut value) = (Instant::now(), String::new());
    for id in ids {
        let due = begin + Duration::from_nanos(1_000_000_000 / rate * id);
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        events::update(&mut value, &mut Task { id, department: 1, operator: 1, version }, 200);
        let record = BaseRecord::with_opaque_to(topic, Box::new(now())).payload(&value);
        let key = id.to_string();
        producer.send(record.key(&key)).map_err(|(error, _)| error)?;
    }
    Ok(())
}

/// When Redis had acknowledged each offset.
type Acknowledged = (Freshet, [i64; PARTITIONS as usize], HashMap<(i32, i64), u64>);

/// The same of so many events from these offsets on, and where they end.
fn acknowledgements(
    mut freshet: Freshet,
    mut next: [i64; PARTITIONS as usize],
    events: u64,
) -> Result<Acknowledged, String> {
    let mut acknowledged = HashMap::new();
    while (acknowledged.len() as u64) < events {
        let line = freshet.line().map_err(|error| error.to_string())?;
        let (Some(partition), Some(offset)) = (line["partition"].as_u64(), line["offset"].as_i64()) else {
            continue;
        };
        let Some(at) = line["at_us"].as_u64() else { continue };
        let partition = i32::try_from(partition).map_err(|error| error.to_string())?;
        let from = &mut next[usize::try_from(partition).map_err(|error| error.to_string())?];
        for record in *from..offset {
            acknowledged.insert((partition, record), at);
        }
        *from = offset.max(*from);
    }
    Ok((freshet, next, acknowledged))
}

#[expect(clippy::cast_precision_loss, reason = "a few seconds in microseconds")]
fn milliseconds(from: u64, to: u64) -> f64 {
    (to as f64 - from as f64) / 1_000.0
}

/// Microseconds since the Unix epoch.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a clock after 1970");
    u64::try_from(since.as_micros()).expect("a clock before the year 500000")
}
