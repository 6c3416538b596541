//! A file that is no good segment, or of a version that only whole segments can be read of: read whole, scanned, and
//! named for what it is.

use super::sum::{ContentSum, NamedSum};
use super::{Buffers, Reader, old_timeline};
use crate::kind::{name_content, other_kind};
use crate::look::Depth;
use crate::names::Segment;
use crate::stretch::{PackedOtherwise, Unusable};
use crate::tally::Tally;
use crate::whose::FirstPage;
use pgwal_format::page::PageFault;
use pgwal_format::{Lsn, TimelineId};
use pgwal_source::codec::HEAD;
use pgwal_source::{Codec, Entry, How, LeftBehind, ReadFault, ReadOutcome, ReadState, Scratch};
use pgwal_walk::{Fault, Fold, Head, RecordBoundary, Run, ScanExpect, Tail, headers, scan, scan_on};
use std::ops::ControlFlow;
use std::sync::PoisonError;

/// A file that was read as a segment.
#[derive(Clone, Debug)]
pub struct Scanned<F: Fold> {
    /// Its records, as far as they can be had.
    pub run: Option<Run<F>>,
    /// Why no server can use it.
    pub why: Option<Unusable>,
    /// Plain bytes.
    pub bytes: u64,
    /// Their hash, where it was asked for.
    pub sum: u128,
    /// What the first of them say, where it was asked for.
    pub first: Option<FirstPage>,
    /// SHA-1 of the content, where the name says another.
    pub sha1: Option<[u8; 20]>,
    /// What is passed over behind the end of what it is packed in.
    pub behind: Option<LeftBehind>,
}

/// Scans the bytes of a file: its run, and why no server can use it.
type ScanBytes<'s, F> = dyn FnMut(&[u8]) -> (Option<Run<F>>, Option<Unusable>) + 's;

/// Of a packed file with more in it than a segment, so many segments' bytes are unpacked at most.
const MORE: u64 = 4;

/// Up to this size, each thread may hold a segment whole.
const SMALL: u64 = 4 << 20;

