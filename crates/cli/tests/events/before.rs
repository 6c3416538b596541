//! The way back to before an event: how it is named, what needs none, and what is not to be had.

use crate::run::{testdata, walproof};
use pgwal::format::record::RelFileLocator;
use pgwal::format::rmgr::{DATABASE, HEAP, TRANSACTION, XLOG};
use pgwal::format::{Align, Endian, Layout, Lsn, PageSize, SegmentNo, SegmentSize, TimelineId, Version};
use pgwal_craft::{Builder, CraftedBlock, Rec};
use serde_json::Value;
use tempfile::TempDir;

const OLD: u32 = 700;

struct Crafted {
    wal: Builder,
    folder: TempDir,
}

impl Crafted {
    fn new(version: Version) -> Crafted {
        let layout = Layout {
            dialect: version.dialect().unwrap(),
            align: Align::Eight,
            endian: Endian::Little,
            segment: SegmentSize::new(1 << 20).unwrap(),
            page: PageSize::DEFAULT,
        };
        let mut wal = Builder::new(layout, TimelineId(1), 7_000_000_000_000_000_001, SegmentNo(1));
        wal.checkpoint_shutdown();
        Crafted { wal, folder: tempfile::tempdir().unwrap() }
    }

    fn delete(&mut self, xid: u32) {
        let rel = RelFileLocator { spc: 1663, db: 5, rel: 16384 };
        let blocks = vec![CraftedBlock { rel, block: 7, ..CraftedBlock::default() }];
        let main = &[0, 0, 0, 0, 1, 0, 0, 0];
        self.wal.record(&Rec { rmid: HEAP, info: 0x10, xid, main, blocks, ..Rec::default() });
    }

    /// A commit or, with the other operation, an abort.
    fn end(&mut self, xid: u32, info: u8) {
        self.wal.record(&Rec { rmid: TRANSACTION, info, xid, main: &[0; 8], ..Rec::default() });
    }

    fn ran(self, words: &[&str]) -> (i32, Value, String) {
        let folder = self.written();
        let archive = folder.path().to_str().unwrap();
        let ran = walproof(&[&["events", archive, "--rows", "1", "--format", "json"], words].concat());
        (ran.code, serde_json::from_str(&ran.out).unwrap_or_default(), ran.err)
    }

    fn written(mut self) -> TempDir {
        self.wal.checkpoint_shutdown();
        self.wal.switch();
        self.wal.finish().write_to(self.folder.path()).unwrap();
        self.folder
    }
}

const COMMIT: u8 = 0;
const ABORT: u8 = 0x20;

#[test]
fn one_of_several_is_to_be_named() {
    let crafted = || {
        let mut crafted = Crafted::new(Version::new(15, 0));
        for xid in [OLD, OLD + 1, OLD + 2] {
            crafted.delete(xid);
            crafted.end(xid, if xid == OLD + 1 { ABORT } else { COMMIT });
        }
        crafted
    };
    let (code, _, said) = crafted().ran(&["--kind", "delete", "--before"]);
    assert_eq!(code, 2);
    assert!(said.contains("transaction 700") && said.contains("transaction 702"), "{said}");
    assert!(!said.contains("transaction 701"), "{said}");
    let of = |words: &[&str]| {
        let (code, document, said) = crafted().ran(words);
        // No backup is there from which it could be proven.
        assert_eq!((code, document["before"]["target"]["verdict"].as_str()), (2, Some("unproven")), "{said}");
        // Each lies in a folder of its own.
        let mut before = document["before"].clone();
        before["target"]["restore_command"] = Value::Null;
        before
    };
    for (words, xid, lost) in [
        (&["--kind", "delete", "--before", "first"][..], OLD, 2),
        (&["--kind", "delete", "--before", "last"], OLD + 2, 1),
        (&["--before", "700"], OLD, 2),
        (&["--before", "xid:702"], OLD + 2, 1),
    ] {
        let before = of(words);
        assert_eq!(before["xid"], xid, "{words:?}");
        assert_eq!(before["target"]["lost"]["commits"], lost, "{words:?}: {before}");
        assert_eq!(before["target"]["lsn"], before["end_lsn"], "{words:?}");
        assert_eq!(before["target"]["settings"]["recovery_target_inclusive"], "false");
        assert_eq!(of(&["--before", before["end_lsn"].as_str().unwrap()]), before, "by the position of its end");
    }
    for (word, says) in
        [("999", "no record of transaction 999"), ("0/1", "neither an event"), ("yesterday", "a position")]
    {
        let (code, _, said) = crafted().ran(&["--before", word]);
        assert!(code == 2 && said.contains(says), "{word}: {said}");
    }
    let (code, document, _) = crafted().ran(&["--before", "701"]);
    assert_eq!((code, &document["before"]["why_not"]), (0, &"aborted".into()));
    assert!(document["before"]["target"].is_null(), "{document}");
}

