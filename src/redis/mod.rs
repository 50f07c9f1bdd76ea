//! Redis: the connection that waits for it, and the two that delete, once and where a view asks for it again: keys by the
//! batch, families by their live names or by `SCAN`. With each key goes its lease (`lease` says why in which order). Whoever
//! deletes keys by the batch also writes values, where a view says so (`warming`, by the rules of `fence`).

mod beside;
mod connection;
mod deletion;
mod families;
mod fence;
mod identity;
mod lease;
mod live_names;
mod policy;
mod refilling;
mod sample;
mod sets;
mod settling;
mod walk;
mod warming;
mod writer;

pub use connection::{Connection, connect_once};
pub use deletion::{Along, Deleted, delete};
pub use families::{Families, delete_family};
pub use fence::probe as probe_writing;
pub use lease::lease_of;
pub use live_names::{LiveNames, can_follow};
pub use policy::{Policy, is_denied, policy};
pub use refilling::{Places, Refilling, probe as probe_refilling};
pub use sample::{Cached, cached, sample};
pub use writer::write;
