//! Records with a right checksum whose data ends too early for their type: WP212, where records are told, and nowhere
//! else.
#![allow(clippy::unwrap_used, reason = "a test fails where something is missing, in its functions too")]

mod run;

use pgwal::format::record::RelFileLocator;
use pgwal::format::{Align, Endian, Layout, PageSize, SegmentNo, SegmentSize, TimelineId, Version};
use pgwal_craft::{Builder, CraftedBlock, Rec};
use run::{testdata, walproof};
use serde_json::Value;
use tempfile::TempDir;

const HEAP: u8 = 10;
const DELETE: u8 = 0x10;

/// An archive with one such record, and where it starts.
fn crafted(version: Version) -> (TempDir, String) {
    let layout = Layout {
        dialect: version.dialect().unwrap(),
        align: Align::Eight,
        endian: Endian::Little,
        segment: SegmentSize::new(1 << 20).unwrap(),
        page: PageSize::DEFAULT,
    };
    let mut wal = Builder::new(layout, TimelineId(1), 7_000_000_000_000_000_001, SegmentNo(1));
    wal.checkpoint_shutdown();
    let block =
        CraftedBlock { rel: RelFileLocator { spc: 1663, db: 5, rel: 16384 }, block: 7, ..CraftedBlock::default() };
    let blocks = if version >= Version::new(9, 5) { vec![block] } else { Vec::new() };
    let lsn = wal.record(&Rec { rmid: HEAP, info: DELETE, xid: 700, main: &[1], blocks, ..Rec::default() });
    wal.filler(100);
    wal.switch();
    let folder = tempfile::tempdir().unwrap();
    wal.finish().write_to(folder.path()).unwrap();
    (folder, lsn.to_string())
}

#[test]
fn it_is_told_behind_the_record_in_every_version() {
    for version in
        [Version::new(8, 2), Version::new(9, 4), Version::new(9, 5), Version::new(15, 0), Version::new(19, 0)]
    {
        let (folder, lsn) = crafted(version);
        let folder = folder.path().to_str().unwrap();
        let ran = walproof(&["dump", folder]);
        let lines: Vec<&str> = ran.out.lines().filter(|line| line.starts_with(&lsn)).collect();
        let [record, finding] = lines[..] else { panic!("{version}: {}", ran.out) };
        assert!(record.contains("xid        700"), "{record}");
        assert!(
            finding.contains(" *** WP212 warning: the data of the Heap ")
                && finding.contains(&format!(" record at {lsn} ends before ")),
            "{finding}"
        );
        assert_eq!((ran.code, ran.err.as_str(), ran.out.matches("***").count()), (0, "", 1), "{version}");
    }
}

#[test]
fn every_format_tells_it_in_its_way() {
    let (archive, lsn) = crafted(Version::new(15, 0));
    let folder = archive.path().to_str().unwrap();
    let ran = walproof(&["dump", folder, "--format", "jsonl"]);
    let documents: Vec<Value> = ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let at = documents.iter().position(|d| d["code"] == "WP212").unwrap();
    let (record, finding, end) = (&documents[at - 1], &documents[at], documents.last().unwrap());
    assert_eq!(
        (&record["lsn"], &finding["lsn"], &finding["name"]),
        (&lsn.as_str().into(), &lsn.as_str().into(), &"record-data".into())
    );
    assert!(record["data_error"].as_str().unwrap().starts_with("the data ends before "));
    assert_eq!(
        (&finding["type"], &finding["severity"], &finding["timeline"]),
        (&"finding".into(), &"warning".into(), &1.into())
    );
    assert_eq!((&finding["file"], finding["offset"].as_u64().is_some()), (&"000000010000000000000001".into(), true));
    assert!(finding["server_says"].is_null() && finding["lost"].is_null());
    assert_eq!((ran.code, end["complete"].as_bool(), end["findings"].as_u64()), (0, Some(true), Some(1)));

    for fields in ["lsn", "lsn,data.off"] {
        let ran = walproof(&["dump", folder, "--format", "csv", "--fields", fields]);
        assert!(
            ran.code == 0 && ran.err.contains("*** WP212 warning") && !ran.out.contains("***"),
            "{}{}",
            ran.out,
            ran.err
        );
        assert_eq!(ran.out.lines().count(), end["records"].as_u64().unwrap() as usize + 1);
    }
    // In its line: programs compare these texts.
    let ran = walproof(&["dump", folder, "--format", "waldump"]);
    assert_eq!(
        (ran.code, ran.out.matches(" *** the data ends before ").count(), ran.out.matches("WP212").count()),
        (0, 1, 0)
    );
    let ran = walproof(&["dump", folder, "-q"]);
    assert!(
        ran.code == 0 && ran.out.is_empty() && ran.err.lines().count() == 1 && ran.err.contains("*** WP212"),
        "{}",
        ran.err
    );
    for format in ["text", "jsonl", "csv", "waldump"] {
        let ran = walproof(&["dump", folder, "--only-damaged", "--format", format]);
        assert_eq!(
            (ran.code, format!("{}{}", ran.out, ran.err).matches("WP212").count()),
            (0, 1),
            "{format}: {}{}",
            ran.out,
            ran.err
        );
    }
}

#[test]
fn only_what_is_listed_is_told() {
    let (archive, lsn) = crafted(Version::new(15, 0));
    let folder = archive.path().to_str().unwrap();
    for (words, told) in [
        (&["-n", "1"][..], 0),
        (&["-n", "2"], 1),
        (&["-x", "1"], 0),
        (&["-r", "heap"], 1),
        (&["-e", &lsn], 0),
        (&["-s", &lsn], 1),
    ] {
        for more in [&[][..], &["--jobs", "1"]] {
            let ran = walproof(&[&["dump", folder], words, more].concat());
            assert_eq!((ran.code, ran.out.matches("WP212").count()), (0, told), "{words:?} {}", ran.out);
        }
    }
    // Following tells the same.
    let ran = walproof(&["dump", folder, "-n", "3"]);
    assert_eq!(walproof(&["dump", folder, "-n", "3", "--follow"]).out, ran.out);
    assert!(ran.out.contains("WP212"));
}

#[test]
fn where_replay_stops_does_not_depend_on_it() {
    let (archive, lsn) = crafted(Version::new(15, 0));
    let folder = archive.path().to_str().unwrap();
    let verified = walproof(&["verify", folder]);
    assert!(verified.code == 0 && !verified.out.contains("WP212"), "{}", verified.out);
    let hex = walproof(&["hex", folder, &lsn]);
    assert!(hex.code == 0 && hex.out.contains("WP212"), "{}", hex.out);
    assert!(walproof(&["explain", "record-data"]).out.starts_with("WP212"));
    // A record as it should be has none.
    let good = walproof(&["hex", &testdata("demo/good"), "0/AAC690"]);
    assert!(good.code == 0 && !good.out.contains("WRONG"), "{}", good.out);
}
