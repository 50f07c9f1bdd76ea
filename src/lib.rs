//! freshet keeps a Redis cache true to its database: it reads Debezium's change events from Kafka, works out which
//! cached values each row change affects, and deletes them, or writes fresh ones.
//!
//! # The way of an event
//!
//! ```text
//!        stateless tables: a member of the group reads what it owns
//! Kafka ─► reader ──────► decoder ────────────► evaluator ─► batch ─┐
//!   │ ▲                                             ▲               ├─► handoff ─► redis
//!   │ └─── commit ◄── ledger ◄── acknowledged ◄─────┼───────────────┼──────┘
//!   │    tracked tables: every copy reads all       │               │
//!   └──► tracking ────► decoder ──► rows ───────────┴─► leading: batch
//!                                                       standing by: backlog
//! ```
//!
//! Of each consumer one thread polls; a second one decodes, evaluates and gathers. One task sends a batch's keys, each
//! batch once the one before is acknowledged; while it is on its way the next one grows, so at low load a batch is one event
//! and under load thousands of events become a few hundred keys, without a timer. Another task deletes families, one at a
//! time: declared ones by the names that Redis tells of ([`redis::LiveNames`]), others by `SCAN`. Where a view asks for it, both
//! delete a second time. Values that are written instead are computed when they are sent, from the rows as they are then
//! ([`kafka::Fresh`]). A task writes dead letters. Commits go on a thread of their own, one at a time.
//!
//! # Stateless and tracked tables
//!
//! An exact deletion needs the row as it was, and the rows behind relations. Where the events tell the old row and no
//! path leads over a table, it is *stateless*. Otherwise it is *tracked*: [`rows`] keeps the last image of each of its rows,
//! the needed columns alone, and which rows point to which ([`catalog::Catalog::track`] derives all this from the views).
//!
//! What an event of a tracked table deletes depends on what was read of other topics before it. Task t is linked to order
//! u; then u's priority changes. A copy that owns u's partition and has not read t's event finds nothing to delete; the owner of
//! t's partition deleted before a reader filled the cache again. The key is stale for ever. So tracked tables that views
//! tie together, a *component*, are led by one copy, which reads every partition: in any interleaving its rows include the
//! link when u's change comes, or the link's own event comes later and deletes then. The leader is the owner, in the
//! consumer group, of partition 0 of the component's first topic; its group consumer keeps tracked partitions paused and
//! serves for election and commits.
//!
//! The other copies read alike and keep the effects that are not committed, in their own reading order
//! ([`batch::Backlog`]). Only a prefix whose every event is committed is trimmed. Who takes over applies all that is left, and
//! goes on. A copy that loads reads up to the committed offsets without effects, and joins the group after that. What
//! it gave up while leading is in doubt until it sees it committed. `src/views/tests/interleavings` runs all this through a
//! million random histories, and shows that an owner a partition, trimming by partition and the like leave stale keys.
//!
//! Where a hole is filled through a relation, each row on the path fills it by the rest of the path, whether or not a row
//! points to it; otherwise a pointing row that leaves before the far row's change is read would take the key along. So all
//! holes of a view lie in one row. A link to a row that was not seen yet fills no key; if the row has not come a minute later, the
//! family goes once. What is only *read* behind a relation is looked up in reverse.
//!
//! # The rooms, from top to bottom
//!
//! Each uses those below it, and those beside it as the list says; `cli` and `app` put them together.
//!
//! - [`cli`]: the command line, one file a command. [`app`]: from settings to a running system, and how it stops.
//! - [`config`]: the file's text to settings, or to every mistake in it at once.
//! - [`catalog`]: what the configuration says about the data: tables, views, templates. Plain data, by index.
//! - [`expressions`]: SQL conditions, as the configuration writes them.
//! - [`change`]: one row change, plain data. [`debezium`]: bytes to a change. [`rows`]: the images of tracked rows.
//! - [`rows`]: the last image of each row of the tracked tables, and which rows point to which.
//! - [`views`]: a change's old and new image to keys and families, with the reason. [`batch`]: effects, deduplicated.
//! - [`database`]: sessions with PostgreSQL itself, for what events do not tell.
//! - [`values`]: what a key holds, computed from the rows, for views that say how.
//! - [`audit`]: what Redis holds beside what the database says, by the same [`values`], and when a difference is an error.
//! - [`handoff`]: between the polling thread and the writer. [`kafka`]: group, ledger, commits, rebalances.
//! - [`redis`]: deleting, writing values, and waiting for Redis. [`http`]: metrics and health. [`telemetry`]: what is counted and logged.
//!
//! `catalog`, `expressions`, `change`, `debezium`, `rows`, `views`, `values` and `batch` import neither rdkafka nor redis nor tokio: the decision from bytes
//! to keys runs alike in `run`, in `explain` and in a unit test.
//!
//! # What must hold
//!
//! - **Nothing is lost.** An offset is committed after Redis has acknowledged every effect of every event up to it, each
//!   command by its own reply. After a crash effects happen again. [`kafka::Ledger`] holds this; revoked partitions are
//!   drained before they go, within a deadline, and what is not acknowledged by then is not committed. Where a view has a
//!   `settle`, that includes the second delete; drains, lag and latency count the first.
//! - **A lease goes before its key.** A reader that read the database before a change stores nothing once the key's deletion is
//!   acknowledged, if it fills under a lease. A family's leases all go before its keys. `redis/lease.rs` says why, and
//!   `tests/protocol` checks it in every order of steps.
//! - **A value never goes back.** What freshet writes replaces nothing newer and survives no newer deletion, whoever sends it
//!   late; it expires, and those written together do not expire together. `redis/fence.rs` says how.
//! - **Whoever asks the database does so as a reader does.** A value that the database tells for a deleted key is stored under a
//!   lease that was taken before it was asked. Nothing waits for it: without it the key is deleted. `redis/refilling` says how.
//! - **Old and new.** The keys of the row as it was and as it is go.
//! - **In doubt, wider.** Where the old row is unknown, an event cannot be decoded, a table is truncated, offsets were
//!   lost or the definitions changed, the whole family goes: [`views::Reason`] lists the causes. Nothing is skipped.
//! - **Bounded.** A full batch pauses the partitions; polling goes on, so that the group keeps this member.
//! - **One bad event stops nobody.** Its table's families go, it is counted and logged, the partition goes on. Its offset is
//!   committed once it lies in the dead-letter topic; a topic that cannot be written stops its partition and no other.
//! - **Redis away is no error of the data.** Work is repeated until it is acknowledged; meanwhile freshet is not ready and
//!   says why. When a node's `run_id` or `master_replid` is not the one that was met last, it may have forgotten deletions:
//!   nothing is committed until all families are gone from it. A committed offset names the node, so a successor knows too.
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
//! - The log shows a commit before other sessions of the database do: for microseconds, or with
//!   `synchronous_standby_names` for as long as a standby takes. Who asks the database after an event waits until nothing that has a
//!   commit time is still running (`database/session.rs`). Without `track_commit_timestamp` nobody can tell, and a reader never can.
//! - Positions (`source.lsn`) are those of changes, not of commits: they order the changes of one row, and a row against a
//!   truncate, and nothing else. After a restore of the database they go back while its time goes on.
//! - A snapshot after other events means that events were lost. It shows no deletion of rows that vanished in between.
//! - Compaction may take what was not read yet: a row that moved twice while freshet was away shows its last place only.
//!
//! # Where a group starts
//!
//! `auto.offset.reset` is `error`: freshet itself chooses. Without a committed offset it fetches the end, deletes the
//! families of the table's views and commits the end once Redis has acknowledged that; everything before the end is
//! covered by the deletion. Rows of a tracked table are loaded up to there. A committed offset carries a version, the
//! definitions of the table's views and the Redis node, each as a digest, the newest record's time and how many partitions there
//! were. A view that was defined otherwise has its family deleted once, and the same offset is committed anew; where Redis is
//! another node, all families. An offset outside the log, or above a record that is newer than all that were below it, is of a
//! log that is gone: families, and on from the end. A topic that is made anew while it is read is noticed by its id, of which the
//! client tells in its log alone.
//! A topic that lost its beginning, or to which partitions were added, does not show all rows as they are: unknown rows and
//! reverse lookups over it answer with the family.
//!
//! # Deliberately absent
//!
//! There is no state on disk, no timer that gathers events, no automatic commit, and no retry that gives up. There is no
//! ownership of tracked partitions and no exchange between copies. Nothing is added up over time: a value is computed anew from all
//! rows of its group, however many events changed it, so that it cannot drift.

pub mod app;
pub mod audit;
pub mod batch;
pub mod catalog;
pub mod change;
pub mod cli;
pub mod config;
pub mod database;
pub mod debezium;
pub mod expressions;
pub mod handoff;
pub mod http;
pub mod kafka;
pub mod redis;
pub mod rows;
pub mod telemetry;
pub mod values;
pub mod views;
