//! freshet keeps a Redis cache true to its database: it reads Debezium's change events from Kafka, works out which
//! cached values each row change affects, and deletes them.
//!
//! # The way of an event
//!
//! ```text
//! Kafka ─► kafka::Reader ─► debezium::Decoder ─► views::Evaluator ─► batch ─► handoff ─► redis
//!               ▲                                                               │
//!               └──────────── commit ◄── kafka::Ledger ◄── acknowledged ◄───────┘
//! ```
//!
//! One thread polls; a second one decodes, evaluates and gathers. One task sends a batch's keys, each batch once the one before is
//! acknowledged; while it is on its way the next one grows, so at low load a batch is one event and under load thousands
//! of events become a few hundred keys, without a timer. Another task deletes families by `SCAN`, one walk at a time.
//!
//! # The rooms, from top to bottom
//!
//! Each uses those below it, and those beside it as the list says; `cli` and `app` put them together.
//!
//! - [`cli`]: the command line, one file a command. [`app`]: from settings to a running system, and how it stops.
//! - [`config`]: the file's text to settings, or to every mistake in it at once.
//! - [`catalog`]: what the configuration says about the data: tables, views, templates. Plain data, by index.
//! - [`change`]: one row change, plain data. [`debezium`]: bytes to a change.
//! - [`views`]: a change's old and new image to keys and families, with the reason. [`batch`]: effects, deduplicated.
//! - [`handoff`]: between the polling thread and the writer. [`kafka`]: group, ledger, commits, rebalances.
//! - [`redis`]: deleting, and waiting for Redis. [`http`]: metrics and health. [`telemetry`]: what is counted and logged.
//!
//! `catalog`, `change`, `debezium`, `views` and `batch` import neither rdkafka nor redis nor tokio: the decision from bytes
//! to keys runs alike in `run`, in `explain` and in a unit test.
//!
//! # What must hold
//!
//! - **Nothing is lost.** An offset is committed after Redis has acknowledged every effect of every event up to it, each
//!   command by its own reply. After a crash effects happen again. [`kafka::Ledger`] holds this; revoked partitions are
//!   drained before they go, within a deadline, and what is not acknowledged by then is not committed.
//! - **Old and new.** The keys of the row as it was and as it is go.
//! - **In doubt, wider.** Where the old row is unknown, an event cannot be decoded, a table is truncated, offsets were
//!   lost or the definitions changed, the whole family goes: [`views::Reason`] lists the causes. Nothing is skipped.
//! - **Bounded.** A full batch pauses the partitions; polling goes on, so that the group keeps this member.
//! - **One bad event stops nobody.** Its table's families go, it is counted and logged, the partition goes on.
//! - **Redis away is no error of the data.** Work is repeated until it is acknowledged; meanwhile freshet is not ready and
//!   says why.
//!
//! # Traps of the source, each of which was seen
//!
//! - Under PostgreSQL's default replica identity an update has no `before`, and a delete's `before` looks whole and is
//!   false in all but the key's columns. It is believed under a full identity only ([`catalog::ReplicaIdentity`]).
//! - A primary-key change is a delete and a create, perhaps in two partitions.
//! - A truncate is one event without a key, in one partition, though rows of all partitions are gone.
//! - A large column that an update did not touch comes as a placeholder ([`change::Value::Unavailable`]).
//! - A topic appears with a table's first event. Offsets in a partition have gaps: transaction markers, compaction.
//!
//! # Where a group starts
//!
//! `auto.offset.reset` is `error`: freshet itself chooses. Without a committed offset it fetches the end, deletes the
//! families of the table's views and commits the end once Redis has acknowledged that; everything before the end is
//! covered by the deletion. A committed offset carries a version and a digest of the definitions; where that is missing or
//! another, the families go once and the same offset is committed anew. An offset outside the log was lost: families, and
//! on from the end.
//!
//! # Deliberately absent
//!
//! There is no state on disk, no timer that gathers events, no automatic commit, and no retry that gives up. Relations
//! are not followed row by row: a change behind one deletes the family.

pub mod app;
pub mod batch;
pub mod catalog;
pub mod change;
pub mod cli;
pub mod config;
pub mod debezium;
pub mod handoff;
pub mod http;
pub mod kafka;
pub mod redis;
pub mod telemetry;
pub mod views;
