//! Whether `freshet audit` finds what is stale, and nothing else: over the real database, connector, Kafka and Redis.

mod late;
mod truth;

use std::path::Path;
use std::process::Output;

use postgres::{Client, NoTls};
use redis::Commands as _;

use crate::harness::{Freshet, Stack, eventually, freshet};

struct World {
    stack: Stack,
    configuration: String,
    sql: Client,
    redis: redis::Connection,
}

impl World {
    /// The shipped configuration, with the database.
    fn new() -> Self {
        let stack = Stack::start(&["--no-freshet"]);
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/examples/work-orders/freshet.yaml");
        let mut configuration = std::fs::read_to_string(shipped).expect("it is shipped");
        for (written, meant) in [
            ("${KAFKA_BROKERS:-localhost:9092}", &stack["KAFKA_BROKERS"]),
            ("${REDIS_URL:-redis://localhost:6379/0}", &stack["REDIS_URL"]),
            ("http:\n  listen: \"${FRESHET_HTTP_LISTEN:-127.0.0.1:9090}\"\n", ""),
        ] {
            assert!(configuration.contains(written), "no {written}");
            configuration = configuration.replace(written, meant);
        }
        configuration = format!(
            "{configuration}\ndatabase: {{ url: \"{}\" }}\naudit: {{ every: 10s }}\n",
            &stack["DATABASE_URL"]
        );
        Self {
            sql: Client::connect(&stack["DATABASE_URL"], NoTls).expect("PostgreSQL"),
            redis: redis::Client::open(&stack["REDIS_URL"])
                .and_then(|redis| redis.get_connection())
                .expect("Redis"),
            configuration,
            stack,
        }
    }

    /// Waits until each department has a value in each view.
    fn run(&self) -> Freshet {
        let freshet = Freshet::start_with(&self.configuration, &["run"], &[]).ready();
        let kept = || freshet.metric("freshet_warmed_total{outcome=\"filled\"");
        eventually("a value of each department in each view", kept, |filled| *filled > 9.5);
        freshet
    }

    fn write(&mut self, statements: &str) {
        self.sql.batch_execute(statements).expect("rows are written");
    }

    fn audit(&self, arguments: &[&str]) -> Output {
        let arguments: Vec<_> = ["audit"].iter().chain(arguments).copied().collect();
        freshet(&self.configuration, &arguments)
    }

    /// Puts the value of one key in the place of another's.
    fn copy(&mut self, from: &str, to: &str) {
        let value: Vec<u8> = self.redis.get(from).expect("an answer");
        assert!(!value.is_empty(), "no value of {from}");
        self.redis.set_ex::<_, _, ()>(to, value, 200).expect("an answer");
    }
}

/// The columns of a view's line: checked, true, stale, behind, changed, not compared.
#[track_caller]
fn counts(said: &str, view: &str) -> [usize; 6] {
    let line = said
        .lines()
        .find_map(|line| line.strip_prefix(view))
        .unwrap_or_else(|| panic!("no {view} in {said}"));
    let numbers: Vec<_> = line.split_whitespace().map(|number| number.parse().expect("a number")).collect();
    numbers.try_into().expect("six columns")
}
