//! Tracked tables: rows are loaded, one copy leads and the others stand by, and nothing is lost between them.

mod backlog;
mod dead_letters;
mod exact;
mod loading;
mod metadata;
mod poison;
mod redis_away;
mod redis_changed;
mod start;
mod takeover;
mod together;
mod topics;

use serde_json::{Value, json};

use crate::harness::{Event, Freshet, RedisServer, Topic, change, eventually, kafka};

/// The first reads the row itself, the second the far row.
const VIEWS: &str = "  orders_of: { key: \"orders_of:{shop_id}\", from: { order: { reads: [version] } } }\n  \
                     names_of: { key: \"names_of:{shop_id}\", from: { order: { reads: [customer.name] } } }";

/// Orders that point to customers, under the default replica identity.
struct World {
    orders: Topic,
    customers: Topic,
    redis: RedisServer,
}

impl World {
    fn new(partitions: i32) -> Self {
        let world = Self::planned(partitions);
        world.orders.make(&[]);
        world.customers.make(&[]);
        world
    }

    /// Before the first event of either table.
    fn planned(partitions: i32) -> Self {
        let orders = Topic::planned("order", partitions);
        Self { customers: orders.planned_beside("customer", 1), orders, redis: RedisServer::start() }
    }

    fn configuration(&self, views: &str) -> String {
        let tables = format!(
            "  order: {{ topic: {}, primary_key: id, columns: {{ shop_id: integer }} }}\n  \
             customer: {{ topic: {}, primary_key: id }}",
            self.orders.name, self.customers.name
        );
        let relations = "relations: { order.customer: { column: customer_id, to: customer } }";
        configuration(&self.orders.group, &self.redis, &format!("{tables}\n{relations}"), views)
    }

    fn start(&self) -> Freshet {
        Freshet::start_with(&self.configuration(VIEWS), &["run"], &[])
    }

    /// Two copies that have settled: the one that leads, and the one that stands by.
    fn pair(&self) -> (Freshet, Freshet) {
        let (first, second) = (self.start().ready(), self.start().ready());
        who_leads(first, second)
    }
}

/// A death is noticed soon, and so is a new topic.
fn configuration(group: &str, redis: &RedisServer, tables: &str, views: &str) -> String {
    format!(
        "kafka:\n  brokers: \"{}\"\n  group: \"{group}\"\n  librdkafka: {{ session.timeout.ms: \"6000\", \
         heartbeat.interval.ms: \"500\", topic.metadata.refresh.interval.ms: \"1000\" }}\n\
         redis: {{ url: \"{}\", key_format: \"{{}}\" }}\n\
         tables:\n{tables}\nviews:\n{views}\n",
        kafka(),
        redis.url()
    )
}

/// The one that leads first.
#[track_caller]
fn who_leads(first: Freshet, second: Freshet) -> (Freshet, Freshet) {
    second.log.wait_for("its partitions", |line| line["message"] == "assigned");
    let leading = || [&first, &second].map(|copy| (leads(copy), copy.metric("freshet_leading{") > 0.5));
    let settled = [[(true, true), (false, false)], [(false, false), (true, true)]];
    let [(first_leads, _), _] = eventually("one of them leads", leading, |seen| settled.contains(seen));
    if first_leads { (first, second) } else { (second, first) }
}

/// By what it has said, which a stopped copy tells too.
fn leads(copy: &Freshet) -> bool {
    copy.log.with_message("leading").len() > copy.log.with_message("leading no more").len()
}

fn order(id: i64, shop: i64, customer: i64, version: i64) -> Value {
    json!({ "id": id, "shop_id": shop, "customer_id": customer, "version": version, "note": "not read" })
}

fn customer(id: i64, name: &str) -> Value {
    json!({ "id": id, "name": name })
}

fn created(table: &str, row: Value) -> Event {
    change(table, "c", Value::Null, row)
}

/// Without the old row.
fn updated(table: &str, row: Value) -> Event {
    change(table, "u", Value::Null, row)
}

/// Of the old row only the key is true.
fn deleted_order(id: i64) -> Event {
    let before = json!({ "id": id, "shop_id": 0, "customer_id": 0, "version": 0, "note": null });
    change("order", "d", before, Value::Null)
}

#[track_caller]
fn wait_for_metric(copy: &Freshet, samples: &str, expected: f64) {
    eventually(samples, || copy.metric(samples), |seen| (seen - expected).abs() < 0.1);
}

/// Families that went because of a doubt, the first start's aside.
fn widenings(copy: &Freshet) -> f64 {
    let of = |reason: &str| copy.metric(&format!("freshet_widenings_total{{{reason}"));
    of("") - of("reason=\"first_start\"")
}

#[track_caller]
fn end(copy: Freshet) {
    copy.signal("TERM");
    assert_eq!(copy.exit_code(), Some(0));
}
