use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use std::{iter, mem};

use redis::RedisResult;
use redis::aio::MultiplexedConnection;
use tokio::sync::Notify;

use super::connection::{Connection, Ping, Repeatable};
use super::deletion::{Along, Deleted, delete};
use super::live_names::LiveNames;
use super::sets::{Again, Kept, Sets};
use super::settling::{Due, Settling};
use super::walk::Walk;
use super::writer::{acknowledge, until};
use super::{beside, fence, lease};
use crate::batch::Family;
use crate::catalog::{Catalog, View, ViewId, escape_glob};
use crate::handoff::Handoff;
use crate::kafka::Share;
use crate::telemetry::{FamilyDeletion, How, Metrics};
use crate::views::{Reason, Scope};

/// Deletes families, one at a time: declared ones by their live names, others by `SCAN`. What is asked for while one runs is
/// done once after it.
pub struct Families {
    catalog: Arc<Catalog>,
    names: Arc<LiveNames>,
    asked: Mutex<Asked>,
    more: Notify,
    /// Whose values are written, and that were deleted.
    gone: Mutex<BTreeSet<ViewId>>,
    went: Notify,
}

#[derive(Debug, Default)]
struct Asked {
    views: BTreeMap<ViewId, Scope>,
    batches: Vec<u64>,
}

impl Families {
    pub fn new(catalog: Arc<Catalog>, names: Arc<LiveNames>) -> Self {
        Self {
            catalog,
            names,
            asked: Mutex::default(),
            more: Notify::new(),
            gone: Mutex::default(),
            went: Notify::new(),
        }
    }

    /// Asks for a batch's families. The batch is acknowledged once all of them have been deleted from now on.
    pub(super) fn request(&self, batch: u64, families: &[Family]) {
        if families.iter().any(|family| family.reason == Reason::RedisChanged) {
            self.names.forget();
        }
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        for family in families {
            join(&mut asked.views, family.view, family.scope.clone());
        }
        asked.batches.push(batch);
        drop(asked);
        self.more.notify_one();
    }

    /// Waits for families to be deleted whose values are written, and tells which.
    pub(super) async fn gone(&self) -> BTreeSet<ViewId> {
        self.went.notified().await;
        mem::take(&mut *self.gone.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Deletes what is asked for, and again what settles. Never ends.
    pub async fn delete(&self, handoff: Arc<Handoff>, mut connection: Connection, metrics: Arc<Metrics>) {
        connection.until_done(&Ping).await;
        let (mut settling, mut again) = (Settling::default(), Again::default());
        let sets = Sets::new(&self.catalog);
        loop {
            tokio::select! {
                () = self.more.notified() => {}
                () = until(settling.next()) => {}
                () = until(sets.next()) => sets.forget(&mut connection).await,
            }
            let asked = mem::take(&mut *self.asked.lock().unwrap_or_else(PoisonError::into_inner));
            let due = settling.take(Instant::now(), usize::MAX);
            // What is asked for anew and due again goes once.
            let mut views = asked.views.clone();
            for (_, view) in &due.names {
                join(&mut views, *view, again.take(*view));
            }
            for (id, scope) in &views {
                let (started, view) = (Instant::now(), self.catalog.view(*id));
                let going = Going { id: *id, view, scope, sets: &sets, names: &self.names };
                let done = connection.until_done(&going).await;
                metrics.family(*id, done, started.elapsed());
                let (how, keys, kept) = (done.how.label(), done.keys, done.kept);
                tracing::debug!(view = view.name, how, keys, kept, "family deleted");
                if view.warm.is_some() {
                    self.gone.lock().unwrap_or_else(PoisonError::into_inner).insert(*id);
                    self.went.notify_one();
                }
            }
            for batch in &asked.batches {
                acknowledge(&handoff, *batch, Share::Families, &metrics);
            }
            if self.catalog.settles() {
                metrics.second_deletes(due.names.len(), 0);
                let goes_again = |(id, _): &(&ViewId, _)| self.catalog.view(**id).again().is_some();
                for (id, scope) in asked.views.iter().filter(goes_again) {
                    again.note(*id, scope, settling.is_pending(&self.catalog.view(*id).name));
                }
                self.settle(&handoff, &mut settling, due, &asked);
            }
        }
    }

    /// Notes what was deleted again, and when that is due which was deleted for the first time. Which of several batches
    /// asked for which family is not known here: all of them wait for all.
    fn settle(&self, handoff: &Handoff, settling: &mut Settling, due: Due, asked: &Asked) {
        let now = Instant::now();
        for batch in &asked.batches {
            let views = asked.views.keys().map(|id| (*id, self.catalog.view(*id)));
            let names = views.filter_map(|(id, view)| Some((view.name.as_str(), now + view.again()?, id)));
            if !settling.enter(*batch, names) {
                handoff.acknowledge(*batch, Share::FamiliesAgain);
            }
        }
        settling.done(due);
        handoff.settle(settling.settled(), Share::FamiliesAgain);
    }
}

/// Notes that this much of a family goes, too.
fn join(views: &mut BTreeMap<ViewId, Scope>, view: ViewId, scope: Scope) {
    match views.get_mut(&view) {
        Some(known) => known.join(scope),
        None => drop(views.insert(view, scope)),
    }
}

/// A family that goes, whole or but for the sets of parameters that are not affected.
struct Going<'f> {
    id: ViewId,
    view: &'f View,
    scope: &'f Scope,
    sets: &'f Sets<'f>,
    names: &'f LiveNames,
}

impl Repeatable for Going<'_> {
    type Done = FamilyDeletion;

