//! Where the segments ended that were let pass: what the next ones must go on with, kept from one command to the next.
//!
//! ```text
//! walproof ends 1
//! 00000001000000000000000A <the end of that segment, as SegmentEnd writes it>
//! …                                                         the last few, newest last
//! sum 1A2B3C4D                                              CRC-32C of all before
//! ```
//! The file is replaced as a whole. Whoever has it open and locked is alone with it; after a crash of a server the same
//! segment may be handed to two commands at once.

use pgwal_archive::alone::SegmentEnd;
use pgwal_crc::castagnoli;
use pgwal_format::SegmentName;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Ends of segments that were let pass.
#[derive(Debug)]
pub struct PassedEnds {
    path: PathBuf,
    /// While it lives, nobody else has the file.
    lock: Option<File>,
    ends: Vec<(SegmentName, SegmentEnd)>,
}

/// What is wrong with the file of such ends. Nothing of it keeps a segment from passing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StateTrouble {
    /// It is not as it was written: it is made anew.
    Damaged,
    /// Another command has it, and does not let go of it.
    Locked,
    /// It cannot be read or written: why.
    Refused(String),
}

const HEAD: &str = "walproof ends 1";
/// Segments that come out of order are near each other.
const KEPT: usize = 8;
/// Some 8 KiB an end.
const LIMIT: u64 = 1 << 20;
/// A check takes far less.
const PATIENCE: Duration = Duration::from_secs(5);

impl PassedEnds {
    /// Opens and locks the file, or makes it. Where that is not possible, nothing is known of other segments.
    pub fn open(path: &Path) -> (PassedEnds, Option<StateTrouble>) {
        let mut own = PassedEnds { path: path.to_path_buf(), lock: None, ends: Vec::new() };
        let trouble = match lock(path) {
            Err(error) => Some(StateTrouble::Refused(error.to_string())),
            Ok(None) => Some(StateTrouble::Locked),
            Ok(Some(mut file)) => {
                let mut bytes = Vec::new();
                let read = Read::by_ref(&mut file).take(LIMIT).read_to_end(&mut bytes);
                own.lock = Some(file);
                match read {
                    Err(error) => Some(StateTrouble::Refused(error.to_string())),
                    // Just made.
                    Ok(0) => None,
                    Ok(_) => match parse(&bytes) {
                        Some(ends) => {
                            own.ends = ends;
                            None
                        }
                        None => Some(StateTrouble::Damaged),
                    },
                }
            }
        };
        (own, trouble)
    }

    /// Where a segment ended.
    pub fn of(&self, segment: SegmentName) -> Option<&SegmentEnd> {
        self.ends.iter().rev().find(|(name, _)| *name == segment).map(|(_, end)| end)
    }

    /// A segment was let pass.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn passed(&mut self, segment: SegmentName, end: SegmentEnd) -> Result<(), StateTrouble> {
        if self.lock.is_none() {
            return Ok(());
        }
        self.ends.retain(|(name, _)| *name != segment);
        self.ends.push((segment, end));
        let old = self.ends.len().saturating_sub(KEPT);
        self.ends.drain(..old);
        pgwal_source::replace(&self.path, written(&self.ends).as_bytes())
            .map_err(|error| StateTrouble::Refused(error.to_string()))
    }
}

fn written(ends: &[(SegmentName, SegmentEnd)]) -> String {
    let mut text = format!("{HEAD}\n");
    for (name, end) in ends {
        text += &format!("{name} {end}\n");
    }
    let sum = castagnoli::append(0, text.as_bytes());
    text + &format!("sum {sum:08X}\n")
}

fn parse(bytes: &[u8]) -> Option<Vec<(SegmentName, SegmentEnd)>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let (body, sum) = text.strip_suffix('\n')?.rsplit_once("\nsum ")?;
    let body = format!("{body}\n");
    if u32::from_str_radix(sum, 16).ok()? != castagnoli::append(0, body.as_bytes()) {
        return None;
    }
    let end = |line: &str| {
        let (name, end) = line.split_once(' ')?;
        Some((SegmentName::parse(name)?, end.parse().ok()?))
    };
    body.strip_prefix(HEAD)?.lines().filter(|line| !line.is_empty()).map(end).collect()
}

/// Opens and locks a file that others replace: `None` where somebody else does not let go of it.
fn lock(path: &Path) -> io::Result<Option<File>> {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        if !file.metadata()?.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no plain file"));
        }
        match file.try_lock() {
            // Replaced since it was opened: the lock is on a file that has no name any more.
            Ok(()) if !is_at(&file, path) => {}
            Ok(()) => return Ok(Some(file)),
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(5)),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
    Ok(None)
}

/// A file still has this name.
#[cfg(unix)]
pub(crate) fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (file.metadata(), std::fs::metadata(path)) {
        (Ok(own), Ok(there)) => (own.dev(), own.ino()) == (there.dev(), there.ino()),
        _ => false,
    }
}

#[cfg(not(unix))]
pub(crate) fn is_at(_: &File, path: &Path) -> bool {
    path.exists()
}