impl Reader<'_> {
    /// Reads a file whole and scans it.
    pub(super) fn careful<F: Fold>(
        &self,
        index: usize,
        with_sum: bool,
        scan: &mut ScanBytes<'_, F>,
        buffers: &mut Buffers,
    ) -> Scanned<F> {
        let gone = |why| Scanned { run: None, why: Some(why), bytes: 0, sum: 0, first: None, sha1: None, behind: None };
        let Some(entry) = self.entries.get(index) else { return gone(Unusable::Vanished) };
        let size = self.cluster.layout.segment.bytes();
        let how = How { limit: size, ..self.how };
        let mut done: Option<(Option<Run<F>>, Option<Unusable>)> = None;
        let mut sum = ContentSum::new(with_sum);
        let (mut pushed, mut inner) = (0u64, Codec::Plain);
        let mut named = NamedSum::of(entry);
        let Buffers { scratch, bytes: own } = buffers;
        let mut shared = None;
        own.clear();
        let read = self.source.read(entry, &how, scratch, &mut |window| {
            if pushed == 0 {
                inner = Codec::detect(window.get(..HEAD).unwrap_or(window), "");
            }
            pushed += window.len() as u64;
            named.update(window);
            sum.update(window);
            if done.is_none() && pushed == window.len() as u64 && pushed >= size {
                // Mapped: it lies in memory already.
                done = Some(scan(window));
            } else if done.is_none() {
                let large = size > SMALL;
                let room = if large {
                    let fresh = || {
                        let mut room = self.permit.lock().unwrap_or_else(PoisonError::into_inner);
                        room.clear();
                        room
                    };
                    &mut **shared.get_or_insert_with(fresh)
                } else {
                    &mut *own
                };
                room.extend_from_slice(window);
            }
            if pushed > size { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        let read = match read {
            Err(error) => return gone(Unusable::Refused(error.to_string())),
            // Under a map, a disk that cannot be read looks the same: reading it in windows tells them apart.
            Ok(read) if read.state == ReadState::Changed && self.how.map.is_some() => {
                drop(shared);
                let windows = Reader { how: How { map: None, ..self.how }, ..*self };
                return windows.careful(index, with_sum, scan, buffers);
            }
            Ok(read) if pushed > size => self.read_to_end(entry, read, scratch),
            Ok(read) => read,
        };
        let is_filled = entry.opening().fills() && pushed < size && read.state == ReadState::Whole;
        let room = shared.as_deref_mut().unwrap_or(own);
        if is_filled {
            // A record that is cut ends WAL for a server, as zeros in its place do.
            let layout = &self.cluster.layout;
            let whole = scan(room).0.filter(|run| run.damages.is_empty());
            let end = whole.map_or(0, |run| layout.address().offset(run.end, layout.segment) as usize);
            if (1..room.len()).contains(&end) {
                room.truncate(end);
            }
            room.resize(size as usize, 0);
        }
        let (run, judged) = done.unwrap_or_else(|| scan(room));
        let as_named = entry.opening().named();
        let why = twice(&read, inner, pushed)
            .or_else(|| otherwise(&read, as_named, inner, (pushed, size)))
            .or_else(|| if is_filled { None } else { self.whole_file(&read, pushed) })
            .or(judged);
        let sha1 = if read.state == ReadState::Whole { named.other() } else { None };
        let (sum, first) = sum.finish();
        Scanned { run, why, bytes: pushed, sum, first, sha1, behind: read.behind }
    }

    /// More came out of a packed file than a segment has. Whether it unpacks to its end decides what a restore_command
    /// leaves: a file of wrong size, or none.
    fn read_to_end(&self, entry: &Entry, read: ReadOutcome, scratch: &mut Scratch) -> ReadOutcome {
        if read.codec == Codec::Plain {
            return read;
        }
        let how = How { limit: self.cluster.layout.segment.bytes().saturating_mul(MORE), map: None, ..self.how };
        match self.source.read(entry, &how, scratch, &mut |_| ControlFlow::Continue(())) {
            Ok(again) if matches!(again.state, ReadState::CutOff | ReadState::Undecodable(_)) => again,
            _ => read,
        }
    }

    /// Why a file is not as large as a segment, or not whole.
    fn whole_file(&self, read: &ReadOutcome, pushed: u64) -> Option<Unusable> {
        let size = self.cluster.layout.segment.bytes();
        let packed = |cut| Some(Unusable::Packed { codec: read.codec, bytes: pushed, cut });
        match read.state {
            ReadState::Closed if matches!(read.codec, Codec::Encrypted(_)) => Some(Unusable::Encrypted(read.codec)),
            ReadState::WrongKey => Some(Unusable::WrongKey(read.codec)),
            ReadState::Closed => Some(Unusable::Unknown(read.codec)),
            ReadState::Vanished => Some(Unusable::Vanished),
            ReadState::Changed if !self.live => Some(Unusable::Changed),
            ReadState::CutOff => packed(true),
            // It may be whole: it asks for more than is granted here.
            ReadState::Undecodable(ReadFault::Unsupported) => Some(Unusable::Unknown(read.codec)),
            ReadState::Undecodable(_) => packed(false),
            _ if read.codec == Codec::Plain && read.stored_bytes.is_some_and(|n| n != size) => {
                let found = read.stored_bytes.unwrap_or(0);
                Some(Unusable::Size { found, short: found < size, packed: false })
            }
            _ if pushed != size => {
                let packed = read.codec != Codec::Plain && read.state == ReadState::Whole;
                Some(Unusable::Size { found: pushed, short: pushed < size, packed })
            }
            _ => None,
        }
    }

    /// Scans the bytes of a file as deeply as was asked, and says whether they are those of this segment.
    pub(super) fn examine(&self, segment: &Segment, bytes: &[u8]) -> (Option<Run<Tally>>, Option<Unusable>) {
        let expect = self.expect(segment, pgwal_walk::KEEP);
        if self.depth == Depth::Pages {
            let run = headers::<Tally>(bytes, expect);
            let named = || name_content(bytes, self.cluster, expect.start);
            let why = if run.first_timeline.is_none() { named() } else { None };
            return (Some(run), why);
        }
        let (run, why) = self.judged(expect, bytes, &mut || self.tally(segment));
        let own = run.as_ref().filter(|run| holds_wal(run));
        let why = why.or_else(|| old_timeline(segment, own?, (&self.cluster.layout, self.live)));
        (run, why)
    }

    /// Scans the bytes of a file, and says whether they are those of this segment.
    pub(super) fn judged<F: Fold>(
        &self,
        expect: ScanExpect<'_>,
        bytes: &[u8],
        make: &mut dyn FnMut() -> F,
    ) -> (Option<Run<F>>, Option<Unusable>) {
        if let Some(kind) = other_kind(bytes, self.cluster, expect.start) {
            return (None, Some(kind));
        }
        let run = scan(bytes, expect, make());
        if let Some(found) = foreign_cluster(&run) {
            let unchecked = scan(bytes, ScanExpect { system_id: None, ..expect }, make());
            return (Some(unchecked), Some(Unusable::Cluster { found }));
        }
        let why = if holds_wal(&run) { None } else { name_content(bytes, self.cluster, expect.start) };
        (Some(run), why)
    }
}

/// A packed file in which another packed or encrypted one lies.
fn twice(read: &ReadOutcome, inner: Codec, bytes: u64) -> Option<Unusable> {
    let is_packed = read.codec != Codec::Plain && read.codec.is_open() && inner != Codec::Plain;
    let is_whole = matches!(read.state, ReadState::Whole | ReadState::Stopped | ReadState::LimitReached);
    (is_packed && is_whole).then_some(Unusable::Twice { outer: read.codec, inner, bytes })
}

/// A file that is packed otherwise than whoever gives it out unpacks it. `named`: what its name says, where it counts;
/// `inner`: what the first bytes are that are given out.
fn otherwise(read: &ReadOutcome, named: Option<Codec>, inner: Codec, (given, size): (u64, u64)) -> Option<Unusable> {
    let named = named?;
    if read.state == ReadState::Undecodable(ReadFault::Otherwise) {
        let how = PackedOtherwise::Named { named, found: read.codec };
        return Some(Unusable::Otherwise { how, given: None });
    }
    let is_whole = matches!(read.state, ReadState::Whole | ReadState::Stopped | ReadState::LimitReached);
    if !is_whole {
        return None;
    }
    let as_it_is = matches!(read.codec, Codec::Plain | Codec::Encrypted(_));
    if as_it_is && inner.is_open() && inner != Codec::Plain {
        let stored = read.stored_bytes.filter(|_| read.codec == Codec::Plain);
        let how = PackedOtherwise::Named { named, found: inner };
        return Some(Unusable::Otherwise { how, given: Some(stored.unwrap_or(given)) });
    }
    let first_alone = read.behind == Some(LeftBehind::Members) && given != size;
    first_alone.then_some(Unusable::Otherwise { how: PackedOtherwise::Members(read.codec), given: Some(given) })
}

/// Something of it is WAL of this segment.
fn holds_wal<F: Fold>(run: &Run<F>) -> bool {
    run.first.is_some() || run.is_through() || matches!(run.head, Head::Rest(_))
}

/// Scans from a record on; nothing, where the pages that a server reads on its way there are wrong: the first of the
/// segment, and that of the record.
pub(super) fn from_record<F: Fold>(expect: ScanExpect<'_>, bytes: &[u8], from: Lsn, fold: F) -> Run<F> {
    let layout = expect.layout;
    let offset = layout.address().offset(from, layout.segment) as usize;
    let page = offset - offset % layout.page.bytes() as usize;
    let good = |at: usize| {
        let header = bytes.get(at..).map(|page| layout.page_header(page));
        header.is_some_and(|h| {
            layout.check_page(&h, expect.start.plus_within(at as u64), at == 0, expect.system_id).is_ok()
        })
    };
    if !good(0) || !good(page) {
        let mut run = scan(&[], expect, fold);
        run.end = from;
        return run;
    }
    let timeline = bytes.get(page..).map_or(TimelineId(0), |page| layout.page_header(page).timeline);
    scan_on(bytes, expect, fold, RecordBoundary { offset, last: None, timeline })
}

fn foreign_cluster<F: Fold>(run: &Run<F>) -> Option<u64> {
    let first = run.damages.first().map(|d| (d.at, d.fault));
    let stopped = if let Tail::Stopped(stop) = &run.tail { Some((stop.at, stop.fault)) } else { None };
    match first.or(stopped) {
        Some((at, Fault::Page(PageFault::SystemId { found, .. }))) if at == run.from => Some(found),
        _ => None,
    }
}
