use std::time::Duration;

use rdkafka::admin::{AdminOptions, NewPartitions};
use rdkafka::consumer::{CommitMode, Consumer as _};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

use super::topic::{administer, producer};
use super::{Event, PATIENCE, Topic, eventually};

/// What a person does to a topic or to its group.
impl Topic {
    /// Deletes it, and waits until it is gone.
    pub fn delete(&self) {
        let gone = administer(&self.brokers, async |admin| {
            admin.delete_topics(&[&self.name], &AdminOptions::new()).await
        });
        for result in gone.expect("an answer") {
            result.expect("a topic to delete");
        }
        let partitions = || {
            let metadata = self.observer.fetch_metadata(Some(&self.name), PATIENCE).expect("metadata");
            metadata.topics().iter().map(|topic| topic.partitions().len()).sum::<usize>()
        };
        eventually("the topic is gone", partitions, |partitions| *partitions == 0);
    }

    /// Adds partitions, so that there are this many.
    pub fn grow(&mut self, partitions: i32) {
        let more = NewPartitions::new(&self.name, usize::try_from(partitions).expect("a number"));
        let made = administer(&self.brokers, async |admin| {
            admin.create_partitions([&more], &AdminOptions::new()).await
        });
        for result in made.expect("an answer") {
            result.expect("more partitions");
        }
        self.partitions = partitions;
        // The old one would learn of them minutes later.
        self.producer = producer(&self.brokers);
    }

    /// Commits for the group, which must have no members.
    pub fn set_offset(&self, partition: i32, offset: i64, metadata: &str) {
        let mut list = TopicPartitionList::new();
        let mut element = list.add_partition(&self.name, partition);
        element.set_offset(Offset::Offset(offset)).expect("an offset");
        element.set_metadata(metadata);
        self.observer.commit(&list, CommitMode::Sync).expect("a commit");
    }

    /// How many members the group has.
    pub fn members(&self) -> usize {
        let groups = self.observer.fetch_group_list(Some(&self.group), PATIENCE).expect("groups");
        groups.groups().iter().map(|group| group.members().len()).sum()
    }

    /// Appends events as of a time since the Unix epoch, and waits until the broker has them.
    pub fn send_at(&self, partition: i32, events: &[Event], time: Duration) {
        let producer: BaseProducer =
            ClientConfig::new().set("bootstrap.servers", &self.brokers).create().expect("a producer");
        let millis = i64::try_from(time.as_millis()).expect("a time in this age");
        for event in events {
            let record =
                BaseRecord::to(&self.name).partition(partition).key(&event.key).payload(&event.value);
            producer.send(record.timestamp(millis)).map_err(|(error, _)| error).expect("room for a record");
        }
        producer.flush(PATIENCE).expect("the broker takes them");
    }

    /// Appends events in a transaction, whose marker is the last thing in the log: the coordinator writes it after it has
    /// answered the commit.
    pub fn send_in_transaction(&self, partition: i32, events: &[Event]) {
        let end = || self.observer.fetch_watermarks(&self.name, partition, PATIENCE).expect("watermarks").1;
        let with_marker = end() + i64::try_from(events.len()).expect("a number") + 1;
        let producer: BaseProducer = ClientConfig::new()
            .set("bootstrap.servers", &self.brokers)
            .set("transactional.id", &self.name)
            .create()
            .expect("a producer");
        producer.init_transactions(PATIENCE).expect("transactions");
        producer.begin_transaction().expect("a transaction");
        for event in events {
            let record =
                BaseRecord::to(&self.name).partition(partition).key(&event.key).payload(&event.value);
            producer.send(record).map_err(|(error, _)| error).expect("room for a record");
        }
        producer.commit_transaction(PATIENCE).expect("a commit");
        eventually("the marker is written", end, |end| *end == with_marker);
    }
}
