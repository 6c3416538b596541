//! WAL to measure on, made by `pgwal-craft`: the benches in `benches/` and the floor in `src/bin` use it.
//!
//! Real WAL is measured by `cargo xtask compare`, whole processes against `pg_waldump`; here single layers are, on
//! bytes in memory.

use pgwal::format::{Align, Endian, Layout, PageSize, SegmentNo, SegmentSize, TimelineId, Version};
use pgwal_craft::{Builder, CraftedArchive, CraftedBlock, CraftedImage, Rec};

/// The segment size that nearly every server has.
pub const SEGMENT: u64 = 16 << 20;
const SYSTEM: u64 = 7_000_000_000_000_000_001;
const PAGE: usize = 8192;
/// `RM_HEAP_ID`, with the operation `XLOG_HEAP_INSERT`.
const HEAP: u8 = 10;

/// What the records are like.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Workload {
    /// Inserts of single rows: 60 to 120 bytes a record.
    Small,
    /// A full page image in nearly every record.
    Images,
}

impl Workload {
    /// Both, with the names that the benches print.
    pub const ALL: [(&'static str, Workload); 2] = [("small", Workload::Small), ("images", Workload::Images)];

    /// So many segments of this workload and a bit of another, written as version `major.minor` does.
    pub fn archive(self, segments: u64, major: u8, minor: u8) -> CraftedArchive {
        let mut wal = Builder::new(layout(major, minor), TimelineId(1), SYSTEM, SegmentNo(1));
        wal.checkpoint_shutdown();
        let end = wal.position().get() + segments * SEGMENT;
        let mut number = 0;
        while wal.position().get() < end {
            match self {
                Workload::Small => wal.record(&small(number, &[number as u8; 64])),
                Workload::Images => wal.record(&image(number)),
            };
            number += 1;
        }
        wal.switch();
        wal.finish()
    }
}

/// How a 64-bit little-endian server of that version lays out its WAL.
///
/// # Panics
/// Where there is no such version.
pub fn layout(major: u8, minor: u8) -> Layout {
    Layout {
        dialect: Version::new(major, minor).dialect().expect("a version that the benches name exists"),
        align: Align::Eight,
        endian: Endian::Little,
        segment: SegmentSize::new(SEGMENT).expect("16 MiB is a segment size"),
        page: PageSize::DEFAULT,
    }
}

fn small(number: u32, row: &[u8]) -> Rec<'_> {
    let length = 20 + number as usize % 44;
    let block =
        CraftedBlock { block: number / 60, data: row.get(..length).unwrap_or(row).to_vec(), ..CraftedBlock::default() };
    Rec { rmid: HEAP, xid: 1000 + number / 3, main: &[0, 0, 0], blocks: vec![block], ..Rec::default() }
}

fn image(number: u32) -> Rec<'static> {
    let page = (0..PAGE).map(|i| (i as u32).wrapping_mul(number | 1) as u8).collect();
    // Pages are three quarters full: the hole is what a server leaves out of the image.
    let image = CraftedImage { page, hole_offset: 400, hole_length: 2000, apply: true };
    let block = CraftedBlock { block: number, image: Some(image), ..CraftedBlock::default() };
    Rec { rmid: HEAP, xid: 1000 + number, main: &[0, 0, 0], blocks: vec![block], ..Rec::default() }
}
