//! The example app over the real Django reads what its statement tells as its own, type for type.

use std::path::Path;
use std::process::Command;

use postgres::{Client, NoTls};

use super::outcome;
use crate::harness::{Freshet, Stack, eventually, python, said};

const READ: &str = "
import django
django.setup()
from workorder import cached, statistics
from workorder.models import User
for operator in User.objects.values_list('id', flat=True):
    with cached.watch() as watch:
        served = cached.operator_stats(operator)
    computed = statistics.operator_stats(operator)
    if computed is not None:
        verdict = 'same' if repr(served) == repr(computed) else f'{served!r} and not {computed!r}'
        print(watch.outcome, operator, verdict)
";

#[test]
fn the_application_finds_what_the_statement_tells_and_takes_it_for_its_own() {
    let stack = Stack::start(&["--no-freshet"]);
    let mut sql = Client::connect(&stack["DATABASE_URL"], NoTls).expect("PostgreSQL");
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/examples/work-orders");
    let shipped = std::fs::read_to_string(example.join("freshet.yaml")).expect("it is shipped");
    let listen = "http:\n  listen: \"${FRESHET_HTTP_LISTEN:-127.0.0.1:9090}\"\n";
    let statement = example.join("operator_stats.sql");
    let warm = format!("  operator_stats:\n    warm: {{ sql: \"{}\" }}\n", statement.display());
    let database = "tables:\n";
    let configuration = shipped.replace(listen, "").replacen("  operator_stats:\n", &warm, 1).replacen(
        database,
        "database: { url: \"${DATABASE_URL}\" }\n\ntables:\n",
        1,
    );
    assert!(configuration.contains(&warm) && configuration.contains("database: {"));
    let environment = ["KAFKA_BROKERS", "REDIS_URL", "DATABASE_URL"].map(|name| (name, &stack[name]));
    let freshet = Freshet::start_with(&configuration, &["run"], &environment).ready();
    // The first events of a table may delete the family alone.
    sql.batch_execute("UPDATE workorder_workordertask SET quantity_completed = 7 + id % 3").expect("rows");
    let filled = || outcome(&freshet, "filled");
    eventually("the operators' values", filled, |filled| *filled > 3.5);
    sql.batch_execute(
        "UPDATE workorder_workordertask SET status = 'completed', quantity_defective = 1 WHERE id % 3 = 0;
         UPDATE auth_user SET first_name = 'Zoë' WHERE id = 3",
    )
    .expect("rows");
    let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
    let look = || {
        let run = Command::new(python())
            .args(["-c", READ])
            .env("PYTHONPATH", repository.join("deploy/examples/work-orders/app"))
            .env("PYTHONDONTWRITEBYTECODE", "yes")
            .env("DJANGO_SETTINGS_MODULE", "shop.settings")
            .env("DATABASE_URL", &stack["DATABASE_URL"])
            .env("REDIS_URL", &stack["REDIS_URL"])
            .output()
            .expect("Python starts");
        said(&run, 0)
    };
    let before = filled();
    sql.batch_execute("UPDATE workorder_workordertask SET quantity_defective = 2").expect("rows");
    eventually("they are filled anew", filled, |filled| *filled > before + 3.5);
    let open = || freshet.metric("freshet_refill_queue") + freshet.metric("freshet_unapplied_lag_records");
    eventually("nothing is on its way", open, |open| *open < 0.5);
    // No reader has read yet, so all that is there is freshet's.
    let lines = look();
    assert!(lines.lines().count() > 3, "{lines}");
    assert!(lines.lines().all(|line| line.starts_with("HIT ") && line.ends_with(" same")), "{lines}");
}
