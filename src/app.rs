//! From settings to a running system, and in which order its parts stop.
//!
//! Parts: the reader's thread (polls, decodes, gathers), the writer's task (keys), the families' task (`SCAN`), the HTTP
//! server. On a signal the reader stops first and drains through the others; they end with the process.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

use crate::config::Settings;
use crate::handoff::{Handoff, Sent};
use crate::http;
use crate::kafka::{Mode, Reader, ReaderError, client_config};
use crate::redis::{Connection, Families, Ping, write};
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
    let handoff = Arc::new(Handoff::default());
    let connection = || {
        Connection::new(&settings.redis.url, Arc::clone(&health), Arc::clone(&metrics))
            .map_err(AppError::RedisUrl)
    };

    let mut http = tokio::spawn(http::serve(listener, Arc::clone(&health), Arc::clone(&metrics)));
    let (mut writer, mut families) = if mode == Mode::DryRun {
        health.set(Part::Redis, Ok(()));
        (tokio::spawn(acknowledge_unsent(Arc::clone(&handoff))), tokio::spawn(std::future::pending()))
    } else {
        let families = Arc::new(Families::new(Arc::clone(&catalog)));
        let mut first = connection()?;
        let (handoff, metrics) = (Arc::clone(&handoff), Arc::clone(&metrics));
        let scans = connection()?;
        let asked = Arc::clone(&families);
        let (scans_handoff, scans_metrics) = (Arc::clone(&handoff), Arc::clone(&metrics));
        (
            tokio::spawn(async move {
                // Readiness knows of Redis before the first event does.
                first.until_done(&Ping).await;
                write(handoff, first, asked, metrics).await;
            }),
            tokio::spawn(async move { families.delete(scans_handoff, scans, scans_metrics).await }),
        )
    };

    let group = match mode {
        Mode::Apply => settings.kafka.group.clone(),
        Mode::DryRun => format!("{}-dry-run-{}", settings.kafka.group, std::process::id()),
    };
    let reader = Reader::new(
        client_config(&settings.kafka, &group),
        catalog,
        handoff,
        Arc::clone(&health),
        metrics,
        mode,
    );
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

/// The writer of a dry run.
async fn acknowledge_unsent(handoff: Arc<Handoff>) {
    loop {
        let Sent { number, batch } = handoff.take().await;
        handoff.acknowledge(number);
        if !batch.keys.is_empty() && !batch.families().is_empty() {
            handoff.acknowledge(number);
        }
        handoff.recycle(batch);
    }
}
