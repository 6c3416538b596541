//! Against the structures of each version's `gin.h` or `gin_private.h`, and the words of its `gin_desc`.

use crate::rmgr::legacy::crafted::{Data, says};
use crate::rmgr::table::{V8_2, V8_3, V8_4, V9_0, V9_1, V9_3, V9_4};

#[test]
fn new_pages() {
    says([13, 0x00], V8_2..=V8_3, &[], Data::rel, "Create index, node: 1663/5/16384 blkno: 0");
    says([13, 0x00], V8_4..=V9_4, &[], Data::rel, "Create index, node: 1663/5/16384 blkno: 1");
    let words = "Create posting tree, node: 1663/5/16384 blkno: 4";
    says([13, 0x10], V8_2..=V9_3, &[], |d| d.rel().u32(4).u32(2), &format!("{words}{{nitem=2}}"));
    says([13, 0x10], V9_4..=V9_4, &[], |d| d.rel().u32(4).u32(2), &format!("{words}{{size=2}}"));
}

#[test]
fn insertions_up_to_9_3() {
    let insert = |d: Data, delete: u8, data: u8, leaf: u8| {
        d.rel().u32(4).u32(u32::MAX).u16(11).u8(delete).u8(data).u8(leaf).pad(2).u16(2)
    };
    let words = |kind: &str, more: &str| {
        format!("Insert item, node: 1663/5/16384 blkno: 4 offset: 11 nitem: 2 {kind} updateBlkno:4294967295{more}")
    };
    let all = V8_2..=V9_3;
    says([13, 0x20], all.clone(), &[], |d| insert(d, 1, 0, 1).tuple(12), &words("isdata: F isleaf T isdelete T", ""));
    let leaf = |d: Data| insert(d, 0, 1, 1).tid(7, 3).tid(8, 4);
    says([13, 0x20], all.clone(), &[], leaf, &words("isdata: T isleaf T isdelete F", "items<{7/3}{8/4}>"));
    let inner = |d: Data| insert(d, 0, 1, 0).block_id(66).tid(8, 4);
    says([13, 0x20], all, &[0], inner, &words("isdata: T isleaf F isdelete F", "pitem<{child_blkno=66}{key=8/4}>"));
}

#[test]
fn insertions_of_9_4() {
    let insert = |d: Data, flags| d.rel().u32(4).u16(flags).pad(4);
    let inner = |d: Data, flags| insert(d, flags).block_id(65).block_id(66);
    let words = |flags: u16, kind: &str, more: &str| {
        format!("Insert item, node: 1663/5/16384 blkno: 4 {{flags={flags}}}{kind}{more}")
    };
    let says = |images: &[usize], make: &dyn Fn(Data) -> Data, expected: String| {
        says([13, 0x20], V9_4..=V9_4, images, make, &expected)
    };
    let (entry, entry_inner) = ("isdata: F isleaf: T", "isdata: F isleaf: F children: children<65/66>");
    says(&[], &|d| insert(d, 2).u16(11).u8(1).pad(2).tuple(12), words(2, entry, "{off=11} isdelete: T"));
    says(&[], &|d| inner(d, 0).u16(11).u8(0).pad(2).tuple(12), words(0, entry_inner, "{off=11} isdelete: F"));
    says(&[0], &|d| inner(d, 0).u16(11).u8(1).pad(2).tuple(12), words(0, entry_inner, "{off=11} isdelete: T"));
    // Left out for an image: the program reads the backup block's relation, 7F 06 00 00 05 00 00 00 00 40 00 00,
    // instead.
    says(&[0], &|d| insert(d, 2), words(2, entry, " isdelete: F"));
    says(&[0, 1], &|d| inner(d, 0), words(0, entry_inner, " isdelete: F"));
    let data_inner = "isdata: T isleaf: F children: children<65/66>";
    says(&[], &|d| inner(d, 1).u16(11).block_id(67).tid(8, 4), words(1, data_inner, "{off=11} pitem: pitem<67-8/4>"));
    says(&[1], &|d| inner(d, 1), words(1, data_inner, " pitem: 5-16384/0"));
    let leaf = "isdata: T isleaf: T";
    says(&[0], &|d| insert(d, 3), words(3, leaf, " (full page image)"));
    let segments =
        |d: Data| d.u16(4).u8(0).u8(1).u8(1).u8(2).tid(7, 3).u16(3).u32(0).u8(2).u8(4).u16(1).tid(9, 1).u8(3).u8(9);
    let told = " 4 segments:segments< <0{action=delete} (delete)> <1{first=7/3}{nbytes=3}{action=insert} (insert)> \
                <2{action=add} (add 1 items)items<{9/1}>> <3 unknown action 9 ???>>";
    says(&[], &|d| segments(insert(d, 3)), words(3, leaf, told));
    let vacuum = "Vacuum data leaf page, node: 1663/5/16384 blkno: 4";
    super::tests::says([13, 0x90], V9_4..=V9_4, &[], |d| segments(d.rel().u32(4)), &format!("{vacuum}{told}"));
    super::tests::says([13, 0x90], V9_4..=V9_4, &[0], |d| d.rel().u32(4), &format!("{vacuum} (full page image)"));
}

