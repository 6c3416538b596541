//! Records of "SPGist", 9.5 and later (`src/include/access/spgxlog.h`; `spgist_private.h` up to 9.6).
//!
//! ```text
//! ADD_LEAF         newPage u8, storesNulls u8, offnumLeaf u16, offnumHeadLeaf u16, offnumParent u16, nodeI u16
//! MOVE_LEAFS       nMoves u16, newPage u8, replaceDead u8, storesNulls u8, –, offnumParent u16, nodeI u16, –, state, line numbers
//! ADD_NODE         offnum u16, offnumNew u16, newPage u8, parentBlk i8, offnumParent u16, nodeI u16, –, state
//! SPLIT_TUPLE      offnumPrefix u16, offnumPostfix u16, newPage u8, postfixBlkSame u8
//! PICKSPLIT        isRootSplit u8, –, nDelete u16, nInsert u16, initSrc u8, initDest u8, offnumInner u16, initInner u8,
//!                  storesNulls u8, innerIsParent u8, –, offnumParent u16, nodeI u16, –, state, line numbers
//! VACUUM_LEAF      nDead u16, nPlaceholder u16, nMove u16, nChain u16, state, line numbers
//! VACUUM_ROOT      nDelete u16, –, state, line numbers
//! VACUUM_REDIRECT  nToPlaceholder u16, firstPlaceholder u16, xid u32, [16+: isCatalogRel u8, –,] line numbers
//! state            xid u32, isBuild u8, –
//! ```
//! The words of 14 and later name what the earlier ones left out.

mod flags;
pub mod lists;

use super::table::{Op, OpPart, V9_5, V11, V14, V16, V17, bool, call, op, text, u16, u32};
use flags::{FLAGS, PARENT_BLK, PICK_SPLIT, SAME};
use lists::{LEAFS, REDIRECTS, ROOT, SPLIT, VACUUMED};

/// `spgxlogState`: the transaction of redirections (`myXid` up to 16), and whether the index is being built.
const fn xid(at: u16) -> OpPart {
    u32("redirect_xid", at).hidden()
}
const fn is_build(at: u16) -> OpPart {
    bool("is_build", at).hidden()
}

const OFF: OpPart = u16("off", 2);
const HEADOFF: OpPart = u16("headoff", 4);
const PARENTOFF: OpPart = u16("parentoff", 6);
const NODE_I: OpPart = u16("node_i", 8);

const ADD_LEAF_9_5: &[OpPart] = &[
    text("add leaf to page; off "),
    OFF,
    text("; headoff "),
    HEADOFF,
    text("; parentoff "),
    PARENTOFF,
    NODE_I.hidden(),
    call(flags::add_leaf, FLAGS),
];
const ADD_LEAF_14: &[OpPart] = &[
    text("off: "),
    OFF,
    text(", headoff: "),
    HEADOFF,
    text(", parentoff: "),
    PARENTOFF,
    text(", nodeI: "),
    NODE_I,
    call(flags::add_leaf, FLAGS),
];

const MOVE_LEAFS_9_5: &[OpPart] = &[
    u16("nmoves", 0),
    text(" leafs"),
    PARENTOFF.hidden(),
    NODE_I.hidden(),
    bool("new_page", 2).hidden(),
    bool("replace_dead", 3).hidden(),
    bool("stores_nulls", 4).hidden(),
    xid(12),
    is_build(16),
    call(lists::move_leafs, LEAFS),
];
const MOVE_LEAFS_14: &[OpPart] = &[
    text("nmoves: "),
    u16("nmoves", 0),
    text(", parentoff: "),
    PARENTOFF,
    text(", nodeI: "),
    NODE_I,
    call(flags::move_leafs, FLAGS),
    xid(12),
    is_build(16),
    call(lists::move_leafs, LEAFS),
];

const ADD_NODE_9_5: &[OpPart] = &[
    text("off "),
    u16("off", 0),
    u16("newoff", 2).hidden(),
    call(flags::parent_blk_hidden, PARENT_BLK),
    PARENTOFF.hidden(),
    NODE_I.hidden(),
    bool("new_page", 4).hidden(),
    xid(12),
    is_build(16),
];
const ADD_NODE_14: &[OpPart] = &[
    text("off: "),
    u16("off", 0),
    text(", newoff: "),
    u16("newoff", 2),
    text(", parentBlk: "),
    call(flags::parent_blk, PARENT_BLK),
    text(", parentoff: "),
    PARENTOFF,
    text(", nodeI: "),
    NODE_I,
    call(flags::add_node, flags::ADD_NODE),
    xid(12),
    is_build(16),
];

const SPLIT_TUPLE_9_5: &[OpPart] = &[
    text("prefix off: "),
    u16("prefixoff", 0),
    text(", postfix off: "),
    u16("postfixoff", 2),
    call(flags::split_tuple_numbers, SAME),
];
const SPLIT_TUPLE_14: &[OpPart] = &[
    text("prefixoff: "),
    u16("prefixoff", 0),
    text(", postfixoff: "),
    u16("postfixoff", 2),
    call(flags::split_tuple, SAME),
];

