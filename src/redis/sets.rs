//! The sets of parameters that readers have registered, and the keys that a family's deletion keeps for them.
//!
//! A reader registers a set when it computes its value: `ZADD freshet:params:<view> <unix seconds> <JSON list of values>`. The
//! sets are read when a family goes, and not followed: whether a row affects a set depends on these two alone, so a set that
//! was registered after the change is judged as well as one before. What cannot be read keeps nothing.
//!
//! Something else than a set under that name is left there: it keeps no key, and goes with its age.

use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use redis::aio::MultiplexedConnection;
use redis::{RedisError, RedisResult};

use super::connection::{Connection, Repeatable};
use super::policy::{Policy, policy};
use crate::catalog::{Catalog, Parameters, View, ViewId};
use crate::views::Scope;

/// What nobody has asked for in this time is forgotten. Readers' clocks count.
const AGE: Duration = Duration::from_hours(1);

/// How often old sets are forgotten. What is wrong with the sets is said no more often.
const EACH: Duration = Duration::from_mins(1);

/// The registered sets of all views.
pub(super) struct Sets<'c> {
    views: Vec<(&'c str, &'c Parameters)>,
    state: Mutex<State>,
}

struct State {
    next: Instant,
    said: bool,
}

impl<'c> Sets<'c> {
    pub(super) fn new(catalog: &'c Catalog) -> Self {
        let views = catalog.views.iter();
        let views = views.filter_map(|view| Some((view.name.as_str(), view.parameters.as_ref()?))).collect();
        Self { views, state: Mutex::new(State { next: Instant::now(), said: false }) }
    }

    /// When old sets are to be forgotten.
    pub(super) fn next(&self) -> Option<Instant> {
        (!self.views.is_empty()).then(|| self.lock().next)
    }

    /// Forgets the sets that nobody has asked for in a while, and those beyond the youngest so many.
    pub(super) async fn forget(&self, connection: &mut Connection) {
        connection.until_done(self).await;
        *self.lock() = State { next: Instant::now() + EACH, said: false };
    }

    /// The keys of the registered sets that no row of this scope affects.
    pub(super) async fn kept(
        &self,
        view: &View,
        scope: &Scope,
        redis: &mut MultiplexedConnection,
    ) -> RedisResult<Kept> {
        let (Some(parameters), Scope::Affected(affecting)) = (&view.parameters, scope) else {
            return Ok(Kept::default());
        };
        let mut youngest = redis::cmd("ZREVRANGEBYSCORE");
        youngest.arg(name(&view.name)).arg("+inf").arg(oldest());
        youngest.arg("LIMIT").arg(0).arg(parameters.max_sets);
        let registered: Vec<Vec<u8>> = match youngest.query_async(redis).await {
            Ok(registered) => registered,
            Err(error) if policy(&error) == Policy::Refused || error.code() == Some("WRONGTYPE") => {
                self.refused(&view.name, &error);
                return Ok(Kept::default());
            }
            Err(error) => return Err(error),
        };
        let (mut names, mut affected, mut odd) = (HashSet::new(), Vec::new(), 0);
        for member in &registered {
            let Some(set) = parameters.set(member) else {
                odd += 1;
                continue;
            };
            let key = parameters.key.spell(&set).into_bytes();
            if affecting.affects(parameters, &set) {
                affected.push(key);
            } else {
                names.insert(key);
            }
        }
        // 5 and "5" share a key.
        for key in &affected {
            names.remove(key);
        }
        if odd > 0 && self.may_say() {
            tracing::warn!(
                view = view.name,
                members = odd,
                "no sets of the view's parameters; they keep no key"
            );
        }
        Ok(Kept { names, met: AtomicU64::new(0) })
    }

    fn refused(&self, view: &str, error: &RedisError) {
        if self.may_say() {
            tracing::warn!(view, %error, "redis refuses the registered sets of parameters; the whole family is deleted");
        }
    }

