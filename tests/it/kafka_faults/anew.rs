//! A tracked table's topic that is made anew while it is read, and is soon longer than the old one was.

use serde_json::{Value, json};

use super::World;
use crate::harness::{Event, change, eventually, kafka};

fn order(id: i64, shop: i64) -> Event {
    change("order", "c", Value::Null, json!({ "id": id, "shop_id": shop, "version": 0 }))
}

#[test]
fn a_tracked_topic_made_anew_is_noticed_while_reading() {
    let world = World::new(kafka());
    let freshet = world.start().ready();
    world.orders.send(0, &(0..3).map(|id| order(id, 1)).collect::<Vec<_>>());
    world.orders.wait_for_offsets(&[3]);
    // For less than the session timeout. The client asks for the fourth event of the old log, and gets the new one's.
    freshet.signal("STOP");
    world.orders.delete();
    world.orders.make(&[]);
    world.orders.send(0, &(10..13).map(|id| order(id, 7)).collect::<Vec<_>>());
    world.orders.send(0, &(13..100).map(|id| order(id, 9)).collect::<Vec<_>>());
    world.redis.fill(&["place:1", "place:7", "place:8", "other"]);
    freshet.signal("CONT");
    world.redis.wait_for_names(&["other"]);
    world.orders.wait_for_offsets(&[90]);
    // Its rows are those of the new topic.
    let freshet = freshet.ready();
    eventually("rows", || freshet.metric("freshet_rows{"), |rows| (*rows - 90.0).abs() < 0.5);
    world.redis.fill(&["place:7", "place:8", "place:9"]);
    world
        .orders
        .send(0, &[change("order", "u", Value::Null, json!({ "id": 10, "shop_id": 9, "version": 1 }))]);
    world.redis.wait_for_names(&["other", "place:8"]);
}
