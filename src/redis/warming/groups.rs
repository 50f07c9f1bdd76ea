use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Instant;

use crate::catalog::ViewId;

/// The keys whose values are kept in Redis: when each is to be renewed, and which of a view's changed least recently. Pure.
#[derive(Debug, Default)]
pub(super) struct Groups {
    by_key: HashMap<Arc<str>, Group>,
    due: BTreeSet<(Instant, Arc<str>)>,
    /// By view, the one first whose last change is the longest ago.
    changed: HashMap<ViewId, BTreeSet<(u64, Arc<str>)>>,
    changes: u64,
}

#[derive(Debug, Clone, Copy)]
struct Group {
    view: ViewId,
    due: Option<Instant>,
    changed: u64,
}

impl Groups {
    /// Notes that a key is in Redis, or is about to be, and when it is to be written again. `changed`: a row of it did.
    pub(super) fn keep(&mut self, view: ViewId, key: &str, due: Instant, changed: bool) {
        self.changes += u64::from(changed);
        let (name, former) = match self.by_key.get_key_value(key) {
            Some((name, group)) => (Arc::clone(name), Some(*group)),
            None => (Arc::from(key), None),
        };
        let mut group = former.unwrap_or(Group { view, due: None, changed: 0 });
        if let Some(due) = group.due.replace(due) {
            self.due.remove(&(due, Arc::clone(&name)));
        }
        self.due.insert((due, Arc::clone(&name)));
        if changed || former.is_none() {
            let of_view = self.changed.entry(view).or_default();
            of_view.remove(&(group.changed, Arc::clone(&name)));
            if changed {
                group.changed = self.changes;
            }
            of_view.insert((group.changed, Arc::clone(&name)));
        }
        self.by_key.insert(name, group);
    }

    pub(super) fn holds(&self, key: &str) -> bool {
        self.by_key.contains_key(key)
    }

    /// Forgets a key that is not in Redis any more.
    pub(super) fn remove(&mut self, key: &str) {
        let Some((name, group)) = self.by_key.remove_entry(key) else { return };
        if let Some(due) = group.due {
            self.due.remove(&(due, Arc::clone(&name)));
        }
        if let Some(of_view) = self.changed.get_mut(&group.view) {
            of_view.remove(&(group.changed, name));
        }
    }

    /// Takes a key out if the view has more than so many: the one that changed least recently.
    pub(super) fn take_beyond(&mut self, view: ViewId, most: usize) -> Option<Arc<str>> {
        let of_view = self.changed.get(&view).filter(|of_view| of_view.len() > most)?;
        let (_, name) = of_view.first()?.clone();
        self.remove(&name);
        Some(name)
    }

    /// When the next key is to be renewed.
    pub(super) fn next(&self) -> Option<Instant> {
        self.due.first().map(|(due, _)| *due)
    }

    /// Keys that are to be renewed by now, no more than so many. They are not due again until they are kept anew.
    pub(super) fn take(&mut self, now: Instant, most: usize) -> Vec<(ViewId, Arc<str>)> {
        let mut taken = Vec::new();
        while taken.len() < most && self.next().is_some_and(|due| due <= now) {
            let Some((_, name)) = self.due.pop_first() else { break };
            if let Some(group) = self.by_key.get_mut(&name) {
                group.due = None;
                taken.push((group.view, name));
            }
        }
        taken
    }

    /// All keys of a view, the one last that changed last.
    pub(super) fn of(&self, view: ViewId) -> Vec<Arc<str>> {
        let of_view = self.changed.get(&view).into_iter().flatten();
        of_view.map(|(_, name)| Arc::clone(name)).collect()
    }

    /// How many keys of a view are kept.
    pub(super) fn len(&self, view: ViewId) -> usize {
        self.changed.get(&view).map_or(0, BTreeSet::len)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const VIEW: ViewId = ViewId::from_index(0);
    const OTHER: ViewId = ViewId::from_index(1);

    fn names(taken: Vec<(ViewId, Arc<str>)>) -> Vec<String> {
        taken.into_iter().map(|(_, name)| name.to_string()).collect()
    }

    #[test]
    fn a_key_is_due_once_until_it_is_kept_anew() {
        let (start, mut groups) = (Instant::now(), Groups::default());
        let at = |seconds| start + Duration::from_secs(seconds);
        groups.keep(VIEW, "a", at(5), true);
        groups.keep(VIEW, "b", at(3), false);
        groups.keep(VIEW, "a", at(2), true);
        assert_eq!(groups.next(), Some(at(2)));
        assert_eq!(names(groups.take(at(1), 9)), [""; 0]);
        assert_eq!(names(groups.take(at(9), 1)), ["a"]);
        assert_eq!(names(groups.take(at(9), 9)), ["b"]);
        assert_eq!((names(groups.take(at(9), 9)).len(), groups.len(VIEW)), (0, 2));
        groups.keep(VIEW, "b", at(12), false);
        groups.remove("b");
        assert_eq!((groups.next(), groups.len(VIEW), groups.holds("b")), (None, 1, false));
    }

    #[test]
    fn the_key_that_changed_least_recently_goes_first() {
        let (start, mut groups) = (Instant::now(), Groups::default());
        for (key, changed) in [("found", false), ("a", true), ("b", true), ("a", true), ("b", false)] {
            groups.keep(VIEW, key, start, changed);
        }
        groups.keep(OTHER, "c", start, true);
        let mut gone = Vec::new();
        while let Some(name) = groups.take_beyond(VIEW, 0) {
            gone.push(name.to_string());
        }
        assert_eq!(gone, ["found", "b", "a"]);
        assert_eq!((groups.len(VIEW), groups.len(OTHER), groups.take_beyond(OTHER, 1)), (0, 1, None));
        assert_eq!(groups.next(), Some(start));
    }
}
