//! What a server remembers of blocks that are not there.

use super::{Blind, Change, Extents, InvalidPage, InvalidPages, Noted};
use pgwal_format::Lsn;
use pgwal_format::record::RelFileLocator;
use std::collections::{BTreeMap, BTreeSet, HashMap};

type FileKey = (RelFileLocator, u8);
/// Blocks, each with the first record that needed it, and whether it was zeros.
type Missed = BTreeMap<(RelFileLocator, u8, u32), (Lsn, bool)>;

/// Replays what was gathered, in order.
#[derive(Clone, Debug)]
pub struct Tracker<'a> {
    extents: &'a Extents,
    /// `ignore_invalid_pages` (13 and later): a warning in the place of a PANIC.
    ignored: bool,
    /// Files that are longer than in the backup.
    files: HashMap<FileKey, ReplayedFile>,
    /// Databases that were copied, and from where: tablespace and database.
    copies: HashMap<(u32, u32), (u32, u32)>,
    /// Blocks that were needed and not there.
    invalid: Missed,
    /// Those that a server complained of.
    told: Missed,
    blind: BTreeSet<Blind>,
    /// Files, stretches of zeros and blocks that may be kept yet.
    room: usize,
}

/// A file as replay made it.
#[derive(Clone, Debug)]
struct ReplayedFile {
    blocks: u32,
    /// Stretches of zeros that replay left: first block, and the one behind the last.
    zeros: BTreeMap<u32, u32>,
}

/// A server keeps all; this is some 100 MiB.
const ROOM: usize = 1_000_000;
const MAIN: u8 = 0;
const FORKS: [u8; 2] = [MAIN, 3];

