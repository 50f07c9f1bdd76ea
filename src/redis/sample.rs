//! Looking at values that somebody cached, without changing anything.

use std::collections::BTreeSet;
use std::hash::{BuildHasher as _, Hasher as _};
use std::time::Duration;

use foldhash::quality::FixedState;
use redis::aio::MultiplexedConnection;
use redis::{ErrorKind, RedisResult, Value, from_redis_value};

use super::walk::Walk;
use crate::catalog::Pattern;

/// A longer value is not read, and values in one pipeline.
const MOST_BYTES: usize = 1 << 20;
const AT_ONCE: usize = 16;

/// What Redis has under a name.
#[derive(Debug, PartialEq, Eq)]
pub enum Cached {
    Absent,
    /// With how long it lives, if it expires.
    Value(Vec<u8>, Option<Duration>),
    TooLong,
    /// It is no string.
    OfAnotherKind,
}

/// So many keys of a family, and how many there are. Which ones depends on the seed and on their names alone. `told` hears of how
/// many were found so far.
pub async fn sample(
    redis: &mut MultiplexedConnection,
    family: &Pattern,
    seed: u64,
    most: usize,
    mut told: impl FnMut(usize),
) -> RedisResult<Vec<String>> {
    let state = FixedState::with_seed(seed);
    let mut kept: BTreeSet<(u64, String)> = BTreeSet::new();
    let mut walk = Walk::new(family.glob());
    let mut found = 0;
    while let Some(names) = walk.step(redis).await? {
        for name in names.into_iter().filter(|name| family.matches(name)) {
            found += 1;
            // The values that fill keys are texts.
            let Ok(name) = String::from_utf8(name) else { continue };
            let mut hasher = state.build_hasher();
            hasher.write(name.as_bytes());
            kept.insert((hasher.finish(), name));
            if kept.len() > most {
                kept.pop_last();
            }
        }
        told(found);
    }
    Ok(kept.into_iter().map(|(_, name)| name).collect())
}

/// What the keys hold, in their order.
pub async fn cached(redis: &mut MultiplexedConnection, keys: &[&str]) -> RedisResult<Vec<Cached>> {
    let mut all = Vec::with_capacity(keys.len());
    for keys in keys.chunks(AT_ONCE) {
        let mut pipeline = redis::pipe();
        // By default one error would hide the other replies.
        pipeline.ignore_errors();
        for key in keys {
            pipeline.cmd("GETRANGE").arg(*key).arg(0).arg(MOST_BYTES);
            pipeline.cmd("PTTL").arg(*key);
        }
        let mut replies = pipeline.query_async::<Vec<RedisResult<Value>>>(redis).await?.into_iter();
        for _ in keys {
            let (Some(value), Some(lives)) = (replies.next(), replies.next()) else {
                return Err((ErrorKind::UnexpectedReturnType, "fewer replies than commands").into());
            };
            let lives: i64 = from_redis_value(lives?)?;
            all.push(match value {
                Err(error) if error.code() == Some("WRONGTYPE") => Cached::OfAnotherKind,
                value => {
                    let value: Vec<u8> = from_redis_value(value?)?;
                    match value.len() {
                        // Nobody caches a value of no bytes.
                        0 => Cached::Absent,
                        length if length > MOST_BYTES => Cached::TooLong,
                        _ => Cached::Value(value, u64::try_from(lives).ok().map(Duration::from_millis)),
                    }
                }
            });
        }
    }
    Ok(all)
}
