//! What the app's cache holds, against what the app computes and against what the statements of [`values`] say: two
//! computations that have nothing in common.

use std::collections::{BTreeMap, BTreeSet};

use postgres::Client;
use serde_json::Value;

use crate::oracle::comparison::Stale;
use crate::oracle::keys::{Key, View};
use crate::oracle::values;

const STEP: usize = 200;
/// SQL rounds decimals, and halves away from zero; the app rounds what is binary.
const LAST_DIGIT: f64 = 0.0101;

pub struct Served {
    pub key: Key,
    pub cached: Value,
    /// Null where the app would cache nothing.
    pub computed: Value,
}

pub fn stale(sql: &mut Client, served: &[Served]) -> Vec<Stale> {
    let mut stale = Vec::new();
    for view in View::ALL {
        let of_view: Vec<_> = served.iter().filter(|served| served.key.view == view).collect();
        for served in of_view.chunks(STEP) {
            let ids: Vec<_> = served.iter().map(|served| served.key.id).collect();
            let told: BTreeMap<_, _> =
                values::compute(sql, view, &ids).expect("values").into_iter().collect();
            for Served { key, cached, computed } in served {
                let told = told.get(&key.id);
                if cached != computed {
                    let right = (!computed.is_null()).then(|| computed.to_string());
                    stale.push(Stale { key: *key, cached: cached.to_string(), right });
                } else if !told.is_some_and(|told| agrees(view, cached, told)) {
                    stale.push(Stale { key: *key, cached: cached.to_string(), right: told.cloned() });
                }
            }
        }
    }
    stale
}

fn agrees(view: View, value: &Value, told: &str) -> bool {
    let told: Value = serde_json::from_str(told).expect("JSON");
    if view != View::CollabStats {
        return same(value, &told);
    }
    // Here the statement says less than the app.
    let summary = &value["summary"];
    let results = if told["results"].is_null() { Value::Array(Vec::new()) } else { told["results"].clone() };
    same(&value["results"], &results)
        && same(&summary["total_operators"], &told["total_operators"])
        && same(&summary["total_completed_quantity"], &told["total_quantity"])
}

/// Whether the value has all that is told. SQL's sum of nothing is null, and the app's is 0.
fn same(value: &Value, told: &Value) -> bool {
    match (value, told) {
        (Value::Object(value), Value::Object(told)) => {
            told.iter().all(|(name, told)| match value.get(name) {
                // The database's order of text may be another.
                Some(value) if name == "departments" => names(value) == names(told),
                Some(value) => same(value, told),
                None => false,
            })
        }
        (Value::Array(value), Value::Array(told)) => {
            value.len() == told.len() && value.iter().zip(told).all(|(value, told)| same(value, told))
        }
        (Value::Number(value), Value::Null) => value.as_u64() == Some(0),
        (Value::Number(value), Value::Number(told)) => match (value.as_i64(), told.as_i64()) {
            (Some(value), Some(told)) => value == told,
            _ => {
                matches!((value.as_f64(), told.as_f64()), (Some(value), Some(told)) if (value - told).abs() < LAST_DIGIT)
            }
        },
        _ => value == told,
    }
}

fn names(departments: &Value) -> Option<BTreeSet<&str>> {
    departments.as_array()?.iter().map(Value::as_str).collect()
}

#[test]
fn all_that_is_told_must_be_in_the_value() {
    let check = |view, value: &str, told: &str, expected| {
        let value = serde_json::from_str(value).expect("JSON");
        assert_eq!(agrees(view, &value, told), expected, "{value} and {told}");
    };
    let view = View::OperatorStats;
    check(view, r#"{"total": 1, "more": 2}"#, r#"{"total": 1}"#, true);
    check(view, r#"{"total": 1}"#, r#"{"total": 2}"#, false);
    check(view, r#"{"total": 1}"#, r#"{"total": 1, "more": 2}"#, false);
    check(view, r#"{"total": 0, "hours": null}"#, r#"{"total": null, "hours": null}"#, true);
    check(view, r#"{"total": 1}"#, r#"{"total": null}"#, false);
    check(view, r#"{"rate": 33.33}"#, r#"{"rate": 33.34}"#, true);
    check(view, r#"{"rate": 33.33}"#, r#"{"rate": 33.35}"#, false);
    check(view, r#"{"departments": ["a", "B"]}"#, r#"{"departments": ["B", "a"]}"#, true);
    check(view, r#"{"departments": ["a"]}"#, r#"{"departments": ["a", "b"]}"#, false);
    check(view, r#"{"rows": [1, 2]}"#, r#"{"rows": [2, 1]}"#, false);
    let view = View::CollabStats;
    let value =
        r#"{"results": [{"id": 1}], "summary": {"total_operators": 1, "total_completed_quantity": 7}}"#;
    check(view, value, r#"{"results": [{"id": 1}], "total_operators": 1, "total_quantity": 7}"#, true);
    check(view, value, r#"{"results": [{"id": 2}], "total_operators": 1, "total_quantity": 7}"#, false);
    check(view, value, r#"{"results": [{"id": 1}], "total_operators": 1, "total_quantity": 8}"#, false);
}
