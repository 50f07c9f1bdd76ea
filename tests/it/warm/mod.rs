//! Values that freshet writes: after a change, over what is missing, before they expire, and never an older one.

mod application;
mod bounds;
mod compressed;
mod doubt;
mod fences;
mod mix;
mod permissions;
mod readers;
mod redis_takes_none;
mod renewal;
mod still;
mod writing;

use std::collections::BTreeMap;

use redis::Commands as _;
use serde_json::{Value, json};

use crate::harness::{Event, Freshet, RedisServer, Topic, change, eventually, kafka};

/// Orders of shops, and the customers behind them. The shops' names are in no table.
const VIEW: &str = "  orders: { key: \"orders:{shop_id}\", from: order, warm: stream, ttl: 5m,
    value: { total: count(*), sum: \"coalesce(sum(version), 0)\", vips: count(*) filter (where customer.vip) } }";

struct World {
    orders: Topic,
    customers: Topic,
    redis: RedisServer,
}

impl World {
    fn new(partitions: i32) -> Self {
        let orders = Topic::planned("order", partitions);
        let world =
            Self { customers: orders.planned_beside("customer", 1), orders, redis: RedisServer::start() };
        world.orders.make(&[]);
        world.customers.make(&[]);
        world
    }

    fn configuration(&self, view: &str) -> String {
        format!(
            "kafka:\n  brokers: \"{}\"\n  group: \"{}\"\n  librdkafka: {{ session.timeout.ms: \"6000\", \
             heartbeat.interval.ms: \"500\" }}\n\
             redis: {{ url: \"{}\", value_format: json }}\n\
             tables:\n  order: {{ topic: {}, primary_key: id, columns: {{ shop_id: integer }} }}\n  \
             customer: {{ topic: {}, primary_key: id, columns: {{ vip: boolean }} }}\n\
             relations:\n  order.customer: {{ column: customer_id, to: customer }}\n  \
             order.shop: {{ column: shop_id, to: customer }}\n\
             views:\n{view}\n",
            kafka(),
            self.orders.group,
            self.redis.url(),
            self.orders.name,
            self.customers.name,
        )
    }

    fn start(&self) -> Freshet {
        Freshet::start_with(&self.configuration(VIEW), &["run"], &[])
    }

    /// What a key holds.
    fn value(&self, key: &str) -> Option<Value> {
        let bytes: Option<Vec<u8>> = self.redis.connect().get(key).expect("an answer");
        bytes.map(|bytes| serde_json::from_slice(&bytes).expect("JSON"))
    }

    /// Waits until a key holds this.
    #[track_caller]
    fn wait_for(&self, key: &str, [total, sum, vips]: [i64; 3]) {
        let expected = json!({ "total": total, "sum": sum, "vips": vips });
        eventually(key, || self.value(key), |value| value.as_ref() == Some(&expected));
    }

    /// All keys, each with what lies beside it.
    #[track_caller]
    fn wait_for_names(&self, keys: &[&str]) {
        let fences = keys.iter().map(|key| fence(key));
        let mut names: Vec<String> = keys.iter().map(|key| (*key).to_owned()).chain(fences).collect();
        names.sort();
        eventually("names in Redis", || self.redis.names(), |found| *found == names);
    }

    /// How long a name lives, in milliseconds.
    fn lives(&self, name: &str) -> i64 {
        redis::cmd("PTTL").arg(name).query(&mut self.redis.connect()).expect("an answer")
    }
}

fn fence(key: &str) -> String {
    format!("freshet:fence:{{{key}}}")
}

fn lease(key: &str) -> String {
    format!("freshet:lease:{{{key}}}")
}

fn order(id: i64, shop: i64, customer: i64, version: i64) -> Value {
    json!({ "id": id, "shop_id": shop, "customer_id": customer, "version": version })
}

fn created(row: Value) -> Event {
    change("order", "c", Value::Null, row)
}

fn updated(row: Value) -> Event {
    change("order", "u", Value::Null, row)
}

fn deleted(id: i64) -> Event {
    change("order", "d", json!({ "id": id, "shop_id": 0, "customer_id": 0, "version": 0 }), Value::Null)
}

fn customer(op: &str, id: i64, vip: bool) -> Event {
    change("customer", op, Value::Null, json!({ "id": id, "vip": vip }))
}

/// How often something became of the keys, by outcome.
fn outcomes(freshet: &Freshet) -> BTreeMap<&'static str, f64> {
    let outcomes =
        ["written", "renewed", "leased", "filled", "late", "left", "empty", "unknown", "no_write", "evicted"];
    outcomes
        .map(|outcome| {
            let labels = format!("freshet_warmed_total{{outcome=\"{outcome}\"");
            (outcome, freshet.metric(&labels))
        })
        .into()
}
