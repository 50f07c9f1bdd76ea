use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use crate::catalog::{Catalog, TableId, ViewId};
use crate::views::Rules;

const VERSION: &str = "3";

/// Views of one table that are told apart. Beyond, one digest stands for all of them, so that what is committed stays under
/// 1 KiB; the broker's limit is 4,096 bytes.
const MOST_VIEWS: usize = 100;

/// What a committed offset says beside its number: `version:newest:partitions:node:digests`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Metadata {
    /// The newest time of a record below the offset, in milliseconds; `i64::MIN` where none is known. A log in which a
    /// newer record lies below the offset is not the one that the offset was committed for.
    pub(super) newest: i64,
    /// How many partitions the topic had when the group started on it.
    pub(super) partitions: u32,
    /// To which Redis node everything below the offset was applied.
    pub(super) node: Option<u32>,
    /// Under which definitions everything below the offset was applied.
    digests: Vec<u32>,
}

impl Metadata {
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut fields = text.split(':');
        let (version, newest, partitions, node, digests) =
            (fields.next()?, fields.next()?, fields.next()?, fields.next()?, fields.next()?);
        if version != VERSION || fields.next().is_some() || digests.len() % 8 != 0 || !digests.is_ascii() {
            return None;
        }
        let newest = if newest.is_empty() { i64::MIN } else { newest.parse().ok()? };
        let partitions = partitions.parse().ok()?;
        let hex = |text: &str| u32::from_str_radix(text, 16).ok().filter(|_| text.len() == 8);
        let node = if node.is_empty() { None } else { Some(hex(node)?) };
        let digest = |at: usize| hex(digests.get(at..at + 8)?);
        let digests = (0..digests.len()).step_by(8).map(digest).collect::<Option<_>>()?;
        Some(Self { newest, partitions, node, digests })
    }
}

/// The definitions that decide what a table's events delete, each as a digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Definitions(pub(super) Vec<(ViewId, u32)>);

impl Definitions {
    pub(super) fn of(catalog: &Catalog, rules: &Rules, table: TableId) -> Self {
        let half = |digest: u64| u32::try_from(digest >> 32).expect("half of 64 bits");
        let mut views: Vec<(ViewId, u32)> =
            rules.views_of(table).map(|view| (view, half(catalog.view(view).digest))).collect();
        // The order in which views are written down decides nothing.
        views.sort_by_key(|(_, digest)| *digest);
        if views.len() > MOST_VIEWS {
            let mut hash = Sha256::new();
            for (_, digest) in &views {
                hash.update(digest.to_be_bytes());
            }
            let all = hash.finalize().iter().take(4).fold(0, |all, byte| all << 8 | u32::from(*byte));
            for (_, digest) in &mut views {
                *digest = all;
            }
        }
        Self(views)
    }

    /// The views that were defined otherwise, or not at all, when this was committed.
    pub(super) fn changed_since(&self, committed: &Metadata) -> Vec<ViewId> {
        let is_new = |digest: &u32| !committed.digests.contains(digest);
        self.0.iter().filter(|(_, digest)| is_new(digest)).map(|(view, _)| *view).collect()
    }

    pub(super) fn views(&self) -> impl Iterator<Item = ViewId> + '_ {
        self.0.iter().map(|(view, _)| *view)
    }

    /// What is committed beside an offset.
    pub(super) fn write(&self, newest: i64, partitions: u32, node: Option<u32>) -> String {
        let mut text = format!("{VERSION}:");
        // Writing to a `String` cannot fail.
        if newest != i64::MIN {
            let _ = write!(text, "{newest}");
        }
        let _ = write!(text, ":{partitions}:");
        if let Some(node) = node {
            let _ = write!(text, "{node:08x}");
        }
        text.push(':');
        let mut last = None;
        for (_, digest) in &self.0 {
            if last.replace(digest) != Some(digest) {
                let _ = write!(text, "{digest:08x}");
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definitions(digests: &[u32]) -> Definitions {
        Definitions(digests.iter().enumerate().map(|(n, digest)| (ViewId::from_index(n), *digest)).collect())
    }

    #[test]
    fn what_is_written_is_read_back() {
        for (newest, node, text) in [
            (1_767_225_600_000, Some(0xabc), "3:1767225600000:4:00000abc:000000ff80000001"),
            (i64::MIN, None, "3::4::000000ff80000001"),
        ] {
            let written = definitions(&[0xff, 0x8000_0001]).write(newest, 4, node);
            assert_eq!(written, text);
            let expected = Metadata { newest, partitions: 4, node, digests: vec![0xff, 0x8000_0001] };
            assert_eq!(Metadata::read(&written), Some(expected));
        }
        assert!(
            Metadata::read(&definitions(&[]).write(1, 1, None)).is_some_and(|read| read.digests.is_empty())
        );
    }

    #[test]
    fn another_version_or_none_is_not_read() {
        for text in [
            "",
            "3",
            "1:00abcdef01234567",
            "2:1:1:00000001",
            "4:1:1::00000001",
            "3:1:1::0000000",
            "3:1:1::0000000g",
            "3:1:1:0000000g:",
            "3:1:1:1:",
            "3:x:1::",
            "3:1:::",
            "3:1:1:",
            "3:1:1:::",
        ] {
            assert_eq!(Metadata::read(text), None, "{text:?}");
        }
    }

    #[test]
    fn only_a_view_that_changed_is_named() {
        let committed = Metadata::read(&definitions(&[1, 2]).write(0, 1, None)).expect("well written");
        assert_eq!(definitions(&[1, 2]).changed_since(&committed), []);
        assert_eq!(
            definitions(&[1]).changed_since(&committed),
            [],
            "a view that is gone has no keys of ours"
        );
        assert_eq!(definitions(&[2, 3]).changed_since(&committed), [ViewId::from_index(1)]);
    }

    #[test]
    fn what_is_committed_stays_small() {
        let many: Vec<u32> = (0..u32::try_from(MOST_VIEWS).expect("small")).collect();
        assert!(definitions(&many).write(i64::MAX, u32::MAX, Some(u32::MAX)).len() < 1_024);
    }
}
