//! Records of "SPGist", 9.2 to 9.4 (`src/include/access/spgist_private.h`).
//!
//! ```text
//! CREATE_INDEX     relation
//! ADD_LEAF         relation, blknoLeaf u32, newPage u8, storesNulls u8, offnumLeaf u16, offnumHeadLeaf u16, –, blknoParent u32,
//!                  offnumParent u16, nodeI u16, tuple
//! MOVE_LEAFS       relation, blknoSrc u32, blknoDst u32, nMoves u16, newPage u8, replaceDead u8, storesNulls u8, –, blknoParent u32,
//!                  offnumParent u16, nodeI u16, state, line numbers, tuples
//! ADD_NODE         relation, blkno u32, offnum u16, –, blknoParent u32, offnumParent u16, nodeI u16, blknoNew u32, offnumNew u16,
//!                  newPage u8, –, state, tuple
//! SPLIT_TUPLE      relation, blknoPrefix u32, offnumPrefix u16, –, blknoPostfix u32, offnumPostfix u16, newPage u8, –, tuples
//! PICKSPLIT        relation, blknoSrc u32, blknoDest u32, nDelete u16, nInsert u16, initSrc u8, initDest u8, –, blknoInner u32,
//!                  offnumInner u16, initInner u8, storesNulls u8, blknoParent u32, offnumParent u16, nodeI u16, state,
//!                  (up to 9.3 the inner tuple,) line numbers, tuples
//! VACUUM_LEAF      relation, blkno u32, nDead u16, nPlaceholder u16, nMove u16, nChain u16, state, line numbers
//! VACUUM_ROOT      relation, blkno u32, nDelete u16, –, state, line numbers
//! VACUUM_REDIRECT  relation, blkno u32, nToPlaceholder u16, firstPlaceholder u16, xid u32, line numbers
//! relation         3 × u32
//! state            xid u32, isBuild u8, –
//! ```
//! Up to 9.3 a record that tuples follow is padded to the server's alignment, and so is each of its lists.

mod lists;
#[cfg(test)]
mod tests;

use crate::rmgr::spgist::lists::{LEAFS, REDIRECTS, ROOT, SPLIT, VACUUMED};
use crate::rmgr::table::{Op, OpPart, V9_2, V9_4, bool, call, op, rel, text, u16, u32};

const REL: OpPart = rel("rel", 0);
const FROM: OpPart = text("rel ");

/// `spgxlogState`.
const fn xid(at: u16) -> OpPart {
    u32("redirect_xid", at).hidden()
}
const fn is_build(at: u16) -> OpPart {
    bool("is_build", at).hidden()
}

const ADD_LEAF: &[OpPart] = &[
    FROM,
    REL,
    text(" add leaf to page: "),
    u32("blkno_leaf", 12),
    u16("off", 18).hidden(),
    u16("headoff", 20).hidden(),
    u32("blkno_parent", 24).hidden(),
    u16("parentoff", 28).hidden(),
    u16("node_i", 30).hidden(),
    bool("new_page", 16).hidden(),
    bool("stores_nulls", 17).hidden(),
];

const fn move_leafs(lists: OpPart) -> [OpPart; 17] {
    [
        FROM,
        REL,
        text(" move "),
        u16("nmoves", 20),
        text(" leafs from page "),
        u32("blkno_src", 12),
        text(" to page "),
        u32("blkno_dst", 16),
        u32("blkno_parent", 28).hidden(),
        u16("parentoff", 32).hidden(),
        u16("node_i", 34).hidden(),
        bool("new_page", 22).hidden(),
        bool("replace_dead", 23).hidden(),
        bool("stores_nulls", 24).hidden(),
        xid(36),
        is_build(40),
        lists,
    ]
}
const MOVE_LEAFS_9_2: &[OpPart] = &move_leafs(call(lists::move_leafs_9_2, LEAFS));
const MOVE_LEAFS_9_4: &[OpPart] = &move_leafs(call(lists::move_leafs_9_4, LEAFS));

