//! The threads that read tracked tables.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::Message as _;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::message::BorrowedMessage;

use super::super::asking;
use super::super::polling::{self, CHUNKS, End, PAUSED_POLL, POLL};
use super::super::reader::ReaderError;
use super::super::refused::Refused;
use super::Tracking;
use super::context::{Context, Fetched};
use super::passing::pass;
use super::watch::watch;
use crate::change::Partition;

const ASK_AGAIN: Duration = Duration::from_millis(500);
/// How long a broker may take to show that it is there, before the client is asked why not.
const THERE: Duration = Duration::from_secs(1);

/// Messages and the offsets that were reached with them.
struct Read<'m> {
    messages: Vec<BorrowedMessage<'m>>,
    idle: bool,
    reached: Vec<(Partition, i64)>,
}

/// One reading of the tracked tables, from the beginning of their topics.
pub(in crate::kafka) struct Session {
    tracking: Arc<Tracking>,
    config: ClientConfig,
    consumer: BaseConsumer<Context>,
    end: AtomicBool,
    loaded: AtomicBool,
}

impl Session {
    pub(in crate::kafka) fn new(
        tracking: &Arc<Tracking>,
        config: &ClientConfig,
    ) -> Result<Self, ReaderError> {
        Ok(Self {
            consumer: consumer(tracking, config).map_err(Refused::from)?,
            tracking: Arc::clone(tracking),
            config: config.clone(),
            end: AtomicBool::new(false),
            loaded: AtomicBool::new(false),
        })
    }

    /// Reads on other threads while `meanwhile` runs on this one.
    pub(in crate::kafka) fn run<T>(&self, meanwhile: impl FnOnce(&Self) -> T) -> T {
        thread::scope(|scope| {
            let spawn = |name: &str| thread::Builder::new().name(name.to_owned());
            let poll = move || {
                let _fails = FailsOnPanic(&self.tracking.failed);
                if self.poll() == Err(End::StartAfresh) {
                    self.tracking.fail();
                }
            };
            spawn("tracked reader").spawn_scoped(scope, poll).expect("the system has a thread left");
            let watching = || {
                let _fails = FailsOnPanic(&self.tracking.failed);
                watch(&self.tracking, &self.consumer, &self.loaded, &self.end);
            };
            spawn("tracked watch").spawn_scoped(scope, watching).expect("the system has a thread left");
            let passing = || {
                let _fails = FailsOnPanic(&self.tracking.failed);
                let fresh = &self.tracking.fresh;
                pass(&self.tracking, fresh, &self.consumer, || self.is_loaded(), || self.is_over());
            };
            if self.tracking.fresh.warms() {
                spawn("tracked passing").spawn_scoped(scope, passing).expect("the system has a thread left");
            }
            let result = meanwhile(self);
            self.end.store(true, Ordering::Relaxed);
            result
        })
    }

    /// Whether the rows are those of what is committed, so that effects may count.
    pub(in crate::kafka) fn is_loaded(&self) -> bool {
        self.loaded.load(Ordering::Relaxed)
    }

    /// Whether this reading is over.
    pub(in crate::kafka) fn is_over(&self) -> bool {
        self.end.load(Ordering::Relaxed) || self.tracking.has_failed()
    }

    fn poll(&self) -> Result<(), End> {
        {
            // A consumer of its own, whose statistics nobody takes for those of the second reading: that one begins further
            // down than this one came.
            let consumer = consumer(&self.tracking, &self.config).map_err(|error| not_assigned(&error))?;
            while !self.is_over() {
                match self.open(&consumer) {
                    Ok(()) => break,
                    Err(error) => {
                        tracing::debug!(%error, "the offsets of tracked tables cannot be had yet");
                        // Without partitions there are no messages, but the client tells why only who polls it.
                        polling::chunk(&consumer, ASK_AGAIN, || ())?;
                    }
                }
            }
            self.read(&consumer, || !self.tracking.loaded().complete)?;
        }
        if self.is_over() {
            return Ok(());
        }
        let starts = self.tracking.begin();
        let list = self.tracking.list(starts);
        list.and_then(|list| self.consumer.assign(&list)).map_err(|error| not_assigned(&error))?;
        self.loaded.store(true, Ordering::Relaxed);
        self.read(&self.consumer, || true)
    }

