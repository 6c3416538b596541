//! How many blocks the backup has of each relation.

use crate::backup::{Backup, Fork, RelationFiles};
use pgwal_format::Generation;
use pgwal_format::record::RelFileLocator;
use std::collections::{HashMap, HashSet};

/// Blocks of the forks that records change block by block. Maps of free space and of visibility are made longer as
/// needed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Extents {
    blocks: HashMap<(RelFileLocator, u8), u32>,
    tablespaces: HashSet<u32>,
}

/// The tablespaces that are no folders of their own (`pg_tablespace.dat`).
const OWN: [u32; 2] = [1663, 1664];

impl Extents {
    /// Of a backup, where its files are at hand and records name their blocks (9.5 and later).
    pub fn of(backup: &Backup, generation: Generation) -> Result<Extents, super::Blind> {
        let Some(control) = backup.control.filter(|_| backup.relations.is_known()) else {
            return Err(super::Blind::Files);
        };
        if generation != Generation::Modern {
            return Err(super::Blind::Legacy);
        }
        Ok(Extents::new(&backup.relations, control.page_size.bytes() as u32))
    }

    fn new(files: &RelationFiles, block_size: u32) -> Extents {
        let counted = [Fork::Main, Fork::Init];
        let all = files.forks().filter(|(_, fork)| counted.contains(fork));
        let blocks = |rel, fork| files.blocks(rel, fork, block_size).map(|n| u32::try_from(n).unwrap_or(u32::MAX));
        let blocks: HashMap<_, _> =
            all.filter_map(|(rel, fork)| Some(((rel, fork as u8), blocks(rel, fork)?))).collect();
        let tablespaces = blocks.keys().map(|(rel, _)| rel.spc).chain(OWN).collect();
        Extents { blocks, tablespaces }
    }

    /// Blocks of a fork; `None` where the backup has no file of it.
    pub fn blocks(&self, rel: RelFileLocator, fork: u8) -> Option<u32> {
        self.blocks.get(&(rel, fork)).copied()
    }

    /// The backup has files of a tablespace, so that those that it has not are missing.
    pub fn holds(&self, tablespace: u32) -> bool {
        self.tablespaces.contains(&tablespace)
    }

    /// Of so many relations, for tests.
    #[cfg(test)]
    pub fn made(all: &[(RelFileLocator, u8, u32)]) -> Extents {
        let blocks: HashMap<_, _> = all.iter().map(|&(rel, fork, blocks)| ((rel, fork), blocks)).collect();
        let tablespaces = blocks.keys().map(|(rel, _)| rel.spc).chain(OWN).collect();
        Extents { blocks, tablespaces }
    }
}
