//! Against the structures of each version's `nbtree.h`, and the words of its `btree_desc`.

use crate::rmgr::legacy::crafted::{Data, says};
use crate::rmgr::table::{V8_2, V8_3, V8_4, V9_0, V9_3, V9_4};

fn target(d: Data) -> Data {
    d.rel().tid(0x0001_0007, 3)
}

fn meta(d: Data) -> Data {
    d.u32(101).u32(2).u32(102).u32(1)
}

const TARGET: &str = "rel 1663/5/16384; tid 65543/3{off=3}";
const META: &str = "{root=101}{level=2}{fastroot=102}{fastlevel=1}";

#[test]
fn insertions() {
    says([11, 0x00], V8_2..=V9_4, &[0], target, &format!("insert: {TARGET}"));
    let downlink = |d| target(d).u32(77);
    says([11, 0x10], V8_2..=V9_3, &[0], |d| downlink(d).tuple(12), &format!("insert_upper: {TARGET}{{downlink=77}}"));
    says([11, 0x20], V8_2..=V9_3, &[], |d| meta(downlink(d)), &format!("insert_meta: {TARGET}{{downlink=77}}{META}"));
    let ends = "{finishes_split=77}";
    says([11, 0x10], V9_4..=V9_4, &[1], downlink, &format!("insert_upper: {TARGET}{ends}"));
    says([11, 0x10], V9_4..=V9_4, &[0, 1], target, &format!("insert_upper: {TARGET}"));
    says([11, 0x20], V9_4..=V9_4, &[], |d| meta(downlink(d)), &format!("insert_meta: {TARGET}{ends}{META}"));
    says([11, 0x20], V9_4..=V9_4, &[0], |d| meta(target(d)), &format!("insert_meta: {TARGET}{META}"));
}

#[test]
fn splits() {
    for (code, name) in [(0x30, "split_l"), (0x40, "split_r"), (0x50, "split_l_root"), (0x60, "split_r_root")] {
        let left = name.starts_with("split_l");
        let words = format!("{name}: {TARGET}; oth 20; rgh 28{{leftblk=24}}{{level=1}}{{leftlen=16}}");
        says([11, code], V8_2..=V8_2, &[], |d| target(d).pad(4).u32(20).u32(24).u32(28).u32(1).u16(16), &words);
        let split = |d: Data, level| d.rel().u32(20).u32(21).u32(22).u32(level).u16(90);
        let words = |level, more: &str| {
            format!("{name}: rel 1663/5/16384 left 20, right 21, next 22, level {level}, firstright 90{more}")
        };
        let old = |d: Data| split(d, 1).block_id(77).tuple(12);
        let new =
            |d: Data| if left { split(d, 1).u16(5).tuple(20).tuple(12).u32(88) } else { split(d, 1).tuple(12).u32(88) };
        let offset = |d: Data| if left { d.u16(5) } else { d };
        let item = if left { "{newitemoff=5}" } else { "" };
        says([11, code], V8_3..=V9_3, &[], |d| offset(old(d)).tuple(12), &words(1, &format!("{{downlink=77}}{item}")));
        says(
            [11, code],
            V8_3..=V9_3,
            &[0],
            |d| offset(split(d, 1).block_id(77)),
            &words(1, &format!("{{downlink=77}}{item}")),
        );
        says([11, code], V8_3..=V9_3, &[], |d| offset(split(d, 0)).tuple(12), &words(0, item));
        says([11, code], V9_4..=V9_4, &[], new, &words(1, &format!("{item}{{finishes_split=88}}")));
        says(
            [11, code],
            V9_4..=V9_4,
            &[0],
            |d| offset(split(d, 1)).u32(88),
            &words(1, &format!("{item}{{finishes_split=88}}")),
        );
        says([11, code], V9_4..=V9_4, &[0, 1], |d| offset(split(d, 1)), &words(1, item));
        says([11, code], V9_4..=V9_4, &[], |d| offset(split(d, 0)).tuple(12), &words(0, item));
    }
}

#[test]
fn deletions() {
    let lines = "deleted<{3}{4}>";
    says(
        [11, 0x70],
        V8_2..=V8_4,
        &[],
        |d| d.rel().u32(9).u16(3).u16(4),
        &format!("delete: rel 1663/5/16384; blk 9{lines}"),
    );
    says([11, 0x70], V8_2..=V8_4, &[0], |d| d.rel().u32(9), "delete: rel 1663/5/16384; blk 9");
    let delete = |d: Data| d.rel().u32(9).u32(1663).u32(5).u32(16380).u32(2);
    let words = "delete: index 1663/5/16384; iblk 9, heap 1663/5/16380;{ndeleted=2}";
    says([11, 0x70], V9_0..=V9_4, &[0], |d| delete(d).u16(3).u16(4), &format!("{words}{lines}"));
    says([11, 0x70], V9_0..=V9_4, &[], delete, words);
    let words = format!("vacuum: rel 1663/5/16384; blk 9, lastBlockVacuumed 8{lines}");
    says([11, 0xC0], V9_0..=V9_4, &[], |d| d.rel().u32(9).u32(8).u16(3).u16(4), &words);
    says([11, 0xC0], V8_2..=V8_4, &[], |d| d.rel().u32(9).u32(8), "(unknown)");
    let words = "reuse_page: rel 1663/5/16384; latestRemovedXid 700{blk=9}";
    says([11, 0xD0], V9_0..=V9_4, &[], |d| d.rel().u32(9).u32(700), words);
}

#[test]
fn pages_that_go() {
    let page = |d| target(d).pad(4).u32(30).u32(31).u32(32);
    let words = format!("delete_page: {TARGET}; dead 30; left 31; right 32");
    for code in [0x80, 0xB0] {
        says([11, code], V8_2..=V8_4, &[], page, &words);
        says([11, code], V9_0..=V9_3, &[], |d| page(d).u32(700), &format!("{words}{{btpo_xact=700}}"));
    }
    says([11, 0x90], V8_2..=V8_4, &[], |d| meta(page(d)), &format!("{words}{META}"));
    says([11, 0x90], V9_0..=V9_3, &[], |d| meta(page(d).u32(700)), &format!("{words}{{btpo_xact=700}}{META}"));
    let words = format!("mark_page_halfdead: {TARGET}; topparent 33; leaf 30; left 31; right 32");
    says([11, 0xB0], V9_4..=V9_4, &[], |d| page(d).u32(33), &words);
    let unlink = |d: Data| d.rel().u32(40).u32(41).u32(42).u32(43).u32(44).u32(45).u32(46).u32(700);
    let words = "unlink_page: rel 1663/5/16384; dead 40; left 41; right 42; btpo_xact 700; leaf 43; leafleft 44; leafright 45; topparent 46";
    says([11, 0x80], V9_4..=V9_4, &[], unlink, words);
    says([11, 0x90], V9_4..=V9_4, &[], |d| meta(unlink(d)), &format!("{words}{META}"));
    says([11, 0xA0], V8_2..=V9_4, &[], |d| d.rel().u32(50).u32(1), "newroot: rel 1663/5/16384; root 50 lev 1");
    says([11, 0xA0], V8_2..=V9_4, &[], |d| d.rel().u32(50), "newroot: rel 1663/5/16384; root 50 lev (short of level)");
}
