//! To Redis, and to copies that come and go while it is away.

use std::fs;

use super::scene::said;
use super::{Fault, Scene};
use crate::harness::eventually;

pub(super) const FAULTS: [Fault; 6] = [
    Fault { name: "redis: restarted", strike: restarted },
    Fault { name: "redis: killed, and back with an old file", strike: back_with_an_old_file },
    Fault { name: "redis: stopped", strike: stopped },
    Fault { name: "redis: connections cut", strike: connections_cut },
    Fault { name: "redis: stopped, and a copy joins", strike: joined_while_stopped },
    Fault { name: "redis: stopped, and the copy that works leaves", strike: left_while_stopped },
];

/// A name that no view has.
const OURS: &str = "oracle:saved";

fn restarted(scene: &mut Scene<'_>) {
    scene.restart("redis", "TERM");
    scene.catch_up();
    let loaded = fs::read_to_string(scene.stack.folder("redis").join("log")).expect("its log");
    assert!(!loaded.contains("Loading RDB"), "it had nothing to load: {loaded}");
}

/// Keys come back that were deleted since, and others with values that were replaced.
fn back_with_an_old_file(scene: &mut Scene<'_>) {
    scene.cache.ask(|redis| redis::pipe().cmd("SET").arg(OURS).arg(1).cmd("SAVE").exec(redis));
    scene.cache.ask(|redis| redis::cmd("DEL").arg(OURS).exec(redis));
    scene.write(150);
    scene.restart("redis", "KILL");
    let back: u32 = scene.cache.ask(|redis| redis::cmd("DEL").arg(OURS).query(redis));
    assert_eq!(back, 1, "a deleted key has come back");
    fs::remove_file(scene.stack.folder("redis").join("dump.rdb")).expect("the file that was saved");
    scene.catch_up();
}

/// Until freshet has given an answer up.
fn stopped(scene: &mut Scene<'_>) {
    let log = scene.copies.running[0].log.clone();
    let waited = said(&log, WAITING);
    scene.pause_redis();
    scene.write(300);
    eventually("freshet waits for Redis", || said(&log, WAITING), |now| *now > waited);
    scene.resume_redis();
    scene.catch_up();
}

/// Those of readers and of freshet, again and again in the middle of their work.
fn connections_cut(scene: &mut Scene<'_>) {
    let retries = |scene: &Scene<'_>| scene.copies.running[0].metric("freshet_redis_retries_total");
    let before = retries(scene);
    let mut cut: usize = 0;
    for _ in 0..40 {
        scene.write(4);
        for kind in ["normal", "pubsub"] {
            let mut kill = redis::cmd("CLIENT");
            kill.arg("KILL").arg("TYPE").arg(kind).arg("SKIPME").arg("yes");
            cut += scene.cache.ask(|redis| kill.query::<usize>(redis));
        }
    }
    scene.catch_up();
    assert!(cut >= 40, "{cut} connections were cut");
    assert!(retries(scene) > before, "freshet noticed none of it");
}

/// The copy that was there cannot drain what it gives away.
fn joined_while_stopped(scene: &mut Scene<'_>) {
    let old = scene.copies.running[0].log.clone();
    let revoked = said(&old, "revoked");
    scene.pause_redis();
    scene.write(60);
    scene.copies.start();
    scene.write(80);
    let new = scene.copies.running[1].log.clone();
    for message in ["rows are loaded", "assigned"] {
        new.wait_for(message, |line| line["message"] == message);
    }
    assert!(said(&old, "revoked") > revoked, "the other has taken nothing from it");
    scene.resume_redis();
    scene.copies.wait_until_joined();
    scene.catch_up();
    scene.copies.leave(0);
}

/// It leaves without having drained, and the other takes over without being able to apply anything.
fn left_while_stopped(scene: &mut Scene<'_>) {
    let worker = scene.pair();
    let old = scene.copies.running[worker].log.clone();
    let new = scene.copies.running[1 - worker].log.clone();
    let led = said(&new, "leading");
    scene.pause_redis();
    scene.write(60);
    scene.copies.leave(worker);
    assert_eq!(said(&old, "not everything was applied in time; it is read again"), 1);
    scene.write(60);
    eventually("the other leads", || said(&new, "leading"), |now| *now > led);
    scene.resume_redis();
    scene.catch_up();
}

const WAITING: &str = "waiting for redis";
