//! The example app, in a process of its own that reads what it is told; see `application.py` beside this file.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use fastrand::Rng;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::agreement::Served;
use super::shared::Shared;
use crate::harness::{Stack, python};
use crate::oracle::keys::{self, Key};
use crate::oracle::settings::Settings;

pub struct Application {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    folder: TempDir,
    cache: &'static str,
    delay: Duration,
    rng: Rng,
}

impl Application {
    /// Over this back end.
    pub fn start(settings: &Settings, stack: &Stack, cache: &'static str, rng: Rng) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (configuration, log) = (folder.path().join("freshet.yaml"), folder.path().join("log"));
        fs::write(&configuration, &settings.configuration).expect("a file");
        let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
        // It goes with the thread that started it, also when the test process is killed.
        let mut child = Command::new("setpriv")
            .args(["--pdeathsig", "KILL"])
            .arg(python())
            .arg(repository.join("tests/it/oracle/readers/application.py"))
            .env("PYTHONPATH", repository.join("deploy/examples/work-orders/app"))
            .env("PYTHONDONTWRITEBYTECODE", "yes")
            .env("DJANGO_SETTINGS_MODULE", "shop.settings")
            .env("DEBUG", "0")
            .env("CACHE", cache)
            .env("FRESHET_BEFORE", if settings.mode.leased() { "" } else { "ttl" })
            .env("FRESHET_CONFIG", &configuration)
            .env("DATABASE_URL", &stack["DATABASE_URL"])
            .env("REDIS_URL", &stack["REDIS_URL"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(log).expect("a log"))
            .spawn()
            .expect("the app starts");
        let input = child.stdin.take().expect("an input");
        let output = BufReader::new(child.stdout.take().expect("an output"));
        let mut application = Self { child, input, output, folder, cache, delay: settings.delay, rng };
        application.order(&json!({ "do": "know", "keys": calls(&keys::all()) }));
        application
    }

    /// Until it is told to stop.
    pub fn read(&mut self, shared: &Shared, stop: &AtomicBool) {
        let (seed, delay) = (self.rng.u32(..), self.delay.as_secs_f64());
        self.order(&json!({ "do": "read", "seed": seed, "delay": delay }));
        while !stop.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(20));
        }
        let counts = self.ask(&json!({ "do": "stop" }));
        count(&counts, shared);
    }

    /// Reads each key once, and returns those that were there.
    pub fn fill(&mut self, keys: &[Key], shared: &Shared) -> Vec<Key> {
        let answer = self.ask(&json!({ "do": "fill", "keys": calls(keys) }));
        count(&answer, shared);
        let places = answer["found"].as_array().expect("places");
        let key = |place: &Value| keys[usize::try_from(place.as_u64().expect("a place")).expect("small")];
        places.iter().map(key).collect()
    }

    /// What its cache holds under each key, read by itself, and what it computes.
    pub fn compare(&mut self, keys: &[Key]) -> Vec<Served> {
        let mut answer = self.ask(&json!({ "do": "compare", "keys": calls(keys) }));
        let answers = answer.as_array_mut().expect("answers");
        assert_eq!(answers.len(), keys.len());
        let served = |(key, answer): (&Key, &mut Value)| {
            let cached = answer["cached"].take();
            assert!(!cached.is_null(), "{key} is in Redis, and the app does not find it");
            let computed = answer.get("right").map_or_else(|| cached.clone(), Value::clone);
            Served { key: *key, cached, computed }
        };
        keys.iter().zip(answers).map(served).collect()
    }

    pub fn log(&self) -> (String, String) {
        (
            format!("{}.log", self.cache),
            fs::read_to_string(self.folder.path().join("log")).unwrap_or_default(),
        )
    }

    fn ask(&mut self, order: &Value) -> Value {
        self.order(order);
        let mut line = String::new();
        self.output.read_line(&mut line).expect("an answer");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}; {}", self.log().1))
    }

    fn order(&mut self, order: &Value) {
        writeln!(self.input, "{order}").unwrap_or_else(|error| panic!("{error}; {}", self.log().1));
    }
}

impl Drop for Application {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn calls(keys: &[Key]) -> Vec<Value> {
    keys.iter().map(|key| json!([key.view.name(), key.arguments()])).collect()
}

fn count(counts: &Value, shared: &Shared) {
    let add = |total: &AtomicU64, name| {
        total.fetch_add(counts[name].as_u64().expect("a count"), Ordering::Relaxed);
    };
    add(&shared.hits, "hits");
    add(&shared.fills, "fills");
    add(&shared.refused, "refused");
    add(&shared.unanswered, "unanswered");
}
