//! The catalogs of a base backup, read from the files of its data directory as they are handed in.
//!
//! ```text
//! pg_filenode.map ──► where pg_class and pg_database lie ──► their pages ──► rows ─┐
//!                                          pg_class ──► where pg_namespace lies ───┤
//! pg_xact ──► how transactions ended ──────────────────────────────────────────────┴─► BaseCatalogs
//! ```
//! A page that was changed behind the start of the backup is left out: WAL has an image of it. So is, and counted, one
//! that makes no sense, for it was read while it was written.

mod base_facts;
mod heap;
mod map_file;
mod reader;
mod tablespaces;
#[cfg(test)]
mod tests;
mod xact_files;

pub use base_facts::BaseFacts;
pub use map_file::{file_map, is_file_map};
pub use reader::{BaseReader, WantedFiles};
pub use tablespaces::{DataFile, databases, tablespaces};
pub use xact_files::XactStatus;

use crate::change::SeenRow;
use crate::files::{Catalog, CatalogFiles};
use crate::page::{MadeBy, RowEnd};
use pgwal_format::record::RelFileLocator;
use pgwal_format::{Lsn, TimelineId};
use std::collections::HashMap;
use xact_files::XactFiles;

/// What the catalogs of a base backup say.
#[derive(Clone, Debug)]
pub struct BaseCatalogs {
    /// The cluster.
    pub system_id: u64,
    /// Where replay of the backup starts: its names hold from there on.
    pub start: Lsn,
    /// On which timeline.
    pub timeline: TimelineId,
    /// Pages that make no sense.
    pub pages_left_out: u64,
    /// Databases whose catalogs cannot be found, and rows for which there was no room.
    pub left_out: u64,
    map: HashMap<(u32, u32), u32>,
    namespaces: HashMap<u32, u32>,
    pages: HashMap<(RelFileLocator, u32), Vec<SeenRow>>,
    xacts: XactFiles,
}

impl BaseCatalogs {
    /// Which files hold the catalogs.
    pub fn files(&self) -> CatalogFiles {
        let mut files = CatalogFiles::default();
        for (database, oid, file) in self.map() {
            files.put(database, oid, file);
        }
        for (database, file) in &self.namespaces {
            files.put(*database, Catalog::Namespace.oid(), *file);
        }
        files
    }

    /// How many rows of catalogs it has.
    pub fn rows(&self) -> usize {
        self.pages.values().map(Vec::len).sum()
    }

    pub(crate) fn map(&self) -> impl Iterator<Item = (u32, u32, u32)> {
        self.map.iter().map(|((database, oid), file)| (*database, *oid, *file))
    }

    pub(crate) fn pages(&self) -> impl Iterator<Item = (RelFileLocator, u32, &[SeenRow])> {
        self.pages.iter().map(|((file, block), rows)| (*file, *block, rows.as_slice()))
    }

    pub(crate) fn has_page(&self, file: RelFileLocator, block: u32) -> bool {
        self.pages.contains_key(&(file, block))
    }

    pub(crate) fn status(&self, xid: u32) -> Option<XactStatus> {
        self.xacts.status(xid)
    }

    /// The transactions that rows name.
    pub(crate) fn xacts(&self) -> impl Iterator<Item = u32> {
        self.pages.values().flatten().flat_map(|seen| {
            let ended = match seen.end {
                RowEnd::Xact(xid) | RowEnd::Committed(xid) => Some(xid),
                RowEnd::Nobody | RowEnd::Several => None,
            };
            [Some(seen.xmin).filter(|_| seen.made != MadeBy::Aborted), ended].into_iter().flatten()
        })
    }
}
