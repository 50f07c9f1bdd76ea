use crate::batch::Batch;
use crate::handoff::Handoff;

/// How many messages are gathered before the batch is offered to the writer, while there are more. The larger, the more of
/// a backlog's events share their keys; at 500,000 events/s it is 16 ms, of which a reader that is behind knows nothing.
const BURST: usize = 8_192;

/// When what was gathered is offered to the writer.
#[derive(Debug, Default)]
pub(super) struct Offering {
    since_offered: usize,
}

impl Offering {
    /// Offers the batch, to which so many messages came. `idle`: there are no more to read, so it must not wait for them.
    pub(super) fn offer(&mut self, handoff: &Handoff, batch: &mut Batch, messages: usize, idle: bool) {
        self.since_offered += messages;
        if (idle || self.since_offered >= BURST) && !batch.is_empty() {
            if handoff.offer(batch) {
                self.since_offered = 0;
            } else if idle {
                handoff.join(batch);
            }
        }
    }
}
