use tokio::time::{Instant, timeout_at};

use super::ANSWER;
use super::finding::Finding;
use crate::config::{Database, Settings};
use crate::database::{DatabaseError, Session};

/// Asks within the time that a server has for all that it is asked.
pub(super) async fn ask(settings: &Settings, database: &Database) -> Vec<Finding> {
    let end = Instant::now() + ANSWER;
    let silent = |_| Err(DatabaseError::Silent(ANSWER));
    let mut session = match timeout_at(end, Session::open(database, ANSWER)).await.unwrap_or_else(silent) {
        Ok(session) => session,
        Err(error) => {
            let remedy = "look whether the server runs, and at `database.url`";
            return vec![Finding::wrong(format!("it cannot be asked: {error}"), remedy)];
        }
    };
    let mut findings = vec![Finding::Right("it answers".to_owned())];
    for view in &settings.catalog.views {
        let Some(refill) = &view.refill else { continue };
        let (name, file) = (&view.name, &refill.file);
        let silent = |_| Err(DatabaseError::Silent(ANSWER));
        findings.push(match timeout_at(end, session.probe(&refill.sql)).await.unwrap_or_else(silent) {
            Ok(()) => Finding::Right(format!("the statement in {file} is right (view `{name}`)")),
            Err(error) => Finding::wrong(
                format!("the statement in {file} fails (view `{name}`): {error}"),
                "correct the file, or permit the user what it reads",
            ),
        });
    }
    if !session.sees_commits() && findings.len() > 1 {
        findings.push(Finding::Note {
            what: "it keeps no commit times: a value may be asked for before a change is visible whose event was read, and \
                   with `synchronous_standby_names` that is likely"
                .to_owned(),
            remedy: "set `track_commit_timestamp = on`".to_owned(),
        });
    }
    findings
}
