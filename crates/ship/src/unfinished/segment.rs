//! The segment that is being written: `SEGMENT.partial`, of full size from its first moment on.

use crate::destination::{Destination, FolderDestination, Publication, ToStage};
use crate::ends::is_at;
use crate::fault::{ShipFault, ShipStep};
use pgwal_archive::Tally;
use pgwal_archive::alone::SegmentAlone;
use pgwal_format::{FileName, Layout, Lsn, SegmentName};
use pgwal_walk::{Run, Tail};
use rustix::fs::OFlags;
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

enum SegmentContent {
    Unfinished(File),
    /// Nothing is to be written. Its bytes are kept, at most those of a segment.
    There(Vec<u8>),
}

/// Bytes of the largest segment.
pub(super) const LARGEST: u64 = 1 << 30;

/// An unfinished segment.
pub(super) struct UnfinishedSegment {
    pub name: SegmentName,
    path: PathBuf,
    size: u64,
    /// Where it is written; or what is compared, where the whole segment is there already.
    file: SegmentContent,
    /// The end of what is in the file.
    reached: u64,
    dirty: bool,
}

impl UnfinishedSegment {
    /// Goes on with what is there of a segment, or begins it.
    pub fn open(
        folder: &FolderDestination,
        path: &Path,
        name: SegmentName,
        layout: &Layout,
    ) -> Result<UnfinishedSegment, ShipFault> {
        let size = layout.segment.bytes();
        let stored = FileName::Partial(name).to_string();
        let path = path.join(&stored);
        if let Some(stored) = folder.holds(FileName::Segment(name))?.first() {
            let file = SegmentContent::There(folder.read(stored, LARGEST)?);
            return Ok(UnfinishedSegment { name, path, size, file, reached: 0, dirty: false });
        }
        let failed = |error: io::Error| ShipFault::io(ShipStep::Write, &path, &error);
        let there = read_partial(&path, size)?;
        let mut records = there.map(|bytes| whole_records(bytes, name, layout)).unwrap_or_default();
        let reached = records.len() as u64;
        records.resize(usize::try_from(size).unwrap_or(usize::MAX), 0);
        folder.replace(ToStage { stored: &stored, bytes: &records, mode: super::MODE })?;
        let file = OpenOptions::new().read(true).write(true).open(&path).map_err(failed)?;
        Ok(UnfinishedSegment { name, path, size, file: SegmentContent::Unfinished(file), reached, dirty: false })
    }

    /// Writes bytes that go on where the last ones ended, or that were written before.
    pub fn write(&mut self, offset: u64, bytes: &[u8]) -> Result<(), ShipFault> {
        let end = offset.saturating_add(bytes.len() as u64);
        let refused = |why: &str| Err(ShipFault::of(ShipStep::Compare, self.path.display().to_string(), why));
        let file = match &self.file {
            SegmentContent::Unfinished(file) => file,
            SegmentContent::There(there) => {
                let range = usize::try_from(offset).ok().zip(usize::try_from(end).ok());
                if range.and_then(|(from, to)| there.get(from..to)) != Some(bytes) {
                    return Err(other_records(&self.path, self.name));
                }
                self.reached = self.reached.max(end);
                return Ok(());
            }
        };
        if offset > self.reached || end > self.size {
            return refused("what comes does not follow what is there");
        }
        let known = usize::try_from(self.reached - offset).unwrap_or(usize::MAX).min(bytes.len());
        let (known, new) = bytes.split_at(known);
        let mut there = vec![0; known.len()];
        file.read_exact_at(&mut there, offset).map_err(|error| ShipFault::io(ShipStep::Read, &self.path, &error))?;
        if there != known {
            return refused("it holds other records than what comes: another server's, or those of another past");
        }
        if !new.is_empty() {
            self.dirty = true;
            file.write_all_at(new, self.reached).map_err(|error| ShipFault::io(ShipStep::Write, &self.path, &error))?;
            self.reached = end;
        }
        Ok(())
    }

    /// What is written into a file that has its name no more is lost.
    fn is_named(&self, file: &File) -> Result<(), ShipFault> {
        let why = "it was removed, moved or replaced while it was written";
        match is_at(file, &self.path) {
            true => Ok(()),
            false => Err(ShipFault::of(ShipStep::Flush, self.path.display().to_string(), why)),
        }
    }

    /// All of it is there.
    pub fn is_full(&self) -> bool {
        self.reached == self.size
    }

    /// Makes what was written outlive a crash. Of a file that has its name no more nothing does.
    pub fn flush(&mut self) -> Result<(), ShipFault> {
        if let (SegmentContent::Unfinished(file), true) = (&self.file, self.dirty) {
            file.sync_data().map_err(|error| ShipFault::io(ShipStep::Flush, &self.path, &error))?;
            self.is_named(file)?;
            self.dirty = false;
        }
        Ok(())
    }

    /// Gives it its name, or compares it with what the archive has under that name.
    pub fn finish(mut self, folder: &FolderDestination) -> Result<FinishedAs, ShipFault> {
        if let SegmentContent::Unfinished(_) = &self.file {
            self.flush()?;
            if folder.name(&self.path, &self.name.to_string())? == Publication::Done {
                return Ok(FinishedAs::Named);
            }
        }
        give_way(folder, &self.path, self.name)?;
        Ok(FinishedAs::There)
    }
}

