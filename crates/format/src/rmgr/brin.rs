//! Records of "BRIN" (`src/include/access/brin_xlog.h`), 9.5 and later.
//!
//! ```text
//! CREATE_INDEX     pagesPerRange u32, version u16
//! INSERT           heapBlk u32, pagesPerRange u32, offnum u16
//! UPDATE           oldOffnum u16, –, then as INSERT
//! SAMEPAGE_UPDATE  offnum u16
//! REVMAP_EXTEND    targetBlk u32
//! DESUMMARIZE      pagesPerRange u32, heapBlk u32, regOffset u16
//! ```

use super::table::{Op, OpPart, V9_5, V10, op, text, u16, u32};

const CREATE_INDEX: &[OpPart] = &[text("v"), u16("version", 4), text(" pagesPerRange "), u32("pages_per_range", 0)];

const INSERT: &[OpPart] = &[
    text("heapBlk "),
    u32("heap_blk", 0),
    text(" pagesPerRange "),
    u32("pages_per_range", 4),
    text(" offnum "),
    u16("offnum", 8),
];

const UPDATE: &[OpPart] = &[
    text("heapBlk "),
    u32("heap_blk", 4),
    text(" pagesPerRange "),
    u32("pages_per_range", 8),
    text(" old offnum "),
    u16("old_offnum", 0),
    text(", new offnum "),
    u16("new_offnum", 12),
];

const DESUMMARIZE: &[OpPart] = &[
    text("pagesPerRange "),
    u32("pages_per_range", 0),
    text(", heapBlk "),
    u32("heap_blk", 4),
    text(", page offset "),
    u16("page_offset", 8),
];

/// The operations. The flag that a page is made anew changes a name and no text.
pub const OPS: &[Op] = &[
    op(0x00, "CREATE_INDEX", V9_5, CREATE_INDEX),
    op(0x10, "INSERT", V9_5, INSERT),
    op(0x90, "INSERT+INIT", V9_5, INSERT),
    op(0x20, "UPDATE", V9_5, UPDATE),
    op(0xA0, "UPDATE+INIT", V9_5, UPDATE),
    op(0x30, "SAMEPAGE_UPDATE", V9_5, &[text("offnum "), u16("offnum", 0)]),
    op(0x40, "REVMAP_EXTEND", V9_5, &[text("targetBlk "), u32("target_blk", 0)]),
    op(0x50, "DESUMMARIZE", V10, DESUMMARIZE),
];
