//! Records of "Heap2", 9.5 and later (`src/include/access/heapam_xlog.h`).
//!
//! ```text
//! REWRITE        xid u32, database u32, relation u32; 16 (12): offset i64, mappings u32; 32 (24): start LSN
//! CLEAN, PRUNE   horizon u32, redirected u16, dead u16, [16: catalog bool]
//! PRUNE_*        17-18: reason u8, flags u8; 19: flags u16; then [horizon u32], not aligned
//! VACUUM         unused u16
//! FREEZE_PAGE    cutoff or horizon u32, tuples or plans u16, [16: catalog bool]
//! CLEANUP_INFO   relation 3 × u32, horizon u32
//! VISIBLE        horizon u32, [9.6+: flags u8]
//! LOCK_UPDATED   as LOCK of "Heap"
//! NEW_CID        top transaction u32, cmin u32, cmax u32, combo u32, relation 3 × u32, block 2 × u16, offset u16
//! ```

mod multi_insert;
mod prune;

use super::cursor::Cx;
use super::heap::{BITS, LOCK_16, LOCK_FLAGS, MULTI_INSERT_FLAGS};
use super::sink::{Sink, Value};
use super::table::{
    Op, OpPart, Short, V9_5, V9_6, V12, V14, V16, V17, V18, V19, bool, call, i64, lsn, op, rel, text, u8, u16, u32,
};
use multi_insert::{TUPLES, TUPLES_16, VM_FLAGS};

const HORIZON: OpPart = u32("snapshot_conflict_horizon", 0);

const REWRITE: &[OpPart] = &[
    u32("mapped_xid", 0).hidden(),
    u32("mapped_db", 4).hidden(),
    u32("mapped_rel", 8).hidden(),
    i64("offset", 16).on32(12).hidden(),
    u32("num_mappings", 24).on32(20).hidden(),
    lsn("start_lsn", 32).on32(24).hidden(),
];

const CLEAN: &[OpPart] = &[
    text("remxid "),
    HORIZON,
    u16("nredirected", 4).hidden(),
    u16("ndead", 6).hidden(),
    call(prune::PRUNE, prune::PRUNED),
];
const PRUNE_14: &[OpPart] = &[
    text("latestRemovedXid "),
    HORIZON,
    text(" nredirected "),
    u16("nredirected", 4),
    text(" ndead "),
    u16("ndead", 6),
    call(prune::PRUNE, prune::PRUNED),
];
const PRUNE_16: &[OpPart] = &[
    text("snapshotConflictHorizon: "),
    HORIZON,
    text(", nredirected: "),
    u16("nredirected", 4),
    text(", ndead: "),
    u16("ndead", 6),
    bool("is_catalog_rel", 8).hidden(),
    call(prune::PRUNE_16, prune::PRUNED),
];
const PRUNE_17: &[OpPart] = &[u8("reason", 0).hidden(), call(prune::PRUNE_17, prune::ALL)];
const PRUNE_19: &[OpPart] = &[call(prune::PRUNE_19, prune::ALL)];

const VACUUM: &[OpPart] = &[text("nunused "), u16("nunused", 0), call(prune::VACUUM, prune::VACUUMED)];
const VACUUM_16: &[OpPart] = &[text("nunused: "), u16("nunused", 0), call(prune::VACUUM_16, prune::VACUUMED)];

const FREEZE_PAGE: &[OpPart] = &[
    text("cutoff xid "),
    u32("cutoff_xid", 0),
    text(" ntuples "),
    u16("ntuples", 4),
    call(prune::frozen, prune::FROZEN),
];
const FREEZE_PAGE_16: &[OpPart] = &[
    text("snapshotConflictHorizon: "),
    HORIZON,
    text(", nplans: "),
    u16("nplans", 4),
    bool("is_catalog_rel", 6).hidden(),
    call(prune::planned, prune::PLANNED),
];

const CLEANUP_INFO: &[OpPart] = &[rel("rel", 0).hidden(), text("remxid "), u32("snapshot_conflict_horizon", 12)];

const VISIBLE_9_5: &[OpPart] = &[text("cutoff xid "), HORIZON];
const VISIBLE_9_6: &[OpPart] = &[text("cutoff xid "), HORIZON, text(" flags "), u8("flags", 4)];
const VISIBLE_12: &[OpPart] = &[text("cutoff xid "), HORIZON, text(" flags "), u8("flags", 4).hex()];
const VISIBLE_16: &[OpPart] = &[text("snapshotConflictHorizon: "), HORIZON, text(", flags: "), u8("flags", 4).hex()];

const MULTI_INSERT: &[OpPart] =
    &[u16("ntuples", 2), text(" tuples"), u8("flags", 0).hidden(), MULTI_INSERT_FLAGS, TUPLES];
const MULTI_INSERT_12: &[OpPart] =
    &[u16("ntuples", 2), text(" tuples flags "), u8("flags", 0).hex(), MULTI_INSERT_FLAGS, TUPLES];
