//! Records of "Btree", 9.5 and later (`src/include/access/nbtxlog.h`).
//!
//! ```text
//! INSERT_*            offset u16
//! SPLIT_*             level u32, first right u16, new item u16, [13+: posting u16]
//! DEDUP               intervals u16
//! DELETE              9.5-11: heap relation 3 × u32, items i32; 12: horizon u32, items i32
//!                     13: horizon u32, deleted u32; 14+: horizon u32, deleted u16, updated u16, [16+: catalog bool]
//! VACUUM              9.5-12: last block vacuumed u32; 13+: deleted u16, updated u16
//! MARK_PAGE_HALFDEAD  offset u16; 4: leaf u32, left u32, right u32, top parent u32
//! UNLINK_PAGE         9.5-13: left, right, leaf left, leaf right, top parent, xid, each u32
//!                     14+: left u32, right u32, level u32; 16 (12): full xid u64, leaf left u32, leaf right u32, top parent u32
//! NEWROOT             root block u32, level u32
//! REUSE_PAGE          relation 3 × u32, block u32, horizon u32 (14+: full xid u64), [16+: catalog bool]
//! META_CLEANUP        nothing: the meta page alone
//! ```

mod items;
mod meta;

use super::table::{Op, OpPart, V9_5, V11, V12, V13, V14, V16, V17, bool, full_xid, i32, op, rel, text, u16, u32};
use items::{
    DELETED_9_5, DELETED_12, DELETED_13, DELETED_14, DELETED_16, INSERTED, INTERVALS, POSTED, VACUUMED_9_5,
    VACUUMED_13, VACUUMED_16,
};
use meta::{CLEANUP_11, CLEANUP_12, DELPAGES, PAGE_9_5, PAGE_11, PAGE_12, PAGE_13, PAGE_14};

const OFF: OpPart = u16("off", 0);
const INSERT: &[OpPart] = &[text("off "), OFF, INSERTED];
const INSERT_16: &[OpPart] = &[text("off: "), OFF, INSERTED];
const INSERT_POST: &[OpPart] = &[text("off "), OFF, POSTED];
const INSERT_POST_16: &[OpPart] = &[text("off: "), OFF, POSTED];

const SPLIT: &[OpPart] = &[
    text("level "),
    u32("level", 0),
    text(", firstright "),
    u16("firstrightoff", 4),
    text(", newitemoff "),
    u16("newitemoff", 6),
];
const SPLIT_13: &[OpPart] = &[
    text("level "),
    u32("level", 0),
    text(", firstrightoff "),
    u16("firstrightoff", 4),
    text(", newitemoff "),
    u16("newitemoff", 6),
    text(", postingoff "),
    u16("postingoff", 8),
];
const SPLIT_16: &[OpPart] = &[
    text("level: "),
    u32("level", 0),
    text(", firstrightoff: "),
    u16("firstrightoff", 4),
    text(", newitemoff: "),
    u16("newitemoff", 6),
    text(", postingoff: "),
    u16("postingoff", 8),
];

const DEDUP: &[OpPart] = &[text("nintervals "), u16("nintervals", 0), INTERVALS];
const DEDUP_16: &[OpPart] = &[text("nintervals: "), u16("nintervals", 0), INTERVALS];

const HORIZON: OpPart = u32("snapshot_conflict_horizon", 0);
const DELETE_9_5: &[OpPart] = &[rel("hnode", 0).hidden(), i32("ndeleted", 12), text(" items"), DELETED_9_5];
const DELETE_12: &[OpPart] = &[i32("ndeleted", 4), text(" items, latest removed xid "), HORIZON, DELETED_12];
const DELETE_13: &[OpPart] = &[text("latestRemovedXid "), HORIZON, text("; ndeleted "), u32("ndeleted", 4), DELETED_13];
const DELETE_14: &[OpPart] = &[
    text("latestRemovedXid "),
    HORIZON,
    text("; ndeleted "),
    u16("ndeleted", 4),
    text("; nupdated "),
    u16("nupdated", 6),
    DELETED_14,
];
const DELETE_16: &[OpPart] = &[
    text("snapshotConflictHorizon: "),
    HORIZON,
    text(", ndeleted: "),
    u16("ndeleted", 4),
    text(", nupdated: "),
    u16("nupdated", 6),
    bool("is_catalog_rel", 8).hidden(),
    DELETED_16,
];
const DELETE_17: &[OpPart] = &[
    text("snapshotConflictHorizon: "),
    HORIZON,
    text(", ndeleted: "),
    u16("ndeleted", 4),
    text(", nupdated: "),
    u16("nupdated", 6),
    text(", isCatalogRel: "),
    bool("is_catalog_rel", 8).tf(),
    DELETED_16,
];

