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
    producer: BaseProducer,
    /// In the group by name only: it asks for committed offsets and does not join.
    observer: BaseConsumer,
}

/// What a group has for a partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    pub offset: i64,
    pub metadata: String,
}

impl Topic {
    pub fn new(partitions: i32) -> Self {
        let number = next_number();
        Self::create(number, partitions, format!("group{number}"))
    }

    /// Another topic of the same group.
    pub fn beside(&self, partitions: i32) -> Self {
        Self::create(next_number(), partitions, self.group.clone())
    }

    fn create(number: u32, partitions: i32, group: String) -> Self {
        // Three segments whose last is the table's name, as Debezium makes them.
        let name = format!("test{number}.public.row");
        let client = |settings: &[(&str, &str)]| {
            let mut config = ClientConfig::new();
            config.set("bootstrap.servers", kafka());
            for (name, value) in settings {
                config.set(*name, *value);
            }
            config
        };
        let admin: AdminClient<DefaultClientContext> = client(&[]).create().expect("an admin client");
        let new =
            NewTopic::new(&name, partitions, TopicReplication::Fixed(1)).set("max.message.bytes", "8000000");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        for result in runtime.block_on(admin.create_topics([&new], &AdminOptions::new())).expect("an answer")
        {
            result.expect("a topic");
        }
        Self {
            producer: client(&[("linger.ms", "0"), ("message.max.bytes", "8000000")])
                .create()
                .expect("a producer"),
            observer: client(&[("group.id", &group)]).create().expect("a consumer"),
            name,
            group,
            partitions,
        }
    }

    /// The same topic, seen by another group.
    pub fn of_group(self, group: String) -> Self {
        let observer = ClientConfig::new()
            .set("bootstrap.servers", kafka())
            .set("group.id", &group)
            .create()
            .expect("a consumer");
        Self { group, observer, ..self }
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

fn next_number() -> u32 {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    NUMBER.fetch_add(1, Ordering::Relaxed)
}
