//! The index on disk.

use super::encoding::{IndexContent, MAGIC, NoIndex, decode, encode};
use super::record::{Owner, RememberedFile};
use super::turn::{PATIENCE, turn};
use super::usage::IndexUse;
use pgwal_source::{Stamp, VersionedFile};
use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// What was proven of the files of an archive, in a file of its own.
///
/// Open it, read an archive with it ([`Prior::Index`](crate::Prior::Index)), then [`Index::save`].
#[derive(Debug)]
pub struct Index {
    /// Where it lies; on this machine's disk, or as its place calls it.
    path: PathBuf,
    /// It lies elsewhere; and the version of it that was read.
    elsewhere: Option<(Box<dyn VersionedFile>, Option<String>)>,
    pub(super) owner: Option<Owner>,
    pub(super) runs: u64,
    pub(super) records: HashMap<String, RememberedFile>,
    pub(super) share: Option<(u32, u32)>,
    pub(super) ignored: Option<&'static str>,
    /// How it lay there when it was opened.
    seen: Option<Stamp>,
    next: Mutex<Option<IndexContent>>,
}

/// How often another run may be faster.
const RACES: usize = 20;
/// More than any archive's index has: 20 million segments.
const LIMIT: u64 = 8 << 30;

impl Index {
    /// Opens an index, or begins one where there is none yet. What is no whole index of this version is not used, and
    /// written anew: [`IndexUse::ignored`] says so.
    ///
    /// # Errors
    /// The file is there and cannot be read, it is something else than an index and must not be overwritten, or there
    /// is no folder for it.
    pub fn open(path: &Path) -> io::Result<Index> {
        // A pipe would be waited for, a device replaced.
        if fs::metadata(path).is_ok_and(|found| !found.is_file()) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no plain file"));
        }
        let seen = Stamp::of(path);
        let bytes = match File::open(path) {
            Ok(file) => beginning(&file)?,
            // Not only after hours.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs::metadata(folder_of(path))?;
                return Ok(Index::blank(path, None));
            }
            Err(error) => return Err(error),
        };
        Ok(Index { seen, ..Index::decoded(path, &bytes)? })
    }

    /// The same for one that does not lie on this machine. It is written only over the version that was read; what
    /// another run wrote meanwhile is read first.
    ///
    /// # Errors
    /// As [`Index::open`].
    pub fn open_in(place: Box<dyn VersionedFile>) -> io::Result<Index> {
        let path = PathBuf::from(place.describe());
        let (index, version) = match place.load(LIMIT)? {
            None => (Index::blank(&path, None), None),
            Some((bytes, version)) => (Index::decoded(&path, &bytes)?, Some(version)),
        };
        Ok(Index { elsewhere: Some((place, version)), ..index })
    }

    fn decoded(path: &Path, bytes: &[u8]) -> io::Result<Index> {
        Ok(match decode(bytes) {
            Ok(content) => {
                let records = content.records.into_iter().map(|record| (record.file.clone(), record)).collect();
                Index { owner: Some(content.owner), runs: content.runs, records, ..Index::blank(path, None) }
            }
            Err(NoIndex::Damaged) => Index::blank(path, Some("it is damaged")),
            Err(NoIndex::Version) => Index::blank(path, Some("another version of walproof wrote it")),
            Err(NoIndex::Foreign) if bytes.is_empty() => Index::blank(path, Some("it is empty")),
            Err(NoIndex::Foreign) => {
                let text = "it is no index of walproof, and is not overwritten";
                return Err(io::Error::new(io::ErrorKind::InvalidData, text));
            }
        })
    }

    fn blank(path: &Path, ignored: Option<&'static str>) -> Index {
        Index {
            path: path.to_path_buf(),
            elsewhere: None,
            owner: None,
            runs: 0,
            records: HashMap::new(),
            share: None,
            ignored,
            seen: None,
            next: Mutex::new(None),
        }
    }

    /// Reads `part` of every `of` files again though they are unchanged, those first that were not read for longest:
    /// after `of / part` runs every file was.
    pub fn reread(&mut self, part: u32, of: u32) {
        self.share = Some((part, of.max(1)));
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn usage(&self) -> IndexUse {
        IndexUse { file: self.path.display().to_string(), ignored: self.ignored, ..IndexUse::default() }
    }

    pub(super) fn keep(&self, content: IndexContent) {
        *self.next.lock().unwrap_or_else(PoisonError::into_inner) = Some(content);
    }

    /// Writes what the last verification learned, and keeps what another run wrote meanwhile. The old index stays as it
    /// is until the new one is whole on disk: a run that is killed leaves one or the other.
    ///
    /// # Errors
    /// It cannot be written, or another run has been writing it for a minute.
    pub fn save(&self) -> io::Result<()> {
        let next = self.next.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut content) = next else { return Ok(()) };
        if let Some((place, version)) = &self.elsewhere {
            return self.save_in(place.as_ref(), version.clone(), content);
        }
        if fs::metadata(&self.path).is_ok_and(|old| !old.is_file()) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no plain file any more"));
        }
        let turn = turn(&self.path, PATIENCE)?;
        if let Some(file) = &turn
            && Stamp::of(&self.path) != self.seen
            && let Ok(theirs) = decode(&beginning(file)?)
        {
            self.join(&mut content, theirs);
        }
        let written = pgwal_source::replace(&self.path, &encode(&content));
        if written.is_err() && turn.as_ref().is_some_and(|file| file.metadata().is_ok_and(|found| found.len() == 0)) {
            // It was made to be locked.
            let _ = fs::remove_file(&self.path);
        }
        drop(turn);
        written
    }

    fn save_in(
        &self,
        place: &dyn VersionedFile,
        mut over: Option<String>,
        mut content: IndexContent,
    ) -> io::Result<()> {
        for _ in 0..RACES {
            if place.store(&encode(&content), over.as_deref())? {
                return Ok(());
            }
            over = match place.load(LIMIT)? {
                None => None,
                Some((bytes, version)) => {
                    match decode(&bytes) {
                        Ok(theirs) => self.join(&mut content, theirs),
                        Err(NoIndex::Damaged | NoIndex::Version) => {}
                        Err(NoIndex::Foreign) => {
                            let text = "it is no index of walproof any more, and is not overwritten";
                            return Err(io::Error::new(io::ErrorKind::InvalidData, text));
                        }
                    }
                    Some(version)
                }
            };
        }
        Err(io::Error::new(io::ErrorKind::TimedOut, "other runs write it all the time"))
    }

    /// Adds what another run learned of the same archive since this one began. Of a file that both know, what was
    /// proven first stays where the bytes differ: the next run tells that they changed.
    fn join(&self, content: &mut IndexContent, theirs: IndexContent) {
        if theirs.owner != content.owner {
            return;
        }
        content.runs = content.runs.max(theirs.runs + 1);
        let mut known: HashMap<String, usize> =
            content.records.iter().enumerate().map(|(i, record)| (record.file.clone(), i)).collect();
        // What was known before and is not any more was left out by this run: the file is gone.
        let gone: HashSet<String> = self.records.keys().filter(|file| !known.contains_key(*file)).cloned().collect();
        for record in theirs.records {
            match known.get(&record.file).and_then(|&i| content.records.get_mut(i)) {
                Some(own) if own.sum != record.sum && record.at < own.at => *own = record,
                Some(_) => {}
                None if gone.contains(&record.file) => {}
                None => {
                    known.insert(record.file.clone(), content.records.len());
                    content.records.push(record);
                }
            }
        }
        content.records.sort_by(|a, b| a.file.cmp(&b.file));
    }
}

/// What a file holds; what is no index is not read, however large it is.
fn beginning(file: &File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(MAGIC.len() as u64).read_to_end(&mut bytes)?;
    if bytes == MAGIC {
        file.take(LIMIT).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
