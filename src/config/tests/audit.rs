//! What is audited while freshet runs.

use super::*;

const REST: &str = "tables: { a: { topic: t } }\nviews: { v: { family: 'v:*', from: a } }\n";

#[track_caller]
fn audit(sections: &str, expect: &[&str]) {
    let found = match parse("f", &format!("{HEAD}{sections}\n{REST}"), &nothing_set) {
        Ok(_) => Vec::new(),
        Err(error) => error.problems().iter().map(ToString::to_string).collect(),
    };
    assert_eq!(found, expect, "{sections}");
}

#[test]
fn how_often_and_with_what() {
    let database = "database: { url: postgres://db/shop }\n";
    audit(&format!("{database}audit: {{ every: 10m }}"), &[]);
    audit(&format!("{database}audit: {{ every: 1h 30m, sample: 5 }}"), &[]);
    audit(
        "audit: { every: 10m }",
        &["3:1: audit: an audit compares with the database, of which nothing is said; add \
           `database: { url: \"${DATABASE_URL}\" }`, or remove `audit`"],
    );
    audit(
        &format!("{database}audit: {{ every: 9s }}"),
        &["4:17: audit.every: less than `10s` is refused; write it like `every: 10m`"],
    );
    audit(
        &format!("{database}audit: {{ every: soon }}"),
        &["4:17: audit.every: `soon` is no duration: expected number at 0; write it like `every: 10m`"],
    );
    let text = format!("{HEAD}{database}audit: {{ every: 10m }}\n{REST}");
    let settings = parse("f", &text, &nothing_set).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(settings.audit.map(|audit| (audit.every.as_secs(), audit.sample)), Some((600, 1_000)));
}
