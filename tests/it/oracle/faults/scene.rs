use std::time::{Duration, Instant};

use postgres::Client;

use crate::harness::{Log, Stack, process};
use crate::oracle::cache::Cache;
use crate::oracle::copies::Copies;
use crate::oracle::markers::Markers;
use crate::oracle::readers::Shared;
use crate::oracle::writer::Writer;

/// What a fault can reach.
pub struct Scene<'a> {
    pub stack: &'a Stack,
    pub copies: &'a mut Copies,
    pub writer: &'a mut Writer,
    pub shared: &'a Shared,
    pub cache: &'a mut Cache,
    pub markers: &'a mut Markers,
    pub sql: &'a mut Client,
    /// From a service's return until all was applied that had been written.
    pub caught_up: Option<Duration>,
}

impl Scene<'_> {
    /// So many transactions.
    pub fn write(&mut self, count: usize) {
        self.writer.write(count, self.shared);
    }

    /// Tens of thousands of rows.
    pub fn write_much(&mut self) {
        self.writer.write_much(self.shared);
    }

    /// Waits until all that is written is applied. The copies that run have taken over by then.
    pub fn applied(&mut self) {
        self.markers.quiesce(self.sql);
    }

    /// The same, for a service that has just come back.
    pub fn catch_up(&mut self) {
        let since = Instant::now();
        self.applied();
        self.caught_up = Some(since.elapsed());
    }

    /// A second copy joins.
    pub fn join(&mut self) {
        self.copies.start();
        self.write(60);
        self.copies.wait_until_joined();
    }

    /// A second copy joins. Returns the place of the one that works.
    pub fn pair(&mut self) -> usize {
        self.join();
        self.copies.working(|| self.writer.write(50, self.shared))
    }

    /// Ends a service while the writer goes on, and starts it again.
    pub fn restart(&mut self, service: &str, signal: &str) {
        self.stack.end(service, signal);
        self.write(100);
        self.stack.start_again(service);
    }

    /// No fill is in Redis' hands then: it would take effect when Redis wakes up.
    pub fn pause_redis(&self) {
        let _alone = self.shared.alone();
        process::pause(self.stack.pid("redis"));
    }

    pub fn resume_redis(&self) {
        process::resume(self.stack.pid("redis"));
    }
}

/// How often a copy has said something.
pub fn said(log: &Log, message: &str) -> usize {
    log.with_message(message).len()
}
