//! Whose WAL is it? What most of a sample of files say.
//!
//! A file that says otherwise is foreign or damaged; that is judged later, file by file.

use pgwal_format::layout::NotWal;
use pgwal_format::{FileName, Layout, Lsn, SegmentName, TimelineId, wire_fields};
use pgwal_source::{Codec, Entry, Extent, How, ReadState, Scratch, Source};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::ops::ControlFlow;

/// What a file's first page says.
#[derive(Clone, Copy, Debug)]
pub struct FirstPage {
    /// How to read it.
    pub layout: Layout,
    /// The cluster.
    pub system_id: u64,
    /// Where the file belongs.
    pub address: Lsn,
    /// The timeline of its first page.
    pub timeline: TimelineId,
    /// Its records speak for the alignment; otherwise that of the layout is only the usual one.
    pub aligned: bool,
}

wire_fields!(FirstPage { layout, system_id, address, timeline, aligned });

impl FirstPage {
    /// Bytes of a file that are looked at.
    pub const BYTES: usize = 64 << 10;

    /// Reads the first page of a file from its beginning.
    pub fn of(bytes: &[u8]) -> Result<FirstPage, NotWal> {
        let layout = Layout::detect(bytes)?;
        let header = layout.page_header(bytes);
        let long = header.long.ok_or(NotWal::NoSizes)?;
        let aligned = layout.alignment(bytes).is_some();
        Ok(FirstPage { layout, system_id: long.system_id, address: header.address, timeline: header.timeline, aligned })
    }

    /// Nothing in the file speaks against this layout.
    pub fn fits(&self, layout: &Layout) -> bool {
        let align = if self.aligned { self.layout.align } else { layout.align };
        Layout { align, ..self.layout } == *layout
    }

    /// The name of the segment that the file holds.
    pub fn name(&self) -> SegmentName {
        let number = self.layout.address().segment(self.address, self.layout.segment);
        SegmentName::new(self.timeline, number, self.layout.address(), self.layout.segment)
    }
}

/// What most files say.
#[derive(Clone, Copy, Debug)]
pub struct Cluster {
    /// How to read them.
    pub layout: Layout,
    /// The cluster.
    pub system_id: u64,
}

impl Cluster {
    /// The file of this first page is its own.
    pub fn owns(&self, first: &FirstPage) -> bool {
        first.system_id == self.system_id && first.fits(&self.layout)
    }

    /// The same cluster, of the same version and sizes.
    pub fn is(&self, other: &Cluster) -> bool {
        let facts =
            |c: &Cluster| (c.system_id, c.layout.dialect.magic, c.layout.segment, c.layout.page, c.layout.endian);
        facts(self) == facts(other)
    }
}

/// What the files say that were asked.
#[derive(Clone, Debug, Default)]
pub struct Votes {
    /// Whose WAL they say it is, each with how many.
    pub all: Vec<(Cluster, usize)>,
    /// Names of files that have none, by index.
    pub names: Vec<(usize, FileName)>,
}

impl Votes {
    /// What most say.
    pub fn most(&self) -> Option<Cluster> {
        // The first of equals: the order of names decides.
        let best = self.all.iter().map(|(_, n)| *n).max();
        self.all.iter().find(|(_, n)| Some(*n) == best).map(|(c, _)| *c)
    }

    /// Whether any says so.
    pub fn has(&self, wanted: &Cluster) -> bool {
        self.all.iter().any(|(said, _)| said.is(wanted))
    }
}

/// Files that are asked.
const SAMPLE: usize = 61;

/// Of those that are asked, the first, each so many, and the last are enough where asking costs much, they agree, and
/// every file is read anyway.
const STRIDE: usize = 8;

/// Of all segments, those that are asked.
pub(crate) fn sample(segments: &[usize]) -> Vec<usize> {
    let step = segments.len().div_ceil(SAMPLE).max(1);
    // Where another cluster goes on, it does so at the end.
    let last = segments.last().filter(|_| segments.len() % step != 1 && step > 1);
    segments.iter().step_by(step).chain(last).copied().collect()
}

