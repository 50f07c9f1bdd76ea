use std::future;
use std::iter;
use std::sync::Arc;
use std::time::{Duration, Instant};

use redis::aio::MultiplexedConnection;
use redis::{ErrorKind, RedisError, RedisResult};

use super::names::Gathering;
use super::{Family, Link, LiveNames, followed};
use crate::catalog::Pattern;
use crate::redis::policy::{Policy, policy};
use crate::redis::walk::Walk;
use crate::redis::{beside, lease};

/// How long until a lost link is opened again; and after a refusal, which ends only when a person ends it.
const AGAIN: Duration = Duration::from_millis(500);
const AFTER_A_REFUSAL: Duration = Duration::from_mins(1);

/// How long nothing may be heard before both connections are asked whether they are there.
const IDLE: Duration = Duration::from_secs(2);

impl LiveNames {
    /// Follows the names as long as Redis tells them, and begins anew when it has not. Never ends.
    pub async fn follow(self: Arc<Self>) {
        let prefixes = followed(self.lock().families.iter().map(|family| family.pattern.prefix()));
        if prefixes.is_empty() {
            return future::pending().await;
        }
        let mut said = false;
        loop {
            let this = Arc::clone(&self);
            let hear = move |word| this.hear(word);
            let error = match Link::open(&self.url, &prefixes, hear).await {
                Ok(link) => {
                    said = false;
                    let error = self.keep(link).await;
                    tracing::info!(%error, "names are no longer told; declared families are deleted by SCAN");
                    error
                }
                Err(error) => error,
            };
            let refused = policy(&error) == Policy::Refused || error.kind() == ErrorKind::RESP3NotSupported;
            if refused && !said {
                said = true;
                tracing::warn!(%error, "redis does not tell of names; declared families are deleted by SCAN");
            }
            tokio::time::sleep(if refused { AFTER_A_REFUSAL } else { AGAIN }).await;
        }
    }

    /// Until the link is lost. Returns why.
    async fn keep(&self, link: Link) -> RedisError {
        {
            let mut state = self.lock();
            state.links += 1;
            state.link = Some(link.clone());
        }
        let error = self.gather_until_lost(&link).await;
        let mut state = self.lock();
        state.link = None;
        state.families.iter_mut().for_each(Family::forget);
        error
    }

    async fn gather_until_lost(&self, link: &Link) -> RedisError {
        loop {
            while let Some((family, pattern, gathering)) = self.next_to_gather() {
                if let Err(error) = self.gather(family, &pattern, gathering, &mut link.tracking.clone()).await
                {
                    return error;
                }
            }
            tokio::select! {
                () = link.cut.notified() => return (ErrorKind::Io, "a connection was cut").into(),
                () = self.sought.notified() => {}
                () = tokio::time::sleep(IDLE) => if let Err(error) = link.settle().await { return error },
            }
        }
    }

    /// A family whose names must be found, by its place.
    fn next_to_gather(&self) -> Option<(usize, Pattern, Gathering)> {
        let now = Instant::now();
        let mut state = self.lock();
        let place = state.families.iter().position(|family| family.names.are_sought(now))?;
        let Family { names, pattern, .. } = &mut state.families[place];
        Some((place, pattern.clone(), names.gather()))
    }

    /// Finds the names that were there before Redis told of them.
    async fn gather(
        &self,
        place: usize,
        pattern: &Pattern,
        gathering: Gathering,
        redis: &mut MultiplexedConnection,
    ) -> RedisResult<()> {
        // A lease ends in its key, or in that and a brace. One walk is enough: what moves meanwhile is told.
        let mut walk = Walk::new(format!("*{}", pattern.glob()));
        while let Some(found) = walk.step(redis).await? {
            let mut state = self.lock();
            let family = &mut state.families[place];
            if !family.names.gathers(gathering) {
                return Ok(());
            }
            let keys = found
                .iter()
                .flat_map(|name| iter::once(&name[..]).chain(beside::keys_of(lease::PREFIX, name)));
            family.add(keys.filter(|key| pattern.matches(key)).map(Box::from));
        }
        let mut state = self.lock();
        let family = &mut state.families[place];
        if family.names.gathered(gathering) {
            tracing::info!(view = family.name, names = family.names.len(), "a family's names are known");
        }
        Ok(())
    }
}
