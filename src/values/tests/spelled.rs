//! The bytes, and the holes of keys.

use super::scene::{Scene, int, map};
use crate::values::{Datum, Spelling, Tree, Trouble};

#[test]
fn the_bytes() {
    let tree = map([
        ("z", int(1)),
        ("a", Tree::Leaf(Datum::Float(0.0))),
        ("n", Tree::Leaf(Datum::Null)),
        ("t", Tree::Leaf(Datum::Truth(true))),
        ("s", Tree::Leaf(Datum::Text("é\"".into()))),
        ("l", Tree::List(vec![int(i64::MIN.into())])),
        ("e", Tree::List(Vec::new())),
    ]);
    let json = tree.bytes(Spelling::Json).expect("JSON");
    assert_eq!(
        String::from_utf8(json).expect("UTF-8"),
        r#"{"z":1,"a":0.0,"n":null,"t":true,"s":"é\"","l":[-9223372036854775808],"e":[]}"#
    );
    let pickle = tree.bytes(Spelling::Pickle).expect("a pickle");
    let read: serde_json::Value =
        serde_pickle::from_slice(&pickle, serde_pickle::DeOptions::new()).expect("what was written");
    assert_eq!(
        read.to_string(),
        r#"{"z":1,"a":0.0,"n":null,"t":true,"s":"é\"","l":[-9223372036854775808],"e":[]}"#
    );
    for format in [Spelling::Json, Spelling::Pickle] {
        assert_eq!(int(i128::from(i64::MAX) + 1).bytes(format), Err(Trouble::Value));
    }
}

/// Rows are found by one hole and filtered by the others.
#[test]
fn several_holes() {
    let mut scene = Scene::new(
        "
tables:
  task: { topic: app.public.task, primary_key: id, columns: { status: text, day: integer } }
  team: { topic: app.public.team, primary_key: code, columns: { code: text } }
relations:
  task.team: { column: team_code, to: team }
views:
  team: { key: 'team:{code}', from: team }
  v:
    key: 'v:{day}:{status}:{team_code}'
    from: task
    ttl: 1s
    value: { n: count(*) }
"
        .replace("status: text, ", "team_code: text, ")
        .as_str(),
    );
    for row in [
        "task id=1 team_code=a:b status=new day=5",
        "task id=2 team_code=a:b status=new day=5",
        "task id=3 team_code=a:b status=new day=6",
        "task id=4 team_code=a:b status=done day=5",
        "task id=5 team_code=a:b status=null day=5",
        "task id=6 team_code=c status=new day=5",
    ] {
        scene.row(row);
    }
    assert_eq!(scene.value("v:5:new:a:b"), Ok(map([("n", int(2))])));
    assert_eq!(scene.value("v:6:new:a:b"), Ok(map([("n", int(1))])));
    assert_eq!(scene.value("v:6:done:a:b"), Err(Trouble::Empty));
    assert_eq!(scene.value("v:x:done:a:b"), Err(Trouble::Foreign));
    assert_eq!(scene.value("v:5:new:c"), Ok(map([("n", int(1))])));
}