const VACUUM_9_5: &[OpPart] = &[text("lastBlockVacuumed "), u32("last_block_vacuumed", 0), VACUUMED_9_5];
const VACUUM_13: &[OpPart] =
    &[text("ndeleted "), u16("ndeleted", 0), text("; nupdated "), u16("nupdated", 2), VACUUMED_13];
const VACUUM_16: &[OpPart] =
    &[text("ndeleted: "), u16("ndeleted", 0), text(", nupdated: "), u16("nupdated", 2), VACUUMED_16];

const POFFSET: OpPart = u16("poffset", 0).hidden();
const HALFDEAD: &[OpPart] = &[
    POFFSET,
    text("topparent "),
    u32("topparent", 16),
    text("; leaf "),
    u32("leafblk", 4),
    text("; left "),
    u32("leftblk", 8),
    text("; right "),
    u32("rightblk", 12),
];
const HALFDEAD_16: &[OpPart] = &[
    POFFSET,
    text("topparent: "),
    u32("topparent", 16),
    text(", leaf: "),
    u32("leafblk", 4),
    text(", left: "),
    u32("leftblk", 8),
    text(", right: "),
    u32("rightblk", 12),
];

/// Behind the fixed part of each comes what it makes of the meta page; nothing, in the plain operation.
macro_rules! unlink {
    ($($meta:expr)?) => {
        &[
            text("left "),
            u32("leftsib", 0),
            text("; right "),
            u32("rightsib", 4),
            text("; btpo_xact "),
            u32("btpo_xact", 20),
            text("; leafleft "),
            u32("leafleftsib", 8),
            text("; leafright "),
            u32("leafrightsib", 12),
            text("; topparent "),
            u32("topparent", 16),
            $($meta)?
        ]
    };
}
macro_rules! unlink_14 {
    ($colon:literal, $comma:literal $(, $meta:expr)?) => {
        &[
            text(concat!("left", $colon)),
            u32("leftsib", 0),
            text(concat!($comma, "right", $colon)),
            u32("rightsib", 4),
            text(concat!($comma, "level", $colon)),
            u32("level", 8),
            text(concat!($comma, "safexid", $colon)),
            full_xid("safexid", 16).on32(12),
            text(concat!($comma, "leafleft", $colon)),
            u32("leafleftsib", 24).on32(20),
            text(concat!($comma, "leafright", $colon)),
            u32("leafrightsib", 28).on32(24),
            text(concat!($comma, "leaftopparent", $colon)),
            u32("topparent", 32).on32(28),
            $($meta)?
        ]
    };
}
macro_rules! insert_meta {
    ($words:literal, $meta:expr) => {
        &[text($words), OFF, INSERTED, $meta]
    };
}
macro_rules! newroot {
    ($words:literal, $meta:expr) => {
        &[u32("rootblk", 0).hidden(), text($words), u32("level", 4), $meta]
    };
}

const BLOCK: OpPart = u32("block", 12).hidden();
const REUSE_9_5: &[OpPart] =
    &[text("rel "), rel("rel", 0), BLOCK, text("; latestRemovedXid "), u32("snapshot_conflict_horizon", 16)];
const REUSE_14: &[OpPart] =
    &[text("rel "), rel("rel", 0), BLOCK, text("; latestRemovedXid "), full_xid("snapshot_conflict_horizon", 16)];
const REUSE_16: &[OpPart] = &[
    text("rel: "),
    rel("rel", 0),
    BLOCK,
    text(", snapshotConflictHorizon: "),
    full_xid("snapshot_conflict_horizon", 16),
    bool("is_catalog_rel", 24).hidden(),
];
const REUSE_17: &[OpPart] = &[
    text("rel: "),
    rel("rel", 0),
    BLOCK,
    text(", snapshotConflictHorizon: "),
    full_xid("snapshot_conflict_horizon", 16),
    text(", isCatalogRel: "),
    bool("is_catalog_rel", 24).tf(),
];

