//! Records of index access methods that no capture holds, or that it holds with one shape alone.
#![allow(clippy::unwrap_used)]

mod told;

use pgwal_format::rmgr::table::*;
use pgwal_format::{Align, Endian, Version};
use told::{Bytes, Part, bytes, layout, words, words_of};

const HASH: u8 = 12;
const GIN: u8 = 13;
const GIST: u8 = 14;
const SPGIST: u8 = 16;

fn data(bytes: Bytes) -> Vec<Part> {
    vec![Part { data: bytes.1, image: None }]
}

fn image(apply: bool) -> Vec<Part> {
    vec![Part { data: vec![], image: Some(apply) }]
}

fn shown(version: Version, op: (u8, u8), main: &Bytes, blocks: &[Part]) -> String {
    words(version, op, &main.1, blocks).0
}

#[test]
fn every_action_on_a_posting_tree_leaf() {
    let add = bytes().u16(4).u8(3).u8(1).u8(4).u8(4).u16(2).u16(1).u16(7).u16(9).u16(0).u16(8).u16(1);
    // An odd number of bytes is padded.
    let replace =
        add.u8(5).u8(3).u16(0).u16(12).u16(4).u16(3).u8(1).u8(2).u8(3).u8(0).u8(6).u8(2).u16(0).u16(1).u16(1).u16(0);
    let (shown, hidden) = words(V15, (GIN, 0x20), &bytes().u16(3).1, &data(replace));
    assert_eq!(shown, "isdata: T isleaf: T 4 segments: 3 (delete) 4 (add 2 items) 5 (replace) 6 (insert)");
    assert!(hidden.contains("items[ =65543/9 =8/1 ] "), "{hidden}");
    assert!(hidden.contains("first=12/4 nbytes=3 action=replace }"), "{hidden}");
    let unknown = bytes().u16(2).u8(3).u8(9).u8(1).u8(1);
    assert_eq!(words(V19, (GIN, 0x90), &[], &data(unknown)).0, " 2 segments: 3 unknown action 9 ???");
    let short = bytes().u16(2).u8(3).u8(4).u16(60_000).u16(1);
    assert_eq!(words(V9_5, (GIN, 0x90), &[], &data(short)).0, " 2 segments: 3 !items");
}

#[test]
fn an_image_stands_for_what_is_inserted() {
    let leaf = bytes().u16(2);
    let inner = bytes().u16(0).u16(0).u16(5).u16(1).u16(6);
    assert_eq!(shown(V9_6, (GIN, 0x20), &leaf, &image(false)), "isdata: F isleaf: T (full page image)");
    assert_eq!(shown(V10, (GIN, 0x20), &leaf, &image(true)), "isdata: F isleaf: T (full page image)");
    assert_eq!(
        shown(V18, (GIN, 0x20), &inner, &image(false)),
        "isdata: F isleaf: F children: 5/65542 (full page image, for WAL verification)"
    );
    assert_eq!(shown(V19, (GIN, 0x20), &inner, &image(false)), "isdata: F isleaf: F children: 5/65542");
    assert_eq!(shown(V18, (GIN, 0x90), &bytes(), &image(true)), " (full page image)");
    assert_eq!(shown(V19, (GIN, 0x90), &bytes(), &image(true)), "");
    let entry = bytes().u16(3).u8(1).u8(0);
    assert_eq!(shown(V19, (GIN, 0x20), &leaf, &data(entry)), "isdata: F isleaf: T isdelete: T");
    let item = bytes().u16(3).u16(0).u16(9).u16(0).u16(157).u16(103);
    assert_eq!(
        shown(V13, (GIN, 0x20), &bytes().u16(1).u32(0).u32(0), &data(item)),
        "isdata: T isleaf: F children: 0/0 pitem: 9-157/103"
    );
}

#[test]
fn children_of_a_gin_split() {
    let main = |flags| bytes().u32(1663).u32(5).u32(16_384).u32(11).u32(7).u32(8).u16(flags);
    assert_eq!(shown(V18, (GIN, 0x30), &main(4), &[]), "isrootsplit: T isdata: F isleaf: F");
    assert_eq!(shown(V19, (GIN, 0x30), &main(5), &[]), "isrootsplit: T isdata: T isleaf: F children: 7/8");
    assert_eq!(shown(V19, (GIN, 0x30), &main(2), &[]), "isrootsplit: F isdata: F isleaf: T");
}

#[test]
fn the_meta_page_of_gin_on_both_alignments() {
    for (align, endian) in [(Align::Eight, Endian::Little), (Align::Four, Endian::Big)] {
        let pad = |b: Bytes| if align == Align::Eight { b.u32(0xEEEE_EEEE) } else { b };
        let meta = |b: Bytes| pad(b.u32(2).u32(3).u32(100).u32(4).u64(40).u32(50).u32(6).u32(7)).u64(800).u32(2);
        let rel = pad(Bytes(endian, vec![]).u32(1663).u32(5).u32(16_384));
        let main = pad(meta(rel)).u32(9).u32(u32::MAX).u32(12);
        let (shown, hidden) = words_of(&layout(V19, align, endian), (GIN, 0x60), &main.1, &[]);
        assert_eq!(shown, "ntuples: 12 prevTail: 9");
        assert!(
            hidden.contains("n_pending_heap_tuples=40 ") && hidden.contains("n_entries=800 gin_version=2 "),
            "{hidden}"
        );
        let main = pad(meta(Bytes(endian, vec![]))).u32(3);
        assert_eq!(words_of(&layout(V9_5, align, endian), (GIN, 0x80), &main.1, &[]).0, "ndeleted: 3");
    }
    // The first minor releases up to 11 do not say when a page was deleted.
    assert_eq!(words(V10, (GIN, 0x50), &bytes().u32(1).u32(2).1, &[]).1, "parent_offset=1 right_link=2 ");
    assert_eq!(words(V12, (GIN, 0x50), &bytes().u32(1).u32(2).1, &[]).0, " !delete_xid");
}

