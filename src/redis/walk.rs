use redis::RedisResult;
use redis::aio::MultiplexedConnection;

/// Names that one step of `SCAN` looks at. Redis serves nobody else meanwhile: about a millisecond.
const STEP: u32 = 1_000;

/// A walk over all names of one server, of which it tells those that match. A name that is there from its beginning to its end
/// is told; one may be told twice.
pub(super) struct Walk {
    glob: String,
    /// `None` at the end.
    cursor: Option<u64>,
}

impl Walk {
    pub(super) fn new(glob: String) -> Self {
        Self { glob, cursor: Some(0) }
    }

    /// The next names, perhaps none. `None` after the last ones.
    pub(super) async fn step(
        &mut self,
        redis: &mut MultiplexedConnection,
    ) -> RedisResult<Option<Vec<Vec<u8>>>> {
        let Some(cursor) = self.cursor else { return Ok(None) };
        let mut scan = redis::cmd("SCAN");
        scan.arg(cursor).arg("MATCH").arg(&self.glob).arg("COUNT").arg(STEP);
        let (next, names): (u64, Vec<Vec<u8>>) = scan.query_async(redis).await?;
        self.cursor = (next != 0).then_some(next);
        Ok(Some(names))
    }
}