/// The operations.
pub const OPS: &[Op] = &[
    op(0x00, "INSERT_LEAF", V9_5, INSERT),
    op(0x00, "INSERT_LEAF", V16, INSERT_16),
    op(0x10, "INSERT_UPPER", V9_5, INSERT),
    op(0x10, "INSERT_UPPER", V16, INSERT_16),
    op(0x20, "INSERT_META", V9_5, insert_meta!("off ", PAGE_9_5)),
    op(0x20, "INSERT_META", V11, insert_meta!("off ", PAGE_11)),
    op(0x20, "INSERT_META", V12, insert_meta!("off ", PAGE_12)),
    op(0x20, "INSERT_META", V13, insert_meta!("off ", PAGE_13)),
    op(0x20, "INSERT_META", V14, insert_meta!("off ", PAGE_14)),
    op(0x20, "INSERT_META", V16, insert_meta!("off: ", PAGE_14)),
    op(0x30, "SPLIT_L", V9_5, SPLIT),
    op(0x30, "SPLIT_L", V13, SPLIT_13),
    op(0x30, "SPLIT_L", V16, SPLIT_16),
    op(0x40, "SPLIT_R", V9_5, SPLIT),
    op(0x40, "SPLIT_R", V13, SPLIT_13),
    op(0x40, "SPLIT_R", V16, SPLIT_16),
    op(0x50, "SPLIT_L_ROOT", V9_5, SPLIT),
    op(0x50, "SPLIT_L_HIGHKEY", V11, SPLIT).until(V11),
    op(0x50, "INSERT_POST", V13, INSERT_POST),
    op(0x50, "INSERT_POST", V16, INSERT_POST_16),
    op(0x60, "SPLIT_R_ROOT", V9_5, SPLIT),
    op(0x60, "SPLIT_R_HIGHKEY", V11, SPLIT).until(V11),
    op(0x60, "DEDUP", V13, DEDUP),
    op(0x60, "DEDUP", V16, DEDUP_16),
    op(0x70, "DELETE", V9_5, DELETE_9_5),
    op(0x70, "DELETE", V12, DELETE_12),
    op(0x70, "DELETE", V13, DELETE_13),
    op(0x70, "DELETE", V14, DELETE_14),
    op(0x70, "DELETE", V16, DELETE_16),
    op(0x70, "DELETE", V17, DELETE_17),
    op(0x80, "UNLINK_PAGE", V9_5, unlink!()),
    op(0x80, "UNLINK_PAGE", V14, unlink_14!(" ", "; ")),
    op(0x80, "UNLINK_PAGE", V16, unlink_14!(": ", ", ")),
    op(0x90, "UNLINK_PAGE_META", V9_5, unlink!(PAGE_9_5)),
    op(0x90, "UNLINK_PAGE_META", V11, unlink!(PAGE_11)),
    op(0x90, "UNLINK_PAGE_META", V12, unlink!(PAGE_12)),
    op(0x90, "UNLINK_PAGE_META", V13, unlink!(PAGE_13)),
    op(0x90, "UNLINK_PAGE_META", V14, unlink_14!(" ", "; ", PAGE_14)),
    op(0x90, "UNLINK_PAGE_META", V16, unlink_14!(": ", ", ", PAGE_14)),
    op(0xA0, "NEWROOT", V9_5, newroot!("lev ", PAGE_9_5)),
    op(0xA0, "NEWROOT", V11, newroot!("lev ", PAGE_11)),
    op(0xA0, "NEWROOT", V12, newroot!("lev ", PAGE_12)),
    op(0xA0, "NEWROOT", V13, newroot!("lev ", PAGE_13)),
    op(0xA0, "NEWROOT", V14, newroot!("lev ", PAGE_14)),
    op(0xA0, "NEWROOT", V16, newroot!("level: ", PAGE_14)),
    op(0xB0, "MARK_PAGE_HALFDEAD", V9_5, HALFDEAD),
    op(0xB0, "MARK_PAGE_HALFDEAD", V16, HALFDEAD_16),
    op(0xC0, "VACUUM", V9_5, VACUUM_9_5),
    op(0xC0, "VACUUM", V13, VACUUM_13),
    op(0xC0, "VACUUM", V16, VACUUM_16),
    op(0xD0, "REUSE_PAGE", V9_5, REUSE_9_5),
    op(0xD0, "REUSE_PAGE", V14, REUSE_14),
    op(0xD0, "REUSE_PAGE", V16, REUSE_16),
    op(0xD0, "REUSE_PAGE", V17, REUSE_17),
    op(0xE0, "META_CLEANUP", V11, &[CLEANUP_11, PAGE_11]),
    op(0xE0, "META_CLEANUP", V12, &[CLEANUP_12, PAGE_12]),
    op(0xE0, "META_CLEANUP", V13, &[CLEANUP_12, PAGE_13]),
    op(0xE0, "META_CLEANUP", V14, &[text("last_cleanup_num_delpages "), DELPAGES, PAGE_14]),
    op(0xE0, "META_CLEANUP", V16, &[text("last_cleanup_num_delpages: "), DELPAGES, PAGE_14]),
];

#[cfg(test)]
mod tests {
    use crate::rmgr::table::{V9_5, V10, V11, V12, V13, V14, V16, V17};
    use crate::rmgr::told::{any_bytes, layout, tell, told};
    use crate::{Align, Endian};

