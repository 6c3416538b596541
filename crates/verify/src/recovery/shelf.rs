//! The files that recovery can get: from the archive with `restore_command`, then from `pg_wal` of the restored backup.

use pgwal_archive::names::Inventory;
use pgwal_format::text::history::{self, Ancestor, HistoryFault, Switch};
use pgwal_format::{Layout, Lsn, SegmentName, SegmentNo, TimelineId};
use pgwal_source::{Entry, ReadState, Source};

/// A place with files.
pub struct Place<'a> {
    /// Where they are.
    pub source: &'a dyn Source,
    /// All of them.
    pub entries: Vec<Entry>,
    /// By what their names say.
    pub inventory: Inventory,
    /// What `restore_command` gets: its size is checked.
    pub archive: bool,
}

/// All places, in the order in which recovery asks them.
pub struct Shelf<'a> {
    /// The archive first.
    pub places: Vec<Place<'a>>,
    /// How segments lie.
    pub layout: Layout,
    /// `.partial` files count as if they had been renamed.
    pub partials: bool,
}

/// A file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Found {
    /// The place.
    pub place: usize,
    /// Its index among the entries there.
    pub entry: usize,
    /// The timeline in its name.
    pub timeline: TimelineId,
    /// The segment.
    pub number: SegmentNo,
}

/// The history of a timeline, as a server reads it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// The timeline that is to be reached.
    pub target: TimelineId,
    /// It and its ancestors, oldest first, each with the position at which it begins where the history says so.
    pub timelines: Vec<(TimelineId, Option<Begin>)>,
}

/// Where a timeline begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Begin {
    /// The position; up to 9.2 only its segment is known.
    pub lsn: Option<Lsn>,
    /// The segment.
    pub segment: SegmentNo,
}

/// More than any history file has.
const LIMIT: u64 = 1 << 20;

impl<'a> Shelf<'a> {
    /// The name of a segment.
    pub fn name(&self, timeline: TimelineId, number: SegmentNo) -> String {
        SegmentName::new(timeline, number, self.layout.address(), self.layout.segment).to_string()
    }

    /// The files of a segment, in the order in which they would be taken.
    pub fn files(&self, timeline: TimelineId, number: SegmentNo) -> Vec<Found> {
        let mut out = Vec::new();
        for (index, place) in self.places.iter().enumerate() {
            let partial =
                || if self.partials && place.archive { place.inventory.partial(timeline, number) } else { None };
            if let Some(segment) = place.inventory.get(timeline, number).or_else(partial) {
                out.extend((segment.entry..segment.entry + segment.copies).map(|entry| Found {
                    place: index,
                    entry,
                    timeline,
                    number,
                }));
            }
        }
        out
    }

    /// The entry of a file.
    pub fn entry(&self, found: &Found) -> Option<&Entry> {
        self.places.get(found.place)?.entries.get(found.entry)
    }

    /// Whether a history file is there.
    pub fn has_history(&self, timeline: TimelineId) -> bool {
        self.places.iter().any(|place| place.inventory.histories.iter().any(|(t, _)| *t == timeline))
    }

    /// The newest timeline from `start` on: one number after another is tried.
    pub fn newest(&self, start: TimelineId) -> TimelineId {
        let mut newest = start;
        while let Some(next) = newest.0.checked_add(1).map(TimelineId).filter(|&next| self.has_history(next)) {
            newest = next;
        }
        newest
    }

    /// Reads a history. Without a file the timeline has no ancestors; the first one has none in any case.
    ///
    /// # Errors
    /// The file makes no sense.
    pub fn line(&self, target: TimelineId) -> Result<Line, HistoryFault> {
        let ancestors = if target == TimelineId::FIRST { Vec::new() } else { self.history(target)? };
        let mut timelines = Vec::new();
        let mut begin = None;
        for ancestor in &ancestors {
            timelines.push((ancestor.timeline, begin));
            begin = self.begin(&ancestor.switch);
        }
        timelines.push((target, begin));
        Ok(Line { target, timelines })
    }

    fn history(&self, timeline: TimelineId) -> Result<Vec<Ancestor>, HistoryFault> {
        for place in &self.places {
            for entry in place
                .inventory
                .histories
                .iter()
                .filter(|(t, _)| *t == timeline)
                .filter_map(|&(_, index)| place.entries.get(index))
            {
                if let Ok((bytes, read)) = place.source.small(entry, LIMIT)
                    && read.state == ReadState::Whole
                {
                    return history::parse(&bytes, timeline);
                }
            }
        }
        Ok(Vec::new())
    }

    fn begin(&self, switch: &Switch) -> Option<Begin> {
        let layout = &self.layout;
        match switch {
            Switch::At(lsn) => Some(Begin { lsn: Some(*lsn), segment: layout.address().segment(*lsn, layout.segment) }),
            Switch::In(name) => Some(Begin { lsn: None, segment: name.number(layout.address(), layout.segment)? }),
        }
    }
}

impl Line {
    /// A timeline belongs to it.
    pub fn holds(&self, timeline: TimelineId) -> bool {
        self.timelines.iter().any(|(t, _)| *t == timeline)
    }

    /// The timeline on which a position lies (`tliOfPointInHistory`).
    pub fn at(&self, lsn: Lsn) -> TimelineId {
        let begun = |begin: &Option<Begin>| begin.as_ref().is_none_or(|b| b.lsn.is_none_or(|at| at <= lsn));
        self.timelines.iter().rev().find(|(_, begin)| begun(begin)).map_or(self.target, |(t, _)| *t)
    }

    /// Where a timeline was left (`tliSwitchPoint`).
    pub fn left(&self, timeline: TimelineId) -> Option<Lsn> {
        let at = self.timelines.iter().position(|(t, _)| *t == timeline)?;
        self.timelines.get(at + 1)?.1?.lsn
    }
}
