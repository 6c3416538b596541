//! How long the relations of a backup are (`src/common/relpath.c`).
//!
//! ```text
//! global/1262   base/5/16384   base/5/16384.1   base/5/16384_fsm   pg_tblspc/16400/PG_15_202209061/5/16384
//! ```
//! Up to 8.4 a tablespace holds the databases themselves.

use pgwal_format::record::RelFileLocator;
use std::collections::{HashMap, HashSet};

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

impl Fork {
    /// The fork of a number in WAL.
    pub const fn of(number: u8) -> Option<Fork> {
        match number {
            0 => Some(Fork::Main),
            1 => Some(Fork::FreeSpace),
            2 => Some(Fork::Visibility),
            3 => Some(Fork::Init),
            _ => None,
        }
    }
}

/// The tablespaces that have names of their own in a data directory (`pg_tablespace.dat`).
pub(super) const DEFAULT: u32 = 1663;
pub(super) const GLOBAL: u32 = 1664;
/// A database has some 300 files from the beginning on, what all share some 60; what has fewer is a sample.
const FEWEST: usize = 100;
const FEWEST_SHARED: usize = 30;

/// Sizes of the relations' files in a backup.
#[derive(Clone, Debug, Default)]
pub struct RelationFiles {
    known: bool,
    bytes: HashMap<(RelFileLocator, Fork, u32), u64>,
    /// Bytes of a file that another one follows; 0: not known.
    whole: u64,
}

impl RelationFiles {
    /// Whether the files were seen: without them, a relation that is not here says nothing.
    pub fn is_known(&self) -> bool {
        self.known
    }

    /// How many files there are.
    pub fn count(&self) -> usize {
        self.bytes.len()
    }

    /// Databases of which all files are here, so that one that is not is missing; 0: what all share.
    pub(super) fn whole_databases(&self) -> HashSet<u32> {
        let mut counts: HashMap<u32, usize> = HashMap::new();
        if self.known {
            self.forks().for_each(|(rel, _)| *counts.entry(rel.db).or_default() += 1);
        }
        let least = |db: u32| if db == 0 { FEWEST_SHARED } else { FEWEST };
        counts.into_iter().filter(|(db, count)| *count >= least(*db)).map(|(db, _)| db).collect()
    }

    /// Every fork that has a file.
    pub fn forks(&self) -> impl Iterator<Item = (RelFileLocator, Fork)> {
        self.bytes.keys().filter(|(.., segment)| *segment == 0).map(|(rel, fork, _)| (*rel, *fork))
    }

    /// Blocks of a fork of a relation, its segment files together, as far as they follow each other; `None` where it
    /// has no file. `block_size`: bytes, of the control file.
    pub fn blocks(&self, rel: RelFileLocator, fork: Fork, block_size: u32) -> Option<u64> {
        let first = *self.bytes.get(&(rel, fork, 0))?;
        let mut sum = first;
        let mut last = first;
        for segment in 1.. {
            // Behind a file that is not whole a server looks for no other.
            let Some(bytes) = self.bytes.get(&(rel, fork, segment)).filter(|_| self.whole == 0 || last >= self.whole)
            else {
                break;
            };
            (sum, last) = (sum.saturating_add(*bytes), *bytes);
        }
        Some(sum / u64::from(block_size.max(1)))
    }

    /// Where a relation goes on in another file, in bytes.
    pub(super) fn set_whole(&mut self, bytes: u64) {
        self.whole = bytes;
    }

    /// They were looked for, in a place that has all of them.
    pub(super) fn looked(&mut self) {
        self.known = true;
    }

    /// Takes a file in, if it is a relation's. `path`: below the data directory.
    pub(super) fn add(&mut self, path: &str, size: u64) {
        if let Some(key) = place(path) {
            self.bytes.insert(key, size);
        }
    }
}

/// Whose file it is: the relation, its fork, and the number of the segment file.
pub(super) fn place(path: &str) -> Option<(RelFileLocator, Fork, u32)> {
    let mut parts = path.split('/');
    let (spc, db, file) = match (parts.next()?, parts.next()?, parts.next(), parts.next(), parts.next()) {
        ("global", file, None, ..) => (GLOBAL, 0, file),
        ("base", db, Some(file), None, _) => (DEFAULT, oid(db)?, file),
        ("pg_tblspc", spc, Some(version), Some(db), Some(file)) if version.starts_with("PG_") => {
            (oid(spc)?, oid(db)?, file)
        }
        ("pg_tblspc", spc, Some(db), Some(file), None) => (oid(spc)?, oid(db)?, file),
        _ => return None,
    };
    if parts.next().is_some() {
        return None;
    }
    let (stem, segment) = match file.split_once('.') {
        Some((stem, segment)) => (stem, oid(segment)?),
        None => (file, 0),
    };
    let (number, fork) = match stem.split_once('_') {
        None => (stem, Fork::Main),
        Some((number, "fsm")) => (number, Fork::FreeSpace),
        Some((number, "vm")) => (number, Fork::Visibility),
        Some((number, "init")) => (number, Fork::Init),
        Some(_) => return None,
    };
    Some((RelFileLocator { spc, db, rel: oid(number)? }, fork, segment))
}

fn oid(text: &str) -> Option<u32> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_say_whose_they_are() {
        let mut files = RelationFiles::default();
        for (path, size) in [
            ("global/1262", 8192),
            ("base/5/16384", 1 << 30),
            ("base/5/16384.1", 1 << 30),
            ("base/5/16384.2", 16384),
            ("base/5/16384.4", 8192),
            ("base/5/16384_fsm", 24576),
            ("pg_tblspc/16400/PG_15_202209061/5/16385_vm", 8192),
            ("pg_tblspc/16400/5/16386", 0),
            ("base/5/t3_16384", 8192),
            ("base/5/PG_VERSION", 3),
            ("base/5/INCREMENTAL.16387", 12),
            ("global/pg_control", 8192),
            ("base/5/x/16384", 1),
        ] {
            files.add(path, size);
        }
        let blocks = |spc, db, rel, fork| files.blocks(RelFileLocator { spc, db, rel }, fork, 8192);
        assert_eq!(blocks(1664, 0, 1262, Fork::Main), Some(1));
        assert_eq!(blocks(1663, 5, 16384, Fork::Main), Some(2 * 131_072 + 2));
        assert_eq!(blocks(1663, 5, 16384, Fork::FreeSpace), Some(3));
        assert_eq!(blocks(16400, 5, 16385, Fork::Visibility), Some(1));
        assert_eq!((blocks(16400, 5, 16386, Fork::Main), blocks(16400, 5, 16387, Fork::Main)), (Some(0), None));
        assert_eq!(files.count(), 8);
        let mut cut = files.clone();
        cut.set_whole(2 << 30);
        assert_eq!(
            cut.blocks(RelFileLocator { spc: 1663, db: 5, rel: 16384 }, Fork::Main, 8192),
            Some(131_072),
            "the rest is out of reach"
        );
    }
}
