//! The contents of a backup of pgBackRest, held against the checksums of its manifest.
//!
//! Each stored file is read once: by the backup that made it. A later one that refers to it is told what came of that.
//! `rck` is the SHA-1 of what is stored, which says all there is to say; where it is not there, what is stored is
//! decrypted and unpacked, and held against the SHA-1 of the file itself.

use super::Reading;
use super::manifest::{self, ManifestFound, ManifestRow, SUFFIXES, head_of, rows};
use crate::backup::{ListedBackup, asked};
use crate::contents::{ContentsRead, ContentsReading};
use crate::pieces::{DataPiece, PieceRead, PieceSum, drain, read, share, stored_piece};
use crate::store::join;
use pgwal_source::{Keys, Scratch, SourceError};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

/// Names of damaged files that are kept, for the backups that refer to them; of one that has more, all are taken for
/// damaged.
const MOST_DAMAGED: usize = 100_000;

/// Looks at the contents of the backups that are asked for.
pub(super) fn look(
    reading: &Reading<'_>,
    folder: &str,
    backups: &mut [ListedBackup],
    how: &ContentsReading,
) -> Result<(), SourceError> {
    let mut known = KnownDamage::default();
    for index in asked(backups, how) {
        let chain = chain(backups, index);
        let Some(backup) = backups.get_mut(index) else { continue };
        let bytes = match manifest::bytes(reading, &join(folder, &backup.label))? {
            ManifestFound::Read(bytes) => bytes,
            // That is told already.
            ManifestFound::Closed | ManifestFound::Damaged(_) | ManifestFound::Absent => continue,
        };
        let head = head_of(&bytes);
        let option = |name: &str| {
            let found = head.iter().find(|(section, key, _)| section == "backup:option" && key == name);
            found.and_then(|(_, _, value)| value.as_str())
        };
        let told = |name: &str| head.iter().any(|(s, k, value)| s == "backup" && k == name && value == true);
        let set = StoredSet {
            reading,
            folder,
            label: &backup.label,
            keys: backup.keys.as_ref().unwrap_or(reading.keys),
            suffix: match option("option-compress-type") {
                Some("none") | None => "",
                Some("gz") => ".gz",
                Some("lz4") => ".lz4",
                Some("zst") => ".zst",
                Some("bz2") => ".bz2",
                Some(_) => "",
            },
            is_packed: option("option-compress-type").is_none_or(|kind| kind != "none"),
            is_encrypted: backup.keys.is_some(),
            is_raw: told("backup-bundle-raw"),
            bytes: &bytes,
        };
        let contents = set.look(how.jobs, &chain, &mut known);
        known.looked.insert(backup.label.clone());
        backup.take_contents(contents);
    }
    Ok(())
}

/// The labels of the backups that one builds on.
fn chain(backups: &[ListedBackup], index: usize) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut next = backups.get(index).and_then(|backup| backup.parent.clone());
    while let Some(label) = next.filter(|label| !out.contains(label)) {
        next = backups.iter().find(|backup| backup.label == label).and_then(|backup| backup.parent.clone());
        out.push(label);
    }
    out
}

/// Files that are damaged, by name: in which backups.
#[derive(Default)]
struct KnownDamage {
    /// Backups whose own files were read.
    looked: HashSet<String>,
    files: HashMap<String, Vec<String>>,
    /// Backups with more than are kept.
    many: HashSet<String>,
}

impl KnownDamage {
    fn add(&mut self, label: &str, names: Vec<String>) {
        if names.len() + self.files.len() > MOST_DAMAGED {
            self.many.insert(label.to_owned());
            return;
        }
        for name in names {
            self.files.entry(name).or_default().push(label.to_owned());
        }
    }

    fn is_damaged(&self, label: &str, name: &str) -> bool {
        self.many.contains(label) || self.files.get(name).is_some_and(|labels| labels.iter().any(|one| one == label))
    }
}

/// What of a backup's files is to be read at a time.
enum Unit {
    /// A file of its own: where its line begins.
    Lone(usize),
    /// A bundle: where in it each piece lies, and where its line begins.
    Bundle(Vec<(u64, usize)>),
}

/// The files of a backup, as they are stored.
struct StoredSet<'a> {
    reading: &'a Reading<'a>,
    folder: &'a str,
    label: &'a str,
    keys: &'a Keys,
    /// Of its compression.
    suffix: &'static str,
    is_packed: bool,
    is_encrypted: bool,
    /// What lies in bundles is packed and encrypted without the heads by which it could be told.
    is_raw: bool,
    /// The manifest.
    bytes: &'a [u8],
}

