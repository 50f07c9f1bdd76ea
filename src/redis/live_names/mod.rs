//! The names in Redis that are perhaps there, of each declared family: its deletion costs what exists of it.
//!
//! A declared family goes on ordinary changes. `SCAN` costs what Redis holds, so Redis is asked to tell of each name with
//! the family's prefix (`CLIENT TRACKING … BCAST`), and one `SCAN` finds those that were there before. From then on the
//! names kept are a superset of the family. What must hold: a key that was set before a deletion was asked for is deleted.
//!
//! - Set before: two round trips before the names are taken prove that all has been heard ([`Link::settle`]).
//! - Set while the deletion is on its way: names are taken *before* they are sent, so what is heard since is kept.
//! - The deletion fails, or reaches another server than the one that tells: its names come back, and `SCAN` walks.
//! - Either connection is cut: no round trip ends, `SCAN` walks, and nothing is known until names are gathered anew.
//! - Redis was emptied: it may be about to load another's keys, of which it says nothing. Names are gathered anew.
//! - The lease of a name ([`lease`]) is taken while that is not there: Redis is asked to tell of leases too, and what is
//!   kept is the name whose lease it is. Each name goes after its lease.
//! - A family has too many names, a server cannot tell, or may not: `SCAN`.
//!
//! Redis tells of a name whatever its database. It does not tell of `SWAPDB`: keys that come by it and were set in the other
//! database before the names were gathered are not known.

mod following;
mod link;
mod names;

use std::collections::HashSet;
use std::iter;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use prometheus::IntGauge;
use redis::aio::MultiplexedConnection;
use redis::{RedisResult, Value};
use tokio::sync::Notify;

use self::link::{Link, Word, run_id};
use self::names::{Name, Names};
use super::deletion::{Along, Deleted, delete};
use super::sets::Kept;
use super::{beside, lease};
use crate::catalog::{Catalog, Pattern, View, ViewId};
use crate::config::RedisUrl;
use crate::telemetry::Metrics;

/// The live names of all declared families.
pub struct LiveNames {
    url: RedisUrl,
    state: Mutex<State>,
    /// Tells that names must be gathered.
    sought: Notify,
}

struct State {
    link: Option<Link>,
    /// Counts the links, so that what began with one does not end with another.
    links: u64,
    /// Sorted by prefix; none begins with another.
    families: Vec<Family>,
}

struct Family {
    view: ViewId,
    name: String,
    pattern: Pattern,
    /// What goes along with these names.
    along: Along,
    names: Names,
    count: IntGauge,
    /// It is said once that there are too many.
    said: bool,
}

impl LiveNames {
    /// Does not connect yet.
    pub fn new(url: RedisUrl, catalog: &Catalog, metrics: &Metrics) -> Self {
        let mut families: Vec<Family> = declared(catalog)
            .map(|(id, view)| Family {
                view: id,
                name: view.name.clone(),
                pattern: view.pattern.clone(),
                along: Along::if_there(view),
                names: Names::default(),
                count: metrics.live_names(id),
                said: false,
            })
            .collect();
        families.sort_unstable_by(|one, other| one.pattern.prefix().cmp(other.pattern.prefix()));
        let state = Mutex::new(State { link: None, links: 0, families });
        Self { url, state, sought: Notify::new() }
    }

    /// Whether the names of a view's family are known.
    pub fn are_known(&self, view: ViewId) -> bool {
        self.lock().families.iter().any(|family| family.view == view && family.names.are_known())
    }

    /// Deletes the family of a view by its names, and returns what that did. `None` if it must be walked: its
    /// names are not known, or it was not proven in time that no other is on its way, or Redis did not delete them.
    pub async fn delete(&self, view: ViewId, redis: &mut MultiplexedConnection) -> Option<Deleted> {
        self.delete_but(view, &Kept::default(), redis).await
    }

    /// The same, but for names that are kept, and their leases. They stay known.
    pub(super) async fn delete_but(
        &self,
        view: ViewId,
        kept: &Kept,
        redis: &mut MultiplexedConnection,
    ) -> Option<Deleted> {
        let (link, number) = self.link_for(view)?;
        if !link.settles_in_time().await {
            return None;
        }
        let (mut names, along) = self.take(view, number)?;
        kept.begin();
        self.put_back(view, names.extract_if(|name| kept.holds(name)).collect());
        // Asked first, on the same connection: both answers are of one server.
        let mut asking = redis.clone();
        let (server, deleted) = tokio::join!(run_id(&mut asking), send(redis, &names, along));
        if let (Ok(server), Ok(deleted)) = (&server, deleted)
            && *server == link.server
        {
            return Some(deleted);
        }
        self.put_back(view, names);
        if server.is_ok_and(|server| server != link.server) {
            // The address leads elsewhere by now: what is told is of no use.
            link.cut.notify_one();
        }
        None
    }

