//! Leases: what the lease of a cached key is called, and whose lease a name may be.
//!
//! A reader that missed takes a lease before it reads the database, and may store only while it still holds that. Both are
//! one script each, the package in `deploy/django` has them: *read or lease* sets the lease `L` of an absent key `K` to a
//! token if there is none; *fill* sets `K` and deletes `L` if `L` still holds the token and `K` is absent. freshet revokes
//! what was given before a change, in plain commands. What must hold: once the deletion of `K` is acknowledged, nobody
//! stores a value that was read before the change.
//!
//! - **The lease goes first, then the key**, in one pipeline, between whose commands others' scripts may run. A fill before
//!   `L` goes stores a value that goes with `K`; one after it is refused. The other way round a fill between the two finds `K`
//!   absent and its token in `L`, and what it stores stays.
//! - Between the two a reader may take a new lease of an absent `K`. It reads the database after the change was
//!   committed, so what it stores is not older; at worst it goes with `K`, which costs one more miss.
//! - **A family's leases go first, all of them, then its keys**, in two walks. In one walk a fill might move a value from a
//!   name that was not reached yet, its lease, to one that was passed, its key. Whatever lease is there when the first
//!   walk begins is gone when it ends, or was turned into a key, which the second walk finds.
//! - A lease that is taken once a walk has passed its place does no harm: its reader reads the database after the change
//!   that the walk is for.
//! - A family that goes by its live names keeps the keys' names alone, also those of which only the lease is there.
//!
//! # Readers that read a replica of the database
//!
//! What was committed may not have arrived there. So a view's `hold` sets `L` to a value that is no token, for that long,
//! instead of deleting it: nobody gets a lease of `K` until the replica has caught up. The hold comes first, then the key goes.
//! A hold is never cut short: of a view with a `hold` nothing deletes a lease, but turns it into a hold. Redis may evict a
//! hold, or have no memory for it, and a reader then fills from a replica that lags. So the key goes once more when the hold
//! ends (`tests/protocol` shows both).
//!
//! The keys of a family are not known, and a key that is not there may be read in the next moment. A hold of the whole family
//! would be a key that every read of every key looks at, of a view of which a plain `get_or_set` knows nothing, and in
//! another slot of a cluster. So a family of such a view is deleted again after `hold`: leases that are there become
//! holds, both times; what was filled from the replica between the two is served for as long and goes, and who read it and
//! has not stored yet is refused.

/// What the name of each lease begins with.
pub(super) const PREFIX: &str = "freshet:lease:";

/// Appends the name of a key's lease. False, and nothing is appended, if the key can have none.
///
/// Both lie in one slot of Redis Cluster. Redis takes as the hash tag what stands between the first `{` and the first `}`
/// behind it, unless that is empty. A key with a tag keeps it as the first one; a key without is the tag itself, which a `}` in
/// it would cut short.
pub(super) fn push_name(key: &[u8], out: &mut Vec<u8>) -> bool {
    let tagged = has_tag(key);
    if !tagged && key.contains(&b'}') {
        return false;
    }
    out.extend_from_slice(PREFIX.as_bytes());
    if tagged {
        out.extend_from_slice(key);
    } else {
        out.push(b'{');
        out.extend_from_slice(key);
        out.push(b'}');
    }
    true
}

/// The name of a key's lease, if the key can have one.
pub fn lease_of(key: &str) -> Option<String> {
    let mut name = Vec::new();
    push_name(key.as_bytes(), &mut name).then(|| String::from_utf8_lossy(&name).into_owned())
}

/// The keys whose lease has this name. They are two for `freshet:lease:{a}`, of `a` and of `{a}`: who deletes one of them
/// revokes the other's lease too.
pub(super) fn keys_of(name: &[u8]) -> impl Iterator<Item = &[u8]> + Clone {
    let rest = name.strip_prefix(PREFIX.as_bytes());
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
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn keys(name: &str) -> Vec<String> {
        keys_of(name.as_bytes()).map(|key| String::from_utf8_lossy(key).into_owned()).collect()
    }

    /// The readers' package reads the same file.
    #[test]
    fn a_lease_is_spelled_as_readers_spell_it() {
        let file = include_str!("../../deploy/django/tests/lease_keys.json");
        let vectors: BTreeMap<String, Option<String>> = serde_json::from_str(file).expect("keys and leases");
        assert!(vectors.len() > 10);
        for (key, lease) in vectors {
            assert_eq!(lease_of(&key), lease, "{key}");
            if let Some(lease) = lease {
                assert!(keys(&lease).contains(&key), "{lease}");
            }
        }
    }

    #[test]
    fn other_names_are_nobodys_lease() {
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
        fn a_lease_names_its_key_and_no_third_one(key in "[ab{}:]{0,8}") {
            if let Some(name) = lease_of(&key) {
                let keys = keys(&name);
                prop_assert!(keys.contains(&key), "{keys:?}");
                for key in keys {
                    prop_assert_eq!(lease_of(&key), Some(name.clone()));
                }
            }
        }
    }
}
