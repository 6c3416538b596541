//! The rows of "Transaction", 9.5 and later (`src/include/access/xact.h`).
//!
//! `ending` is commits and aborts, `prepare` the state of a prepared transaction, `parts` the lists that both carry.

mod ending;
mod parts;
mod prepare;
#[cfg(test)]
mod tests;

use crate::rmgr::cursor::Cx;
use crate::rmgr::inval::{self, Scope};
use crate::rmgr::sink::Sink;
use crate::rmgr::table::{Op, OpPart, Short, V9_5, V9_6, V11, V13, V14, V15, call, op, text, u32};
use crate::rmgr::xids;

/// The flag of 9.5 and later that more than a time follows (`XLOG_XACT_HAS_INFO`).
pub const HAS_INFO: u8 = 0x80;

const ASSIGNMENT_PARTS: &[OpPart] =
    &[text("xtop "), u32("xtop", 0), text(": subxacts:"), call(assigned, &[("xsub", "list")])];

/// The operations of 9.5 and later.
pub const OPS: &[Op] = &[
    op(0x00, "COMMIT", V9_5, ending::COMMIT_9_5),
    op(0x00, "COMMIT", V11, ending::COMMIT_11),
    op(0x00, "COMMIT", V15, ending::COMMIT_15),
    op(0x10, "PREPARE", V9_5, prepare::V9_5),
    op(0x10, "PREPARE", V9_6, prepare::V9_6),
    op(0x10, "PREPARE", V11, prepare::V11),
    op(0x10, "PREPARE", V13, prepare::V13),
    op(0x10, "PREPARE", V15, prepare::V15),
    op(0x20, "ABORT", V9_5, ending::ABORT_9_5),
    op(0x20, "ABORT", V11, ending::ABORT_11),
    op(0x20, "ABORT", V15, ending::ABORT_15),
    op(0x30, "COMMIT_PREPARED", V9_5, ending::COMMIT_9_5),
    op(0x30, "COMMIT_PREPARED", V11, ending::COMMIT_11),
    op(0x30, "COMMIT_PREPARED", V15, ending::COMMIT_15),
    op(0x40, "ABORT_PREPARED", V9_5, ending::ABORT_9_5),
    op(0x40, "ABORT_PREPARED", V11, ending::ABORT_11),
    op(0x40, "ABORT_PREPARED", V15, ending::ABORT_15),
    op(0x50, "ASSIGNMENT", V9_5, ASSIGNMENT_PARTS),
    op(0x60, "INVALIDATION", V14, &[call(invalidated, inval::FIELDS)]),
];

/// 0 u32 top transaction, 4 i32 count, 8 subtransactions.
fn assigned(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    let mut cursor = cx.cursor(4);
    let count = cursor.i32("nsubxacts")?;
    xids::list(&mut cursor, "xsub", count, sink)
}

/// 0 i32 count, 4 messages.
fn invalidated(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    let mut cursor = cx.cursor(0);
    let count = cursor.i32("nmsgs")?;
    inval::invalidations(cx, &mut cursor, count, Scope { database: None, init_file: false }, sink)
}
