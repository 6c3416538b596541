//! Records of 8.2 to 9.4 that no capture holds, or that it holds with one shape alone.
#![allow(clippy::unwrap_used)]

mod told;

use pgwal_format::dialect::DIALECTS;
use pgwal_format::rmgr::table::*;
use pgwal_format::rmgr::vocabulary::Vocabulary;
use pgwal_format::{Align, Endian, Generation, Version};
use told::{Bytes, Words, bytes, layout, tell, words, words_of};

const XLOG: u8 = 0;
const XACT: u8 = 1;
const STORAGE: u8 = 2;
const CLOG: u8 = 3;
const MULTIXACT: u8 = 6;
const STANDBY: u8 = 8;
const HEAP2: u8 = 9;
const HEAP: u8 = 10;
const SEQUENCE: u8 = 15;

fn shown(version: Version, op: (u8, u8), main: &Bytes) -> String {
    words(version, op, &main.1, &[]).0
}

fn hidden(version: Version, op: (u8, u8), main: &Bytes) -> String {
    words(version, op, &main.1, &[]).1
}

fn rel(bytes: Bytes) -> Bytes {
    bytes.u32(1663).u32(5).u32(16_384)
}

/// Tuple 3 of block 65 538.
fn target(bytes: Bytes) -> Bytes {
    rel(bytes).u16(1).u16(2).u16(3)
}

fn rest(mut bytes: Bytes, more: &[u8]) -> Bytes {
    bytes.1.extend(more);
    bytes
}

const AT: &str = "rel 1663/5/16384; tid 65538/3";

#[test]
fn a_move_keeps_two_transactions_before_its_tuple() {
    // 8.2 has no padding behind the target but its own two bytes.
    let moved = target(bytes()).u16(0xEEEE).u16(0).u16(9).u16(1).u16(7).u16(0x802).u8(24).u32(11).u32(12);
    let moved = rest(moved, &[0; 6]);
    assert_eq!(shown(V8_2, (HEAP, 0xB0), &moved), format!("move(init): {AT}; new 9/1"));
    assert!(
        hidden(V8_3, (HEAP, 0x30), &moved)
            .ends_with("new_blk=9 new_off=1 t_infomask2=7 t_infomask=2050 t_hoff=24 datalen=6 ")
    );
    let moved = target(bytes()).u16(0).u16(0).u16(9).u16(1).u8(1).u8(0).u16(7).u16(2).u8(24).u32(11).u32(12);
    assert!(
        hidden(V8_4, (HEAP, 0x30), &moved)
            .contains("all_visible_cleared=true new_all_visible_cleared=false t_infomask2=7 ")
    );
}

#[test]
fn what_was_cleaned() {
    let clean = rel(bytes()).u32(4);
    assert_eq!(
        words(V8_2, (HEAP, 0x40), &clean.u16(8).u16(9).1, &[]),
        ("clean: rel 1663/5/16384; blk 4".into(), "unused[ =8 =9 ] ".into())
    );
    let clean = || rel(bytes()).u32(4).u16(1).u16(2);
    let lists = clean().u16(1).u16(2).u16(3).u16(4).u16(5);
    assert_eq!(shown(V8_4, (HEAP2, 0x20), &lists), "clean_move: rel 1663/5/16384; blk 4");
    assert_eq!(
        hidden(V8_3, (HEAP2, 0x10), &lists),
        "nredirected=1 ndead=2 redirected[ [ =1 =2 ] ] dead[ =3 =4 ] unused[ =5 ] "
    );
    // Behind a page image the lists are left out, though they are counted.
    assert_eq!(hidden(V8_3, (HEAP2, 0x10), &clean()), "nredirected=1 ndead=2 ");
}

#[test]
fn freezing() {
    let freeze = || rel(bytes()).u32(4).u32(600);
    assert_eq!(shown(V9_2, (HEAP2, 0x00), &freeze().u16(1)), "freeze: rel 1663/5/16384; blk 4; cutoff 600");
    assert_eq!(
        shown(V9_3, (HEAP2, 0x00), &freeze().u32(2).u16(1)),
        "freeze: rel 1663/5/16384; blk 4; cutoff xid 600 multi 2"
    );
    let page = freeze().u16(1).u16(0).u32(700).u16(3).u16(4).u16(5).u8(2).u8(0);
    assert_eq!(
        words(V9_3, (HEAP2, 0x20), &page.1, &[]),
        (
            "freeze_page: rel 1663/5/16384; blk 4; cutoff xid 600 ntuples 1".into(),
            "tuples[ { xmax=700 off=3 t_infomask2=4 t_infomask=5 frzflags=2 } ] ".into()
        )
    );
    assert_eq!(
        shown(V9_4, (HEAP2, 0x20), &freeze().u16(9).u16(0).u8(1)),
        "freeze_page: rel 1663/5/16384; blk 4; cutoff xid 600 ntuples 9 !tuples"
    );
}

