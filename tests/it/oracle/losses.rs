//! What Redis loses of warmed keys at any time, by eviction or somebody's hand; and whether what it then holds ever goes back.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use fastrand::Rng;
use redis::{Connection, RedisResult};

use super::cache::Cache;
use super::keys::{Key, View};
use crate::harness::Stack;

const WARMED: [View; 2] = [View::TaskStats, View::DeptWorkload];
/// Between two losses, and between two looks at some fences.
const EVERY: Duration = Duration::from_millis(5);
/// Keys of a view whose fences are looked at, all of which lose something now and then.
const WATCHED: i64 = 40;
/// One loss in so many is of a watched key.
const OF_WATCHED: u32 = 4;
/// How long Redis may take. It is stopped and restarted meanwhile.
const ANSWER: Duration = Duration::from_millis(500);

pub struct Losses {
    cache: Cache,
    rng: Rng,
    /// Of which server, and what each watched fence held last.
    seen: (String, HashMap<Key, Vec<i64>>),
    pub lost: u64,
    pub looks: u64,
    /// What went back.
    pub wrong: Vec<String>,
}

impl Losses {
    pub fn new(stack: &Stack, rng: Rng) -> Self {
        let cache = Cache::with_patience(stack, ANSWER);
        Self { cache, rng, seen: Default::default(), lost: 0, looks: 0, wrong: Vec::new() }
    }

    /// Until it is told to stop.
    pub fn go_on(&mut self, stop: &AtomicBool) {
        while !stop.load(Ordering::Relaxed) {
            std::thread::sleep(EVERY);
            // A Redis that is away loses nothing.
            let _ = self.lose().and_then(|()| self.look());
        }
    }

    /// Takes a value, a fence, a lease, or all that lies beside a key.
    fn lose(&mut self) -> RedisResult<()> {
        let view = *self.rng.choice(&WARMED).expect("a choice");
        let watched = self.rng.u32(0..OF_WATCHED) == 0;
        let id = if watched { self.rng.i64(1..=WATCHED) } else { self.rng.i64(view.ids()) };
        let key = Key { view, id }.to_string();
        let names = [key.clone(), beside("fence", &key), beside("lease", &key)];
        let which = match self.rng.u8(0..4) {
            3 => &names[..],
            one => &names[usize::from(one)..=usize::from(one)],
        };
        self.lost += self.cache.try_ask(|redis| redis::cmd("UNLINK").arg(which).query::<u64>(redis))?;
        Ok(())
    }

    /// Looks whether a fence went back that one server holds: what is written later is of a later place in each topic.
    fn look(&mut self) -> RedisResult<()> {
        let ids = self.rng.i64(1..=WATCHED)..=WATCHED;
        let keys: Vec<Key> =
            WARMED.iter().flat_map(|&view| ids.clone().map(move |id| Key { view, id })).collect();
        let names: Vec<String> = keys.iter().map(|key| beside("fence", &key.to_string())).collect();
        let (server, fences) = self.cache.try_ask(|redis| {
            let before = run_id(redis)?;
            let fences: Vec<Option<String>> = redis::cmd("MGET").arg(&names).query(redis)?;
            let same = before == run_id(redis)?;
            Ok((before, if same { fences } else { Vec::new() }))
        })?;
        if self.seen.0 != server {
            self.seen = (server, HashMap::new());
        }
        for (key, fence) in keys.into_iter().zip(fences) {
            let Some(fence) = fence else { continue };
            let places: Vec<i64> =
                fence.split(' ').skip(1).map(|place| place.parse().expect("an offset")).collect();
            self.looks += 1;
            if let Some(before) = self.seen.1.insert(key, places.clone())
                && (before.len() != places.len()
                    || before.iter().zip(&places).any(|(before, now)| now < before))
            {
                self.wrong.push(format!("the value of {key} went back from {before:?} to {places:?}"));
            }
        }
        Ok(())
    }
}

fn run_id(redis: &mut Connection) -> RedisResult<String> {
    let info: redis::InfoDict = redis::cmd("INFO").arg("server").query(redis)?;
    Ok(info.get("run_id").unwrap_or_default())
}

fn beside(what: &str, key: &str) -> String {
    format!("freshet:{what}:{{{key}}}")
}
