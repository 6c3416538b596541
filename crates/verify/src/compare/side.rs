//! One of the two: its files, and its segments as they are read.

use super::segment;
use crate::codes::Code;
use crate::finding::{Detail, Finding};
use crate::judge::{code_of, flaw};
use crate::options::Options;
use pgwal_archive::names::{Inventory, Segment};
use pgwal_archive::read::Reader;
use pgwal_archive::whose::{Cluster, FirstPage, beginning};
use pgwal_archive::{Archive, Buffers, Depth, Error, Look, Opened, Tally, Unusable};
use pgwal_format::{FileName, Lsn, SegmentName, SegmentNo, TimelineId};
use pgwal_source::{Entry, How, Source};
use pgwal_walk::{Damage, Run, Tail};
use std::sync::Mutex;

/// One of two copies of an archive.
pub(super) struct ComparedSide<'a> {
    pub source: &'a dyn Source,
    pub entries: Vec<Entry>,
    pub inventory: Inventory,
    pub cluster: Cluster,
    permit: Mutex<Vec<u8>>,
}

/// A copy of a segment that was read.
pub(super) struct ReadCopy {
    /// Its file, as an index of the entries.
    pub entry: usize,
    pub bytes: u64,
    pub sum: u128,
    pub run: Option<Run<Tally>>,
    /// What is wrong with it by itself.
    pub wrong: Option<Finding>,
}

/// Whose WAL it is, as far as its files say.
pub(super) fn owner(source: &dyn Source, options: &Options<'_>) -> Result<Option<Cluster>, Error> {
    let look = Look { depth: Depth::Names, cluster: options.cluster, ..Look::default() };
    Ok(match Archive::open(source, look)? {
        Opened::Archive(archive) => Some(archive.cluster),
        Opened::NoOwner(_) => None,
    })
}

impl<'a> ComparedSide<'a> {
    pub(super) fn open(source: &'a dyn Source, cluster: Cluster) -> Result<ComparedSide<'a>, Error> {
        let entries = source.list()?.entries;
        let content = |index: usize| {
            let first = FirstPage::of(&beginning(source, entries.get(index)?)?.0).ok()?;
            Some(FileName::Segment(first.name()))
        };
        let inventory = Inventory::new(&entries, &content, &cluster.layout);
        Ok(ComparedSide { source, entries, inventory, cluster, permit: Mutex::default() })
    }

    pub(super) fn segments(&self) -> impl Iterator<Item = (TimelineId, SegmentNo)> {
        self.inventory.segments.iter().map(|segment| (segment.timeline, segment.number))
    }

    pub(super) fn reader(&self, options: &Options<'_>) -> Reader<'_> {
        Reader {
            source: self.source,
            entries: &self.entries,
            cluster: &self.cluster,
            how: How { map: options.map, ..How::default() },
            live: false,
            depth: Depth::Records,
            known: None,
            facts: false,
            permit: &self.permit,
        }
    }

    /// Reads a segment: the first good one of its files, else the first.
    pub(super) fn read(
        &self,
        (timeline, number): (TimelineId, SegmentNo),
        options: &Options<'_>,
        buffers: &mut Buffers,
    ) -> Option<ReadCopy> {
        let own = self.inventory.get(timeline, number)?;
        let mut all = (own.entry..own.entry + own.copies).map(|entry| self.read_file(own, entry, options, buffers));
        let first = all.next()?;
        if first.wrong.is_none() {
            return Some(first);
        }
        Some(all.find(|copy| copy.wrong.is_none()).unwrap_or(first))
    }

    fn read_file(&self, own: &Segment, entry: usize, options: &Options<'_>, buffers: &mut Buffers) -> ReadCopy {
        let segment = segment(own.timeline, own.number, entry);
        let read = self.reader(options).read(&segment, entry, true, buffers);
        let wrong = match &read.why {
            Some(why) => Some(self.unusable(&segment, why)),
            None => read.run.as_ref().and_then(|run| self.damaged(&segment, run)),
        };
        ReadCopy { entry, bytes: read.bytes, sum: read.sum, run: read.run, wrong }
    }

    /// A file as a finding names it.
    fn finding(&self, segment: &Segment, code: Code, lsn: Lsn, at: Lsn, detail: Detail) -> Finding {
        let layout = &self.cluster.layout;
        let name = SegmentName::new(segment.timeline, segment.number, layout.address(), layout.segment);
        Finding {
            timeline: Some(segment.timeline),
            lsn: Some(lsn),
            at: Some(at),
            segment: Some(name.to_string()),
            file: self.entries.get(segment.entry).map(Entry::shown),
            offset: Some(layout.address().offset(at, layout.segment)),
            detail,
            ..Finding::of(code)
        }
    }

    fn unusable(&self, segment: &Segment, why: &Unusable) -> Finding {
        let layout = &self.cluster.layout;
        let start = layout.address().segment_start(segment.number, layout.segment);
        let (code, detail) = flaw(why, &self.cluster);
        Finding { offset: None, ..self.finding(segment, code, start, start, detail) }
    }

    /// The first thing that is wrong inside of a segment.
    fn damaged(&self, segment: &Segment, run: &Run<Tally>) -> Option<Finding> {
        if let Some(damage) = run.damages.first() {
            return Some(self.damage(segment, damage));
        }
        match &run.tail {
            Tail::Stopped(stop) if !stop.rest.clean => {
                let (code, detail) = (code_of(&stop.fault), Detail::Wal(stop.fault));
                Some(self.finding(segment, code, stop.lsn, stop.at, detail))
            }
            _ => None,
        }
    }

    pub(super) fn damage<M>(&self, segment: &Segment, damage: &Damage<M>) -> Finding {
        self.finding(segment, code_of(&damage.fault), damage.lsn, damage.at, Detail::Wal(damage.fault))
    }
}
