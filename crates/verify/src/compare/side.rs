//! One of the two: its files, and its segments as they are read.

use super::{DifferingFiles, segment};
use crate::codes::Code;
use crate::finding::{Detail, Finding};
use crate::judge::{code_of, flaw};
use crate::options::Options;
use crate::places::NumberedSegment;
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
    /// Its content is not what the SHA-1 in its name says.
    pub renamed: bool,
}

impl ReadCopy {
    /// Whether two files hold the same bytes.
    pub fn is_same(&self, other: &ReadCopy) -> bool {
        (self.bytes, self.sum) == (other.bytes, other.sum)
    }
}

/// The files of a segment on one side: the one that counts, and those beside it.
pub(super) struct ReadCopies {
    pub taken: ReadCopy,
    pub beside: Vec<ReadCopy>,
}

impl ReadCopies {
    /// Takes of both sides the files that are the same, where there are good ones.
    pub(super) fn agree(a: &mut ReadCopies, b: &mut ReadCopies) {
        let good = |copies: &ReadCopies, of: &ReadCopy| {
            copies.beside.iter().position(|own| own.wrong.is_none() && own.is_same(of))
        };
        if a.taken.is_same(&b.taken) {
            return;
        }
        if let Some(at) = good(a, &b.taken).filter(|_| b.taken.wrong.is_none()) {
            a.take(at);
        } else if let Some(at) = good(b, &a.taken).filter(|_| a.taken.wrong.is_none()) {
            b.take(at);
        }
    }

    fn take(&mut self, at: usize) {
        if let Some(other) = self.beside.get_mut(at) {
            std::mem::swap(&mut self.taken, other);
        }
    }
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
            history: &[],
            by_pages: false,
            permit: &self.permit,
        }
    }

    /// Reads the files of a segment. The first good one of them counts, else the first.
    pub(super) fn read(
        &self,
        (timeline, number): (TimelineId, SegmentNo),
        options: &Options<'_>,
        buffers: &mut Buffers,
    ) -> Option<ReadCopies> {
        let own = self.inventory.get(timeline, number)?;
        let all = (own.entry..own.entry + own.copies).map(|entry| self.read_file(own, entry, options, buffers));
        let mut all: Vec<ReadCopy> = all.collect();
        all.sort_by_key(|copy| (copy.wrong.is_some(), copy.renamed));
        let mut all = all.into_iter();
        Some(ReadCopies { taken: all.next()?, beside: all.collect() })
    }

    /// The files of a segment that are not the one that counts, and differ from it.
    pub(super) fn differing(&self, at: NumberedSegment, copies: &ReadCopies) -> Option<DifferingFiles> {
        let shown = |copy: &ReadCopy| self.entries.get(copy.entry).map(Entry::shown).unwrap_or_default();
        let own = self.inventory.get(at.0, at.1)?;
        let wrong = |copy: &ReadCopy| {
            let segment = segment(at.0, at.1, copy.entry);
            let start = self.cluster.layout.address().segment_start(at.1, self.cluster.layout.segment);
            let renamed = copy.renamed.then(|| self.finding(&segment, Code::NameChecksum, start, start, Detail::Plain));
            copy.wrong.clone().or(renamed)
        };
        let withheld = own.is_withheld(&self.entries);
        let others = copies.beside.iter().filter(|other| withheld || !other.is_same(&copies.taken));
        let mut sums: Vec<u128> = copies.beside.iter().chain([&copies.taken]).map(|copy| copy.sum).collect();
        sums.sort_unstable();
        let layout = &self.cluster.layout;
        let files = DifferingFiles {
            name: SegmentName::new(at.0, at.1, layout.address(), layout.segment),
            taken: (shown(&copies.taken), wrong(&copies.taken)),
            others: others.map(|other| (shown(other), wrong(other))).collect(),
            withheld,
            sums,
        };
        (!files.others.is_empty()).then_some(files)
    }

    fn read_file(&self, own: &Segment, entry: usize, options: &Options<'_>, buffers: &mut Buffers) -> ReadCopy {
        let segment = segment(own.timeline, own.number, entry);
        let read = self.reader(options).read(&segment, entry, true, buffers);
        let wrong = match &read.why {
            Some(why) => Some(self.unusable(&segment, why)),
            None => read.run.as_ref().and_then(|run| self.damaged(&segment, run)),
        };
        ReadCopy { entry, bytes: read.bytes, sum: read.sum, run: read.run, wrong, renamed: read.sha1.is_some() }
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
