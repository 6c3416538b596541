//! An `XLOG_SWITCH` whose header the end of a segment splits: the rest of it is all that the next segment holds, and
//! WAL goes on in the one behind that.

#![allow(clippy::unwrap_used)]

use pgwal_craft::{Builder, CraftedArchive, FillEnd};
use pgwal_format::dialect::DIALECTS;
use pgwal_format::{
    Align, Dialect, Endian, FileName, Generation, Layout, PageSize, SegmentNo, SegmentSize, TimelineId,
};
use pgwal_walk::{Ignore, KEEP, Run, ScanExpect, Tail, scan};

const SYSTEM_ID: u64 = 7;
const FIRST: SegmentNo = SegmentNo(3);

fn layout(dialect: &'static Dialect, align: Align) -> Layout {
    let (segment, page) = (SegmentSize::new(1 << 20).unwrap(), PageSize::DEFAULT);
    Layout { dialect, align, endian: Endian::Little, segment, page }
}

/// The segments, each scanned alone.
fn scans(archive: &CraftedArchive) -> Vec<Run<Ignore>> {
    let layout = &archive.layout;
    let size = layout.segment.bytes();
    let scanned = |file: &pgwal_craft::CraftedFile| {
        let FileName::Segment(name) = file.name else { panic!("{}", file.name) };
        let number = name.number(layout.address(), layout.segment).unwrap();
        let start = layout.address().segment_start(number, layout.segment);
        let expect = ScanExpect {
            layout,
            start,
            timeline: Some(TimelineId(1)),
            system_id: Some(SYSTEM_ID),
            keep: KEEP,
            history: &[],
        };
        scan(&file.content.bytes(0, size as usize), expect, Ignore)
    };
    archive.files.iter().map(scanned).collect()
}

#[test]
fn wal_goes_on_behind_it() {
    let mut tried = 0;
    for (dialect, align) in DIALECTS.iter().flat_map(|d| [(d, Align::Eight), (d, Align::Four)]) {
        let layout = layout(dialect, align);
        let step = layout.align_bytes() as usize;
        // Up to 9.2 no record starts where its header does not fit.
        for before in (layout.start_room()..layout.record_header()).step_by(step) {
            let mut wal = Builder::new(layout, TimelineId(1), SYSTEM_ID, FIRST);
            wal.checkpoint_shutdown();
            wal.skip_to_with_zeros(before as u64, FillEnd::Segment);
            let switch = wal.switch().unwrap();
            wal.commit(700, 1);
            let runs = scans(&wal.finish());
            let what = format!("{} {align:?}, {before} bytes before the end", dialect.version);
            assert_eq!(runs.len(), 3, "{what}");
            assert!(matches!(runs[1].tail, Tail::Switched { .. }), "{what}: {:?}", runs[1].tail);
            let [a, b, c] = <[Run<Ignore>; 3]>::try_from(runs).ok().unwrap();
            for joined in
                [a.clone().join(b.clone(), &layout).join(c.clone(), &layout), a.join(b.join(c, &layout), &layout)]
            {
                assert!(joined.damages.is_empty(), "{what}: {:?}", joined.damages);
                assert!(joined.last.is_some_and(|last| last > switch), "{what}");
            }
            tried += 1;
        }
    }
    // Eight bytes apart: 2 places from 9.5 on and 3 before; four bytes apart: 5 and 6.
    let modern = DIALECTS.iter().filter(|d| d.generation == Generation::Modern).count();
    assert_eq!(tried, modern * (2 + 5) + 2 * (3 + 6));
}
