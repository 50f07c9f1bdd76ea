/// What a run is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Apply,
    /// Logs what would be deleted; starts at the ends and commits nothing.
    DryRun,
}
