use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Stack, eventually, process};

/// What happens to a service of a stack.
impl Stack {
    /// Of its data, its log and the record of its process.
    pub fn folder(&self, service: &str) -> PathBuf {
        self.state.join(service)
    }

    pub fn pid(&self, service: &str) -> u32 {
        let record = fs::read_to_string(self.folder(service).join("pid")).expect("the record of a process");
        record.split_whitespace().next().and_then(|pid| pid.parse().ok()).expect("a process' number")
    }

    /// Ends it by a signal, and waits until it has.
    pub fn end(&self, service: &str, signal: &str) {
        let pid = self.pid(service);
        process::signal(pid, signal);
        eventually("it has ended", || process::state(pid), Option::is_none);
    }

    /// Starts one that has ended, on its port and with its data, and waits until it answers. It goes with the stack.
    pub fn start_again(&self, service: &str) {
        let before = self.pid(service);
        assert_eq!(process::state(before), None, "{service} has not ended");
        // What Connect needs runs, and is left alone.
        let services = if service == "connect" { "postgres kafka connect" } else { service };
        // Should this process die meanwhile, `up` takes down what it has just started.
        let done = Command::new("setpriv")
            .args(["--pdeathsig", "TERM"])
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/local/up"))
            .args(["--no-demo", "--services", services, "--state"])
            .arg(&self.state)
            .output()
            .expect("deploy/local/up starts");
        assert!(done.status.success(), "{service}: {}", String::from_utf8_lossy(&done.stderr));
        assert_ne!(self.pid(service), before, "{service} is another process");
    }
}