    async fn attempt(&self, redis: &mut MultiplexedConnection) -> RedisResult<FamilyDeletion> {
        let kept = self.sets.kept(self.view, self.scope, redis).await?;
        if let Some(deleted) = self.names.delete_but(self.id, &kept, redis).await {
            return Ok(family(How::Names, deleted, &kept));
        }
        // A lost connection may mean another server, to which a cursor means nothing: the walk starts anew.
        Ok(family(How::Scan, delete_but(redis, self.view, &kept).await?, &kept))
    }
}

fn family(how: How, deleted: Deleted, kept: &Kept) -> FamilyDeletion {
    FamilyDeletion { how, keys: deleted.keys, kept: kept.met(), refused_holds: deleted.refused_holds }
}

/// Deletes every name that matches the view's pattern whole, after every lease and every fence of such a name.
pub async fn delete_family(redis: &mut MultiplexedConnection, view: &View) -> RedisResult<Deleted> {
    delete_but(redis, view, &Kept::default()).await
}

/// The same, but for names that are kept, and their leases: what their readers are about to store is not affected either.
async fn delete_but(redis: &mut MultiplexedConnection, view: &View, kept: &Kept) -> RedisResult<Deleted> {
    let (pattern, along) = (&view.pattern, Along::if_there(view));
    let mut deleted = Deleted::default();
    for prefix in iter::once(lease::PREFIX).chain(along.fence.then_some(fence::PREFIX)) {
        // Such a name ends in its key, or in that and a brace.
        let mut walk = Walk::new(format!("{}*{}*", escape_glob(prefix), pattern.glob()));
        while let Some(names) = walk.step(redis).await? {
            let keys = names.iter().flat_map(|name| beside::keys_of(prefix, name));
            let keys = keys.filter(|key| pattern.matches(key) && !kept.holds(key));
            deleted.add(delete(redis, keys.map(|key| (key, along))).await?);
        }
    }
    kept.begin();
    let mut walk = Walk::new(pattern.glob());
    while let Some(mut names) = walk.step(redis).await? {
        // Once each: who is kept is counted.
        names.retain(|name| pattern.matches(name) && !kept.holds(name));
        let keys = names.iter().map(Vec::as_slice);
        deleted.add(delete(redis, keys.map(|key| (key, along))).await?);
    }
    Ok(deleted)
}
