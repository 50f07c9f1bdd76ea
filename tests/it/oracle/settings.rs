use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::faults::Fault;

/// How long a reader that excludes nobody takes at most to store what it has read. Less than a change takes to Redis, and no
/// value would be overtaken; more than a settling time of a second, and the second delete would come too early.
const DELAY: Duration = Duration::from_millis(800);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// A fill and a transaction exclude each other.
    Exclusive,
    /// They do not, and readers store what they have read. A value that a change has overtaken is stale then.
    Stock,
    /// They do not, and the example app fills under its leases.
    Leased,
}

impl Mode {
    pub const fn exclusive(self) -> bool {
        matches!(self, Self::Exclusive)
    }

    pub const fn leased(self) -> bool {
        matches!(self, Self::Leased)
    }

    /// Whether a stale key is a mistake.
    pub const fn none_is_stale(self) -> bool {
        !matches!(self, Self::Stock)
    }
}

/// What a run was asked for, by the environment: `tests/oracle` sets it.
#[derive(Debug)]
pub struct Settings {
    pub seed: u64,
    /// Rounds go on for this long. The short form is over after each fault has been once.
    pub at_least: Option<Duration>,
    /// And until so many rows are written, most of them before and after the faults of a round.
    pub rows: Option<u64>,
    pub mode: Mode,
    /// The readers are the example app.
    pub application: bool,
    pub delay: Duration,
    /// What strikes.
    pub faults: Vec<Fault>,
    /// How long after its first delete each key goes again.
    pub settle: Option<String>,
    /// Empties the table of logs now and then. The log of changes must not be compacted then.
    pub truncates: bool,
    /// The configuration of freshet.
    pub configuration: String,
}

impl Settings {
    /// The app's readers, for as long as each of some faults strikes once.
    pub fn leased(faults: &[&str]) -> Self {
        let chosen =
            |name: &&str| Fault::all().into_iter().find(|fault| fault.name == *name).expect("a fault");
        let faults = faults.iter().map(chosen).collect();
        Self { faults, ..Self::of(Mode::Leased) }
    }

    pub fn from_environment() -> Self {
        let mode = match asked("MODE").as_deref() {
            None | Some("exclusive") => Mode::Exclusive,
            Some("stock") => Mode::Stock,
            Some("leased") => Mode::Leased,
            Some(other) => panic!("no mode is named {other}"),
        };
        Self::of(mode)
    }

    fn of(mode: Mode) -> Self {
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/examples/work-orders/freshet.yaml");
        let file = asked("CONFIG").map_or(shipped, Into::into);
        let shown = file.display();
        let mut configuration = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{shown}: {error}"));
        let settle = asked("SETTLE");
        if let Some(settle) = &settle {
            // Of the settings of a view `from` is one that each has.
            let from = "\n    from:";
            assert!(configuration.contains(from), "{shown} has no line `    from:`");
            configuration = configuration.replace(from, &format!("\n    settle: {settle}{from}"));
        }
        if mode != Mode::Leased {
            // Readers by SQL spell values in their own way.
            configuration = without_warming(&configuration);
        }
        Self {
            seed: asked("SEED").map_or_else(now, |seed| seed.parse().expect("a seed is a number")),
            at_least: asked("MINUTES")
                .map(|minutes| Duration::from_secs_f64(60.0 * minutes.parse::<f64>().expect("minutes"))),
            rows: asked("ROWS").map(|rows| rows.parse().expect("rows are a number")),
            mode,
            application: match asked("READERS").as_deref() {
                None => mode.leased(),
                Some("sql") if !mode.leased() => false,
                Some("app") if !mode.exclusive() => true,
                Some(other) => panic!("in this mode no readers are named {other}"),
            },
            delay: match asked("DELAY") {
                _ if mode.exclusive() => Duration::ZERO,
                None => DELAY,
                Some(milliseconds) => Duration::from_millis(milliseconds.parse().expect("milliseconds")),
            },
            faults: Fault::all(),
            truncates: asked("TRUNCATES").is_some(),
            settle,
            configuration,
        }
    }

    /// The topic of dead letters, if the configuration has one.
    pub fn dead_letters(&self) -> Option<&str> {
        let (_, rest) = self.configuration.split_once("\ndead_letters:")?;
        let (_, topic) = rest.split_once("topic:")?;
        topic.trim_start().split([' ', ',', '}', '\n']).next().map(|topic| topic.trim_matches('"'))
    }

    /// What the run is, for its report.
    pub fn mode(&self) -> String {
        let mode = match self.mode {
            Mode::Exclusive => "exclusive",
            Mode::Stock => "stock",
            Mode::Leased => "leased",
        };
        let settle = self.settle.as_ref().map_or_else(String::new, |settle| format!(" with settle {settle}"));
        let readers = if self.application { "the app's readers" } else { "readers by SQL" };
        format!("{mode} mode{settle}, {readers}, a delay of up to {:?}", self.delay)
    }
}

/// Views whose keys are deleted instead of written.
pub fn without_warming(configuration: &str) -> String {
    let warm = "    warm: stream\n";
    assert!(configuration.contains(warm), "no view of the configuration is warmed");
    configuration.replace(warm, "")
}

fn asked(name: &str) -> Option<String> {
    std::env::var(format!("FRESHET_ORACLE_{name}")).ok().filter(|value| !value.is_empty())
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a clock");
    since.as_secs() * 1_000 + u64::from(since.subsec_millis())
}
