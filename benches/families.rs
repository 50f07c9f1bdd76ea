//! A family of 100 keys among many others: its deletion by live names, against the walk by `SCAN`, in the same run.
//!
//! `cargo bench --bench families -- [--others 5000000] [--rounds 200]`
//!
//! Measured: the call that the families' task makes, from the question whether all names have been heard to Redis'
//! acknowledgement of their deletion.

mod harness;

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use freshet::config;
use freshet::redis::{LiveNames, delete_family};
use freshet::telemetry::Metrics;
use harness::stack::Outcome;
use redis::aio::MultiplexedConnection;

const KEYS: u64 = 100;
const WALKS: u64 = 5;

fn main() -> Outcome<()> {
    let (most, rounds) = (harness::argument("--others", 5_000_000), harness::argument("--rounds", 200));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    println!("{:>9} {:>7} {:>12} {:>12} {:>12}", "others", "how", "median ms", "p99 ms", "gathered s");
    for others in [most / 100, most / 10, most] {
        runtime.block_on(measure(others, rounds))?;
    }
    Ok(())
}

async fn measure(others: u64, rounds: u64) -> Outcome<()> {
    let server = Server::start()?;
    let mut redis = server.connect().await?;
    redis::cmd("DEBUG").arg("POPULATE").arg(others).arg("other").arg(8).exec_async(&mut redis).await?;
    let text = format!(
        "kafka: {{ brokers: none, group: bench }}\nredis: {{ url: \"{}\", key_format: \"{{}}\" }}\n\
         tables: {{ task: {{ topic: a.b.task, primary_key: id }} }}\nviews: {{ board: {{ family: \"board:*\", from: task }} }}\n",
        server.url(),
    );
    let settings = config::parse("bench", &text, &|_| None)?;
    let board = settings.catalog.view_by_name("board").ok_or("no view")?;
    let metrics = Metrics::new(&settings.catalog);
    let names = Arc::new(LiveNames::new(settings.redis.url, &settings.catalog, &metrics));
    let began = Instant::now();
    let following = tokio::spawn(Arc::clone(&names).follow());
    while !names.are_known(board) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let gathered = began.elapsed().as_secs_f64();

    let mut took = Vec::new();
    for _ in 0..rounds {
        fill(&mut redis).await?;
        let began = Instant::now();
        let deleted = names.delete(board, &mut redis).await.map(|deleted| deleted.keys);
        took.push(milliseconds(began));
        assert_eq!(deleted, Some(KEYS), "all of them, by their names");
    }
    report(others, "names", took, Some(gathered));
    following.abort();

    let (mut took, view) = (Vec::new(), settings.catalog.view(board));
    for _ in 0..WALKS {
        fill(&mut redis).await?;
        let began = Instant::now();
        let deleted = delete_family(&mut redis, view).await?.keys;
        took.push(milliseconds(began));
        assert_eq!(deleted, KEYS, "all of them");
    }
    report(others, "scan", took, None);
    Ok(())
}

async fn fill(redis: &mut MultiplexedConnection) -> Outcome<()> {
    let mut keys = redis::pipe();
    for number in 0..KEYS {
        keys.set(format!("board:{number}"), "cached").ignore();
    }
    Ok(keys.exec_async(redis).await?)
}

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1_000.0
}

fn report(others: u64, how: &str, mut took: Vec<f64>, gathered: Option<f64>) {
    took.sort_by(f64::total_cmp);
    let (median, last) = (harness::quantile(&took, 0.5), harness::quantile(&took, 0.99));
    let gathered = gathered.map(|seconds| format!("{seconds:.2}")).unwrap_or_default();
    println!("{others:>9} {how:>7} {median:>12.3} {last:>12.3} {gathered:>12}");
}

/// A Redis of the benchmark's own, which may be filled by `DEBUG POPULATE`.
struct Server {
    port: u16,
    child: Child,
}

impl Server {
    fn start() -> Outcome<Self> {
        // Free a moment ago; nothing else on this machine asks for ports meanwhile.
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let child = Command::new("redis-server")
            .args([
                "--bind",
                "127.0.0.1",
                "--save",
                "",
                "--appendonly",
                "no",
                "--enable-debug-command",
                "local",
            ])
            .args(["--port", &port.to_string()])
            .stdout(Stdio::null())
            .spawn()?;
        Ok(Self { port, child })
    }

    fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port)
    }

    async fn connect(&self) -> Outcome<MultiplexedConnection> {
        let deadline = Instant::now() + Duration::from_secs(10);
        // Filling it takes longer than an ordinary answer may.
        let config = redis::AsyncConnectionConfig::new().set_response_timeout(None);
        let client = redis::Client::open(self.url())?;
        loop {
            match client.get_multiplexed_async_connection_with_config(&config).await {
                Ok(connection) => return Ok(connection),
                Err(error) if Instant::now() > deadline => return Err(error.into()),
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It is gone already, or goes now.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
