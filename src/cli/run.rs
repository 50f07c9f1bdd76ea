use clap::Args;

use super::{Failure, runtime};
use crate::app;
use crate::config::Settings;
use crate::kafka::Mode;

/// Follow the topics and delete what changes make stale
#[derive(Debug, Args)]
pub(super) struct Run {
    /// Write nothing to Redis: log each key that would be deleted, and why. Reads from now on, under a group of its own
    #[arg(long)]
    dry_run: bool,
}

impl Run {
    pub(super) fn execute(&self, settings: Settings) -> Result<(), Failure> {
        let mode = if self.dry_run { Mode::DryRun } else { Mode::Apply };
        let runtime = runtime()?;
        let result = runtime.block_on(app::run(settings, mode));
        // A task that waits for Redis would keep the process alive.
        runtime.shutdown_background();
        result.map_err(|error| Failure::of(&error))
    }
}
