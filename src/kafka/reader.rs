use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use backon::{BackoffBuilder as _, ExponentialBuilder};
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaResult;

use super::committing::{Committing, commit_now_and_then};
use super::fresh::Fresh;
use super::gaps::Gaps;
use super::gathering::gather;
use super::loading;
use super::membership::Membership;
use super::metadata::Definitions;
use super::mode::Mode;
use super::polling::{self, CHUNKS, Chunk, End, PAUSED_POLL, POLL};
use super::processing::Processing;
use super::properties::client_config;
use super::reach::Reach;
use super::refused::Refused;
use super::silence::Silence;
use super::tracking::{Session, Tracking};
use super::turnstile::Turnstile;
use crate::batch::Batch;
use crate::catalog::Catalog;
use crate::config::Kafka;
use crate::handoff::Handoff;
use crate::telemetry::{Health, Metrics, Part};
use crate::views::Rules;

/// How long after rows turned out to be in doubt they are read anew.
const READ_ANEW: Duration = Duration::from_secs(1);
/// How often a copy looks whether it still leads.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How long the last effects may take at the end, far below the grace period of a pod (30 s).
const LAST_DRAIN: Duration = Duration::from_secs(10);
/// How long a client that is given up may take to end.
const CLOSE: Duration = Duration::from_secs(10);

/// Why reading cannot go on at all.
#[derive(Debug, thiserror::Error)]
pub enum ReaderError {
    #[error(transparent)]
    Configuration(#[from] Refused),
}

/// Reads the topics on a thread of its own, as a member of the group, and hands over the effects.
pub struct Reader {
    config: ClientConfig,
    catalog: Arc<Catalog>,
    handoff: Arc<Handoff>,
    health: Arc<Health>,
    metrics: Arc<Metrics>,
    /// By table.
    definitions: Arc<Vec<Definitions>>,
    gaps: Arc<Gaps>,
    reach: Arc<Reach>,
    mode: Mode,
    /// There is a dead-letter topic.
    letters: bool,
    fresh: Arc<Fresh>,
}

/// Closes a client, and waits for it only so long: one that has lost its brokers may wait for them for ever.
fn close(consumer: BaseConsumer<Membership>) {
    let (closing, closed) = mpsc::channel::<()>();
    let close = move || {
        drop(consumer);
        drop(closing);
    };
    thread::Builder::new().name("closing".to_owned()).spawn(close).expect("the system has a thread left");
    if closed.recv_timeout(CLOSE) == Err(RecvTimeoutError::Timeout) {
        tracing::warn!("a lost kafka client does not end; another one takes its place");
    }
}

impl Reader {
    pub fn new(
        kafka: Kafka,
        group: &str,
        catalog: Arc<Catalog>,
        handoff: Arc<Handoff>,
        health: Arc<Health>,
        metrics: Arc<Metrics>,
        (mode, fresh): (Mode, Arc<Fresh>),
    ) -> Self {
        let rules = Rules::new(&catalog);
        let definitions =
            catalog.table_ids().map(|table| Definitions::of(&catalog, &rules, table)).collect::<Vec<_>>();
        Self {
            config: client_config(&kafka, group),
            gaps: Arc::new(Gaps::new(kafka, &catalog)),
            reach: Arc::new(Reach::new(&health)),
            definitions: Arc::new(definitions),
            catalog,
            handoff,
            health,
            metrics,
            mode,
            letters: false,
            fresh,
        }
    }

    /// What cannot be decoded is written to the dead-letter topic too, by who takes letters from the handoff.
    #[must_use]
    pub fn with_dead_letters(self, letters: bool) -> Self {
        Self { letters, ..self }
    }

    /// Reads until `stop`. Then what was read is applied and committed, within a deadline.
    pub fn run(self, stop: &AtomicBool) -> Result<(), ReaderError> {
        if self.catalog.components.is_empty() {
            return self.members(None, stop);
        }
        while !stop.load(Ordering::Relaxed) {
            let tracking = Arc::new(Tracking::new(
                &self.catalog,
                &self.handoff,
                &self.metrics,
                &self.definitions,
                self.processing(),
                (self.mode, &self.reach, &self.fresh),
            ));
            self.fresh.of(Some(&tracking));
            Session::new(&tracking, &self.config)?.run(|session| {
                if loading::wait(session, &tracking, &self.health, stop) {
                    self.members(Some(&tracking), stop)
                } else {
                    Ok(())
                }
            })?;
            self.fresh.of(None);
            if !stop.load(Ordering::Relaxed) {
                // What ended the reading may go on for a while.
                thread::sleep(READ_ANEW);
            }
        }
        Ok(())
    }

    /// Is a member of the group until `stop`, or until the rows of tracked tables have to be read anew.
    fn members(&self, tracking: Option<&Arc<Tracking>>, stop: &AtomicBool) -> Result<(), ReaderError> {
        let backoff = ExponentialBuilder::default()
            .with_jitter()
            .with_min_delay(Duration::from_millis(200))
            .with_max_delay(Duration::from_secs(10))
            .without_max_times();
        let mut delays = backoff.build();
        let rows_are_good = || tracking.is_none_or(|tracking| !tracking.has_failed());
        while !stop.load(Ordering::Relaxed) && rows_are_good() {
            let membership = self.membership(tracking);
            let consumer: BaseConsumer<Membership> =
                self.config.create_with_context(membership).map_err(Refused::from)?;
            let started = Instant::now();
            match self.read(&consumer, stop) {
                End::Stopped => break,
                End::StartAfresh => {
                    let membership = Arc::clone(consumer.context());
                    // What is on its way still is applied, and read again: it is not committed from here.
                    let owned = membership.owned();
                    let mut partitions = membership.disown(&owned);
                    partitions.extend(self.handoff.ledger(|ledger| ledger.partitions().collect::<Vec<_>>()));
                    membership.forget(&partitions);
                    // Or the old consumer would wait for it to be applied when it leaves the group.
                    membership.gathered.lock().unwrap_or_else(PoisonError::into_inner).clear();
                    self.health.set(Part::Kafka, Err("the consumer starts afresh".to_owned()));
                    membership.over.store(true, Ordering::Relaxed);
                    close(consumer);
                    if started.elapsed() > Duration::from_mins(1) {
                        delays = backoff.build();
                    }
                    thread::sleep(delays.next().unwrap_or(Duration::from_secs(10)));
                }
            }
        }
        Ok(())
    }

