//! WAL of 15 made record by record, between two checkpoints of a server that stops.

use pgwal::format::record::RelFileLocator;
use pgwal::format::rmgr::HEAP;
use pgwal::format::{Align, Endian, Layout, PageSize, SegmentNo, SegmentSize, TimelineId, Version};
use pgwal_craft::{Builder, CraftedBlock, Rec};
use tempfile::TempDir;

/// DELETE of "Heap", and what it says: a row's offset is 1.
pub const HEAP_DELETE: (u8, &[u8]) = (0x10, &[0, 0, 0, 0, 1, 0, 0, 0]);

/// A folder with these records.
pub fn of_crafted(write: impl FnOnce(&mut Builder)) -> TempDir {
    let layout = Layout {
        dialect: Version::new(15, 0).dialect().unwrap(),
        align: Align::Eight,
        endian: Endian::Little,
        segment: SegmentSize::new(1 << 20).unwrap(),
        page: PageSize::DEFAULT,
    };
    let mut wal = Builder::new(layout, TimelineId(1), 7_000_000_000_000_000_001, SegmentNo(1));
    wal.checkpoint_shutdown();
    write(&mut wal);
    wal.checkpoint_shutdown();
    wal.switch();
    let folder: TempDir = tempfile::tempdir().unwrap();
    wal.finish().write_to(folder.path()).unwrap();
    folder
}

/// A record of "Heap" on a block of a relation of tablespace 1663 and database 5.
pub fn touched(wal: &mut Builder, (info, main): (u8, &[u8]), xid: u32, rel: u32, block: u32) {
    let rel = RelFileLocator { spc: 1663, db: 5, rel };
    let blocks = vec![CraftedBlock { rel, block, ..CraftedBlock::default() }];
    wal.record(&Rec { rmid: HEAP, info, xid, main, blocks, ..Rec::default() });
}
