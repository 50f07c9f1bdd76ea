//! What single expressions come to, and when there is no value.

use super::scene::{Scene, float, int, map, tasks, text};
use crate::catalog::RelationId;
use crate::values::{Datum, Spelling, Tree, Trouble};

const ROWS: [&str; 8] = [
    "team id=1 title=north",
    "user id=7 name=ann active=true rate=1.5",
    "user id=8 name=bob active=false rate=2",
    "task id=1 team_id=1 user_id=7 status=new size=3",
    "task id=2 team_id=1 user_id=7 status=done size=null",
    "task id=3 team_id=1 user_id=8 status=new size=4",
    "task id=4 team_id=1 user_id=null status=null size=-2",
    "task id=5 team_id=2 user_id=8 status=new size=9",
];

fn scene(value: &str) -> Scene {
    let mut scene = tasks(value);
    for row in ROWS {
        scene.row(row);
    }
    scene
}

/// The field `x` of a value.
#[track_caller]
fn field(fields: &str) -> Result<Tree<'static>, Trouble> {
    let scene = scene(&format!("{{ {fields} }}"));
    let Tree::Map(fields) = scene.value("v:1")? else { panic!("a map") };
    let (_, Tree::Leaf(leaf)) = fields.into_iter().find(|(name, _)| *name == "x").expect("x") else {
        panic!("a leaf")
    };
    Ok(Tree::Leaf(match leaf {
        Datum::Text(text) => Datum::Text(text.into_owned().into()),
        Datum::Null => Datum::Null,
        Datum::Truth(truth) => Datum::Truth(truth),
        Datum::Integer(number) => Datum::Integer(number),
        Datum::Float(number) => Datum::Float(number),
    }))
}

#[track_caller]
fn check(expression: &str, expected: Tree<'static>) {
    let found = field(&format!("x: \"{expression}\""));
    // Not only equal: an integer is no float.
    assert_eq!(format!("{found:?}"), format!("{:?}", Ok::<_, Trouble>(expected)), "{expression}");
}

const NULL: Tree<'static> = Tree::Leaf(Datum::Null);

fn truth(truth: bool) -> Tree<'static> {
    Tree::Leaf(Datum::Truth(truth))
}

#[test]
fn aggregates() {
    check("count(*)", int(4));
    check("count(size)", int(3));
    check("count(distinct status)", int(2));
    check("count(distinct user.rate)", int(2));
    check("sum(size)", int(5));
    check("avg(size)", float(5.0 / 3.0));
    check("min(size)", int(-2));
    check("max(size)", int(4));
    check("max(user.rate)", float(2.0));
    check("min(user.active)", truth(false));
    check("sum(size + 1) filter (where status = 'new')", int(9));
    // A left join: nobody is no user, and null is not true.
    check("count(*) filter (where user.active)", int(2));
    check("count(*) filter (where not user.active)", int(1));
    check("count(*) filter (where user.active is null)", int(1));
    for nothing in ["sum(size)", "avg(size)", "min(size)", "max(status = 'x')", "max(user.rate)"] {
        check(&format!("{nothing} filter (where status = 'x')"), NULL);
    }
    check("count(*) filter (where status = 'x')", int(0));
    check("count(distinct size) filter (where status = 'x')", int(0));
}

#[test]
fn truth_has_three_values() {
    check("null and false", truth(false));
    check("null and true", NULL);
    check("null or true", truth(true));
    check("null or false", NULL);
    check("not null", NULL);
    check("1 in (2, null)", NULL);
    check("1 in (1, null)", truth(true));
    check("1 not in (2, 3)", truth(true));
    check("null = null", NULL);
    check("sum(size) is not null", truth(true));
    check("'a' <> 'b'", truth(true));
    check("2 > 1.5 and 1 = 1.0", truth(true));
    check("9007199254740993 = 9007199254740992.0", truth(false));
    check("count(*) filter (where status in ('new', 'done'))", int(3));
    check("count(*) filter (where status not in ('new'))", int(1));
}

