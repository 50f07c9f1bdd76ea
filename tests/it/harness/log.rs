use std::io::{BufRead as _, BufReader, Read};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Instant;

use serde_json::Value;

use super::PATIENCE;

/// The JSON log lines of a process, as they come.
#[derive(Clone, Default)]
pub struct Log(Arc<(Mutex<Vec<Value>>, Condvar)>);

impl Log {
    pub fn read(output: impl Read + Send + 'static) -> Self {
        let log = Self::default();
        let (lines, more) = (Arc::clone(&log.0), BufReader::new(output).lines());
        thread::spawn(move || {
            for line in more.map_while(Result::ok) {
                let value = serde_json::from_str(&line).unwrap_or(Value::String(line));
                lines.0.lock().expect("no panic").push(value);
                lines.1.notify_all();
            }
        });
        log
    }

    pub fn lines(&self) -> Vec<Value> {
        self.0.0.lock().expect("no panic").clone()
    }

    /// For the one who reads why a test failed.
    pub fn print(&self) {
        for line in self.lines() {
            println!("{line}");
        }
    }

    pub fn with_message(&self, message: &str) -> Vec<Value> {
        self.lines().into_iter().filter(|line| line["message"] == message).collect()
    }

    /// Waits for a line that `wanted` accepts.
    #[track_caller]
    pub fn wait_for(&self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + PATIENCE;
        let mut lines = self.0.0.lock().expect("no panic");
        loop {
            if let Some(line) = lines.iter().find(|line| wanted(line)) {
                return line.clone();
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                // Its owner prints the log while this panic unwinds, and needs the lock for it.
                drop(lines);
                panic!("no log line with {what} within {PATIENCE:?}");
            }
            lines = self.0.1.wait_timeout(lines, left).expect("no panic").0;
        }
    }
}
