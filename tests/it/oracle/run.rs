use std::fs;
use std::path::Path;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, Ordering};

use fastrand::Rng;
use postgres::{Client, NoTls};

use super::audit::{self, Audit};
use super::author::Author;
use super::cache::Cache;
use super::comparison::{self, Stale};
use super::copies::Copies;
use super::faults::{Fault, Scene};
use super::keys::{Key, View};
use super::letters;
use super::load;
use super::losses::Losses;
use super::markers::Markers;
use super::poison::Poison;
use super::readers::{Readers, Shared};
use super::report::Report;
use super::settings::Settings;
use super::writer::Writer;
use crate::harness::Stack;

/// A run that compared fewer has shown nothing.
const LEAST_COMPARED: usize = 10_000;
const FAULTS_A_ROUND: usize = 3;
/// One round in so many has poison messages at any time.
const POISONED: usize = 3;
/// Transactions before, between and after faults.
const QUIET: usize = 60;
/// Transactions of a phase in which each statement is watched.
const WATCHED: usize = 30;
/// Of what is wrong, this many are told in full.
const TOLD: usize = 5;

pub struct Run {
    settings: Settings,
    rng: Rng,
    shared: Shared,
    report: Report,
    copies: Copies,
    writer: Writer,
    readers: Readers,
    /// While values are warmed.
    losses: Option<Losses>,
    markers: Markers,
    sql: Client,
    cache: Cache,
    wrong: Vec<String>,
    stack: Stack,
}

/// However a round ends, its readers do.
struct StopAtEnd<'a>(&'a AtomicBool);

impl Drop for StopAtEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Run {
    pub fn start(settings: Settings) -> Self {
        println!("oracle: seed {}, {}", settings.seed, settings.mode());
        let report = Report::new();
        let stack = Stack::start(&["--no-freshet"]);
        let client = || Client::connect(&stack["DATABASE_URL"], NoTls).expect("PostgreSQL");
        let mut sql = client();
        sql.batch_execute(&load::statements()).expect("the rows of the run");
        let markers = Markers::new(&stack, &mut sql);
        let mut copies = Copies::new(&settings, &stack);
        copies.start();
        copies.wait_until_joined();
        let mut rng = Rng::with_seed(settings.seed);
        let author = Author::new(rng.fork(), client(), settings.truncates);
        let readers = Readers::new(&settings, &stack, &mut rng);
        let losses = settings.mode.leased().then(|| Losses::new(&stack, rng.fork()));
        let poison = Poison::new(&stack, rng.fork(), client());
        Self {
            shared: Shared::new(settings.mode.exclusive()),
            writer: Writer::new(author, poison, [client(), client()]),
            cache: Cache::new(&stack),
            settings,
            rng,
            report,
            copies,
            readers,
            losses,
            markers,
            sql,
            wrong: Vec::new(),
            stack,
        }
    }

    /// Rounds, until each fault has been and the time is over.
    pub fn go(mut self) {
        self.markers.quiesce(&mut self.sql);
        let mut round = 0;
        loop {
            let mut faults = self.settings.faults.clone();
            self.rng.shuffle(&mut faults);
            for faults in faults.chunks(FAULTS_A_ROUND) {
                round += 1;
                self.round(round, faults);
                self.heal();
                if round.is_multiple_of(2) {
                    self.watched_phase(round);
                }
                if !self.wrong.is_empty() {
                    return self.end();
                }
            }
            let is_over = self.settings.at_least.is_none_or(|time| self.report.begun.elapsed() >= time);
            if is_over && self.settings.rows.is_none_or(|rows| self.writer.rows() >= rows) {
                return self.end();
            }
        }
    }

