//! Events among readers that store ever new names: each name that was there before an event goes with it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use redis::{Commands as _, Connection};

use super::{BY_NAMES, LOST, calls, kill_clients, start, wait_until_known};
use crate::harness::{RedisServer, Topic, create};

/// Readers that store values under ever new names, and how far each has come.
struct Storm {
    stop: AtomicBool,
    stored: [AtomicU64; READERS],
    /// How far each may go, so that a slow machine's deletions are not overrun.
    allowed: AtomicU64,
}

const READERS: usize = 3;

/// Names that each reader may store for each event.
const EACH: u64 = 1_000;

/// Ends a storm, also when its test fails.
struct Ends<'s>(&'s Storm);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.stop.store(true, Ordering::Relaxed);
    }
}

impl Storm {
    fn name(reader: usize, number: u64) -> String {
        format!("{}:{reader}:{number}", ["board", "wall"][usize::try_from(number % 2).expect("a bit")])
    }

    fn read(&self, reader: usize, redis: &RedisServer) {
        let mut connection = redis.connect();
        let mut number = 0;
        while !self.stop.load(Ordering::Relaxed) {
            if number >= self.allowed.load(Ordering::Relaxed) {
                thread::sleep(Duration::from_millis(1));
                continue;
            }
            connection.set::<_, _, ()>(Self::name(reader, number), "cached").expect("a key is set");
            number += 1;
            // Acknowledged by Redis: from now on it was there before any event.
            self.stored[reader].store(number, Ordering::SeqCst);
        }
    }

    fn stored(&self) -> [u64; READERS] {
        [0, 1, 2].map(|reader| self.stored[reader].load(Ordering::SeqCst))
    }
}

/// Events among a storm of new names. Each name that was there before an event is gone when it is committed. `meanwhile`
/// is called after each event was appended.
fn storm(topic: &Topic, redis: &RedisServer, events: i64, mut meanwhile: impl FnMut(i64)) -> u64 {
    let storm = Storm { stop: AtomicBool::new(false), stored: Default::default(), allowed: EACH.into() };
    let before = topic.offsets()[0];
    let mut missed = Vec::new();
    thread::scope(|scope| {
        for reader in 0..READERS {
            let storm = &storm;
            scope.spawn(move || storm.read(reader, redis));
        }
        let _ends = Ends(&storm);
        let mut connection = redis.connect();
        let mut checked = [0; READERS];
        for event in 1..=events {
            let stored = storm.stored();
            topic.send(0, &[create(event, 1)]);
            meanwhile(event);
            topic.wait_for_offsets(&[before + event]);
            for reader in 0..READERS {
                for number in checked[reader]..stored[reader] {
                    let name = Storm::name(reader, number);
                    if connection.exists(&name).expect("Redis answers") {
                        missed.push((event, name));
                    }
                }
            }
            checked = stored;
            storm.allowed.fetch_add(EACH, Ordering::Relaxed);
        }
    });
    assert!(missed.is_empty(), "{} names were left, first {:?}", missed.len(), &missed[..1]);
    storm.stored().iter().sum()
}

#[test]
fn no_name_of_a_reader_storm_is_left() {
    let (topic, redis) = (Topic::new(1), RedisServer::start());
    let freshet = start(&topic, &redis);
    let mut connection = redis.connect();
    let (scans, by_names) = (calls(&mut connection, "scan"), freshet.metric(BY_NAMES));
    let names = storm(&topic, &redis, 60, |_| {});
    assert!(names > 1_000, "{names}");
    assert_eq!(calls(&mut connection, "scan"), scans, "nothing was walked");
    assert!(freshet.metric(BY_NAMES) > by_names + 115.0);
}

#[test]
fn no_name_is_left_when_connections_are_cut() {
    let (topic, redis) = (Topic::new(1), RedisServer::start());
    let freshet = start(&topic, &redis);
    let mut connection = redis.connect();
    let ways: [fn(&mut Connection); 2] = [
        |redis| kill_clients(redis, &["TYPE", "pubsub"]),
        |redis| {
            let clients: String = redis::cmd("CLIENT").arg("LIST").query(redis).expect("CLIENT LIST");
            // Redis marks a client that follows names by prefix with a B.
            let tracks =
                |line: &&str| line.split(' ').any(|field| field.starts_with("flags=") && field.contains('B'));
            for line in clients.lines().filter(tracks) {
                let id = line.split(' ').next().and_then(|id| id.strip_prefix("id=")).expect("a number");
                kill_clients(redis, &["ID", id]);
            }
        },
    ];
    let mut cuts = 0;
    storm(&topic, &redis, 80, |event| {
        if event % 8 == 0 {
            // At times it is known again since the last cut, at times it is being gathered.
            ways[usize::try_from(event / 8 % 2).expect("a bit")](&mut connection);
            cuts += 1;
        }
        if event % 16 == 4 {
            wait_until_known(&freshet, 1 + freshet.log.with_message(LOST).len());
        }
    });
    assert!(freshet.log.with_message(LOST).len() > 3, "of {cuts} cuts");
    wait_until_known(&freshet, 1 + freshet.log.with_message(LOST).len());
    // In the end it goes by names again, those included that were there when nothing was told.
    let (scans, by_names) = (calls(&mut connection, "scan"), freshet.metric(BY_NAMES));
    storm(&topic, &redis, 10, |_| {});
    assert_eq!(calls(&mut connection, "scan"), scans, "nothing was walked");
    assert!(freshet.metric(BY_NAMES) > by_names + 15.0);
}
