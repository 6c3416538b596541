//! A folder into which WAL is shipped record by record.
//!
//! ```text
//! checked bytes ──► SEGMENT.partial: whole records, then zeros up to the size of a segment
//!                        │ its last byte is there
//!                        └─► SEGMENT, unless the archive has it already: then both are compared, and .partial goes
//! ```
//! An unfinished segment that an earlier run left is written anew, as far as its records are whole, before it is gone
//! on with: what a crash, or a flush that failed, left of it is not trusted.

mod lock;
mod reached;
mod segment;

pub use reached::ShippedEnd;
pub use segment::FinishedAs;

use crate::destination::{Destination, FolderDestination, Publication, ToStage};
use crate::fault::{ShipFault, ShipStep};
use lock::FolderLock;
use pgwal_archive::arrival::CheckedBytes;
use pgwal_archive::lineage::history_name;
use pgwal_format::{FileName, Lsn, SegmentName, TimelineId};
use segment::UnfinishedSegment;
use std::path::{Path, PathBuf};

/// The folder. Nobody else ships into it as long as this lives.
pub struct ShipFolder {
    path: PathBuf,
    folder: FolderDestination,
    segment: Option<UnfinishedSegment>,
    /// The end of what was taken, and of what outlives a crash of the machine.
    written: Option<Lsn>,
    flushed: Option<Lsn>,
    _lock: FolderLock,
}

/// The bits of the mode of what is shipped, as servers give them to WAL.
const MODE: u32 = 0o600;

impl ShipFolder {
    /// Opens a folder.
    ///
    /// # Errors
    /// There is none: it is never made, since it may be that a disk is not mounted. Or somebody else ships into it.
    pub fn open(path: &Path) -> Result<ShipFolder, ShipFault> {
        let folder = FolderDestination::open(path)?;
        let lock = FolderLock::take(path)?;
        Ok(ShipFolder { path: path.to_path_buf(), folder, segment: None, written: None, flushed: None, _lock: lock })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The end of what was taken, since it was begun anew.
    pub fn written(&self) -> Option<Lsn> {
        self.written
    }

    /// The end of what outlives a crash of this machine.
    pub fn flushed(&self) -> Option<Lsn> {
        self.flushed
    }

    /// What was written waits to be flushed.
    pub fn is_dirty(&self) -> bool {
        self.written != self.flushed
    }

    /// Takes bytes. Returns the segment that is finished by them, and what became of it.
    ///
    /// # Errors
    /// They cannot be written; or the folder holds other records in their place.
    pub fn take(&mut self, checked: CheckedBytes<'_>) -> Result<Option<(SegmentName, FinishedAs)>, ShipFault> {
        let name = checked.name();
        if self.segment.as_ref().is_none_or(|segment| segment.name != name) {
            self.leave()?;
            let beginning = if checked.offset > 0 { self.beginning(&checked) } else { None };
            self.segment = Some(UnfinishedSegment::open(&self.folder, &self.path, name, checked.layout)?);
            if let (Some(bytes), Some(segment)) = (beginning, &mut self.segment) {
                segment.write(0, &bytes)?;
            }
        }
        let Some(mut segment) = self.segment.take() else { return Ok(None) };
        segment.write(checked.offset, checked.bytes)?;
        self.written = Some(checked.end());
        if !segment.is_full() {
            self.segment = Some(segment);
            return Ok(None);
        }
        let finished = segment.finish(&self.folder)?;
        self.flushed = self.written;
        Ok(Some((name, finished)))
    }

    /// What was written outlives a crash of this machine from now on.
    ///
    /// # Errors
    /// It cannot be flushed. The segment is written anew before it is gone on with.
    pub fn flush(&mut self) -> Result<(), ShipFault> {
        if let Some(segment) = &mut self.segment
            && let Err(fault) = segment.flush()
        {
            self.forget();
            return Err(fault);
        }
        self.flushed = self.written;
        Ok(())
    }

    /// Another segment comes, or none: what was written of this one stays, unfinished.
    ///
    /// # Errors
    /// It cannot be flushed.
    pub fn leave(&mut self) -> Result<(), ShipFault> {
        self.flush()?;
        self.segment = None;
        Ok(())
    }

    /// Whoever ships begins anew: what is open is opened again, and how far it goes is known from what comes.
    pub fn forget(&mut self) {
        (self.segment, self.written, self.flushed) = (None, None, None);
    }

    /// Takes a history file, if there is none of that timeline yet. Returns whether it is new.
    ///
    /// # Errors
    /// It cannot be stored; or the folder holds another one of that name.
    pub fn history(&mut self, timeline: TimelineId, bytes: &[u8]) -> Result<bool, ShipFault> {
        let name = history_name(timeline);
        if let Some(stored) = self.folder.holds(FileName::History(timeline))?.first() {
            let there = self.folder.read(stored, segment::LARGEST)?;
            let other = "another file of that name is there: the timeline is that of another server";
            return if there == bytes { Ok(false) } else { Err(self.refused(&name, other)) };
        }
        let staged = self.folder.stage(ToStage { stored: &name, bytes, mode: MODE })?;
        match staged.publish()? {
            Publication::Done => Ok(true),
            Publication::Taken => self.history(timeline, bytes),
        }
    }

    /// A timeline's history file, where there is one.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn has_history(&self, timeline: TimelineId) -> Result<bool, ShipFault> {
        Ok(!self.folder.holds(FileName::History(timeline))?.is_empty())
    }

    /// The beginning of a segment in which a timeline was left, from the file of that timeline: both have it in common.
    fn beginning(&self, checked: &CheckedBytes<'_>) -> Option<Vec<u8>> {
        let older =
            (1..checked.timeline.0).rev().map(|older| SegmentName { timeline: TimelineId(older), ..checked.name() });
        for name in older.take(100) {
            for file in [FileName::Segment(name), FileName::Partial(name)] {
                let Some(stored) = self.folder.holds(file).ok()?.into_iter().next() else { continue };
                let bytes = self.folder.read(&stored, segment::LARGEST).ok()?;
                let mut bytes = segment::whole_records(bytes, name, checked.layout);
                let length = usize::try_from(checked.offset).ok().filter(|length| *length <= bytes.len())?;
                bytes.truncate(length);
                return Some(bytes);
            }
        }
        None
    }

    fn refused(&self, name: &str, why: &str) -> ShipFault {
        ShipFault::of(ShipStep::Compare, self.path.join(name).display().to_string(), why)
    }
}