/// Asks a sample of the segments, and all files whose names say nothing: those get a name from their content. Returns
/// also what each nameless file holds. `known` tells what first pages say that need not be read again. `all_read`:
/// every file will be read whole, which says of each whose it is.
pub fn whose(
    source: &dyn Source,
    entries: &[Entry],
    known: &dyn Fn(usize) -> Option<Option<FirstPage>>,
    all_read: bool,
) -> Votes {
    // Of bzip2, a block of 900 kB is unpacked for the first byte.
    let slow = Cell::new(all_read);
    let read = |index: usize| {
        let (start, codec, _) = beginning(source, entries.get(index)?)?;
        slow.set(slow.get() && codec == Codec::Bzip2);
        FirstPage::of(&start).ok()
    };
    let free = |known: Option<FirstPage>| {
        slow.set(false);
        known
    };
    let first_page = |index: usize| known(index).map_or_else(|| read(index), free);
    let is_segment = |e: &Entry| matches!(e.name, Some(FileName::Segment(_) | FileName::Partial(_)));
    let segments: Vec<usize> = (0..entries.len()).filter(|&i| entries.get(i).is_some_and(is_segment)).collect();
    let asked = sample(&segments);
    let is_all = asked.len() == segments.len();
    let mut votes: Vec<(Cluster, usize)> = Vec::new();
    let mut undecided: Vec<FirstPage> = Vec::new();
    let vote = |votes: &mut Vec<(Cluster, usize)>, first: FirstPage| {
        let said = Cluster { layout: first.layout, system_id: first.system_id };
        match votes.iter_mut().find(|(c, _)| first.fits(&c.layout) && c.system_id == said.system_id) {
            Some((_, count)) => *count += 1,
            None => votes.push((said, 1)),
        }
    };
    let is_one_of_few = |at: usize| at.is_multiple_of(STRIDE) || at + 1 == asked.len();
    let few = asked.iter().enumerate().filter(|(at, _)| is_one_of_few(*at)).map(|(_, index)| *index);
    let mut pages: BTreeMap<usize, Option<FirstPage>> = few.map(|index| (index, first_page(index))).collect();
    if !(slow.get() && agree(&pages)) {
        for index in asked {
            pages.entry(index).or_insert_with(|| first_page(index));
        }
    }
    for page in pages.into_values() {
        match page {
            Some(first) if first.aligned => vote(&mut votes, first),
            Some(first) => undecided.push(first),
            None => {}
        }
    }
    // Those that fit whatever alignment the others have vote last.
    if votes.is_empty() && !undecided.is_empty() {
        let others = segments.iter().take(SAMPLE * SAMPLE).filter_map(|&index| first_page(index));
        if let Some(first) = others.into_iter().find(|first| first.aligned) {
            vote(&mut votes, first);
        }
    }
    undecided.into_iter().for_each(|first| vote(&mut votes, first));
    if votes.is_empty() && !is_all {
        // None of the sample could be read: ask the others until one can.
        if let Some(first) = segments.iter().take(SAMPLE * SAMPLE).find_map(|&index| first_page(index)) {
            vote(&mut votes, first);
        }
    }
    let mut names = Vec::new();
    for (index, _) in entries.iter().enumerate().filter(|(_, e)| e.name.is_none()) {
        if let Some(first) = first_page(index) {
            vote(&mut votes, first);
            names.push((index, FileName::Segment(first.name())));
        }
    }
    Votes { all: votes, names }
}

/// Whether they all say the same, and all of it.
fn agree(pages: &BTreeMap<usize, Option<FirstPage>>) -> bool {
    let mut said = pages.values();
    let Some(Some(first)) = said.next() else { return false };
    let own = Cluster { layout: first.layout, system_id: first.system_id };
    first.aligned && said.all(|page| page.is_some_and(|page| page.aligned && own.owns(&page)))
}

/// The first window of a file, decompressed, and what the file is packed in.
pub fn beginning(source: &dyn Source, entry: &Entry) -> Option<(Vec<u8>, Codec, ReadState)> {
    let mut start = Vec::new();
    let how = How { window: 64 << 10, extent: Extent::Head, ..How::default() };
    let read = source.read(entry, &how, &mut Scratch::default(), &mut |window| {
        start.extend_from_slice(window.get(..window.len().min(64 << 10)).unwrap_or(&[]));
        ControlFlow::Break(())
    });
    read.ok().map(|read| (start, read.codec, read.state))
}
