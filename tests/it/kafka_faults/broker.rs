use std::fs::{self, File};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::harness::{Stack, eventually};

/// A Kafka of the test's own, which may be ended, stopped and started again with its log.
pub struct Broker {
    pub address: String,
    /// The command of the stack's broker, and where it writes to.
    command: Vec<String>,
    folder: TempDir,
    pid: u32,
    again: Option<Child>,
    /// Takes the first one down, and its folder, after this one.
    _stack: Stack,
}

impl Broker {
    pub fn start() -> Self {
        let stack = Stack::start(&["--services", "kafka"]);
        let pid = stack["KAFKA_PID"].parse().expect("a number");
        let line = fs::read_to_string(format!("/proc/{pid}/cmdline")).expect("a process");
        let command = line.split_terminator('\0').map(str::to_owned).collect();
        let folder = tempfile::tempdir().expect("a folder");
        Self { address: stack["KAFKA_BROKERS"].to_owned(), command, folder, pid, again: None, _stack: stack }
    }

    pub fn signal(&self, name: &str) {
        let done =
            Command::new("kill").args([&format!("-{name}"), &self.pid.to_string()]).status().expect("kill");
        assert!(done.success());
    }

    /// Ends it, and waits for its end.
    pub fn end(&mut self, signal: &str) {
        self.signal(signal);
        if let Some(child) = &mut self.again {
            child.wait().expect("an end");
        } else {
            // It is no child of ours. Its parent takes what is left of it.
            let stat = || fs::read_to_string(format!("/proc/{}/stat", self.pid)).unwrap_or_default();
            eventually("the broker ends", stat, |stat| stat.is_empty() || stat.contains(") Z "));
        }
    }

    /// Starts it again, and waits until it takes connections.
    pub fn start_again(&mut self) {
        let log = File::create(self.folder.path().join("log")).expect("a file");
        let child = Command::new("setpriv")
            .args(["--pdeathsig", "KILL"])
            .args(&self.command)
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(Stdio::null())
            .spawn()
            .expect("a broker");
        self.pid = child.id();
        self.again = Some(child);
        eventually("the broker listens", || TcpStream::connect(&self.address).is_ok(), |is_open| *is_open);
    }

    /// Starts it again with more properties.
    pub fn start_again_with(&mut self, properties: &[(&str, String)]) {
        let file = self.properties();
        let text = fs::read_to_string(&file).expect("properties");
        // The last of two of a name counts.
        let more = properties.iter().map(|(name, value)| format!("{name}={value}\n"));
        fs::write(&file, text + &more.collect::<Vec<_>>().concat()).expect("properties");
        self.start_again();
    }

    /// A property as it is in its file.
    pub fn property(&self, name: &str) -> String {
        let text = fs::read_to_string(self.properties()).expect("properties");
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        value.expect("a property").to_owned()
    }

    fn properties(&self) -> PathBuf {
        PathBuf::from(self.command.last().expect("a file"))
    }

    /// One of the broker's tools.
    pub fn tool(&self, class: &str, arguments: &[&str]) {
        let at = self.command.iter().position(|word| word == "-cp").expect("a class path");
        let output = Command::new(&self.command[0])
            .args(["-XX:TieredStopAtLevel=1", "-cp", &self.command[at + 1], class])
            .args(arguments)
            .output()
            .expect("a tool");
        assert!(output.status.success(), "{output:?}");
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        if let Some(child) = &mut self.again {
            // It may have ended already.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Free a moment ago.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a port").port()
}
