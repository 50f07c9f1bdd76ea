//! The keys that stand in Redis before each step.

use std::collections::BTreeSet;

/// Every key that the shipped configuration speaks of, for the rows of the seed.
const FAMILIES: [(&str, &[&str]); 6] = [
    ("task_stats", &["1", "2", "3", "4", "5", "6"]),
    ("dept_workload", &["1", "2", "3", "4", "5", "6"]),
    ("operator_stats", &["1", "2", "3", "4", "5", "6", "7", "8"]),
    ("process_load", &["1", "2", "3", "4", "5", "6"]),
    ("collab_stats", &["4501c091", "60deb508"]),
    ("dashboard", &["overview", "week:12"]),
];

/// Names that look like the views' keys and are others'.
const OTHERS: [&str; 7] = [
    ":1:dept_workload:5:lock",
    ":1:dept_workload_v2:5",
    ":1:dept_workload:",
    ":1:task_stats:x",
    ":2:task_stats:1",
    "task_stats:1",
    ":1:session:b7e1",
];

pub fn all() -> BTreeSet<String> {
    let ours = FAMILIES.iter().flat_map(|(name, ids)| ids.iter().map(move |id| format!(":1:{name}:{id}")));
    ours.chain(OTHERS.map(str::to_owned)).collect()
}

/// `task_stats:3`, or `task_stats:*` for each key of the family.
pub fn expand(patterns: &[String]) -> BTreeSet<String> {
    patterns
        .iter()
        .flat_map(|pattern| {
            let (name, id) = pattern.split_once(':').expect("name:id");
            let (_, ids) =
                FAMILIES.iter().find(|(family, _)| *family == name).expect("a family of the universe");
            let chosen: Vec<_> = ids.iter().filter(|own| id == "*" || id == **own).collect();
            assert!(!chosen.is_empty(), "{pattern} names no key of the universe");
            chosen.into_iter().map(move |id| format!(":1:{name}:{id}"))
        })
        .collect()
}
