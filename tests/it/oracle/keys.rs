//! The cached values of the work-orders example, by the names under which Redis holds them.

use std::fmt;

use serde_json::{Value, json};

use super::load::{DEPARTMENTS, USERS};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum View {
    TaskStats,
    DeptWorkload,
    OperatorStats,
    CollabStats,
    Dashboard,
}

impl View {
    /// Of these the database can say which key a row belongs to. The others are families.
    pub const BY_ID: [Self; 3] = [Self::TaskStats, Self::DeptWorkload, Self::OperatorStats];
    pub const ALL: [Self; 5] =
        [Self::TaskStats, Self::DeptWorkload, Self::OperatorStats, Self::CollabStats, Self::Dashboard];

    /// Of the view, and of the application's function that reads it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TaskStats => "task_stats",
            Self::DeptWorkload => "dept_workload",
            Self::OperatorStats => "operator_stats",
            Self::CollabStats => "collab_stats",
            Self::Dashboard => "dashboard",
        }
    }

    /// Every key that a reader asks for. Some of them have no row, at times.
    pub fn ids(self) -> std::ops::RangeInclusive<i64> {
        match self {
            Self::TaskStats | Self::DeptWorkload => 1..=DEPARTMENTS,
            Self::OperatorStats => 1..=USERS,
            Self::CollabStats => 0..=3,
            Self::Dashboard => 0..=2,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    pub view: View,
    /// A department's or a user's; of a family, the place in the list of its names.
    pub id: i64,
}

/// What a reader asks for: the first eight digits of the md5 of `start:end:department`, and these.
type Set = (&'static str, Option<&'static str>, Option<&'static str>, Option<i64>);
pub const COLLAB_SETS: [Set; 4] = [
    ("4501c091", None, None, None),
    ("c51f571a", Some("2026-01-01"), Some("2026-01-31"), Some(5)),
    ("63c66a5d", Some("2026-01-01"), None, None),
    ("60deb508", None, None, Some(5)),
];
/// The set of each of these, as the application registers it.
pub const REGISTERED: [&str; 4] = [
    "[null,null,null]",
    r#"["2026-01-01","2026-01-31",5]"#,
    r#"["2026-01-01",null,null]"#,
    "[null,null,\"5\"]",
];
const DASHBOARDS: [&str; 3] = ["overview", "week:12", "contents"];

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, ":1:{}:", self.view.name())?;
        let place = usize::try_from(self.id).unwrap_or(usize::MAX);
        match self.view {
            View::CollabStats => f.write_str(COLLAB_SETS[place].0),
            View::Dashboard => f.write_str(DASHBOARDS[place]),
            _ => self.id.fmt(f),
        }
    }
}

impl Key {
    /// Of the application's function.
    pub fn arguments(&self) -> Value {
        let place = usize::try_from(self.id).unwrap_or(usize::MAX);
        match self.view {
            View::CollabStats => {
                let (_, start, end, department) = COLLAB_SETS[place];
                json!([start, end, department])
            }
            View::Dashboard => json!([DASHBOARDS[place]]),
            _ => json!([self.id]),
        }
    }

    /// The key of a name in Redis, if it is one of a view's.
    pub fn parse(name: &str) -> Option<Self> {
        let (prefix, rest) = name.strip_prefix(":1:")?.split_once(':')?;
        let view = *View::ALL.iter().find(|view| view.name() == prefix)?;
        let place = match view {
            View::CollabStats => COLLAB_SETS.iter().position(|set| set.0 == rest),
            View::Dashboard => DASHBOARDS.iter().position(|name| *name == rest),
            _ => return rest.parse().ok().map(|id| Self { view, id }),
        };
        Some(Self { view, id: i64::try_from(place?).ok()? })
    }
}

/// All keys that readers ask for.
pub fn all() -> Vec<Key> {
    View::ALL.iter().flat_map(|&view| view.ids().map(move |id| Key { view, id })).collect()
}