    fn link_for(&self, view: ViewId) -> Option<(Link, u64)> {
        let state = self.lock();
        let known = state.families.iter().any(|family| family.view == view && family.names.are_known());
        state.link.clone().filter(|_| known).map(|link| (link, state.links))
    }

    /// The names of a view's family, unless the link that proved them complete has been replaced.
    fn take(&self, view: ViewId, number: u64) -> Option<(HashSet<Name>, Along)> {
        let mut state = self.lock();
        if state.links != number {
            return None;
        }
        let family = state.families.iter_mut().find(|family| family.view == view)?;
        let names = family.names.take();
        family.tell();
        Some((names?, family.along))
    }

    fn put_back(&self, view: ViewId, names: HashSet<Name>) {
        let mut state = self.lock();
        if let Some(family) = state.families.iter_mut().find(|family| family.view == view) {
            family.add(names.into_iter());
        }
    }

    fn hear(&self, word: Word) {
        let mut state = self.lock();
        match word {
            Word::Names(names) => {
                for name in names {
                    // Redis tells names as strings; another thing is none.
                    let Value::BulkString(name) = name else { continue };
                    for name in iter::once(&name[..]).chain(beside::keys_of(lease::PREFIX, &name)) {
                        if let Some(family) = state.family_of(name) {
                            family.add(iter::once(name.into()));
                        }
                    }
                }
            }
            Word::Flushed => {
                drop(state);
                self.forget();
            }
        }
    }

    /// Names may be there that Redis did not tell of: they are gathered anew, and families are walked until then.
    pub fn forget(&self) {
        self.lock().families.iter_mut().for_each(Family::forget);
        self.sought.notify_one();
    }

    /// A panic elsewhere leaves plain sets behind, each of them whole.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn family_of(&mut self, name: &[u8]) -> Option<&mut Family> {
        let after = self.families.partition_point(|family| family.pattern.prefix().as_bytes() <= name);
        let family = self.families.get_mut(after.checked_sub(1)?)?;
        family.pattern.matches(name).then_some(family)
    }
}

impl Family {
    fn forget(&mut self) {
        self.names.forget();
        self.tell();
    }

    fn tell(&self) {
        self.count.set(i64::try_from(self.names.len()).unwrap_or(i64::MAX));
    }

    fn add(&mut self, names: impl Iterator<Item = Name>) {
        let now = Instant::now();
        let mut fit = true;
        for name in names {
            fit &= self.names.add(name, now);
        }
        if !fit && !self.said {
            self.said = true;
            tracing::warn!(view = self.name, "too many names to keep; its family is deleted by SCAN");
        }
        self.tell();
    }
}

/// Whether Redis can tell of names, and may: `None` if no family needs it.
pub async fn can_follow(url: &RedisUrl, catalog: &Catalog) -> Option<RedisResult<()>> {
    let prefixes = followed(declared(catalog).map(|(_, view)| view.pattern.prefix()));
    if prefixes.is_empty() {
        return None;
    }
    Some(Link::open(url, &prefixes, |_| {}).await.map(drop))
}

fn declared(catalog: &Catalog) -> impl Iterator<Item = (ViewId, &View)> {
    let views = catalog.view_ids().map(|id| (id, catalog.view(id)));
    views.filter(|(_, view)| matches!(view.pattern, Pattern::Declared { .. }))
}

/// What the names of these families, and of their leases, begin with. Redis wants none that begins with another, as would
/// the leases of `board:*` and of `{board:*`.
fn followed<'p>(prefixes: impl Iterator<Item = &'p str>) -> Vec<String> {
    let mut all: Vec<String> = prefixes
        .flat_map(|prefix| {
            let lease = lease::PREFIX;
            [prefix.to_owned(), format!("{lease}{prefix}"), format!("{lease}{{{prefix}")]
        })
        .collect();
    all.sort_unstable();
    all.dedup_by(|next, shorter| next.starts_with(shorter.as_str()));
    all
}

async fn send(
    redis: &mut MultiplexedConnection,
    names: &HashSet<Name>,
    along: Along,
) -> RedisResult<Deleted> {
    delete(redis, names.iter().map(|name| (&**name, along))).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leases_are_followed_and_no_prefix_begins_with_another() {
        let followed = |prefixes: &[&str]| followed(prefixes.iter().copied());
        assert_eq!(followed(&["board:"]), ["board:", "freshet:lease:board:", "freshet:lease:{board:"]);
        assert_eq!(
            followed(&["board:", "{board:"]),
            ["board:", "freshet:lease:board:", "freshet:lease:{board:", "freshet:lease:{{board:", "{board:"]
        );
        assert_eq!(followed(&[]), [""; 0]);
    }
}
