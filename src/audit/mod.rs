//! Whether what Redis holds is what the database says.

mod cached;
pub mod column;
mod compare;
mod needs;
mod pickle;
pub mod statement;
#[cfg(test)]
mod tests;

pub use cached::{Cached, Unreadable};
pub use compare::{Difference, difference};
pub use needs::Needs;
