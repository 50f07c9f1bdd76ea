use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::log::Log;
use super::{PATIENCE, RedisServer, Topic, create, eventually};

/// An event that is not read within this long is not being read: five polls' worth.
const STILL: Duration = Duration::from_millis(500);

/// The real binary, running.
pub struct Freshet {
    child: Child,
    pub log: Log,
    listen: SocketAddr,
    _folder: TempDir,
}

impl Freshet {
    /// `freshet run` with a configuration of one topic's table, `row`, and these views.
    pub fn start(topic: &Topic, redis: &RedisServer, views: &str) -> Self {
        Self::start_with(&configuration(topic, &redis.url(), views), &["run"], &[])
    }

    /// `freshet` with this configuration, to which the address to listen on is added.
    pub fn start_with(configuration: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("freshet.yaml");
        let listen = TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a port");
        fs::write(&file, format!("{configuration}\nhttp: {{ listen: \"{listen}\" }}\n")).expect("a file");
        // It goes with the thread that started it, also when the test process is killed.
        let mut child = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", env!("CARGO_BIN_EXE_freshet")])
            .args(["--log-format", "json", "--config"])
            .arg(&file)
            .args(arguments)
            .envs(environment.iter().copied())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("freshet starts");
        let log = Log::read(child.stderr.take().expect("standard error"));
        Self { child, log, listen, _folder: folder }
    }

    /// Waits until it is ready.
    #[track_caller]
    pub fn ready(mut self) -> Self {
        let look = || match self.child.try_wait().expect("a child") {
            Some(status) => panic!("freshet ended with {status}: {:#?}", self.log.lines()),
            None => ask(self.listen, "/readyz"),
        };
        eventually("ready", look, |answer| answer.as_ref().is_some_and(|(status, _)| *status == 200));
        self
    }

    /// The status and the body, if it answers.
    pub fn get(&self, path: &str) -> Option<(u16, String)> {
        ask(self.listen, path)
    }

    /// The sum of the samples whose name and labels begin like this; 0 if there is none.
    pub fn metric(&self, prefix: &str) -> f64 {
        let (_, text) = self.get("/metrics").expect("metrics");
        let samples = text.lines().filter(|line| line.starts_with(prefix));
        let values =
            samples.map(|line| line.rsplit_once(' ').expect("a value").1.parse::<f64>().expect("a number"));
        // Not `sum`: that of nothing is -0.0.
        values.fold(0.0, |sum, value| sum + value)
    }

    /// Waits until it takes no more events: its polling thread has begun a drain, or these partitions are another's.
    #[track_caller]
    pub fn wait_until_it_reads_no_more(&self, topic: &Topic) {
        let read = || self.metric("freshet_events_total");
        let deadline = Instant::now() + PATIENCE;
        loop {
            assert!(Instant::now() < deadline, "it reads on");
            let before = read();
            (0..topic.partitions).for_each(|partition| topic.send(partition, &[create(1_000_000, 1)]));
            let soon = Instant::now() + STILL;
            while read() <= before {
                if Instant::now() > soon {
                    return;
                }
                std::thread::sleep(Duration::from_millis(10));
            }
        }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn signal(&self, name: &str) {
        let done =
            Command::new("kill").args([&format!("-{name}"), &self.pid().to_string()]).status().expect("kill");
        assert!(done.success());
    }

    /// Waits for its end.
    pub fn exit_code(mut self) -> Option<i32> {
        self.child.wait().expect("an end").code()
    }

    pub fn kill(self) {
        self.signal("KILL");
        self.exit_code();
    }
}

impl Drop for Freshet {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            self.log.print();
        }
    }
}

fn ask(listen: SocketAddr, path: &str) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(listen).ok()?;
    let mut answer = String::new();
    stream.write_all(format!("GET {path} HTTP/1.0\r\n\r\n").as_bytes()).ok()?;
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    Some((head.split_whitespace().nth(1)?.parse().ok()?, body.to_owned()))
}

/// A configuration with one table, `row`, under the full replica identity. Of its columns `shop_id` takes integers only.
pub fn configuration(topic: &Topic, redis: &str, views: &str) -> String {
    // What is declared must fill a hole or be compared.
    let columns = if ["{shop_id}", "shop_id ="].iter().any(|used| views.contains(used)) {
        ", columns: { shop_id: integer }"
    } else {
        ""
    };
    format!(
        "kafka: {{ brokers: \"{}\", group: \"{}\" }}\n\
         redis: {{ url: \"{redis}\", key_format: \"{{}}\" }}\n\
         tables:\n  row: {{ topic: {}, primary_key: id, replica_identity: full{columns} }}\n\
         views:\n{views}\n",
        topic.brokers, topic.group, topic.name,
    )
}

/// The same with a second table, `other`, whose rows are of the same kind.
pub fn with_other_table(configuration: &str, other: &Topic) -> String {
    let table = format!("  other: {{ topic: {}, primary_key: id, replica_identity: full }}", other.name);
    configuration.replacen("tables:\n", &format!("tables:\n{table}\n"), 1)
}
