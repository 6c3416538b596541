//! Against the structures of each version's `gist_private.h`, and the words of its `gist_desc`.

use crate::rmgr::legacy::crafted::{Data, says};
use crate::rmgr::table::{V8_2, V8_4, V9_0, V9_1, V9_2, V9_3, V9_4};

#[test]
fn updates() {
    let update = |d: Data, off| d.rel().u32(12).tid(7, off).u16(2);
    let (lines, rest) = ("todelete<{5}{6}>", "{ntodelete=2}");
    let page = "page_update: rel 1663/5/16384";
    let words = format!("{page}; tid 7/3; block number 12{rest}{lines}");
    says([14, 0x00], V8_2..=V9_0, &[], |d| update(d, 3).u16(5).u16(6).pad(8).tuple(12), &words);
    says([14, 0x00], V8_2..=V9_0, &[0], |d| update(d, 0), &format!("{page}; block number 12{rest}"));
    let words = format!("new_root: rel 1663/5/16384; tid 7/3{{blkno=12}}{rest}{lines}");
    says([14, 0x20], V8_2..=V9_0, &[], |d| update(d, 3).u16(5).u16(6), &words);
    says([14, 0x20], V8_2..=V9_0, &[0], |d| update(d, 0), &format!("new_root: rel 1663/5/16384{{blkno=12}}{rest}"));
    let update = |d: Data| d.rel().u32(12).u32(77).u16(2).pad(4);
    let words = format!("{page}; block number 12{{leftchild=77}}{rest}");
    says([14, 0x00], V9_1..=V9_4, &[], |d| update(d).u16(5).u16(6), &format!("{words}{lines}"));
    says([14, 0x00], V9_1..=V9_4, &[0], update, &words);
    says([14, 0x20], V9_1..=V9_4, &[], update, "(unknown)");
}

#[test]
fn splits() {
    let pages = |d: Data| d.u32(12).u32(2).tuple(24).tuple(12).u32(13).u32(1).tuple(16);
    let told = "pages<<{blkno=12}{num=2}><{blkno=13}{num=1}>>";
    let words = format!("page_split: rel 1663/5/16384; tid 7/3; block number 12 splits to 2 pages{{origleaf=T}}{told}");
    says([14, 0x30], V8_2..=V9_0, &[], |d| pages(d.rel().u32(12).u8(1).pad(2).u16(2).tid(7, 3).pad(4)), &words);
    let head = "page_split: rel 1663/5/16384; block number 12 splits to 2 pages";
    let words = format!("{head}{{origleaf=F}}{told}");
    says([14, 0x30], V8_2..=V9_0, &[], |d| pages(d.rel().u32(12).u8(0).pad(2).u16(2).tid(7, 0).pad(4)), &words);
    let split = |d: Data| d.rel().u32(12).u32(99);
    let rest = "{origrlink=99}{orignsn=1/00000002}{origleaf=T}{leftchild=77}";
    let halves = |d: Data| split(d).u32(1).u32(2).u8(1).pad(4).u32(77).u16(2);
    says([14, 0x30], V9_1..=V9_1, &[], |d| pages(halves(d).pad(4)), &format!("{head}{rest}{told}"));
    says(
        [14, 0x30],
        V9_2..=V9_2,
        &[],
        |d| pages(halves(d).u8(1).pad(4)),
        &format!("{head}{rest}{{markfollowright=T}}{told}"),
    );
    let whole = |d: Data| split(d).pad(8).u64(0x1_0000_0002).u8(1).pad(4).u32(77).u16(2).u8(1).pad(8);
    says([14, 0x30], V9_3..=V9_4, &[], |d| pages(whole(d)), &format!("{head}{rest}{{markfollowright=T}}{told}"));
    let short = format!("{head}{rest}{{markfollowright=T}}(short of pages)");
    says([14, 0x30], V9_3..=V9_4, &[], whole, &short);
}

#[test]
fn the_others() {
    says(
        [14, 0x40],
        V8_2..=V9_0,
        &[],
        |d| d.rel().tid(7, 3).tid(8, 4),
        "complete_insert: rel 1663/5/16384keys<{7/3}{8/4}>",
    );
    says([14, 0x50], V8_2..=V9_4, &[], Data::rel, "create_index: rel 1663/5/16384");
    says([14, 0x60], V8_2..=V8_4, &[], |d| d.rel().u32(12), "page_delete: rel 1663/5/16384; blkno 12");
    says([14, 0x60], V9_0..=V9_2, &[], |d| d.rel().u32(12), "unknown gist op code 96{rel=1663/5/16384}{blkno=12}");
    says([14, 0x60], V9_3..=V9_4, &[], |d| d.rel().u32(12), "(unknown)");
}
