use super::*;

/// The parameters of a key in Django's format, or what is wrong with it.
fn parse(text: &str) -> Result<Parameters, String> {
    let format = KeyFormat { prefix: ":1:".to_owned(), suffix: String::new() };
    match ParameterKey::parse(text, &format, ":1:report:") {
        Ok((key, names)) => Ok(Parameters { names, key, affects: None, max_sets: 1 }),
        Err(error) => Err(error.to_string()),
    }
}

fn parameters() -> Parameters {
    parse("report:{md5_8(:from, :until, :shop_id)}").expect("a right key")
}

#[test]
fn a_key_is_the_hash_of_its_parameters() {
    for (registered, digits) in [
        ("[null,null,null]", "4501c091"),
        (r#"["2026-01-01","2026-01-31",5]"#, "c51f571a"),
        (r#"["2026-01-01",null,null]"#, "63c66a5d"),
        ("[null,null,5]", "60deb508"),
        // As a web page asks for it: the same key.
        (r#"[null,null,"5"]"#, "60deb508"),
        (r#"[null,null,"05"]"#, "e732b259"),
        (r#"[null,null,"0"]"#, "c81df612"),
    ] {
        let parameters = parameters();
        let set = parameters.set(registered.as_bytes()).expect(registered);
        assert_eq!(parameters.key.spell(&set), format!(":1:report:{digits}"), "{registered}");
    }
}

#[test]
fn what_is_registered_otherwise_is_no_set() {
    for registered in [
        "",
        "[]",
        "{}",
        "null",
        "5",
        "[null,null]",
        "[null,null,null,null]",
        "[null,null,5",
        // These are null where they are written by the rules: two sets would share a key.
        "[null,null,0]",
        r#"[null,null,""]"#,
        "[null,null,-0]",
        "[null,null,false]",
        "[null,null,true]",
        "[null,null,5.0]",
        "[null,null,1e3]",
        "[null,null,[5]]",
        "[null,null,18446744073709551616]",
        "[null,null,\"\u{fffd}\"",
    ] {
        assert_eq!(parameters().set(registered.as_bytes()), None, "{registered}");
    }
    assert_eq!(parameters().set(b"[null,null,\"\xff\"]"), None);
    let largest = parameters().set(b"[null,-7,18446744073709551615]");
    assert_eq!(largest, Some(vec![Value::Null, Value::Int(-7), Value::UInt(u64::MAX)]));
}

#[test]
fn keys() {
    let plain = parse("report:{:shop_id}:{{x}}:{md5_8( :from,:until )}").expect("a right key");
    assert_eq!(plain.names, ["shop_id", "from", "until"]);
    let set = plain.set(br#"[5,null,"a:b"]"#).expect("a set");
    assert_eq!(plain.key.spell(&set), format!(":1:report:5:{{x}}:{}", "3be150b3"));
    let set = plain.set(b"[null,null,null]").expect("a set");
    assert_eq!(plain.key.spell(&set), format!(":1:report::{{x}}:{}", "853ae90f"));
}

#[test]
fn mistakes() {
    let no_row =
        "is no parameter, and no row fills the key of a family; write `{:name}`, or `{md5_8(:one, :other)}`";
    for (key, expected) in [
        ("report:{shop_id}", format!("`{{shop_id}}` {no_row}")),
        ("report:{}", format!("`{{}}` {no_row}")),
        ("report:{:}", format!("`{{:}}` {no_row}")),
        ("report:{:a b}", format!("`{{:a b}}` {no_row}")),
        ("report:{md5_8(a)}", format!("`{{md5_8(a)}}` {no_row}")),
        ("report:{md5_8()}", format!("`{{md5_8()}}` {no_row}")),
        ("report:{md5_8(:a}", format!("`{{md5_8(:a}}` {no_row}")),
        ("report:{sha(:a)}", format!("`{{sha(:a)}}` {no_row}")),
        ("report:{:a}:{md5_8(:b, :a)}", "the parameter `:a` stands twice; name it once".to_owned()),
        (
            "report:all",
            "the key has no parameter; write one, such as `{:name}`, or remove the key".to_owned(),
        ),
        ("report{:a}", "the key does not begin with the family's prefix `report:`; begin it so".to_owned()),
        (
            "report:{:a",
            "the brace at character 8 has no partner; a literal brace is doubled: `{{` or `}}`".to_owned(),
        ),
    ] {
        assert_eq!(parse(key), Err(expected), "{key}");
    }
}