#[test]
fn updates_of_9_3_and_9_4() {
    let update = || target(bytes()).u16(0).u32(700).u32(701).u16(0).u16(9).u16(1).u8(0x15);
    let text = format!("hot_update(init): {AT} xmax 700 IS_MULTI EXCL_LOCK KEYS_UPDATED ; new tid 9/1 xmax 701");
    assert_eq!(shown(V9_3, (HEAP, 0xC0), &update().u8(0).u8(1)), text);
    let tuple = update().u8(0x60).u16(10).u16(20).u16(2).u16(3).u16(4).u8(24);
    assert_eq!(shown(V9_4, (HEAP, 0xC0), &rest(tuple, &[1, 2])), text);
    let tuple = update().u8(0x44).u16(20).u16(2).u16(3).u16(4).u8(24);
    let with_old = rest(tuple, &[1, 2, 9, 9, 9, 9, 9, 9, 9]);
    assert!(
        hidden(V9_4, (HEAP, 0x20), &with_old)
            .ends_with("flags=68 suffixlen=20 t_infomask2=3 t_infomask=4 t_hoff=24 datalen=2 ")
    );
}

#[test]
fn locks() {
    let lock = |multi, shared| target(bytes()).u16(0).u32(700).u8(multi).u8(shared);
    assert_eq!(shown(V8_3, (HEAP, 0x60), &lock(1, 1)), format!("shared_lock: mxid 700 {AT}"));
    assert_eq!(shown(V9_2, (HEAP, 0x60), &lock(0, 0)), format!("exclusive_lock: xid 700 {AT}"));
    let lock = target(bytes()).u16(0).u32(700).u8(0x0A);
    assert_eq!(shown(V9_3, (HEAP, 0x60), &lock), format!("lock 700: {AT} LOCK_ONLY KEYSHR_LOCK "));
    assert_eq!(
        words(V9_3, (HEAP2, 0x60), &lock.1, &[]),
        (format!("lock updated: xmax 700 msk 10; {AT}"), "infobits[ =LOCK_ONLY =KEYSHR_LOCK ] blk=65538 off=3 ".into())
    );
}

#[test]
fn pages_and_rewrites() {
    let page = |bytes: Bytes| rel(bytes).u32(1).u32(8).u16(24).u16(8000);
    assert_eq!(shown(V8_2, (HEAP, 0x50), &rel(bytes()).u32(8)), "newpage: rel 1663/5/16384; blk 8");
    assert_eq!(
        words(V8_4, (HEAP, 0x50), &page(bytes()).1, &[]),
        ("newpage: rel 1663/5/16384; blk 8".into(), "fork=1 ".into())
    );
    assert_eq!(shown(V9_0, (HEAP, 0x50), &page(bytes())), "newpage: rel 1663/5/16384; fork 1, blk 8");
    assert_eq!(hidden(V9_4, (HEAP, 0x50), &page(bytes())), "hole_offset=24 hole_length=8000 ");
    for (align, endian) in [(Align::Eight, Endian::Little), (Align::Four, Endian::Big)] {
        let pad = |b: Bytes| if align == Align::Eight { b.u32(0xEEEE_EEEE) } else { b };
        let rewrite = pad(pad(Bytes(endian, vec![]).u32(1).u32(2).u32(3)).u64(4).u32(5)).u64(6);
        let told = words_of(&layout(V9_4, align, endian), (HEAP2, 0x00), &rewrite.1, &[]);
        assert_eq!(told.0, "heap rewrite:");
        assert!(
            told.1.starts_with("mapped_xid=1 mapped_db=2 mapped_rel=3 offset=4 num_mappings=5 start_lsn="),
            "{}",
            told.1
        );
    }
}

