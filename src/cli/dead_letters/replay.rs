use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufWriter, Write as _};
use std::mem;
use std::sync::Arc;

use clap::Args;
use redis::aio::MultiplexedConnection;
use tokio::runtime::Runtime;

use super::{Place, Topic};
use crate::catalog::Catalog;
use crate::cli::explain::{Goes, Judge, print};
use crate::cli::{Failure, runtime};
use crate::config::Settings;
use crate::debezium::Record;
use crate::kafka::DeadLetter;
use crate::redis::{Along, connect_once, delete, delete_family};

/// Decode them again with today's configuration, and delete what they made stale
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  freshet dead-letters replay 0:17 --dry-run      what would it delete?
  freshet dead-letters replay 0:17
  freshet dead-letters replay --all

It decodes and judges like `freshet explain`, without the rows of tracked tables, so more may be deleted than was stale.
The letter stays in the dead-letter topic, and nothing is written to the table's topic, where it would come out of order.
A letter that cannot be decoded still deletes nothing: its table's families went when it was met. Exit code 1 then.")]
pub(super) struct Replay {
    /// Its place in the dead-letter topic, as the list shows it
    #[arg(value_name = "PARTITION:OFFSET", required_unless_present = "all", conflicts_with = "all")]
    place: Option<Place>,
    /// All of them
    #[arg(long)]
    all: bool,
    /// Delete nothing: print what would be deleted
    #[arg(long)]
    dry_run: bool,
}

/// Keys that are gathered before they are sent.
const MOST_KEYS: usize = 10_000;

impl Replay {
    pub(super) fn execute(&self, settings: &Settings, topic: &Topic<'_>) -> Result<(), Failure> {
        let mut replaying = Replaying::new(settings, self.dry_run)?;
        let mut result = Ok(());
        let mut one = |letter: &DeadLetter| {
            if result.is_ok() {
                result = replaying.letter(letter);
            }
        };
        match self.place {
            Some(place) => one(&topic.find(place)?),
            None => topic.read(|letter, _| one(&letter))?,
        }
        result?;
        replaying.end()
    }
}

/// The effects of letters, gathered. A change that became a letter is in the database long since: so each family goes once,
/// at the end, whatever is filled meanwhile.
struct Replaying<'s> {
    settings: &'s Settings,
    catalog: Arc<Catalog>,
    judge: Judge,
    /// `None`: nothing is deleted.
    redis: Option<(Runtime, MultiplexedConnection)>,
    /// Each with its view's `hold`.
    /// Each with its view.
    keys: BTreeMap<String, String>,
    families: BTreeSet<String>,
    deleted: u64,
    applied: u64,
    wrong: u64,
}

impl<'s> Replaying<'s> {
    fn new(settings: &'s Settings, dry_run: bool) -> Result<Self, Failure> {
        let catalog = Arc::new(settings.catalog.clone());
        let redis = if dry_run {
            None
        } else {
            let runtime = runtime()?;
            let redis = runtime
                .block_on(connect_once(&settings.redis.url))
                .map_err(|error| redis_failed(settings, &error))?;
            Some((runtime, redis))
        };
        let judge = Judge::new(Arc::clone(&catalog));
        let (keys, families) = (BTreeMap::new(), BTreeSet::new());
        Ok(Self { settings, catalog, judge, redis, keys, families, deleted: 0, applied: 0, wrong: 0 })
    }

    /// Says what the letter comes to, and gathers that.
    fn letter(&mut self, letter: &DeadLetter) -> Result<(), Failure> {
        let place = Place { partition: letter.place.0, offset: letter.place.1 };
        let with_value = |(name, value): &(String, Option<Vec<u8>>)| Some((name.clone(), value.clone()?));
        let headers: Vec<(String, Vec<u8>)> = letter.headers.iter().filter_map(with_value).collect();
        let record = Record {
            topic: &letter.topic,
            key: letter.key.as_deref(),
            value: letter.value.as_deref(),
            headers: &headers,
        };
        let verdict = self.judge.record_alone(&record, letter.partition, letter.offset);
        let mut verdict = verdict;
        if verdict.error.is_some() {
            // They went when the event was read, and do not go now.
            verdict.effects.clear();
        }
        let mut output = BufWriter::new(io::stdout().lock());
        // Whoever reads the output may have seen enough; the letters are applied all the same.
        let _ = print::text(&mut output, &format!("letter {place}"), &verdict).and_then(|()| output.flush());
        if verdict.error.is_some() || verdict.table.is_none() {
            self.wrong += 1;
            return Ok(());
        }
        self.applied += 1;
        for effect in verdict.effects {
            match effect.goes {
                Goes::Key(key) => drop(self.keys.insert(key, effect.view)),
                Goes::Family(_) | Goes::Affected { .. } => drop(self.families.insert(effect.view)),
            }
        }
        if self.keys.len() >= MOST_KEYS { self.delete_keys() } else { Ok(()) }
    }

    fn delete_keys(&mut self) -> Result<(), Failure> {
        let keys = mem::take(&mut self.keys);
        if let Some((runtime, redis)) = &mut self.redis
            && !keys.is_empty()
        {
            let view = |name: &String| self.catalog.view_by_name(name).map(|id| self.catalog.view(id));
            let keys =
                keys.iter().filter_map(|(key, name)| Some((key.as_bytes(), Along::of_key(view(name)?))));
            self.deleted += runtime
                .block_on(delete(redis, keys))
                .map_err(|error| redis_failed(self.settings, &error))?
                .keys;
        }
        Ok(())
    }

    fn end(mut self) -> Result<(), Failure> {
        self.delete_keys()?;
        if let Some((runtime, redis)) = &mut self.redis {
            for view in self.catalog.views.iter().filter(|view| self.families.contains(&view.name)) {
                self.deleted += runtime
                    .block_on(delete_family(redis, view))
                    .map_err(|error| redis_failed(self.settings, &error))?
                    .keys;
            }
        }
        let done = if self.redis.is_some() { "applied" } else { "would be applied" };
        let what =
            if self.redis.is_some() { format!(": {} keys deleted", self.deleted) } else { String::new() };
        let s = if self.applied == 1 { "" } else { "s" };
        // Nothing is to be done where it is closed.
        let _ = writeln!(io::stderr(), "{} letter{s} {done}{what}", self.applied);
        match self.wrong {
            0 => Ok(()),
            1 => Err(Failure::Failed("1 letter still cannot be decoded".to_owned())),
            wrong => Err(Failure::Failed(format!("{wrong} letters still cannot be decoded"))),
        }
    }
}

fn redis_failed(settings: &Settings, error: &redis::RedisError) -> Failure {
    Failure::Failed(format!("Redis at {} failed: {error}; replay them again", settings.redis.url))
}