/// Files are gone before the commit; and up to 9.6 only transactions are targets.
#[test]
fn a_database_is_saved_in_front_of_the_record_that_removes_it() {
    let words = |numbers: &[u32]| -> Vec<u8> { numbers.iter().flat_map(|n| n.to_le_bytes()).collect() };
    for (version, main, set) in [
        (Version::new(15, 0), words(&[16384, 1, 1663]), ("recovery_target_lsn", "false")),
        (Version::new(9, 6), words(&[16384, 1663]), ("recovery_target_xid", "true")),
    ] {
        let mut crafted = Crafted::new(version);
        crafted.delete(OLD);
        crafted.end(OLD, COMMIT);
        let info = if version >= Version::new(15, 0) { 0x20 } else { 0x10 };
        let at = crafted.wal.record(&Rec { rmid: DATABASE, info, xid: OLD + 1, main: &main, ..Rec::default() });
        crafted.delete(OLD + 2);
        crafted.end(OLD + 2, COMMIT);
        crafted.end(OLD + 1, COMMIT);
        let (_, document, said) = crafted.ran(&["--kind", "drop-database", "--before"]);
        let target = &document["before"]["target"];
        assert_eq!(target["lsn"].as_str().map(|lsn| lsn.parse::<Lsn>().unwrap()), Some(at), "{document:#} {said}");
        assert_eq!((&target["in_front_of"], &target["lost"]["commits"]), (&"record".into(), &2.into()), "{target}");
        assert_eq!(target["settings"]["recovery_target_inclusive"], set.1, "{target}");
        assert!(target["settings"][set.0].is_string(), "{target}");
        assert_eq!(target["settings_file"], if info == 0x20 { "postgresql.conf" } else { "recovery.conf" });
    }
}

/// Replay of the record removes the files, whatever becomes of the transaction.
#[test]
fn a_database_is_gone_though_its_transaction_did_not_commit() {
    let main: Vec<u8> = [16384u32, 1, 1663].iter().flat_map(|n| n.to_le_bytes()).collect();
    let drop = Rec { rmid: DATABASE, info: 0x20, xid: OLD, main: &main, ..Rec::default() };
    for (end, outcome, says) in [(Some(ABORT), "aborted", "ABORTED at "), (None, "crashed", "NEVER ENDED before ")] {
        let mut crafted = Crafted::new(Version::new(15, 0));
        let at = crafted.wal.record(&drop);
        end.into_iter().for_each(|end| crafted.end(OLD, end));
        let folder = crafted.written();
        let archive = folder.path().to_str().unwrap();
        let document = |words: &[&str]| -> Value {
            serde_json::from_str(&walproof(&[words, &["--format", "json"]].concat()).out).unwrap()
        };
        let lsn = |value: &Value| value.as_str().map(|lsn| lsn.parse::<Lsn>().unwrap());
        let events = document(&["events", archive, "--before", "700"]);
        let event = &events["events"].as_array().unwrap().iter().find(|e| e["kind"] == "drop-database").unwrap();
        assert_eq!((&event["outcome"], &event["files_gone"]), (&outcome.into(), &true.into()), "{event}");
        assert_eq!((lsn(&event["undo_lsn"]), lsn(&events["before"]["target"]["lsn"])), (Some(at), Some(at)));
        let text = walproof(&["events", archive, "--before", "700"]).out;
        assert!(text.contains(says) && text.contains("its files are gone all the same"), "{text}");
        assert!(!text.contains("did not happen") && !text.contains("nothing is to be restored"), "{text}");
        let txns = document(&["txns", archive]);
        let own = &txns["transactions"][0];
        assert_eq!((&own["outcome"], lsn(&own["lost_from_lsn"])), (&outcome.into(), Some(at)), "{own}");
        let text = walproof(&["txns", archive]).out;
        assert!(text.contains("its files are gone all the same"), "{text}");
    }
    // What did nothing of the kind is told as ever.
    let mut crafted = Crafted::new(Version::new(15, 0));
    crafted.delete(OLD);
    crafted.end(OLD, ABORT);
    let folder = crafted.written();
    let text = walproof(&["events", folder.path().to_str().unwrap(), "--rows", "1"]).out;
    assert!(text.contains("did not happen") && !text.contains("all the same"), "{text}");
}

/// A name is quoted as SQL has it.
#[test]
fn a_name_with_a_quote_is_quoted() {
    let mut crafted = Crafted::new(Version::new(15, 0));
    let mut main = [0u8; 72];
    main[8..12].copy_from_slice(b"it's");
    crafted.wal.record(&Rec { rmid: XLOG, info: 0x70, main: &main, ..Rec::default() });
    let folder = crafted.written();
    let text = walproof(&["events", folder.path().to_str().unwrap()]).out;
    assert!(text.contains("RESTORE POINT  'it''s'"), "{text}");
}

