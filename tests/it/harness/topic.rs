use std::sync::atomic::{AtomicU32, Ordering};

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

use super::{Event, PATIENCE, eventually, kafka};

/// A topic of the test's own, and the name of a group of its own.
pub struct Topic {
    pub name: String,
    pub group: String,
    pub partitions: i32,
    pub brokers: String,
    pub(super) producer: BaseProducer,
    /// In the group by name only: it asks for committed offsets and does not join.
    pub(super) observer: BaseConsumer,
}

/// What a group has for a partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    pub offset: i64,
    pub metadata: String,
}

impl Topic {
    pub fn new(partitions: i32) -> Self {
        Self::configured(partitions, &[])
    }

    /// A topic with this configuration.
    pub fn configured(partitions: i32, configuration: &[(&str, &str)]) -> Self {
        let topic = Self::planned("row", partitions);
        topic.make(configuration);
        topic
    }

    /// Another topic of the same group.
    pub fn beside(&self, partitions: i32) -> Self {
        let topic = self.planned_beside("row", partitions);
        topic.make(&[]);
        topic
    }

    /// The topic of a table that has had no event yet.
    pub fn planned(table: &str, partitions: i32) -> Self {
        let number = next_number();
        Self::named(number, table, partitions, (format!("group{number}"), kafka()))
    }

    /// Another one of the same group. Its name comes after this one's.
    pub fn planned_beside(&self, table: &str, partitions: i32) -> Self {
        Self::named(next_number(), table, partitions, (self.group.clone(), &self.brokers))
    }

    /// A topic of a broker of the test's own.
    pub fn at(brokers: &str, table: &str, partitions: i32) -> Self {
        let topic = Self::planned_at(brokers, table, partitions);
        topic.make(&[]);
        topic
    }

    /// The same before it is made.
    pub fn planned_at(brokers: &str, table: &str, partitions: i32) -> Self {
        let number = next_number();
        Self::named(number, table, partitions, (format!("group{number}"), brokers))
    }

    fn named(number: u32, table: &str, partitions: i32, (group, brokers): (String, &str)) -> Self {
        Self {
            producer: producer(brokers),
            observer: observer(brokers, &group),
            brokers: brokers.to_owned(),
            // Three segments whose last is the table's name, as Debezium makes them.
            name: format!("test{number:04}.public.{table}"),
            group,
            partitions,
        }
    }

    /// Makes it, as a table's first event does.
    pub fn make(&self, configuration: &[(&str, &str)]) {
        let new = NewTopic::new(&self.name, self.partitions, TopicReplication::Fixed(1))
            .set("max.message.bytes", "8000000");
        let new = configuration.iter().fold(new, |new, (name, value)| new.set(name, value));
        let made =
            administer(&self.brokers, async |admin| admin.create_topics([&new], &AdminOptions::new()).await);
        for result in made.expect("an answer") {
            result.expect("a topic");
        }
        // The broker tells of it a moment later.
        let partitions = || {
            let metadata = self.observer.fetch_metadata(Some(&self.name), PATIENCE).expect("metadata");
            metadata.topics().iter().map(|topic| topic.partitions().len()).sum::<usize>()
        };
        let expected = usize::try_from(self.partitions).expect("a number");
        eventually("the topic is there", partitions, |partitions| *partitions == expected);
    }

    /// The same topic, seen by another group.
    pub fn of_group(self, group: String) -> Self {
        Self { observer: observer(&self.brokers, &group), group, ..self }
    }

    /// Appends events to a partition and waits for the broker's acknowledgement.
    pub fn send(&self, partition: i32, events: &[Event]) {
        for event in events {
            let record =
                BaseRecord::to(&self.name).partition(partition).key(&event.key).payload(&event.value);
            let mut record = Some(record);
            while let Some(next) = record.take() {
                if let Err((_, back)) = self.producer.send(next) {
                    // Its queue is full.
                    self.producer.poll(std::time::Duration::from_millis(10));
                    record = Some(back);
                }
            }
        }
        self.producer.flush(PATIENCE).expect("the broker takes them");
    }

    /// Removes what lies below an offset, as retention does.
    pub fn forget(&self, partition: i32, below: i64) {
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(&self.name, partition, Offset::Offset(below)).expect("an offset");
        let done =
            administer(&self.brokers, async |admin| admin.delete_records(&list, &AdminOptions::new()).await);
        for element in done.expect("an answer").elements() {
            element.error().expect("records to delete");
        }
    }

    /// What the group has for each partition.
    pub fn committed(&self) -> Vec<Option<Committed>> {
        let mut list = TopicPartitionList::new();
        list.add_partition_range(&self.name, 0, self.partitions - 1);
        let offsets = self.observer.committed_offsets(list, PATIENCE).expect("offsets");
        offsets
            .elements()
            .iter()
            .map(|element| match element.offset() {
                Offset::Offset(offset) => Some(Committed { offset, metadata: element.metadata().to_owned() }),
                _ => None,
            })
            .collect()
    }

    /// The committed offsets alone; -1 for none.
    pub fn offsets(&self) -> Vec<i64> {
        self.committed()
            .into_iter()
            .map(|committed| committed.map_or(-1, |committed| committed.offset))
            .collect()
    }

    /// How many records lie above what is committed.
    pub fn behind(&self) -> i64 {
        let end =
            |partition| self.observer.fetch_watermarks(&self.name, partition, PATIENCE).expect("ends").1;
        (0..).zip(self.offsets()).map(|(partition, committed)| end(partition) - committed).sum()
    }

    #[track_caller]
    pub fn wait_for_offsets(&self, expected: &[i64]) {
        eventually("committed offsets", || self.offsets(), |offsets| offsets == expected);
    }
}

pub(super) fn producer(brokers: &str) -> BaseProducer {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", brokers).set("linger.ms", "0").set("message.max.bytes", "8000000");
    config.create().expect("a producer")
}

fn observer(brokers: &str, group: &str) -> BaseConsumer {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", brokers).set("group.id", group).create().expect("a consumer")
}

pub(super) fn administer<T>(
    brokers: &str,
    work: impl AsyncFnOnce(AdminClient<DefaultClientContext>) -> T,
) -> T {
    let admin = ClientConfig::new().set("bootstrap.servers", brokers).create().expect("an admin client");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(work(admin))
}

fn next_number() -> u32 {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    NUMBER.fetch_add(1, Ordering::Relaxed)
}
