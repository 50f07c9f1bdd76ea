use rdkafka::consumer::BaseConsumer;

use super::asking::{committed, ends, partitions_of};
use super::topics::{Asking, TopicsError, consumer, reason};
use crate::catalog::{Catalog, TableId};
use crate::config::Kafka;

/// Tells how much of the topics the group has not applied.
pub struct Lag {
    consumer: BaseConsumer<Asking>,
}

impl Lag {
    /// Does not connect yet.
    pub fn new(kafka: &Kafka) -> Result<Self, TopicsError> {
        Ok(Self { consumer: consumer(kafka)? })
    }

    /// Offsets between what the group has committed, which Redis has acknowledged, and the ends as they are now.
    pub fn of(
        &self,
        catalog: &Catalog,
        tables: impl IntoIterator<Item = TableId>,
    ) -> Result<u64, TopicsError> {
        let failed = |source| TopicsError::Answer { source, reason: reason(&self.consumer) };
        let mut partitions = Vec::new();
        for table in tables {
            partitions.extend(partitions_of(&self.consumer, catalog, table).map_err(failed)?);
        }
        let ends = ends(&self.consumer, catalog, &partitions).map_err(failed)?;
        let committed = committed(&self.consumer, catalog, &partitions).map_err(failed)?;
        let behind = ends.iter().map(|(partition, end)| {
            let applied = committed.get(partition).map_or(0, |committed| committed.offset);
            u64::try_from(end - applied).unwrap_or(0)
        });
        Ok(behind.sum())
    }
}
