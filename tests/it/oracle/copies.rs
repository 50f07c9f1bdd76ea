//! The copies of freshet that run, and what is done to them.

use std::time::{Duration, Instant};

use super::settings::Settings;
use crate::harness::{Freshet, Log, Stack, process};

/// A copy that reads the topics from their beginning has much to read after a long run.
const PATIENCE: Duration = Duration::from_mins(2);
/// How fast the group notices a death. The broker allows no less.
pub const SESSION: Duration = Duration::from_secs(6);

pub struct Copies {
    configuration: String,
    environment: [(String, String); 2],
    pub running: Vec<Freshet>,
    logs: Vec<Log>,
}

impl Copies {
    pub fn new(settings: &Settings, stack: &Stack) -> Self {
        // The harness says where to listen.
        let listen = "http:\n  listen: \"${FRESHET_HTTP_LISTEN:-127.0.0.1:9090}\"\n";
        let properties = format!(
            "  librdkafka: {{ session.timeout.ms: \"{}\", heartbeat.interval.ms: \"1000\" }}\n",
            SESSION.as_millis()
        );
        let configuration = settings.configuration.replace(listen, "").replacen(
            "\nkafka:\n",
            &format!("\nkafka:\n{properties}"),
            1,
        );
        assert!(configuration.contains(&properties), "the configuration has no line `kafka:`");
        let environment =
            ["KAFKA_BROKERS", "REDIS_URL"].map(|name| (name.to_owned(), stack[name].to_owned()));
        Self { configuration, environment, running: Vec::new(), logs: Vec::new() }
    }

    /// One more, the last of those that run.
    pub fn start(&mut self) {
        let environment = self.environment.each_ref().map(|(name, value)| (name.as_str(), value.as_str()));
        let copy = Freshet::start_with(&self.configuration, &["run"], &environment);
        self.logs.push(copy.log.clone());
        self.running.push(copy);
    }

    /// Waits until the last one started has joined the group.
    pub fn wait_until_joined(&self) {
        let copy = self.running.last().expect("a copy");
        let deadline = Instant::now() + PATIENCE;
        loop {
            let answer = copy.get("/readyz");
            if answer.as_ref().is_some_and(|(status, _)| *status == 200) {
                return;
            }
            assert!(Instant::now() < deadline, "a copy has not joined: {answer:?}; {:#?}", copy.log.lines());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The place of the one that deletes most keys while this goes on.
    pub fn working(&self, during: impl FnOnce()) -> usize {
        let deleted = || self.running.iter().map(|copy| copy.metric(DELETED)).collect::<Vec<_>>();
        let before = deleted();
        during();
        let mut more: Vec<_> =
            before.iter().zip(deleted()).map(|(before, after)| after - before).enumerate().collect();
        more.sort_by(|one, other| one.1.total_cmp(&other.1));
        more.last().expect("a copy").0
    }

    /// How many poison messages this one has met, whether or not it was loading.
    pub fn met_poison(&self, place: usize) -> usize {
        let met = self.running[place].metric("freshet_poison_messages_total");
        met.to_string().parse().expect("a whole number")
    }

    pub fn kill(&mut self, place: usize) {
        let copy = self.running.remove(place);
        copy.signal("KILL");
        assert_eq!(copy.exit_code(), None, "it is the signal that ends it");
    }

    pub fn leave(&mut self, place: usize) {
        let copy = self.running.remove(place);
        copy.signal("TERM");
        assert_eq!(copy.exit_code(), Some(0), "it ends well");
    }

    pub fn pause(&mut self, place: usize) {
        process::pause(self.running[place].pid());
    }

    pub fn resume(&self, place: usize) {
        process::resume(self.running[place].pid());
    }

    /// The log of each copy that has run.
    pub fn logs(&self) -> impl Iterator<Item = String> {
        self.logs.iter().map(|log| log.lines().iter().map(|line| format!("{line}\n")).collect())
    }
}

const DELETED: &str = "freshet_keys_deleted_total";