const NDELETE: OpPart = u16("ndelete", 2);
const NINSERT: OpPart = u16("ninsert", 4);
const INNEROFF: OpPart = u16("inneroff", 8);
const SPLIT_PARENTOFF: OpPart = u16("parentoff", 14);
const SPLIT_NODE_I: OpPart = u16("node_i", 16);
const PICKSPLIT_9_5: &[OpPart] = &[
    text("ndel "),
    NDELETE,
    text("; nins "),
    NINSERT,
    call(flags::pick_split_9_5, PICK_SPLIT),
    INNEROFF.hidden(),
    SPLIT_PARENTOFF.hidden(),
    SPLIT_NODE_I.hidden(),
    bool("stores_nulls", 11).hidden(),
    bool("init_src", 6).hidden(),
    bool("init_dest", 7).hidden(),
    bool("init_inner", 10).hidden(),
    xid(20),
    is_build(24),
    call(lists::pick_split, SPLIT),
];
const PICKSPLIT_14: &[OpPart] = &[
    text("ndelete: "),
    NDELETE,
    text(", ninsert: "),
    NINSERT,
    text(", inneroff: "),
    INNEROFF,
    text(", parentoff: "),
    SPLIT_PARENTOFF,
    text(", nodeI: "),
    SPLIT_NODE_I,
    call(flags::pick_split, PICK_SPLIT),
    bool("init_src", 6).hidden(),
    bool("init_dest", 7).hidden(),
    bool("init_inner", 10).hidden(),
    xid(20),
    is_build(24),
    call(lists::pick_split, SPLIT),
];

const VACUUM_LEAF_9_5: &[OpPart] = &[
    u16("ndead", 0).hidden(),
    u16("nplaceholder", 2).hidden(),
    u16("nmove", 4).hidden(),
    u16("nchain", 6).hidden(),
    xid(8),
    is_build(12),
    call(lists::vacuum_leaf, VACUUMED),
];
const VACUUM_LEAF_14: &[OpPart] = &[
    text("ndead: "),
    u16("ndead", 0),
    text(", nplaceholder: "),
    u16("nplaceholder", 2),
    text(", nmove: "),
    u16("nmove", 4),
    text(", nchain: "),
    u16("nchain", 6),
    xid(8),
    is_build(12),
    call(lists::vacuum_leaf, VACUUMED),
];

const VACUUM_ROOT_9_5: &[OpPart] = &[u16("ndelete", 0).hidden(), xid(4), is_build(8), call(lists::vacuum_root, ROOT)];
const VACUUM_ROOT_14: &[OpPart] =
    &[text("ndelete: "), u16("ndelete", 0), xid(4), is_build(8), call(lists::vacuum_root, ROOT)];

const NTOPLACEHOLDER: OpPart = u16("ntoplaceholder", 0);
const FIRSTPLACEHOLDER: OpPart = u16("firstplaceholder", 2);
const HORIZON: OpPart = u32("snapshot_conflict_horizon", 4);
const VACUUM_REDIRECT_9_5: &[OpPart] = &[
    text("newest XID "),
    HORIZON,
    NTOPLACEHOLDER.hidden(),
    FIRSTPLACEHOLDER.hidden(),
    call(lists::vacuum_redirect_9_5, REDIRECTS),
];
const VACUUM_REDIRECT_14: &[OpPart] = &[
    text("ntoplaceholder: "),
    NTOPLACEHOLDER,
    text(", firstplaceholder: "),
    FIRSTPLACEHOLDER,
    text(", newestredirectxid: "),
    HORIZON,
    call(lists::vacuum_redirect_9_5, REDIRECTS),
];
const VACUUM_REDIRECT_16: &[OpPart] = &[
    text("ntoplaceholder: "),
    NTOPLACEHOLDER,
    text(", firstplaceholder: "),
    FIRSTPLACEHOLDER,
    text(", snapshotConflictHorizon: "),
    HORIZON,
    bool("is_catalog_rel", 8).hidden(),
    call(lists::vacuum_redirect_16, REDIRECTS),
];
const VACUUM_REDIRECT_17: &[OpPart] = &[
    text("ntoplaceholder: "),
    NTOPLACEHOLDER,
    text(", firstplaceholder: "),
    FIRSTPLACEHOLDER,
    text(", snapshotConflictHorizon: "),
    HORIZON,
    text(", isCatalogRel: "),
    bool("is_catalog_rel", 8).tf(),
    call(lists::vacuum_redirect_16, REDIRECTS),
];

/// The operations.
pub const OPS: &[Op] = &[
    op(0x00, "CREATE_INDEX", V9_5, &[]).until(V11),
    op(0x10, "ADD_LEAF", V9_5, ADD_LEAF_9_5),
    op(0x10, "ADD_LEAF", V14, ADD_LEAF_14),
    op(0x20, "MOVE_LEAFS", V9_5, MOVE_LEAFS_9_5),
    op(0x20, "MOVE_LEAFS", V14, MOVE_LEAFS_14),
    op(0x30, "ADD_NODE", V9_5, ADD_NODE_9_5),
    op(0x30, "ADD_NODE", V14, ADD_NODE_14),
    op(0x40, "SPLIT_TUPLE", V9_5, SPLIT_TUPLE_9_5),
    op(0x40, "SPLIT_TUPLE", V14, SPLIT_TUPLE_14),
    op(0x50, "PICKSPLIT", V9_5, PICKSPLIT_9_5),
    op(0x50, "PICKSPLIT", V14, PICKSPLIT_14),
    op(0x60, "VACUUM_LEAF", V9_5, VACUUM_LEAF_9_5),
    op(0x60, "VACUUM_LEAF", V14, VACUUM_LEAF_14),
    op(0x70, "VACUUM_ROOT", V9_5, VACUUM_ROOT_9_5),
    op(0x70, "VACUUM_ROOT", V14, VACUUM_ROOT_14),
    op(0x80, "VACUUM_REDIRECT", V9_5, VACUUM_REDIRECT_9_5),
    op(0x80, "VACUUM_REDIRECT", V14, VACUUM_REDIRECT_14),
    op(0x80, "VACUUM_REDIRECT", V16, VACUUM_REDIRECT_16),
    op(0x80, "VACUUM_REDIRECT", V17, VACUUM_REDIRECT_17),
];
