//! One record as bytes (`XLogRecord`; `src/include/access/xlogrecord.h`, `xlog.h` up to 9.4).
//!
//! Offsets of a header's fields, by generation:
//!
//! ```text
//!        tot_len  xid  len  info  rmid  prev  crc
//! 8.2-9.2    16   12   20    24    25     4    0
//! 9.3, 9.4    0    4    8    12    13    16   24
//! 9.5-19      0    4    -    16    17     8   20
//! ```

use crate::facts::WriterRules;
use pgwal_format::record::RelFileLocator;
use pgwal_format::{Generation, Layout, Lsn};

/// What a record is to hold.
#[derive(Clone, Default, Debug)]
pub struct Rec<'a> {
    /// Resource manager.
    pub rmid: u8,
    /// Operation, in the high half. The flags for backup blocks are added.
    pub info: u8,
    /// Transaction.
    pub xid: u32,
    /// Data of the resource manager.
    pub main: &'a [u8],
    /// Blocks. Up to 9.4 only those with an image leave a trace.
    pub blocks: Vec<CraftedBlock>,
    /// Replication origin (9.5 and later).
    pub origin: Option<u16>,
    /// Top-level transaction (14 and later).
    pub top_xid: Option<u32>,
    /// A link to the record before that is a lie; the checksum is right all the same.
    pub prev: Option<Lsn>,
}

/// A block that a record touches.
#[derive(Clone, Default, Debug)]
pub struct CraftedBlock {
    /// Relation.
    pub rel: RelFileLocator,
    /// 0 main, 1 fsm, 2 vm, 3 init.
    pub fork: u8,
    /// Number of the block.
    pub block: u32,
    /// Data that belongs to the block (9.5 and later).
    pub data: Vec<u8>,
    /// Image of the page.
    pub image: Option<CraftedImage>,
}

/// An image of a page, not compressed.
#[derive(Clone, Default, Debug)]
pub struct CraftedImage {
    /// The page, hole included: 8192 bytes where the server has the default size.
    pub page: Vec<u8>,
    /// Where the hole begins; 0 without one.
    pub hole_offset: u16,
    /// Bytes of the hole.
    pub hole_length: u16,
    /// To be applied at replay, where the version lets that be said (10 and later).
    pub apply: bool,
}

/// Offsets of a header's fields, the same on both alignments.
#[derive(Clone, Copy, Debug)]
pub struct HeaderOffsets {
    /// `xl_tot_len`.
    pub tot_len: usize,
    /// `xl_xid`.
    pub xid: usize,
    /// `xl_len`, up to 9.4.
    pub len: Option<usize>,
    /// `xl_info`.
    pub info: usize,
    /// `xl_rmid`.
    pub rmid: usize,
    /// `xl_prev`.
    pub prev: usize,
    /// `xl_crc`.
    pub crc: usize,
}

impl HeaderOffsets {
    /// The offsets of a generation.
    pub const fn of(generation: Generation) -> HeaderOffsets {
        match generation {
            Generation::LegacyA => {
                HeaderOffsets { tot_len: 16, xid: 12, len: Some(20), info: 24, rmid: 25, prev: 4, crc: 0 }
            }
            Generation::LegacyB => {
                HeaderOffsets { tot_len: 0, xid: 4, len: Some(8), info: 12, rmid: 13, prev: 16, crc: 24 }
            }
            Generation::Modern => HeaderOffsets { tot_len: 0, xid: 4, len: None, info: 16, rmid: 17, prev: 8, crc: 20 },
        }
    }
}

/// A position as eight bytes: two halves, the high one first, up to 9.2; one number later.
pub fn lsn_bytes(layout: &Layout, lsn: Lsn) -> [u8; 8] {
    let e = layout.endian;
    if layout.dialect.generation == Generation::LegacyA {
        let (mut both, high, low) = ([0; 8], e.put_u32(lsn.high()), e.put_u32(lsn.low()));
        both[..4].copy_from_slice(&high);
        both[4..].copy_from_slice(&low);
        both
    } else {
        e.put_u64(lsn.get())
    }
}

