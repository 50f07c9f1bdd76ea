//! Views whose values the database is asked for.

use super::*;

const DATABASE: &str = "database: { url: postgres://db/shop }\n";
const TABLE: &str = "tables: { a: { topic: t, primary_key: id, replica_identity: full } }\n";

/// The configuration lies beside these files.
fn read(database: &str, view: &str, sql: &str) -> Result<Settings, Vec<String>> {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("v.sql"), sql).expect("a file");
    let name = folder.path().join("f").display().to_string();
    let text = format!("{HEAD}{database}{TABLE}views: {{ v: {{ {view}, from: a }} }}\n");
    let problems = |error: Error| error.problems().iter().map(ToString::to_string).collect();
    parse(&name, &text, &|_| None).map_err(problems)
}

const VIEW: &str = "warm: { sql: v.sql }, ttl: 5m, key: 'v:{shop}:{id}'";

#[test]
fn parameters_are_holes() {
    let settings = read(DATABASE, VIEW, "select :id, :shop, :id").expect("right");
    let refill = settings.catalog.views[0].refill.as_ref().expect("a statement");
    assert_eq!((refill.sql.as_str(), &refill.holes[..]), ("select $1, $2, $1", &[1, 0][..]));
    assert!(settings.catalog.views[0].warm.is_none(), "no fence is written");
}

#[test]
fn another_statement_is_another_definition() {
    let digest = |sql| read(DATABASE, VIEW, sql).expect("right").catalog.views[0].digest;
    assert_eq!(digest("select :id"), digest("select :id"));
    assert_ne!(digest("select :id"), digest("select :id + 1"));
}

#[test]
fn mistakes_have_remedies() {
    let check = |database, view: &str, sql, expect: &str| {
        let problems = read(database, view, sql).expect_err("a mistake");
        assert!(problems.len() == 1 && problems[0].ends_with(expect), "{problems:#?}");
    };
    check(
        "",
        VIEW,
        "select 1",
        "views.v.warm.sql: there is no `database` to ask; add `database: { url: … }`",
    );
    check(
        DATABASE,
        VIEW,
        "select :shopp",
        "views.v.warm.sql: the key has no hole for the parameter `:shopp`; did you mean `:shop`?",
    );
    check(
        DATABASE,
        VIEW,
        "select $1",
        "views.v.warm.sql: `$1` is a parameter without a name; write it like `:name`",
    );
    check(
        DATABASE,
        &VIEW.replace("key: 'v:{shop}:{id}'", "family: 'v:*'"),
        "select 1",
        "views.v.warm.sql: no row tells the keys of a family, so there is nothing to ask for; use a `key` with holes, or \
         remove `warm`",
    );
    check(
        DATABASE,
        &VIEW.replace("ttl: 5m, ", ""),
        "select 1",
        "views.v.warm: everything that freshet writes expires, and the view has no `ttl`; add the one that the \
         application uses, such as `ttl: 5m`",
    );
    let problems = read(DATABASE, &VIEW.replace("v.sql", "none.sql"), "").expect_err("a mistake");
    assert!(problems[0].contains("views.v.warm.sql: the file `none.sql` cannot be read: "), "{problems:#?}");
    let problems = read(DATABASE, &VIEW.replace("sql:", "sq:"), "").expect_err("a mistake");
    assert!(problems[0].contains("there is no setting `sq`"), "{problems:#?}");
}
