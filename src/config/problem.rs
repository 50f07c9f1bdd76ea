use std::collections::HashSet;
use std::fmt;

use super::document::{Document, Mark};

/// One mistake in the configuration: where it is, what is wrong and what would be right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub line: usize,
    pub column: usize,
    /// The setting, as a person names it: `views.orders.key`. Empty for the file as a whole.
    pub path: String,
    pub what: String,
    pub remedy: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: ", self.line, self.column)?;
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        write!(f, "{}; {}", self.what, self.remedy)
    }
}

/// What is wrong and what would be right, before it is known where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub what: String,
    pub remedy: String,
}

impl Fault {
    pub(super) fn new(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { what: what.into(), remedy: remedy.into() }
    }

    /// The catalog's sentences have the remedy behind the semicolon.
    pub(super) fn of(error: &dyn std::error::Error) -> Self {
        let message = error.to_string();
        let (what, remedy) = message.split_once("; ").unwrap_or((&message, "correct the template"));
        Self::new(what, remedy)
    }
}

/// The mistakes found so far.
#[derive(Debug, Default)]
pub(super) struct Problems {
    found: Vec<Problem>,
    /// Values that could not be read. What follows from the stand-in that they have is not reported.
    unread: HashSet<String>,
}

impl Problems {
    pub(super) fn push(&mut self, mark: Mark, path: &str, fault: Fault) {
        let (what, remedy) = (one_line(&fault.what), one_line(&fault.remedy));
        self.found.push(Problem { line: mark.line, column: mark.column, path: one_line(path), what, remedy });
    }

    pub(super) fn unread(&mut self, pointer: &str) {
        self.unread.insert(pointer.to_owned());
    }

    /// Reports a mistake in the value that `pointer` names.
    pub(super) fn value(&mut self, document: &Document, pointer: &str, fault: Fault) {
        if !self.unread.contains(pointer) {
            let place = document.place(pointer);
            self.push(place.value, &place.path, fault);
        }
    }

    /// Reports a mistake in the name that `pointer` ends with, or in all that stands under that name.
    pub(super) fn name(&mut self, document: &Document, pointer: &str, fault: Fault) {
        if !self.unread.contains(pointer) {
            let place = document.place(pointer);
            self.push(place.key.unwrap_or(place.value), &place.path, fault);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.found.len()
    }

    /// By place; what is found twice is said once.
    pub(super) fn into_sorted(mut self) -> Vec<Problem> {
        self.found.sort_by(|a, b| (a.line, a.column, &a.path).cmp(&(b.line, b.column, &b.path)));
        self.found.dedup();
        self.found
    }
}

/// A value may hold line ends and worse; a message is one line of a terminal.
fn one_line(text: &str) -> String {
    let escape = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    text.chars().map(escape).collect()
}

/// The nearest of the names that exist, if it is near enough to have been meant.
pub(super) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let near = |distance: usize, candidate: &str| {
        let (a, b) = (name.chars().count(), candidate.chars().count());
        distance <= 1 + a.min(b) / 4 && distance < a.max(b)
    };
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|(distance, candidate)| near(*distance, candidate))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// ``did you mean `a`?``, or what there is to choose from.
pub(crate) fn suggest<'a>(
    name: &str,
    known: impl IntoIterator<Item = &'a str> + Clone,
    otherwise: &str,
) -> String {
    if let Some(near) = nearest(name, known.clone()) {
        return format!("did you mean `{near}`?");
    }
    let all: Vec<String> = known.into_iter().map(|name| format!("`{name}`")).collect();
    if all.is_empty() || all.len() > 10 {
        otherwise.to_owned()
    } else {
        format!("{otherwise} ({})", all.join(", "))
    }
}