impl StoredSet<'_> {
    fn look(&self, jobs: usize, chain: &[String], known: &mut KnownDamage) -> ContentsRead {
        let mut out = ContentsRead::default();
        let mut units = Vec::new();
        let mut bundles: BTreeMap<(String, u64), Vec<(u64, usize)>> = BTreeMap::new();
        for (at, line) in rows(self.bytes) {
            let Some(row) = std::str::from_utf8(line).ok().and_then(ManifestRow::parse) else { continue };
            if row.size == 0 {
                continue;
            }
            let owner = row.reference.as_deref().unwrap_or(self.label);
            if owner != self.label && known.looked.contains(owner) {
                if known.is_damaged(owner, row.name) {
                    out.damaged(at, row.name.to_owned(), format!("lies damaged in {owner}"));
                }
                continue;
            }
            // Blocks that did not change lie in the backups before.
            let older = chain.iter().find(|label| row.is_blocks && known.is_damaged(label, row.name));
            if let Some(older) = older {
                out.damaged(at, row.name.to_owned(), format!("builds on blocks that lie damaged in {older}"));
            }
            match row.bundle {
                None => units.push(Unit::Lone(at)),
                Some((bundle, offset)) => {
                    bundles.entry((owner.to_owned(), bundle)).or_default().push((offset, at));
                }
            }
        }
        units.extend(bundles.into_values().map(|mut pieces| {
            pieces.sort_unstable();
            Unit::Bundle(pieces)
        }));
        let damaged = Mutex::new(Vec::new());
        let read = share(units.len(), jobs, &|at, scratch, read| {
            let names = match units.get(at) {
                Some(Unit::Lone(line)) => self.lone(*line, scratch, read),
                Some(Unit::Bundle(pieces)) => self.bundle(pieces, scratch, read),
                None => Vec::new(),
            };
            damaged.lock().unwrap_or_else(PoisonError::into_inner).extend(names);
        });
        known.add(self.label, damaged.into_inner().unwrap_or_else(PoisonError::into_inner));
        out.merge(read);
        out
    }

    fn row(&self, at: usize) -> Option<ManifestRow<'_>> {
        let line = self.bytes.get(at..)?.split(|b| *b == b'\n').next()?;
        ManifestRow::parse(std::str::from_utf8(line).ok()?)
    }

    /// What is known of a file; `None`: nothing by which it could be told.
    fn sum(&self, row: &ManifestRow<'_>) -> Option<PieceSum> {
        let as_it_is = !self.is_packed && !self.is_encrypted && !row.is_blocks;
        match (row.stored_checksum, row.checksum) {
            (Some(sum), _) => Some(PieceSum::Stored(sum)),
            (None, Some(sum)) if as_it_is => Some(PieceSum::Stored(sum)),
            (None, Some(sum)) if !(row.is_blocks || self.is_raw && row.bundle.is_some()) => Some(PieceSum::Plain(sum)),
            _ => None,
        }
    }

    /// Looks at a file that lies by itself. Names of what is damaged.
    fn lone(&self, at: usize, scratch: &mut Scratch, read_so_far: &mut ContentsRead) -> Vec<String> {
        let Some(row) = self.row(at) else { return Vec::new() };
        let Some(sum) = self.sum(&row) else {
            read_so_far.leave("files whose stored bytes have no checksum");
            return Vec::new();
        };
        let (place, name) = row.place(self.folder, row.reference.as_deref().unwrap_or(self.label));
        let first = if row.is_blocks { ".pgbi" } else { self.suffix };
        let others = SUFFIXES.into_iter().filter(|suffix| *suffix != first);
        for suffix in std::iter::once(first).chain(others) {
            let piece = DataPiece { file: join(&place, &format!("{name}{suffix}")), part: None, sum };
            match read(self.reading.store, self.keys, &piece, scratch) {
                PieceRead::Absent => {}
                found => return take(found, (at, row.name), read_so_far),
            }
        }
        Vec::new()
    }

    /// Looks at the pieces of a bundle, which is read once and in order.
    fn bundle(&self, pieces: &[(u64, usize)], scratch: &mut Scratch, read_so_far: &mut ContentsRead) -> Vec<String> {
        let mut names = Vec::new();
        let mut stored = None;
        for (offset, at) in pieces {
            let Some(row) = self.row(*at) else { continue };
            let (place, name) = row.place(self.folder, row.reference.as_deref().unwrap_or(self.label));
            let file = join(&place, &name);
            let found = match self.sum(&row) {
                None => {
                    read_so_far.leave("files whose stored bytes have no checksum");
                    continue;
                }
                Some(sum @ PieceSum::Stored(_)) => {
                    if stored.is_none() {
                        stored = match self.reading.store.open(&file) {
                            Ok(Some(opened)) => Some((opened, 0)),
                            Ok(None) => return names,
                            Err(error) => {
                                read_so_far.unread(*at, file, error.to_string());
                                return names;
                            }
                        };
                    }
                    match stored.take() {
                        Some((mut open, position)) if position <= *offset => {
                            let skipped = drain(&mut *open, Some(*offset - position), &mut |_| ());
                            let found = match skipped {
                                Err(error) => PieceRead::Unread(error.to_string()),
                                Ok(_) => stored_piece(&mut *open, sum, Some(row.stored)),
                            };
                            stored = Some((open, offset.saturating_add(row.stored)));
                            found
                        }
                        // Pieces that overlap: no bundle of pgBackRest, and each is read for itself.
                        other => {
                            stored = other;
                            let piece = DataPiece { file, part: Some((*offset, row.stored)), sum };
                            read(self.reading.store, self.keys, &piece, scratch)
                        }
                    }
                }
                Some(sum) => {
                    let piece = DataPiece { file, part: Some((*offset, row.stored)), sum };
                    read(self.reading.store, self.keys, &piece, scratch)
                }
            };
            names.extend(take(found, (*at, row.name), read_so_far));
        }
        names
    }
}

/// Puts down what came of a file; its name where it is damaged.
fn take(found: PieceRead, (at, name): (usize, &str), read: &mut ContentsRead) -> Vec<String> {
    match found {
        PieceRead::Right(bytes) => {
            read.files += 1;
            read.bytes += bytes;
        }
        PieceRead::Wrong(bytes, why) => {
            read.files += 1;
            read.bytes += bytes;
            read.damaged(at, name.to_owned(), why);
            return vec![name.to_owned()];
        }
        PieceRead::Unread(why) => read.unread(at, name.to_owned(), why),
        PieceRead::Absent => {}
    }
    Vec::new()
}