/// What became of a segment all of which is there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FinishedAs {
    /// It got its name.
    Named,
    /// The archive has it already, with the same records.
    There,
}

/// The archive has a whole segment: an unfinished one of the same records is removed.
pub(super) fn give_way(folder: &FolderDestination, partial: &Path, name: SegmentName) -> Result<(), ShipFault> {
    let Some(bytes) = read_partial(partial, LARGEST)? else { return Ok(()) };
    let Ok(layout) = Layout::detect(&bytes) else { return Ok(()) };
    if bytes.len() as u64 > layout.segment.bytes() {
        return Err(too_long(partial, layout.segment.bytes()));
    }
    let records = whole_records(bytes, name, &layout);
    for stored in folder.holds(FileName::Segment(name))? {
        if folder.read(&stored, LARGEST)?.starts_with(&records) {
            return folder.remove(&FileName::Partial(name).to_string());
        }
    }
    Err(other_records(partial, name))
}

/// A whole segment is there already, and is another one.
fn other_records(partial: &Path, name: SegmentName) -> ShipFault {
    let why = format!("the archive has {name} with other records");
    ShipFault::of(ShipStep::Compare, partial.display().to_string(), why)
}

/// The bytes of an unfinished segment; `None` where there is none.
///
/// # Errors
/// It is no regular file, has more bytes than it may have, or cannot be read.
pub(super) fn read_partial(path: &Path, limit: u64) -> Result<Option<Vec<u8>>, ShipFault> {
    let failed = |error: io::Error| ShipFault::io(ShipStep::Read, path, &error);
    let mut options = OpenOptions::new();
    // A named pipe that took the file's place must not make us wait for its writer.
    options.read(true).custom_flags(OFlags::NONBLOCK.bits() as i32);
    let file = match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(failed)?,
    };
    let found = file.metadata().map_err(failed)?;
    if !found.is_file() {
        return Err(ShipFault::of(ShipStep::Compare, path.display().to_string(), "it is no regular file"));
    }
    if found.len() > limit {
        return Err(too_long(path, limit));
    }
    let mut bytes = Vec::new();
    file.take(limit).read_to_end(&mut bytes).map_err(failed)?;
    Ok(Some(bytes))
}

/// An unfinished segment has more bytes than a segment.
pub(super) fn too_long(path: &Path, size: u64) -> ShipFault {
    let why = format!("it is no segment: it has more than {size} bytes");
    ShipFault::of(ShipStep::Compare, path.display().to_string(), why)
}

/// Why a segment is not whole.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum SegmentLack {
    /// It has so many bytes, and should have so many.
    Length(u64, u64),
    /// Its first page is that of another segment.
    Other,
    /// Something in it is damaged: there.
    Damaged(Lsn),
    /// Nothing in it is damaged, and its records end there, before its end.
    Short(Lsn),
}

impl fmt::Display for SegmentLack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SegmentLack::Length(length, size) => write!(f, "it is not whole: it has {length} of {size} bytes"),
            SegmentLack::Other => f.write_str("its first page is that of another segment"),
            SegmentLack::Damaged(end) | SegmentLack::Short(end) => f.write_str(&ends_at(*end)),
        }
    }
}

/// A segment that is named as a whole one is ends early.
pub(super) fn ends_at(end: Lsn) -> String {
    format!("it is not whole: its records end at {end}")
}

/// Why a segment is not whole; `None` where all of it is there, and its records go on up to its end.
pub(super) fn lack_of(bytes: &[u8], name: SegmentName, layout: &Layout) -> Option<SegmentLack> {
    let (length, size) = (bytes.len() as u64, layout.segment.bytes());
    if length != size {
        return Some(SegmentLack::Length(length, size));
    }
    let Some(run) = scanned(bytes, name, layout) else { return Some(SegmentLack::Other) };
    match (run.damages.first(), &run.tail) {
        (Some(damage), _) => Some(SegmentLack::Damaged(damage.lsn)),
        (None, Tail::Stopped(_)) => Some(SegmentLack::Short(run.end)),
        (None, _) => None,
    }
}

/// The beginning of a file, up to the end of its last whole record.
pub(super) fn whole_records(mut bytes: Vec<u8>, name: SegmentName, layout: &Layout) -> Vec<u8> {
    let run = scanned(&bytes, name, layout);
    let length = run.map_or(0, |run| whole_length(&run, bytes.len()));
    bytes.truncate(length);
    bytes
}

/// The records of a segment; `None` where its first page is that of another one.
pub(super) fn scanned(bytes: &[u8], name: SegmentName, layout: &Layout) -> Option<Run<Tally>> {
    Some(SegmentAlone::named(bytes, name, layout)?.run)
}

/// Bytes up to the end of the last record before anything is wrong, or up to the end of the segment.
fn whole_length(run: &Run<Tally>, length: usize) -> usize {
    let until = match (&run.tail, run.damages.first()) {
        (_, Some(damage)) => damage.lsn,
        (Tail::Stopped(stop), None) if stop.begun_before => return 0,
        (Tail::Stopped(_), None) => run.end,
        // What lies behind a switch comes with it: up to 10, pages have headers there. And the rest of a record with
        // zeros behind it may be one.
        (Tail::Switched { .. }, None) => run.last.unwrap_or(run.end),
        (Tail::Clean | Tail::Open(_), None) => return length,
    };
    usize::try_from(until.minus_within(run.from)).unwrap_or(0).min(length)
}
