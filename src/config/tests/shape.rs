//! Mistakes in the YAML and in the shape of the file.

use super::*;

/// What a body must have besides what a case is about.
const REST: &str = "tables: { a: { topic: t } }\nviews: { v: { family: 'v:*', from: a } }\n";

#[test]
fn the_least_there_can_be() {
    let settings = loaded(REST);
    assert_eq!(settings.kafka.brokers, "b");
    assert_eq!(settings.kafka.group, "freshet");
    assert!(settings.kafka.librdkafka.is_empty());
    assert_eq!(settings.redis.url.expose(), "redis://r");
    assert_eq!(
        (settings.redis.key_format.prefix.as_str(), settings.redis.key_format.suffix.as_str()),
        ("", "")
    );
    assert_eq!(settings.http.listen.to_string(), "0.0.0.0:9090");
    assert_eq!((settings.catalog.tables.len(), settings.catalog.views.len()), (1, 1));
}

#[test]
fn line_ends_and_a_byte_order_mark() {
    let text = format!("\u{feff}{HEAD}{REST}");
    check_file(&text, &[]);
    check_file(&text.replace('\n', "\r\n"), &[]);
    check_file(&format!("---\n{HEAD}{REST}...\n"), &[]);
}

#[test]
fn no_yaml() {
    check_file("", &["1:1: the file is empty; describe `kafka`, `redis`, `tables` and `views`"]);
    check_file("# nothing\n", &["1:1: the file is empty; describe `kafka`, `redis`, `tables` and `views`"]);
    check_file(
        "kafka: [\n",
        &[
            "2:1: this is no YAML: while parsing a node, did not find expected node content; correct the YAML here or shortly \
         before",
        ],
    );
    check_file(
        "kafka:\n\tbrokers: b\n",
        &[
            "2:2: this is no YAML: tabs disallowed within this context (block indentation); indent with spaces, not tabs",
        ],
    );
    check_file(
        "kafka: { brokers: ${B} }\n",
        &[
            "1:20: this is no YAML: while parsing a flow mapping, did not find expected ',' or '}'; put text that holds `${…}` \
         in double quotes",
        ],
    );
    check_file("- a\n", &["1:1: this is a list and must be a mapping; write a mapping"]);
    check_file("5\n", &["1:1: this is a number and must be a mapping; write a mapping"]);
    check(
        &format!("{REST}---\na: b\n"),
        &["5:1: a second document begins here; keep one document in the file; remove the `---`"],
    );
    check(
        &format!("{REST}x: *gone\n"),
        &[
            "5:4: this is no YAML: while parsing node, found unknown anchor; correct the YAML here or shortly before",
        ],
    );
    let deep = format!("{REST}x: {}{}\n", "[".repeat(40), "]".repeat(40));
    check(&deep, &["5:35: this is nested more than 32 levels deep; no setting is; remove it"]);
    check(
        &format!("{REST}x:\n {}\n", "- ".repeat(10_000)),
        &["6:64: this is nested more than 32 levels deep; no setting is; remove it"],
    );
    check(
        &format!("{REST}x: {}\n", "[".repeat(10_000)),
        &["5:259: this is no YAML: recursion limit exceeded; correct the YAML here or shortly before"],
    );
}

#[test]
fn names() {
    check(
        &format!("{REST}? [a, b]\n: c\n"),
        &["5:3: a name cannot be a list or a mapping; use text as the name"],
    );
    check(
        &format!("{REST}? {{}}\n: c\n"),
        &["5:3: a name cannot be a list or a mapping; use text as the name"],
    );
    check(
        "tables: { 5: { topic: t } }\nviews: { v: { family: 'v:*', from: '5' } }\n",
        &["3:11: tables.5: the name `5` is not text; put it in quotes"],
    );
    check(
        "tables: { a: { topic: t, topic: u }, a: { topic: t }, a: 5 }\nviews: { v: { family: 'v:*', from: a } }\n",
        &[
            "3:26: tables.a.topic: `topic` is defined twice; the first is in line 3; keep one",
            "3:38: tables.a: `a` is defined twice; the first is in line 3; keep one",
            "3:55: tables.a: `a` is defined twice; the first is in line 3; keep one",
        ],
    );
}

#[test]
fn aliases() {
    check(
        "tables: { a: &a { topic: t }, b: *a }\nviews: { v: { family: 'v:*', from: [a, b] } }\n",
        &["3:34: tables.b: an alias (`*name`) is not read; write the value out"],
    );
    check(
        "tables: &t { a: { topic: t }, *t : 1 }\n",
        &["3:31: an alias (`*name`) is not read; write the value out"],
    );
}

