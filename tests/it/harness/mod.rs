//! Real services for the tests, each ended with the test, also on failure and when the test process is killed.

mod by_hand;
mod command;
mod events;
mod freshet;
mod log;
pub mod process;
mod python;
mod redis_server;
mod services;
mod stack;
mod topic;

use std::fmt::Debug;
use std::time::{Duration, Instant};

pub use command::{assert_has, freshet, freshet_with, said, warnings};
pub use events::{Event, change, create, update};
pub use freshet::{Freshet, configuration, with_other_table};
pub use log::Log;
pub use python::python;
pub use redis_server::RedisServer;
pub use stack::{Stack, kafka};
pub use topic::{Committed, Topic};

/// How long anything may take that a test waits for. Far more than it takes, so that a slow machine fails nothing.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// Looks until what is seen is as expected. Panics with what was seen last.
#[track_caller]
pub fn eventually<T: Debug>(what: &str, mut look: impl FnMut() -> T, expected: impl Fn(&T) -> bool) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let seen = look();
        if expected(&seen) {
            return seen;
        }
        assert!(Instant::now() < deadline, "{what}: not within {PATIENCE:?}; seen last: {seen:?}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
