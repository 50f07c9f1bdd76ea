//! Random rows: what one pass over a reverse index computes is what a plain reading of the definition says.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::scene::{Scene, tasks};
use crate::values::Spelling;

const VALUE: &str = "{
  team: team,
  title: team.title,
  total: count(*),
  new: \"count(*) filter (where status = 'new' and user.active)\",
  users: count(distinct user_id),
  sum: sum(size),
  mean: \"round(avg(size), 2)\",
  least: min(size),
  rate: max(user.rate),
  share: \"coalesce(round(new / nullif(users, 0), 2), 0)\",
  more: { odd: \"count(size) filter (where size in (1, 3))\" },
  by_user: {
    each: user_id, where: not user.active or status = 'new', order_by: [total desc, size],
    value: { id: user_id, name: user.name, total: count(*), size: max(size) } } }";

/// YAML wants what is within braces indented.
static SCENE: LazyLock<Scene> = LazyLock::new(|| tasks(&VALUE.replace('\n', " ")));

#[derive(Debug, Clone)]
struct Task {
    team: i64,
    user: Option<i64>,
    status: Option<&'static str>,
    size: Option<i64>,
}

#[derive(Debug, Clone)]
struct User {
    name: &'static str,
    active: bool,
    rate: f64,
}

fn spelled<T: ToString>(value: Option<&T>) -> String {
    value.map_or_else(|| "null".to_owned(), ToString::to_string)
}

fn model(tasks: &[Task], users: &[User], team: i64) -> Option<Json> {
    let rows: Vec<&Task> = tasks.iter().filter(|task| task.team == team).collect();
    if rows.is_empty() {
        return None;
    }
    let user = |task: &Task| task.user.map(|user| &users[usize::try_from(user).expect("an index")]);
    let is_new = |task: &&&Task| task.status == Some("new");
    let new = rows.iter().filter(is_new).filter(|task| user(task).is_some_and(|user| user.active)).count();
    let distinct: BTreeSet<i64> = rows.iter().filter_map(|task| task.user).collect();
    let sizes: Vec<i64> = rows.iter().filter_map(|task| task.size).collect();
    let sum: i64 = sizes.iter().sum();
    #[expect(clippy::cast_precision_loss, reason = "the numbers are small")]
    let divided = |one: i64, other: usize| {
        let rounded = format!("{:.2}", one as f64 / other as f64).parse::<f64>().expect("a number");
        (other > 0).then(|| json!(rounded))
    };
    let rates = rows.iter().filter_map(|task| user(task)).map(|user| user.rate);
    let mut by_user: BTreeMap<i64, Vec<&Task>> = BTreeMap::new();
    for task in &rows {
        // Without a user the condition does not matter: there is no element of null.
        if let (Some(id), Some(user)) = (task.user, user(task))
            && (!user.active || task.status == Some("new"))
        {
            by_user.entry(id).or_default().push(task);
        }
    }
    let mut elements: Vec<(i64, usize, Option<i64>)> = by_user
        .into_iter()
        .map(|(id, tasks)| (id, tasks.len(), tasks.iter().filter_map(|task| task.size).max()))
        .collect();
    elements.sort_by_key(|(id, total, size)| (std::cmp::Reverse(*total), size.is_none(), *size, *id));
    let element = |(id, total, size): (i64, usize, Option<i64>)| json!({ "id": id, "name": users[usize::try_from(id).expect("an index")].name, "total": total, "size": size });
    Some(json!({
        "team": team,
        "title": "t",
        "total": rows.len(),
        "new": new,
        "users": distinct.len(),
        "sum": (!sizes.is_empty()).then_some(sum),
        "mean": divided(sum, sizes.len()),
        "least": sizes.iter().min(),
        "rate": rates.fold(None::<f64>, |most, rate| Some(most.map_or(rate, |most| most.max(rate)))),
        "share": divided(i64::try_from(new).expect("few"), distinct.len()).unwrap_or(json!(0)),
        "more": { "odd": sizes.iter().filter(|size| [1, 3].contains(*size)).count() },
        "by_user": elements.into_iter().map(element).collect::<Vec<_>>(),
    }))
}

fn task() -> impl Strategy<Value = Task> {
    let status = proptest::sample::select(vec![None, Some("new"), Some("done")]);
    (0..3_i64, proptest::option::of(0..4_i64), status, proptest::option::of(-3..9_i64))
        .prop_map(|(team, user, status, size)| Task { team, user, status, size })
}

fn user() -> impl Strategy<Value = User> {
    (proptest::sample::select(vec!["ann", "bob"]), any::<bool>(), 0..8_u8)
        .prop_map(|(name, active, eighths)| User { name, active, rate: f64::from(eighths) / 8.0 + 0.5 })
}

proptest! {
    #[test]
    fn a_value_is_what_its_definition_says(
        // Each is written over one of few rows, so that rows move between groups.
        written in proptest::collection::vec((0..12_usize, task()), 0..40),
        users in proptest::collection::vec(user(), 4),
    ) {
        let mut scene = SCENE.empty();
        let mut rows: BTreeMap<usize, Task> = BTreeMap::new();
        for team in 0..3 {
            scene.row(&format!("team id={team} title=t"));
        }
        for (id, user) in users.iter().enumerate() {
            scene.row(&format!("user id={id} name={} active={} rate={}", user.name, user.active, user.rate));
        }
        for (id, task) in written {
            scene.row(&format!(
                "task id={id} team_id={} user_id={} status={} size={}",
                task.team, spelled(task.user.as_ref()), spelled(task.status.as_ref()), spelled(task.size.as_ref()),
            ));
            rows.insert(id, task);
        }
        let rows: Vec<Task> = rows.into_values().collect();
        for team in 0..3 {
            let bytes = scene.bytes(&format!("v:{team}"), Spelling::Json).ok();
            let found = bytes.map(|bytes| String::from_utf8(bytes).expect("JSON"));
            prop_assert_eq!(found, model(&rows, &users, team).map(|json| json.to_string()));
        }
    }
}
