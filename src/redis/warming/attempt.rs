use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{Cmd, ErrorKind, RedisError, RedisResult, Value};
use tokio::task::block_in_place;

use super::super::connection::Repeatable;
use super::super::deletion::{Along, delete, takes_no_write};
use super::super::fence::{self, Hold, Reply};
use crate::catalog::{Catalog, View, ViewId};
use crate::kafka::{Ask, Fresh, Rendered};
use crate::telemetry::Warmed;
use crate::values::Trouble;

/// Values in one pipeline: when they are more bytes than this, there are more pipelines.
const MOST_BYTES: usize = 1 << 20;
/// A value lives between nine tenths and the whole of its view's `ttl`, so that those that were written together do not
/// expire together.
const JITTER: f64 = 0.1;

/// What became of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Done {
    Written,
    /// The key is gone, and a fill is to follow under this token.
    Leased(Arc<str>),
    /// The key is gone, and the fill that is to follow is still the one that waits.
    Kept,
    /// The fill came too late.
    Late,
    /// A renewal did nothing.
    Left,
    /// It was deleted, and why.
    Deleted(Warmed),
}

/// Tokens that are one of a kind, here and in other copies.
#[derive(Debug)]
pub(super) struct Tokens {
    own: u128,
    next: AtomicU64,
}

impl Tokens {
    pub(super) fn new() -> Self {
        Self { own: fastrand::u128(..), next: AtomicU64::new(0) }
    }

    fn next(&self) -> Arc<str> {
        format!("freshet-{:032x}-{}", self.own, self.next.fetch_add(1, Ordering::Relaxed)).into()
    }
}

/// A fill that waits until the rows are those of all that was in the topics when its lease was taken.
#[derive(Debug, Clone)]
pub(super) struct Fill {
    pub(super) token: Arc<str>,
    pub(super) ask: Ask,
}

/// Writes values to Redis as they are when it is tried, and deletes keys that have none.
pub(super) struct Attempt<'a> {
    pub(super) catalog: &'a Catalog,
    pub(super) fresh: &'a Fresh,
    pub(super) tokens: &'a Tokens,
    pub(super) keys: &'a [(ViewId, &'a str)],
    /// For each key the fill that waits.
    pub(super) waiting: &'a [Option<Fill>],
    pub(super) what: What,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::redis) enum What {
    /// For a change of a row.
    Write,
    /// A second time, over what readers may have stored meanwhile.
    Again,
    /// When nothing changed.
    Renew,
    /// Under the token that waits.
    Fill,
}

impl Repeatable for Attempt<'_> {
    type Done = Vec<Done>;

    async fn attempt(&self, redis: &mut MultiplexedConnection) -> RedisResult<Vec<Done>> {
        let mut done = Vec::with_capacity(self.keys.len());
        while done.len() < self.keys.len() {
            let rest = &self.keys[done.len()..];
            // Whoever reads the topics holds the rows for milliseconds at a time.
            let (reading, rendered) = block_in_place(|| self.fresh.render(rest, MOST_BYTES));
            self.send(redis, reading, &rendered, &mut done).await?;
        }
        Ok(done)
    }
}

