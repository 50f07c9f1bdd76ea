//! `freshet audit` of all that Redis holds, beside the app's own computation.

use std::collections::BTreeSet;

use fastrand::Rng;
use postgres::Client;

use super::cache::Cache;
use super::comparison;
use super::keys::{Key, View};
use super::settings::Settings;
use crate::harness::{Stack, freshet_with};

/// Fewer values that are true show nothing.
const LEAST: usize = 20;

pub struct Audit {
    configuration: String,
    environment: [(&'static str, String); 3],
}

impl Audit {
    pub fn new(settings: &Settings, stack: &Stack) -> Self {
        Self {
            configuration: format!(
                "{}\ndatabase: {{ url: \"${{DATABASE_URL}}\" }}\n",
                settings.configuration
            ),
            environment: ["KAFKA_BROKERS", "REDIS_URL", "DATABASE_URL"]
                .map(|name| (name, stack[name].to_owned())),
        }
    }

    /// The exit code, and what was printed.
    fn run(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let arguments: Vec<_> = ["audit", "--all"].iter().chain(arguments).copied().collect();
        let environment = self.environment.each_ref().map(|(name, value)| (*name, value.as_str()));
        let output = freshet_with(&self.configuration, &arguments, &environment);
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout) + &text(&output.stderr))
    }

    /// What is wrong with the audit's word where everything is true.
    pub fn wrong_of_all(&self) -> Option<String> {
        let (code, said) = self.run(&[]);
        println!("oracle: the audit says\n{said}");
        let column =
            |line: &str| line.split_whitespace().nth(2).and_then(|number| number.parse::<usize>().ok());
        let all_true: usize = said.lines().filter_map(column).sum();
        let agrees = code == Some(0) && all_true >= LEAST;
        (!agrees).then(|| format!("the audit ended with {code:?}, where the app finds all true:\n{said}"))
    }

    /// The same where one value is another's.
    pub fn wrong_of_falsified(&self, key: Key, with: i64) -> Option<String> {
        let (code, said) = self.run(&["--patience", "2s"]);
        let told = format!("{key}: department_id is {with} and in the database {}", key.id);
        let found = code == Some(1) && said.contains(&told) && said.contains("freshet: 1 of ");
        (!found).then(|| format!("the audit ended with {code:?} and does not say `{told}` alone:\n{said}"))
    }
}

/// Puts another department's value in the place of one. Returns its key, and the other department.
pub fn falsify(rng: &mut Rng, sql: &mut Client, cache: &mut Cache) -> (Key, i64) {
    let filled = "SELECT DISTINCT assigned_department_id FROM workorder_workordertask WHERE assigned_department_id IS NOT NULL";
    let filled: BTreeSet<i64> =
        sql.query(filled, &[]).expect("departments").iter().map(|row| row.get(0)).collect();
    let held = comparison::held(cache);
    let mut keys: Vec<Key> =
        held.into_iter().filter(|key| key.view == View::DeptWorkload && filled.contains(&key.id)).collect();
    rng.shuffle(&mut keys);
    let [key, with, ..] = keys[..] else { panic!("too few departments have a value: {keys:?}") };
    let lives = 200_000;
    cache.ask(|redis| {
        let value: Vec<u8> = redis::cmd("GET").arg(with.to_string()).query(redis)?;
        redis::cmd("SET").arg(key.to_string()).arg(value).arg("PX").arg(lives).exec(redis)
    });
    println!("oracle: {key} was falsified");
    (key, with.id)
}
