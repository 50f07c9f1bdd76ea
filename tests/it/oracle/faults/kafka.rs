//! To Kafka's broker, which all but PostgreSQL and Redis depend on.

use std::time::Instant;

use super::{Fault, Scene};
use crate::harness::process;
use crate::oracle::copies::SESSION;

pub(super) const FAULTS: [Fault; 3] = [
    Fault { name: "kafka: restarted", strike: |scene| restart(scene, "TERM") },
    Fault { name: "kafka: killed", strike: |scene| restart(scene, "KILL") },
    Fault { name: "kafka: stopped for longer than a session", strike: stopped },
];

fn restart(scene: &mut Scene<'_>, signal: &str) {
    scene.restart("kafka", signal);
    scene.catch_up();
}

/// When it wakes up, the sessions of all its members are over.
fn stopped(scene: &mut Scene<'_>) {
    let (broker, since) = (scene.stack.pid("kafka"), Instant::now());
    process::pause(broker);
    scene.write(1_000);
    assert!(since.elapsed() > SESSION, "{:?} are within a session", since.elapsed());
    process::resume(broker);
    scene.catch_up();
}
