//! Reads crafted WAL with the parsers of `pgwal-format`, by rules written anew here: every magic, both alignments, both
//! byte orders, the smallest, the usual and the largest page.
#![allow(clippy::unwrap_used)]

use pgwal_craft::{Builder, CraftedArchive, CraftedBlock, CraftedImage, FillEnd, Opening, Rec};
use pgwal_format::dialect::DIALECTS;
use pgwal_format::page::PageFault;
use pgwal_format::record::{Record, RelFileLocator};
use pgwal_format::rmgr::{xact, xlog};
use pgwal_format::text::history;
use pgwal_format::{Align, Endian, FileName, Generation, Layout, Lsn, PageSize, SegmentNo, SegmentSize, TimelineId};

const SYSTEM: u64 = 0x6A1B_2C3D_4E5F_6071;

fn layouts() -> impl Iterator<Item = Layout> {
    let segment = SegmentSize::new(1 << 20).unwrap();
    DIALECTS.iter().flat_map(move |dialect| {
        [Align::Eight, Align::Four].into_iter().flat_map(move |align| {
            [Endian::Little, Endian::Big].into_iter().flat_map(move |endian| {
                [1 << 10, 8 << 10, 64 << 10].map(move |page| Layout {
                    dialect,
                    align,
                    endian,
                    segment,
                    page: PageSize::new(page).unwrap(),
                })
            })
        })
    })
}

/// Reads one timeline's records from the start of a segment on, until nothing follows.
struct Reader<'a> {
    archive: &'a CraftedArchive,
    timeline: TimelineId,
    segment: SegmentNo,
    offset: u64,
}

struct Found {
    lsn: Lsn,
    header: pgwal_format::record::RecordHeader,
    body: Vec<u8>,
}

impl Reader<'_> {
    fn layout(&self) -> &Layout {
        &self.archive.layout
    }

    fn page(&self) -> u64 {
        self.layout().page.bytes()
    }

    fn bytes(&self, length: usize) -> Option<Vec<u8>> {
        let name = self.archive.segment_name(self.timeline, self.segment);
        let FileName::Segment(plain) = name else { unreachable!() };
        let file = self.archive.file(name).or_else(|| self.archive.file(FileName::Partial(plain)))?;
        Some(file.content.bytes(self.offset, length))
    }

    /// Steps over a page header; `None` where no page is.
    fn enter_page(&mut self, rest: u32) -> Option<bool> {
        if self.offset == self.layout().segment.bytes() {
            (self.segment, self.offset) = (self.segment.next(), 0);
        }
        let bytes = self.bytes(self.page() as usize)?;
        let header = self.layout().page_header(&bytes);
        let lsn = self.layout().address().segment_start(self.segment, self.layout().segment).plus_within(self.offset);
        match self.layout().check_page(&header, lsn, self.offset == 0, Some(SYSTEM)) {
            Ok(()) => {}
            Err(PageFault::Magic { found: 0 }) => return None,
            Err(fault) => panic!("{lsn}: {fault:?}"),
        }
        let overwrite = header.info & self.layout().dialect.page.overwrite != 0;
        assert_eq!(header.rem_len, if overwrite { 0 } else { rest }, "{lsn}");
        assert_eq!(header.continues(), rest > 0 && !overwrite, "{lsn}");
        self.offset += header.data as u64;
        Some(overwrite)
    }

    fn next(&mut self) -> Option<Found> {
        let (size, page, room) = (self.layout().record_header(), self.page(), self.layout().start_room() as u64);
        let left = page - self.offset % page;
        if left < room {
            self.offset += left;
        }
        if self.offset.is_multiple_of(page) {
            self.enter_page(0)?;
        }
        let lsn = self.layout().address().segment_start(self.segment, self.layout().segment).plus_within(self.offset);
        let total = self.layout().total_length(&self.bytes(20)?) as usize;
        if total == 0 {
            return None;
        }
        let mut record = Vec::new();
        loop {
            let here = ((page - self.offset % page) as usize).min(total - record.len());
            record.extend(self.bytes(here)?);
            self.offset += here as u64;
            if record.len() == total {
                break;
            }
            if self.enter_page((total - record.len()) as u32)? {
                return self.next();
            }
        }
        self.offset = self.layout().align_up(self.offset);
        let header = self.layout().record_header_at(&record).unwrap();
        assert_eq!(self.layout().checksum(&record[..size], &record[size..]), header.crc, "{lsn}");
        assert_eq!(self.layout().check_header(&header), Ok(()), "{lsn}");
        if header.is_switch() {
            (self.segment, self.offset) = (self.segment.next(), 0);
        }
        Some(Found { lsn, header, body: record[size..].to_vec() })
    }
}

