//! Sets of parameters that readers register: which of their keys a change deletes.

mod registered;
mod rows;

use std::time::SystemTime;

use crate::harness::{Event, Freshet, RedisServer, Topic, configuration};

/// Each set has a key that a person can read: `sets:2026:5`, or `sets::` for the one without values.
const VIEW: &str = "  sets: { family: \"sets:*\", key: \"sets:{:year}:{:shop}\", affects: \":shop is null or shop_id = :shop\", from: row";

const REGISTER: &str = "freshet:params:sets";

/// One table, and a reader's cache.
struct Scene {
    topic: Topic,
    redis: RedisServer,
    sent: i64,
}

impl Scene {
    fn new() -> Self {
        Self { topic: Topic::new(1), redis: RedisServer::start(), sent: 0 }
    }

    /// With further options of the view.
    fn configuration(&self, options: &str) -> String {
        configuration(&self.topic, &self.redis.url(), &format!("{VIEW}{options} }}"))
    }

    fn start(&self, options: &str) -> Freshet {
        let freshet = Freshet::start_with(&self.configuration(options), &["run"], &[]).ready();
        self.topic.wait_for_offsets(&[0]);
        freshet
    }

    /// As readers do: so many seconds ago.
    fn register_at(&self, seconds_ago: u64, members: &[&str]) {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a clock").as_secs();
        let mut redis = self.redis.connect();
        for member in members {
            let score = now - seconds_ago;
            redis::cmd("ZADD").arg(REGISTER).arg(score).arg(member).exec(&mut redis).expect("ZADD");
        }
    }

    fn register(&self, members: &[&str]) {
        self.register_at(0, members);
    }

    /// What is left of these keys once the events are applied.
    #[track_caller]
    fn left(&mut self, keys: &[&str], events: &[Event]) -> Vec<String> {
        self.redis.fill(keys);
        self.topic.send(0, events);
        self.sent += i64::try_from(events.len()).expect("few");
        self.topic.wait_for_offsets(&[self.sent]);
        self.keys()
    }

    fn keys(&self) -> Vec<String> {
        self.redis.names().into_iter().filter(|name| name.starts_with("sets:")).collect()
    }
}

const KEYS: [&str; 6] = ["sets::", "sets::5", "sets::6", "sets::7", "sets:2026:7", "sets::8"];
/// Of all but shop 8.
const MEMBERS: [&str; 5] = ["[null,null]", "[null,5]", "[null,\"6\"]", "[null,7]", "[\"2026\",\"7\"]"];

/// A message that cannot be decoded.
fn poison() -> Event {
    Event { key: "{}".to_owned(), value: b"poison".to_vec() }
}
