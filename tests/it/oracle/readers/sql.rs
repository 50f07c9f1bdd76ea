//! Readers without leases: get, and on a miss compute and set.

use std::collections::BTreeSet;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use fastrand::Rng;
use postgres::{Client, NoTls};

use super::shared::Shared;
use crate::harness::Stack;
use crate::oracle::cache::Cache;
use crate::oracle::keys::{self, Key, REGISTERED, View};
use crate::oracle::values;

const TTL_SECONDS: u64 = 3_600;
/// Keys of one view that a reader asks for at a time, as a page shows many.
const PAGE: usize = 40;
/// Between two pages. Readers that never pause would leave the machine to nobody else.
const THINKS: Duration = Duration::from_millis(10);
/// How long a reader waits for Redis.
const ANSWER: Duration = Duration::from_millis(1_500);
/// What Redis has not begun to store by then it does not store. A stopped Redis would otherwise do it once it wakes up, for
/// a reader that has gone on and excludes nobody any more.
const STORED: Duration = Duration::from_secs(1);

const STORE: &str = "
    local now = redis.call('TIME')
    if now[1] * 1000000 + now[2] > tonumber(ARGV[1]) then return redis.error_reply('LATE') end
    for place, key in ipairs(KEYS) do redis.call('SET', key, ARGV[place + 2], 'EX', ARGV[2]) end";

pub struct Reader {
    sql: Client,
    cache: Cache,
    /// A fill takes up to this long from the answer to the store. Where it excludes nobody, the value may be overtaken.
    delay: Duration,
    rng: Rng,
}

impl Reader {
    pub fn new(stack: &Stack, delay: Duration, rng: Rng) -> Self {
        Self {
            sql: Client::connect(&stack["DATABASE_URL"], NoTls).expect("PostgreSQL"),
            cache: Cache::with_patience(stack, ANSWER),
            delay,
            rng,
        }
    }

    /// Until it is told to stop.
    pub fn read(&mut self, shared: &Shared, stop: &AtomicBool) {
        while !stop.load(Ordering::Relaxed) {
            let view = if self.rng.u32(0..100) < 2 {
                *self.rng.choice(&[View::CollabStats, View::Dashboard]).expect("a choice")
            } else {
                *self.rng.choice(&View::BY_ID).expect("a choice")
            };
            let (first, last) = view.ids().into_inner();
            let count = i64::try_from(PAGE).expect("small").min(last);
            let from = self.rng.i64(first..=last - count + 1);
            self.page(shared, view, &(from..from + count).collect::<Vec<_>>(), self.delay);
            std::thread::sleep(THINKS);
        }
    }

    /// Every key once. Returns those that were there.
    pub fn read_all(&mut self, shared: &Shared) -> BTreeSet<Key> {
        let all = keys::all();
        let mut found = BTreeSet::new();
        for view in View::ALL {
            let ids: Vec<_> = all.iter().filter(|key| key.view == view).map(|key| key.id).collect();
            for ids in ids.chunks(PAGE) {
                found.extend(self.page(shared, view, ids, Duration::ZERO));
            }
        }
        found
    }

    fn page(&mut self, shared: &Shared, view: View, ids: &[i64], delay: Duration) -> Vec<Key> {
        let names: Vec<_> = ids.iter().map(|&id| Key { view, id }.to_string()).collect();
        let found = self.cache.try_ask(|redis| redis::cmd("MGET").arg(&names).query(redis));
        let Ok::<Vec<Option<String>>, _>(found) = found else {
            shared.unanswered.fetch_add(1, Ordering::Relaxed);
            return Vec::new();
        };
        let (there, missing): (Vec<_>, Vec<_>) =
            ids.iter().zip(&found).partition(|(_, value)| value.is_some());
        shared.hits.fetch_add(there.len() as u64, Ordering::Relaxed);
        let missing: Vec<_> = missing.into_iter().map(|(&id, _)| id).collect();
        if !missing.is_empty() {
            self.fill(shared, view, &missing, delay);
        }
        there.into_iter().map(|(&id, _)| Key { view, id }).collect()
    }

    /// A reader tells which sets it asks for, whether or not it gets to store their values.
    fn register(&mut self, ids: &[i64]) {
        let mut register = redis::cmd("ZADD");
        register.arg("freshet:params:collab_stats");
        for id in ids {
            let set = REGISTERED[usize::try_from(*id).unwrap_or(usize::MAX)];
            register.arg(micros_since_1970() / 1_000_000).arg(set);
        }
        // Without it the keys go with the family.
        let _ = self.cache.try_ask(|redis| register.exec(redis));
    }

    fn fill(&mut self, shared: &Shared, view: View, ids: &[i64], delay: Duration) {
        if view == View::CollabStats {
            self.register(ids);
        }
        let _undisturbed = shared.undisturbed();
        let at = shared.transactions.load(Ordering::Relaxed);
        let values = values::compute(&mut self.sql, view, ids).expect("values");
        std::thread::sleep(delay.mul_f64(self.rng.f64()));
        // An operator without a task has no value, and is asked for again and again.
        if values.is_empty() {
            return;
        }
        let keys: Vec<_> = values.iter().map(|&(id, _)| Key { view, id }).collect();
        let mut store = redis::cmd("EVAL");
        store.arg(STORE).arg(keys.len());
        for key in &keys {
            store.arg(key.to_string());
        }
        store.arg(micros_since_1970() + STORED.as_micros()).arg(TTL_SECONDS);
        for (_, value) in &values {
            store.arg(value);
        }
        if self.cache.try_ask(|redis| store.exec(redis)).is_err() {
            shared.unanswered.fetch_add(1, Ordering::Relaxed);
            return;
        }
        shared.fills.fetch_add(keys.len() as u64, Ordering::Relaxed);
        let mut filled = shared.filled.lock().unwrap_or_else(PoisonError::into_inner);
        filled.extend(keys.into_iter().map(|key| (key, at)));
    }
}

fn micros_since_1970() -> u128 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a clock").as_micros()
}
