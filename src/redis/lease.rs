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

use super::beside;

/// What the name of each lease begins with.
pub(super) const PREFIX: &str = "freshet:lease:";

/// The name of a key's lease, if the key can have one.
pub fn lease_of(key: &str) -> Option<String> {
    let mut name = Vec::new();
    beside::push_name(PREFIX, key.as_bytes(), &mut name).then(|| String::from_utf8_lossy(&name).into_owned())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// The readers' package reads the same file.
    #[test]
    fn a_lease_is_spelled_as_readers_spell_it() {
        let file = include_str!("../../deploy/django/tests/lease_keys.json");
        let vectors: BTreeMap<String, Option<String>> = serde_json::from_str(file).expect("keys and leases");
        assert!(vectors.len() > 10);
        for (key, lease) in vectors {
            assert_eq!(lease_of(&key), lease, "{key}");
        }
    }
}
