//! The file that holds a segment now, and its bytes.

use super::Following;
use super::loss::{FollowLoss, FollowedSegment};
use crate::names::Segment;
use pgwal_format::{SegmentNo, TimelineId};
use pgwal_source::{Codec, Entry, How, ReadState, Scratch, SourceError};
use pgwal_walk::RecordBoundary;
use std::io;
use std::ops::ControlFlow;

/// Bytes that are read of a plain file at first; the rest is often zeros.
const WINDOW: usize = 256 << 10;

/// A file of a segment.
pub(super) struct SegmentFile {
    /// The timeline in its name.
    pub timeline: TimelineId,
    /// The file.
    pub entry: Entry,
    /// Its name is no longer there; it is kept open.
    pub gone: bool,
}

impl SegmentFile {
    pub fn of(&self, number: SegmentNo) -> FollowedSegment {
        FollowedSegment { timeline: self.timeline, number, file: self.entry.shown() }
    }
}

/// What is known of the segment that is being read.
#[derive(Default)]
pub(super) struct SegmentAtHand {
    /// How far it was read; `None` as long as its first page says nothing.
    pub place: Option<RecordBoundary>,
    /// From its beginning, or from the page of the place on; what lies before that is not looked at.
    pub bytes: Vec<u8>,
    /// Bytes that are read at once: 0 for the usual number.
    window: usize,
    /// The file, and whether it is plain: then it can be read from the middle.
    open: Option<(Entry, bool)>,
    /// That it cannot be read was told.
    refused: bool,
}

impl SegmentAtHand {
    /// Goes to another segment. Keeps the buffer.
    pub fn leave(&mut self) {
        let bytes = std::mem::take(&mut self.bytes);
        *self = SegmentAtHand { bytes, ..SegmentAtHand::default() };
        self.bytes.clear();
    }

    /// More is read the next time: a record does not end in what was read.
    pub fn widen(&mut self) {
        self.window = self.window.max(WINDOW).saturating_mul(2);
    }
}

/// How much of the file was read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Filled {
    /// All that is there.
    All,
    /// A window of it.
    Window,
}

