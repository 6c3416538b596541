//! Files that are kept open: a server removes segments that it has checkpointed, whether or not we have read them.
//!
//! ```text
//! names   removed │ … │ being read │ next │ next │ … │ written now
//! kept              no │     ◄──────── open ────────►  as many as there is room for
//! ```
//! A file that was removed keeps its bytes as long as it is open. One that was renamed, to be written over, keeps them
//! until then; page addresses tell what is no longer ours.

use super::Following;
use super::file::SegmentFile;
use crate::whose::beginning;
use pgwal_format::{SegmentNo, TimelineId};
use pgwal_source::{Codec, Entry, HeldEntry, SourceError};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// Files that are open at once.
const FILES: u64 = 64;
/// Bytes of them: what was removed takes its room on the disk until it is closed.
const BYTES: u64 = 256 << 20;
/// What is read of a file to tell what it is.
const START: u64 = 64 << 10;

/// Open files, by segment and timeline.
#[derive(Default)]
pub(super) struct OpenFiles(BTreeMap<(SegmentNo, TimelineId), (Entry, HeldEntry)>);

impl OpenFiles {
    pub fn get(&self, number: SegmentNo, timeline: TimelineId) -> Option<&HeldEntry> {
        self.0.get(&(number, timeline)).map(|(_, held)| held)
    }

    /// Segments behind one.
    pub fn after(&self, number: SegmentNo) -> impl Iterator<Item = SegmentNo> {
        self.0.range((number.next(), TimelineId(0))..).map(|(&(number, _), _)| number)
    }

    /// The files of a segment, newest timeline first.
    pub fn of(
        &self,
        number: SegmentNo,
        timelines: RangeInclusive<TimelineId>,
    ) -> impl Iterator<Item = (TimelineId, &Entry)> {
        let keys = (number, *timelines.start())..=(number, (*timelines.end()).max(*timelines.start()));
        self.0.range(keys).rev().map(|(&(_, timeline), (entry, _))| (timeline, entry))
    }

    pub fn close(&mut self, number: SegmentNo, timeline: TimelineId) {
        self.0.remove(&(number, timeline));
    }

    pub fn close_before(&mut self, number: SegmentNo) {
        self.0 = self.0.split_off(&(number, TimelineId(0)));
    }
}

impl Following<'_> {
    /// Opens the segments that are read next, as far as there are names of them.
    pub(super) fn keep_ahead(&mut self) {
        let count = (BYTES / self.layout.segment.bytes()).clamp(1, FILES);
        let mut number = self.number;
        for _ in 0..=count {
            if let Some(file) = self.file(number).filter(|file| !file.gone) {
                // Whatever is wrong with it, is told when it is read.
                let _ = self.keep(number, &file);
            }
            number = number.next();
        }
    }

    /// Opens the file that has the name now. False where nothing is ever kept here.
    pub(super) fn keep(&mut self, number: SegmentNo, file: &SegmentFile) -> Result<bool, SourceError> {
        match self.source.hold(&file.entry) {
            Ok(Some(held)) => {
                self.kept.0.insert((number, file.timeline), (file.entry.clone(), held));
                Ok(true)
            }
            Ok(None) => Ok(false),
            // Gone since the names were read.
            Err(error) if error.is_gone() && self.kept.get(number, file.timeline).is_some() => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// The first bytes of a file, and what it is packed in.
    pub(super) fn start(&self, number: SegmentNo, file: &SegmentFile) -> Option<(Vec<u8>, Codec)> {
        if !file.gone {
            return beginning(self.source, &file.entry).map(|(start, codec, _)| (start, codec));
        }
        let mut start = Vec::new();
        self.kept.get(number, file.timeline)?.read(0, START, &mut start).ok()?;
        let codec = Codec::detect(&start, &file.entry.shown());
        Some((start, codec))
    }
}
