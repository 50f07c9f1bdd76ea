use super::*;

fn text_for(name: &str) -> ColumnType {
    match name {
        _ if name.starts_with("text") => ColumnType::Text,
        _ if name.starts_with("any") => ColumnType::Any,
        _ => ColumnType::Integer,
    }
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
        ("n:{any}", &[":1:n:x", ":1:n:-5", ":1:n:a*?[]"], &[":1:n", ":1:n:", ":1:n:5:lock", ":1:nn:x"]),
        ("n:{any}:z", &[":1:n:5:z"], &[":1:n:5", ":1:n:5:zz", ":1:n:a:b:z"]),
        ("n:{any}:{x}", &[":1:n:a b:1", ":1:n:-5:1", ":1:n:::1"], &[":1:n::1", ":1:n:a:b:1", ":1:n:a"]),
        ("n:{any}-{x}", &[":1:n:-5--6", ":1:n:a-1"], &[":1:n:-5", ":1:n:a-b-1"]),
        ("n:{any}→{x}", &[":1:n:’→1", ":1:n:→→1"], &[":1:n:→1"]),
        ("n:{any}:{any2}", &[":1:n:1:2"], &[":1:n:1", ":1:n::2", ":1:n:1:2:3"]),
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
    assert!(template("n:{any}:{x}").matches(b":1:n:\xff:1"));
}

#[test]
fn whether_a_hole_holds_a_value() {
    for (text, ours, others) in [
        ("n:{x}", &["5", "-5", "007"][..], &["", "-", "x", "5x"][..]),
        ("n:{text}", &["", "x", "a:b"], &[]),
        ("n:{any}", &["x", "-5"], &["", "a:b"]),
        ("n:{any}:{x}", &["a b", "-5", ":"], &["", "a:b", "a:", "::"]),
        ("n:{any}-{x}", &["-5", "-", "a:b"], &["", "a-b", "5-"]),
        ("n:{any}→{x}", &["’", "→"], &["a→b"]),
    ] {
        let template = template(text);
        for value in ours {
            assert!(template.holds(0, value), "{text} should hold {value:?}");
        }
        for value in others {
            assert!(!template.holds(0, value), "{text} should not hold {value:?}");
        }
    }
}

#[test]
fn the_format_goes_around_the_key() {
    let format = KeyFormat::parse("app:{}:v1").expect("a format");
    let template = Template::parse("n:{id}", &format, text_for).expect("a template");
    assert_eq!(template.text(), "app:n:{id}:v1");
    assert!(template.matches(b"app:n:5:v1"));
    assert!(!template.matches(b"app:n:5:v2"));
    assert_eq!(template.prefix(), "app:n:");
    let template = Template::parse("n:{any}", &format, text_for).expect("a template");
    assert!(template.matches(b"app:n:a:v1"));
    assert!(!template.matches(b"app:n:a:b:v1"));
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

    /// A key of values that their holes hold is found.
    #[test]
    fn what_a_hole_holds_is_found(first in "[:\\-a5→]{0,4}", last in "\\PC*", separator in "[:→-]") {
        let template = template(&format!("n:{{any}}{separator}{{any2}}"));
        let mut key = String::new();
        template.render(&mut key, |hole, out| out.push_str([&first, &last][hole]));
        if template.holds(0, &first) && template.holds(1, &last) {
            proptest::prop_assert!(template.matches(key.as_bytes()));
        }
    }
}
