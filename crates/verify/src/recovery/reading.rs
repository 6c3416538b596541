//! Reads a segment as recovery does: a file that is not whole is not used, the records of one that is come up to the
//! first
//! that cannot be read.

use super::events::{Ask, Events};
use super::shelf::{Found, Shelf};
use pgwal_format::{Lsn, TimelineId};
use pgwal_source::guard::Guard;
use pgwal_source::{Codec, How, ReadState, Scratch};
use pgwal_walk::{Expect, Place, Run, Stream, scan, scan_on};
use std::ops::ControlFlow;

/// Bytes that are kept of a record that crosses pages: the end of a transaction with that many subtransactions is read.
const KEEP: usize = 64 << 20;

/// A file, read.
pub enum Got<'a> {
    /// Records.
    Records(Box<Run<Events<'a>>>),
    /// Not as large as a segment is: bytes.
    Size(u64),
    /// It cannot be unpacked whole, read or opened, or it is gone: `restore_command` fails.
    Nothing(Why),
}

/// Why there is nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Why {
    /// Packed, and not whole.
    Packed,
    /// Encrypted, packed in a way that is not read, or refused: what it holds is not known.
    Closed,
    /// Gone.
    Unreadable,
}

/// Buffers of a thread.
#[derive(Default)]
pub struct Tools {
    scratch: Scratch,
    bytes: Vec<u8>,
}

/// Reads files of a shelf.
pub struct Reader<'a> {
    /// The files.
    pub shelf: &'a Shelf<'a>,
    /// What is looked for.
    pub ask: &'a Ask,
    /// The cluster.
    pub system_id: u64,
    /// Memory-map plain files.
    pub map: Option<Guard>,
}

impl<'a> Reader<'a> {
    /// Reads a file, from `from` on where that lies inside.
    pub fn read(&self, found: &Found, from: Option<Lsn>, tools: &mut Tools) -> Got<'a> {
        let Some((place, entry)) = self.shelf.places.get(found.place).zip(self.shelf.entry(found)) else {
            return Got::Nothing(Why::Unreadable);
        };
        let size = self.shelf.layout.segment.bytes();
        if let (None, Some(run)) = (from, self.streamed(found, tools)) {
            return Got::Records(Box::new(run));
        }
        let how = How { limit: size, map: self.map, ..How::default() };
        let mut pushed = 0u64;
        let Tools { scratch, bytes } = tools;
        bytes.clear();
        let read = place.source.read(entry, &how, scratch, &mut |window| {
            pushed += window.len() as u64;
            let room = (size as usize).saturating_sub(bytes.len()).min(window.len());
            bytes.extend_from_slice(window.get(..room).unwrap_or(window));
            if pushed > size { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        // A server may be allowed what we are not.
        let Ok(read) = read else { return Got::Nothing(Why::Closed) };
        let whole = match read.state {
            ReadState::Closed => return Got::Nothing(Why::Closed),
            ReadState::Vanished => return Got::Nothing(Why::Unreadable),
            ReadState::CutOff | ReadState::Undecodable(_) => return Got::Nothing(Why::Packed),
            _ if read.codec == Codec::Plain => read.stored_bytes.unwrap_or(pushed),
            _ => pushed,
        };
        if whole != size && place.archive {
            return Got::Size(whole);
        }
        Got::Records(Box::new(self.scan(found, from, bytes)))
    }

    /// Reads a good segment as it comes; `None` where it is not one.
    fn streamed(&self, found: &Found, tools: &mut Tools) -> Option<Run<Events<'a>>> {
        let (place, entry) = self.shelf.places.get(found.place).zip(self.shelf.entry(found))?;
        let size = self.shelf.layout.segment.bytes();
        let mut stream = Stream::new(self.expect(found), Events::new(self.ask)).ok()?;
        let mut good = true;
        let how = How { limit: size, map: self.map, ..How::default() };
        let read = place.source.read(entry, &how, &mut tools.scratch, &mut |window| {
            good = stream.push(window).is_ok();
            if good { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        let read = read.ok().filter(|r| good && r.state == ReadState::Whole && r.plain_bytes == size)?;
        let whole = read.codec != Codec::Plain || read.stored_bytes == Some(size);
        if whole { stream.finish().ok() } else { None }
    }

    fn scan(&self, found: &Found, from: Option<Lsn>, bytes: &[u8]) -> Run<Events<'a>> {
        let (expect, events) = (self.expect(found), Events::new(self.ask));
        let layout = expect.layout;
        let Some(from) = from else { return scan(bytes, expect, events) };
        let offset = layout.address().offset(from, layout.segment) as usize;
        // The pages that are read on the way there: the first of the segment, and that of the record.
        let page = offset - offset % layout.page.bytes() as usize;
        let good = |at: usize| {
            let header = bytes.get(at..).map(|page| layout.page_header(page));
            header.is_some_and(|h| {
                layout.check_page(&h, expect.start.plus_within(at as u64), at == 0, expect.system_id).is_ok()
            })
        };
        if !good(0) || !good(page) {
            let mut run = scan(&[], expect, events);
            run.end = from;
            return run;
        }
        let timeline = bytes.get(page..).map_or(TimelineId(0), |page| layout.page_header(page).timeline);
        scan_on(bytes, expect, events, Place { offset, last: None, timeline })
    }

    fn expect(&self, found: &Found) -> Expect<'a> {
        let layout = &self.shelf.layout;
        let start = layout.address().segment_start(found.number, layout.segment);
        Expect { layout, start, timeline: Some(found.timeline), system_id: Some(self.system_id), keep: KEEP }
    }
}
