//! Against the structures of each version's `spgist_private.h`, and the words of its `spg_desc`.

use crate::rmgr::legacy::crafted::{Data, says};
use crate::rmgr::table::{V9_1, V9_2, V9_3, V9_4};

const STATE: &str = "{redirect_xid=700}{is_build=T}";

fn state(d: Data) -> Data {
    d.pad(4).u32(700).u8(1).pad(4)
}

#[test]
fn tuples() {
    says([16, 0x00], V9_2..=V9_4, &[], Data::rel, "create_index: rel 1663/5/16384");
    says([16, 0x00], V9_1..=V9_1, &[], Data::rel, "(unknown)");
    let words = "rel 1663/5/16384 add leaf to page: 4{off=11}{headoff=12}{blkno_parent=5}{parentoff=13}{node_i=14}{new_page=T}{stores_nulls=F}";
    says(
        [16, 0x10],
        V9_2..=V9_4,
        &[],
        |d| d.rel().u32(4).u8(1).u8(0).u16(11).u16(12).pad(4).u32(5).u16(13).u16(14),
        words,
    );
    let node = |d: Data| state(d.rel().u32(4).u16(11).pad(4).u32(5).u16(13).u16(14).u32(6).u16(15).u8(1));
    let words = format!(
        "rel 1663/5/16384 add node to 4:11{{blkno_parent=5}}{{parentoff=13}}{{node_i=14}}{{blkno_new=6}}{{newoff=15}}{{new_page=T}}{STATE}"
    );
    says([16, 0x30], V9_2..=V9_4, &[], node, &words);
    let words = "rel 1663/5/16384 split node 4:11 to 5:12{new_page=T}";
    says([16, 0x40], V9_2..=V9_4, &[], |d| d.rel().u32(4).u16(11).pad(4).u32(5).u16(12).u8(1).pad(4), words);
}

#[test]
fn moves() {
    let leafs = |d: Data, dead| state(d.rel().u32(4).u32(5).u16(2).u8(1).u8(dead).u8(1).pad(4).u32(6).u16(13).u16(14));
    let words = |dead: &str, list: &str| {
        format!(
            "rel 1663/5/16384 move 2 leafs from page 4 to page 5{{blkno_parent=6}}{{parentoff=13}}{{node_i=14}}{{new_page=T}}\
             {{replace_dead={dead}}}{{stores_nulls=T}}{STATE}to_delete<{{21}}{{22}}>to_insert<{list}>"
        )
    };
    let old = |d: Data| leafs(d, 0).pad(8).u16(21).u16(22).pad(8).u16(31).u16(32).u16(33).pad(8);
    says([16, 0x20], V9_2..=V9_3, &[], old, &words("F", "{31}{32}{33}"));
    says(
        [16, 0x20],
        V9_4..=V9_4,
        &[],
        |d| leafs(d, 0).u16(21).u16(22).u16(31).u16(32).u16(33),
        &words("F", "{31}{32}{33}"),
    );
    says([16, 0x20], V9_4..=V9_4, &[], |d| leafs(d, 1).u16(21).u16(22).u16(31), &words("T", "{31}"));
}

#[test]
fn splits() {
    let split = |d: Data| {
        let pages = d.rel().u32(4).u32(5).u16(1).u16(3).u8(1).u8(0).pad(4);
        state(pages.u32(6).u16(11).u8(1).u8(0).u32(7).u16(13).u16(14))
    };
    let words = format!(
        "rel 1663/5/16384 split leaf page{{blkno_src=4}}{{blkno_dest=5}}{{ndelete=1}}{{ninsert=3}}{{init_src=T}}{{init_dest=F}}\
         {{blkno_inner=6}}{{inneroff=11}}{{init_inner=T}}{{stores_nulls=F}}{{blkno_parent=7}}{{parentoff=13}}{{node_i=14}}{STATE}\
         to_delete<{{21}}>to_insert<{{31}}{{32}}{{33}}>leaf_page_select<{{0}}{{1}}{{0}}>"
    );
    let inner = |d: Data| d.u32(0xABCD_EF01).u16(16).u16(0xAAAA).u64(0xAAAA);
    let old = |d: Data| inner(split(d).pad(8)).u16(21).pad(8).u16(31).u16(32).u16(33).pad(8).u8(0).u8(1).u8(0).pad(8);
    says([16, 0x50], V9_2..=V9_3, &[], old, &words);
    says([16, 0x50], V9_4..=V9_4, &[], |d| inner(split(d).u16(21).u16(31).u16(32).u16(33).u8(0).u8(1).u8(0)), &words);
}

#[test]
fn vacuum() {
    let lines = |d: Data| d.u16(21).u16(22).u16(31).u16(41).u16(42).u16(43);
    let leaf = |d: Data| lines(state(d.rel().u32(4).u16(1).u16(1).u16(1).u16(1)));
    let words = format!(
        "rel 1663/5/16384 vacuum leaf tuples on page 4{{ndead=1}}{{nplaceholder=1}}{{nmove=1}}{{nchain=1}}{STATE}\
         to_dead<{{21}}>to_placeholder<{{22}}>move_src<{{31}}>move_dest<{{41}}>chain_src<{{42}}>chain_dest<{{43}}>"
    );
    says([16, 0x60], V9_2..=V9_4, &[0], leaf, &words);
    let words =
        format!("rel 1663/5/16384 vacuum leaf tuples on root page 4{{ndelete=2}}{STATE}to_delete<{{21}}{{22}}>");
    says([16, 0x70], V9_2..=V9_4, &[], |d| state(d.rel().u32(4).u16(2)).u16(21).u16(22), &words);
    let words = "rel 1663/5/16384 vacuum redirect tuples on page 4, newest XID 700{ntoplaceholder=2}{firstplaceholder=9}\
                 item_to_placeholder<{21}{22}>";
    says([16, 0x80], V9_2..=V9_4, &[], |d| d.rel().u32(4).u16(2).u16(9).u32(700).u16(21).u16(22), words);
}
