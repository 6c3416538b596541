//! Commits, aborts and prepared transactions with every part, in every version.

use crate::rmgr::table::{Short, V9_5, V9_6, V10, V11, V12, V13, V14, V15, V17, V18, V19};
use crate::rmgr::told::{any_bytes, layout, tell, told};
use crate::{Align, Endian, Version};

const TRANSACTION: u8 = 1;
const DATABASE: u32 = 0x01;
const LISTS: u32 = 0x02 | 0x04;
const STATISTICS: u32 = 0x100;
const MESSAGES: u32 = 0x08;
const PREPARED: u32 = 0x10;
const ORIGIN: u32 = 0x20;
const NAME: u32 = 0x80;

fn numbers(of: &[u32]) -> Vec<u8> {
    of.iter().flat_map(|n| n.to_le_bytes()).collect()
}

/// The parts that `xinfo` names, statistics of `item` bytes.
fn ended(xinfo: u32, item: usize) -> Vec<u8> {
    let mut data = numbers(&[1000, 0, xinfo]);
    let mut part = |bit: u32, bytes: Vec<u8>| {
        if xinfo & bit != 0 {
            data.extend(bytes);
        }
    };
    part(DATABASE, numbers(&[5, 1663]));
    part(0x02, numbers(&[2, 801, 802]));
    part(0x04, numbers(&[1, 1663, 5, 16384]));
    let wide = [1, 2, 5, 16384, 1];
    part(STATISTICS, numbers(if item == 16 { &wide } else { &wide[..4] }));
    part(MESSAGES, numbers(&[1, 50, 5, 77, 0]));
    part(PREPARED, numbers(&[800]));
    part(NAME, b"gid\0".to_vec());
    part(ORIGIN, numbers(&[0x2345, 1, 2000, 0]));
    data
}

const FLAGS: u32 = 7 << 29;
const REST: &str = "@1000; rels: path 1663/5/16384 0; subxacts: 801 802";
const INVALIDATED: &str = "; relcache init file inval dbid 5 tsid 1663; inval msgs: catcache 50";
const FROM: &str = "; origin: node 0, lsn 1/00002345, at @2000";

#[test]
fn commits_of_every_version() {
    let all = DATABASE | LISTS | MESSAGES | PREPARED | ORIGIN | FLAGS;
    for (version, xinfo, item, text) in [
        (V9_5, all, 0, format!("800: {REST}{INVALIDATED}; sync{FROM}")),
        (V10, all, 0, format!("800: {REST}{INVALIDATED}; sync{FROM}")),
        (V11, all | NAME, 0, format!("800: {REST}{INVALIDATED}; sync{FROM}")),
        (V14, all | NAME, 0, format!("800: {REST}{INVALIDATED}; sync{FROM}")),
        (
            V15,
            all | NAME | STATISTICS,
            12,
            format!("800: {REST}; dropped stats: 2/5/16384{INVALIDATED}; apply_feedback; sync{FROM}"),
        ),
        (
            V17,
            all | NAME | STATISTICS,
            12,
            format!("800: {REST}; dropped stats: 2/5/16384{INVALIDATED}; apply_feedback; sync{FROM}"),
        ),
        (
            V18,
            all | NAME | STATISTICS,
            16,
            format!("800: {REST}; dropped stats: 2/5/4294983680{INVALIDATED}; apply_feedback; sync{FROM}"),
        ),
        (
            V19,
            all | NAME | STATISTICS,
            16,
            format!("800: {REST}; dropped stats: 2/5/4294983680{INVALIDATED}; apply_feedback; sync{FROM}"),
        ),
    ] {
        let (said, document) = told(version, TRANSACTION, 0xB0, &ended(xinfo, item), &[]);
        assert_eq!(said, text, "{version}");
        assert_eq!(document.contains("twophase_gid=gid"), xinfo & NAME != 0, "{document}");
        assert!(document.contains("apply_feedback=true sync=true"), "{document}");
        assert!(!document.contains("objoid"), "{document}");
    }
}

#[test]
fn aborts_of_every_version() {
    let old = LISTS | PREPARED;
    let all = old | DATABASE | NAME | ORIGIN;
    for (version, xinfo, item, text) in [
        (V9_5, old, 0, format!("800: {REST}")),
        (V10, old, 0, format!("800: {REST}")),
        (V11, all, 0, format!("800: {REST}")),
        (V14, all, 0, format!("800: {REST}")),
        (V15, all | STATISTICS, 12, format!("800: {REST}{FROM}; dropped stats: 2/5/16384")),
        (V18, all | STATISTICS, 16, format!("800: {REST}{FROM}; dropped stats: 2/5/4294983680")),
    ] {
        let (said, document) = told(version, TRANSACTION, 0xC0, &ended(xinfo, item), &[]);
        assert_eq!(said, text, "{version}");
        assert_eq!(
            document.contains("origin_lsn=1/00002345 origin_timestamp=@2000"),
            xinfo & ORIGIN != 0,
            "{document}"
        );
    }
}

