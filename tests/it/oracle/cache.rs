//! A connection to Redis that goes on after Redis, or the connection, has gone.

use std::time::Duration;

use redis::{Client, Connection, RedisResult};

use crate::harness::{PATIENCE, Stack};

pub struct Cache {
    client: Client,
    live: Option<Connection>,
    answers_within: Duration,
}

impl Cache {
    pub fn new(stack: &Stack) -> Self {
        Self::with_patience(stack, PATIENCE)
    }

    pub fn with_patience(stack: &Stack, answers_within: Duration) -> Self {
        let client = Client::open(&stack["REDIS_URL"]).expect("a URL");
        Self { client, live: None, answers_within }
    }

    /// Asks once. After an error the next one connects anew: an answer that comes late would be taken for the next one's.
    pub fn try_ask<T>(&mut self, work: impl FnOnce(&mut Connection) -> RedisResult<T>) -> RedisResult<T> {
        let mut live = match self.live.take() {
            Some(live) => live,
            None => self.connect()?,
        };
        let answer = work(&mut live)?;
        self.live = Some(live);
        Ok(answer)
    }

    /// Asks a Redis that is there. What was connected to one that is gone is noticed here.
    #[track_caller]
    pub fn ask<T>(&mut self, work: impl Fn(&mut Connection) -> RedisResult<T>) -> T {
        self.try_ask(&work).or_else(|_| self.try_ask(&work)).expect("Redis answers")
    }

    fn connect(&self) -> RedisResult<Connection> {
        let live = self.client.get_connection_with_timeout(self.answers_within)?;
        live.set_read_timeout(Some(self.answers_within))?;
        live.set_write_timeout(Some(self.answers_within))?;
        Ok(live)
    }
}
