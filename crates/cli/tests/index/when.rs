//! `walproof when`.

use super::{archive, settle};
use crate::run::walproof;
use pgwal::format::{Align, Endian, Layout, PageSize, SegmentNo, SegmentSize, TimelineId};
use pgwal_craft::Builder;
use serde_json::Value;
use std::time::Instant;

fn when(words: &[&str]) -> (i32, Value) {
    let ran = walproof(&[&["when", "--format", "json"], words].concat());
    (ran.code, serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{words:?}: {error}: {}", ran.err)))
}

#[test]
fn each_position_is_translated_into_the_others() {
    let folder = tempfile::tempdir().unwrap();
    archive(folder.path());
    let wal = folder.path().to_str().unwrap();
    let (code, all) = when(&[wal]);
    assert_eq!(code, 0);
    let (first, last) = (&all["reach"]["first"], &all["reach"]["last"]);
    let (from, to) = (all["reach"]["from_lsn"].as_str().unwrap(), all["reach"]["to_lsn"].as_str().unwrap());
    assert!(first["lsn"].as_str().unwrap() >= from && last["lsn"].as_str().unwrap() < to);
    for end in [first, last] {
        let xid = format!("xid:{}", end["xid"]);
        let (code, by_xid) = when(&[wal, &xid]);
        assert_eq!((&by_xid["position"]["last_kept"], &by_xid["position"]["lsn"]), (end, &end["lsn"]), "{xid}");
        // What lies before the end of the first backup, no server can be told to recover to.
        let reachable = by_xid["position"]["reachable"] == true;
        assert_eq!((code, by_xid["position"]["backup"].is_null()), (i32::from(!reachable), !reachable), "{xid}");
        if !reachable {
            continue;
        }
        assert_eq!(by_xid["position"]["settings"]["recovery_target_xid"], end["xid"].to_string());
        let (_, by_lsn) = when(&[wal, end["lsn"].as_str().unwrap()]);
        assert_eq!(&by_lsn["position"]["last_kept"], end);
        assert_eq!(by_lsn["position"]["settings"]["recovery_target_inclusive"], "true");
        let segment = format!("{}+{}", by_lsn["position"]["segment"].as_str().unwrap(), by_lsn["position"]["offset"]);
        assert_eq!(when(&[wal, &segment]).1["position"]["lsn"], end["lsn"]);
        let (_, by_time) = when(&[wal, end["time"].as_str().unwrap()]);
        assert_eq!(by_time["position"]["last_kept"]["time"], end["time"], "{by_time:#}");
    }
    let (code, none) = when(&[wal, "xid:4000000000"]);
    assert_eq!((code, &none["position"]["reachable"]), (1, &false.into()));
    assert_eq!(walproof(&["when", wal, "5"]).code, 2);
}

#[test]
fn restore_points_and_settings_of_both_files() {
    for (story, file) in [("10/archive", "recovery.conf"), ("15/archive", "postgresql.conf")] {
        let folder = walproof_testdata::root().join(story);
        let (_, all) = when(&[folder.to_str().unwrap()]);
        let point = &all["reach"]["restore_points"][0];
        let (code, found) = when(&[folder.to_str().unwrap(), &format!("name:{}", point["name"].as_str().unwrap())]);
        assert_eq!((&found["position"]["restore_point"], &found["position"]["settings_file"]), (point, &file.into()));
        assert_eq!(code, i32::from(found["position"]["reachable"] == false));
    }
}

/// Nothing behind the last commit would end a recovery to its time: from 13 on that is an error, and its number is
/// told.
#[test]
fn the_time_of_the_last_commit_is_a_target_of_old_servers_only() {
    for (story, setting) in [("10/archive", "recovery_target_time"), ("15/archive", "recovery_target_xid")] {
        let folder = walproof_testdata::root().join(story);
        let (_, all) = when(&[folder.to_str().unwrap()]);
        let last = &all["reach"]["last"];
        let (code, found) = when(&[folder.to_str().unwrap(), last["time"].as_str().unwrap()]);
        let position = &found["position"];
        assert_eq!((code, &position["last_kept"], &position["first_dropped"]), (0, last, &Value::Null));
        assert!(position["settings"].get(setting).is_some(), "{story}: {position}");
        assert_eq!(position["settings"].as_object().unwrap().len(), 3);
    }
}

/// `WALPROOF_SEGMENTS` segments, 300 if it is not set; with 10,000 of them an answer takes less than a second.
#[test]
fn with_an_index_an_answer_does_not_read_the_archive() {
    let count: u32 = std::env::var("WALPROOF_SEGMENTS").ok().and_then(|n| n.parse().ok()).unwrap_or(300);
    let folder = tempfile::tempdir().unwrap();
    let wal = folder.path().join("wal");
    std::fs::create_dir(&wal).unwrap();
    let dialect = pgwal::format::dialect::DIALECTS.iter().find(|d| d.version.to_string() == "15").unwrap();
    let layout = Layout {
        dialect,
        align: Align::Eight,
        endian: Endian::Little,
        segment: SegmentSize::new(1 << 20).unwrap(),
        page: PageSize::new(8192).unwrap(),
    };
    let mut builder = Builder::new(layout, TimelineId::FIRST, 0x6A1B_2C3D_4E5F_6071, SegmentNo(1));
    for n in 0..count {
        builder.commit(1000 + n, i64::from(n) * 60_000_000);
        builder.switch();
    }
    builder.finish().write_to(&wal).unwrap();
    settle(&wal);
    let index = folder.path().join("index");
    let words = [wal.to_str().unwrap(), "--index", index.to_str().unwrap()];
    assert_eq!(when(&words).0, 0);
    let size = std::fs::metadata(&index).unwrap().len();
    assert!(size < u64::from(count) * 1024, "{size} bytes");
    let began = Instant::now();
    let (code, all) = when(&words);
    let whole = began.elapsed();
    assert_eq!(
        (code, &all["index"]["segments_read"], &all["reach"]["last"]["xid"]),
        (0, &0.into(), &(999 + count).into())
    );
    let began = Instant::now();
    let (_, one) = when(&[&words[..], &[&format!("xid:{}", 1000 + count / 2)]].concat());
    eprintln!("{count} segments, {} bytes of index: {whole:?}, one position {:?}", size, began.elapsed());
    assert_eq!(one["position"]["last_kept"]["xid"], 1000 + count / 2);
    assert_eq!(one["position"]["first_dropped"]["xid"], 1001 + count / 2);
    assert!(count < 10_000 || whole.as_millis() < 1000 && began.elapsed().as_millis() < 1000, "too slow");
}
