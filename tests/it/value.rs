//! What `freshet value` says of a key, beside what the example app computes for it from the database.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use postgres::{Client, NoTls};

use serde_json::{Value, json};

use crate::harness::{Stack, Topic, assert_has, change, eventually, freshet, python, said};

const VIEWS: [&str; 2] = ["task_stats", "dept_workload"];
const DEPARTMENTS: [i32; 5] = [1, 2, 3, 4, 5];

/// Of every kind: moves, bulk updates, rows behind relations, links that are cut, keys that change, rows that go.
const WRITES: &str = "
    UPDATE workorder_workordertask SET assigned_department_id = 4 WHERE id = 7;
    UPDATE workorder_workordertask SET status = 'completed' WHERE id % 3 = 0;
    UPDATE workorder_workordertask SET status = 'cancelled', work_content = repeat('x', 9000) WHERE id % 17 = 0;
    UPDATE workorder_workordertask SET assigned_operator_id = NULL WHERE id % 13 = 0;
    UPDATE workorder_workorder SET priority = 'urgent' WHERE id % 5 = 0;
    UPDATE workorder_workorderprocess SET work_order_id = 5 WHERE id = 2;
    UPDATE auth_user SET username = 'Ünal \"Z\"' WHERE id = 3;
    UPDATE auth_user SET is_active = false WHERE id = 4;
    UPDATE auth_user SET is_superuser = true WHERE id = 5;
    UPDATE workorder_department SET name = 'Prints' WHERE id = 3;
    DELETE FROM workorder_workordertask WHERE id = 11;
    DELETE FROM workorder_tasklog WHERE task_id = 12;
    UPDATE workorder_workordertask SET parent_task_id = NULL WHERE parent_task_id = 12;
    UPDATE workorder_workordertask SET id = 5000 WHERE id = 12;
";

/// Prints how Python spells what the app computes, a line for each key.
const COMPUTED: &str = "
import sys, django
django.setup()
from workorder import statistics
for view in sys.argv[1].split():
    for department in sys.argv[2].split():
        print(repr(getattr(statistics, view)(int(department))))
";

/// Prints how Python spells what it reads of a file.
const READ: &str = "
import importlib, sys
print(repr(importlib.import_module(sys.argv[1]).load(open(sys.argv[2], 'rb'))))
";

/// `freshet value` with the shipped configuration.
fn value(brokers: &str, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_freshet"))
        .arg("--config")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/examples/work-orders/freshet.yaml"))
        .arg("value")
        .args(arguments)
        .env("KAFKA_BROKERS", brokers)
        .stdin(Stdio::null())
        .output()
        .expect("freshet starts")
}

struct Scene {
    stack: Stack,
    python: std::path::PathBuf,
}

impl Scene {
    fn new() -> Self {
        Self { stack: Stack::start(&["--no-freshet"]), python: python() }
    }

    fn python(&self, program: &str, arguments: &[&str]) -> Vec<String> {
        let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
        let run = Command::new(&self.python)
            .args(["-c", program])
            .args(arguments)
            .env("PYTHONPATH", repository.join("deploy/examples/work-orders/app"))
            .env("PYTHONDONTWRITEBYTECODE", "yes")
            .env("DJANGO_SETTINGS_MODULE", "shop.settings")
            .env("FRESHET_CONFIG", repository.join("deploy/examples/work-orders/freshet.yaml"))
            .env("DATABASE_URL", &self.stack["DATABASE_URL"])
            .env("REDIS_URL", &self.stack["REDIS_URL"])
            .output()
            .expect("Python starts");
        said(&run, 0).lines().map(str::to_owned).collect()
    }

    fn value(&self, arguments: &[&str]) -> Output {
        value(&self.stack["KAFKA_BROKERS"], arguments)
    }

    /// How Python spells what freshet says of a key.
    fn read(&self, view: &str, department: i32, format: &str) -> String {
        let run = self.value(&[view, &format!("department_id={department}"), "--format", format]);
        assert!(run.status.success(), "{view} {department}: {}", String::from_utf8_lossy(&run.stderr));
        let file = tempfile::NamedTempFile::new().expect("a file");
        fs::write(file.path(), &run.stdout).expect("a file");
        let path = file.path().to_str().expect("a path");
        self.python(READ, &[format, path]).concat()
    }
}

