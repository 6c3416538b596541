//! Records on pages and segments, linked one to the next.
//!
//! ```text
//! page header | rest of a record | record | record | record …        a record may start wherever its first slot fits
//! page header | … rest of it | padding | record | record              (up to 9.2: wherever its whole header fits)
//! ```
//! The page header is drawn in `pgwal_format::page`.

use crate::facts::WriterRules;
use crate::record::{Rec, encode, lsn_bytes};
use crate::written::{RecordPiece, WrittenRecord};
use crate::{CraftedArchive, CraftedFile, Sparse};
use pgwal_format::page::{CONTRECORD, LONG_HEADER};
use pgwal_format::{FileName, Generation, Layout, Lsn, SegmentName, SegmentNo, TimelineId};
use std::collections::{BTreeMap, BTreeSet};

/// Writes WAL, one record after another.
#[derive(Clone, Debug)]
pub struct Builder {
    pub(crate) layout: Layout,
    pub(crate) facts: WriterRules,
    pub(crate) system_id: u64,
    pub(crate) timeline: TimelineId,
    /// Where the next record goes, unless it must make room for a page header: segment and offset below its size.
    pub(crate) segment: SegmentNo,
    pub(crate) offset: u64,
    /// Start of the last record.
    pub(crate) prev: Lsn,
    pub(crate) segments: BTreeMap<(TimelineId, SegmentNo), Sparse>,
    /// Segments in which a timeline was left.
    pub(crate) left: BTreeSet<(TimelineId, SegmentNo)>,
    pub(crate) histories: BTreeMap<TimelineId, String>,
    pub(crate) records: Vec<WrittenRecord>,
    /// The next page begins with `XLP_FIRST_IS_OVERWRITE_CONTRECORD`.
    pub(crate) overwrite: bool,
    pub(crate) noise: u64,
}

impl Builder {
    /// WAL of one cluster that begins on `timeline` at the start of segment `first`. The first record links to 0/0, as
    /// after `initdb`.
    pub fn new(layout: Layout, timeline: TimelineId, system_id: u64, first: SegmentNo) -> Builder {
        Builder {
            layout,
            facts: WriterRules::of(layout.dialect.version),
            system_id,
            timeline,
            segment: first,
            offset: 0,
            prev: Lsn::ZERO,
            segments: BTreeMap::new(),
            left: BTreeSet::new(),
            histories: BTreeMap::new(),
            records: Vec::new(),
            overwrite: false,
            noise: system_id | 1,
        }
    }

    /// The cluster's facts.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The end of the last record.
    pub fn position(&self) -> Lsn {
        self.at(self.segment, self.offset)
    }

    /// The timeline being written.
    pub fn timeline(&self) -> TimelineId {
        self.timeline
    }

    /// All records so far, in the order of writing.
    pub fn records(&self) -> &[WrittenRecord] {
        &self.records
    }

    /// Writes a record and returns its start.
    pub fn record(&mut self, rec: &Rec<'_>) -> Lsn {
        let bytes = encode(&self.layout, rec, self.prev);
        self.make_room();
        let lsn = self.position();
        let pieces = self.place(&bytes, u64::MAX);
        self.log(lsn, rec, bytes.len(), pieces, false);
        self.prev = lsn;
        lsn
    }

    pub(crate) fn log(&mut self, lsn: Lsn, rec: &Rec<'_>, length: usize, pieces: Vec<RecordPiece>, dead: bool) {
        let (timeline, end, prev) = (self.timeline, self.position(), rec.prev.unwrap_or(self.prev));
        self.records.push(WrittenRecord {
            timeline,
            lsn,
            end,
            prev,
            kind: (rec.rmid, rec.info),
            tot_len: length as u32,
            pieces,
            dead,
        });
    }

    /// Goes to where the next record starts.
    pub(crate) fn make_room(&mut self) {
        let page = self.layout.page.bytes();
        let used = self.offset % page;
        if used == 0 {
            self.begin_page(None);
        } else if page - used < self.layout.start_room() as u64 {
            self.offset += page - used;
            self.begin_page(None);
        }
    }

    /// Writes a record's bytes from here on, over page ends, at most on `pages` pages; then aligns.
    pub(crate) fn place(&mut self, bytes: &[u8], pages: u64) -> Vec<RecordPiece> {
        let page = self.layout.page.bytes();
        let (mut pieces, mut rest) = (Vec::new(), bytes);
        for _ in 0..pages {
            let room = (page - self.offset % page) as usize;
            let (here, after) = rest.split_at(rest.len().min(room));
            pieces.push(RecordPiece { segment: self.segment, offset: self.offset, length: here.len() as u64 });
            let offset = self.offset;
            self.file().put(offset, here);
            self.offset += here.len() as u64;
            rest = after;
            if rest.is_empty() || pieces.len() as u64 == pages {
                break;
            }
            self.begin_page(Some(rest.len() as u32));
        }
        self.offset = self.layout.align_up(self.offset);
        self.next_segment_at_end();
        pieces
    }

