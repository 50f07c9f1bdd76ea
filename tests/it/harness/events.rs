use std::sync::atomic::{AtomicI64, Ordering};

use serde_json::{Value, json};

/// A change event as Debezium writes it, with its key.
#[derive(Debug, Clone)]
pub struct Event {
    pub key: String,
    pub value: Vec<u8>,
}

/// The creation of row `id`, whose `shop_id` is this.
pub fn create(id: i64, shop: i64) -> Event {
    event("c", id, Value::Null, row(id, shop, 0))
}

/// An update of row `id` that moves it to another shop.
pub fn update(id: i64, from: i64, to: i64) -> Event {
    event("u", id, row(id, from, 0), row(id, to, 1))
}

fn row(id: i64, shop: i64, version: i64) -> Value {
    json!({ "id": id, "shop_id": shop, "version": version, "note": "no view reads it" })
}

/// A change of any table's row. Each one that is made comes later in the source's log, and in time.
pub fn change(table: &str, op: &str, before: Value, after: Value) -> Event {
    static LSN: AtomicI64 = AtomicI64::new(1);
    let lsn = LSN.fetch_add(1, Ordering::Relaxed);
    write(table, op, before, after, lsn, 1_795_397_421_160 + lsn)
}

fn event(op: &str, id: i64, before: Value, after: Value) -> Event {
    write("row", op, before, after, id, 1_795_397_421_160)
}

fn write(table: &str, op: &str, before: Value, after: Value, lsn: i64, at: i64) -> Event {
    let id = if after.is_null() { &before["id"] } else { &after["id"] };
    let key = json!({ "id": id }).to_string();
    let value = json!({
        "before": before,
        "after": after,
        "source": { "connector": "postgresql", "ts_ms": at, "schema": "public", "table": table, "lsn": lsn },
        "op": op,
        "ts_ms": at + 31,
    });
    Event { key, value: value.to_string().into_bytes() }
}
