//! The configuration file: from text to [`Settings`], or to every mistake in it at once.
//!
//! The way of the text: `document` (YAML to JSON with places, `${…}` filled in), `schema` (is the shape right?), `raw`
//! (the types the schema is generated from), `resolve` (does it agree with itself?). A part whose shape is wrong is left
//! out by the later stages, but known by name, so that one mistake is reported once and hides no other.

mod document;
mod error;
mod interpolate;
mod later;
mod librdkafka;
mod problem;
mod raw;
mod resolve;
mod schema;
mod settings;
#[cfg(test)]
mod tests;

use std::path::Path;

pub use error::Error;
pub use problem::Problem;
pub(crate) use problem::suggest;
pub use schema::json_schema;
pub use settings::{Audit, Database, DatabaseUrl, DeadLetters, Http, Kafka, Redis, RedisUrl, Settings};

/// Looks up an environment variable.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Reads the configuration from a file.
pub fn load(path: &Path, env: Environment<'_>) -> Result<Settings, Error> {
    let name = path.display().to_string();
    match std::fs::read_to_string(path) {
        Ok(text) => parse(&name, &text, env),
        Err(source) => Err(Error::Read { name, source }),
    }
}

/// Reads the configuration from text. Messages call it `name`; if that is a path, other files' paths begin at its folder.
pub fn parse(name: &str, text: &str, env: Environment<'_>) -> Result<Settings, Error> {
    let mut problems = problem::Problems::default();
    let settings = document::Document::read(text, env, &mut problems).and_then(|document| {
        let shape = schema::check(&document, &mut problems);
        let folder = Path::new(name).parent().unwrap_or(Path::new(""));
        resolve::resolve(&document, &shape, folder, &mut problems)
    });
    match settings {
        Some(settings) if problems.is_empty() => Ok(settings),
        _ => Err(Error::Invalid { name: name.to_owned(), problems: problems.into_sorted() }),
    }
}
