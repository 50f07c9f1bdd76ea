use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use backon::{BackoffBuilder as _, ExponentialBuilder};
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use super::gathering::{Chunk, Turnstile, gather};
use super::membership::Membership;
use super::processing::Processing;
use crate::batch::Batch;
use crate::catalog::Catalog;
use crate::handoff::Handoff;
use crate::telemetry::{Health, Metrics, Part};
use crate::views::Evaluator;

/// Messages that go to the gathering thread at once, and how many such chunks may wait for it.
const CHUNK: usize = 1_024;
const CHUNKS: usize = 4;
/// How long a poll waits for a message; also how late a commit may be noticed as due.
const POLL: Duration = Duration::from_millis(100);
/// While paused, how soon a free slot is noticed.
const PAUSED_POLL: Duration = Duration::from_millis(5);
const COMMIT_EVERY: Duration = Duration::from_millis(500);
/// How long the last effects may take at the end, far below the grace period of a pod (30 s).
const LAST_DRAIN: Duration = Duration::from_secs(10);

/// What a run is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Apply,
    /// Logs what would be deleted; starts at the ends and commits nothing.
    DryRun,
}

/// Why reading cannot go on at all.
#[derive(Debug, thiserror::Error)]
pub enum ReaderError {
    #[error("the Kafka client refuses its configuration: {0}")]
    Configuration(#[source] KafkaError),
}

/// Reads the topics on a thread of its own, as a member of the group, and hands over the effects.
pub struct Reader {
    config: ClientConfig,
    catalog: Arc<Catalog>,
    handoff: Arc<Handoff>,
    health: Arc<Health>,
    metrics: Arc<Metrics>,
    mode: Mode,
}

/// How one consumer's life ended.
enum End {
    Stopped,
    /// Its state is in doubt; a new one starts from what is committed.
    StartAfresh,
}

impl Reader {
    pub fn new(
        config: ClientConfig,
        catalog: Arc<Catalog>,
        handoff: Arc<Handoff>,
        health: Arc<Health>,
        metrics: Arc<Metrics>,
        mode: Mode,
    ) -> Self {
        Self { config, catalog, handoff, health, metrics, mode }
    }

    /// Reads until `stop`. Then what was read is applied and committed, within a deadline.
    pub fn run(self, stop: &AtomicBool) -> Result<(), ReaderError> {
        let backoff = ExponentialBuilder::default()
            .with_jitter()
            .with_min_delay(Duration::from_millis(200))
            .with_max_delay(Duration::from_secs(10))
            .without_max_times();
        let mut delays = backoff.build();
        while !stop.load(Ordering::Relaxed) {
            let consumer: BaseConsumer<Membership> =
                self.config.create_with_context(self.membership()).map_err(ReaderError::Configuration)?;
            let started = Instant::now();
            match self.read(&consumer, stop) {
                End::Stopped => break,
                End::StartAfresh => {
                    // What is on its way still is applied, and read again: it is not committed from here.
                    let partitions: Vec<_> = self.handoff.ledger(|ledger| ledger.partitions().collect());
                    self.handoff.revoke(&partitions);
                    // Or the old consumer would wait for it to be applied when it leaves the group.
                    consumer.context().gathered.lock().unwrap_or_else(PoisonError::into_inner).clear();
                    self.health.set(Part::Kafka, Err("the consumer starts afresh".to_owned()));
                    drop(consumer);
                    if started.elapsed() > Duration::from_mins(1) {
                        delays = backoff.build();
                    }
                    thread::sleep(delays.next().unwrap_or(Duration::from_secs(10)));
                }
            }
        }
        Ok(())
    }

    fn membership(&self) -> Membership {
        let evaluator = Evaluator::new(Arc::clone(&self.catalog));
        Membership {
            metadata: Membership::metadata(&self.catalog, evaluator.rules()),
            evaluator,
            catalog: Arc::clone(&self.catalog),
            handoff: Arc::clone(&self.handoff),
            health: Arc::clone(&self.health),
            metrics: Arc::clone(&self.metrics),
            gathered: Mutex::new(Batch::default()),
            turnstile: Turnstile::default(),
            revoked_in_hand: Mutex::default(),
            full: AtomicBool::new(false),
            paused: AtomicBool::new(false),
            failed: AtomicBool::new(false),
            commits: self.mode == Mode::Apply,
        }
    }

    fn read(&self, consumer: &BaseConsumer<Membership>, stop: &AtomicBool) -> End {
        let topics: Vec<_> = self.catalog.tables.iter().map(|table| table.topic.as_str()).collect();
        if let Err(error) = consumer.subscribe(&topics) {
            tracing::error!(%error, "subscription failed");
            return End::StartAfresh;
        }
        let membership = Arc::clone(consumer.context());
        let processing = Processing::new(&self.catalog, Arc::clone(&self.metrics), self.mode);
        // The scope ends once the gathering thread has seen the sender go.
        thread::scope(|scope| {
            let (sender, chunks) = mpsc::sync_channel(CHUNKS);
            let gathering = Arc::clone(&membership);
            thread::Builder::new()
                .name("gathering".to_owned())
                .spawn_scoped(scope, move || gather(&gathering, processing, &chunks))
                .expect("the system has a thread left");
            let end = self.poll(consumer, &membership, &sender, stop);
            if matches!(end, End::Stopped) {
                self.stop(consumer, &membership);
            }
            end
        })
    }

