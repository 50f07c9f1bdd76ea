use super::*;

fn text_for(name: &str) -> ColumnType {
    if name.starts_with("text") { ColumnType::Text } else { ColumnType::Integer }
}

fn template(text: &str) -> Template {
    let format = KeyFormat::parse(":1:{}").expect("a format");
    Template::parse(text, &format, text_for).expect("a template")
}

#[test]
fn only_a_whole_match_is_a_key_of_the_family() {
    for (text, ours, others) in [
        (
            "load:{id}",
            &[":1:load:5", ":1:load:-5", ":1:load:00", ":1:load:12345678901234567890123"][..],
            &[
                ":1:load:5:lock",
                ":1:load_v2:5",
                ":1:load:",
                ":1:load:x",
                ":1:load:5x",
                ":1:load:-",
                ":2:load:5",
                "load:5",
                ":1:load:{id}",
                " :1:load:5",
                ":1:load:5\n",
            ][..],
        ),
        ("a:{x}:{y}", &[":1:a:1:2"], &[":1:a:1", ":1:a:1:2:3", ":1:a:1:"]),
        ("a:{x}:z", &[":1:a:1:z"], &[":1:a:1:zz", ":1:a:1"]),
        ("n:{text}", &[":1:n:", ":1:n:x", ":1:n:a:b*?[]", ":1:n:5"], &[":1:n", ":1:nn:x"]),
        ("n:{x}:{text}", &[":1:n:1:", ":1:n:1:a:b"], &[":1:n::a", ":1:n:a:b"]),
        ("{{a}}:{x}", &[":1:{a}:1"], &[":1:{{a}}:1"]),
    ] {
        let template = template(text);
        for name in ours {
            assert!(template.matches(name.as_bytes()), "{text} should match {name}");
        }
        for name in others {
            assert!(!template.matches(name.as_bytes()), "{text} should not match {name}");
        }
    }
    // A name in Redis is bytes.
    assert!(!template("load:{id}").matches(b":1:load:\xff"));
    assert!(template("n:{text}").matches(b":1:n:\xff"));
}

#[test]
fn the_format_goes_around_the_key() {
    let format = KeyFormat::parse("app:{}:v1").expect("a format");
    let template = Template::parse("n:{id}", &format, text_for).expect("a template");
    assert_eq!(template.text(), "app:n:{id}:v1");
    assert!(template.matches(b"app:n:5:v1"));
    assert!(!template.matches(b"app:n:5:v2"));
    assert_eq!(template.prefix(), "app:n:");
}

#[test]
fn wildcards_in_a_literal_are_escaped() {
    assert_eq!(template(r"a*b?[c]\d:{id}:e*").glob(), r":1:a\*b\?\[c\]\\d:*:e\*");
}

#[test]
fn a_template_that_cannot_be_told_apart_is_refused() {
    let format = KeyFormat::default();
    for (text, expected) in [
        ("a:{x", TemplateError::Brace { at: 3 }),
        ("a:x}", TemplateError::Brace { at: 4 }),
        ("a:{x{y}}", TemplateError::Brace { at: 3 }),
        ("a:{}", TemplateError::HoleName { name: String::new() }),
        ("a:{x y}", TemplateError::HoleName { name: "x y".to_owned() }),
        ("a:{x}:{x}", TemplateError::Repeated { name: "x".to_owned() }),
        ("a:", TemplateError::NoHole),
        ("{x}", TemplateError::Prefix),
        ("a{x}", TemplateError::Prefix),
        ("a:{text}:b", TemplateError::TextNotLast { name: "text".to_owned() }),
        ("a:{x}{y}", TemplateError::NoSeparator { name: "x".to_owned() }),
        ("a:{x}0", TemplateError::NoSeparator { name: "x".to_owned() }),
    ] {
        assert_eq!(Template::parse(text, &format, text_for), Err(expected), "{text}");
    }
}

proptest::proptest! {
    /// What a template renders is its own, and its literal parts are found by its glob's prefix.
    #[test]
    fn what_is_rendered_matches(x: i64, text in "\\PC*") {
        let template = template("n:{x}:{text}");
        let mut key = String::new();
        template.render(&mut key, |hole, out| out.push_str(&[x.to_string(), text.clone()][hole]));
        proptest::prop_assert!(template.matches(key.as_bytes()));
        proptest::prop_assert!(key.starts_with(template.prefix()));
    }
}
