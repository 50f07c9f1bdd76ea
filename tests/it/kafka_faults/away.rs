//! Kafka that ends, is killed or hangs, and comes back; and one that is not there at all.

use std::time::{Duration, Instant};

use super::broker::Broker;
use super::{World, times, why_not};
use crate::harness::{Freshet, eventually};

/// One line when it goes, with the reason, and one when it is back; nothing else that alarms.
#[track_caller]
fn said(copy: &Freshet, faults: usize) {
    assert_eq!(times(copy, "waiting for kafka"), faults, "{:#?}", copy.log.lines());
    assert_eq!(times(copy, "kafka answers again"), faults, "{:#?}", copy.log.lines());
    let of_the_client =
        times(copy, "kafka client") + times(copy, "rebalance failed; the consumer starts afresh");
    assert_eq!(of_the_client, 0, "{:#?}", copy.log.lines());
}

#[test]
fn kafka_that_goes_and_comes_back_loses_nothing() {
    let mut broker = Broker::start();
    let world = World::new(&broker.address);
    let librdkafka = "session.timeout.ms: \"6000\", heartbeat.interval.ms: \"500\"";
    let configuration = world.configuration(&broker.address, librdkafka);
    let freshet = Freshet::start_with(&configuration, &["run"], &[]).ready();
    world.send(0..100);
    eventually("all is committed", || world.behind(), |behind| *behind == 0);

    let mut first = 1_000;
    for (fault, signal) in ["TERM", "KILL", "STOP"].into_iter().enumerate() {
        let ids = first..first + 1_000;
        first = ids.end;
        world.fill(ids.clone());
        let before = world.committed();
        world.send(ids.start..ids.start + 500);
        if signal == "STOP" {
            broker.signal("STOP");
        } else {
            broker.end(signal);
        }
        let waiting = || why_not(&freshet);
        eventually("why it is not ready", waiting, |why| {
            why.as_ref().is_some_and(|why| why.starts_with("kafka: no broker answers: "))
        });
        assert_eq!(freshet.get("/livez").map(|(status, _)| status), Some(200));
        // Longer than the session, which the group counts from when it is back.
        let back = std::thread::scope(|scope| {
            // These wait in the producer.
            scope.spawn(|| world.send(ids.start + 500..ids.end));
            if signal == "STOP" {
                broker.signal("CONT");
            } else {
                broker.start_again();
            }
            Instant::now()
        });
        world.redis.wait_for_names(&[]);
        eventually("all is committed", || world.behind(), |behind| *behind == 0);
        eprintln!("SIG{signal}: caught up {:?} after the broker listened", back.elapsed());
        let after = world.committed();
        assert!(before.iter().zip(&after).all(|(before, after)| before <= after), "{before:?} {after:?}");
        eventually(
            "it is ready",
            || freshet.get("/readyz"),
            |answer| answer.as_ref().is_some_and(|(status, _)| *status == 200),
        );
        said(&freshet, fault + 1);
    }
    assert!(freshet.metric("freshet_widenings_total{reason=\"lost_offsets\"") < 0.5);
    freshet.signal("TERM");
    assert_eq!(freshet.exit_code(), Some(0));
}

#[test]
fn who_starts_without_kafka_is_told_so_at_once() {
    let mut broker = Broker::start();
    let world = World::new(&broker.address);
    broker.end("TERM");
    let started = Instant::now();
    let freshet = world.start();
    let line = freshet.log.wait_for("that Kafka is away", |line| line["message"] == "waiting for kafka");
    let took = started.elapsed();
    eprintln!("told after {took:?}");
    assert!(took < Duration::from_secs(8), "{took:?}");
    let reason = line["reason"].as_str().unwrap_or_default();
    assert!(reason.contains("Connection refused") && reason.contains("`kafka.brokers`"), "{reason}");
    let why = why_not(&freshet).unwrap_or_default();
    assert!(why.starts_with("kafka: no broker answers: ") && why.contains("Connection refused"), "{why}");
    broker.start_again();
    let freshet = freshet.ready();
    world.fill(0..10);
    world.send(0..10);
    world.redis.wait_for_names(&[]);
    said(&freshet, 1);
}

#[test]
fn without_kafka_it_ends_when_it_is_told_to() {
    let mut broker = Broker::start();
    let world = World::new(&broker.address);
    let running = world.start().ready();
    broker.end("KILL");
    let starting = world.start();
    starting.log.wait_for("that Kafka is away", |line| line["message"] == "waiting for kafka");
    running.log.wait_for("that Kafka is away", |line| line["message"] == "waiting for kafka");
    for copy in [starting, running] {
        let asked = Instant::now();
        copy.signal("TERM");
        assert_eq!(copy.exit_code(), Some(0));
        eprintln!("ended after {:?}", asked.elapsed());
        assert!(asked.elapsed() < Duration::from_secs(25));
    }
}

/// The client may lose its brokers for good then, in one of ten such stops.
#[test]
fn kafka_that_hangs_for_a_session_is_found_again() {
    let broker = Broker::start();
    let world = World::new(&broker.address);
    let librdkafka = "session.timeout.ms: \"6000\", heartbeat.interval.ms: \"1000\"";
    let configuration = world.configuration(&broker.address, librdkafka);
    let freshet = Freshet::start_with(&configuration, &["run"], &[]).ready();
    world.send(0..100);
    eventually("all is committed", || world.behind(), |behind| *behind == 0);
    for first in [1_000, 2_000, 3_000] {
        world.fill(first..first + 1_000);
        world.send(first..first + 500);
        broker.signal("STOP");
        // What is awaited is that time passes.
        std::thread::sleep(Duration::from_millis(6_500));
        broker.signal("CONT");
        world.send(first + 500..first + 1_000);
        eventually("all is committed", || world.behind(), |behind| *behind == 0);
        world.redis.wait_for_names(&[]);
    }
    assert!(freshet.metric("freshet_widenings_total{reason=\"lost_offsets\"") < 0.5);
}