fn rel(n: u32) -> RelFileLocator {
    RelFileLocator { spc: 1663, db: 5, rel: 16384 + n }
}

/// A chain with all that a version can do.
fn chain(layout: Layout) -> CraftedArchive {
    let mut wal = Builder::new(layout, TimelineId(1), SYSTEM, SegmentNo(254));
    wal.checkpoint_shutdown();
    wal.filler(100);
    let image = |hole_offset, hole_length| CraftedImage {
        page: (0..8192).map(|i| i as u8).collect(),
        hole_offset,
        hole_length,
        apply: true,
    };
    let blocks = vec![
        CraftedBlock {
            rel: rel(1),
            block: 7,
            data: vec![1, 2, 3],
            image: Some(image(100, 5000)),
            ..CraftedBlock::default()
        },
        CraftedBlock { rel: rel(1), block: 8, fork: 1, image: Some(image(0, 0)), ..CraftedBlock::default() },
        CraftedBlock { rel: rel(2), block: 9, data: vec![4], ..CraftedBlock::default() },
    ];
    wal.record(&Rec {
        rmid: 10,
        info: 0x20,
        xid: 700,
        main: b"main",
        blocks,
        origin: Some(2),
        top_xid: Some(699),
        prev: None,
    });
    wal.commit(700, 800_000_000_000_000);
    for before in [4, 8, 16, 24, 28, 32, 40] {
        if before % layout.align_bytes() == 0 && before >= layout.start_room() as u64 {
            wal.skip_to(before, FillEnd::Page);
            wal.filler(61);
        }
    }
    wal.skip_to(layout.start_room() as u64, FillEnd::Segment);
    wal.filler((2 << 20) + 12_345);
    wal.aborted_record_and_overwrite_contrecord();
    for total in [257, 258, 259, 260, 261, 262, 280, 281, 282, 283, 284, 285, 286] {
        wal.filler(total);
    }
    wal.switch();
    wal.filler(90);
    wal.timeline_switch_leaving(TimelineId(2), Opening::EndOfRecovery, &[3 * layout.page.bytes()]);
    wal.filler(70);
    wal.timeline_switch(TimelineId(4), Opening::ShutdownCheckpoint);
    wal.switch();
    wal.filler(50);
    wal.finish()
}

#[test]
fn what_was_written_is_read() {
    for layout in layouts() {
        let what = format!("{} {:?} {:?} {:?}", layout.dialect.version, layout.align, layout.endian, layout.page);
        let archive = chain(layout);
        let first = archive.file(archive.segment_name(TimelineId(1), SegmentNo(254))).unwrap();
        let detected = Layout::detect(&first.content.bytes(0, layout.page.bytes() as usize)).unwrap();
        assert_eq!(detected, layout, "{what}");

        let mut reader = Reader { archive: &archive, timeline: TimelineId(1), segment: SegmentNo(254), offset: 0 };
        let mut prev = Lsn::ZERO;
        let mut openings = Vec::new();
        for written in archive.records.iter().filter(|r| !r.dead) {
            reader.timeline = written.timeline;
            let found = reader.next().unwrap_or_else(|| panic!("{what}: nothing at {}", written.lsn));
            assert_eq!(
                (found.lsn, found.header.prev, found.header.tot_len),
                (written.lsn, prev, written.tot_len),
                "{what}"
            );
            assert_eq!((found.header.rmid, found.header.info & 0xF0), written.kind, "{what}");
            let record =
                Record { lsn: found.lsn, end: written.end, header: found.header, body: &found.body, layout: &layout };
            check_contents(&record, &what);
            if written.kind.0 == 0 {
                openings.extend(xlog::opening(&record));
            }
            prev = found.lsn;
        }
        assert!(reader.next().is_none(), "{what}");
        let opened: Vec<u32> = openings.iter().map(|o| o.timeline.0).collect();
        assert_eq!(opened, [1, 2, 4], "{what}");
        if let Some(previous) = openings[2].previous {
            assert_eq!(previous, TimelineId(2), "{what}");
        }
        let text = archive.file(FileName::History(TimelineId(4))).unwrap();
        let ancestors = history::parse(&text.content.bytes(0, text.content.size() as usize), TimelineId(4)).unwrap();
        assert_eq!(ancestors.iter().map(|a| a.timeline.0).collect::<Vec<_>>(), [1, 2], "{what}");
    }
}

