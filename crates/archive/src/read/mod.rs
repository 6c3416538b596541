//! The one reader: a file, looked at as a segment.
//!
//! ```text
//! file ──► as it comes (a Stream, nearly always enough) ──┐
//!   └────► else: whole in memory, by scan ────────────────┴──► Look: its run, or why no server can use it
//! ```
//! A file is read once where it is a good segment; what is anything else is read again, whole, and named for what it
//! is. What is gathered from the records is the caller's ([`Fold`]); the rules for when a file is whole, of another
//! cluster or not yet written to its end are here and nowhere else.

mod careful;
mod over;
mod part;
mod remember;
mod sum;

use crate::alone::older_only;
use crate::fresh::is_fresh;
use crate::look::Depth;
use crate::names::Segment;
use crate::stretch::{Bad, DifferingCopies, Piece, PieceKind, Stretch, TwinFault, Unusable};
use crate::tally::Tally;
use crate::whose::{Cluster, FirstPage, beginning};
use pgwal_format::Layout;
use pgwal_source::{Codec, Entry, How, LeftBehind, ReadState, Scratch, Source};
use pgwal_walk::{Fold, Head, KEEP, Run, ScanExpect, Stream, Tail, scan};
use std::ops::ControlFlow;
use std::sync::Mutex;
use sum::{ContentSum, NamedSum};

pub use careful::Scanned;
pub use part::{GatheredBeside, ScannedPart};
pub use remember::{Remember, View};
pub use sum::sha1_of;

/// A file that was read as a segment, and counted.
pub type CountedFile = Scanned<Tally>;

/// What reading needs to know.
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    /// Where the files are.
    pub source: &'a dyn Source,
    /// All of them.
    pub entries: &'a [Entry],
    /// Whose they are.
    pub cluster: &'a Cluster,
    /// How to read them.
    pub how: How,
    /// A server may be writing there.
    pub live: bool,
    /// How thoroughly to look.
    pub depth: Depth,
    /// What is known of files already.
    pub known: Option<&'a dyn Remember>,
    /// Gather where transactions end.
    pub facts: bool,
    /// Timelines of the history that is followed, where that decides; else none.
    pub history: &'a [pgwal_format::TimelineId],
    /// Of a file that is cut, pages that are not whole are not read, as by a server that reads its own.
    pub by_pages: bool,
    /// The room of whoever needs a large segment whole: one at a time.
    pub permit: &'a Mutex<Vec<u8>>,
}

/// Buffers of a thread.
#[derive(Default)]
pub struct Buffers {
    scratch: Scratch,
    bytes: Vec<u8>,
}

/// Takes the bytes of a segment as they come, window by window.
pub trait TakeBytes {
    /// The next bytes: `false` as soon as anything is not right.
    fn push(&mut self, bytes: &[u8]) -> bool;

    /// What they came to, where they were all of the segment and nothing was wrong.
    fn finish(&mut self) -> Option<Run<Tally>>;
}

/// What is known of a good file beside its records.
struct Whole {
    bytes: u64,
    sum: u128,
    first: Option<FirstPage>,
    sha1: Option<[u8; 20]>,
    behind: Option<LeftBehind>,
}

