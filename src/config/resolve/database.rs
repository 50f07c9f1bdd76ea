//! The database.

use url::Url;

use super::Context;
use super::connections::{literal_secret, password};
use crate::config::document::child;
use crate::config::problem::Fault;
use crate::config::raw;
use crate::config::settings::{Database, DatabaseUrl};

const SHAPE: &str =
    "write `postgres://user@host:5432/database`; special characters in a password are percent-encoded";

/// `Some(None)` where the section is not given.
#[expect(clippy::option_option, reason = "the outer one is of every part: it has a mistake")]
pub(super) fn read(context: &mut Context<'_>) -> Option<Option<Database>> {
    if context.shape.value.get("database").is_none() {
        return Some(None);
    }
    let raw: raw::Database = context.one("/database")?;
    let url = address(context, "url", &raw.url);
    let replica_url = raw.replica_url.map(|text| address(context, "replica_url", &text));
    Some(Some(Database { url: url?, replica_url: replica_url.map_or(Some(None), |url| url.map(Some))? }))
}

fn address(context: &mut Context<'_>, name: &str, text: &str) -> Option<DatabaseUrl> {
    let pointer = child("/database", name);
    let url = parse(text).map_err(|fault| context.value(&pointer, fault)).ok();
    if let Some(text) = context.document.text(&pointer)
        && let Some(password) = password(&text.text)
        && !text.is_outside(&password)
    {
        context.value(&pointer, literal_secret("the password", "DATABASE_PASSWORD"));
    }
    url.map(DatabaseUrl::new)
}

/// No fault names the text: it may hold a password.
fn parse(text: &str) -> Result<Url, Fault> {
    let url = Url::parse(text).map_err(|error| Fault::new(format!("this is no URL: {error}"), SHAPE))?;
    if !matches!(url.scheme(), "postgres" | "postgresql") {
        return Err(Fault::new("this is no URL of PostgreSQL", SHAPE));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(Fault::new("the URL names no host", SHAPE));
    }
    // A password that spoils the URL ends where it should not.
    if url.path().contains('@') || url.fragment().is_some() {
        return Err(Fault::new("the URL goes on where it should end", SHAPE));
    }
    let mode = url.query_pairs().find(|(name, _)| name == "sslmode").map(|(_, mode)| mode.into_owned());
    if mode.is_some_and(|mode| !matches!(mode.as_str(), "disable" | "prefer" | "require")) {
        let remedy =
            "write `sslmode=require`, under which the server's certificate is verified, or leave it out";
        return Err(Fault::new("this `sslmode` is not known here", remedy));
    }
    if text.parse::<tokio_postgres::Config>().is_err() {
        return Err(Fault::new("an option behind the `?` of the URL is not known here", "leave it out"));
    }
    Ok(url)
}
