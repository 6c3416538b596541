//! Looks at one file: reads it, scans it, and says what it is.

use crate::consensus::{Consensus, First, beginning};
use crate::index::{Known, Read, View};
use crate::inventory::Segment;
use crate::kind::{name_content, other_kind};
use crate::options::Depth;
use crate::settle::is_fresh;
use crate::stretch::{Bad, Kind, Piece, Stretch, Why};
use crate::tally::Tally;
use pgwal_format::page::PageFault;
use pgwal_source::{Codec, Entry, How, ReadState, Scratch, Source};
use pgwal_walk::{Expect, Fault, Head, KEEP, Run, Stream, Tail, headers, scan};
use sha1::{Digest, Sha1};
use std::ops::ControlFlow;
use twox_hash::xxhash3_128::Hasher;

/// What looking needs to know.
#[derive(Clone, Copy)]
pub struct Looker<'a> {
    /// Where the files are.
    pub source: &'a dyn Source,
    /// All of them.
    pub entries: &'a [Entry],
    /// Whose they are.
    pub consensus: &'a Consensus,
    /// How to read them.
    pub how: How,
    /// A server may be writing there.
    pub live: bool,
    /// How thoroughly to look.
    pub depth: Depth,
    /// What is known of files already.
    pub known: Option<&'a dyn Known>,
    /// Gather where transactions end.
    pub facts: bool,
}

/// Buffers of a thread.
#[derive(Default)]
pub struct Buffers {
    scratch: Scratch,
    bytes: Vec<u8>,
}

