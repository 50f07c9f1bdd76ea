//! Many readers, a writer, and freshet between Kafka and Redis. A value that is wrong when all is quiet stays so until it
//! expires. Readers without leases show that the race is there to be found; those with leases must never lose it.

use std::array;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use fastrand::Rng;
use redis::Commands as _;

use super::World;
use super::protocol::{Answer, Protocol};
use crate::harness::{Event, RedisServer, update};

const VIEWS: &str =
    "  shop: { key: \"shop:{shop_id}\", from: row }\n  board: { family: \"board:*\", from: row }";
const READERS: u64 = 6;
const SHOPS: usize = 8;
const ROUNDS: u64 = 12;
const WRITES: u64 = 30;
/// One fill in so many takes up to this long, which is longer than an event takes from the database to Redis.
const SELDOM: u32 = 4;
const SLOW: Duration = Duration::from_millis(400);

/// The database: a version for each shop, committed before its event is written.
#[derive(Default)]
struct Shops {
    versions: [AtomicI64; SHOPS],
    fills: AtomicU64,
    refused: AtomicU64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Readers {
    Stock,
    Leased,
}

impl Shops {
    fn version(&self, shop: usize) -> i64 {
        self.versions[shop].load(Ordering::SeqCst)
    }

    /// What a key's value is made of: the board is made of all shops.
    fn value(&self, key: &str) -> String {
        match key.strip_prefix("shop:") {
            Some(shop) => self.version(shop.parse().expect("a shop")).to_string(),
            None => array::from_fn::<_, SHOPS, _>(|shop| self.version(shop).to_string()).join(" "),
        }
    }

    fn read(&self, readers: Readers, redis: &RedisServer, seed: u64, stop: &AtomicBool) {
        let (mut rng, protocol, mut redis) = (Rng::with_seed(seed), Protocol::new(), redis.connect());
        let keys = keys();
        while !stop.load(Ordering::Relaxed) {
            let key = rng.choice(&keys).expect("a key");
            let token = rng.u64(..).to_string();
            let is_missing = match readers {
                Readers::Stock => redis.get::<_, Option<String>>(key).expect("an answer").is_none(),
                Readers::Leased => protocol.read_or_lease(&mut redis, key, &token) == Answer::Leased,
            };
            if is_missing {
                let value = self.value(key);
                let longest = if rng.u32(0..SELDOM) == 0 { SLOW } else { SLOW / 100 };
                thread::sleep(longest.mul_f64(rng.f64()));
                let stored = match readers {
                    Readers::Stock => redis.set_ex(key, value, 3_600).map(|()| true).expect("stored"),
                    Readers::Leased => protocol.fill(&mut redis, key, &token, &value),
                };
                let count = if stored { &self.fills } else { &self.refused };
                count.fetch_add(1, Ordering::Relaxed);
            }
            thread::sleep(Duration::from_micros(rng.u64(0..1_000)));
        }
    }

    fn write(&self, rng: &mut Rng) -> Event {
        let shop = rng.usize(0..SHOPS);
        self.versions[shop].fetch_add(1, Ordering::SeqCst);
        let shop = i64::try_from(shop).expect("small");
        update(shop, shop, shop)
    }
}

fn keys() -> Vec<String> {
    (0..SHOPS).map(|shop| format!("shop:{shop}")).chain(["board:all".to_owned()]).collect()
}

/// How many values are stale each time all is quiet, of how many, and how many fills were stored and refused.
fn run(readers: Readers) -> (usize, usize, u64, u64) {
    let world = World::new(VIEWS);
    let shops = Shops::default();
    let (mut stale, mut values) = (0, 0);
    for round in 0..ROUNDS {
        let stop = AtomicBool::new(false);
        thread::scope(|scope| {
            for reader in 0..READERS {
                let (shops, redis, stop) = (&shops, &world.redis, &stop);
                scope.spawn(move || shops.read(readers, redis, round * READERS + reader, stop));
            }
            let mut rng = Rng::with_seed(round);
            for _ in 0..WRITES {
                let event = shops.write(&mut rng);
                world.topic.send(0, &[event]);
                thread::sleep(Duration::from_micros(rng.u64(0..30_000)));
            }
            stop.store(true, Ordering::Relaxed);
        });
        world.topic.wait_for_offsets(&[i64::try_from((round + 1) * WRITES).expect("small")]);
        let mut redis = world.redis.connect();
        for key in keys() {
            if let Some(value) = redis.get::<_, Option<String>>(&key).expect("an answer") {
                values += 1;
                stale += usize::from(value != shops.value(&key));
            }
        }
    }
    (stale, values, shops.fills.into_inner(), shops.refused.into_inner())
}

#[test]
fn stock_readers_store_stale_values_and_leased_readers_none() {
    let (stale, values, fills, _) = run(Readers::Stock);
    println!("stock: {stale} of {values} values stale when quiet, {fills} fills");
    assert!(stale > 0, "the race is not there, so that nothing is shown");
    let (stale, values, fills, refused) = run(Readers::Leased);
    println!("leased: {stale} of {values} values stale when quiet, {fills} fills, {refused} refused");
    assert!(values > 0 && fills > 0 && refused > 0, "{values} values, {fills} fills, {refused} refused");
    assert_eq!(stale, 0, "of {values}");
}