    fn poll<'c>(
        &self,
        consumer: &'c BaseConsumer<Membership>,
        membership: &Membership,
        chunks: &SyncSender<Chunk<'c>>,
        stop: &AtomicBool,
    ) -> End {
        let mut last_commit = Instant::now();
        while !stop.load(Ordering::Relaxed) {
            self.health.alive();
            let mut chunk = match Self::chunk(consumer, membership.paused.load(Ordering::Relaxed)) {
                Ok(chunk) => chunk,
                Err(end) => return end,
            };
            membership.let_go(&mut chunk.messages);
            membership.turnstile.sent();
            if chunks.send(chunk).is_err() || membership.failed.load(Ordering::Relaxed) {
                return End::StartAfresh;
            }
            Self::backpressure(consumer, membership, membership.full.load(Ordering::Relaxed));
            if last_commit.elapsed() >= COMMIT_EVERY {
                if let Err(error) = membership.commit(consumer, CommitMode::Async) {
                    tracing::warn!(%error, "commit failed; it is tried again");
                }
                last_commit = Instant::now();
            }
        }
        End::Stopped
    }

    /// Reads what is there; waits only for the first message.
    fn chunk(consumer: &BaseConsumer<Membership>, paused: bool) -> Result<Chunk<'_>, End> {
        let mut chunk = Chunk { messages: Vec::new(), idle: false };
        let mut wait = if paused { PAUSED_POLL } else { POLL };
        while chunk.messages.len() < CHUNK {
            match consumer.poll(wait) {
                Some(Ok(message)) => chunk.messages.push(message),
                Some(Err(error)) => Self::failed(&error)?,
                None => {
                    chunk.idle = true;
                    break;
                }
            }
            wait = Duration::ZERO;
        }
        Ok(chunk)
    }

    /// Pauses while the batch is full. Polling goes on, so that the group keeps this member.
    fn backpressure(consumer: &BaseConsumer<Membership>, membership: &Membership, full: bool) {
        if membership.paused.swap(full, Ordering::Relaxed) == full {
            return;
        }
        membership.metrics.paused(full);
        let changed = consumer
            .assignment()
            .and_then(|assigned| if full { consumer.pause(&assigned) } else { consumer.resume(&assigned) });
        if let Err(error) = changed {
            tracing::error!(%error, full, "partitions were not paused or resumed; the consumer starts afresh");
            membership.failed.store(true, Ordering::Relaxed);
        }
    }

    /// One policy for what the client reports instead of a message.
    fn failed(error: &KafkaError) -> Result<(), End> {
        match error.rdkafka_error_code() {
            Some(RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic) => {
                // Debezium makes a table's topic at its first event. It is found once it is there.
                tracing::warn!(%error, "a topic does not exist yet; `freshet check` says which");
                Ok(())
            }
            // The log does not hold the offset: opening finds out what was lost.
            Some(RDKafkaErrorCode::AutoOffsetReset | RDKafkaErrorCode::OffsetOutOfRange) => {
                tracing::error!(%error, "the log does not hold the offset; the consumer starts afresh");
                Err(End::StartAfresh)
            }
            Some(RDKafkaErrorCode::Fatal | RDKafkaErrorCode::PollExceeded) => {
                tracing::error!(%error, "the Kafka client gave up; it starts afresh");
                Err(End::StartAfresh)
            }
            // The client itself tries again.
            _ => {
                tracing::warn!(%error, "kafka client");
                Ok(())
            }
        }
    }

    /// Applies and commits what was read, within a deadline. The consumer leaves the group when it is dropped.
    fn stop(&self, consumer: &BaseConsumer<Membership>, membership: &Membership) {
        if let Ok(assigned) = consumer.assignment()
            && let Err(error) = consumer.pause(&assigned)
        {
            tracing::warn!(%error, "partitions were not paused for the last drain");
        }
        let deadline = Instant::now() + LAST_DRAIN;
        membership.turnstile.wait(deadline);
        membership.hand_over();
        let partitions: Vec<_> = self.handoff.ledger(|ledger| ledger.partitions().collect());
        if !self.handoff.drain(&partitions, deadline) {
            tracing::warn!(
                deadline_s = LAST_DRAIN.as_secs(),
                "not everything was applied in time; it is read again"
            );
        }
        if let Err(error) = membership.commit(consumer, CommitMode::Sync) {
            tracing::warn!(%error, "the last offsets were not committed; their effects happen again");
        }
        // Nothing of these partitions is drained twice when the consumer is dropped.
        self.handoff.revoke(&partitions);
    }
}