#[test]
fn arithmetic_and_functions() {
    check("1 + 2 * 3 - -4", int(11));
    check("7 / 2", float(3.5));
    check("4 / 2", float(2.0));
    check("1 + 0.5", float(1.5));
    check("1 / null", NULL);
    check("nullif(0, 0)", NULL);
    check("nullif(1, 0)", int(1));
    check("nullif(1, null)", int(1));
    // Branches keep their own type.
    check("coalesce(1 / nullif(0, 0), 0)", int(0));
    check("coalesce(null, 0.0)", float(0.0));
    check("coalesce(null, null)", NULL);
    check("case when count(*) > 3 then 1 else 0.5 end", int(1));
    check("case when count(*) > 4 then 1 end", NULL);
    check("case count(*) when 3 then 'a' when 4 then 'b' else 'c' end", text("b"));
    check("round(2.675, 2)", float(2.67));
    check("round(2.5)", int(2));
    check("round(7, 2)", int(7));
    check("round(null, 2)", NULL);
    check("cast(2.5 as integer)", int(2));
    check("cast('12' as integer)", int(12));
    check("cast(true as integer)", int(1));
    check("cast(12 as text)", text("12"));
    check("cast(1 as double precision)", float(1.0));
    // What is not chosen is not asked for.
    check("case when true then 1 else 1 / 0 end", int(1));
    check("true or 1 / 0 > 1", truth(true));
}

#[test]
fn names() {
    assert_eq!(field("x: team"), Ok(int(1)));
    assert_eq!(field("x: team_id"), Ok(int(1)));
    assert_eq!(field("x: team.title"), Ok(text("north")));
    assert_eq!(field("a: count(*), x: a * 2"), Ok(int(8)));
    let scene = scene("{ m: { a: count(*), b: a }, a: max(size), c: a }");
    let expected = map([("m", map([("a", int(4)), ("b", int(4))])), ("a", int(4)), ("c", int(4))]);
    assert_eq!(scene.value("v:1"), Ok(expected));
}

