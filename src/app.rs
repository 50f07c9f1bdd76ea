//! From settings to a running system, and in which order its parts stop.
//!
//! Parts: the reader's thread (polls, decodes, gathers), the writer's task (keys), the families' task, the HTTP server, and with
//! a dead-letter topic the task that delivers letters. Each of the two that delete does so again where that settles. On a
//! signal the reader stops first and drains through the others; they end with the process.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, SystemTime};

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::audit::{Background, Subject};
use crate::catalog::Catalog;
use crate::config::{RedisUrl, Settings};
use crate::handoff::{Handoff, Sent};
use crate::http;
use crate::kafka::{DeadLetters, Fresh, Mode, Reader, ReaderError, Share};
use crate::redis::{Connection, Families, LiveNames, Places, Refilling, write};
use crate::telemetry::{Health, Metrics, Part};

/// How long the reader may take to drain, commit and leave the group, before the process ends without it. What is not
/// committed by then is read again.
const STOP: Duration = Duration::from_secs(20);

/// Why freshet could not start, or had to end.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    #[error("cannot listen on {address} (`http.listen`)")]
    Listen { address: SocketAddr, source: io::Error },
    #[error("the Redis URL cannot be used (`redis.url`)")]
    RedisUrl(#[source] ::redis::RedisError),
    #[error(transparent)]
    Reader(#[from] ReaderError),
    #[error("cannot start: {0}")]
    Start(#[source] io::Error),
    #[error("a part of freshet broke; the log says where")]
    Broken,
}

/// Runs until SIGTERM or SIGINT.
pub async fn run(settings: Settings, mode: Mode) -> Result<(), AppError> {
    let address = settings.http.listen;
    let listener = TcpListener::bind(address).await.map_err(|source| AppError::Listen { address, source })?;
    let mut terminate = signal(SignalKind::terminate()).map_err(AppError::Start)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(AppError::Start)?;

    let catalog = Arc::new(settings.catalog);
    let health = Arc::new(Health::default());
    let metrics = Arc::new(Metrics::new(&catalog));
    // A dry run deletes nothing, so nothing is to be deleted again.
    let handoff = Arc::new(Handoff::new(&catalog, mode == Mode::Apply && catalog.settles()));
    let fresh = Arc::new(Fresh::new(&catalog, settings.values.clone(), settings.redis.value_format));
    let mut http = tokio::spawn(http::serve(listener, Arc::clone(&health), Arc::clone(&metrics)));
    let places = settings.database.clone().map(|database| Places {
        redis: settings.redis.url.clone(),
        database,
        format: settings.redis.value_format,
    });
    let shared = Shared {
        catalog: Arc::clone(&catalog),
        handoff: Arc::clone(&handoff),
        health: Arc::clone(&health),
        metrics: Arc::clone(&metrics),
        fresh: Arc::clone(&fresh),
        refilling: Arc::new(Refilling::new(&catalog, &metrics, places)),
    };
    let (mut writer, mut families) = match mode {
        Mode::Apply => shared.delete(&settings.redis.url)?,
        Mode::DryRun => shared.delete_nothing(),
    };

    // A pod's process is always number 1, so the time tells two dry runs apart.
    let started = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let group = match mode {
        Mode::Apply => settings.kafka.group.clone(),
        Mode::DryRun => format!("{}-dry-run-{:x}", settings.kafka.group, started.as_nanos()),
    };
    // A dry run writes nothing.
    let dead_letters = settings.dead_letters.filter(|_| mode == Mode::Apply);
    let letters = dead_letters.is_some();
    let mut deliverer = tokio::spawn({
        let deliverer = dead_letters.map(|dead_letters| {
            DeadLetters::new(
                settings.kafka.clone(),
                dead_letters,
                Arc::clone(&catalog),
                Arc::clone(&handoff),
                Arc::clone(&health),
                Arc::clone(&metrics),
            )
        });
        deliver(deliverer)
    });
    // A dry run writes nothing, so that nothing is its own to audit.
    let background =
        settings.audit.filter(|_| mode == Mode::Apply).zip(settings.database).map(|(options, database)| {
            Background {
                subject: Subject {
                    catalog: Arc::clone(&catalog),
                    values: settings.values,
                    format: settings.redis.value_format,
                },
                options,
                redis: settings.redis.url,
                database,
                kafka: settings.kafka.clone(),
                fresh: Arc::clone(&fresh),
                metrics: Arc::clone(&metrics),
            }
        });
    // It ends with the process, and harms nothing where it breaks.
    background.map(|background| tokio::spawn(background.go_on()));
    let reader =
        Reader::new(settings.kafka, &group, catalog, handoff, Arc::clone(&health), metrics, (mode, fresh))
            .with_dead_letters(letters);
    let stop = Arc::new(AtomicBool::new(false));
    let (ended, mut end) = oneshot::channel();
    let stopped = Arc::clone(&stop);
    thread::Builder::new()
        .name("reader".to_owned())
        .spawn(move || {
            // The receiver is gone only when the process ends without waiting.
            let _ = ended.send(reader.run(&stopped));
        })
        .map_err(AppError::Start)?;
    tracing::info!(group, "reading");

    tokio::select! {
        _ = terminate.recv() => tracing::info!("stopping on SIGTERM"),
        _ = interrupt.recv() => tracing::info!("stopping on SIGINT"),
        // None of these ends by itself.
        result = &mut end => return result.map_err(|_| AppError::Broken)?.map_err(AppError::from).and(Err(AppError::Broken)),
        _ = &mut http => return Err(AppError::Broken),
        _ = &mut writer => return Err(AppError::Broken),
        _ = &mut families => return Err(AppError::Broken),
        _ = &mut deliverer => return Err(AppError::Broken),
    }
    stop.store(true, Ordering::Relaxed);
    if let Ok(result) = tokio::time::timeout(STOP, end).await {
        result.map_err(|_| AppError::Broken)??;
        tracing::info!("stopped");
    } else {
        let deadline_s = STOP.as_secs();
        tracing::warn!(deadline_s, "not stopped in time; what is not committed is read again");
    }
    Ok(())
}

/// Without a dead-letter topic there is nothing to deliver, for ever.
async fn deliver(letters: Option<DeadLetters>) {
    match letters {
        Some(letters) => letters.deliver().await,
        None => std::future::pending().await,
    }
}

/// What the tasks that write to Redis share with the rest.
struct Shared {
    catalog: Arc<Catalog>,
    handoff: Arc<Handoff>,
    health: Arc<Health>,
    metrics: Arc<Metrics>,
    fresh: Arc<Fresh>,
    refilling: Arc<Refilling>,
}

/// The task that deletes keys, and the one that deletes families.
type Writers = (JoinHandle<()>, JoinHandle<()>);

impl Shared {
    fn delete(self, url: &RedisUrl) -> Result<Writers, AppError> {
        let connection = |part| {
            let (handoff, health) = (Arc::clone(&self.handoff), Arc::clone(&self.health));
            Connection::new(url, part, handoff, health, Arc::clone(&self.metrics)).map_err(AppError::RedisUrl)
        };
        let (keys, scans) = (connection(Part::Redis)?, connection(Part::Families)?);
        let names = Arc::new(LiveNames::new(url.clone(), &self.catalog, &self.metrics));
        let families = Arc::new(Families::new(Arc::clone(&self.catalog), Arc::clone(&names)));
        let writer = write(
            (self.catalog, self.fresh, Arc::clone(&self.refilling)),
            Arc::clone(&self.handoff),
            keys,
            Arc::clone(&families),
            Arc::clone(&self.metrics),
        );
        let deletion = async move {
            tokio::join!(families.delete(self.handoff, scans, self.metrics), names.follow());
        };
        // Nothing waits for it, and it holds up nothing.
        tokio::spawn(async move { Box::pin(self.refilling.ask()).await });
        Ok((tokio::spawn(writer), tokio::spawn(deletion)))
    }

    /// For a dry run: acknowledges what is never sent.
    fn delete_nothing(self) -> Writers {
        self.health.set(Part::Redis, Ok(()));
        self.health.set(Part::Families, Ok(()));
        let writer = async move {
            loop {
                let Sent { number, batch } = self.handoff.take().await;
                self.metrics.keys(&batch.keys, 0);
                self.metrics.widenings(batch.families());
                // Of the two a batch may have one; the other is none.
                self.handoff.acknowledge(number, Share::Keys);
                self.handoff.acknowledge(number, Share::Families);
                self.handoff.recycle(batch);
            }
        };
        (tokio::spawn(writer), tokio::spawn(std::future::pending()))
    }
}
