//! What happens to freshet and to the services around it while the writer writes. Each fault is told in transactions, so
//! that a seed replays it, and fails if it did not happen. It begins and ends with one copy and all services up.

mod connect;
mod copies;
mod kafka;
mod poison;
mod redis;
mod scene;

pub use scene::Scene;

#[derive(Debug, Clone, Copy)]
pub struct Fault {
    pub name: &'static str,
    strike: fn(&mut Scene<'_>),
}

impl Fault {
    pub fn all() -> Vec<Self> {
        [&copies::FAULTS[..], &redis::FAULTS, &kafka::FAULTS, &connect::FAULTS, &poison::FAULTS].concat()
    }

    /// Returns once it is over.
    pub fn strike(self, scene: &mut Scene<'_>) {
        (self.strike)(scene);
        scene.write(40);
    }
}
