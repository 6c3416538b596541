//! Blocks that WAL changes and that are not there (`src/backend/access/transam/xlogutils.c`).
//!
//! ```text
//! backup: 3 blocks   │0│1│2│
//! image of block 5   │0│1│2│·│·│5│        replay makes a file longer; what lies between is zeros
//! change of block 4                       not there: remembered
//! change of block 7                       not there: remembered
//! truncation to 5    │0│1│2│·│·│          7 is forgotten, 4 is not
//! consistent                              4 is left: PANIC
//! ```
//! A file that is not there at all is one of no blocks. Behind consistency the first change of a block that is not
//! there is a PANIC; a recovery after a crash is never consistent before its end and asks nobody.
//!
//! `flushed` is another question: whether the files hold what a checkpoint had written.
//! `extents` is what the backup has, `gather` what records of a segment may matter, `tracker` what a server remembers.
//! Blocks that lie inside the backup's file are taken for written: what they hold is not looked at, and a truncation
//! does not unmake them. So a gap in the WAL of one relation is seen only behind that file's end.

mod extents;
mod flushed;
mod gather;
mod removed;
mod tracker;

pub use extents::Extents;
pub use flushed::{BlockPlace, Flushed, Outlived};
pub use gather::{Change, Gather, Noted};
pub use tracker::Tracker;

use pgwal_format::Lsn;
use pgwal_format::record::RelFileLocator;

/// A block that a record changes and that is not there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InvalidPage {
    /// The relation.
    pub rel: RelFileLocator,
    /// 0 main, 3 init.
    pub fork: u8,
    /// The block.
    pub block: u32,
    /// The first record that changes it.
    pub lsn: Lsn,
    /// It lies inside the file, which replay made longer, and is zeros.
    pub zeros: bool,
    /// Blocks of the file in the backup; `None`: it has none.
    pub in_backup: Option<u32>,
}

/// All blocks that a server would complain of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InvalidPages {
    /// The one that a record changes first.
    pub first: InvalidPage,
    /// How many.
    pub count: u64,
}

/// Data files that hold blocks as they were before the checkpoint from which a server goes on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StalePages {
    /// The file of the first one, below the data directory.
    pub file: String,
    /// Its block, counted over all files of the relation.
    pub block: u32,
    /// The position that its page names; `None`: the page is zeros, or its file ends before it, or is not there.
    pub found: Option<Lsn>,
    /// The record that changed it behind that.
    pub lsn: Lsn,
    /// How many there are of those that were looked at.
    pub count: u64,
    /// How many were looked at.
    pub of: u64,
    /// Replay writes each of them whole.
    pub healed: bool,
}

/// Why it is not known whether every block that WAL changes is there.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Blind {
    /// The backup's data files are not at hand.
    Files,
    /// Records of 9.4 and earlier name their blocks each in its own way.
    Legacy,
    /// Relations of a tablespace of which the backup has no file.
    Tablespace,
    /// There are more than are kept in memory.
    Many,
}