/// The mark of the database that is dropped counts, and neither that of another one nor what vacuum writes there.
#[test]
fn a_database_is_saved_in_front_of_its_mark() {
    let mut crafted = Crafted::new(Version::new(15, 0));
    let mut in_place = |database: u32, limit: i32, offset: u8| {
        let mut data = vec![0; 96];
        data[..4].copy_from_slice(&database.to_le_bytes());
        data[80..84].copy_from_slice(&limit.to_le_bytes());
        let rel = RelFileLocator { spc: 1664, db: 0, rel: 1262 };
        let blocks = vec![CraftedBlock { rel, data, ..CraftedBlock::default() }];
        crafted.wal.record(&Rec { rmid: HEAP, info: 0x70, main: &[offset, 0], blocks, ..Rec::default() })
    };
    in_place(16384, -1, 1);
    in_place(16400, -2, 2);
    let marked = in_place(16384, -2, 1);
    in_place(16400, -2, 2);
    in_place(5, -1, 3);
    let main: Vec<u8> = [16384u32, 1, 1663].iter().flat_map(|n| n.to_le_bytes()).collect();
    crafted.wal.record(&Rec { rmid: DATABASE, info: 0x20, xid: OLD, main: &main, ..Rec::default() });
    crafted.end(OLD, COMMIT);
    let (_, document, said) = crafted.ran(&["--before", "700"]);
    let target = &document["before"]["target"];
    assert_eq!(target["lsn"].as_str().map(|lsn| lsn.parse::<Lsn>().unwrap()), Some(marked), "{document:#} {said}");
}

#[test]
fn a_way_back_is_proven_and_typed() {
    let (good, backup) = (testdata("demo/good"), testdata("backup/15"));
    let words =
        ["events", &good, "--rows", "1", "--kind", "drop,delete,update", "--before", "last", "--timezone", "UTC"];
    let ran = walproof(&[&words[..], &["--backup", &backup]].concat());
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    for part in [
        "\nBEFORE   transaction ",
        "\nTARGET   ",
        "\nKEPT     ",
        "\nLOST     ",
        "\nVERDICT  PROVEN: ",
        "\nFETCH    0000000",
    ] {
        assert!(ran.out.contains(part), "{part}: {}", ran.out);
    }
    let settings = ran.out.split_once("\nSETTINGS for postgresql.conf:\n").unwrap().1;
    assert!(settings.starts_with("restore_command = 'cp "), "{settings}");
    assert!(settings.contains("recovery_target_lsn = '0/") && settings.contains("recovery_target_action = 'pause'"));
    assert_eq!(walproof(&["events", &good, "--before", "last", "--format", "csv"]).code, 2);
    assert_eq!(walproof(&["events", &good, "--backup", &backup]).code, 2);
}

/// Of several places each has a part of the archive.
#[test]
fn a_way_back_out_of_several_places() {
    let (good, backup) = (testdata("demo/good"), testdata("backup/15"));
    let folder = tempfile::tempdir().unwrap();
    let [first, second] = ["first", "second"].map(|name| folder.path().join(name));
    [&first, &second].into_iter().for_each(|place| std::fs::create_dir(place).unwrap());
    for file in std::fs::read_dir(&good).unwrap().map(|file| file.unwrap()) {
        let name = file.file_name().into_string().unwrap();
        let place = if name.ends_with("00000000000A") { &second } else { &first };
        std::fs::copy(file.path(), place.join(name)).unwrap();
    }
    let [first, second] = [first, second].map(|place| place.to_str().unwrap().to_owned());
    let way = |places: &[&str]| -> (i32, Value) {
        let asked = ["--rows", "1", "--kind", "drop,delete,update", "--before", "last", "--backup", &backup];
        let ran = walproof(&[&["events"], places, &asked, &["--format", "json"]].concat());
        let document: Value = serde_json::from_str(&ran.out).unwrap_or_default();
        (ran.code, document["before"].clone())
    };
    let ((code, mut whole), (same, mut told)) = (way(&[&good]), way(&[&first, &second]));
    assert_eq!((code, same, &told["target"]["verdict"]), (0, 0, &"proven".into()), "{told:#}");
    let [_, command] = [&mut whole, &mut told].map(|way| way["target"]["restore_command"].take());
    let command = command.as_str().unwrap();
    for part in ["archive-get", "%f", &format!("--from \"{first}\""), &format!("--from \"{second}\"")] {
        assert!(command.contains(part), "{part}: {command}");
    }
    assert_eq!(told["target"]["lost"], whole["target"]["lost"]);
    assert_eq!((&told["xid"], &told["target"]["lsn"]), (&whole["xid"], &whole["target"]["lsn"]));
    // Of the first alone recovery does not come there.
    let (code, alone) = way(&[&first]);
    assert_eq!((code, &alone["target"]["verdict"]), (1, &"refuted".into()), "{alone:#}");
}
