use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::change::Partition;

const MINUTE: Duration = Duration::from_mins(1);

/// How many letters of each partition were written in the minute that began with the first of them.
#[derive(Debug, Default)]
pub(super) struct Limits(BTreeMap<Partition, (Instant, u32)>);

impl Limits {
    /// How long the next letter of this partition has to wait, if so.
    pub(super) fn hold(&self, partition: Partition, most: u32, now: Instant) -> Option<Duration> {
        let (began, written) = self.0.get(&partition)?;
        let left = MINUTE.saturating_sub(now.saturating_duration_since(*began));
        (*written >= most && !left.is_zero()).then_some(left)
    }

    pub(super) fn written(&mut self, partition: Partition, now: Instant) {
        let (began, written) = self.0.entry(partition).or_insert((now, 0));
        if now.saturating_duration_since(*began) >= MINUTE {
            (*began, *written) = (now, 0);
        }
        *written += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::TableId;

    #[test]
    fn a_minute_begins_with_its_first_letter() {
        let (mut limits, start) = (Limits::default(), Instant::now());
        let partition = |number| Partition { table: TableId::from_index(0), number };
        let at = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(limits.hold(partition(0), 1, start), None);
        for seconds in [10, 20] {
            limits.written(partition(0), at(seconds));
        }
        for (number, most, seconds, expected) in
            [(0, 3, 20, None), (0, 2, 20, Some(50)), (0, 2, 69, Some(1)), (0, 2, 70, None), (1, 2, 20, None)]
        {
            let hold = limits.hold(partition(number), most, at(seconds));
            assert_eq!(hold, expected.map(Duration::from_secs), "{number} {most} {seconds}");
        }
        limits.written(partition(0), at(70));
        assert_eq!(limits.hold(partition(0), 2, at(71)), None);
        assert_eq!(limits.hold(partition(0), 1, at(71)), Some(Duration::from_secs(59)));
    }
}
