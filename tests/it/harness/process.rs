//! Processes by their number, whoever started them.

use std::fs;
use std::process::Command;

use super::eventually;

#[track_caller]
pub fn signal(pid: u32, name: &str) {
    let done = Command::new("kill").args([&format!("-{name}"), &pid.to_string()]).status().expect("kill");
    assert!(done.success(), "process {pid} takes {name}");
}

/// The letter that the kernel gives its state; none once it has ended.
pub fn state(pid: u32) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The command's name, in brackets, may hold blanks.
    let (_, rest) = stat.rsplit_once(") ")?;
    rest.chars().next().filter(|state| *state != 'Z')
}

pub fn pause(pid: u32) {
    signal(pid, "STOP");
    eventually("it is stopped", || state(pid), |state| *state == Some('T'));
}

#[track_caller]
pub fn resume(pid: u32) {
    assert_eq!(state(pid), Some('T'), "it was stopped all the time");
    signal(pid, "CONT");
    eventually("it runs", || state(pid), |state| state.is_some_and(|state| state != 'T'));
}
