/// The reasons, in kinds. All but the first five are widenings: the family goes because the keys are in doubt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// The row fills the key's holes, before the change and after it.
    Row,
    /// The row as it was fills the key's holes.
    OldRow,
    /// The row as it is fills the key's holes.
    NewRow,
    /// The value is read from the row, and another row that leads to it fills the key's holes.
    Behind,
    /// The view is a declared family.
    DeclaredFamily,
    /// The key or the value lies behind a relation to rows that are not known.
    Path,
    /// More keys than the view's `fan_out_limit`.
    FanOut,
    /// A row that the key lies behind is not known.
    UnknownFarRow,
    /// A row that the key lies behind has not come.
    Unresolved,
    /// Not all rows that lead to the row are known.
    Incomplete,
    /// A tracked row changed that the topic had not shown before.
    UnknownRow,
    /// The source's positions went back: its database is another one, or an older state of it.
    OtherDatabase,
    /// A snapshot after streamed events: events were lost.
    SecondSnapshot,
    /// The event does not tell the old row.
    UnknownOldRow,
    /// The event does not tell the new row.
    UnknownNewRow,
    /// The table was emptied.
    Truncate,
    /// A hole is filled by a value that the column's type does not allow.
    ColumnType,
    /// The event lacks a column that the view needs.
    MissingColumn,
    /// The source did not send a large column that fills a hole.
    UnavailableColumn,
    /// An event could not be decoded.
    Undecodable,
    /// The group starts on this topic for the first time.
    FirstStart,
    /// Views were defined otherwise when the offset was committed.
    DefinitionsChanged,
    /// The log no longer holds what was not yet applied.
    LostOffsets,
    /// Compaction may have taken records before they were read.
    Compacted,
    /// A standby had more to keep than it may.
    BacklogFull,
    /// This copy led before and gave up with effects on their way; whether Redis acknowledged them is not known.
    Unacknowledged,
    /// Redis is another node than the one that acknowledged what was committed, or was restarted.
    RedisChanged,
}

impl Reason {
    /// The word for metrics and machine-readable output.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Row => "row",
            Self::OldRow => "old_row",
            Self::NewRow => "new_row",
            Self::Behind => "behind",
            Self::DeclaredFamily => "declared_family",
            Self::Path => "path",
            Self::FanOut => "fan_out",
            Self::UnknownFarRow => "unknown_far_row",
            Self::Unresolved => "unresolved",
            Self::Incomplete => "incomplete",
            Self::UnknownRow => "unknown_row",
            Self::OtherDatabase => "other_database",
            Self::SecondSnapshot => "second_snapshot",
            Self::UnknownOldRow => "unknown_old_row",
            Self::UnknownNewRow => "unknown_new_row",
            Self::Truncate => "truncate",
            Self::ColumnType => "column_type",
            Self::MissingColumn => "missing_column",
            Self::UnavailableColumn => "unavailable_column",
            Self::Undecodable => "undecodable",
            Self::FirstStart => "first_start",
            Self::DefinitionsChanged => "definitions_changed",
            Self::LostOffsets => "lost_offsets",
            Self::Compacted => "compacted",
            Self::BacklogFull => "backlog_full",
            Self::Unacknowledged => "unacknowledged",
            Self::RedisChanged => "redis_changed",
        }
    }

    /// Whether more than the exact keys go, because they are in doubt.
    pub const fn is_widening(self) -> bool {
        !matches!(self, Self::Row | Self::OldRow | Self::NewRow | Self::Behind | Self::DeclaredFamily)
    }

    pub(super) const fn sentence(self) -> &'static str {
        match self {
            Self::Row => "the row before and after the change",
            Self::OldRow => "the row before the change",
            Self::NewRow => "the row after the change",
            Self::Behind => "the row is read",
            Self::DeclaredFamily => "a declared family",
            Self::Path => "the key or the value lies behind a relation",
            Self::FanOut => "more keys than the view's `fan_out_limit`",
            Self::UnknownFarRow => "a row that the key lies behind is not known",
            Self::Unresolved => "a row that the key lies behind has not come",
            Self::Incomplete => "not all rows that lead to the row are known",
            Self::UnknownRow => "the topic has not shown the row before: it does not hold all rows",
            Self::OtherDatabase => {
                "the source's positions went back: another database, or an older state of it"
            }
            Self::SecondSnapshot => "a second snapshot of the table: changes before it may be missing",
            Self::UnknownOldRow => {
                "the event does not tell the old row (the table's replica identity is not full, or the row comes from a snapshot)"
            }
            Self::UnknownNewRow => "the event does not tell the new row",
            Self::Truncate => "the table was truncated",
            Self::ColumnType => "a column that fills the key has another type than configured",
            Self::MissingColumn => "the event lacks a column that fills the key",
            Self::UnavailableColumn => "the source did not send a large column that fills the key",
            Self::Undecodable => "an event could not be decoded",
            Self::FirstStart => "the group starts on this topic for the first time",
            Self::DefinitionsChanged => "the definitions changed since the offset was committed",
            Self::LostOffsets => "the log no longer holds what was not yet applied",
            Self::Compacted => "compaction may have taken records before they were read",
            Self::BacklogFull => "a standby had more to keep than it may",
            Self::Unacknowledged => "effects may not have been acknowledged when another copy took over",
            Self::RedisChanged => {
                "Redis was restarted, or another node took its place: it may have lost deletions or brought keys back"
            }
        }
    }
}
