//! Backup blocks of 9.4 and earlier (`BkpBlock`, `src/include/access/xlog_internal.h`, `xlog.h`).
//!
//! Behind the data of the resource manager, for each bit set in `xl_info`, first block first: relation (3 × u32),
//! fork (i32, from 8.4 on), block u32, hole_offset u16, hole_length u16, then the page without its hole.

use super::block::locator;
use super::{BlockRef, BodyFault, BodyShape, Image, RecordHeader};
use crate::Layout;
use crate::bytes::at;

/// Sizes that a data page can have.
const PAGE_SIZES: [usize; 6] = [8192, 16384, 32768, 4096, 2048, 1024];

/// Reads the backup blocks. The size of data pages is no part of WAL: it is the one with which the lengths add up.
pub(super) fn shape(
    layout: &Layout,
    header: &RecordHeader,
    body: &[u8],
    blocks: &mut impl FnMut(BlockRef),
) -> Result<BodyShape, BodyFault> {
    let facts = layout.dialect.backup_blocks;
    let main_len = header.len as usize;
    let total = (header.tot_len as usize).saturating_sub(layout.record_header());
    let count = facts.bits.iter().filter(|&&bit| header.info & bit != 0).count();
    let stored = total.checked_sub(main_len).ok_or(BodyFault::Length)?;
    let shape = BodyShape {
        main_start: 0,
        main_len,
        image_len: stored.saturating_sub(count * facts.size),
        ..BodyShape::default()
    };
    if count == 0 {
        return if stored == 0 { Ok(shape) } else { Err(BodyFault::Length) };
    }
    if body.len() < total {
        return Ok(shape);
    }
    let mut fault = BodyFault::Length;
    for page in PAGE_SIZES {
        match walk(layout, header, body, total, page, &mut |_| ()) {
            Ok(()) => {
                walk(layout, header, body, total, page, blocks)?;
                return Ok(shape);
            }
            Err(BodyFault::Hole) => fault = BodyFault::Hole,
            Err(_) => {}
        }
    }
    Err(fault)
}

fn walk(
    layout: &Layout,
    header: &RecordHeader,
    body: &[u8],
    total: usize,
    page: usize,
    blocks: &mut impl FnMut(BlockRef),
) -> Result<(), BodyFault> {
    let facts = layout.dialect.backup_blocks;
    let e = layout.endian;
    let mut offset = header.len as usize;
    for (id, _) in facts.bits.iter().enumerate().filter(|&(_, &bit)| header.info & bit != 0) {
        let end = offset + facts.size;
        let fixed = body.get(offset..end).filter(|_| end <= total).ok_or(BodyFault::Length)?;
        let (_, rel) = locator(layout, fixed).map_err(|_| BodyFault::Length)?;
        let tail = facts.size - 8;
        let fork = if facts.size == 24 { e.u32(at(fixed, 12)) as u8 } else { 0 };
        let (hole_offset, hole_length) = (e.u16(at(fixed, tail + 4)), e.u16(at(fixed, tail + 6)));
        if usize::from(hole_offset) + usize::from(hole_length) > page {
            return Err(BodyFault::Hole);
        }
        let length = page - usize::from(hole_length);
        let image = Image {
            length: length as u32,
            hole_offset,
            hole_length: Some(hole_length),
            info: 0,
            apply: true,
            compressed: false,
        };
        blocks(BlockRef {
            id: id as u8,
            rel,
            fork,
            block: e.u32(at(fixed, tail)),
            image: Some(image),
            data_len: 0,
            will_init: false,
        });
        offset = end + length;
    }
    if offset == total { Ok(()) } else { Err(BodyFault::Length) }
}