const MULTI_INSERT_16: &[OpPart] =
    &[text("ntuples: "), u16("ntuples", 2), text(", flags: "), u8("flags", 0).hex(), MULTI_INSERT_FLAGS, TUPLES_16];
const MULTI_INSERT_19: &[OpPart] = &[
    text("ntuples: "),
    u16("ntuples", 2),
    text(", flags: "),
    u8("flags", 0).hex(),
    MULTI_INSERT_FLAGS,
    VM_FLAGS,
    TUPLES_16,
];

const LOCK_UPDATED_9_5: &[OpPart] = &[text("off "), u16("off", 4), text(": xmax "), u32("xmax", 0), text(" "), BITS];
const LOCK_UPDATED_9_6: &[OpPart] = &[
    text("off "),
    u16("off", 4),
    text(": xmax "),
    u32("xmax", 0),
    text(": flags "),
    u8("flags", 7),
    text(" "),
    BITS,
    LOCK_FLAGS,
];
const LOCK_UPDATED_12: &[OpPart] = &[
    text("off "),
    u16("off", 4),
    text(": xmax "),
    u32("xmax", 0),
    text(": flags "),
    u8("flags", 7).hex(),
    text(" "),
    BITS,
    LOCK_FLAGS,
];

const TARGET: OpPart = call(target, &[("tid", "tid")]);
const TOP_XID: OpPart = u32("top_xid", 0).hidden();
const NEW_CID: &[OpPart] = &[
    TOP_XID,
    text("rel "),
    rel("rel", 16),
    text("; tid "),
    TARGET,
    text("; cmin: "),
    u32("cmin", 4),
    text(", cmax: "),
    u32("cmax", 8),
    text(", combo: "),
    u32("combocid", 12),
];
const NEW_CID_16: &[OpPart] = &[
    TOP_XID,
    text("rel: "),
    rel("rel", 16),
    text(", tid: "),
    TARGET,
    text(", cmin: "),
    u32("cmin", 4),
    text(", cmax: "),
    u32("cmax", 8),
    text(", combo: "),
    u32("combocid", 12),
];

/// The operations. 0x80: the page is made anew.
pub const OPS: &[Op] = &[
    op(0x00, "REWRITE", V9_5, REWRITE),
    op(0x10, "CLEAN", V9_5, CLEAN),
    op(0x10, "PRUNE", V14, PRUNE_14),
    op(0x10, "PRUNE", V16, PRUNE_16),
    op(0x10, "PRUNE_ON_ACCESS", V17, PRUNE_17),
    op(0x10, "PRUNE_ON_ACCESS", V19, PRUNE_19),
    op(0x20, "FREEZE_PAGE", V9_5, FREEZE_PAGE),
    op(0x20, "VACUUM", V14, VACUUM),
    op(0x20, "VACUUM", V16, VACUUM_16),
    op(0x20, "PRUNE_VACUUM_SCAN", V17, PRUNE_17),
    op(0x20, "PRUNE_VACUUM_SCAN", V19, PRUNE_19),
    op(0x30, "CLEANUP_INFO", V9_5, CLEANUP_INFO),
    op(0x30, "FREEZE_PAGE", V14, FREEZE_PAGE),
    op(0x30, "FREEZE_PAGE", V16, FREEZE_PAGE_16),
    op(0x30, "PRUNE_VACUUM_CLEANUP", V17, PRUNE_17),
    op(0x30, "PRUNE_VACUUM_CLEANUP", V19, PRUNE_19),
    op(0x40, "VISIBLE", V9_5, VISIBLE_9_5),
    op(0x40, "VISIBLE", V9_6, VISIBLE_9_6),
    op(0x40, "VISIBLE", V12, VISIBLE_12),
    op(0x40, "VISIBLE", V16, VISIBLE_16).until(V18),
    op(0x50, "MULTI_INSERT", V9_5, MULTI_INSERT),
    op(0x50, "MULTI_INSERT", V12, MULTI_INSERT_12),
    op(0x50, "MULTI_INSERT", V16, MULTI_INSERT_16),
    op(0x50, "MULTI_INSERT", V19, MULTI_INSERT_19),
    op(0xD0, "MULTI_INSERT+INIT", V9_5, MULTI_INSERT),
    op(0xD0, "MULTI_INSERT+INIT", V12, MULTI_INSERT_12),
    op(0xD0, "MULTI_INSERT+INIT", V16, MULTI_INSERT_16),
    op(0xD0, "MULTI_INSERT+INIT", V19, MULTI_INSERT_19),
    op(0x60, "LOCK_UPDATED", V9_5, LOCK_UPDATED_9_5),
    op(0x60, "LOCK_UPDATED", V9_6, LOCK_UPDATED_9_6),
    op(0x60, "LOCK_UPDATED", V12, LOCK_UPDATED_12),
    op(0x60, "LOCK_UPDATED", V16, LOCK_16),
    op(0x70, "NEW_CID", V9_5, NEW_CID),
    op(0x70, "NEW_CID", V16, NEW_CID_16),
];

