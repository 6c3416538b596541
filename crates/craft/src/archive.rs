//! The files that were made.

use crate::written::WrittenRecord;
use crate::{CraftedDamage, Sparse};
use pgwal_format::{FileName, Layout, SegmentName, SegmentNo, TimelineId};
use std::io;
use std::path::Path;

/// A file of an archive.
#[derive(Clone, Debug)]
pub struct CraftedFile {
    /// Its name.
    pub name: FileName,
    /// Its bytes.
    pub content: Sparse,
}

/// An archive, and what is in it.
#[derive(Clone, Debug)]
pub struct CraftedArchive {
    /// The cluster's facts.
    pub layout: Layout,
    /// The files, by name.
    pub files: Vec<CraftedFile>,
    /// Every record, in the order of writing.
    pub records: Vec<WrittenRecord>,
}

impl CraftedArchive {
    /// The name of a complete segment.
    pub fn segment_name(&self, timeline: TimelineId, number: SegmentNo) -> FileName {
        FileName::Segment(SegmentName::new(timeline, number, self.layout.address(), self.layout.segment))
    }

    /// A file.
    pub fn file(&self, name: FileName) -> Option<&CraftedFile> {
        self.files.iter().find(|f| f.name == name)
    }

    /// Takes a file away.
    pub fn remove(&mut self, name: FileName) -> Option<CraftedFile> {
        let index = self.files.iter().position(|f| f.name == name)?;
        Some(self.files.remove(index))
    }

    /// Damages a file. Returns whether there is such a file.
    pub fn damage(&mut self, name: FileName, offset: u64, damage: CraftedDamage) -> bool {
        let Some(file) = self.files.iter_mut().find(|f| f.name == name) else { return false };
        damage.apply(&mut file.content, offset);
        true
    }

    /// Writes all files into a folder, with holes where they are zero.
    pub fn write_to(&self, folder: &Path) -> io::Result<()> {
        self.files.iter().try_for_each(|f| f.content.write_to(&folder.join(f.name.to_string())))
    }
}