#[test]
fn splits() {
    let split = |d: Data| {
        d.rel().u32(4).u32(1).u32(5).u32(6).u16(50).u16(90).u8(1).u8(0).u8(1).pad(4).u32(65).u32(66).tid(8, 4).pad(4)
    };
    let words = "Page split, node: 1663/5/16384 blkno: 4 isrootsplit: T{isdata=T}{isleaf=F}{root_blkno=1}{rblkno=5}{rrlink=6}\
                 {separator=50}{nitem=90}{left_child_blkno=65}{update_blkno=66}{rightbound=8/4}";
    says([13, 0x30], V8_2..=V9_3, &[], split, words);
    let split = |d: Data, flags| d.rel().u32(4).u32(5).u32(6).u32(65).u32(66).u16(flags).pad(4);
    let words = "Page split, node: 1663/5/16384 blkno: 4 {flags=5}isrootsplit: T isdata: T isleaf: Fchildren<{65}{66}>{rblkno=5}{rrlink=6}";
    says([13, 0x30], V9_4..=V9_4, &[], |d| split(d, 5), words);
    let words =
        "Page split, node: 1663/5/16384 blkno: 4 {flags=2}isrootsplit: F isdata: F isleaf: T{rblkno=5}{rrlink=6}";
    says([13, 0x30], V9_4..=V9_4, &[], |d| split(d, 2), words);
}

#[test]
fn vacuum() {
    let words = "Vacuum page, node: 1663/5/16384 blkno: 4";
    says([13, 0x40], V8_2..=V9_3, &[], |d| d.rel().u32(4).u16(3).pad(4), &format!("{words}{{nitem=3}}"));
    says(
        [13, 0x40],
        V9_4..=V9_4,
        &[],
        |d| d.rel().u32(4).u16(300).u16(400),
        &format!("{words}{{hole_offset=300}}{{hole_length=400}}"),
    );
    let delete = |d: Data| d.rel().u32(4).u32(5).u16(11).pad(4).u32(6).u32(7);
    let words =
        "Delete page, node: 1663/5/16384 blkno: 4{parent_blkno=5}{parent_offset=11}{left_blkno=6}{right_link=7}";
    says([13, 0x50], V8_2..=V9_4, &[], delete, words);
    says([13, 0x50], V9_4..=V9_4, &[], |d| delete(d).u32(700), &format!("{words}{{delete_xid=700}}"));
}

#[test]
fn pending_list() {
    let head = |d: Data| d.rel().pad(8).u32(20).u32(21).u32(22).u32(23).u64(24);
    let more = |d: Data| head(d).u32(25).u32(26).u32(27).pad(8).u64(28).u32(1).pad(8);
    let head_told = "{head=20}{tail=21}{tail_free_size=22}{n_pending_pages=23}{n_pending_heap_tuples=24}";
    let more_told = format!(
        "{head_told}{{n_total_pages=25}}{{n_entry_pages=26}}{{n_data_pages=27}}{{n_entries=28}}{{gin_version=1}}"
    );
    let words = "Update metapage, node: 1663/5/16384 blkno: 0{prev_tail=30}{new_rightlink=31}{ntuples=2}";
    says([13, 0x60], V8_4..=V9_0, &[], |d| head(d).u32(30).u32(31).u32(2), &format!("{words}{head_told}"));
    says([13, 0x60], V9_1..=V9_4, &[], |d| more(d).u32(30).u32(31).u32(2), &format!("{words}{more_told}"));
    let words = "Delete list pages (2), node: 1663/5/16384 blkno: 0";
    let list = "to_delete<{40}{41}>";
    says([13, 0x80], V8_4..=V9_0, &[], |d| head(d).u32(2).u32(40).u32(41), &format!("{words}{head_told}{list}"));
    says([13, 0x80], V9_1..=V9_4, &[], |d| more(d).u32(2).u32(40).u32(41), &format!("{words}{more_told}{list}"));
    let words = "Insert new list page, node: 1663/5/16384 blkno: 4{rightlink=30}{ntuples=2}";
    says([13, 0x70], V8_4..=V9_4, &[], |d| d.rel().u32(4).u32(30).u32(2), words);
    says([13, 0x60], V8_2..=V8_3, &[], head, "(unknown)");
}
