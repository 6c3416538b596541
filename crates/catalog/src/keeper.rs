//! Keeps names while WAL is read, record after record.
//!
//! ```text
//! rows of page images ──► settled at once, where the page says how their transactions ended
//!                    └──► seen, and settled once WAL, or pg_xact of a backup, says it
//! changes of rows ──────► settled when their transaction commits
//! rows of a backup ─────► settled at the end, from where the backup starts on: those of pages that WAL does not touch
//!                         while it is taken; of the others, WAL has an image
//! ```

use crate::base::{BaseCatalogs, XactStatus};
use crate::change::{CatalogChange, SeenRow};
use crate::files::mappings;
use crate::listed::ListedNames;
use crate::names::{Names, RowBefore};
use crate::page::{MadeBy, RowEnd};
use crate::settle::{settle, settle_partly};
use pgwal_format::Lsn;
use pgwal_format::record::{Record, RelFileLocator};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// So many rows wait for the end of a transaction.
const MOST_SEEN: usize = 200_000;

/// So many databases are copied; the names of others are learned as their rows are seen.
const MOST_COPIES: usize = 64;

/// Names, while WAL is read.
pub struct NameKeeper {
    names: Names,
    listed: ListedNames,
    seen: Vec<Sighting>,
    /// What is seen already: file, row, and its transactions.
    known: HashSet<(RelFileLocator, u8, u32, u32, RowEndKey)>,
    /// How transactions ended for which something waits.
    ends: HashMap<u32, Option<SeenEnd>>,
    /// Pages of the backup that WAL changes while it is taken: which state the backup has is not known, and WAL has
    /// them anew.
    touched: HashSet<(RelFileLocator, u32)>,
    /// The backup has ended.
    is_taken: bool,
    holes: Vec<(Lsn, Lsn)>,
    /// Databases that are copied: where, which, and which it becomes.
    copies: Vec<(Lsn, DatabasePlace, DatabasePlace)>,
    first: Option<Lsn>,
    last: Lsn,
}

type RowEndKey = (u8, u32);
/// The tablespace and the OID of a database.
type DatabasePlace = (u32, u32);

/// A row that was seen at a position, in a file of a catalog.
struct Sighting {
    at: Lsn,
    file: RelFileLocator,
    seen: SeenRow,
    /// What the page says of transactions was so at that position, not only later.
    is_exact: bool,
}

/// The end of a transaction.
#[derive(Clone, Copy)]
struct SeenEnd {
    at: Lsn,
    committed: bool,
}

/// What became of a transaction, from a position on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Became {
    /// It was committed before that.
    Committed,
    /// It commits there.
    Commits(Lsn),
    /// It did not commit, and does not as far as WAL is here.
    Nothing,
    /// Nobody knows.
    Unknown,
}

impl NameKeeper {
    /// Nothing is read yet.
    pub fn new(given: Names) -> NameKeeper {
        let ends = given.base.iter().flat_map(|base| base.xacts()).map(|xid| (xid, None)).collect();
        NameKeeper {
            names: given.of_wal(),
            listed: given.listed,
            seen: Vec::new(),
            known: HashSet::new(),
            ends,
            touched: HashSet::new(),
            is_taken: false,
            holes: Vec::new(),
            copies: Vec::new(),
            first: None,
            last: Lsn::ZERO,
        }
    }

    /// What is known so far, by WAL alone.
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// WAL is read from one record to another, the one after the other without a hole.
    pub fn passed(&mut self, first: Lsn, last: Lsn) {
        self.first.get_or_insert(first);
        self.last = last;
    }

    /// WAL is missing between two records.
    pub fn hole(&mut self, after: Lsn, before: Lsn) {
        self.names.hole(before);
        if self.names.base.as_ref().is_some_and(|base| (after..before).contains(&base.start)) {
            self.holes.push((after, before));
        }
    }

    /// A block of a catalog is changed.
    pub fn touch(&mut self, at: Lsn, file: RelFileLocator, block: u32) {
        let is_base = |base: &Arc<BaseCatalogs>| at >= base.start && base.has_page(file, block);
        if !self.is_taken && self.names.base.as_ref().is_some_and(is_base) {
            self.touched.insert((file, block));
        }
    }

    /// The backup that began there ends: what changes behind that is not in it.
    pub fn backup_ends(&mut self, start: Lsn) {
        self.is_taken |= self.names.base.as_ref().is_some_and(|base| base.start == start);
    }

    /// A row is seen in an image of a page.
    pub fn see(&mut self, at: Lsn, file: RelFileLocator, seen: SeenRow) {
        match (seen.made, seen.end) {
            (MadeBy::Aborted, _) | (_, RowEnd::Committed(_)) => {}
            (MadeBy::Committed, RowEnd::Nobody) => self.names.learn(at, file, &seen.row),
            (made, end) => {
                let key = match end {
                    RowEnd::Xact(xid) => (1, xid),
                    RowEnd::Several => (2, 0),
                    RowEnd::Nobody | RowEnd::Committed(_) => (0, 0),
                };
                let row = &seen.row;
                if !self.known.insert((file, row.kind_number(), row.oid(), seen.xmin, key)) {
                    return;
                }
                if self.seen.len() >= MOST_SEEN {
                    self.names.no_room(at);
                    return;
                }
                if made == MadeBy::Unknown {
                    self.ends.entry(seen.xmin).or_default();
                }
                if let RowEnd::Xact(xid) = end {
                    self.ends.entry(xid).or_default();
                }
                self.seen.push(Sighting { at, file, seen, is_exact: true });
            }
        }
    }

