//! What records are grouped by.

use pgwal_format::Lsn;
use pgwal_format::record::{Record, RelFileLocator};
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_format::rmgr::xlog;

/// What records are grouped by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum By {
    /// Resource manager.
    Rmgr,
    /// Resource manager and type.
    Record,
    /// Relation and fork: that of a record's first block; each page image counts for its own.
    Relation,
    /// The transaction in the header, 0 for none.
    Xid,
    /// Database, as for relation.
    Database,
    /// Minute of the record's time, or of the last one before it that has one.
    Minute,
    /// The last checkpoint record at or before the record.
    Checkpoint,
}

impl By {
    /// All of them.
    pub const ALL: [By; 7] = [By::Rmgr, By::Record, By::Relation, By::Xid, By::Database, By::Minute, By::Checkpoint];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            By::Rmgr => "rmgr",
            By::Record => "record",
            By::Relation => "relation",
            By::Xid => "xid",
            By::Database => "database",
            By::Minute => "minute",
            By::Checkpoint => "checkpoint",
        }
    }

    /// In order of WAL; the others go by size.
    pub fn is_in_order(self) -> bool {
        matches!(self, By::Minute | By::Checkpoint)
    }
}

/// One thing to count by, or two at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Grouping {
    /// The first.
    pub first: By,
    /// The second.
    pub second: Option<By>,
}

impl From<By> for Grouping {
    fn from(first: By) -> Grouping {
        Grouping { first, second: None }
    }
}

impl Grouping {
    /// Both, in order.
    pub fn each(self) -> impl Iterator<Item = By> + Clone {
        std::iter::once(self.first).chain(self.second)
    }
}

/// A group of each thing counted by; the second is [`GroupKey::Nothing`] where there is but one.
pub type GroupPlace = [GroupKey; 2];

/// A group.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum GroupKey {
    /// The group in which the part before ended.
    #[default]
    Before,
    /// No group: no relation, no time or checkpoint before it.
    Nothing,
    /// Resource manager and the high half of `xl_info`.
    Code(u8, u8),
    /// A transaction.
    Xid(u32),
    /// A relation's fork.
    Relation(RelFileLocator, u8),
    /// A database.
    Database(u32),
    /// Minutes since 1970.
    Minute(i64),
    /// A checkpoint record.
    Checkpoint(Lsn),
}

impl GroupKey {
    /// This one, or another where it is the one in which the part before ended.
    pub(super) fn or(self, before: GroupKey) -> GroupKey {
        if self == GroupKey::Before { before } else { self }
    }

    /// The minute of a time.
    pub fn minute(time: Timestamp) -> GroupKey {
        GroupKey::Minute(time.unix_micros().div_euclid(60_000_000))
    }
}

/// A checkpoint, at shutdown or not.
pub fn is_checkpoint(record: &Record<'_>) -> bool {
    xlog::is_checkpoint(&record.header)
}