    /// Starts the page that begins here: `rest` bytes of a record are still to come.
    pub(crate) fn begin_page(&mut self, rest: Option<u32>) {
        self.next_segment_at_end();
        let (page, offset) = (self.layout.page.bytes(), self.offset);
        let overwrite = std::mem::take(&mut self.overwrite);
        let header = self.page_header(rest, overwrite);
        let file = self.file();
        file.zero(offset, page);
        file.put(offset, &header);
        self.offset += header.len() as u64;
    }

    /// The bytes before a page's data.
    fn page_header(&self, rest: Option<u32>, overwrite: bool) -> Vec<u8> {
        let (layout, e) = (&self.layout, self.layout.endian);
        let long = self.offset == 0;
        let flag = |on: bool, bit: u16| if on { bit } else { 0 };
        let info = self.facts.page_flags
            | flag(rest.is_some(), CONTRECORD)
            | flag(long, LONG_HEADER)
            | flag(overwrite, layout.dialect.page.overwrite);
        let legacy = layout.dialect.generation == Generation::LegacyA;
        let mut bytes = Vec::with_capacity(48);
        bytes.extend(e.put_u16(layout.dialect.magic));
        bytes.extend(e.put_u16(info));
        bytes.extend(e.put_u32(self.timeline.0));
        bytes.extend(lsn_bytes(layout, self.position()));
        if !legacy {
            bytes.extend(e.put_u32(rest.unwrap_or(0)));
        }
        bytes.resize(layout.short_header(), 0);
        if long {
            bytes.extend(e.put_u64(self.system_id));
            bytes.extend(e.put_u32(layout.segment.bytes() as u32));
            bytes.extend(e.put_u32(layout.page.bytes() as u32));
        }
        if let (true, Some(rest)) = (legacy, rest) {
            bytes.extend(e.put_u32(rest));
        }
        bytes
    }

    fn next_segment_at_end(&mut self) {
        if self.offset == self.layout.segment.bytes() {
            (self.segment, self.offset) = (self.segment.next(), 0);
        }
    }

    pub(crate) fn file(&mut self) -> &mut Sparse {
        let (size, page) = (self.layout.segment.bytes(), self.layout.page.bytes() as usize);
        self.segments.entry((self.timeline, self.segment)).or_insert_with(|| Sparse::zeros(size, page))
    }

    pub(crate) fn at(&self, segment: SegmentNo, offset: u64) -> Lsn {
        self.layout.address().segment_start(segment, self.layout.segment).plus_within(offset)
    }

    /// Hands out the segments that are written to their end, and forgets them and all records: so a chain may be longer
    /// than memory.
    pub fn hand_out(&mut self) -> Vec<CraftedFile> {
        let layout = self.layout;
        let rest = self.segments.split_off(&(self.timeline, self.segment));
        self.records.clear();
        let whole = std::mem::replace(&mut self.segments, rest).into_iter();
        let name = |timeline, number| SegmentName::new(timeline, number, layout.address(), layout.segment);
        whole
            .map(|((timeline, number), content)| CraftedFile {
                name: FileName::Segment(name(timeline, number)),
                content,
            })
            .collect()
    }

    /// The files: every segment and history file. A segment in which its timeline was left has the name that the server
    /// gives it: `.partial` from 9.5 on.
    pub fn finish(self) -> CraftedArchive {
        let layout = self.layout;
        let name = |timeline, number| SegmentName::new(timeline, number, layout.address(), layout.segment);
        let keeps_name = layout.dialect.whole_copy_at_switch;
        let segments = self.segments.into_iter().map(|((timeline, number), content)| {
            let partial = !keeps_name && self.left.contains(&(timeline, number));
            let name = name(timeline, number);
            CraftedFile { name: if partial { FileName::Partial(name) } else { FileName::Segment(name) }, content }
        });
        let histories = self.histories.into_iter().map(|(timeline, text)| CraftedFile {
            name: FileName::History(timeline),
            content: Sparse::of(text.as_bytes()),
        });
        let mut files: Vec<CraftedFile> = segments.chain(histories).collect();
        files.sort_by_key(|f| f.name.to_string());
        CraftedArchive { layout, files, records: self.records }
    }
}