#[test]
fn what_is_there_of_cut_commits_is_told() {
    let data = ended(LISTS | MESSAGES, 0);
    let (said, end) = tell(&layout(V15, Align::Eight, Endian::Little), TRANSACTION, 0x80, &data[..data.len() - 1], &[]);
    assert_eq!((said.text.as_str(), end), (REST, Err(Short("msgs"))));
}

fn filled(mut bytes: Vec<u8>, align: Align) -> Vec<u8> {
    let to = if align == Align::Eight { 8 } else { 4 };
    bytes.resize(bytes.len().next_multiple_of(to), 0);
    bytes
}

fn prepared(version: Version, align: Align) -> Vec<u8> {
    let statistics = version >= V15;
    let item = if version >= V18 { 16 } else { 12 };
    let mut data = numbers(&[0x57F9_4534, 0, 800, 5, 1000, 0, 10, 1, 1, 1]);
    if statistics {
        data.extend(numbers(&[1, 1]));
    }
    data.extend(numbers(&[1]));
    data.push(1);
    if version == V9_5 {
        data.extend(b"gid\0");
        data.resize(248, 0);
    } else {
        data.extend([0, 4, 0]);
        if version >= V11 {
            data.extend(numbers(&[0x2345, 1, 2000, 0]));
        }
        data.extend(filled(b"gid\0".to_vec(), align));
    }
    for list in [&[801][..], &[1663, 5, 16384], &[1663, 5, 16385]] {
        data.extend(filled(numbers(list), align));
    }
    for object in [16384, 16385].into_iter().filter(|_| statistics) {
        data.extend(filled(numbers(&[2, 5, object, 0][..item / 4]), align));
    }
    data.extend(numbers(&[50, 5, 77, 0]));
    data
}

#[test]
fn prepared_transactions_of_every_version() {
    let relations = "gid gid: @1000; rels(commit): path 1663/5/16384 0; rels(abort): path 1663/5/16385 0";
    let end = "; subxacts: 801; relcache init file inval dbid 5 tsid 0; inval msgs: catcache 50";
    let statistics = "; commit dropped stats: 2/5/16384; abort dropped stats: 2/5/16385";
    for (version, text) in [
        (V9_5, String::new()),
        (V9_6, String::new()),
        (V10, String::new()),
        (V11, String::new()),
        (V12, String::new()),
        (V13, format!("{relations}{end}")),
        (V14, format!("{relations}{end}")),
        (V15, format!("{relations}{statistics}{end}")),
        (V17, format!("{relations}{statistics}{end}")),
        (V18, format!("{relations}{statistics}{end}")),
        (V19, format!("{relations}{statistics}{end}")),
    ] {
        for align in [Align::Eight, Align::Four] {
            let layout = layout(version, align, Endian::Little);
            let (said, end) = tell_long(&layout, &prepared(version, align));
            assert_eq!((said.as_str(), end), (text.as_str(), Ok(())), "{version}");
        }
    }
}

/// [`tell`], of main data that may be longer than 255 bytes.
fn tell_long(layout: &crate::Layout, main: &[u8]) -> (String, Result<(), Short>) {
    use crate::record::{Record, RecordHeader};
    use crate::rmgr::describe::{Cx, describe};
    use crate::rmgr::told::Transcript;
    use crate::rmgr::vocabulary::Vocabulary;
    let body = [&[254][..], &(main.len() as u32).to_le_bytes(), main].concat();
    let header = RecordHeader {
        tot_len: body.len() as u32 + 24,
        xid: 7,
        prev: crate::Lsn::ZERO,
        info: 0x10,
        rmid: TRANSACTION,
        crc: 0,
        len: 0,
    };
    let record = Record { lsn: crate::Lsn::ZERO, end: crate::Lsn::ZERO, header, body: &body, layout };
    let op = Vocabulary::of(layout.dialect).op(TRANSACTION, 0x10).unwrap();
    let mut told = Transcript::default();
    let end = describe(op, &Cx { record: &record, main: record.main_data(), blocks: &[] }, &mut told);
    assert!(told.document.contains("gid=gid prepared_at=@1000 xid=800 owner=10"), "{}", told.document);
    assert!(told.document.contains("hash_value=77"), "{}", told.document);
    (told.text, end)
}

#[test]
fn subtransactions_and_messages_on_their_own() {
    let (said, document) = told(V9_5, TRANSACTION, 0x50, &numbers(&[700, 2, 701, 702]), &[]);
    assert_eq!((said.as_str(), document.as_str()), ("xtop 700: subxacts: 701 702", "xtop=700 xsub=[701 702]"));
    let (said, _) = told(V14, TRANSACTION, 0x60, &numbers(&[1, 50, 5, 77, 0]), &[]);
    assert_eq!(said, "; inval msgs: catcache 50");
}

#[test]
fn no_bytes_are_too_odd() {
    any_bytes(TRANSACTION);
}
