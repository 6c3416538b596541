//! Records of "Hash" (`src/include/access/hash_xlog.h`). Hash indexes write WAL from 10 on.
//!
//! ```text
//! INIT_META_PAGE       num_tuples f64, procid u32, ffactor u16
//! INIT_BITMAP_PAGE     bmsize u16
//! INSERT               offnum u16
//! ADD_OVFL_PAGE        bmsize u16, bmpage_found u8
//! SPLIT_ALLOCATE_PAGE  new_bucket u32, old_bucket_flag u16, new_bucket_flag u16, flags u8
//! SPLIT_COMPLETE       old_bucket_flag u16, new_bucket_flag u16
//! MOVE_PAGE_CONTENTS   ntups u16, is_prim_bucket_same_wrt u8
//! SQUEEZE_PAGE         prevblkno u32, nextblkno u32, ntups u16, is_prim_bucket_same_wrt u8, is_prev_bucket_same_wrt u8
//! DELETE               clear_dead_marking u8, is_primary_bucket_page u8
//! UPDATE_META_PAGE     ntuples f64
//! VACUUM_ONE_PAGE      10-11: relation 3 × u32, ntuples i32    12-15: xid u32, ntuples i32
//!                      16+: xid u32, ntuples u16, isCatalogRel u8, –    then line numbers
//! ```

use super::cursor::Cx;
use super::pointers::lines;
use super::sink::{Show, Sink, Value};
use super::table::{Op, OpPart, Short, V10, V12, V14, V16, V17, V19, bool, call, f64, i32, op, rel, text, u16, u32};

const INIT_META_PAGE_10: &[OpPart] = &[
    text("num_tuples "),
    f64("num_tuples", 0),
    text(", fillfactor "),
    u16("fillfactor", 12),
    u32("procid", 8).hidden(),
];
const INIT_META_PAGE_19: &[OpPart] = &[
    text("num_tuples "),
    f64("num_tuples", 0),
    text(", procid "),
    u32("procid", 8),
    text(", fillfactor "),
    u16("fillfactor", 12),
];

const BMSIZE: OpPart = u16("bmsize", 0);
const ADD_OVFL_PAGE: &[OpPart] = &[text("bmsize "), BMSIZE, text(", bmpage_found "), bool("bmpage_found", 2).tf()];

const MASKS: &[(&str, &str)] =
    &[("flags", "unsigned"), ("meta_page_masks_updated", "boolean"), ("issplitpoint_changed", "boolean")];
const SPLIT_ALLOCATE_PAGE_10: &[OpPart] = &[
    text("new_bucket "),
    u32("new_bucket", 0),
    u16("old_bucket_flag", 4).hidden(),
    u16("new_bucket_flag", 6).hidden(),
    call(split_flags, MASKS),
];
const SPLIT_ALLOCATE_PAGE_19: &[OpPart] = &[
    text("new_bucket "),
    u32("new_bucket", 0),
    text(", old_bucket_flag "),
    u16("old_bucket_flag", 4),
    text(", new_bucket_flag "),
    u16("new_bucket_flag", 6),
    call(split_flags, MASKS),
];

const SPLIT_COMPLETE: &[OpPart] =
    &[text("old_bucket_flag "), u16("old_bucket_flag", 0), text(", new_bucket_flag "), u16("new_bucket_flag", 2)];

const MOVE_PAGE_CONTENTS: &[OpPart] =
    &[text("ntups "), u16("ntups", 0), text(", is_primary "), bool("is_primary", 2).tf()];

const PREVBLKNO: OpPart = u32("prevblkno", 0);
const NEXTBLKNO: OpPart = u32("nextblkno", 4);
const SQUEEZE_PAGE_10: &[OpPart] = &[
    text("prevblkno "),
    PREVBLKNO,
    text(", nextblkno "),
    NEXTBLKNO,
    text(", ntups "),
    u16("ntups", 8),
    text(", is_primary "),
    bool("is_primary", 10).tf(),
    bool("is_previous", 11).hidden(),
];
const SQUEEZE_PAGE_19: &[OpPart] = &[
    text("prevblkno "),
    PREVBLKNO,
    text(", nextblkno "),
    NEXTBLKNO,
    text(", ntups "),
    u16("ntups", 8),
    text(", is_primary "),
    bool("is_primary", 10).tf(),
    text(", is_previous "),
    bool("is_previous", 11).tf(),
];

const DELETE: &[OpPart] = &[
    text("clear_dead_marking "),
    bool("clear_dead_marking", 0).tf(),
    text(", is_primary "),
    bool("is_primary", 1).tf(),
];

const OFFSETS: &[(&str, &str)] = &[("offsets", "list")];
const HORIZON: OpPart = u32("snapshot_conflict_horizon", 0);
const VACUUM_ONE_PAGE_10: &[OpPart] =
    &[text("ntuples "), i32("ntuples", 12), rel("rel", 0).hidden(), call(vacuumed_10, OFFSETS)];