impl Attempt<'_> {
    async fn send(
        &self,
        redis: &mut MultiplexedConnection,
        reading: u64,
        rendered: &[Result<Rendered, Trouble>],
        done: &mut Vec<Done>,
    ) -> RedisResult<()> {
        let first = done.len();
        let mut pipeline = redis::pipe();
        // By default one error would hide the other replies.
        pipeline.ignore_errors();
        let mut tokens = Vec::with_capacity(rendered.len());
        for (at, rendered) in (first..).zip(rendered) {
            let (view, key) = self.keys[at];
            done.push(match rendered {
                // Rows of another reading may be older than what was acknowledged since the lease was taken.
                _ if self.what == What::Fill && !self.is_of(at, reading) => Done::Late,
                Ok(rendered) if fence::can_be_written(key) => {
                    let stands = self.fresh.stands_still(view, fence::LEASE);
                    let token = if stands { Arc::from("") } else { self.tokens.next() };
                    pipeline.add_command(self.command(self.catalog.view(view), at, rendered, &token));
                    tokens.push((at, token));
                    Done::Written
                }
                Err(Trouble::Empty) => Done::Deleted(Warmed::Empty),
                _ if self.what == What::Renew => Done::Left,
                Err(Trouble::TooLarge) => Done::Deleted(Warmed::TooLarge),
                Ok(_) | Err(_) => Done::Deleted(Warmed::Unknown),
            });
        }
        if !tokens.is_empty() {
            let replies: Vec<RedisResult<Value>> = pipeline.query_async(redis).await?;
            if replies.len() != tokens.len() {
                return Err(
                    (ErrorKind::UnexpectedReturnType, "another number of replies than of commands").into()
                );
            }
            for ((at, token), reply) in tokens.into_iter().zip(replies) {
                done[at] = match reply {
                    Err(error) if refuses(&error) && self.what == What::Renew => Done::Left,
                    Err(error) if refuses(&error) => Done::Deleted(Warmed::NoWrite),
                    reply => match Reply::read(reply?)? {
                        Reply::Written => Done::Written,
                        Reply::Refused => Done::Late,
                        Reply::Kept => Done::Kept,
                        Reply::Leased => Done::Leased(token),
                        Reply::Left => Done::Left,
                        Reply::Gone => Done::Deleted(Warmed::Unknown),
                    },
                };
            }
        }
        let along = match self.what {
            // No row changed: what stands there is as good as it was.
            What::Renew => return Ok(()),
            What::Write => Along::of_key,
            What::Again | What::Fill => Along::if_there,
        };
        let deleted = (first..done.len()).filter(|at| matches!(done[*at], Done::Deleted(_)));
        let key = |at: usize| {
            let (view, key) = self.keys[at];
            (key.as_bytes(), along(self.catalog.view(view)))
        };
        delete(redis, deleted.map(key).collect::<Vec<_>>().into_iter()).await.map(drop)
    }

    /// Whether a fill was asked for in this reading.
    fn is_of(&self, at: usize, reading: u64) -> bool {
        self.waiting[at].as_ref().is_some_and(|fill| fill.ask.is_of(reading))
    }

    fn command(&self, view: &View, at: usize, rendered: &Rendered, token: &str) -> Cmd {
        let ttl = view.warm.map_or(Duration::ZERO, |warm| warm.ttl);
        let hold = view.hold.map_or(0, |hold| u64::try_from(hold.as_millis()).unwrap_or(u64::MAX));
        let fresh = fence::Fresh {
            key: self.keys[at].1,
            value: &rendered.value,
            fence: &rendered.fence,
            ttl_ms: lives_ms(ttl),
            hold: Hold { millis: hold, if_there: self.what != What::Write },
        };
        let waiting = self.waiting[at].as_ref().map(|fill| &*fill.token);
        match self.what {
            What::Fill => fence::fill(&fresh, waiting.unwrap_or_default()),
            _ => fence::write(&fresh, token, waiting, self.what == What::Renew),
        }
    }
}

/// Whether Redis does not take this value, and would take another: a script that fails, as one does that meets what it did
/// not expect, or in a Redis before 7 whatever its commands fail by.
fn refuses(error: &RedisError) -> bool {
    takes_no_write(error) || error.code() == Some("ERR")
}

/// How long a value of a view with this `ttl` lives, in milliseconds.
pub(in crate::redis) fn lives_ms(ttl: Duration) -> u64 {
    u64::try_from(jittered(ttl, 1.0 - JITTER..1.0).as_millis()).unwrap_or(u64::MAX)
}

/// A part of a duration, drawn from these.
pub(super) fn jittered(of: Duration, parts: std::ops::Range<f64>) -> Duration {
    of.mul_f64(parts.start + fastrand::f64() * (parts.end - parts.start))
}
