//! Kafka that goes, hangs and comes back, and Kafka that asks who is there.

mod anew;
mod away;
mod broker;
mod commits;
mod poll_interval;
mod security;

use serde_json::{Value, json};

use crate::harness::{Event, Freshet, RedisServer, Topic, change};

/// A stateless table and a tracked one, each with a key of its own.
struct World {
    rows: Topic,
    orders: Topic,
    redis: RedisServer,
}

impl World {
    fn new(brokers: &str) -> Self {
        let rows = Topic::at(brokers, "row", 2);
        let orders = rows.planned_beside("order", 1);
        orders.make(&[]);
        Self { rows, orders, redis: RedisServer::start() }
    }

    /// `librdkafka`: more properties, in braces' words.
    fn configuration(&self, brokers: &str, librdkafka: &str) -> String {
        format!(
            "kafka: {{ brokers: \"{brokers}\", group: \"{}\", librdkafka: {{ {librdkafka} }} }}\n\
             redis: {{ url: \"{}\", key_format: \"{{}}\" }}\n\
             tables:\n  row: {{ topic: {}, primary_key: id, replica_identity: full }}\n  \
             order: {{ topic: {}, primary_key: id }}\n\
             views:\n  item: {{ key: \"item:{{id}}\", from: {{ row: {{ reads: [version] }} }} }}\n  \
             place: {{ key: \"place:{{shop_id}}\", from: {{ order: {{ reads: [version] }} }} }}\n",
            self.rows.group,
            self.redis.url(),
            self.rows.name,
            self.orders.name,
        )
    }

    fn start(&self) -> Freshet {
        Freshet::start_with(&self.configuration(&self.rows.brokers, ""), &["run"], &[])
    }

    /// What changes number `ids` delete.
    fn fill(&self, ids: std::ops::Range<i64>) {
        let keys: Vec<_> = ids.flat_map(|id| [format!("item:{id}"), format!("place:{id}")]).collect();
        self.redis.fill(&keys.iter().map(String::as_str).collect::<Vec<_>>());
    }

    /// A change of each table for each number.
    fn send(&self, ids: std::ops::Range<i64>) {
        for partition in 0..2_i32 {
            let own = ids.clone().filter(|id| id % 2 == i64::from(partition));
            self.rows.send(partition, &own.map(|id| crate::harness::create(id, 1)).collect::<Vec<_>>());
        }
        self.orders.send(0, &ids.map(order).collect::<Vec<_>>());
    }

    /// How many records lie above what is committed.
    fn behind(&self) -> i64 {
        self.rows.behind() + self.orders.behind()
    }

    fn committed(&self) -> Vec<i64> {
        [self.rows.offsets(), self.orders.offsets()].concat()
    }
}

/// The creation of an order in the place of its own number.
fn order(id: i64) -> Event {
    change("order", "c", Value::Null, json!({ "id": id, "shop_id": id, "version": 0 }))
}

/// Why Kafka is not ready, if it is not.
fn why_not(copy: &Freshet) -> Option<String> {
    let (_, text) = copy.get("/readyz")?;
    text.lines().find(|line| line.starts_with("kafka")).map(str::to_owned)
}

/// How often a message was logged.
fn times(copy: &Freshet, message: &str) -> usize {
    copy.log.with_message(message).len()
}
