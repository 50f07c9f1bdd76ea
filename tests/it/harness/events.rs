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

fn event(op: &str, id: i64, before: Value, after: Value) -> Event {
    let value = json!({
        "before": before,
        "after": after,
        "source": { "connector": "postgresql", "ts_ms": 1_795_397_421_160_u64, "schema": "public", "table": "row", "lsn": id },
        "op": op,
        "ts_ms": 1_795_397_421_191_u64,
    });
    Event { key: json!({ "id": id }).to_string(), value: value.to_string().into_bytes() }
}