impl Looker<'_> {
    /// Looks at a segment: all of its files, if it has several.
    pub fn look(&self, segment: &Segment, buffers: &mut Buffers) -> Stretch {
        let mut out = Stretch::default();
        let mut reads: Vec<(usize, Read)> = Vec::with_capacity(segment.copies);
        for entry in segment.entry..segment.entry + segment.copies {
            let read = self.known_or_read(segment, entry, buffers);
            out.bytes += read.bytes;
            out.renamed.extend(read.sha1.map(|sha1| (entry, sha1)));
            reads.push((entry, read));
        }
        // A file that was packed into another meanwhile is gone, one that is being made of another not whole yet.
        let passing = |entry: usize, why: &Option<Why>| match why {
            Some(Why::Vanished) => true,
            Some(why) => why.is_unfinished() && self.is_fresh(entry),
            None => false,
        };
        if reads.len() > 1 && reads.iter().any(|(_, read)| read.why.is_none()) {
            reads.retain(|(entry, read)| !passing(*entry, &read.why));
        }
        let mut best: Option<(usize, Read)> = None;
        for (entry, read) in reads {
            match &best {
                Some((first, kept)) => {
                    if kept.why.is_none() && read.why.is_none() && (kept.bytes, kept.sum) != (read.bytes, read.sum)
                        || kept.why != read.why
                    {
                        out.copies.push((*first, entry));
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
                (None, Some(run)) => Kind::Run(Box::new(run)),
                (why, run) => Kind::Bad(Box::new(self.bad(entry, why.unwrap_or(Why::Vanished), run))),
            };
            out.pieces.push(Piece { first: segment.number, last: segment.number, kind });
        }
        out
    }

    fn known_or_read(&self, segment: &Segment, entry: usize, buffers: &mut Buffers) -> Read {
        let known = self.known.filter(|_| self.depth == Depth::Records);
        let view = self.view(segment);
        if let Some(read) = known.and_then(|known| known.recall(entry, &view)) {
            return read;
        }
        let with_sum = segment.copies > 1 || known.is_some();
        let read = self.read(segment, entry, with_sum, buffers);
        if let Some(known) = known {
            known.learn(entry, &view, &read);
        }
        read
    }

    /// Reads one file as this segment; `with_sum`: and says what its hash is.
    pub fn read(&self, segment: &Segment, entry: usize, with_sum: bool, buffers: &mut Buffers) -> Read {
        match self.streamed(segment, entry, with_sum, &mut buffers.scratch) {
            Some(read) => read,
            None => self.file(segment, entry, with_sum, buffers),
        }
    }

    fn view(&self, segment: &Segment) -> View {
        View {
            layout: self.consensus.layout,
            system_id: self.consensus.system_id,
            timeline: segment.timeline,
            number: segment.number,
        }
    }

    /// What records are counted in.
    fn tally(&self, segment: &Segment) -> Tally {
        let layout = &self.consensus.layout;
        let start = || layout.address().segment_start(segment.number, layout.segment);
        if self.known.is_some() || self.facts { Tally::with_facts(segment.timeline, start()) } else { Tally::default() }
    }

    fn bad(&self, entry: usize, why: Why, run: Option<Run<Tally>>) -> Bad {
        let fresh = why.is_unfinished() && self.is_fresh(entry);
        Bad { entry, why, fresh, grew: false, run }
    }

    fn is_fresh(&self, entry: usize) -> bool {
        self.entries.get(entry).is_some_and(|entry| is_fresh(self.source, entry))
    }

    /// Trusts names; of the content, only the size is looked at.
    pub fn name_only(&self, segment: &Segment) -> Stretch {
        let layout = &self.consensus.layout;
        let Some(entry) = self.entries.get(segment.entry) else { return Stretch::default() };
        let size = layout.segment.bytes();
        let odd = entry.size.filter(|&n| n != size && entry.suffix().is_empty());
        // It may have grown since it was listed.
        let odd = odd.map(|n| self.source.stamp(entry).map_or(n, |stamp| stamp.size)).filter(|&n| n != size);
        let plain = |entry: &Entry| beginning(self.source, entry).is_some_and(|(_, codec, _)| codec == Codec::Plain);
        let why = odd.filter(|_| plain(entry)).map(|found| Why::Size { found, short: found < size });
        self.blank(segment, why)
    }

    fn blank(&self, segment: &Segment, why: Option<Why>) -> Stretch {
        let layout = &self.consensus.layout;
        let start = layout.address().segment_start(segment.number, layout.segment);
        let kind = match why {
            None => Kind::Run(Box::new(Run::blank(start, layout))),
            Some(why) => Kind::Bad(Box::new(self.bad(segment.entry, why, None))),
        };
        Stretch { pieces: vec![Piece { first: segment.number, last: segment.number, kind }], ..Stretch::default() }
    }

    /// Reads a file as it comes, if it is a good segment: then nothing else needs to be known of it.
    fn streamed(&self, segment: &Segment, index: usize, with_sum: bool, scratch: &mut Scratch) -> Option<Read> {
        let entry = self.entries.get(index).filter(|e| e.size.is_some() && self.depth == Depth::Records)?;
        let layout = &self.consensus.layout;
        let size = layout.segment.bytes();
        let mut stream = Stream::new(self.expect(segment), self.tally(segment)).ok()?;
        let mut good = true;
        let mut sum = Sum::new(with_sum);
        let mut named = Named::of(entry);
        let how = How { limit: size, ..self.how };
        let read = self.source.read(entry, &how, scratch, &mut |window| {
            sum.update(window);
            named.update(window);
            good = stream.push(window).is_ok();
            if good { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        let read = read
            .ok()
            .filter(|r| good && (r.state == ReadState::Whole || r.state == ReadState::Changed && self.live))?;
        if read.plain_bytes != size || read.codec == Codec::Plain && read.stored_bytes != Some(size) {
            return None;
        }
        let run = stream.finish().ok()?;
        let why = old_timeline(segment, &run, self.live);
        let sha1 = if read.state == ReadState::Whole { named.other() } else { None };
        let (sum, first) = sum.finish();
        Some(Read { run: Some(run), why, bytes: size, sum, first, sha1 })
    }

    fn expect(&self, segment: &Segment) -> Expect<'_> {
        let layout = &self.consensus.layout;
        let start = layout.address().segment_start(segment.number, layout.segment);
        Expect {
            layout,
            start,
            timeline: Some(segment.timeline),
            system_id: Some(self.consensus.system_id),
            keep: KEEP,
        }
    }

    fn file(&self, segment: &Segment, index: usize, with_sum: bool, buffers: &mut Buffers) -> Read {
        let gone = |why| Read { run: None, why: Some(why), bytes: 0, sum: 0, first: None, sha1: None };
        let Some(entry) = self.entries.get(index) else { return gone(Why::Vanished) };
        let size = self.consensus.layout.segment.bytes();
        let how = How { limit: size, ..self.how };
        let mut done: Option<(Option<Run<Tally>>, Option<Why>)> = None;
        let mut sum = Sum::new(with_sum);
        let mut pushed = 0u64;
        let mut named = Named::of(entry);
        let Buffers { scratch, bytes } = buffers;
        bytes.clear();
        let read = self.source.read(entry, &how, scratch, &mut |window| {
            pushed += window.len() as u64;
            named.update(window);
            sum.update(window);
            if bytes.is_empty() && window.len() as u64 >= size && done.is_none() {
                done = Some(self.judge(segment, window));
            } else if done.is_none() {
                bytes.extend_from_slice(window);
            }
            if pushed > size { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        let read = match read {
            Err(error) => return gone(Why::Refused(error.to_string())),
            // Under a map, a disk that cannot be read looks the same: reading it in windows tells them apart.
            Ok(read) if read.state == ReadState::Changed && self.how.map.is_some() => {
                let windows = Looker { how: How { map: None, ..self.how }, ..*self };
                return windows.file(segment, index, with_sum, buffers);
            }
            Ok(read) => read,
        };
        let (run, judged) = match done {
            Some(done) => done,
            None => self.judge(segment, bytes),
        };
        let why = match read.state {
            ReadState::Closed if matches!(read.codec, Codec::Encrypted(_)) => Some(Why::Encrypted(read.codec)),
            ReadState::Closed => Some(Why::Unknown(read.codec)),
            ReadState::Vanished => Some(Why::Vanished),
            ReadState::Changed if !self.live => Some(Why::Changed),
            ReadState::CutOff => Some(Why::Packed { codec: read.codec, bytes: pushed, cut: true }),
            ReadState::Undecodable(_) => Some(Why::Packed { codec: read.codec, bytes: pushed, cut: false }),
            _ if read.codec == Codec::Plain && read.stored_bytes.is_some_and(|n| n != size) => {
                let found = read.stored_bytes.unwrap_or(0);
                Some(Why::Size { found, short: found < size })
            }
            _ if pushed != size => Some(Why::Size { found: pushed, short: pushed < size }),
            _ => judged,
        };
        let sha1 = if read.state == ReadState::Whole { named.other() } else { None };
        let (sum, first) = sum.finish();
        Read { run, why, bytes: pushed, sum, first, sha1 }
    }

    /// Scans the bytes of a file and says whether they are those of this segment.
    fn judge(&self, segment: &Segment, bytes: &[u8]) -> (Option<Run<Tally>>, Option<Why>) {
        let layout = &self.consensus.layout;
        let start = layout.address().segment_start(segment.number, layout.segment);
        let expect = self.expect(segment);
        if self.depth == Depth::Pages {
            let run = headers::<Tally>(bytes, expect);
            let why = if run.first_timeline.is_none() { name_content(bytes, self.consensus, start) } else { None };
            return (Some(run), why);
        }
        if let Some(kind) = other_kind(bytes, self.consensus, start) {
            return (None, Some(kind));
        }
        let run = scan(bytes, expect, self.tally(segment));
        if let Some(found) = foreign_cluster(&run) {
            let unchecked = scan(bytes, Expect { system_id: None, ..expect }, self.tally(segment));
            return (Some(unchecked), Some(Why::Cluster { found }));
        }
        let holds_wal = run.first.is_some() || run.is_through() || matches!(run.head, Head::Rest(_));
        if !holds_wal {
            let why = name_content(bytes, self.consensus, start);
            return (Some(run), why);
        }
        let why = old_timeline(segment, &run, self.live);
        (Some(run), why)
    }
}

/// The hash of the bytes that came, and what the first of them say.
struct Sum(Option<(Hasher, Option<First>, bool)>);

impl Sum {
    fn new(wanted: bool) -> Sum {
        Sum(wanted.then(|| (Hasher::new(), None, false)))
    }

    fn update(&mut self, bytes: &[u8]) {
        if let Some((sum, first, begun)) = &mut self.0 {
            sum.write(bytes);
            if !std::mem::replace(begun, true) {
                *first = First::of(bytes.get(..First::BYTES).unwrap_or(bytes)).ok();
            }
        }
    }

    fn finish(self) -> (u128, Option<First>) {
        self.0.map_or((0, None), |(sum, first, _)| (sum.finish_128(), first))
    }
}

/// The checksum in a file's name, and that of the bytes that came; nothing is summed where the name has none.
struct Named(Option<([u8; 20], Sha1)>);

impl Named {
    fn of(entry: &Entry) -> Named {
        Named(entry.archived_sha1().map(|sha1| (sha1, Sha1::new())))
    }

    fn update(&mut self, bytes: &[u8]) {
        if let Some((_, sum)) = &mut self.0 {
            sum.update(bytes);
        }
    }

    /// The checksum found, where it is another.
    fn other(self) -> Option<[u8; 20]> {
        let (expected, sum) = self.0?;
        let found: [u8; 20] = sum.finalize().into();
        (found != expected).then_some(found)
    }
}

/// Only the first segment of a timeline may hold pages of its parent, and it holds the record that opens it.
fn old_timeline(segment: &Segment, run: &Run<Tally>, live: bool) -> Option<Why> {
    let found = run.last_timeline.filter(|&t| t < segment.timeline)?;
    let opens = run.acc.openings.iter().any(|(t, _)| *t > found);
    // A server that has just been promoted may not have written more than the copy yet.
    let not_yet = live && matches!(run.tail, Tail::Stopped(_));
    (!opens && !not_yet).then_some(Why::OldTimeline(found))
}

fn foreign_cluster(run: &Run<Tally>) -> Option<u64> {
    let first = run.damages.first().map(|d| (d.at, d.fault));
    let stopped = if let Tail::Stopped(stop) = &run.tail { Some((stop.at, stop.fault)) } else { None };
    match first.or(stopped) {
        Some((at, Fault::Page(PageFault::SystemId { found, .. }))) if at == run.from => Some(found),
        _ => None,
    }
}
