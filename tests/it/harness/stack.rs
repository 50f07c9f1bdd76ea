use std::collections::HashMap;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::ops::Index;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::LazyLock;

/// Services started by `deploy/local/up --hold`: they stay while its input is open, and go with this process however
/// that ends.
pub struct Stack {
    addresses: HashMap<String, String>,
    /// Its folder.
    pub(super) state: PathBuf,
    shell: Child,
    input: Option<ChildStdin>,
}

/// The folder holds a broker's log of hundreds of megabytes, and a `static` is never dropped: so the one who takes the
/// services down removes it. A session of its own keeps an interrupt at the terminal from it.
const THEN_REMOVE: &str = r#"folder=$1; shift; "$@"; rm -rf "$folder""#;

/// One Kafka for all tests of this process.
pub fn kafka() -> &'static str {
    static KAFKA: LazyLock<Stack> = LazyLock::new(|| Stack::start(&["--services", "kafka"]));
    &KAFKA["KAFKA_BROKERS"]
}

impl Stack {
    pub fn start(arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder").keep();
        let state = folder.join("stack");
        let mut shell = Command::new("setsid")
            .args(["sh", "-c", THEN_REMOVE, "stack"])
            .arg(&folder)
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/local/up"))
            .args(["--no-demo", "--hold", "--state"])
            .arg(&state)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("deploy/local/up starts");
        let mut ready = String::new();
        BufReader::new(shell.stdout.take().expect("an output")).read_line(&mut ready).expect("a line");
        let file = ready.trim().strip_prefix("ready ").expect("the stack is up");
        let addresses = fs::read_to_string(file)
            .expect("addresses.env")
            .lines()
            .filter_map(|line| line.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.trim_matches(['\'', '"']).to_owned()))
            .collect();
        Self { addresses, state, input: shell.stdin.take(), shell }
    }
}

impl Index<&str> for Stack {
    type Output = str;

    fn index(&self, name: &str) -> &str {
        self.addresses.get(name).unwrap_or_else(|| panic!("the stack has no {name}"))
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        self.input = None;
        // What a test of the same run starts next has the machine to itself.
        let _ = self.shell.wait();
    }
}