#[test]
fn variables() {
    check(
        "tables: { a: { topic: \"${T}\" } }\nviews: { v: { family: \"${F\", from: a, ttl: \"$${x}\" } }\n",
        &[
            "3:23: tables.a.topic: the environment variable `T` is not set; set it, or write `${T:-…}` with a default",
            "4:23: views.v.family: `${` has no `}`; close it, or write `$${` for a literal `${`",
            "4:44: views.v.ttl: `${x}` is no duration: expected number at 0; write it like `5m`, `300s` or `1h30m`",
        ],
    );
    let text = format!(
        "{HEAD}tables: {{ a: {{ topic: \"${{T}}\" }} }}\nviews: {{ v: {{ family: \"${{F}}\", from: a }} }}\n"
    );
    let env = |name: &str| match name {
        "T" => Some("app.public.a".to_owned()),
        "F" => Some("x: y\nz: *".to_owned()),
        _ => None,
    };
    let settings = parse("f", &text, &env).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(settings.catalog.tables[0].topic, "app.public.a");
    let family = crate::catalog::Pattern::Declared { prefix: "x: y\nz: ".to_owned() };
    assert_eq!(settings.catalog.views[0].pattern, family, "a value cannot change the structure");
}

#[test]
fn a_plain_scalar_is_typed_after_filling_in() {
    let body = "http:\n  listen: ${L}\n";
    let parse = |value: &str| {
        let env = |_: &str| Some(value.to_owned());
        parse("f", &format!("{HEAD}{REST}{body}"), &env).map(|settings| settings.http.listen.to_string())
    };
    assert_eq!(parse("127.0.0.1:1").expect("an address"), "127.0.0.1:1");
    let error = parse("5").expect_err("a number");
    let expect = "f:6:11: http.listen: this is a number and must be text; put it in quotes";
    assert_eq!(error.to_string(), expect);
}

#[test]
fn types() {
    check_file(
        "kafka:\nredis: true\ntables: []\nviews: x\n",
        &[
            "1:6: kafka: this is nothing and must be a mapping; write a mapping",
            "2:8: redis: this is `true` or `false` and must be a mapping; write a mapping",
            "3:9: tables: this is a list and must be a mapping; write a mapping",
            "4:8: views: this is text and must be a mapping; write a mapping",
        ],
    );
    check(
        "tables:\n  a: { topic: 5, primary_key: 6, columns: { b: money, c: , d: 1 } }\nviews:\n  v: { family: 'v:*', from: 7 }\n",
        &[
            "4:15: tables.a.topic: this is a number and must be text; put it in quotes",
            "4:31: tables.a.primary_key: this is a number and must be text or a list; put it in quotes",
            "4:48: tables.a.columns.b: `money` is not known here; write one of those that are (`integer`, `text`, `boolean`, `float`)",
            "4:56: tables.a.columns.c: this is nothing and must be text; write text",
            "4:63: tables.a.columns.d: this is a number and must be text; put it in quotes",
            "6:29: views.v.from: this is a number and must be text, a list or a mapping; put it in quotes",
        ],
    );
    check(
        "tables: { a: { topic: t } }\nviews:\n  v: { family: , from: { a: { reads: , fill: } } }\n",
        &[
            "5:14: views.v.family: this is nothing and must be text; write text",
            "5:36: views.v.from.a.reads: this is nothing and must be a list; write a list",
            "5:44: views.v.from.a.fill: this is nothing and must be a mapping; write a mapping",
        ],
    );
    check(
        "tables: { a: { topic: t } }\nviews:\n  v: { family: 'v:*', from: { a: 5, b: [] } }\n",
        &[
            "5:34: views.v.from.a: this is a number and must be a mapping; write a mapping",
            "5:40: views.v.from.b: this is a list and must be a mapping; write a mapping",
        ],
    );
}

#[test]
fn missing_and_unknown() {
    check_file(
        "kafka: {}\nredis: {}\nviews: {}\n",
        &[
            "1:1: `tables` is missing; add it: the tables whose change events are read, by a name of your choice",
            "1:1: kafka: `brokers` is missing; add it: the brokers to begin with: `host:port`, separated by commas",
            "2:1: redis: `url` is missing; add it: `redis://[user[:password]@]host[:port][/database]`, or `rediss://…` for TLS",
            "3:1: views: no view is defined; define one: `name: { key: …, from: … }`",
        ],
    );
    check(
        "tables: {}\nviews: { v: { family: 'v:*', form: a } }\n",
        &[
            "3:1: tables: no table is defined; define one: `name: { topic: … }`",
            "4:30: views.v.form: there is no setting `form`; did you mean `from`?",
        ],
    );
    check(
        &format!("{REST}zzz: 1\nhttp: {{ zzz: 1 }}\n"),
        &[
            "5:1: zzz: there is no setting `zzz`; remove it, or write one that exists (`kafka`, `redis`, `http`, `database`, `tables`, \
         `relations`, `views`, `invalidate`, `dead_letters`)",
            "6:9: http.zzz: there is no setting `zzz`; remove it, or write one that exists (`listen`)",
        ],
    );
}

#[test]
fn settings_of_later_versions() {
    for name in ["defaults", "admin"] {
        let expect = format!("5:1: {name}: `{name}` is not supported by this version; remove it");
        check(&format!("{REST}{name}: {{}}\n"), &[&expect]);
    }
    let of_a_view = "jitter debounce max_per_second";
    for name in of_a_view.split(' ') {
        let expect = format!("4:39: views.v.{name}: `{name}` is not supported by this version; remove it");
        let views = format!("views: {{ v: {{ family: 'v:*', from: a, {name}: 1 }} }}\n");
        check(&format!("tables: {{ a: {{ topic: t }} }}\n{views}"), &[&expect]);
    }
}
