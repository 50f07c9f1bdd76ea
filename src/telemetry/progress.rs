use std::borrow::Cow;
use std::io::{IsTerminal as _, stderr};

use indicatif::{ProgressBar, ProgressStyle};

/// A bar for long work, such as `reading letters`. It is shown to a person at a terminal, and to nobody else.
pub fn progress(what: impl Into<Cow<'static, str>>) -> ProgressBar {
    let bar = if stderr().is_terminal() { ProgressBar::new(0) } else { ProgressBar::hidden() };
    if let Ok(style) = ProgressStyle::with_template("{msg} {bar:30} {percent} % ({per_sec}, {eta} left)") {
        bar.set_style(style);
    }
    bar.with_message(what)
}