#[test]
fn ends_of_transactions() {
    // Times are told apart in the program's tests.
    let head = |b: Bytes| b.u64(0).u32(1).u32(2);
    let lists = |b: Bytes| rel(b).u32(701).u32(702);
    let time = "Time(Timestamp(0))";
    assert_eq!(
        shown(V8_3, (XACT, 0x00), &lists(head(bytes()))),
        format!("commit: {time}; rels: 1663/5/16384; subxacts: 701 702")
    );
    let prepared = lists(head(bytes().u32(700).u32(0)));
    let path = "Path(RelFileLocator { spc: 1663, db: 5, rel: 16384 }, 0)";
    assert_eq!(shown(V8_4, (XACT, 0x40), &prepared), format!("abort 700: {time}; rels: {path}; subxacts: 701 702"));
    assert_eq!(
        shown(V9_4, (XACT, 0x40), &prepared),
        format!("abort prepared 700: {time}; rels: {path}; subxacts: 701 702")
    );
    assert_eq!(shown(V9_3, (XACT, 0x20), &head(bytes())), format!("abort: {time} !rels"));
    assert_eq!(shown(V9_2, (XACT, 0x60), &bytes().u64(0).u32(1).u32(703)), format!("commit: {time}; subxacts: 703"));
    assert_eq!(
        shown(V9_0, (XACT, 0x50), &bytes().u32(700).u32(2).u32(701).u32(702)),
        "xid assignment xtop 700: subxacts: 701 702"
    );
    // 8.2 counts seconds since 1970, in four bytes where alignment is four.
    let unix = "commit: Time(Timestamp(1000000))";
    assert_eq!(shown(V8_2, (XACT, 0x00), &bytes().u64(946_684_801).u32(0).u32(0)), unix);
    let main = bytes().u32(946_684_801).u32(0).u32(0);
    assert_eq!(words_of(&layout(V8_2, Align::Four, Endian::Little), (XACT, 0x00), &main.1, &[]).0, unix);
    let main = bytes().u32(700).u32(946_684_801).u32(0).u32(0);
    assert_eq!(
        words_of(&layout(V8_2, Align::Four, Endian::Little), (XACT, 0x30), &main.1, &[]).0,
        "commit 700: Time(Timestamp(1000000))"
    );
}

#[test]
fn invalidation_messages_of_each_layout() {
    let commit = |count| bytes().u64(0).u32(1).u32(0).u32(0).u32(count).u32(5).u32(1663);
    let message = |b: Bytes, id: u16, words: [u32; 3]| b.u16(id).u16(0xEEEE).u32(words[0]).u32(words[1]).u32(words[2]);
    let all =
        [0xFFFF, 0xFFFE, 0xFFFD, 0xFFFC, 0xFFFB].into_iter().fold(commit(6), |b, id| message(b, id, [5, 1259, 0]));
    let all = message(all, 50, [5, 77, 88]);
    let words = "commit: Time(Timestamp(0)); relcache init file inval dbid 5 tsid 1663; inval msgs: catalog 1259 relcache 1259 smgr relmap";
    assert_eq!(shown(V9_4, (XACT, 0x00), &all), format!("{words} snapshot 1259 catcache 50"));
    for version in [V9_0, V9_1, V9_2, V9_3] {
        assert_eq!(shown(version, (XACT, 0x00), &all), format!("{words} unknown id -5 catcache 50"));
    }
    assert!(hidden(V9_1, (XACT, 0x00), &all).ends_with("db_id=77 hash_value=88 } ] "));
    assert!(hidden(V9_2, (XACT, 0x00), &all).ends_with("db_id=5 hash_value=77 } ] "));
    // 9.0 has an id of two bytes, which big-endian servers begin with its high one.
    let big = Bytes(Endian::Big, vec![])
        .u64(0)
        .u32(0)
        .u32(0)
        .u32(0)
        .u32(1)
        .u32(5)
        .u32(1663)
        .u16(50)
        .u16(0)
        .u32(0)
        .u32(5)
        .u32(1);
    assert!(
        words_of(&layout(V9_0, Align::Eight, Endian::Big), (XACT, 0x00), &big.1, &[])
            .0
            .ends_with("; inval msgs: catcache 50")
    );
    assert_eq!(shown(V9_2, (XACT, 0x00), &commit(1)), "commit: Time(Timestamp(0)) !msgs");
}

