use sha2::{Digest as _, Sha256};

use crate::catalog::{Catalog, TableId};
use crate::views::Rules;

const VERSION: char = '1';

/// What a committed offset says beside its number: under which definitions everything below it was applied.
///
/// Written as a version and a digest, `1:0123456789abcdef`; far below the broker's limit of 4,096 bytes. Anything else
/// is another version's and counts as different definitions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Metadata {
    digest: u64,
}

impl Metadata {
    /// What is committed for a table's partitions: a digest of the definitions that decide what its events delete.
    pub(super) fn of(catalog: &Catalog, rules: &Rules, table: TableId) -> Self {
        let mut views: Vec<_> = rules
            .views_of(table)
            .map(|view| (catalog.view(view).name.as_str(), catalog.view(view).digest))
            .collect();
        // The order in which views are written down decides nothing.
        views.sort_unstable();
        let mut hash = Sha256::new();
        for (name, digest) in views {
            hash.update(name.as_bytes());
            hash.update([0]);
            hash.update(digest.to_be_bytes());
        }
        let bytes: [u8; 32] = hash.finalize().into();
        let first = bytes.first_chunk().expect("a SHA-256 has 32 bytes");
        Self { digest: u64::from_be_bytes(*first) }
    }

    pub(super) fn write(self) -> String {
        format!("{VERSION}:{:016x}", self.digest)
    }

    pub(super) fn read(text: &str) -> Option<Self> {
        let digest = text.strip_prefix(VERSION)?.strip_prefix(':')?;
        (digest.len() == 16).then_some(())?;
        Some(Self { digest: u64::from_str_radix(digest, 16).ok()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let metadata = Metadata { digest: 0x00ab_cdef_0123_4567 };
        assert_eq!(metadata.write(), "1:00abcdef01234567");
        assert_eq!(Metadata::read(&metadata.write()), Some(metadata));
    }

    #[test]
    fn another_version_or_none_is_not_read() {
        for text in ["", "1", "1:", "2:00abcdef01234567", "1:ab", "1:00abcdef0123456g", "1:00abcdef012345678"]
        {
            assert_eq!(Metadata::read(text), None, "{text:?}");
        }
    }
}
