//! Topics, offsets, and the bare loop that freshet is compared with.

use std::time::{Duration, Instant};

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _};
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer as _, ThreadedProducer};
use rdkafka::{ClientConfig, Message as _, Offset, TopicPartitionList};

use super::events::{self, Task};
use super::process;
use super::stack::Outcome;

pub const PARTITIONS: i32 = 4;
const PATIENCE: Duration = Duration::from_secs(30);

pub fn create_topic(brokers: &str, topic: &str) -> Outcome<()> {
    let admin: AdminClient<DefaultClientContext> =
        ClientConfig::new().set("bootstrap.servers", brokers).create()?;
    let new = NewTopic::new(topic, PARTITIONS, TopicReplication::Fixed(1));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    for result in runtime.block_on(admin.create_topics([&new], &AdminOptions::new()))? {
        result.map_err(|(topic, error)| format!("{topic}: {error}"))?;
    }
    Ok(())
}

/// Commits the beginning of each partition, so that the group does not start at the ends.
pub fn commit_beginning(config: &ClientConfig, topic: &str) -> Outcome<()> {
    let consumer: BaseConsumer = config.create()?;
    let mut list = TopicPartitionList::new();
    for partition in 0..PARTITIONS {
        list.add_partition_offset(topic, partition, Offset::Offset(0))?;
    }
    consumer.commit(&list, CommitMode::Sync)?;
    Ok(())
}

/// The end of each partition.
pub fn ends(config: &ClientConfig, topic: &str) -> Outcome<Vec<i64>> {
    let consumer: BaseConsumer = config.create()?;
    (0..PARTITIONS).map(|partition| Ok(consumer.fetch_watermarks(topic, partition, PATIENCE)?.1)).collect()
}

/// What a run over the whole topic took.
#[derive(Debug, Clone, Copy)]
pub struct Run {
    pub messages: u64,
    pub seconds: f64,
    pub cpu_seconds: f64,
}

/// Polls the whole topic with these properties and does nothing with it. Timed from the first message to the last.
pub fn bare_loop(config: &ClientConfig, topic: &str, messages: u64) -> Outcome<Run> {
    let consumer: BaseConsumer =
        config.clone().set("group.id", "bare").set("auto.offset.reset", "earliest").create()?;
    consumer.subscribe(&[topic])?;
    let (mut read, mut bytes, mut begin) = (0, 0, None);
    while read < messages {
        // A poll also ends when it has served something else than a message.
        let Some(message) = consumer.poll(PATIENCE) else { continue };
        let message = message?;
        if begin.is_none() {
            begin = Some((Instant::now(), process::cpu_seconds(std::process::id())?));
        }
        bytes += message.payload().map_or(0, <[u8]>::len);
        read += 1;
    }
    let (started, cpu) = begin.ok_or("no message")?;
    assert!(bytes > 0);
    let seconds = started.elapsed().as_secs_f64();
    Ok(Run { messages, seconds, cpu_seconds: process::cpu_seconds(std::process::id())? - cpu })
}

/// Updates of a table's rows, one after the other.
pub struct Updates {
    producer: ThreadedProducer<DefaultProducerContext>,
    topic: String,
    tasks: Vec<Task>,
    departments: u64,
    sent: u64,
}

impl Updates {
    const OPERATORS: u64 = 1_000;

    pub fn new(brokers: &str, topic: &str, rows: u64, departments: u64) -> Outcome<Self> {
        let producer = ClientConfig::new()
            .set("bootstrap.servers", brokers)
            .set("linger.ms", "20")
            .set("batch.size", "1000000")
            .set("queue.buffering.max.messages", "200000")
            .create()?;
        let task = |id| Task { id, department: id % departments, operator: id % Self::OPERATORS, version: 1 };
        let (topic, tasks) = (topic.to_owned(), (0..rows).map(task).collect());
        Ok(Self { producer, topic, tasks, departments, sent: 0 })
    }

    /// Sends so many, at so many a second or as fast as the broker takes them. Returns their bytes.
    pub fn send(&mut self, messages: u64, rate: Option<u64>) -> Outcome<u64> {
        let (mut value, mut bytes, begin) = (String::new(), 0, Instant::now());
        let rows = u64::try_from(self.tasks.len())?;
        for n in 0..messages {
            if let Some(rate) = rate {
                let due = begin + Duration::from_nanos(1_000_000_000 / rate * n);
                std::thread::sleep(due.saturating_duration_since(Instant::now()));
            }
            // A stride that is prime to the number of rows: neighbours in the log are no neighbours in the table.
            let task = &mut self.tasks[usize::try_from(self.sent * 7_919 % rows)?];
            self.sent += 1;
            events::update(&mut value, task, self.departments);
            bytes += u64::try_from(value.len())?;
            let key = format!(r#"{{"id":{}}}"#, task.id);
            while self.producer.send(BaseRecord::to(&self.topic).key(&key).payload(&value)).is_err() {
                self.producer.flush(Duration::from_millis(50)).ok();
            }
        }
        self.producer.flush(Duration::from_mins(1))?;
        Ok(bytes)
    }
}