    fn processing(&self) -> Processing {
        Processing::new(
            &self.catalog,
            Arc::clone(&self.metrics),
            Arc::clone(&self.gaps),
            self.mode,
            self.letters,
        )
    }

    fn membership(&self, tracking: Option<&Arc<Tracking>>) -> Membership {
        Membership {
            definitions: Arc::clone(&self.definitions),
            tracking: tracking.map(Arc::clone),
            owned: Mutex::default(),
            catalog: Arc::clone(&self.catalog),
            handoff: Arc::clone(&self.handoff),
            health: Arc::clone(&self.health),
            metrics: Arc::clone(&self.metrics),
            gathered: Mutex::new(Batch::default()),
            turnstile: Turnstile::default(),
            revoked_in_hand: Mutex::default(),
            full: AtomicBool::new(false),
            paused: AtomicBool::new(false),
            stopped: Mutex::default(),
            failed: AtomicBool::new(false),
            over: AtomicBool::new(false),
            committing: Committing::default(),
            reach: Arc::clone(&self.reach),
            silence: Silence::default(),
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
        let processing = self.processing();
        // The scope ends once the gathering and the committing thread have seen their senders go.
        thread::scope(|scope| {
            let (sender, chunks) = mpsc::sync_channel(CHUNKS);
            let gathering = Arc::clone(&membership);
            thread::Builder::new()
                .name("gathering".to_owned())
                .spawn_scoped(scope, move || gather(&gathering, processing, &chunks))
                .expect("the system has a thread left");
            let (ends, ended) = mpsc::channel();
            let committing = Arc::clone(&membership);
            thread::Builder::new()
                .name("committing".to_owned())
                .spawn_scoped(scope, move || commit_now_and_then(&committing, consumer, &ended))
                .expect("the system has a thread left");
            let end = self.poll(consumer, &membership, &sender, stop);
            drop(ends);
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
        let mut last_look = Instant::now();
        while !stop.load(Ordering::Relaxed) {
            self.health.alive();
            let wait = if membership.paused.load(Ordering::Relaxed) { PAUSED_POLL } else { POLL };
            let mut chunk = match polling::chunk(consumer, wait, || ()) {
                Ok(chunk) => chunk,
                Err(end) => return end,
            };
            membership.let_go(&mut chunk.messages);
            // What was polled meanwhile may be of a topic that was made anew, and must not be committed.
            let rows_failed = membership.tracking.as_ref().is_some_and(|tracking| tracking.has_failed());
            let is_lost = membership.silence.is_of_this_client_alone(&self.config);
            if membership.failed.load(Ordering::Relaxed) || rows_failed || is_lost {
                return End::StartAfresh;
            }
            membership.turnstile.sent();
            if chunks.send(chunk).is_err() {
                return End::StartAfresh;
            }
            Self::backpressure(consumer, membership, membership.full.load(Ordering::Relaxed));
            Self::stop_for_letters(consumer, membership);
            if last_look.elapsed() >= LOOK_EVERY {
                membership.give_way(consumer);
                last_look = Instant::now();
            }
        }
        End::Stopped
    }

    /// Pauses while the batch is full. Polling goes on, so that the group keeps this member.
    fn backpressure(consumer: &BaseConsumer<Membership>, membership: &Membership, full: bool) {
        if membership.paused.swap(full, Ordering::Relaxed) == full {
            return;
        }
        membership.metrics.paused(false, full);
        let changed = if full {
            consumer.pause(&membership.stateless())
        } else {
            consumer.resume(&membership.unstopped())
        };
        Self::must(membership, changed);
    }

    /// Pauses partitions whose dead letters are not delivered, and lets those go on whose letters are. While the batch is
    /// full all are paused anyway.
    fn stop_for_letters(consumer: &BaseConsumer<Membership>, membership: &Membership) {
        let now = membership.handoff.ledger(|ledger| ledger.stopped(Instant::now()));
        let Some((stopped, going_on)) = membership.stopped(now) else { return };
        if !membership.paused.load(Ordering::Relaxed) {
            Self::must(membership, consumer.pause(&stopped).and_then(|()| consumer.resume(&going_on)));
        }
    }

    fn must(membership: &Membership, changed: KafkaResult<()>) {
        if let Err(error) = changed {
            tracing::error!(%error, "partitions were not paused or resumed; the consumer starts afresh");
            membership.failed.store(true, Ordering::Relaxed);
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
        let partitions: Vec<_> = self.handoff.ledger(|ledger| ledger.partitions().collect());
        // What is read of tracked tables from here on is the next leader's.
        membership.disown(&membership.owned());
        membership.hand_over();
        if !self.handoff.drain(&partitions, deadline) {
            tracing::warn!(
                deadline_s = LAST_DRAIN.as_secs(),
                "not everything was applied in time; it is read again"
            );
        }
        if let Err(error) = membership.commit_in_time(consumer) {
            tracing::warn!(%error, "the last offsets were not committed; their effects happen again");
        }
        // Nothing of these partitions is drained twice when the consumer is dropped.
        membership.forget(&partitions);
    }
}
