//! What readers do: the scripts of the readers' package, by a key's name.

use redis::{Cmd, Connection, Value};

/// The scripts are the package's own text, so that what is tested here is what readers run.
const PACKAGE: &str = include_str!("../../../deploy/django/src/freshet_django/lease.py");
const LEASE: &str = "10000";

/// What a read comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    Found,
    /// Nothing is there, and this reader fills.
    Leased,
    /// Another one fills, or freshet holds the key.
    Waits,
}

pub struct Protocol {
    read_or_lease: &'static str,
    fill: &'static str,
}

impl Protocol {
    pub fn new() -> Self {
        Self { read_or_lease: script("_READ_OR_LEASE"), fill: script("_FILL") }
    }

    pub fn read_or_lease(&self, redis: &mut Connection, key: &str, token: &str) -> Answer {
        let answer: Vec<Value> =
            call(self.read_or_lease, key, token).arg(LEASE).query(redis).expect("an answer");
        match answer[0] {
            Value::Int(1) => Answer::Found,
            Value::Int(2) => Answer::Leased,
            _ => Answer::Waits,
        }
    }

    /// Whether the value was stored.
    pub fn fill(&self, redis: &mut Connection, key: &str, token: &str, value: &str) -> bool {
        call(self.fill, key, token).arg(value).arg("3600000").query(redis).expect("an answer")
    }
}

fn call(script: &str, key: &str, token: &str) -> Cmd {
    let mut call = redis::cmd("EVAL");
    call.arg(script).arg(2).arg(key).arg(lease(key)).arg(token);
    call
}

fn script(name: &str) -> &'static str {
    let (_, rest) = PACKAGE.split_once(&format!("{name} = Script(\"\"\"")).expect("the script");
    rest.split_once("\"\"\")").expect("its end").0
}

/// The lease of a key, whose spelling has vectors of its own.
pub fn lease(key: &str) -> String {
    freshet::redis::lease_of(key).expect("a key that can have a lease")
}
