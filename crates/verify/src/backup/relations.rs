//! How long the relations of a backup are.

use pgwal_format::record::RelFileLocator;
use std::collections::HashMap;

/// A fork of a relation, by its number in WAL (`ForkNumber`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Fork {
    /// The data.
    Main = 0,
    /// The free space map.
    FreeSpace = 1,
    /// The visibility map.
    Visibility = 2,
    /// What an unlogged relation begins as.
    Init = 3,
}

/// Sizes of the relations' files in a backup.
#[derive(Clone, Debug, Default)]
pub struct RelationFiles {
    known: bool,
    bytes: HashMap<(RelFileLocator, Fork), u64>,
}

impl RelationFiles {
    /// Whether the files were seen: without them, a relation that is not here says nothing.
    pub fn is_known(&self) -> bool {
        self.known
    }

    /// Blocks of a fork of a relation, all its segment files together; `None` where it has no file.
    pub fn blocks(&self, rel: RelFileLocator, fork: Fork, block_size: u32) -> Option<u64> {
        self.bytes.get(&(rel, fork)).map(|bytes| bytes / u64::from(block_size.max(1)))
    }
}