impl<'a> Tracker<'a> {
    /// With nothing replayed.
    pub fn new(extents: &'a Extents, ignored: bool) -> Tracker<'a> {
        Tracker {
            extents,
            ignored,
            files: HashMap::new(),
            copies: HashMap::new(),
            invalid: BTreeMap::new(),
            told: BTreeMap::new(),
            blind: BTreeSet::new(),
            room: ROOM,
        }
    }

    /// What could not be told.
    pub fn blind(&self) -> impl Iterator<Item = Blind> {
        self.blind.iter().copied()
    }

    /// What a server complains of, or of which it should and does not, as after a crash.
    pub fn told(&self) -> Option<InvalidPages> {
        self.sum(if self.told.is_empty() { &self.invalid } else { &self.told })
    }

    /// Replays a change. `true`: the server dies of it.
    #[must_use]
    pub fn replay(&mut self, noted: &Noted, consistent: bool) -> bool {
        if self.blind.contains(&Blind::Many) {
            return false;
        }
        let mut dies = false;
        match &noted.change {
            Change::Writes { rel, fork, first, last } => self.writes((*rel, *fork), *first, *last),
            Change::Needs { rel, fork, block, .. } => {
                dies = self.needs((*rel, *fork), *block, noted.lsn) && consistent && self.check()
            }
            Change::Truncates(rel, blocks) => self.truncates(*rel, *blocks),
            Change::Drops(rel) => FORKS.into_iter().for_each(|fork| {
                self.forget((*rel, fork), 0);
                self.removed((*rel, fork));
            }),
            Change::DropsDatabase(db, tablespaces) => {
                self.invalid.retain(|(rel, ..), _| rel.db != *db);
                tablespaces.iter().for_each(|&spc| self.removed_database((spc, *db)));
            }
            Change::Copies { from, to } => self.copies_database(*from, *to),
        }
        if self.room == 0 {
            self.blind.insert(Blind::Many);
            (self.files, self.invalid) = (HashMap::new(), BTreeMap::new());
        }
        dies
    }

    /// The data are consistent now. `true`: the server dies of what is left.
    #[must_use]
    pub fn check(&mut self) -> bool {
        let dies = !self.invalid.is_empty() && !self.ignored;
        for (place, found) in std::mem::take(&mut self.invalid) {
            self.told.entry(place).or_insert(found);
        }
        dies
    }

    fn sum(&self, missed: &Missed) -> Option<InvalidPages> {
        let (&(rel, fork, block), &(lsn, zeros)) = missed.iter().min_by_key(|(_, (lsn, _))| *lsn)?;
        let first = InvalidPage { rel, fork, block, lsn, zeros, in_backup: self.extents.blocks(rel, fork) };
        Some(InvalidPages { first, count: missed.len() as u64 })
    }

    /// Blocks that a file has before WAL makes it longer.
    fn base(&self, (rel, fork): FileKey) -> u32 {
        let own = self.extents.blocks(rel, fork).unwrap_or(0);
        let copied = self
            .copies
            .get(&(rel.spc, rel.db))
            .and_then(|&(spc, db)| self.extents.blocks(RelFileLocator { spc, db, ..rel }, fork));
        own.max(copied.unwrap_or(0))
    }

    fn writes(&mut self, key: FileKey, first: u32, last: u32) {
        let base = self.base(key);
        let room = &mut self.room;
        let file = self.files.entry(key).or_insert_with(|| {
            *room = room.saturating_sub(1);
            ReplayedFile { blocks: base, zeros: BTreeMap::new() }
        });
        let behind = last.saturating_add(1);
        if first > file.blocks {
            *room = room.saturating_sub(1);
            file.zeros.insert(file.blocks, first);
        }
        file.blocks = file.blocks.max(behind);
        *room = room.saturating_sub(file.written(first, behind));
    }

    /// `true`: it is not there.
    fn needs(&mut self, key: FileKey, block: u32, lsn: Lsn) -> bool {
        let zeros = match self.files.get(&key) {
            Some(file) if block < file.blocks && !file.is_zeros(block) => return false,
            Some(file) => block < file.blocks,
            None if block < self.base(key) => return false,
            None => false,
        };
        if !self.extents.holds(key.0.spc) {
            self.blind.insert(Blind::Tablespace);
            return false;
        }
        let (room, place) = (&mut self.room, (key.0, key.1, block));
        self.invalid.entry(place).or_insert_with(|| {
            *room = room.saturating_sub(1);
            (lsn, zeros)
        });
        true
    }

    fn truncates(&mut self, rel: RelFileLocator, blocks: u32) {
        self.forget((rel, MAIN), blocks);
        let least = self.base((rel, MAIN));
        if let Some(file) = self.files.get_mut(&(rel, MAIN)) {
            file.blocks = file.blocks.min(blocks.max(least));
            let end = file.blocks;
            file.zeros.retain(|from, to| {
                *to = end.min(*to);
                *from < end
            });
        }
    }

    /// Blocks from one on are gone, so nobody misses them.
    fn forget(&mut self, (rel, fork): FileKey, from: u32) {
        let gone: Vec<_> =
            self.invalid.range((rel, fork, from)..=(rel, fork, u32::MAX)).map(|(place, _)| *place).collect();
        for place in gone {
            self.invalid.remove(&place);
            self.room += 1;
        }
    }

    fn removed(&mut self, key: FileKey) {
        if let Some(file) = self.files.remove(&key) {
            self.room += 1 + file.zeros.len();
        }
    }

    fn removed_database(&mut self, (spc, db): (u32, u32)) {
        self.files.retain(|(rel, _), _| (rel.spc, rel.db) != (spc, db));
        self.copies.remove(&(spc, db));
    }

    /// Files are copied as they are, over those that lie there.
    fn copies_database(&mut self, from: (u32, u32), to: (u32, u32)) {
        self.removed_database(to);
        let whence = self.copies.get(&from).copied().unwrap_or(from);
        self.copies.insert(to, whence);
        let copy = |(rel, fork): FileKey, file: &ReplayedFile| {
            ((RelFileLocator { spc: to.0, db: to.1, ..rel }, fork), file.clone())
        };
        let copied: Vec<_> = self
            .files
            .iter()
            .filter(|((rel, _), _)| (rel.spc, rel.db) == from)
            .map(|(key, file)| copy(*key, file))
            .take(self.room)
            .collect();
        self.room = self.room.saturating_sub(1 + copied.iter().map(|(_, file)| 1 + file.zeros.len()).sum::<usize>());
        self.files.extend(copied);
    }
}

impl ReplayedFile {
    fn is_zeros(&self, block: u32) -> bool {
        self.zeros.range(..=block).next_back().is_some_and(|(_, to)| block < *to)
    }

    /// Blocks are zeros no longer; by how many stretches there are more than before.
    fn written(&mut self, first: u32, behind: u32) -> usize {
        let met: Vec<(u32, u32)> = self
            .zeros
            .range(..behind)
            .rev()
            .take_while(|(_, to)| **to > first)
            .map(|(from, to)| (*from, *to))
            .collect();
        let before = self.zeros.len();
        for (from, to) in met {
            self.zeros.remove(&from);
            if from < first {
                self.zeros.insert(from, first);
            }
            if to > behind {
                self.zeros.insert(behind, to);
            }
        }
        self.zeros.len().saturating_sub(before)
    }
}

#[cfg(test)]
mod tests;
