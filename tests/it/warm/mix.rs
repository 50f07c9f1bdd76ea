//! Readers under way for three lives of a value, while rows change: they find what freshet writes, and the database is not asked.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use postgres::{Client, NoTls};

use super::application;
use crate::harness::{Freshet, Stack, eventually, python};

const TTL: Duration = Duration::from_secs(4);
const WRITES: usize = 200;
/// Each write is followed by as many reads.
const READS: usize = 100;

/// The example app's readers, in threads, until nobody listens any more. A point for each hundred reads; then all reads, and
/// how many of them found their value.
const READERS: &str = "
import sys, threading
from itertools import count
import django
django.setup()
from workorder import cached

stop, number, read, found = threading.Event(), count(1), [], []

def reader(seed):
    hits = reads = 0
    while not stop.is_set():
        view = (cached.task_stats, cached.dept_workload)[reads % 2]
        with cached.watch() as watch:
            view(1 + (seed + reads // 2) % 5)
        reads += 1
        hits += watch.outcome == 'HIT'
        if next(number) % READS == 0:
            sys.stdout.write('.\\n')
            sys.stdout.flush()
    read.append(reads)
    found.append(hits)

threads = [threading.Thread(target=reader, args=[seed]) for seed in range(4)]
for thread in threads:
    thread.start()
sys.stdin.read()
stop.set()
for thread in threads:
    thread.join()
print(sum(read), sum(found))
";

/// Statements that tell an app's statistics: whatever reads the tables. Writers and tests send no such one.
const ASKED: &str =
    "SELECT coalesce(sum(calls), 0)::bigint FROM pg_stat_statements WHERE query ~* '^\\s*select.*workorder_'";

fn asked(sql: &mut Client) -> i64 {
    sql.query_one(ASKED, &[]).expect("counts").get(0)
}

/// Of every kind. No department is left without a task: it would have no value.
fn write(sql: &mut Client, number: usize) {
    let task = 6 + number % 40;
    let statement = match number % 8 {
        0 => format!("UPDATE workorder_workordertask SET status = 'completed' WHERE id % 9 = {}", task % 9),
        1 => format!(
            "UPDATE workorder_workordertask SET assigned_department_id = 1 + {number} % 5 WHERE id = {task}"
        ),
        2 => format!(
            "UPDATE workorder_workorder SET priority = 'urgent', status = '{number}' WHERE id % 4 = {}",
            number % 4
        ),
        3 => format!("UPDATE auth_user SET username = 'Ünal \"{number}\"' WHERE id = {}", 2 + number % 5),
        4 => format!("UPDATE auth_user SET is_active = NOT is_active WHERE id = {}", 2 + number % 5),
        5 => {
            format!("UPDATE workorder_department SET name = 'Prints {number}' WHERE id = {}", 1 + number % 5)
        }
        6 => format!(
            "UPDATE workorder_workordertask SET assigned_operator_id = 2 + {number} % 5 WHERE id = {task}"
        ),
        _ => format!("UPDATE workorder_workordertask SET status = 'pending' WHERE id = {task}"),
    };
    sql.batch_execute(&statement).expect("rows are written");
}

fn readers(stack: &Stack) -> Child {
    let app = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/examples/work-orders/app");
    Command::new("setpriv")
        .args(["--pdeathsig", "KILL"])
        .arg(python())
        .args(["-c", &READERS.replace("READS", &READS.to_string())])
        .env("PYTHONPATH", app)
        .env("PYTHONDONTWRITEBYTECODE", "yes")
        .env("DJANGO_SETTINGS_MODULE", "shop.settings")
        .env("DATABASE_URL", &stack["DATABASE_URL"])
        .env("REDIS_URL", &stack["REDIS_URL"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Python starts")
}

#[test]
fn readers_find_every_value_and_the_database_is_asked_by_the_first_fill_alone() {
    let stack = Stack::start(&["--no-freshet"]);
    let mut sql = Client::connect(&stack["DATABASE_URL"], NoTls).expect("PostgreSQL");
    sql.batch_execute("CREATE EXTENSION pg_stat_statements").expect("an extension");
    application::read(&stack, "django");
    assert!(asked(&mut sql) >= 10, "the statements of the first fill are counted");

    let lives = "warm: stream\n    ttl: 5m";
    let configuration = application::shipped();
    assert_eq!(configuration.matches(lives).count(), 2);
    let short = format!("warm: stream\n    ttl: {}s", TTL.as_secs());
    let configuration = configuration.replace(lives, &short);
    let environment = ["KAFKA_BROKERS", "REDIS_URL"].map(|name| (name, &stack[name]));
    let freshet = Freshet::start_with(&configuration, &["run"], &environment).ready();
    let kept = || freshet.metric("freshet_warmed_total{outcome=\"filled\"");
    eventually("a value of each department in each view", kept, |filled| *filled > 9.5);
    let before = asked(&mut sql);

    let mut readers = readers(&stack);
    let mut lines = BufReader::new(readers.stdout.take().expect("an output")).lines();
    let began = Instant::now();
    let mut writes = 0;
    while writes < WRITES || began.elapsed() < 3 * TTL {
        assert_eq!(lines.next().expect("a line").expect("a line"), ".");
        write(&mut sql, writes);
        writes += 1;
    }
    drop(readers.stdin.take());
    let last = lines.map(|line| line.expect("a line")).last().expect("a line");
    assert!(readers.wait().expect("an end").success());
    let [reads, hits] =
        last.split(' ').map(|number| number.parse().expect("a number")).collect::<Vec<usize>>()[..]
    else {
        panic!("no counts: {last}");
    };
    let asked = asked(&mut sql) - before;
    let took = began.elapsed();
    println!("{writes} writes in {took:.1?}: {hits} hits of {reads} reads, {asked} statements of statistics");
    assert!(reads >= WRITES * READS && hits * 100 > reads * 99, "{hits} hits of {reads} reads");
    assert_eq!(asked, 0, "the database was asked; {} of {reads} reads missed", reads - hits);

    // And what they find is true in the end.
    let look = || application::read(&stack, "django");
    eventually("values as the app computes them", look, |lines| {
        lines.lines().all(|line| line.ends_with(" same"))
    });
}
