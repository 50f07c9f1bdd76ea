//! Values that the database is asked for, once their keys were deleted.

mod application;
mod replica;
mod trouble;

use postgres::{Client, NoTls};
use serde_json::Value;
use tempfile::TempDir;

use crate::harness::{Freshet, RedisServer, Stack, Topic, configuration, eventually};

/// What the database says of a shop. Its types are those of JSON.
const SQL: &str =
    "select :shop_id::bigint as shop, total, total / 4.0::float8 as quarter, name, null::text as nothing,
    total > 3 as many, '{\"b\": [1, 2.0, \"x\"], \"a\": null}'::json as tree
    from shop where id = :shop_id";

struct World {
    stack: Stack,
    topic: Topic,
    redis: RedisServer,
    folder: TempDir,
}

impl World {
    fn new() -> Self {
        let stack = Stack::start(&["--services", "postgres"]);
        let mut sql = Client::connect(&stack["DATABASE_URL"], NoTls).expect("PostgreSQL");
        sql.batch_execute(
            "create table shop (id bigint primary key, total int, name text);
             insert into shop values (5, 4, 'Ü'), (6, 3, 'six')",
        )
        .expect("rows");
        let folder = tempfile::tempdir().expect("a folder");
        Self { stack, topic: Topic::new(1), redis: RedisServer::start(), folder }
    }

    fn configuration(&self, sql: &str, options: &str) -> String {
        let file = self.folder.path().join("shop.sql");
        std::fs::write(&file, sql).expect("a file");
        let view = format!(
            "  v: {{ key: \"v:{{shop_id}}\", from: row, ttl: 5m, warm: {{ sql: \"{}\" }}{options} }}",
            file.display()
        );
        let configuration = configuration(&self.topic, &self.redis.url(), &view);
        let url = self.stack["DATABASE_URL"].replace("postgres@", "postgres:${PASSWORD}@");
        let json = configuration.replace("key_format: \"{}\"", "value_format: json");
        format!("{json}database: {{ url: \"{url}\" }}\n")
    }

    fn start(&self, options: &str) -> Freshet {
        let environment = [("PASSWORD", "hunter2")];
        Freshet::start_with(&self.configuration(SQL, options), &["run"], &environment).ready()
    }

    fn value(&self, key: &str) -> Option<Value> {
        let bytes: Option<Vec<u8>> = redis::Commands::get(&mut self.redis.connect(), key).expect("an answer");
        bytes.map(|bytes| serde_json::from_slice(&bytes).expect("JSON"))
    }

    #[track_caller]
    fn wait_for_total(&self, key: &str, total: i64) {
        let told = || self.value(key).and_then(|value| value["total"].as_i64());
        eventually(key, told, |told| *told == Some(total));
    }
}

fn outcome(freshet: &Freshet, outcome: &str) -> f64 {
    freshet.metric(&format!("freshet_refilled_total{{outcome=\"{outcome}\""))
}