    /// A row that is changed by whoever needs no transaction.
    pub fn learn(&mut self, at: Lsn, change: &(RelFileLocator, CatalogChange)) {
        settle(&mut self.names, at, std::slice::from_ref(change));
    }

    /// A transaction ended, with these parts of it.
    pub fn ended(&mut self, at: Lsn, xid: u32, parts: &[u32], committed: bool) {
        if self.ends.is_empty() {
            return;
        }
        let start = self.names.base.as_ref().map_or(Lsn::ZERO, |base| base.start);
        for xid in std::iter::once(&xid).chain(parts) {
            if let Some(end) = self.ends.get_mut(xid)
                && end.is_none_or(|end| end.at < start)
            {
                *end = Some(SeenEnd { at, committed });
            }
        }
    }

    /// A transaction that changed rows is committed, and takes files away. `is_whole`: no WAL of it is missing.
    pub fn committed(
        &mut self,
        at: Lsn,
        changes: &[(RelFileLocator, CatalogChange)],
        dropped: &[RelFileLocator],
        is_whole: bool,
    ) {
        if is_whole {
            settle(&mut self.names, at, changes);
        } else {
            settle_partly(&mut self.names, at, changes);
        }
        for rel in dropped {
            self.names.remove(at, *rel);
        }
    }

    /// Takes in a record of "RelMap".
    pub fn mapped(&mut self, record: &Record<'_>) {
        mappings(record, &mut |database, oid, file| self.names.map(record.lsn, database, oid, file));
    }

    /// Files of a database are copied: tablespace and database, both.
    pub fn copied(&mut self, at: Lsn, from: DatabasePlace, to: DatabasePlace) {
        if self.copies.len() < MOST_COPIES {
            self.copies.push((at, from, to));
        }
    }

    /// All of WAL is read.
    pub fn finish(mut self) -> Names {
        self.names.listed = std::mem::take(&mut self.listed);
        let mut sightings = std::mem::take(&mut self.seen);
        if let Some(base) = self.names.base.clone() {
            // Where WAL does not come up to the backup, nothing carries over.
            if let Some(first) = self.first.filter(|first| *first > base.start) {
                self.names.hole(first);
            }
            let inside = self.holes.iter().any(|(after, before)| *after < base.start && base.start < *before);
            if inside || self.last < base.start {
                self.names.hole(base.start);
            }
            for (database, oid, file) in base.map() {
                self.names.map(base.start, database, oid, file);
            }
            for (file, block, rows) in base.pages() {
                if !self.touched.contains(&(file, block)) {
                    let seen = rows.iter().cloned();
                    sightings.extend(seen.map(|seen| Sighting { at: base.start, file, seen, is_exact: false }));
                }
            }
        }
        sightings.sort_by_key(|sighting| sighting.at);
        let mut doubtful = Vec::new();
        for sighting in sightings {
            if let Some(doubt) = self.judge(sighting) {
                doubtful.push(doubt);
            }
        }
        // A row that one of several locked or changed is the newest one if there is no other.
        for Sighting { at, file, seen, .. } in doubtful {
            self.names.learn_where_nothing_is(at, file, &seen.row);
        }
        for (at, from, to) in std::mem::take(&mut self.copies) {
            self.names.copy(at, from, to);
        }
        self.names.base = None;
        self.names.ends(self.last);
        self.names
    }

    /// Settles a row; gives it back where only those beside it can tell.
    fn judge(&mut self, sighting: Sighting) -> Option<Sighting> {
        let Sighting { at, file, ref seen, is_exact } = sighting;
        let made = match seen.made {
            MadeBy::Aborted => Became::Nothing,
            MadeBy::Committed if is_exact => Became::Committed,
            MadeBy::Committed => self.became(seen.xmin, at, true),
            MadeBy::Unknown => self.became(seen.xmin, at, false),
        };
        let end = match seen.end {
            RowEnd::Nobody => Became::Nothing,
            RowEnd::Committed(xid) => self.became(xid, at, true),
            RowEnd::Xact(xid) => self.became(xid, at, false),
            RowEnd::Several if made == Became::Committed => return Some(sighting),
            RowEnd::Several => Became::Unknown,
        };
        match (made, end) {
            (Became::Nothing | Became::Unknown, _) | (_, Became::Committed | Became::Unknown) => return None,
            // It never was to be seen.
            (Became::Commits(made), Became::Commits(end)) if made == end => return None,
            (Became::Committed, _) => self.names.learn(at, file, &seen.row),
            (Became::Commits(made), _) => self.names.change(made, file, RowBefore::Unknown, Some(&seen.row)),
        }
        if let Became::Commits(end) = end {
            self.names.change(end, file, RowBefore::Was(&seen.row), None);
        }
        None
    }

    fn became(&self, xid: u32, at: Lsn, hinted: bool) -> Became {
        match self.ends.get(&xid).copied().flatten() {
            Some(SeenEnd { committed: false, .. }) => Became::Nothing,
            Some(end) if end.at > at => Became::Commits(end.at),
            Some(_) => Became::Committed,
            None if hinted => Became::Committed,
            None => {
                let base = self.names.base.as_deref().filter(|base| !self.names.is_broken(at, base.start));
                match base.and_then(|base| base.status(xid)) {
                    Some(XactStatus::Committed) => Became::Committed,
                    // Of a part, the end of the whole is told by WAL.
                    Some(XactStatus::Aborted | XactStatus::Open | XactStatus::Part) => Became::Nothing,
                    None => Became::Unknown,
                }
            }
        }
    }
}
