use super::*;
use crate::change::Value;

/// `id` is an integer, `code` a text, `size` is not declared; `:a` and `:b` are parameters.
fn parse(text: &str) -> Result<Condition, String> {
    let mut resolve = |name: Name<'_>| match name {
        Name::Column("id") => Ok((Operand::Column { index: 0, holds: Kind::Integer }, Kind::Integer)),
        Name::Column("code") => Ok((Operand::Column { index: 1, holds: Kind::Text }, Kind::Text)),
        Name::Column("size") => Ok((Operand::Column { index: 2, holds: Kind::Any }, Kind::Any)),
        Name::Parameter("a") => Ok((Operand::Parameter(0), Kind::Any)),
        Name::Parameter("b") => Ok((Operand::Parameter(1), Kind::Any)),
        name => Err(Mistake::new(format!("there is no {name:?}"), "name another")),
    };
    Condition::parse(text, &mut resolve).map_err(|mistake| format!("{}; {}", mistake.what, mistake.remedy))
}

fn text(text: &str) -> Value<'_> {
    Value::Text(text.into())
}

/// For `id`, `code`, `size` and `:a`, `:b`.
#[track_caller]
fn check(condition: &str, row: [Value<'_>; 3], parameters: [Value<'_>; 2], expected: Truth) {
    let parsed = parse(condition).expect(condition);
    assert_eq!(parsed.judge(&row, &parameters), expected, "{condition} of {row:?} and {parameters:?}");
}

fn row() -> [Value<'static>; 3] {
    [Value::Int(5), text("x"), text("1.50")]
}

#[test]
fn truth_has_three_values_and_doubt() {
    use Truth::{Doubt, False, Null, True};
    let all = [True, False, Null, Doubt];
    let and =
        [[True, False, Null, Doubt], [False; 4], [Null, False, Null, Doubt], [Doubt, False, Doubt, Doubt]];
    let or = [[True; 4], [True, False, Null, Doubt], [True, Null, Null, Doubt], [True, Doubt, Doubt, Doubt]];
    for (at, one) in all.into_iter().enumerate() {
        for (place, other) in all.into_iter().enumerate() {
            assert_eq!(one.and(other), and[at][place], "{one:?} and {other:?}");
            assert_eq!(one.or(other), or[at][place], "{one:?} or {other:?}");
        }
    }
    assert_eq!(all.map(|truth| !truth), [False, True, Null, Doubt]);
    assert_eq!(all.map(Truth::may_hold), [true, false, false, true]);
}

#[test]
fn integers() {
    let given = |condition, a, expected| check(condition, row(), [a, Value::Null], expected);
    given("id = :a", Value::Int(5), Truth::True);
    given("id = :a", Value::Int(6), Truth::False);
    given("id <> :a", Value::Int(6), Truth::True);
    // As a web page asks.
    given("id = :a", text("5"), Truth::True);
    given("id = :a", text("05"), Truth::True);
    given("id = :a", text("6"), Truth::False);
    given("id = :a", text("18446744073709551616"), Truth::False);
    for odd in ["", " 5", "5.0", "five", "6,7"] {
        given("id = :a", text(odd), Truth::Doubt);
        given("not id = :a", text(odd), Truth::Doubt);
    }
    // A reader's 0 has the key of what it left out.
    given("id = :a", Value::Null, Truth::Doubt);
    given(":a is null", Value::Null, Truth::Doubt);
    check("id = :a", [Value::Null, text("x"), text("1.50")], [Value::Null, Value::Null], Truth::Null);
    given("id < :a", Value::Int(6), Truth::True);
    given("id >= :a", Value::UInt(u64::MAX), Truth::False);
    given("id = 5 and 4 < id", Value::Null, Truth::True);
    given("-5 = id", Value::Null, Truth::False);
    given(":a is null or id = :a", Value::Null, Truth::Doubt);
    given(":a is null or id = :a", Value::Int(7), Truth::False);
    given(":a is not null and id <= :a", Value::Int(5), Truth::True);
}