    fn may_say(&self) -> bool {
        !std::mem::replace(&mut self.lock().said, true)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Repeatable for Sets<'_> {
    type Done = ();

    async fn attempt(&self, redis: &mut MultiplexedConnection) -> RedisResult<()> {
        let mut commands = redis::pipe();
        // What is refused is tried again in a while; nothing waits for it.
        commands.ignore_errors();
        for (view, parameters) in &self.views {
            commands.cmd("ZREMRANGEBYSCORE").arg(name(view)).arg("-inf").arg(format!("({}", oldest()));
            let beyond = -1 - i64::try_from(parameters.max_sets).unwrap_or(i64::MAX - 1);
            commands.cmd("ZREMRANGEBYRANK").arg(name(view)).arg(0).arg(beyond);
        }
        let replies: Vec<RedisResult<u64>> = commands.query_async(redis).await?;
        let refused = replies.iter().enumerate().find_map(|(at, reply)| Some((at, reply.as_ref().err()?)));
        if let Some((at, error)) = refused {
            self.refused(self.views[at / 2].0, error);
        }
        Ok(())
    }
}

/// Where readers register the sets of a view.
fn name(view: &str) -> String {
    format!("freshet:params:{view}")
}

/// The least score that counts.
fn oldest() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    now.saturating_sub(AGE).as_secs()
}

/// Names of keys that are not deleted.
#[derive(Debug, Default)]
pub(super) struct Kept {
    names: HashSet<Vec<u8>>,
    met: AtomicU64,
}

impl Kept {
    /// A deletion begins anew.
    pub(super) fn begin(&self) {
        self.met.store(0, Ordering::Relaxed);
    }

    /// Whether this name is kept.
    pub(super) fn holds(&self, name: &[u8]) -> bool {
        let holds = self.names.contains(name);
        self.met.fetch_add(u64::from(holds), Ordering::Relaxed);
        holds
    }

    /// How many names were kept.
    pub(super) fn met(&self) -> u64 {
        self.met.load(Ordering::Relaxed)
    }
}

/// What the second delete of each family takes: what the first ones took that it is for.
#[derive(Debug, Default)]
pub(super) struct Again(BTreeMap<ViewId, (Scope, Option<Scope>)>);

impl Again {
    /// A family has gone once; `is_pending` says whether a second delete of an earlier one has yet to come.
    pub(super) fn note(&mut self, view: ViewId, scope: &Scope, is_pending: bool) {
        match self.0.get_mut(&view) {
            Some((_, later)) if is_pending => match later {
                Some(later) => later.join(scope.clone()),
                None => *later = Some(scope.clone()),
            },
            _ => drop(self.0.insert(view, (scope.clone(), None))),
        }
    }

    /// What the delete that is due takes. What came while it was pending goes early, and once more if another delete follows.
    pub(super) fn take(&mut self, view: ViewId) -> Scope {
        let Some((mut scope, later)) = self.0.remove(&view) else { return Scope::Whole };
        if let Some(later) = later {
            scope.join(later.clone());
            self.0.insert(view, (later, None));
        }
        scope
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::Value;

    const VIEW: ViewId = ViewId::from_index(0);

    fn rows(shops: &[i64]) -> Scope {
        Scope::of(&shops.iter().map(|shop| vec![Value::Int(*shop)]).collect::<Vec<_>>())
    }

    #[test]
    fn a_second_delete_takes_what_the_first_ones_took() {
        let mut again = Again::default();
        again.note(VIEW, &rows(&[5]), false);
        again.note(VIEW, &rows(&[6]), true);
        again.note(VIEW, &rows(&[7]), true);
        assert_eq!(again.take(VIEW), rows(&[5, 6, 7]));
        // The later ones are due again: 5 has settled.
        again.note(VIEW, &rows(&[8]), true);
        assert_eq!(again.take(VIEW), rows(&[6, 7, 8]));
        again.note(VIEW, &rows(&[9]), false);
        assert_eq!(again.take(VIEW), rows(&[9]));
        assert_eq!(again.take(VIEW), Scope::Whole, "nothing was noted");
    }
}