const VACUUM_ONE_PAGE_12: &[OpPart] =
    &[text("ntuples "), i32("ntuples", 4), text(", latest removed xid "), HORIZON, call(vacuumed_12, OFFSETS)];
const VACUUM_ONE_PAGE_14: &[OpPart] =
    &[text("ntuples "), i32("ntuples", 4), text(", latestRemovedXid "), HORIZON, call(vacuumed_12, OFFSETS)];
const VACUUM_ONE_PAGE_16: &[OpPart] = &[
    text("ntuples "),
    u16("ntuples", 4),
    text(", snapshotConflictHorizon "),
    HORIZON,
    bool("is_catalog_rel", 6).hidden(),
    call(vacuumed_16, OFFSETS),
];
const VACUUM_ONE_PAGE_17: &[OpPart] = &[
    text("ntuples "),
    u16("ntuples", 4),
    text(", snapshotConflictHorizon "),
    HORIZON,
    text(", isCatalogRel "),
    bool("is_catalog_rel", 6).tf(),
    call(vacuumed_16, OFFSETS),
];

/// The operations.
pub const OPS: &[Op] = &[
    op(0x00, "INIT_META_PAGE", V10, INIT_META_PAGE_10),
    op(0x00, "INIT_META_PAGE", V19, INIT_META_PAGE_19),
    op(0x10, "INIT_BITMAP_PAGE", V10, &[text("bmsize "), BMSIZE]),
    op(0x20, "INSERT", V10, &[text("off "), u16("off", 0)]),
    op(0x30, "ADD_OVFL_PAGE", V10, ADD_OVFL_PAGE),
    op(0x40, "SPLIT_ALLOCATE_PAGE", V10, SPLIT_ALLOCATE_PAGE_10),
    op(0x40, "SPLIT_ALLOCATE_PAGE", V19, SPLIT_ALLOCATE_PAGE_19),
    op(0x50, "SPLIT_PAGE", V10, &[]),
    op(0x60, "SPLIT_COMPLETE", V10, SPLIT_COMPLETE),
    op(0x70, "MOVE_PAGE_CONTENTS", V10, MOVE_PAGE_CONTENTS),
    op(0x80, "SQUEEZE_PAGE", V10, SQUEEZE_PAGE_10),
    op(0x80, "SQUEEZE_PAGE", V19, SQUEEZE_PAGE_19),
    op(0x90, "DELETE", V10, DELETE),
    op(0xA0, "SPLIT_CLEANUP", V10, &[]),
    op(0xB0, "UPDATE_META_PAGE", V10, &[text("ntuples "), f64("ntuples", 0)]),
    op(0xC0, "VACUUM_ONE_PAGE", V10, VACUUM_ONE_PAGE_10),
    op(0xC0, "VACUUM_ONE_PAGE", V12, VACUUM_ONE_PAGE_12),
    op(0xC0, "VACUUM_ONE_PAGE", V14, VACUUM_ONE_PAGE_14),
    op(0xC0, "VACUUM_ONE_PAGE", V16, VACUUM_ONE_PAGE_16),
    op(0xC0, "VACUUM_ONE_PAGE", V17, VACUUM_ONE_PAGE_17),
];

/// `XLH_SPLIT_META_UPDATE_MASKS`, `XLH_SPLIT_META_UPDATE_SPLITPOINT`.
fn split_flags(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    let flags = cx.cursor(8).u8("flags")?;
    sink.hidden("flags", Value::Unsigned(flags.into()));
    sink.text(", meta_page_masks_updated ");
    sink.field("meta_page_masks_updated", Value::Bool(flags & 0x01 != 0), Show::TrueFalseLetter);
    sink.text(", issplitpoint_changed ");
    sink.field("issplitpoint_changed", Value::Bool(flags & 0x02 != 0), Show::TrueFalseLetter);
    Ok(())
}

fn vacuumed_10(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    vacuumed(cx, sink, cx.cursor(12).i32("ntuples")?, 16)
}

fn vacuumed_12(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    vacuumed(cx, sink, cx.cursor(4).i32("ntuples")?, 8)
}

fn vacuumed_16(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    vacuumed(cx, sink, cx.cursor(4).u16("ntuples")?.into(), 8)
}

/// A page has far less than 65,536 lines; a number that cannot be one is as much too short a record.
fn vacuumed(cx: &Cx<'_>, sink: &mut dyn Sink, count: i32, from: usize) -> Result<(), Short> {
    let count = u16::try_from(count.max(0)).map_err(|_| Short("offsets"))?;
    lines(&mut cx.cursor(from), sink, "offsets", count)
}