#[test]
fn lists() {
    let of = |scene: &Scene| {
        format!(
            "{:?}",
            scene.bytes("v:1", Spelling::Json).map(|bytes| String::from_utf8(bytes).expect("JSON"))
        )
    };
    let list = |rest: &str| scene(&format!("{{ l: {{ each: user_id, {rest} }} }}"));
    let scene_of = list("value: { id: user_id, name: user.name, n: count(*) }");
    assert_eq!(
        of(&scene_of),
        r#"Ok("{\"l\":[{\"id\":7,\"name\":\"ann\",\"n\":2},{\"id\":8,\"name\":\"bob\",\"n\":1}]}")"#
    );
    let sorted = |order: &str| list(&format!("order_by: [{order}], value: {{ a: max(size), b: user_id }}"));
    assert_eq!(of(&sorted("a desc")), r#"Ok("{\"l\":[{\"a\":4,\"b\":8},{\"a\":3,\"b\":7}]}")"#);
    assert_eq!(of(&sorted("b desc")), r#"Ok("{\"l\":[{\"a\":4,\"b\":8},{\"a\":3,\"b\":7}]}")"#);
    assert_eq!(of(&sorted("a")), r#"Ok("{\"l\":[{\"a\":3,\"b\":7},{\"a\":4,\"b\":8}]}")"#);
    let some = list("where: size > 3, value: { b: user_id }");
    assert_eq!(of(&some), r#"Ok("{\"l\":[{\"b\":8}]}")"#);
    // Nulls last either way; a tie is broken by the column.
    let nulls = |order: &str| {
        scene(&format!(
            "{{ l: {{ each: status, order_by: [s {order}, n], value: {{ s: \"max(size) filter (where status = 'done')\", n: 1, t: status }} }} }}"
        ))
    };
    let expected =
        r#"Ok("{\"l\":[{\"s\":null,\"n\":1,\"t\":\"done\"},{\"s\":null,\"n\":1,\"t\":\"new\"}]}")"#;
    assert_eq!([of(&nulls("asc")), of(&nulls("desc"))], [expected, expected]);
    // A list in a list.
    let nested = list("value: { b: user_id, s: { each: status, value: { t: status, n: count(*) } } }");
    assert_eq!(
        of(&nested),
        r#"Ok("{\"l\":[{\"b\":7,\"s\":[{\"t\":\"done\",\"n\":1},{\"t\":\"new\",\"n\":1}]},{\"b\":8,\"s\":[{\"t\":\"new\",\"n\":1}]}]}")"#
    );
}

#[test]
fn numbers_that_are_none() {
    for expression in [
        "1 / 0",
        "1 / 0.0",
        "0.0 / 0",
        "1e308 * 10",
        "9223372036854775807 + 1",
        "cast('x' as integer)",
        "cast('nan' as double precision)",
        "cast(1e300 as integer)",
    ] {
        let scene = scene(&format!("{{ x: \"{expression}\" }}"));
        assert_eq!(scene.bytes("v:1", Spelling::Json), Err(Trouble::Value), "{expression}");
    }
    // On the way there is room.
    check("9223372036854775807 + 1 - 1", int(i64::MAX.into()));
}

#[test]
fn a_column_is_of_its_type() {
    let value =
        "{ x: \"count(*) filter (where user.active and user.rate > 1 and size > 0 and status = 'new')\" }";
    assert_eq!(scene(value).value("v:1"), Ok(map([("x", int(1))])));
    for wrong in [
        "user id=7 name=ann active=1 rate=1.5",
        "user id=7 name=ann active=true rate=fast",
        "task id=1 team_id=1 user_id=7 status=new size=big",
        "task id=1 team_id=1 user_id=7 status=new size=1.5",
        "task id=1 team_id=1 user_id=7 status=5 size=1",
        "task id=1 team_id=1 user_id=7 status=true size=1",
    ] {
        let mut scene = scene(value);
        scene.row(wrong);
        assert_eq!(scene.value("v:1"), Err(Trouble::Value), "{wrong}");
        // The other keys are not troubled.
        assert_eq!(scene.value("v:2"), Ok(map([("x", int(0))])), "{wrong}");
    }
}

#[test]
fn what_is_not_known() {
    let value = "{ x: \"count(*) filter (where status = 'new' and user.active)\" }";
    for (unknown, expected) in [
        ("task id=6 team_id=1 user_id=99 status=new", Err(Trouble::Unresolved)),
        // Nobody asks who has a task that is done.
        ("task id=6 team_id=1 user_id=99 status=done", Ok(1)),
        ("task id=6 team_id=1 user_id=7 status=unavailable", Err(Trouble::Unresolved)),
        ("task id=6 team_id=1 user_id=7", Err(Trouble::Unresolved)),
        ("task id=6 team_id=1 user_id=unavailable status=new", Err(Trouble::Unresolved)),
        ("user id=8 name=bob rate=1", Err(Trouble::Unresolved)),
        // As a left join has it.
        ("-user id=7", Ok(0)),
        ("task id=6 team_id=1 user_id=null status=new", Ok(1)),
    ] {
        let mut scene = scene(value);
        scene.row(unknown);
        assert_eq!(scene.value("v:1"), expected.map(|x| map([("x", int(x))])), "{unknown}");
    }
    let mut scene = scene(value);
    scene.rows.incomplete(scene.table("task"));
    assert_eq!(scene.value("v:1"), Err(Trouble::Unresolved));
}

#[test]
fn what_has_no_value() {
    let mut scene = scene("{ x: count(*) }");
    assert_eq!(scene.value("v:3"), Err(Trouble::Empty));
    assert_eq!(scene.value("v:2"), Ok(map([("x", int(1))])));
    scene.row("-task id=5");
    assert_eq!(scene.value("v:2"), Err(Trouble::Empty));
    assert_eq!(scene.value("w:1"), Err(Trouble::Foreign));
    let other = scene.catalog.view_by_name("used").expect("the view");
    assert!(!scene.values.has(other));
    assert_eq!(scene.values.value(&scene.catalog, &scene.rows, other, "used:1"), Err(Trouble::Foreign));
    assert!(scene.catalog.relation(RelationId::from_index(0)).reversed || scene.catalog.relations.len() > 1);
}
