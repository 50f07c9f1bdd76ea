//! Memory does not grow with a backlog, nor with the size of a transaction.

mod backlog;
mod transaction;

use crate::harness::Freshet;

/// The most memory the process has held since it began or since [`forget_peak`], in MiB.
fn peak(freshet: &Freshet) -> f64 {
    status(freshet, "VmHWM:")
}

/// What it holds now, in MiB.
fn held(freshet: &Freshet) -> f64 {
    status(freshet, "VmRSS:")
}

/// The peak counts from here on.
fn forget_peak(freshet: &Freshet) {
    std::fs::write(format!("/proc/{}/clear_refs", freshet.pid()), "5").expect("the peak is forgotten");
}

fn status(freshet: &Freshet, name: &str) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", freshet.pid())).expect("a status");
    let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("a line of that name");
    line.trim().trim_end_matches(" kB").parse::<f64>().expect("a number") / 1024.0
}
