//! Redis away with a backlog: the leader waits, bounded, and nothing is lost.

use super::{World, created, order, updated, wait_for_metric, widenings};
use crate::harness::{Freshet, eventually};

const ROWS: i64 = 100_000;

/// The most memory the process has held, in MiB.
fn peak(freshet: &Freshet) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", freshet.pid())).expect("a status");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("VmHWM");
    line.trim().trim_end_matches(" kB").parse::<f64>().expect("a number") / 1024.0
}

fn send(world: &World, event: impl Fn(i64) -> crate::harness::Event) {
    for first in (0..ROWS).step_by(10_000) {
        world.orders.send(0, &(first..first + 10_000).map(&event).collect::<Vec<_>>());
    }
}

#[test]
fn the_leader_reads_no_further_than_it_may_hold_and_catches_up() {
    let world = World::new(1);
    send(&world, |id| created("order", order(id, id, 1, 0)));
    let freshet = world.start().ready();
    world.orders.wait_for_offsets(&[ROWS]);
    let some: Vec<_> = (0..2 * ROWS).step_by(1_000).map(|shop| format!("orders_of:{shop}")).collect();
    world.redis.fill(&some.iter().map(String::as_str).collect::<Vec<_>>());
    world.redis.fill(&["other"]);
    world.redis.stop();
    let held = peak(&freshet);
    send(&world, |id| updated("order", order(id, id + ROWS, 1, 0)));
    eventually("reading pauses", || freshet.metric("freshet_paused"), |paused| *paused > 0.5);
    let read = freshet.metric("freshet_events_total");
    assert!(read < 75_000.0, "{read} events were read");
    let grown = peak(&freshet) - held;
    assert!(grown < 96.0, "memory grew by {grown} MiB");
    assert_eq!(freshet.get("/livez").map(|(status, _)| status), Some(200));
    assert_eq!(world.orders.offsets(), [ROWS]);
    assert!(freshet.log.with_message("leading no more").is_empty(), "it stays in its group");

    world.redis.resume();
    world.redis.wait_for_names(&["other"]);
    world.orders.wait_for_offsets(&[2 * ROWS]);
    wait_for_metric(&freshet, "freshet_events_total", 100_000.0);
    wait_for_metric(&freshet, "freshet_paused", 0.0);
    assert!(widenings(&freshet) < 0.5);
    freshet.ready();
}
