//! What lies beside a cached key, its lease and its fence: how their names are made from the key's, and back.

/// Appends the name of what lies beside a key, by the prefix of such names. False, and nothing is appended, if the key can
/// have none.
///
/// Both lie in one slot of Redis Cluster. Redis takes as the hash tag what stands between the first `{` and the first `}`
/// behind it, unless that is empty. A key with a tag keeps it as the first one; a key without is the tag itself, which a `}` in
/// it would cut short.
pub(super) fn push_name(prefix: &str, key: &[u8], out: &mut Vec<u8>) -> bool {
    let tagged = has_tag(key);
    if !tagged && key.contains(&b'}') {
        return false;
    }
    out.extend_from_slice(prefix.as_bytes());
    if tagged {
        out.extend_from_slice(key);
    } else {
        out.push(b'{');
        out.extend_from_slice(key);
        out.push(b'}');
    }
    true
}

/// The keys that what has this name lies beside. They are two for `freshet:lease:{a}`, of `a` and of `{a}`: who deletes one
/// of them revokes the other's lease too.
pub(super) fn keys_of<'n>(prefix: &str, name: &'n [u8]) -> impl Iterator<Item = &'n [u8]> + Clone + use<'n> {
    let rest = name.strip_prefix(prefix.as_bytes());
    let tag = rest.and_then(|rest| rest.strip_prefix(b"{")?.strip_suffix(b"}"));
    let whole = tag.filter(|key| !key.contains(&b'}'));
    whole.into_iter().chain(rest.filter(|key| has_tag(key)))
}

fn has_tag(key: &[u8]) -> bool {
    let Some(opening) = key.iter().position(|byte| *byte == b'{') else { return false };
    key[opening + 1..].iter().position(|byte| *byte == b'}').is_some_and(|length| length > 0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PREFIX: &str = "freshet:lease:";

    fn keys(name: &str) -> Vec<String> {
        keys_of(PREFIX, name.as_bytes()).map(|key| String::from_utf8_lossy(key).into_owned()).collect()
    }

    fn name_of(key: &str) -> Option<String> {
        let mut name = Vec::new();
        push_name(PREFIX, key.as_bytes(), &mut name).then(|| String::from_utf8_lossy(&name).into_owned())
    }

    #[test]
    fn other_names_lie_beside_nothing() {
        for name in
            ["shop:1", "freshet:lease", "freshet:lease:", "freshet:lease:shop:1", "freshet:lease:{a}b}"]
        {
            assert!(
                !keys(name).contains(&"shop:1".to_owned()) && !keys(name).contains(&"a}b".to_owned()),
                "{name}"
            );
        }
        assert_eq!(keys("freshet:lease:{a}"), ["a", "{a}"]);
        assert_eq!(keys("freshet:lease:{}"), [""]);
    }

    proptest! {
        #[test]
        fn a_name_names_its_key_and_no_third_one(key in "[ab{}:]{0,8}") {
            if let Some(name) = name_of(&key) {
                let keys = keys(&name);
                prop_assert!(keys.contains(&key), "{keys:?}");
                for key in keys {
                    prop_assert_eq!(name_of(&key), Some(name.clone()));
                }
            }
        }
    }
}
