//! Which files of an archive hold a segment: by name alone, no record is read.

use crate::archive::{Archive, Opened};
use crate::error::Error;
use crate::look::{Depth, Look, Which};
use crate::names::{Inventory, Segment};
use crate::way::Leg;
use pgwal_format::{Layout, SegmentNo, TimelineId};
use pgwal_source::{Entry, Source};

/// The files of an archive, by name.
pub struct Files {
    layout: Layout,
    entries: Vec<Entry>,
    inventory: Inventory,
    legs: Vec<Leg>,
}

/// A file that has the name of a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Holder {
    /// The timeline in its name.
    pub timeline: TimelineId,
    /// The file as a user would type it, relative to the archive.
    pub file: String,
    /// It, for the source that listed it: [`Local::path`](pgwal_source::Local::path) says where it lies.
    pub entry: Entry,
    /// The segment is unfinished: a server does not take the file.
    pub partial: bool,
}

impl Files {
    /// Lists a source; `None` where no file there says whose WAL it is. `timeline`: the one to recover to.
    ///
    /// # Errors
    /// As [`Archive::open`].
    pub fn of(source: &dyn Source, timeline: Option<TimelineId>) -> Result<Option<Files>, Error> {
        let timeline = timeline.map_or(Which::Latest, Which::Number);
        let Opened::Archive(archive) =
            Archive::open(source, Look { depth: Depth::Names, timeline, ..Look::default() })?
        else {
            return Ok(None);
        };
        let legs = archive.path().way.legs;
        let Archive { cluster, entries, inventory, .. } = *archive;
        Ok(Some(Files { layout: cluster.layout, entries, inventory, legs }))
    }

    /// How the WAL is laid out.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Every file that has the name of this segment, on whichever timeline: by timeline, complete ones first.
    pub fn holders(&self, number: SegmentNo) -> Vec<Holder> {
        let inventory = &self.inventory;
        let of = |s: &Segment, partial| {
            let entries = s.files(&self.entries);
            let timeline = s.timeline;
            entries
                .iter()
                .map(move |e| Holder { timeline, file: e.shown(), entry: e.clone(), partial })
                .collect::<Vec<_>>()
        };
        let all = [(&inventory.segments, false), (&inventory.partials, true)];
        let mut out: Vec<Holder> = all
            .into_iter()
            .flat_map(|(list, partial)| list.iter().filter(|s| s.number == number).flat_map(move |s| of(s, partial)))
            .collect();
        out.sort_by_key(|h| (h.timeline, h.partial));
        out
    }

    /// The timeline of the file that recovery takes for a segment; where there is none, the one whose file it would be.
    /// `None` where nothing but unfinished segments is there.
    pub fn taken(&self, number: SegmentNo) -> Option<TimelineId> {
        let legs = &self.legs;
        legs.iter().rev().find(|leg| leg.first <= number).or_else(|| legs.first()).map(|leg| leg.timeline)
    }
}