#[test]
fn prepared_transactions() {
    for (align, endian) in [(Align::Eight, Endian::Little), (Align::Four, Endian::Big)] {
        let head = Bytes(endian, vec![]).u32(0x57F9_4532).u32(400).u32(700).u32(5).u64(0).u32(10).u32(1).u32(1).u32(0);
        let gid = rest(head.u32(0).u8(1), b"gid one");
        let filled = |mut b: Bytes, to: usize| {
            b.1.resize(to, 0);
            b
        };
        let subxact = filled(gid, 248).u32(701);
        let subxact = if align == Align::Eight { subxact.u32(0) } else { subxact };
        let told = words_of(&layout(V9_4, align, endian), (XACT, 0x10), &rel(subxact).u32(0).1, &[]);
        assert_eq!(told.0, "prepare");
        assert!(told.1.contains("gid=Text([103, 105, 100, 32, 111, 110, 101]) "), "{}", told.1);
        assert!(told.1.ends_with("subxacts[ =701 ] commitrels[ =1663/5/16384 ] abortrels[ ] "), "{}", told.1);
    }
    let short = bytes().u32(0x57F9_4531).u32(400).u32(700);
    assert_eq!(shown(V8_2, (XACT, 0x10), &short), "prepare !db_id");
}

#[test]
fn checkpoints() {
    let first = |b: Bytes| b.u32(1).u32(0).u32(700).u32(24_576).u32(2).u32(3);
    let main = first(bytes().u32(0).u32(0x2000).u32(0).u32(0)).u32(0).u32(9);
    let text = shown(V8_2, (XLOG, 0x10), &main);
    assert!(text.starts_with("checkpoint: redo Lsn(") && text.contains("; undo Lsn("), "{text}");
    assert!(text.ends_with("; tli 1; xid 0/700; oid 24576; multi 2; offset 3; online"), "{text}");
    assert!(shown(V8_2, (XLOG, 0x10), &bytes().u32(0).u32(0x2000).u32(0)).ends_with("; undo  !undo"));
    let four = Bytes(Endian::Big, vec![]).u64(0x2000);
    let told = words_of(&layout(V8_3, Align::Four, Endian::Big), (XLOG, 0x00), &first(four).u32(9).1, &[]);
    assert!(told.0.ends_with("; offset 3; shutdown") && told.1 == "time=Seconds(9) ", "{told:?}");
    let main = first(bytes().u64(0x2000)).u32(600).u32(1).u64(9).u32(650);
    assert!(
        shown(V9_1, (XLOG, 0x10), &main)
            .ends_with("; offset 3; oldest xid 600 in DB 1; oldest running xid 650; online")
    );
    // 9.2 on a server aligned to 4: the time moves by four bytes.
    let main =
        bytes().u64(0x2000).u32(1).u32(1).u32(0).u32(700).u32(24_576).u32(2).u32(3).u32(600).u32(1).u64(9).u32(650);
    let told = words_of(&layout(V9_2, Align::Four, Endian::Little), (XLOG, 0x10), &main.1, &[]);
    assert!(told.0.ends_with("; tli 1; fpw true; xid 0/700; oid 24576; multi 2; offset 3; oldest xid 600 in DB 1; oldest running xid 650; online"));
    assert_eq!(told.1, "time=Seconds(9) ");
}

#[test]
fn other_records_of_xlog() {
    let parameters = bytes().u32(100).u32(0).u32(64).u32(2);
    assert_eq!(
        shown(V9_0, (XLOG, 0x60), &parameters),
        "parameter change: max_connections=100 max_prepared_xacts=0 max_locks_per_xact=64 wal_level=hot_standby"
    );
    assert!(shown(V9_3, (XLOG, 0x60), &bytes().u32(100).u32(0).u32(64).u32(3)).ends_with("wal_level=?"));
    assert_eq!(shown(V9_2, (XLOG, 0x80), &bytes().u8(1)), "full_page_writes: true");
    assert_eq!(shown(V8_3, (XLOG, 0x20), &rest(bytes(), &[1, 2, 3])), "xlog no-op");
    assert_eq!(
        shown(V9_3, (XLOG, 0x90), &bytes().u64(0).u32(2).u32(1)),
        "end_of_recovery: tli 2; prev tli 1; time Time(Timestamp(0))"
    );
    let page = rel(bytes()).u32(2).u32(8).u16(24).u16(8000);
    assert_eq!(
        shown(V9_3, (XLOG, 0xA0), &page),
        "full-page image: Path(RelFileLocator { spc: 1663, db: 5, rel: 16384 }, 2) block 8"
    );
    assert_eq!(Vocabulary::of(V9_2.dialect().unwrap()).op(XLOG, 0xA0).map(|op| op.name), None);
}