#[test]
fn texts() {
    let given = |condition, a, expected| check(condition, row(), [a, Value::Null], expected);
    given("code = :a", text("x"), Truth::True);
    given("code = :a", text("y"), Truth::False);
    given("code != :a", text("y"), Truth::True);
    given("code = 'x'", Value::Null, Truth::True);
    given("code in ('y', 'z')", Value::Null, Truth::False);
    given("code in ('y', :a)", Value::Null, Truth::Doubt);
    given("code in ('x', :a)", Value::Null, Truth::True);
    given("code not in ('y', 'z')", Value::Null, Truth::True);
    // Where no text was declared, another spelling may be of the same date or number.
    given("size = :a", text("1.50"), Truth::True);
    given("size = :a", text("1.5"), Truth::Doubt);
    given("size = :a", Value::Int(1), Truth::Doubt);
    given("size < :a", text("2"), Truth::Doubt);
    // As a date comes: by its day's number.
    let dated = |a, expected| {
        check("size = :a", [Value::Int(5), text("x"), Value::Int(19_000)], [a, Value::Null], expected);
    };
    dated(text("19000"), Truth::Doubt);
    dated(text("2022-01-08"), Truth::Doubt);
    dated(Value::Int(19_000), Truth::True);
    given("code = :a", Value::Int(5), Truth::Doubt);
    // The condition decides where it can.
    given("size = :a and id = 6", text("1.5"), Truth::False);
    given("size = :a or id = 5", text("1.5"), Truth::True);
}

#[test]
fn what_is_not_known_of_a_row_is_in_doubt() {
    for value in
        [Value::Missing, Value::Unavailable, Value::Digest(5), Value::Json("5.0".into()), Value::Bool(true)]
    {
        let row = [value, Value::Missing, Value::Bool(true)];
        check("id = :a", row.clone(), [Value::Int(5), Value::Null], Truth::Doubt);
        check("not id = :a", row, [Value::Int(5), Value::Null], Truth::Doubt);
    }
    let unavailable = [Value::Unavailable, Value::Null, Value::Bool(true)];
    check("id is null", unavailable.clone(), [Value::Null, Value::Null], Truth::Doubt);
    check("code is null", unavailable.clone(), [Value::Null, Value::Null], Truth::True);
    check("size = true", unavailable.clone(), [Value::Null, Value::Null], Truth::True);
    check("size = :a", unavailable, [text("True"), Value::Null], Truth::Doubt);
}

#[test]
fn mistakes() {
    let understood = "use columns, `:parameters`, literals, `=`, `<>`, `<`, `<=`, `>`, `>=`, `in`, `is null`, `and`, `or` and `not`";
    let compare = "is true of nothing by itself; compare it, such as `id = :id`";
    let order = "which text comes before which is the database's to say, and no event tells; compare texts by `=`, `<>` or `in`";
    for (condition, expected) in [
        ("id = :c", "there is no Parameter(\"c\"); name another".to_owned()),
        ("shop = 5", "there is no Column(\"shop\"); name another".to_owned()),
        ("id", format!("`id` {compare}")),
        ("5", format!("`5` {compare}")),
        ("lower(code) = :a", format!("`lower(code)` is not understood here; {understood}")),
        ("id + 1 = :a", format!("`id + 1` is not understood here; {understood}")),
        ("id between 1 and :a", format!("`id BETWEEN 1 AND :a` is not understood here; {understood}")),
        ("code like 'x'", format!("`code LIKE 'x'` is not understood here; {understood}")),
        ("id in (select 1)", format!("`id IN (SELECT 1)` is not understood here; {understood}")),
        ("shop.name = :a", "`shop.name` leads to another row; name a column of the row itself".to_owned()),
        ("id = 'x'", "`id = 'x'` compares an integer with a text; compare what is of one type".to_owned()),
        ("code = 5", "`code = 5` compares a text with an integer; compare what is of one type".to_owned()),
        ("id = true", "`id = true` compares an integer with a truth; compare what is of one type".to_owned()),
        ("id in (1, 'x')", "`id IN (1, 'x')` compares an integer with a text; compare what is of one type".to_owned()),
        (
            "size = 'x'",
            "`size = 'x'` compares a text with a column that was not declared to hold text; declare the column `text` under \
             the `columns` of its table"
                .to_owned(),
        ),
        ("code < :a", format!("`code < :a`: {order}")),
        ("id = 1.5", "`1.5` is no integer of 64 bits; compare integers".to_owned()),
    ] {
        assert_eq!(parse(condition), Err(expected), "{condition}");
    }
    for broken in ["", "id =", "id = :a extra", "id = :a; drop", "(id = :a", "id = 'x"] {
        let mistake = parse(broken).expect_err(broken);
        assert!(mistake.starts_with("this is no SQL expression: "), "{mistake}");
    }
    assert!(parse(&format!("id = {}", "5".repeat(4_096))).is_err());
    assert!(parse(&format!("{}id = 1{}", "(".repeat(2_000), ")".repeat(2_000))).is_err());
}

#[test]
fn a_long_condition_is_read() {
    let long = vec!["id = :a"; 300].join(" or ");
    check(&long, row(), [Value::Int(5), Value::Null], Truth::True);
    let nested = |times| format!("{}id = :a", "not ".repeat(times));
    check(&nested(8), row(), [Value::Int(5), Value::Null], Truth::True);
    // The stack is not exhausted.
    assert!(parse(&nested(900)).is_err());
}
