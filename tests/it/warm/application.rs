//! The example app over the real Django reads what freshet writes as its own: through Django's Redis cache and through
//! django-redis, type for type, without computing anything.

use std::path::Path;
use std::process::Command;

use postgres::{Client, NoTls};

use crate::harness::{Freshet, Stack, eventually, python, said};

const READ: &str = "
import django
django.setup()
from workorder import cached, statistics
for view in ('task_stats', 'dept_workload'):
    for department in range(1, 6):
        with cached.watch() as watch:
            served = getattr(cached, view)(department)
        computed = getattr(statistics, view)(department)
        verdict = 'same' if repr(served) == repr(computed) else f'{served!r} and not {computed!r}'
        print(watch.outcome, view, department, verdict)
";

/// Of every kind: a bulk update, a move, rows behind relations, a link that is cut, rows that go.
const WRITES: &str = "
    UPDATE workorder_workordertask SET status = 'completed' WHERE id % 3 = 0;
    UPDATE workorder_workordertask SET assigned_department_id = 4 WHERE id = 7;
    UPDATE workorder_workorder SET priority = 'urgent' WHERE id % 5 = 0;
    UPDATE auth_user SET username = 'Ünal \"Z\"' WHERE id = 3;
    UPDATE auth_user SET is_active = false WHERE id = 4;
    UPDATE workorder_workordertask SET assigned_operator_id = NULL WHERE id % 13 = 0;
    UPDATE workorder_department SET name = 'Prints' WHERE id = 3;
    DELETE FROM workorder_workordertask WHERE id = 11;
";

/// What the app reads of each value, beside what it computes for it.
pub fn read(stack: &Stack, cache: &str) -> String {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
    let run = Command::new(python())
        .args(["-c", READ])
        .env("PYTHONPATH", repository.join("deploy/examples/work-orders/app"))
        .env("PYTHONDONTWRITEBYTECODE", "yes")
        .env("DJANGO_SETTINGS_MODULE", "shop.settings")
        .env("CACHE", cache)
        .env("DATABASE_URL", &stack["DATABASE_URL"])
        .env("REDIS_URL", &stack["REDIS_URL"])
        .output()
        .expect("Python starts");
    said(&run, 0)
}

/// The shipped configuration, which listens nowhere.
pub fn shipped() -> String {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/examples/work-orders/freshet.yaml");
    let configuration = std::fs::read_to_string(shipped).expect("it is shipped");
    let listen = "http:\n  listen: \"${FRESHET_HTTP_LISTEN:-127.0.0.1:9090}\"\n";
    assert!(configuration.contains(listen) && configuration.contains("warm: stream"));
    configuration.replace(listen, "")
}

#[test]
fn the_application_finds_every_value_and_takes_it_for_its_own() {
    let stack = Stack::start(&["--no-freshet"]);
    let mut sql = Client::connect(&stack["DATABASE_URL"], NoTls).expect("PostgreSQL");
    let environment = ["KAFKA_BROKERS", "REDIS_URL"].map(|name| (name, &stack[name]));
    let freshet = Freshet::start_with(&shipped(), &["run"], &environment).ready();
    let kept = || freshet.metric("freshet_warmed_total{outcome=\"filled\"");
    eventually("a value of each department in each view", kept, |filled| *filled > 9.5);
    for cache in ["django", "django-redis"] {
        sql.batch_execute(WRITES).expect("rows are written");
        sql.batch_execute("UPDATE workorder_workordertask SET status = 'pending' WHERE id % 7 = 0")
            .expect("rows are written");
        let look = || {
            let lines = read(&stack, cache);
            assert_eq!(lines.lines().filter(|line| line.starts_with("HIT ")).count(), 10, "{lines}");
            lines
        };
        // Debezium may still be on its way.
        let all_same = |lines: &String| lines.lines().all(|line| line.ends_with(" same"));
        eventually(&format!("values as the app computes them, through {cache}"), look, all_same);
    }
}
