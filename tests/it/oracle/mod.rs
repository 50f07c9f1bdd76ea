//! The oracle: what Redis holds against what PostgreSQL says, while a writer writes, readers fill the cache and freshet and
//! each service around it are killed, stopped and restarted, copies join and leave, and poison messages come.
//!
//! A run is a row of rounds. In a round the writer runs transactions and faults strike; then everything is applied
//! ([`markers`]) and each key in Redis is compared with the database. Where fills and transactions exclude each other,
//! and where readers fill under leases, none may be stale, or the run fails. After every second round comes a phase without faults, in which a key may go
//! only if a statement changed what its view reads ([`reads`]).
//!
//! In the mode with leases freshet writes the values of two views, and Redis loses values, fences and leases of them all the
//! time ([`losses`]); in the others it deletes their keys.
//!
//! In that mode `freshet audit` is asked at the end, too ([`audit`]): it must agree with the app's own computation, and find a value
//! that was falsified, as the app does.
//!
//! `tests/oracle --help` says how to ask for a long run. What is written and what strikes follows from the
//! seed and the mode. The app's readers hold a row now and then, and the database refuses a transaction for it that it
//! would not refuse in another run.

mod audit;
mod author;
mod cache;
mod comparison;
mod copies;
mod faults;
mod keys;
mod letters;
mod load;
mod losses;
mod markers;
mod partition;
mod plan;
mod poison;
mod readers;
mod reads;
mod report;
mod run;
mod settings;
mod values;
mod writer;

use std::sync::{Mutex, PoisonError};

use run::Run;
use settings::Settings;

/// A run takes all of a machine, so there is one at a time.
static MACHINE: Mutex<()> = Mutex::new(());

/// What `tests/oracle` asks for.
#[test]
fn no_key_is_stale_after_any_write() {
    let _machine = MACHINE.lock().unwrap_or_else(PoisonError::into_inner);
    Run::start(Settings::from_environment()).go();
}

/// A short run, of what may lose a lease or bring one back, and an old value.
#[test]
fn no_reader_with_a_lease_stores_what_is_stale() {
    let _machine = MACHINE.lock().unwrap_or_else(PoisonError::into_inner);
    Run::start(Settings::leased(&[
        "copy: the only one killed",
        "copy: stopped until deposed",
        "copy: the one that works left",
        "redis: killed, and back with an old file",
        "redis: connections cut",
        "redis: restarted",
        "connect: killed",
        "poison: many",
    ]))
    .go();
}
