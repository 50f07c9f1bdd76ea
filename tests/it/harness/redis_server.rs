use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use redis::{Commands as _, Connection};
use tempfile::TempDir;

use super::eventually;

/// A Redis of the test's own.
pub struct RedisServer {
    port: u16,
    pub tls_port: Option<u16>,
    arguments: Vec<String>,
    folder: TempDir,
    /// A shell that ends the server once its input closes.
    shell: Child,
}

impl RedisServer {
    pub fn start() -> Self {
        Self::start_with(None, &[])
    }

    /// With a second port for TLS, which asks no certificate of its clients.
    pub fn start_with_tls(certificate: &str, key: &str) -> Self {
        let port = free_port();
        let (tls_port, files) = (port.to_string(), ["--tls-cert-file", certificate, "--tls-key-file", key]);
        let options = [&["--tls-port", &tls_port, "--tls-auth-clients", "no"], &files[..]].concat();
        Self::start_with(Some(port), &options)
    }

    fn start_with(tls_port: Option<u16>, options: &[&str]) -> Self {
        let port = free_port();
        let folder = tempfile::tempdir().expect("a folder");
        let number = port.to_string();
        let common = ["--bind", "127.0.0.1", "--port", &number, "--save", "", "--appendonly", "no"];
        let arguments: Vec<_> = common.iter().chain(options).map(|&argument| argument.to_owned()).collect();
        let shell = spawn(&arguments, &folder);
        let server = Self { port, tls_port, arguments, folder, shell };
        server.wait();
        server
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port)
    }

    pub fn connect(&self) -> Connection {
        redis::Client::open(self.url()).and_then(|client| client.get_connection()).expect("Redis answers")
    }

    /// Sets keys to some value.
    pub fn fill(&self, keys: &[&str]) {
        let mut connection = self.connect();
        for key in keys {
            connection.set::<_, _, ()>(*key, "cached").expect("a key is set");
        }
    }

    /// All names, sorted.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = redis::cmd("KEYS").arg("*").query(&mut self.connect()).expect("keys");
        names.sort();
        names
    }

    /// Waits until just these names are left.
    #[track_caller]
    pub fn wait_for_names(&self, expected: &[&str]) {
        let mut expected = expected.to_vec();
        expected.sort_unstable();
        eventually("names in Redis", || self.names(), |names| *names == expected);
    }

    pub fn stop(&self) {
        self.signal("STOP");
    }

    pub fn resume(&self) {
        self.signal("CONT");
    }

    pub fn kill(&mut self) {
        self.signal("KILL");
        self.shell.wait().expect("the shell ends with it");
    }

    /// Writes all keys to the dump from which it starts again.
    pub fn save(&self) {
        redis::cmd("SAVE").exec(&mut self.connect()).expect("a dump");
    }

    /// The same server again, with what it has saved.
    pub fn restart(&mut self) {
        self.restart_with(&[]);
    }

    /// With more options.
    pub fn restart_with(&mut self, options: &[&str]) {
        let arguments: Vec<_> =
            self.arguments.iter().cloned().chain(options.iter().map(|&option| option.to_owned())).collect();
        self.shell = spawn(&arguments, &self.folder);
        self.wait();
    }

    /// Runs a command that answers nothing of interest.
    #[track_caller]
    pub fn run(&self, command: &[&str]) {
        redis::cmd(command[0]).arg(&command[1..]).exec(&mut self.connect()).expect("Redis does it");
    }

    pub const fn port(&self) -> u16 {
        self.port
    }

    fn signal(&self, name: &str) {
        let done = Command::new("kill").args([&format!("-{name}"), &self.pid()]).status().expect("kill");
        assert!(done.success());
    }

    /// Empty until the shell has written it.
    fn pid(&self) -> String {
        let text = std::fs::read_to_string(self.folder.path().join("pid")).unwrap_or_default();
        text.trim().to_owned()
    }

    /// Waits for this server: on its port another test's may answer.
    fn wait(&self) {
        let who = || {
            let client = redis::Client::open(self.url()).ok()?;
            let mut connection = client.get_connection().ok()?;
            let info: redis::InfoDict = redis::cmd("INFO").arg("server").query(&mut connection).ok()?;
            info.get::<String>("process_id")
        };
        eventually("our Redis answers", who, |who| who.as_ref().is_some_and(|pid| *pid == self.pid()));
    }
}

/// Free a moment ago. Should another take it, the test waits for its own server in vain and says so.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a port").port()
}

fn spawn(arguments: &[String], folder: &TempDir) -> Child {
    // The server goes when the input closes, whatever became of this process, and the shell when the server goes.
    let script = r#"redis-server "$@" >log & echo $! >pid; exec 3<&0; { cat <&3 >/dev/null; kill -9 $(cat pid); } & wait $(cat pid); kill $!"#;
    Command::new("sh")
        .args(["-c", script, "redis"])
        .args(arguments)
        .current_dir(folder.path())
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("a shell")
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        // A stopped process is killed all the same. If it is gone already, so is the shell.
        drop(self.shell.stdin.take());
        let _ = self.shell.wait();
    }
}
