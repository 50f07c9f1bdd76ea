//! To Kafka Connect. Debezium goes on from what it noted last, so it sends events again.

use super::{Fault, Scene};

pub(super) const FAULTS: [Fault; 2] = [
    Fault { name: "connect: restarted", strike: |scene| restart(scene, "TERM") },
    Fault { name: "connect: killed", strike: |scene| restart(scene, "KILL") },
];

fn restart(scene: &mut Scene<'_>, signal: &str) {
    scene.restart("connect", signal);
    scene.catch_up();
}