const ADD_NODE: &[OpPart] = &[
    FROM,
    REL,
    text(" add node to "),
    u32("blkno", 12),
    text(":"),
    u16("off", 16),
    u32("blkno_parent", 20).hidden(),
    u16("parentoff", 24).hidden(),
    u16("node_i", 26).hidden(),
    u32("blkno_new", 28).hidden(),
    u16("newoff", 32).hidden(),
    bool("new_page", 34).hidden(),
    xid(36),
    is_build(40),
];

const SPLIT_TUPLE: &[OpPart] = &[
    FROM,
    REL,
    text(" split node "),
    u32("blkno_prefix", 12),
    text(":"),
    u16("prefixoff", 16),
    text(" to "),
    u32("blkno_postfix", 20),
    text(":"),
    u16("postfixoff", 24),
    bool("new_page", 26).hidden(),
];

const fn pick_split(lists: OpPart) -> [OpPart; 19] {
    [
        FROM,
        REL,
        text(" split leaf page"),
        u32("blkno_src", 12).hidden(),
        u32("blkno_dest", 16).hidden(),
        u16("ndelete", 20).hidden(),
        u16("ninsert", 22).hidden(),
        bool("init_src", 24).hidden(),
        bool("init_dest", 25).hidden(),
        u32("blkno_inner", 28).hidden(),
        u16("inneroff", 32).hidden(),
        bool("init_inner", 34).hidden(),
        bool("stores_nulls", 35).hidden(),
        u32("blkno_parent", 36).hidden(),
        u16("parentoff", 40).hidden(),
        u16("node_i", 42).hidden(),
        xid(44),
        is_build(48),
        lists,
    ]
}
const PICKSPLIT_9_2: &[OpPart] = &pick_split(call(lists::pick_split_9_2, SPLIT));
const PICKSPLIT_9_4: &[OpPart] = &pick_split(call(lists::pick_split_9_4, SPLIT));

const VACUUM_LEAF: &[OpPart] = &[
    FROM,
    REL,
    text(" vacuum leaf tuples on page "),
    u32("blkno", 12),
    u16("ndead", 16).hidden(),
    u16("nplaceholder", 18).hidden(),
    u16("nmove", 20).hidden(),
    u16("nchain", 22).hidden(),
    xid(24),
    is_build(28),
    call(lists::vacuum_leaf, VACUUMED),
];

const VACUUM_ROOT: &[OpPart] = &[
    FROM,
    REL,
    text(" vacuum leaf tuples on root page "),
    u32("blkno", 12),
    u16("ndelete", 16).hidden(),
    xid(20),
    is_build(24),
    call(lists::vacuum_root, ROOT),
];

const VACUUM_REDIRECT: &[OpPart] = &[
    FROM,
    REL,
    text(" vacuum redirect tuples on page "),
    u32("blkno", 12),
    text(", newest XID "),
    u32("snapshot_conflict_horizon", 20),
    u16("ntoplaceholder", 16).hidden(),
    u16("firstplaceholder", 18).hidden(),
    call(lists::vacuum_redirect, REDIRECTS),
];

/// The operations.
pub const OPS: &[Op] = &[
    op(0x00, "CREATE_INDEX", V9_2, &[text("create_index: rel "), REL]),
    op(0x10, "ADD_LEAF", V9_2, ADD_LEAF),
    op(0x20, "MOVE_LEAFS", V9_2, MOVE_LEAFS_9_2),
    op(0x20, "MOVE_LEAFS", V9_4, MOVE_LEAFS_9_4),
    op(0x30, "ADD_NODE", V9_2, ADD_NODE),
    op(0x40, "SPLIT_TUPLE", V9_2, SPLIT_TUPLE),
    op(0x50, "PICKSPLIT", V9_2, PICKSPLIT_9_2),
    op(0x50, "PICKSPLIT", V9_4, PICKSPLIT_9_4),
    op(0x60, "VACUUM_LEAF", V9_2, VACUUM_LEAF),
    op(0x70, "VACUUM_ROOT", V9_2, VACUUM_ROOT),
    op(0x80, "VACUUM_REDIRECT", V9_2, VACUUM_REDIRECT),
];
