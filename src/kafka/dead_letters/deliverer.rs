use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use backon::{BackoffBuilder as _, ExponentialBuilder};
use rdkafka::error::KafkaError;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::limit::Limits;
use super::producer::Producer;
use super::record::headers;
use super::trouble::Trouble;
use crate::batch::Letter;
use crate::catalog::Catalog;
use crate::change::Partition;
use crate::config::{self, Kafka};
use crate::handoff::Handoff;
use crate::telemetry::{Health, Metrics, Part};

/// After this long a partition that waits for a letter says so.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often a partition that waits says so again.
const SAY_AGAIN: Duration = Duration::from_mins(1);
/// How soon a partition that waits for the end of a minute notices that it is another's by now.
const LOOK: Duration = Duration::from_secs(1);

/// Delivers dead letters, each partition's in order, until the broker has them.
pub struct DeadLetters {
    kafka: Kafka,
    settings: config::DeadLetters,
    catalog: Arc<Catalog>,
    handoff: Arc<Handoff>,
    health: Arc<Health>,
    metrics: Arc<Metrics>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Made with the first letter, and anew when the client gave up.
    producer: Option<Arc<Producer>>,
    limits: Limits,
    /// Partitions that wait, why, and when that was said last.
    waiting: BTreeMap<Partition, (Trouble, Instant)>,
}

impl DeadLetters {
    pub fn new(
        kafka: Kafka,
        settings: config::DeadLetters,
        catalog: Arc<Catalog>,
        handoff: Arc<Handoff>,
        health: Arc<Health>,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self { kafka, settings, catalog, handoff, health, metrics, state: Mutex::default() }
    }

    /// Delivers letters as they come. It ends only if a part of it panics.
    pub async fn deliver(self) {
        let shared = Arc::new(self);
        // Of each partition one task, while it has letters.
        let (mut tasks, mut running) = (JoinSet::new(), BTreeSet::new());
        loop {
            let with_letters: Vec<_> = shared.handoff.ledger(|ledger| ledger.with_letters().collect());
            for partition in with_letters {
                if running.insert(partition) {
                    tasks.spawn(Arc::clone(&shared).partition(partition));
                }
            }
            tokio::select! {
                () = shared.handoff.letters() => {}
                Some(ended) = tasks.join_next() => match ended {
                    Ok(partition) => drop(running.remove(&partition)),
                    Err(_) => return,
                },
            }
        }
    }

    /// Delivers all letters of a partition.
    async fn partition(self: Arc<Self>, partition: Partition) -> Partition {
        let backoff = ExponentialBuilder::default()
            .with_jitter()
            .with_min_delay(Duration::from_millis(200))
            .with_max_delay(Duration::from_secs(5))
            .without_max_times();
        let mut delays = backoff.build();
        while let Some((letter, letters)) = self.handoff.ledger(|ledger| ledger.next_letter(partition)) {
            let most = self.settings.max_per_minute;
            let hold = self.state().limits.hold(partition, most, Instant::now());
            if let Some(left) = hold {
                self.waits(&letter, letters, Trouble::flood(most));
                sleep(left.min(LOOK)).await;
                continue;
            }
            match self.write(&letter, letters).await {
                Ok(()) => {
                    self.state().limits.written(partition, Instant::now());
                    self.metrics.letter(partition.table);
                    self.handoff.delivered(&letter);
                    delays = backoff.build();
                }
                Err(error) => {
                    self.waits(&letter, letters, Trouble::refused(&error, &letter, &self.settings.topic));
                    sleep(delays.next().unwrap_or(LOOK)).await;
                }
            }
        }
        self.goes_on(partition);
        partition
    }

    async fn write(&self, letter: &Letter, letters: usize) -> Result<(), KafkaError> {
        let topic = self.settings.topic.as_str();
        let producer = self.producer()?;
        let headers = headers(letter, &self.catalog.table(letter.partition.table).topic, &self.kafka.group);
        let mut write = Box::pin(producer.write(topic, letter, headers));
        let result = if let Ok(result) = timeout(PATIENCE, &mut write).await {
            result
        } else {
            self.waits(letter, letters, Trouble::slow(topic));
            write.await
        };
        if result.is_err() && producer.is_dead() {
            self.state().producer = None;
        }
        result
    }

    fn producer(&self) -> Result<Arc<Producer>, KafkaError> {
        let producer = &mut self.state().producer;
        if let Some(producer) = producer {
            return Ok(Arc::clone(producer));
        }
        let new = Arc::new(Producer::new(&self.kafka)?);
        *producer = Some(Arc::clone(&new));
        Ok(new)
    }

    /// Says that the partition of this letter waits. Of a known reason it is said once a minute; that a letter is slow is no
    /// news where a reason is known.
    fn waits(&self, letter: &Letter, letters: usize, trouble: Trouble) {
        let partition = letter.partition;
        let topic = self.catalog.table(partition.table).topic.as_str();
        let mut state = self.state();
        let known = state.waiting.get(&partition);
        let is_known = known.is_some_and(|(known, said)| {
            let same = *known == trouble || trouble == Trouble::slow(&self.settings.topic);
            same && said.elapsed() < SAY_AGAIN
        });
        if is_known {
            return;
        }
        let Trouble { what, remedy } = trouble.clone();
        self.metrics.stopped(topic, partition.number, true);
        state.waiting.insert(partition, (trouble, Instant::now()));
        self.tell(&state);
        drop(state);
        tracing::error!(
            topic,
            partition = partition.number,
            offset = letter.offset,
            letters,
            what,
            remedy,
            "the partition is stopped: its dead letters cannot be written"
        );
    }

    fn goes_on(&self, partition: Partition) {
        let mut state = self.state();
        if state.waiting.remove(&partition).is_none() {
            return;
        }
        let topic = self.catalog.table(partition.table).topic.as_str();
        self.metrics.stopped(topic, partition.number, false);
        self.tell(&state);
        if self.handoff.ledger(|ledger| ledger.partitions().any(|own| own == partition)) {
            tracing::info!(
                topic,
                partition = partition.number,
                "the partition goes on: its dead letters are written"
            );
        } else {
            tracing::info!(
                topic,
                partition = partition.number,
                "the stopped partition is another copy's now"
            );
        }
    }

    /// Readiness says which partitions are stopped, and why.
    fn tell(&self, state: &State) {
        let stopped = |(partition, (trouble, _)): (&Partition, &(Trouble, Instant))| {
            let topic = self.catalog.table(partition.table).topic.as_str();
            format!("{topic} partition {} is stopped: {}; {}", partition.number, trouble.what, trouble.remedy)
        };
        let stopped: Vec<_> = state.waiting.iter().map(stopped).collect();
        self.health.set(Part::DeadLetters, if stopped.is_empty() { Ok(()) } else { Err(stopped.join(", ")) });
    }

    /// A panic elsewhere leaves what was said last; it ends the delivery.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