fn target(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    let mut cursor = cx.cursor(28);
    let (high, low, offset) = (cursor.u16("tid")?, cursor.u16("tid")?, cursor.u16("tid")?);
    sink.plain("tid", Value::Tid(u32::from(high) << 16 | u32::from(low), offset));
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::rmgr::table::{V9_5, V13, V15, V16, V17, V19};
    use crate::rmgr::told::{any_bytes, tell, told};

    const HEAP2: u8 = 9;

    #[test]
    fn pruning_by_version() {
        let (main, block) = ([5, 0, 0, 0, 1, 0, 2, 0, 1], [1, 0, 2, 0, 3, 0, 4, 0, 6, 0]);
        let lists = "redirected=[{from=1 to=2}] dead=[3 4] unused=[6]";
        for (version, text) in [
            (V13, "remxid 5"),
            (V15, "latestRemovedXid 5 nredirected 1 ndead 2"),
            (
                V16,
                "snapshotConflictHorizon: 5, nredirected: 1, ndead: 2, nunused: 1, redirected: [1->2], dead: [3, 4], unused: [6]",
            ),
        ] {
            let (told, document) = told(version, HEAP2, 0x10, &main, &block);
            assert_eq!(told, text);
            assert!(document.ends_with(lists), "{document}");
        }
        assert_eq!(told(V16, HEAP2, 0x10, &main, &[]).0, "snapshotConflictHorizon: 5, nredirected: 1, ndead: 2");
    }

    #[test]
    fn everything_in_one_record() {
        let block = [
            &[1, 0, 0, 0, 7, 0, 0, 0, 2, 0, 1, 9, 4, 0, 2, 0][..],
            &[1, 0, 1, 0, 2, 0],
            &[1, 0, 3, 0],
            &[2, 0, 4, 0, 5, 0],
            &[8, 0, 9, 0],
        ]
        .concat();
        let lists = ", nplans: 1, nredirected: 1, ndead: 1, nunused: 2, plans: [{ xmax: 7, infomask: 2305, infomask2: 2, ntuples: 2, \
             offsets: [8, 9] }], redirected: [1->2], dead: [3], unused: [4, 5]";
        let (text, document) = told(V17, HEAP2, 0x20, &[1, 0xFA, 5, 0, 0, 0], &block);
        assert_eq!(text, format!("snapshotConflictHorizon: 5, isCatalogRel: T{lists}"));
        assert!(
            document.starts_with("reason=1 flags=250 flag_names=[IS_CATALOG_REL HAS_CONFLICT_HORIZON"),
            "{document}"
        );
        let (text, _) = told(V19, HEAP2, 0x30, &[0xF0, 0x03], &block);
        assert_eq!(text, format!(", isCatalogRel: F, vm_flags: 0x03{lists}"));
        // All counts are checked before anything is told of them.
        assert!(
            tell(
                &crate::rmgr::told::layout(V17, crate::Align::Eight, crate::Endian::Little),
                HEAP2,
                0x20,
                &[1, 0x40],
                &[9, 0]
            )
            .1
            .is_err()
        );
    }

    #[test]
    fn frozen_tuples() {
        let main = [5, 0, 0, 0, 1, 0, 0];
        let tuple = [7, 0, 0, 0, 3, 0, 2, 0, 1, 9, 4, 0];
        let (text, document) = told(V9_5, HEAP2, 0x20, &main, &tuple);
        assert_eq!(text, "cutoff xid 5 ntuples 1");
        assert!(document.ends_with("tuples=[{off=3 xmax=7 t_infomask2=2 t_infomask=2305 frzflags=4}]"), "{document}");
        let plan = [7, 0, 0, 0, 2, 0, 1, 9, 4, 0, 1, 0, 3, 0];
        let (text, _) = told(V16, HEAP2, 0x30, &main, &plan);
        let plans = "plans: [{ xmax: 7, infomask: 2305, infomask2: 2, ntuples: 1, offsets: [3] }]";
        assert_eq!(text, format!("snapshotConflictHorizon: 5, nplans: 1, {plans}"));
    }

    #[test]
    fn several_tuples() {
        let block = [3, 0, 2, 0, 1, 9, 24, 1, 2, 3, 1, 0, 2, 0, 1, 9, 24, 1];
        let main = [0x20, 0, 2, 0, 7, 0, 9, 0];
        let (text, document) = told(V19, HEAP2, 0x50, &main, &block);
        assert_eq!(text, "ntuples: 2, flags: 0x20, vm_flags: 0x03, offsets: [7, 9]");
        assert!(
            document.contains("offsets=[7 9] tuples=[{natts=2 t_infomask2=2 t_infomask=2305 t_hoff=24 datalen=3} {"),
            "{document}"
        );
        assert_eq!(told(V16, HEAP2, 0x50, &main, &[]).0, "ntuples: 2, flags: 0x20");
        assert_eq!(told(V16, HEAP2, 0xD0, &main[..4], &block).0, "ntuples: 2, flags: 0x20");
        assert_eq!(told(V9_5, HEAP2, 0x50, &main, &block).0, "2 tuples");
    }

    #[test]
    fn no_bytes_are_too_odd() {
        any_bytes(HEAP2);
    }
}
