//! The services that a benchmark runs against, and freshet itself: real, on this machine, ended with the benchmark.

use std::collections::HashMap;
use std::error::Error;
use std::fs;
use std::io::{BufRead as _, BufReader, Lines, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdin, Command, Stdio};

pub type Outcome<T> = Result<T, Box<dyn Error>>;

/// Kafka and Redis, started by `deploy/local/up`, which takes them down once its input closes.
pub struct Stack {
    pub addresses: HashMap<String, String>,
    pub folder: tempfile::TempDir,
    up: Child,
    _stays_open: ChildStdin,
}

impl Stack {
    pub fn start() -> Outcome<Self> {
        let folder = tempfile::tempdir()?;
        let mut up = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/local/up"))
            .args(["--services", "kafka redis", "--no-demo", "--hold", "--state"])
            .arg(folder.path().join("stack"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let stays_open = up.stdin.take().ok_or("no input")?;
        let mut lines = BufReader::new(up.stdout.take().ok_or("no output")?).lines();
        let ready = lines.next().ok_or("the stack did not start")??;
        let file = ready.strip_prefix("ready ").ok_or("the stack did not start")?;
        let addresses = fs::read_to_string(file)?
            .lines()
            .filter_map(|line| line.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.trim_matches(['\'', '"']).to_owned()))
            .collect();
        Ok(Self { addresses, folder, up, _stays_open: stays_open })
    }

    pub fn brokers(&self) -> &str {
        &self.addresses["KAFKA_BROKERS"]
    }

    pub fn redis(&self) -> Outcome<redis::Connection> {
        Ok(redis::Client::open(self.addresses["REDIS_URL"].as_str())?.get_connection()?)
    }

    /// The configuration of a benchmark: these views of the task table, whose events tell the old row. Tracked or not, the
    /// same keys go.
    pub fn configuration(
        &self,
        topic: &str,
        group: &str,
        views: &str,
        tracked: bool,
    ) -> Outcome<Configuration> {
        // Free a moment ago; nothing else on this machine asks for ports meanwhile.
        let listen = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let file = self.folder.path().join(format!("{group}-{}.yaml", listen.port()));
        // What is computed is computed of columns with a type; a column that is not is given none.
        let columns = if views.contains("value:") { ", columns: { status: text }" } else { "" };
        let (brokers, redis) = (self.brokers(), &self.addresses["REDIS_URL"]);
        fs::write(
            &file,
            format!(
                "kafka: {{ brokers: \"{brokers}\", group: {group} }}\n\
                 redis: {{ url: \"{redis}\", key_format: \":1:{{}}\" }}\n\
                 http: {{ listen: \"{listen}\" }}\n\
                 tables:\n  task: {{ topic: {topic}, primary_key: id, replica_identity: full, tracked: {tracked}{columns} }}\n\
                 views:\n{views}"
            ),
        )?;
        Ok(Configuration { file, listen })
    }
}

/// A configuration file, and where its `/metrics` are.
pub struct Configuration {
    file: PathBuf,
    listen: SocketAddr,
}

impl Drop for Stack {
    fn drop(&mut self) {
        // It ends by itself once its input is closed; the benchmark is over either way.
        let _ = Command::new("kill").arg(self.up.id().to_string()).status();
        let _ = self.up.wait();
    }
}

/// `freshet run`, with the log lines that say each partition's watermark.
pub struct Freshet {
    child: Child,
    lines: Lines<BufReader<ChildStderr>>,
    listen: SocketAddr,
}

impl Freshet {
    pub fn start(configuration: &Configuration) -> Outcome<Self> {
        let mut child = Command::new(env!("CARGO_BIN_EXE_freshet"))
            .args(["--log-format", "json", "--log", "info,freshet::watermarks=trace", "run", "--config"])
            .arg(&configuration.file)
            .stderr(Stdio::piped())
            .spawn()?;
        let lines = BufReader::new(child.stderr.take().ok_or("no standard error")?).lines();
        Ok(Self { child, lines, listen: configuration.listen })
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The sum of a metric over its labels.
    pub fn metric(&self, name: &str) -> Outcome<f64> {
        let mut stream = TcpStream::connect(self.listen)?;
        stream.write_all(b"GET /metrics HTTP/1.0\r\n\r\n")?;
        let mut text = String::new();
        stream.read_to_string(&mut text)?;
        let values = text
            .lines()
            .filter_map(|line| line.strip_prefix(name))
            .filter(|rest| rest.starts_with(['{', ' ']));
        values.map(|rest| Ok(rest.rsplit_once(' ').ok_or("no value")?.1.parse::<f64>()?)).sum()
    }

    /// The next log line. An error once there is none.
    pub fn line(&mut self) -> Outcome<serde_json::Value> {
        let line = self.lines.next().ok_or("freshet ended")??;
        serde_json::from_str(&line).map_err(|_| line.into())
    }

    /// Reads on to the line with this message.
    pub fn wait_for(&mut self, message: &str) -> Outcome<serde_json::Value> {
        loop {
            let line = self.line()?;
            if line["message"] == message {
                return Ok(line);
            }
        }
    }

    /// Reads on until the watermark of each partition is this.
    pub fn reach(&mut self, ends: &[i64]) -> Outcome<()> {
        let mut reached = vec![0; ends.len()];
        while reached != ends {
            let line = self.line()?;
            if let (Some(partition), Some(offset)) = (line["partition"].as_u64(), line["offset"].as_i64())
                && line["target"] == "freshet::watermarks"
            {
                reached[usize::try_from(partition)?] = offset;
            }
        }
        Ok(())
    }

    /// SIGKILL, as a node that dies would.
    pub fn kill(&mut self) -> Outcome<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Freshet {
    fn drop(&mut self) {
        // It is gone already, or goes now.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