#[test]
fn a_value_is_what_the_application_computes_type_for_type() {
    let scene = Scene::new();
    let mut sql = Client::connect(&scene.stack["DATABASE_URL"], NoTls).expect("PostgreSQL");
    sql.batch_execute(WRITES).expect("rows are written");
    let departments = DEPARTMENTS.map(|department| department.to_string()).join(" ");
    let computed = scene.python(COMPUTED, &[&VIEWS.join(" "), &departments]);
    let keys = VIEWS.iter().flat_map(|view| DEPARTMENTS.map(|department| (*view, department)));
    assert_eq!(computed.len(), keys.clone().count());
    for ((view, department), expected) in keys.zip(&computed) {
        for format in ["pickle", "json"] {
            // Debezium may still be on its way.
            let read = || scene.read(view, department, format);
            eventually(&format!("{view} of {department}: {expected}"), read, |read| read == expected);
        }
    }
    // A rate is a float, also if it is 0.
    assert!(computed.concat().contains("'completion_rate': 0.0"), "a rate of nothing: {computed:?}");

    let empty = said(&scene.value(&["task_stats", "department_id=6"]), 1);
    assert_has(&empty, &["`:1:task_stats:6` has no value: no row fills the key"]);
}

#[test]
fn what_has_no_value_is_said_before_anything_is_read() {
    for (arguments, parts) in [
        (&["operator_stats", "operator_id=5"][..], &["`operator_stats` is; add a `value`"][..]),
        (&["dashboard"], &["`dashboard` is; add a `value`"]),
        (&["task_stat"], &["no view `task_stat` with a `value`", "did you mean `task_stats`?"]),
        (&["task_stats"], &["nothing fills `department_id`", "`freshet value task_stats department_id=5`"]),
        (&["task_stats", "department=5"], &["has no hole `department`"]),
        (&["task_stats", "department_id=x"], &["takes an integer"]),
    ] {
        assert_has(&said(&value("127.0.0.1:9", arguments), 64), parts);
    }
}

#[test]
fn what_lost_events_may_have_changed_has_no_value() {
    let topic = Topic::new(2);
    let configuration = format!(
        "kafka: {{ brokers: \"{}\", group: {} }}\nredis: {{ url: \"redis://localhost:1\" }}\n\
         tables:\n  row: {{ topic: {}, primary_key: id }}\n  shop: {{ topic: nothing.reads.it, primary_key: id }}\n\
         relations:\n  row.shop: {{ column: shop_id, to: shop }}\n\
         views:\n  rows: {{ key: \"rows:{{shop_id}}\", from: row, value: {{ total: count(*) }} }}\n",
        topic.brokers, topic.group, topic.name,
    );
    let run = |arguments: &[&str]| freshet(&configuration, &[&["value", "rows"], arguments].concat());
    let row = |op, id: i64, shop: i64| change("row", op, Value::Null, json!({ "id": id, "shop_id": shop }));
    topic.send(0, &[row("r", 1, 5), row("c", 2, 5)]);
    topic.send(1, &[row("c", 3, 6), row("u", 3, 5)]);
    assert_eq!(said(&run(&["shop_id=5"]), 0), "{\"total\":3}\n");
    assert_has(&said(&run(&["shop_id=6"]), 1), &["`rows:6` has no value: no row fills the key"]);
    // 007 is the spelling of no integer.
    topic.send(1, &[row("c", 4, 7)]);
    assert_eq!(said(&run(&["shop_id=7"]), 0), "{\"total\":1}\n");
    assert_has(&said(&run(&["shop_id=007"]), 1), &["no row fills the key"]);
    // Whatever happened before this snapshot and after those events, nothing has told it.
    topic.send(0, &[row("r", 1, 5)]);
    assert_has(
        &said(&run(&["shop_id=5"]), 1),
        &[
            "events of the rows were lost, until a new snapshot has told them all",
            &format!("{} is not there, or", topic.name),
        ],
    );
}