impl Following<'_> {
    /// The file that a server would take for a segment; without one, the unfinished segment of the newest timeline, or
    /// one that was removed and is kept.
    pub(super) fn file(&self, number: SegmentNo) -> Option<SegmentFile> {
        let leg = self.names.way.legs.iter().find(|leg| (leg.first..=leg.last).contains(&number));
        let found = |s: &Segment| {
            Some(SegmentFile {
                timeline: s.timeline,
                entry: self.names.own.archive.entries.get(s.entry)?.clone(),
                gone: false,
            })
        };
        if let Some(segment) = leg.and_then(|leg| self.names.own.archive.inventory.get(leg.timeline, number)) {
            return found(segment);
        }
        let oldest = self.reached.map_or(TimelineId(0), |(timeline, _)| timeline);
        let newest = self.names.path.last().copied().unwrap_or(TimelineId(u32::MAX));
        let fits = |s: &&Segment| s.number == number && (oldest..=newest).contains(&s.timeline);
        let partial = self.names.own.archive.inventory.partials.iter().filter(fits).max_by_key(|s| s.timeline);
        let start = self.start_of(number);
        let left =
            |timeline: TimelineId| self.switches().any(|(_, parent, switch)| parent == timeline && switch <= start);
        let kept = self.kept.of(number, oldest..=newest).find(|&(timeline, _)| !left(timeline));
        match kept {
            Some((timeline, entry)) if partial.is_none_or(|p| p.timeline < timeline) => {
                Some(SegmentFile { timeline, entry: entry.clone(), gone: true })
            }
            _ => partial.and_then(found),
        }
    }

    pub(super) fn timeline_of(&self, number: SegmentNo) -> TimelineId {
        let leg = self.names.way.legs.iter().rev().find(|leg| leg.first <= number);
        leg.map(|leg| leg.timeline).or(self.reached.map(|(timeline, _)| timeline)).unwrap_or(TimelineId::FIRST)
    }

    /// Whether WAL was written to a segment: its first page is its own.
    pub(super) fn is_written(&self, number: SegmentNo) -> bool {
        let Some(file) = self.file(number) else { return false };
        let start = self.start(number, &file).map(|(start, _)| start).unwrap_or_default();
        let header = self.layout.page_header(&start);
        self.layout
            .check_page(&header, self.start_of(number), true, Some(self.names.own.archive.cluster.system_id))
            .is_ok()
    }

    /// Reads on. `Err` where nothing can be read, with what is lost the first time unless the file just went away.
    pub(super) fn fill(&mut self, file: &SegmentFile) -> Result<Filled, Option<Box<FollowLoss>>> {
        let size = self.layout.segment.bytes();
        if self.here.open.as_ref().is_none_or(|(entry, _)| *entry != file.entry) {
            let plain = self.start(self.number, file).is_some_and(|(_, codec)| codec == Codec::Plain);
            self.here.open = Some((file.entry.clone(), plain));
        }
        let plain = self.here.open.as_ref().is_some_and(|(_, plain)| *plain);
        let page = self.layout.page.bytes() as usize;
        let from = self.here.place.map_or(0, |place| place.offset - place.offset % page);
        let filled = if plain { self.read_on(file, from) } else { self.unpack(file) };
        let filled = match filled {
            Ok(filled) => filled,
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::StaleNetworkFileHandle) => {
                self.kept.close(self.number, file.timeline);
                return Err(None);
            }
            Err(error) => {
                let told = std::mem::replace(&mut self.here.refused, true);
                let loss = || FollowLoss::Unreadable { segment: file.of(self.number), why: error.to_string() };
                return Err((!told).then(|| Box::new(loss())));
            }
        };
        // A file that is being copied: the rest of the page comes.
        let whole = self.here.bytes.len() - self.here.bytes.len() % page;
        self.here.bytes.truncate(whole);
        // Behind the place where a timeline was left, its file tells of another future.
        let start = self.start_of(self.number);
        let cut = self
            .switches()
            .filter(|&(_, parent, _)| parent == file.timeline)
            .map(|(.., switch)| switch)
            .find(|&switch| switch >= start && switch.minus_within(start) < size);
        if let Some(switch) = cut {
            self.here.bytes.truncate(switch.minus_within(start) as usize);
            return Ok(Filled::All);
        }
        Ok(filled)
    }

    fn read_on(&mut self, file: &SegmentFile, from: usize) -> io::Result<Filled> {
        // By its name, as long as it has one: another file may have taken it.
        if !file.gone && !self.keep(self.number, file).map_err(plainly)? {
            return self.unpack(file);
        }
        let held = self.kept.get(self.number, file.timeline).ok_or(io::ErrorKind::NotFound)?;
        let size = self.layout.segment.bytes() as usize;
        let length = usize::try_from(held.size()?).unwrap_or(usize::MAX).min(size);
        let end = from.saturating_add(self.here.window.max(WINDOW)).min(length);
        let bytes = &mut self.here.bytes;
        bytes.resize(from, 0);
        held.read(from as u64, end.saturating_sub(from) as u64, bytes)?;
        Ok(if end < length { Filled::Window } else { Filled::All })
    }

    /// A packed file is read from its beginning.
    fn unpack(&mut self, file: &SegmentFile) -> io::Result<Filled> {
        let size = self.layout.segment.bytes();
        let bytes = &mut self.here.bytes;
        bytes.clear();
        let how = How { limit: size, ..How::default() };
        let read = self.source.read(&file.entry, &how, &mut Scratch::default(), &mut |window| {
            bytes.extend_from_slice(window);
            if bytes.len() as u64 > size { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        let read = read.map_err(io::Error::other)?;
        bytes.truncate(size as usize);
        match read.state {
            ReadState::Vanished => Err(io::ErrorKind::NotFound.into()),
            ReadState::Closed | ReadState::WrongKey => Err(io::Error::other(format!("{} is not read", read.codec))),
            _ => Ok(Filled::All),
        }
    }
}

fn plainly(error: SourceError) -> io::Error {
    if error.is_gone() { io::ErrorKind::NotFound.into() } else { io::Error::other(error) }
}
