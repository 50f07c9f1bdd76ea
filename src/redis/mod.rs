//! Redis: the connection that waits for it, and the two that delete: keys by the batch, families by `SCAN`.

mod connection;
mod families;
mod policy;
mod writer;

pub use connection::{Connection, connect_once};
pub use families::{Families, delete_family};
pub use policy::{Policy, policy};
pub use writer::{unlink, unlinks, write};
