//! Which file of an archive holds a segment.

use anyhow::Context;
use pgwal::format::{SegmentNo, TimelineId};
use pgwal::source::Source;
use pgwal::verify::{Files, Holder};
use pgwal_report::locate::{HeldFile, HeldSegment};
use std::path::PathBuf;

/// An archive in which positions are located.
pub struct LocateArchive {
    source: Box<dyn Source>,
    /// Its files.
    pub files: Files,
}

impl LocateArchive {
    /// Lists an archive. `timeline`: the one to recover to.
    pub fn open(source: Box<dyn Source>, timeline: Option<TimelineId>) -> anyhow::Result<LocateArchive> {
        let files = Files::of(source.as_ref(), timeline)?;
        let files = files.with_context(|| format!("{}: no file there says how to read it", source.describe()))?;
        Ok(LocateArchive { source, files })
    }

    /// What it has of a segment, of which the file of `timeline` is meant.
    pub fn held(&self, number: SegmentNo, timeline: TimelineId) -> HeldSegment {
        let holders = self.files.holders(number);
        // JSON has no bytes that are not UTF-8.
        let text = |path: PathBuf| path.to_string_lossy().into_owned();
        let path = |holder: &Holder| self.source.local().map(|local| text(local.path(&holder.entry)));
        let meant = holders.iter().find(|holder| holder.timeline == timeline);
        HeldSegment {
            file: meant.map(|holder| holder.file.clone()),
            path: meant.and_then(path),
            partial: meant.is_some_and(|holder| holder.partial),
            files: holders
                .into_iter()
                .map(|holder| {
                    let path = path(&holder);
                    HeldFile { timeline: holder.timeline, file: holder.file, path, partial: holder.partial }
                })
                .collect(),
        }
    }
}
