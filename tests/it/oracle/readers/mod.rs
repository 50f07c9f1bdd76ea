//! The application's readers: in this process, with the statements of [`super::values`], or the example app itself.

mod agreement;
mod application;
mod shared;
mod sql;

use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;
use std::thread::{self, Scope};

use fastrand::Rng;
use postgres::Client;

pub use self::shared::Shared;
use self::{application::Application, sql::Reader};
use super::cache::Cache;
use super::comparison::{self, Stale};
use super::keys::{self, Key};
use super::settings::Settings;
use crate::harness::Stack;

/// Of those that no transaction waits for there may be many: they are slow, and cost little.
const WITH_TRANSACTIONS: usize = 2;
const BESIDE_TRANSACTIONS: usize = 8;

pub enum Readers {
    Sql(Vec<Reader>),
    /// One over Django's own Redis cache, and one over django-redis.
    Application(Vec<Application>),
}

impl Readers {
    pub fn new(settings: &Settings, stack: &Stack, rng: &mut Rng) -> Self {
        if settings.application {
            let caches = ["django", "django-redis"].into_iter();
            return Self::Application(
                caches.map(|cache| Application::start(settings, stack, cache, rng.fork())).collect(),
            );
        }
        let count = if settings.mode.exclusive() { WITH_TRANSACTIONS } else { BESIDE_TRANSACTIONS };
        Self::Sql((0..count).map(|_| Reader::new(stack, settings.delay, rng.fork())).collect())
    }

    /// Each reads in a thread of its own until it is told to stop.
    pub fn read<'scope>(
        &'scope mut self,
        scope: &'scope Scope<'scope, '_>,
        shared: &'scope Shared,
        stop: &'scope AtomicBool,
    ) {
        match self {
            Self::Sql(readers) => {
                for reader in readers {
                    scope.spawn(|| reader.read(shared, stop));
                }
            }
            Self::Application(readers) => {
                for reader in readers {
                    scope.spawn(|| reader.read(shared, stop));
                }
            }
        }
    }

    /// Every key once, so that none is missing but those without a value. Returns those that were there.
    pub fn read_all(&mut self, shared: &Shared) -> BTreeSet<Key> {
        match self {
            Self::Sql(readers) => readers[0].read_all(shared),
            Self::Application(readers) => {
                each_its_part(readers, &keys::all(), |reader, keys| reader.fill(keys, shared))
                    .into_iter()
                    .collect()
            }
        }
    }

    /// How many keys were compared, and those that are stale.
    pub fn compare(&mut self, sql: &mut Client, cache: &mut Cache) -> (usize, Vec<Stale>) {
        let Self::Application(readers) = self else { return comparison::compare(sql, cache) };
        let held: Vec<_> = comparison::held(cache).into_iter().collect();
        let served = each_its_part(readers, &held, Application::compare);
        (held.len(), agreement::stale(sql, &served))
    }

    /// What each has said, for the one who reads why a run failed.
    pub fn logs(&self) -> Vec<(String, String)> {
        match self {
            Self::Sql(_) => Vec::new(),
            Self::Application(readers) => readers.iter().map(Application::log).collect(),
        }
    }
}

fn each_its_part<T: Send>(
    readers: &mut [Application],
    keys: &[Key],
    work: impl Fn(&mut Application, &[Key]) -> Vec<T> + Sync,
) -> Vec<T> {
    let part = keys.len().div_ceil(readers.len()).max(1);
    thread::scope(|scope| {
        let work = &work;
        let threads: Vec<_> = readers
            .iter_mut()
            .zip(keys.chunks(part))
            .map(|(reader, keys)| scope.spawn(move || work(reader, keys)))
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("a reader")).collect()
    })
}