    /// Finds all partitions, and fixes once where the effects of each begin.
    fn open(&self, consumer: &BaseConsumer<Context>) -> KafkaResult<()> {
        let catalog = &self.tracking.catalog;
        let first = catalog.tracked_tables().next().map(|table| catalog.table(table).topic.as_str());
        consumer.fetch_metadata(first, THERE)?;
        self.tracking.reach.heard();
        let mut partitions = Vec::new();
        for table in catalog.tracked_tables() {
            partitions.extend(asking::partitions_of(consumer, catalog, table)?);
        }
        self.tracking.add(&asking::look_up(consumer, catalog, &partitions, asking::patiently())?);
        consumer.assign(&self.tracking.list(self.tracking.places())?)
    }

    /// Polls on this thread and takes what was polled on another, until the reading is over or `on` says so. All that was
    /// polled has been taken when it returns.
    fn read(&self, consumer: &BaseConsumer<Context>, on: impl Fn() -> bool) -> Result<(), End> {
        thread::scope(|scope| {
            let (sender, chunks) = mpsc::sync_channel::<Read<'_>>(CHUNKS);
            let gather = move || {
                for read in chunks {
                    self.tracking.take(&read.messages, &read.reached);
                    self.tracking.offer(read.messages.len(), read.idle);
                }
            };
            let spawn = thread::Builder::new().name("tracked gathering".to_owned());
            spawn.spawn_scoped(scope, gather).expect("the system has a thread left");
            let (mut paused, mut held) = (false, BTreeSet::new());
            while !self.is_over() && on() {
                let full = self.tracking.is_full();
                if full != paused {
                    paused = full;
                    self.tracking.metrics.paused(true, paused);
                }
                if full {
                    // Not polling is no offence: this consumer is in no group.
                    thread::sleep(PAUSED_POLL);
                    self.tracking.offer(0, true);
                    continue;
                }
                self.hold(consumer, &mut held).map_err(|error| not_assigned(&error))?;
                let fetched = &consumer.context().fetched;
                let polling::Chunk { messages, idle } = polling::chunk(consumer, POLL, || fetched.polled())?;
                // What was polled meanwhile may be of a topic that was made anew.
                if self.is_over() {
                    break;
                }
                if consumer.context().silence.is_of_this_client_alone(&self.config) {
                    return Err(End::StartAfresh);
                }
                if fetched.any_is_silent() {
                    self.hear(fetched, &messages);
                }
                let read = Read { messages, idle, reached: fetched.reached() };
                sender.send(read).map_err(|_| End::StartAfresh)?;
            }
            Ok(())
        })
    }

    /// Pauses partitions whose dead letters are not delivered, and lets those go on whose letters are. `held`: those that
    /// are paused.
    fn hold(&self, consumer: &BaseConsumer<Context>, held: &mut BTreeSet<Partition>) -> KafkaResult<()> {
        let stopped = self.tracking.stopped();
        if stopped == *held {
            return Ok(());
        }
        let pause: BTreeSet<_> = stopped.difference(held).copied().collect();
        let list = |partitions: &mut dyn Iterator<Item = &Partition>| {
            self.tracking.list(partitions.map(|partition| (*partition, 0)).collect())
        };
        consumer.pause(&list(&mut pause.iter())?)?;
        consumer.context().fetched.paused(&pause);
        consumer.resume(&list(&mut held.difference(&stopped))?)?;
        for partition in &pause {
            let topic = self.tracking.catalog.table(partition.table).topic.as_str();
            tracing::warn!(
                topic,
                partition = partition.number,
                "read no further until the partition's dead letters are written"
            );
        }
        *held = stopped;
        Ok(())
    }

    /// Of these partitions the statistics count again.
    fn hear(&self, fetched: &Fetched, messages: &[BorrowedMessage<'_>]) {
        for run in polling::runs(messages) {
            if let Some(table) = self.tracking.catalog.table_by_topic(run[0].topic()) {
                fetched.is_heard(Partition { table, number: run[0].partition() });
            }
        }
    }
}

fn consumer(tracking: &Arc<Tracking>, config: &ClientConfig) -> KafkaResult<BaseConsumer<Context>> {
    config.create_with_context(Context::new(tracking))
}

fn not_assigned(error: &KafkaError) -> End {
    tracing::error!(%error, "tracked partitions were not assigned; they are read anew");
    End::StartAfresh
}

/// Lets the reading fail if its thread panics: this copy would lead on and read nothing.
struct FailsOnPanic<'f>(&'f AtomicBool);

impl Drop for FailsOnPanic<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.store(true, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_that_panics_fails_the_reading() {
        for panics in [false, true] {
            let failed = AtomicBool::new(false);
            let ended = std::panic::catch_unwind(|| {
                let _fails = FailsOnPanic(&failed);
                assert!(!panics, "as it was asked to");
            });
            assert_eq!((ended.is_err(), failed.load(Ordering::Relaxed)), (panics, panics));
        }
    }
}
