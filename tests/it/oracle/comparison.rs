//! What Redis holds against what the database says.

use std::collections::{BTreeMap, BTreeSet};

use postgres::Client;

use super::cache::Cache;
use super::keys::{Key, View};
use super::values;

const STEP: usize = 200;
/// Letters of a stale value that are told: before the first difference, and in all.
const BEFORE: usize = 80;
const SHOWN: usize = 200;

/// A key whose value is not the database's.
#[derive(Debug)]
pub struct Stale {
    pub key: Key,
    pub cached: String,
    /// None where the application would cache nothing.
    pub right: Option<String>,
}

/// The keys of the views that Redis holds.
pub fn held(cache: &mut Cache) -> BTreeSet<Key> {
    let names: Vec<String> = cache.ask(|redis| redis::cmd("KEYS").arg(":1:*").query(redis));
    names.iter().filter_map(|name| Key::parse(name)).collect()
}

/// How many keys were compared, and those that are stale.
pub fn compare(sql: &mut Client, cache: &mut Cache) -> (usize, Vec<Stale>) {
    let held: Vec<_> = held(cache).into_iter().collect();
    let mut stale = Vec::new();
    for view in View::ALL {
        let keys: Vec<_> = held.iter().filter(|key| key.view == view).copied().collect();
        for keys in keys.chunks(STEP) {
            let ids: Vec<_> = keys.iter().map(|key| key.id).collect();
            let right: BTreeMap<_, _> =
                values::compute(sql, view, &ids).expect("values").into_iter().collect();
            let names: Vec<_> = keys.iter().map(Key::to_string).collect();
            let cached: Vec<Option<String>> = cache.ask(|redis| redis::cmd("MGET").arg(&names).query(redis));
            for (&key, cached) in keys.iter().zip(cached) {
                let cached = cached.unwrap_or_else(|| panic!("{key} went after everything was applied"));
                let right = right.get(&key.id).cloned();
                if right.as_ref() != Some(&cached) {
                    stale.push(Stale { key, cached, right });
                }
            }
        }
    }
    (held.len(), stale)
}

/// Both values from shortly before they differ.
pub fn difference(cached: &str, right: &str) -> String {
    let same = cached.chars().zip(right.chars()).take_while(|(one, other)| one == other).count();
    let part = |value: &str| value.chars().skip(same.saturating_sub(BEFORE)).take(SHOWN).collect::<String>();
    format!("  cached: … {}\n  right:  … {}", part(cached), part(right))
}