#[test]
fn the_words_of_spgist_flags() {
    let leaf = bytes().u8(1).u8(1).u16(3).u16(0).u16(2).u16(4);
    assert_eq!(
        shown(V13, (SPGIST, 0x10), &leaf, &[]),
        "add leaf to page; off 3; headoff 0; parentoff 2 (newpage) (nulls)"
    );
    assert_eq!(shown(V14, (SPGIST, 0x10), &leaf, &[]), "off: 3, headoff: 0, parentoff: 2, nodeI: 4 (newpage) (nulls)");
    let moved = bytes().u16(2).u8(1).u8(1).u8(1).u8(0).u16(5).u16(6).u16(0).u32(700).u32(0).u16(8).u16(9).u16(10);
    let (shown_13, hidden) = words(V13, (SPGIST, 0x20), &moved.1, &[]);
    assert_eq!(shown_13, "2 leafs");
    assert!(hidden.contains("to_delete[ =8 =9 ] to_insert[ =10 ] "), "{hidden}");
    assert_eq!(
        shown(V19, (SPGIST, 0x20), &moved, &[]),
        "nmoves: 2, parentoff: 5, nodeI: 6 (newpage) (replacedead) (nulls)"
    );
    let node = bytes().u16(25).u16(0).u8(1).u8(0xFF).u16(0).u16(3).u16(0).u32(700).u32(0);
    assert_eq!(shown(V9_5, (SPGIST, 0x30), &node, &[]), "off 25");
    assert_eq!(
        shown(V14, (SPGIST, 0x30), &node, &[]),
        "off: 25, newoff: 0, parentBlk: -1, parentoff: 0, nodeI: 3 (newpage)"
    );
    let tuple = bytes().u16(1).u16(4).u8(1).u8(0);
    assert_eq!(shown(V13, (SPGIST, 0x40), &tuple, &[]), "prefix off: 1, postfix off: 4 (same 0, new 1)");
    assert_eq!(
        shown(V14, (SPGIST, 0x40), &bytes().u16(1).u16(4).u8(1).u8(1), &[]),
        "prefixoff: 1, postfixoff: 4 (newpage) (same)"
    );
    let split = bytes()
        .u16(1)
        .u16(1)
        .u16(1)
        .u8(0)
        .u8(1)
        .u16(7)
        .u8(0)
        .u8(1)
        .u16(1)
        .u16(2)
        .u16(3)
        .u16(0)
        .u32(700)
        .u32(0)
        .u16(5)
        .u16(6)
        .u8(1);
    assert_eq!(shown(V13, (SPGIST, 0x50), &split, &[]), "ndel 1; nins 1 (innerIsParent) (isRootSplit)");
    let words_14 = "ndelete: 1, ninsert: 1, inneroff: 7, parentoff: 2, nodeI: 3 (innerIsParent) (nulls) (isRootSplit)";
    assert_eq!(shown(V14, (SPGIST, 0x50), &split, &[]), words_14);
}

#[test]
fn who_could_still_need_what_is_removed() {
    let hash = bytes().u32(700).u16(1).u8(1).u8(0).u16(5);
    assert_eq!(shown(V16, (HASH, 0xC0), &hash, &[]), "ntuples 1, snapshotConflictHorizon 700");
    assert_eq!(shown(V17, (HASH, 0xC0), &hash, &[]), "ntuples 1, snapshotConflictHorizon 700, isCatalogRel T");
    let gist = bytes().u32(1663).u32(5).u32(16_384).u32(8).u64(1 << 32 | 700).u8(1);
    let reuse = |version| shown(version, (GIST, 0x20), &gist, &[]);
    assert_eq!(reuse(V12), "rel 1663/5/16384; blk 8; latestRemovedXid 1:700");
    assert_eq!(reuse(V16), "rel 1663/5/16384; blk 8; snapshotConflictHorizon 1:700");
    assert_eq!(reuse(V19), "rel 1663/5/16384; blk 8; snapshotConflictHorizon 1:700, isCatalogRel T");
    let redirect = bytes().u16(1).u16(9).u32(700).u8(1).u8(0).u16(5);
    let (shown_16, hidden) = words(V16, (SPGIST, 0x80), &redirect.1, &[]);
    assert_eq!(shown_16, "ntoplaceholder: 1, firstplaceholder: 9, snapshotConflictHorizon: 700");
    assert_eq!(hidden, "is_catalog_rel=true item_to_placeholder[ =5 ] ");
}

#[test]
fn a_gist_page_split_on_both_alignments() {
    let eight = bytes().u32(7).u32(0).u64(0x0123_4567_89AB_CDEF).u8(1).u8(0).u16(3).u8(1);
    let four = bytes().u32(7).u64(0x0123_4567_89AB_CDEF).u8(1).u8(0).u16(3).u8(1);
    for (align, main) in [(Align::Eight, eight), (Align::Four, four)] {
        let (shown, hidden) = words_of(&layout(V9_5, align, Endian::Little), (GIST, 0x30), &main.1, &[]);
        assert_eq!(shown, "page_split: splits to 3 pages");
        assert!(
            hidden.starts_with("origrlink=7 ") && hidden.ends_with("origleaf=true markfollowright=true "),
            "{hidden}"
        );
    }
}