impl Reader<'_> {
    /// Looks at a segment: all of its files, if it has several.
    pub fn look(&self, segment: &Segment, buffers: &mut Buffers) -> Stretch {
        self.look_by(segment, None, buffers)
    }

    /// The same, but a good file's bytes are handed on as they come: where a segment has one file, nothing is known of
    /// it yet, and every record is looked at.
    pub fn look_by(&self, segment: &Segment, take: Option<&mut dyn TakeBytes>, buffers: &mut Buffers) -> Stretch {
        let mut take = take.filter(|_| segment.copies == 1);
        let mut out = Stretch::default();
        let mut reads: Vec<(usize, CountedFile)> = Vec::with_capacity(segment.copies);
        for entry in segment.entry..segment.entry + segment.copies {
            let read = self.known_or_read(segment, entry, take.take(), buffers);
            out.bytes += read.bytes;
            // What is given out of it is not what it holds: that says it all.
            let is_itself = !matches!(read.why, Some(Unusable::Otherwise { .. }));
            out.renamed.extend(read.sha1.filter(|_| is_itself).map(|sha1| (entry, sha1)));
            out.behind.extend(read.behind.filter(|_| is_itself).map(|behind| (entry, behind)));
            reads.push((entry, read));
        }
        // A file that was packed into another meanwhile is gone, one that is being made of another not whole yet.
        let passing = |entry: usize, why: &Option<Unusable>| match why {
            Some(Unusable::Vanished) => true,
            Some(why) => why.is_unfinished() && self.is_fresh(entry),
            None => false,
        };
        if reads.len() > 1 && reads.iter().any(|(_, read)| read.why.is_none()) {
            reads.retain(|(entry, read)| !passing(*entry, &read.why));
        }
        let withheld = reads.len() > 1 && segment.is_withheld(self.entries);
        let mut best: Option<(usize, CountedFile)> = None;
        for (entry, read) in reads {
            match &best {
                Some((first, kept)) => {
                    if kept.why.is_none() && read.why.is_none() && (kept.bytes, kept.sum) != (read.bytes, read.sum)
                        || kept.why != read.why
                        || withheld
                    {
                        let faults = [fault(kept), fault(&read)];
                        out.copies.push(DifferingCopies { first: *first, second: entry, faults, withheld });
                    }
                    if kept.why.is_some() && read.why.is_none() {
                        best = Some((entry, read));
                    }
                }
                None => best = Some((entry, read)),
            }
        }
        if let Some((entry, read)) = best {
            let kind = match (read.why, read.run) {
                _ if withheld => PieceKind::Bad(Box::new(self.bad(entry, Unusable::Withheld, None))),
                (None, Some(run)) => PieceKind::Run(Box::new(run)),
                (why, run) => PieceKind::Bad(Box::new(self.bad(entry, why.unwrap_or(Unusable::Vanished), run))),
            };
            out.pieces.push(Piece { first: segment.number, last: segment.number, kind });
        }
        out
    }

    fn known_or_read(
        &self,
        segment: &Segment,
        entry: usize,
        take: Option<&mut dyn TakeBytes>,
        buffers: &mut Buffers,
    ) -> CountedFile {
        let known = self.known.filter(|_| self.depth == Depth::Records);
        let view = self.view(segment);
        if let Some(seen) = known.and_then(|known| known.recall(entry, &view)) {
            return seen;
        }
        let with_sum = segment.copies > 1 || known.is_some();
        let seen = self.read_by(segment, entry, with_sum, take, buffers);
        if let Some(known) = known {
            known.learn(entry, &view, &seen);
        }
        seen
    }

    /// Reads one file as this segment; `with_sum`: and says what its hash is.
    pub fn read(&self, segment: &Segment, entry: usize, with_sum: bool, buffers: &mut Buffers) -> CountedFile {
        self.read_by(segment, entry, with_sum, None, buffers)
    }

    fn read_by(
        &self,
        segment: &Segment,
        entry: usize,
        with_sum: bool,
        take: Option<&mut dyn TakeBytes>,
        buffers: &mut Buffers,
    ) -> CountedFile {
        let good = match take {
            Some(take) => {
                let whole = self.stream(entry, with_sum, &mut |bytes| take.push(bytes), buffers);
                whole.and_then(|whole| Some((take.finish()?, whole)))
            }
            None => Stream::new(self.expect(segment, KEEP), self.tally(segment)).ok().and_then(|mut stream| {
                let mut push = |bytes: &[u8]| stream.push(bytes).is_ok();
                let whole = self.stream(entry, with_sum, &mut push, buffers)?;
                Some((stream.finish().ok()?, whole))
            }),
        };
        if let Some((run, Whole { bytes, sum, first, sha1, behind })) = good {
            let why = old_timeline(segment, &run, (&self.cluster.layout, self.live));
            return CountedFile { run: Some(run), why, bytes, sum, first, sha1, behind };
        }
        self.careful(entry, with_sum, &mut |bytes| self.examine(segment, bytes), buffers)
    }

    /// What the records of a file come to as this segment, in a fold of one's own; `keep`: bytes of a record that
    /// crosses pages. Whether the file's timeline is older than its name says is not asked.
    pub fn gather<F: Fold>(
        &self,
        segment: &Segment,
        entry: usize,
        keep: usize,
        make: &mut dyn FnMut() -> F,
        buffers: &mut Buffers,
    ) -> Scanned<F> {
        if let Ok(mut stream) = Stream::new(self.expect(segment, keep), make()) {
            let mut push = |bytes: &[u8]| stream.push(bytes).is_ok();
            if let Some(Whole { bytes, sum, first, sha1, behind }) = self.stream(entry, false, &mut push, buffers)
                && let Ok(run) = stream.finish()
            {
                return Scanned { run: Some(run), why: None, bytes, sum, first, sha1, behind };
            }
        }
        let expect = self.expect(segment, keep);
        self.careful(entry, false, &mut |bytes| self.judged(expect, self.whole_pages(bytes), make), buffers)
    }

    /// Scans a file whole, for somebody who knows already whose it is: a first page that names another cluster is one
    /// with a damaged identifier.
    pub fn scan_as<F: Fold>(
        &self,
        segment: &Segment,
        entry: usize,
        keep: usize,
        make: &mut dyn FnMut() -> F,
        buffers: &mut Buffers,
    ) -> Scanned<F> {
        let expect = ScanExpect { system_id: None, ..self.expect(segment, keep) };
        let mut scan = |bytes: &[u8]| {
            let mut run = pgwal_walk::scan(bytes, expect, make());
            let named = expect.layout.page_header(bytes).long;
            if named.is_some_and(|long| long.system_id != self.cluster.system_id) {
                run.head = Head::Damaged;
            }
            (Some(run), None)
        };
        self.careful(entry, false, &mut scan, buffers)
    }

    /// Reads a file from a record on, which starts at `from`.
    pub fn scan_from<F: Fold>(
        &self,
        segment: &Segment,
        entry: usize,
        from: (pgwal_format::Lsn, usize),
        make: &mut dyn FnMut() -> F,
        buffers: &mut Buffers,
    ) -> Scanned<F> {
        let expect = self.expect(segment, from.1);
        let mut scan =
            |bytes: &[u8]| (Some(careful::from_record(expect, self.whole_pages(bytes), from.0, make())), None);
        self.careful(entry, false, &mut scan, buffers)
    }

    /// What is read of a file.
    fn whole_pages<'b>(&self, bytes: &'b [u8]) -> &'b [u8] {
        let page = self.cluster.layout.page.bytes() as usize;
        let whole = if self.by_pages { bytes.len() - bytes.len() % page } else { bytes.len() };
        bytes.get(..whole).unwrap_or(bytes)
    }

    /// How a segment is to be read.
    pub fn expect(&self, segment: &Segment, keep: usize) -> ScanExpect<'_> {
        let layout = &self.cluster.layout;
        let start = layout.address().segment_start(segment.number, layout.segment);
        let (timeline, system_id) = (Some(segment.timeline), Some(self.cluster.system_id));
        ScanExpect { layout, start, timeline, system_id, keep, history: self.history }
    }

    /// A file in which a server finds no page that it takes for one of this segment: no record, and no end.
    pub fn nothing<F: Fold>(&self, segment: &Segment, keep: usize, fold: F) -> Run<F> {
        scan(&[], self.expect(segment, keep), fold)
    }

    /// What records are counted in.
    pub fn tally(&self, segment: &Segment) -> Tally {
        let layout = &self.cluster.layout;
        let start = || layout.address().segment_start(segment.number, layout.segment);
        if self.known.is_some() || self.facts { Tally::with_facts(segment.timeline, start()) } else { Tally::default() }
    }

    fn view(&self, segment: &Segment) -> View {
        View {
            layout: self.cluster.layout,
            system_id: self.cluster.system_id,
            timeline: segment.timeline,
            number: segment.number,
        }
    }

    fn bad(&self, entry: usize, why: Unusable, run: Option<Run<Tally>>) -> Bad {
        let fresh = why.is_unfinished() && self.is_fresh(entry);
        Bad { entry, why, fresh, grew: false, run }
    }

    fn is_fresh(&self, entry: usize) -> bool {
        self.entries.get(entry).is_some_and(|entry| is_fresh(self.source, entry))
    }

    /// Trusts names; of the content, only the size is looked at.
    pub fn name_only(&self, segment: &Segment) -> Stretch {
        let layout = &self.cluster.layout;
        let Some(entry) = self.entries.get(segment.entry) else { return Stretch::default() };
        let size = layout.segment.bytes();
        let odd = entry.size.filter(|&n| n != size && entry.suffix().is_empty() && !entry.opening().fills());
        // It may have grown since it was listed.
        let odd = odd.map(|n| self.source.stamp(entry).map_or(n, |stamp| stamp.size)).filter(|&n| n != size);
        let plain = |entry: &Entry| beginning(self.source, entry).is_some_and(|(_, codec, _)| codec == Codec::Plain);
        let why =
            odd.filter(|_| plain(entry)).map(|found| Unusable::Size { found, short: found < size, packed: false });
        let withheld = segment.is_withheld(self.entries).then_some(Unusable::Withheld);
        self.blank(segment, withheld.or(why))
    }

    fn blank(&self, segment: &Segment, why: Option<Unusable>) -> Stretch {
        let layout = &self.cluster.layout;
        let start = layout.address().segment_start(segment.number, layout.segment);
        let kind = match why {
            None => PieceKind::Run(Box::new(Run::blank(start, layout))),
            Some(why) => PieceKind::Bad(Box::new(self.bad(segment.entry, why, None))),
        };
        Stretch { pieces: vec![Piece { first: segment.number, last: segment.number, kind }], ..Stretch::default() }
    }

    /// Reads a file as it comes, if it is a good segment: then nothing else needs to be known of it.
    fn stream(
        &self,
        index: usize,
        with_sum: bool,
        push: &mut dyn FnMut(&[u8]) -> bool,
        buffers: &mut Buffers,
    ) -> Option<Whole> {
        let entry = self.entries.get(index).filter(|e| e.size.is_some() && self.depth == Depth::Records)?;
        let layout = &self.cluster.layout;
        if !Stream::<pgwal_walk::Ignore>::reads(layout) {
            return None;
        }
        let size = layout.segment.bytes();
        let mut good = true;
        let mut sum = ContentSum::new(with_sum);
        let mut named = NamedSum::of(entry);
        let how = How { limit: size, ..self.how };
        let read = self.source.read(entry, &how, &mut buffers.scratch, &mut |window| {
            sum.update(window);
            named.update(window);
            good = push(window);
            if good { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        let read = read
            .ok()
            .filter(|r| good && (r.state == ReadState::Whole || r.state == ReadState::Changed && self.live))?;
        if read.plain_bytes != size || read.codec == Codec::Plain && read.stored_bytes != Some(size) {
            return None;
        }
        let sha1 = if read.state == ReadState::Whole { named.other() } else { None };
        let (sum, first) = sum.finish();
        Some(Whole { bytes: size, sum, first, sha1, behind: read.behind })
    }
}

/// What is wrong with one of several files by itself.
fn fault(read: &CountedFile) -> Option<TwinFault> {
    let run = match (&read.why, &read.run) {
        (None, Some(run)) => run,
        _ => return Some(TwinFault::Unusable),
    };
    let of_records = match &run.tail {
        _ if !run.damages.is_empty() => run.damages.first().map(|damage| damage.at),
        Tail::Stopped(stop) if !stop.rest.clean => Some(stop.at),
        _ => None,
    };
    of_records.map(TwinFault::Records).or(read.sha1.map(|_| TwinFault::Checksum))
}

/// A segment that holds WAL of older timelines only.
fn old_timeline(segment: &Segment, run: &Run<Tally>, (layout, live): (&Layout, bool)) -> Option<Unusable> {
    let found = older_only(segment.timeline, run, layout)?;
    // A server that has just been promoted may not have written more than the copy yet.
    let not_yet = live && matches!(run.tail, Tail::Stopped(_));
    (!not_yet).then_some(Unusable::OldTimeline(found))
}