/// The whole record, header and body, with a right checksum.
pub(crate) fn encode(layout: &Layout, rec: &Rec<'_>, prev: Lsn) -> Vec<u8> {
    let e = layout.endian;
    let (body, flags) = match layout.dialect.generation {
        Generation::Modern => (modern_body(layout, rec), 0),
        _ => legacy_body(layout, rec),
    };
    let size = layout.record_header();
    let fields = HeaderOffsets::of(layout.dialect.generation);
    let mut bytes = vec![0; size];
    let mut field = |at: usize, value: &[u8]| bytes[at..at + value.len()].copy_from_slice(value);
    field(fields.tot_len, &e.put_u32((size + body.len()) as u32));
    field(fields.xid, &e.put_u32(rec.xid));
    if let Some(len) = fields.len {
        field(len, &e.put_u32(rec.main.len() as u32));
    }
    field(fields.info, &[rec.info | flags]);
    field(fields.rmid, &[rec.rmid]);
    field(fields.prev, &lsn_bytes(layout, rec.prev.unwrap_or(prev)));
    let crc = layout.checksum(&bytes, &body);
    bytes[fields.crc..fields.crc + 4].copy_from_slice(&e.put_u32(crc));
    bytes.extend_from_slice(&body);
    bytes
}

/// Data, then for each image its backup block and the page without its hole; and the bits of `xl_info` that say so.
fn legacy_body(layout: &Layout, rec: &Rec<'_>) -> (Vec<u8>, u8) {
    let e = layout.endian;
    let facts = layout.dialect.backup_blocks;
    let mut body = rec.main.to_vec();
    let mut flags = 0;
    let images = rec.blocks.iter().filter_map(|b| b.image.as_ref().map(|i| (b, i)));
    for ((block, image), bit) in images.zip(facts.bits) {
        flags |= bit | WriterRules::of(layout.dialect.version).block_flags;
        put_locator(layout, &mut body, block);
        if facts.size == 24 {
            body.extend(e.put_u32(u32::from(block.fork)));
        }
        body.extend(e.put_u32(block.block));
        body.extend(e.put_u16(image.hole_offset));
        body.extend(e.put_u16(image.hole_length));
        body.extend(image.without_hole());
    }
    (body, flags)
}

/// Fragment headers, then images and data of the blocks, then the main data.
fn modern_body(layout: &Layout, rec: &Rec<'_>) -> Vec<u8> {
    const HAS_IMAGE: u8 = 0x10;
    const HAS_DATA: u8 = 0x20;
    const SAME_REL: u8 = 0x80;
    let e = layout.endian;
    let (mut head, mut payload) = (Vec::new(), Vec::new());
    let mut last: Option<RelFileLocator> = None;
    for (id, block) in rec.blocks.iter().enumerate() {
        let same = last.replace(block.rel) == Some(block.rel);
        let flag = |on: bool, bit: u8| if on { bit } else { 0 };
        let flags = block.fork
            | flag(block.image.is_some(), HAS_IMAGE)
            | flag(!block.data.is_empty(), HAS_DATA)
            | flag(same, SAME_REL);
        head.extend([id as u8, flags]);
        head.extend(e.put_u16(block.data.len() as u16));
        if let Some(image) = &block.image {
            let stored = image.without_hole();
            head.extend(e.put_u16(stored.len() as u16));
            head.extend(e.put_u16(image.hole_offset));
            head.push(flag(image.hole_length != 0, 0x01) | flag(image.apply, layout.dialect.image.apply));
            payload.extend(stored);
        }
        if !same {
            put_locator(layout, &mut head, block);
        }
        head.extend(e.put_u32(block.block));
        payload.extend_from_slice(&block.data);
    }
    if let Some(origin) = rec.origin {
        head.push(253);
        head.extend(e.put_u16(origin));
    }
    if let Some(xid) = rec.top_xid.filter(|_| layout.dialect.top_level_xid) {
        head.push(252);
        head.extend(e.put_u32(xid));
    }
    match rec.main.len() {
        0 => {}
        n @ 1..=255 => head.extend([255, n as u8]),
        n => {
            head.push(254);
            head.extend(e.put_u32(n as u32));
        }
    }
    head.extend(payload);
    head.extend_from_slice(rec.main);
    head
}

fn put_locator(layout: &Layout, target: &mut Vec<u8>, block: &CraftedBlock) {
    for part in [block.rel.spc, block.rel.db, block.rel.rel] {
        target.extend(layout.endian.put_u32(part));
    }
}

impl CraftedImage {
    fn without_hole(&self) -> Vec<u8> {
        let (start, length) = (usize::from(self.hole_offset), usize::from(self.hole_length));
        let mut stored = self.page.clone();
        stored.drain(start.min(stored.len())..(start + length).min(stored.len()));
        stored
    }
}
