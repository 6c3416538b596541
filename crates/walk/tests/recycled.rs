//! Behind the end of WAL lies what a recycled file held before; what looks there like a record that leaves the file is
//! no WAL that goes on.

#![allow(clippy::unwrap_used)]

use pgwal_craft::record::lsn_bytes;
use pgwal_craft::{Builder, FillEnd};
use pgwal_format::dialect::DIALECTS;
use pgwal_format::{Align, Dialect, Endian, Generation, Layout, PageSize, SegmentNo, SegmentSize, TimelineId};
use pgwal_walk::{Ignore, KEEP, Run, ScanExpect, Tail, scan};

const SYSTEM_ID: u64 = 7;
const FIRST: SegmentNo = SegmentNo(3);
const SIZE: usize = 1 << 20;
const PAGE: usize = 8192;
/// Bytes between the start of the record on the last page and the end of the segment.
const LEFT: usize = 512;

fn layout(dialect: &'static Dialect, align: Align) -> Layout {
    let segment = SegmentSize::new(SIZE as u64).unwrap();
    Layout { dialect, align, endian: Endian::Little, segment, page: PageSize::DEFAULT }
}

fn begun(layout: Layout) -> Builder {
    let mut wal = Builder::new(layout, TimelineId(1), SYSTEM_ID, FIRST);
    wal.checkpoint_shutdown();
    wal.commit(700, 1);
    wal
}

fn first_segment(wal: Builder) -> Vec<u8> {
    wal.finish().files.remove(0).content.bytes(0, SIZE)
}

/// WAL that ends early, and a last page on which a record starts that leaves the segment.
fn ends_early(layout: Layout) -> Vec<u8> {
    let mut bytes = first_segment(begun(layout));
    let mut longer = begun(layout);
    longer.skip_to(LEFT as u64, FillEnd::Segment);
    longer.filler(5000);
    let last = SIZE - PAGE;
    bytes[last..].copy_from_slice(&first_segment(longer)[last..]);
    // What is there before the record belongs to one that begins on an earlier page.
    bytes[last + layout.short_header()..SIZE - LEFT].fill(0);
    bytes
}

fn scanned(layout: Layout, bytes: &[u8]) -> Run<Ignore> {
    let start = layout.address().segment_start(FIRST, layout.segment);
    let (timeline, system_id) = (Some(TimelineId(1)), Some(SYSTEM_ID));
    scan(bytes, ScanExpect { layout: &layout, start, timeline, system_id, keep: KEEP, history: &[] }, Ignore)
}

#[test]
fn a_record_that_leaves_the_file_counts_on_a_page_of_this_segment_alone() {
    for (dialect, align) in DIALECTS.iter().flat_map(|d| [(d, Align::Eight), (d, Align::Four)]) {
        let layout = layout(dialect, align);
        let what = format!("{} {align:?}", dialect.version);
        let mut bytes = ends_early(layout);
        let own = scanned(layout, &bytes);
        assert!(matches!(own.tail, Tail::Open(_)), "{what}: {:?}", own.tail);
        assert_eq!(own.damages.len(), 1, "{what}");

        let last = SIZE - PAGE;
        let start = layout.address().segment_start(FIRST, layout.segment);
        let older = start.minus_within(pgwal_format::Lsn::ZERO) - SIZE as u64 + last as u64;
        bytes[last + 8..last + 16].copy_from_slice(&lsn_bytes(&layout, pgwal_format::Lsn::new(older)));
        let recycled = scanned(layout, &bytes);
        let Tail::Stopped(stop) = &recycled.tail else { panic!("{what}: {:?}", recycled.tail) };
        assert!(stop.rest.clean, "{what}: {stop:?}");
        assert_eq!(stop.rest.leftover.recycled, Some(last as u64), "{what}");
        assert!(recycled.damages.is_empty(), "{what}: {:?}", recycled.damages);
    }
}

#[test]
fn nor_does_one_that_no_server_could_hold_in_memory() {
    for dialect in DIALECTS.iter().filter(|d| d.generation == Generation::Modern) {
        let layout = layout(dialect, Align::Eight);
        let mut bytes = ends_early(layout);
        bytes[SIZE - LEFT..][..4].copy_from_slice(&(1u32 << 30).to_le_bytes());
        let run = scanned(layout, &bytes);
        assert!(matches!(run.tail, Tail::Stopped(_)) && run.damages.is_empty(), "{}: {:?}", dialect.version, run.tail);
    }
}