    fn round(&mut self, round: usize, faults: &[Fault]) {
        let (shared, stop) = (&self.shared, AtomicBool::new(false));
        let calm = |scene: &mut Scene<'_>| match self.settings.rows {
            Some(_) => scene.write_much(),
            None => scene.write(QUIET),
        };
        self.writer.poison.comes = round.is_multiple_of(POISONED);
        std::thread::scope(|scope| {
            let _stops = StopAtEnd(&stop);
            self.readers.read(scope, shared, &stop);
            if let Some(losses) = &mut self.losses {
                scope.spawn(|| losses.go_on(&stop));
            }
            let mut scene = Scene {
                stack: &self.stack,
                copies: &mut self.copies,
                writer: &mut self.writer,
                shared,
                cache: &mut self.cache,
                markers: &mut self.markers,
                sql: &mut self.sql,
                caught_up: None,
            };
            calm(&mut scene);
            for fault in faults {
                let from = self.report.seconds();
                scene.caught_up = None;
                fault.strike(&mut scene);
                let to = self.report.seconds();
                println!("oracle: {to:>5.0} s, {} since {from:.0} s", fault.name);
                self.report.struck(fault.name, to - from, scene.caught_up);
            }
            calm(&mut scene);
        });
        self.checkpoint();
        println!(
            "oracle: {:>5.0} s, round {round}: {} keys compared, {} stale so far",
            self.report.seconds(),
            self.report.compared,
            self.report.stale
        );
    }

    /// Fills what is missing, waits until everything is applied, and compares.
    fn checkpoint(&mut self) {
        let found = self.readers.read_all(&self.shared);
        self.markers.quiesce(&mut self.sql);
        let (compared, stale) = self.readers.compare(&mut self.sql, &mut self.cache);
        self.report.checkpoints += 1;
        self.report.compared += compared;
        self.report.stale += stale.len();
        let written = self.shared.transactions.load(Ordering::Relaxed);
        let held = comparison::held(&mut self.cache);
        let filled = self.shared.filled.lock().unwrap_or_else(PoisonError::into_inner);
        self.report.older += held.intersection(&found).count();
        for Stale { key, cached, right } in &stale {
            if self.settings.mode.none_is_stale() {
                // When the app has filled it, it alone knows.
                let at = filled.get(key).copied().unwrap_or_default();
                self.wrong.push(format!(
                    "{key} is stale. It was filled after {at} or more of {written} transactions; since then, with its number:{}\n{}",
                    self.writer.last_with(key.id, at),
                    comparison::difference(cached, right.as_deref().unwrap_or("no value"))
                ));
            }
            // Seen once, it is not counted again.
            self.cache.ask(|redis| redis::cmd("UNLINK").arg(key.to_string()).exec(redis));
        }
    }

    /// Rows of which poison came are known again.
    fn heal(&mut self) {
        self.writer.poison.heal();
        self.markers.quiesce(&mut self.sql);
    }

    /// After poison of which freshet cannot say what it meant, and a last comparison, looks for each of the run.
    fn find_poison(&mut self) {
        self.writer.poison.of_no_row();
        self.writer.write(QUIET, &self.shared);
        self.checkpoint();
        let sent = self.writer.poison.sent();
        let missing = if let Some(topic) = self.settings.dead_letters() {
            let letters = letters::read(&self.stack, topic);
            self.writer.poison.missing(letters.keys())
        } else {
            // A copy that starts meets each once.
            self.copies.start();
            self.copies.wait_until_joined();
            let met = self.copies.met_poison(1);
            (met..sent).map(|_| "one that no copy met".to_owned()).collect()
        };
        self.report.poison = (sent, sent - missing.len());
        self.wrong.extend(missing.into_iter().map(|place| format!("no dead letter of {place}")));
    }

    /// What the audit says and what the app says, before and after a value is falsified.
    fn audit(&mut self) {
        self.readers.read_all(&self.shared);
        self.markers.quiesce(&mut self.sql);
        let audit = Audit::new(&self.settings, &self.stack);
        let mut compare = || self.readers.compare(&mut self.sql, &mut self.cache).1;
        let stale = compare();
        self.wrong.extend(stale.iter().map(|stale| format!("before the audit: {stale:?}")));
        self.wrong.extend(audit.wrong_of_all());
        let mut sql = Client::connect(&self.stack["DATABASE_URL"], NoTls).expect("PostgreSQL");
        let mut cache = Cache::new(&self.stack);
        let (falsified, with) = audit::falsify(&mut self.rng, &mut sql, &mut cache);
        let stale: Vec<_> = compare().into_iter().map(|stale| stale.key).collect();
        if stale != [falsified] {
            self.wrong.push(format!("{falsified} was falsified, and the app finds {stale:?}"));
        }
        self.wrong.extend(audit.wrong_of_falsified(falsified, with));
        cache.ask(|redis| redis::cmd("UNLINK").arg(falsified.to_string()).exec(redis));
    }

    /// No fault, no reader: a key that goes must have been touched.
    fn watched_phase(&mut self, round: usize) {
        self.readers.read_all(&self.shared);
        let before = comparison::held(&mut self.cache);
        let changed = self.writer.write_and_watch(WATCHED, &self.shared);
        self.markers.quiesce(&mut self.sql);
        let (after, (compared, stale)) =
            (comparison::held(&mut self.cache), self.readers.compare(&mut self.sql, &mut self.cache));
        self.report.compared += compared;
        self.report.stale += stale.len();
        if self.settings.mode.none_is_stale() {
            self.wrong.extend(stale.iter().map(|stale| format!("{stale:?}")));
        }
        // The markers' own rows are written in this phase, and freshet writes values of them too.
        let by_id = |key: &&Key| View::BY_ID.contains(&key.view) && key.id < load::MARKERS;
        let untouched: Vec<_> = before.iter().filter(by_id).filter(|key| !changed.contains(key)).collect();
        self.report.untouched += untouched.len();
        for key in untouched.into_iter().filter(|key| !after.contains(key)) {
            self.report.without_cause.push(*key);
            self.wrong.push(format!(
                "{key} was deleted in round {round} by the last {WATCHED} transactions, none of which changed what it reads"
            ));
        }
        println!(
            "oracle: {:>5.0} s, {WATCHED} transactions watched: {} keys touched, {} of {} others gone",
            self.report.seconds(),
            changed.len(),
            self.report.without_cause.len(),
            self.report.untouched
        );
    }

    /// The report, and the run's failure if there is one.
    fn end(mut self) {
        if let Some(losses) = &mut self.losses {
            self.wrong.append(&mut losses.wrong);
            println!("oracle: {} names lost, {} looks at fences", losses.lost, losses.looks);
        }
        if self.wrong.is_empty() && self.settings.mode.leased() {
            self.audit();
        }
        if self.wrong.is_empty() {
            self.find_poison();
        }
        self.report.unanswered = self.shared.unanswered.load(Ordering::Relaxed);
        self.report.writes.clone_from(&self.writer.counts);
        self.report.fills = self.shared.fills.load(Ordering::Relaxed);
        self.report.hits = self.shared.hits.load(Ordering::Relaxed);
        self.report.refused = self.shared.refused.load(Ordering::Relaxed);
        println!("oracle: seed {}, {}\n{}", self.settings.seed, self.settings.mode(), self.report);
        if self.report.compared < LEAST_COMPARED {
            self.wrong.push(format!(
                "{} keys were compared; fewer than {LEAST_COMPARED} show nothing",
                self.report.compared
            ));
        }
        if !self.wrong.is_empty() {
            let told = self.wrong.iter().take(TOLD).map(|wrong| format!("{wrong}\n")).collect::<String>();
            panic!("seed {}: {} wrong, the first of them:\n{told}", self.settings.seed, self.wrong.len());
        }
    }
}

/// Of a run that failed stays what was run, what freshet said of it, and all that is wrong.
impl Drop for Run {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("oracle-{}", self.settings.seed));
        let logs = self.copies.logs().enumerate().map(|(number, log)| (format!("freshet-{number}.log"), log));
        let files = [
            ("transactions".to_owned(), self.writer.journal.join("\n")),
            ("wrong".to_owned(), self.wrong.join("\n")),
        ];
        // A second panic would hide the first.
        // An earlier run of this seed may have left more.
        let _ = fs::remove_dir_all(&folder);
        let written = fs::create_dir_all(&folder).and_then(|()| {
            files
                .into_iter()
                .chain(logs)
                .chain(self.readers.logs())
                .try_for_each(|(name, text)| fs::write(folder.join(name), text))
        });
        println!(
            "oracle: seed {}, failed after {:.0} s; the transactions and the logs: {}{}",
            self.settings.seed,
            self.report.seconds(),
            folder.display(),
            written.map_or_else(|error| format!(": {error}"), |()| String::new())
        );
    }
}
