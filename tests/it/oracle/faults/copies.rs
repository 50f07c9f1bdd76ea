//! To the copies of freshet.

use super::scene::said;
use super::{Fault, Scene};
use crate::oracle::copies::Copies;

pub(super) const FAULTS: [Fault; 7] = [
    Fault { name: "copy: the only one killed", strike: killed_alone },
    Fault { name: "copy: stopped within the group's patience", strike: stopped_shortly },
    Fault { name: "copy: stopped until deposed", strike: stopped_until_deposed },
    Fault { name: "copy: joined and left", strike: joined_and_left },
    Fault { name: "copy: the one that stands by killed", strike: standby_killed },
    Fault { name: "copy: the one that works killed", strike: worker_killed },
    Fault { name: "copy: the one that works left", strike: worker_left },
];

fn killed_alone(scene: &mut Scene<'_>) {
    scene.copies.kill(0);
    scene.write(80);
    scene.copies.start();
    scene.write(60);
    scene.copies.wait_until_joined();
}

fn stopped_shortly(scene: &mut Scene<'_>) {
    scene.copies.pause(0);
    scene.write(100);
    scene.copies.resume(0);
}

/// It wakes up while another leads.
fn stopped_until_deposed(scene: &mut Scene<'_>) {
    let worker = scene.pair();
    succeed(scene, worker, Copies::pause);
    scene.write(50);
    scene.copies.resume(worker);
    scene.write(60);
    scene.copies.leave(worker);
}

fn joined_and_left(scene: &mut Scene<'_>) {
    scene.join();
    scene.write(100);
    scene.copies.leave(1);
}

fn standby_killed(scene: &mut Scene<'_>) {
    let worker = scene.pair();
    scene.copies.kill(1 - worker);
}

fn worker_killed(scene: &mut Scene<'_>) {
    let worker = scene.pair();
    succeed(scene, worker, Copies::kill);
}

fn worker_left(scene: &mut Scene<'_>) {
    let worker = scene.pair();
    succeed(scene, worker, Copies::leave);
}

/// Another one takes over from the one that works.
fn succeed(scene: &mut Scene<'_>, worker: usize, strike: fn(&mut Copies, usize)) {
    let successor = scene.copies.running[1 - worker].log.clone();
    let led = said(&successor, "leading");
    strike(scene.copies, worker);
    scene.write(100);
    scene.applied();
    assert!(said(&successor, "leading") > led, "nobody took over");
}
