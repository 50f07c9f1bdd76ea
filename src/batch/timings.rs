/// When the events of a batch were committed in the database and appended to the log.
///
/// The events of a transaction share their commit time and mostly their append time, so runs are stored.
#[derive(Debug, Default)]
pub struct Timings(Vec<Timing>);

/// A run of events with the same times, in milliseconds since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    pub committed: Option<i64>,
    pub appended: Option<i64>,
    pub events: u64,
}

impl Timings {
    pub fn add(&mut self, timing: Timing) {
        match self.0.last_mut() {
            Some(last) if (last.committed, last.appended) == (timing.committed, timing.appended) => {
                last.events += timing.events;
            }
            _ => self.0.push(timing),
        }
    }

    /// The number of runs.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = &Timing> {
        self.0.iter()
    }

    pub fn append(&mut self, later: &mut Self) {
        for timing in later.0.drain(..) {
            self.add(timing);
        }
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }
}