#[test]
fn small_managers() {
    assert_eq!(shown(V8_2, (CLOG, 0x10), &bytes().u32(u32::MAX)), "truncate before: -1");
    assert_eq!(shown(V8_3, (STORAGE, 0x20), &rel(bytes().u32(7))), "file truncate: 1663/5/16384 to 7 blocks");
    let path = "Path(RelFileLocator { spc: 1663, db: 5, rel: 16384 }, ";
    assert_eq!(shown(V9_0, (STORAGE, 0x10), &rel(bytes())), format!("file create: {path}0)"));
    assert_eq!(shown(V9_1, (STORAGE, 0x10), &rel(bytes()).u32(3)), format!("file create: {path}3)"));
    let members = bytes().u32(1).u32(5).u32(2).u32(700).u32(1).u32(701).u32(9);
    assert_eq!(shown(V9_3, (MULTIXACT, 0x20), &members), "create mxid 1 offset 5 nmembers 2: 700 (sh) 701 (unk) ");
    assert_eq!(shown(V9_2, (MULTIXACT, 0x20), &members), "create multixact 1 offset 5: 700 1");
    let running = bytes().u32(1).u32(1).u8(1).u8(0).u16(0).u32(720).u32(700).u32(719).u32(700).u32(701);
    assert_eq!(
        words(V9_3, (STANDBY, 0x10), &running.1, &[]),
        (
            "running xacts: nextXid 720 latestCompletedXid 719 oldestRunningXid 700; 1 xacts: 700; subxid ovf".into(),
            "xids[ ] subxid_overflow=true subxcnt=1 subxids[ =701 ] ".into()
        )
    );
    let running = bytes().u32(0).u8(1).u8(0).u16(0).u32(720).u32(700).u32(719);
    assert_eq!(
        shown(V9_1, (STANDBY, 0x10), &running),
        " running xacts: nextXid 720 latestCompletedXid 719 oldestRunningXid 700; subxid ovf"
    );
    let locks = bytes().u32(2).u32(700).u32(5).u32(16_384).u32(701).u32(5).u32(16_385);
    assert_eq!(
        shown(V9_0, (STANDBY, 0x00), &locks),
        "AccessExclusive locks: xid 700 db 5 rel 16384 xid 701 db 5 rel 16385"
    );
}

#[test]
fn a_sequence_tells_its_last_value() {
    for (version, hoff, between) in [(V8_2, 26, 4), (V8_3, 22, 4), (V9_4, 22, 5)] {
        let mut tuple = rest(rel(bytes()), &[0; 22]);
        tuple.1.resize(12 + hoff, 0);
        tuple.1.push(32);
        tuple.1.resize(12 + 32, 0);
        let mut main = rest(tuple, &[b'x'; 64]).u64(33);
        for _ in 0..between {
            main = main.u64(1);
        }
        assert_eq!(
            words(version, (SEQUENCE, 0x00), &main.u64(32).u8(0).u8(1).1, &[]),
            ("log: rel 1663/5/16384".into(), "last_value=33 log_cnt=32 is_called=true ".into())
        );
    }
}

/// Whatever bytes a record holds, and however few.
#[test]
fn no_bytes_make_a_description_fail() {
    let mut seed = 0x9E37_79B9_7F4A_7C15u64;
    let mut next = || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed
    };
    for dialect in DIALECTS.iter().filter(|d| d.generation != Generation::Modern) {
        let vocabulary = Vocabulary::of(dialect);
        for (align, endian) in [(Align::Eight, Endian::Little), (Align::Four, Endian::Big)] {
            let layout = layout(dialect.version, align, endian);
            for (rmid, info) in (0..=16).flat_map(|rmid| (0..16u8).map(move |half| (rmid, half << 4))) {
                let Some(op) = vocabulary.op(rmid, info) else { continue };
                for length in (0..64).chain([100, 240, 248, 300]) {
                    let random = next();
                    // Small numbers make counts that are nearly right.
                    let mask = if random & 1 == 0 { 0xFF } else { 0x03 };
                    let main: Vec<u8> =
                        (0..length).map(|i| if mask == 3 && i % 4 != 0 { 0 } else { next() as u8 & mask }).collect();
                    let _ = tell(&layout, op, rmid, info, &main, &mut Words::default());
                }
            }
        }
    }
}