    const BTREE: u8 = 11;

    #[test]
    fn deleted_items_by_version() {
        let block = [1, 0, 2, 0, 5, 0, 2, 0, 3, 0, 4, 0];
        let gone = "deleted: [1, 2], updated: [{ off: 5, nptids: 2, ptids: [3, 4] }]";
        let main = [9, 0, 0, 0, 2, 0, 1, 0, 1];
        for (version, text) in [
            (V14, "latestRemovedXid 9; ndeleted 2; nupdated 1".to_owned()),
            (V16, format!("snapshotConflictHorizon: 9, ndeleted: 2, nupdated: 1, {gone}")),
            (V17, format!("snapshotConflictHorizon: 9, ndeleted: 2, nupdated: 1, isCatalogRel: T, {gone}")),
        ] {
            let (told, document) = told(version, BTREE, 0x70, &main, &block);
            assert_eq!(told, text);
            assert!(document.ends_with("deleted=[1 2] updated=[{off=5 nptids=2 ptids=[3 4]}]"), "{document}");
        }
        let (text, document) = told(V13, BTREE, 0x70, &[9, 0, 0, 0, 2, 0, 0, 0], &block[..4]);
        assert_eq!(text, "latestRemovedXid 9; ndeleted 2");
        assert!(document.ends_with("deleted=[1 2] updated=[]"), "{document}");
        let (text, document) = told(V12, BTREE, 0x70, &[9, 0, 0, 0, 2, 0, 0, 0, 1, 0, 2, 0], &[]);
        assert_eq!(text, "2 items, latest removed xid 9");
        assert!(document.ends_with("deleted=[1 2]"), "{document}");
        let (text, document) = told(V9_5, BTREE, 0x70, &[1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 4, 0], &[]);
        assert_eq!(text, "1 items");
        assert_eq!(document, "hnode=1/2/3 ndeleted=1 deleted=[4]");
    }

    #[test]
    fn the_meta_page_by_version_and_alignment() {
        let numbers = |count: u32| (1..=count).flat_map(|n| n.to_le_bytes()).collect::<Vec<u8>>();
        let half = 0.5f64.to_le_bytes();
        let (_, document) = told(V10, BTREE, 0xA0, &[3, 0, 0, 0, 1, 0, 0, 0], &numbers(4));
        assert_eq!(document, "rootblk=3 level=1 meta={root=1 level=2 fastroot=3 fastlevel=4}");
        for (align, pad) in [(Align::Eight, 4), (Align::Four, 0)] {
            let page = [&numbers(5)[..], &vec![0; pad], &half].concat();
            let (told, result) = tell(&layout(V11, align, Endian::Little), BTREE, 0xE0, &[], &page);
            assert_eq!(result, Ok(()));
            assert_eq!(told.text, "oldest_btpo_xact 5; last_cleanup_num_heap_tuples: 0.500000");
            assert!(
                told.document.contains("meta={root=1 level=2 fastroot=3 fastlevel=4 oldest_btpo_xact=5 "),
                "{}",
                told.document
            );
        }
        let page = [&numbers(6)[..], &half, &[1]].concat();
        let (text, document) = told(V13, BTREE, 0xE0, &[], &page);
        assert_eq!(text, "oldest_btpo_xact 6; last_cleanup_num_heap_tuples: 0.500000");
        assert!(document.contains("meta={version=1 root=2 "), "{document}");
        let (text, document) = told(V16, BTREE, 0xE0, &[], &[&numbers(6)[..], &[1]].concat());
        assert_eq!(text, "last_cleanup_num_delpages: 6");
        assert!(document.ends_with("last_cleanup_num_delpages=6 allequalimage=true}"), "{document}");
    }

    #[test]
    fn a_page_unlinked_on_both_alignments() {
        let numbers = |ns: &[u32]| ns.iter().flat_map(|n| n.to_le_bytes()).collect::<Vec<u8>>();
        for (align, main) in
            [(Align::Eight, numbers(&[1, 2, 3, 0, 9, 0, 4, 5, 6])), (Align::Four, numbers(&[1, 2, 3, 9, 0, 4, 5, 6]))]
        {
            let (told, result) = tell(&layout(V14, align, Endian::Little), BTREE, 0x80, &main, &[]);
            assert_eq!(result, Ok(()));
            assert_eq!(told.text, "left 1; right 2; level 3; safexid 9; leafleft 4; leafright 5; leaftopparent 6");
        }
    }

    #[test]
    fn no_bytes_are_too_odd() {
        any_bytes(BTREE);
    }
}