fn check_contents(record: &Record<'_>, what: &str) {
    let mut blocks = Vec::new();
    let shape =
        record.shape(&mut |b| blocks.push(b)).unwrap_or_else(|fault| panic!("{what} {}: {fault:?}", record.lsn));
    if record.header.rmid == 10 {
        assert_eq!(record.main_data(), b"main", "{what}");
        let modern = record.layout.dialect.generation == Generation::Modern;
        assert_eq!(
            blocks.iter().map(|b| (b.rel, b.block)).collect::<Vec<_>>()[..2],
            [(rel(1), 7), (rel(1), 8)],
            "{what}"
        );
        assert_eq!(blocks.len(), if modern { 3 } else { 2 }, "{what}");
        assert_eq!(shape.origin, modern.then_some(2), "{what}");
        assert_eq!(shape.top_xid, record.layout.dialect.top_level_xid.then_some(699), "{what}");
        let hole = blocks[0].image.unwrap();
        assert_eq!((hole.hole_offset, hole.length), (100, 8192 - 5000), "{what}");
    }
    if record.header.rmid == 1 {
        let ended = xact::ended(record).unwrap();
        assert_eq!((ended.xid, ended.time.0), (700, 800_000_000_000_000), "{what}");
    }
}

/// What a version leaves behind a switch, and what of the parent it copies.
#[test]
fn files_keep_each_versions_manner() {
    for layout in layouts() {
        let what = format!("{} {:?} {:?}", layout.dialect.version, layout.align, layout.page);
        let page = layout.page.bytes();
        let mut wal = Builder::new(layout, TimelineId(1), SYSTEM, SegmentNo(1));
        wal.checkpoint_shutdown();
        wal.filler(3 * page);
        let switch = wal.timeline_switch_leaving(TimelineId(2), Opening::ShutdownCheckpoint, &[10 * page]);
        wal.switch();
        wal.filler(40);
        let archive = wal.finish();
        let FileName::Segment(parent) = archive.segment_name(TimelineId(1), SegmentNo(1)) else { unreachable!() };
        let new_manner = layout.dialect.version >= pgwal_format::Version::new(9, 5);
        assert_eq!(archive.file(FileName::Partial(parent)).is_some(), new_manner, "{what}");
        assert_eq!(archive.file(FileName::Segment(parent)).is_some(), !new_manner, "{what}");

        let child = archive.file(archive.segment_name(TimelineId(2), SegmentNo(1))).unwrap();
        let timeline_at = |index: u64| layout.page_header(&child.content.bytes(index * page, page as usize)).timeline.0;
        assert_eq!(timeline_at(0), 1, "{what}");
        let behind = switch.get() % (1 << 20) / page + 2;
        let expected = match layout.dialect.version.to_string().as_str() {
            "8.2" | "8.3" | "8.4" | "9.0" | "9.1" | "9.2" | "9.3" => 1,
            "9.4" | "9.5" | "9.6" | "10" => 2,
            _ => 0,
        };
        assert_eq!(timeline_at(behind), expected, "{what}: page {behind}");
    }
}
