//! The database.

use super::*;

const REST: &str = "tables: { a: { topic: t } }\nviews: { v: { family: 'v:*', from: a } }\n";
const SHAPE: &str =
    "write `postgres://user@host:5432/database`; special characters in a password are percent-encoded";

#[track_caller]
fn database(urls: &str, expect: &[&str]) {
    let text = format!("{HEAD}database: {{ {urls} }}\n{REST}");
    let found = match parse("f", &text, &|name| (name == "P").then(|| "hunter2".to_owned())) {
        Ok(_) => Vec::new(),
        Err(error) => error.problems().iter().map(ToString::to_string).collect(),
    };
    assert_eq!(found, expect, "{urls}");
}

#[test]
fn urls() {
    for urls in [
        "url: postgres://db/shop",
        "url: 'postgresql://shop@[::1]:5432/shop'",
        "url: 'postgres://shop:${P}@db/shop?sslmode=require&application_name=cache'",
        "url: postgres://db/shop, replica_url: postgres://replica/shop",
    ] {
        database(urls, &[]);
    }
    for (url, fault) in [
        ("db:5432", format!("this is no URL of PostgreSQL; {SHAPE}")),
        ("mysql://db/shop", format!("this is no URL of PostgreSQL; {SHAPE}")),
        ("", format!("this is no URL: relative URL without a base; {SHAPE}")),
        ("postgres:///shop", format!("the URL names no host; {SHAPE}")),
        (
            "postgres://db/shop?sslmode=verify-full",
            "this `sslmode` is not known here; write `sslmode=require`, under which the server's certificate is verified, \
             or leave it out"
                .to_owned(),
        ),
        (
            "postgres://db/shop?hunter2=1",
            "an option behind the `?` of the URL is not known here; leave it out".to_owned(),
        ),
        (
            "postgres://shop:hunter2@db/shop",
            "the password stands in the file; write `${DATABASE_PASSWORD}` and set it in the environment, or \
             `${file:/run/secrets/…}`"
                .to_owned(),
        ),
    ] {
        database(&format!("url: '{url}'"), &[&format!("3:18: database.url: {fault}")]);
        database(
            &format!("url: postgres://db/s, replica_url: '{url}'"),
            &[&format!("3:48: database.replica_url: {fault}")],
        );
    }
}

#[test]
fn a_password_is_not_printed() {
    let text = format!(
        "{HEAD}database: {{ url: 'postgres://shop:${{P}}@db/shop?options=hunter2', replica_url: 'postgres://:${{P}}@db/shop' }}\n{REST}"
    );
    let settings =
        parse("f", &text, &|_| Some("hunter2".to_owned())).unwrap_or_else(|error| panic!("{error}"));
    let database = settings.database.as_ref().expect("a database");
    assert_eq!(database.url.to_string(), "postgres://shop:***@db/shop");
    assert_eq!(database.url.expose(), "postgres://shop:hunter2@db/shop?options=hunter2");
    let debug = format!("{settings:?}");
    assert!(!debug.contains("hunter2"), "{debug}");
}

#[test]
fn a_password_that_spoils_the_url_is_not_printed_either() {
    let text = format!("{HEAD}database: {{ url: \"postgres://:${{P}}@db/shop\" }}\n{REST}");
    for password in
        ["hunter2/hunter2", "hunter2:hunter2#", "hunter2?hunter2", "hunter2 [hunter2", "1/hunter2"]
    {
        let error = match parse("f", &text, &|_| Some(password.to_owned())) {
            Ok(settings) => format!("{settings:?}"),
            Err(error) => error.to_string(),
        };
        assert!(!error.contains("hunter2"), "{error}");
    }
}
