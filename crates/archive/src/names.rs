//! What lies in an archive, by name.

use pgwal_format::{FileName, Layout, SegmentName, SegmentNo, TimelineId};
use pgwal_source::Entry;
use std::ops::Range;

/// A complete segment, by name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Segment {
    /// Its timeline.
    pub timeline: TimelineId,
    /// Its number.
    pub number: SegmentNo,
    /// Its first file, as an index of the entries.
    pub entry: usize,
    /// Files of that name.
    pub copies: usize,
}

impl Segment {
    /// Its files.
    pub fn files<'a>(&self, entries: &'a [Entry]) -> &'a [Entry] {
        entries.get(self.entry..self.entry + self.copies).unwrap_or(&[])
    }

    /// Whether no restore gets any of its files: pgBackRest alone writes a SHA-1 into names, and of a segment of which
    /// files with different ones lie there `archive-get` gives out none (error 45).
    pub fn is_withheld(&self, entries: &[Entry]) -> bool {
        let mut named = self.files(entries).iter().map(Entry::archived_sha1);
        let Some(Some(first)) = named.next() else { return false };
        let others: Vec<Option<[u8; 20]>> = named.collect();
        others.iter().all(Option::is_some) && others.iter().any(|other| *other != Some(first))
    }
}

/// Everything by kind. Indices are those of the entries.
#[derive(Debug, Default)]
pub struct Inventory {
    /// Complete segments, by timeline and number.
    pub segments: Vec<Segment>,
    /// Unfinished segments.
    pub partials: Vec<Segment>,
    /// History files.
    pub histories: Vec<(TimelineId, usize)>,
    /// Backup history files.
    pub backups: Vec<(SegmentName, usize)>,
    /// Names that no segment of this cluster has.
    pub impossible: Vec<usize>,
}

impl Inventory {
    /// Sorts entries by what their names say; `names` gives a name to those that have none.
    pub fn new(entries: &[Entry], names: &dyn Fn(usize) -> Option<FileName>, layout: &Layout) -> Inventory {
        Inventory::among(entries, names, layout, &|_| true)
    }

    /// The same of some of the entries.
    pub fn among(
        entries: &[Entry],
        names: &dyn Fn(usize) -> Option<FileName>,
        layout: &Layout,
        among: &dyn Fn(usize) -> bool,
    ) -> Inventory {
        let mut out = Inventory::default();
        for (index, entry) in entries.iter().enumerate().filter(|(index, _)| among(*index)) {
            match entry.name.or_else(|| names(index)) {
                Some(FileName::Segment(name)) => place(&mut out.segments, &mut out.impossible, name, index, layout),
                Some(FileName::Partial(name)) => place(&mut out.partials, &mut out.impossible, name, index, layout),
                Some(FileName::History(timeline)) => out.histories.push((timeline, index)),
                Some(FileName::BackupHistory(name, _)) => out.backups.push((name, index)),
                None => {}
            }
        }
        for list in [&mut out.segments, &mut out.partials] {
            list.sort_unstable_by_key(|s| {
                (s.timeline, s.number, entries.get(s.entry).is_none_or(|e| e.name.is_none()), s.entry)
            });
            list.dedup_by(|next, first| {
                let same = (next.timeline, next.number) == (first.timeline, first.number);
                // Files of one name stand side by side. One that only its content names is left out beside them.
                first.copies += usize::from(same && next.entry == first.entry + first.copies);
                same
            });
        }
        out
    }

    /// The complete segments of a timeline.
    pub fn of(&self, timeline: TimelineId) -> &[Segment] {
        self.segments.get(self.range(timeline)).unwrap_or(&[])
    }

    /// A complete segment.
    pub fn get(&self, timeline: TimelineId, number: SegmentNo) -> Option<&Segment> {
        let at = self.segments.binary_search_by_key(&(timeline, number), |s| (s.timeline, s.number)).ok()?;
        self.segments.get(at)
    }

    /// An unfinished segment.
    pub fn partial(&self, timeline: TimelineId, number: SegmentNo) -> Option<&Segment> {
        self.partials.iter().find(|s| (s.timeline, s.number) == (timeline, number))
    }

    /// Timelines with complete segments, lowest first.
    pub fn timelines(&self) -> Vec<TimelineId> {
        let mut out: Vec<TimelineId> = Vec::new();
        for segment in &self.segments {
            if out.last() != Some(&segment.timeline) {
                out.push(segment.timeline);
            }
        }
        out
    }

    fn range(&self, timeline: TimelineId) -> Range<usize> {
        let start = self.segments.partition_point(|s| s.timeline < timeline);
        let end = self.segments.partition_point(|s| s.timeline <= timeline);
        start..end
    }
}

fn place(list: &mut Vec<Segment>, impossible: &mut Vec<usize>, name: SegmentName, entry: usize, layout: &Layout) {
    match name.number(layout.address(), layout.segment) {
        Some(number) => list.push(Segment { timeline: name.timeline, number, entry, copies: 1 }),
        None => impossible.push(entry),
    }
}
