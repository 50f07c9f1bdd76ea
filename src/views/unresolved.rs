use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::catalog::{TableId, ViewId};
use crate::change::Value;
use crate::rows::{Found, Rows};

/// Beyond this many, what is noted is that some row of the table was missing.
const MOST: usize = 10_000;

/// Links, followed to fill a key, to rows that were never seen.
///
/// Mostly such a row's own event has not been read yet: when it comes, it fills the key by itself. If it has not come long
/// after, either the link leads nowhere in the database, too, or the topic does not hold all rows. Then the family goes once.
#[derive(Debug, Default)]
pub(super) struct Unresolved(Vec<Link>);

#[derive(Debug)]
struct Link {
    view: ViewId,
    table: TableId,
    /// `None` stands for any row.
    key: Option<Value<'static>>,
    /// It was noted before the table was last read on.
    former: bool,
}

impl Unresolved {
    pub(super) fn note(&mut self, view: ViewId, table: TableId, key: &Value<'_>) {
        let key = if self.0.len() < MOST { owned(key) } else { None };
        let same = |link: &&Link| (link.view, link.table, &link.key) == (view, table, &key);
        // A burst of rows that link alike is noted once; any link is searched for only where there are too many.
        let known = self.0.last().filter(same).or_else(|| self.0.iter().skip(MOST).find(same));
        if known.is_none_or(|link| link.former) {
            self.0.push(Link { view, table, key, former: false });
        }
    }

    /// Every partition of the table was read beyond an end that was noted a minute after the last such call. Returns the
    /// views with a key behind a row that has not come since the call before.
    pub(super) fn passed(&mut self, rows: &Rows, table: TableId) -> BTreeSet<ViewId> {
        let mut views = BTreeSet::new();
        self.0.retain_mut(|link| {
            if link.table != table {
                return true;
            }
            if !link.former {
                link.former = true;
                return true;
            }
            let came = link.key.as_ref().is_some_and(|key| !matches!(rows.find(table, key), Found::Unseen));
            if !came {
                views.insert(link.view);
            }
            false
        });
        views
    }
}

/// A key is a number or a text; anything else is kept as any row.
fn owned(key: &Value<'_>) -> Option<Value<'static>> {
    match key {
        Value::Int(number) => Some(Value::Int(*number)),
        Value::UInt(number) => Some(Value::UInt(*number)),
        Value::Text(text) => Some(Value::Text(Cow::Owned(text.to_string()))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::catalog::Catalog;

    #[test]
    fn a_link_that_is_no_number_and_no_text_stands_for_any_row() {
        let (view, table) = (ViewId::from_index(0), TableId::from_index(0));
        let (mut unresolved, rows) = (Unresolved::default(), Rows::new(Arc::new(Catalog::default())));
        for link in [Value::Bool(true), Value::Json("1.5".into()), Value::Json("{}".into())] {
            unresolved.note(view, table, &link);
        }
        assert_eq!(unresolved.0.len(), 1);
        assert!(unresolved.passed(&rows, table).is_empty());
        assert_eq!(unresolved.passed(&rows, table), BTreeSet::from([view]));
    }
}
