//! What no restore needs goes, and nothing else.

use crate::run::walproof;
use crate::site::{CLUSTER, Site, layout, names, plain};
use pgwal::format::text::control::members::{Abi, ControlField};
use pgwal::format::{Align, Endian, SegmentNo, TimelineId, Version};
use pgwal_craft::control::control_file;
use pgwal_craft::{Builder, Opening};
use std::fs;
use std::path::Path;

fn v15() -> Version {
    Version::new(15, 0)
}

/// A backup that began and ended in a segment, where a record starts.
fn backup(folder: &Path, segment: u64, label: &str) -> String {
    backup_on(folder, 1, segment, label)
}

fn backup_on(folder: &Path, timeline: u32, segment: u64, label: &str) -> String {
    let name = format!("{timeline:08X}00000000{segment:08X}");
    let bytes = fs::read(folder.join(&name)).unwrap();
    let page = layout(v15()).page_header(&bytes);
    let start = (page.data as u64 + u64::from(page.rem_len)).next_multiple_of(8);
    // The rest of a record may cross pages.
    let crossed = u64::from(page.rem_len) / 8192;
    let start = start + crossed * 24;
    let text = format!(
        "START WAL LOCATION: 0/{0:X} (file {name})\nSTOP WAL LOCATION: 0/{1:X} (file {name})\nLABEL: {label}\n",
        (segment << 20) + start,
        (segment << 20) + 500_000 / 8 * 8
    );
    let file = format!("{name}.{start:08X}.backup");
    fs::write(folder.join(&file), text).unwrap();
    file
}

fn prune(folder: &Path, words: &[&str]) -> crate::run::Ran {
    walproof(&[&["archive-prune", folder.to_str().unwrap()], words].concat())
}

#[test]
fn nothing_goes_that_a_backup_needs() {
    let site = Site::of(v15(), &plain(v15(), CLUSTER, 0));
    let wal = site.path("archive");
    fs::create_dir(&wal).unwrap();
    plain(v15(), CLUSTER, 0).write_to(&wal).unwrap();
    fs::write(wal.join("00000001.history"), "").unwrap();
    fs::remove_file(wal.join("00000001.history")).unwrap();
    let second = backup(&wal, 2, "old");
    let fourth = backup(&wal, 4, "new");
    let all = names(&wal);
    // It is only said.
    let ran = prune(&wal, &["--keep-from", "000000010000000000000005"]);
    assert!(ran.out.contains("would be removed: 000000010000000000000001"), "{}{}", ran.out, ran.err);
    assert!(ran.out.contains(&format!("{second} can still be restored")), "{}", ran.out);
    assert_eq!((ran.code, names(&wal)), (0, all));
    assert_eq!(prune(&wal, &["--keep-from", &fourth, "--yes"]).code, 0);
    assert_eq!(names(&wal)[0], "000000010000000000000002");
    let ran = prune(&wal, &["--keep-backups", "2", "--yes"]);
    assert!(ran.out.contains("nothing to remove"), "{}{}", ran.out, ran.err);
    // Whoever keeps fewer backups than he thinks is told so, and which ones go.
    assert!(!ran.out.contains("only"), "{}", ran.out);
    let ran = prune(&wal, &["--keep-backups", "3"]);
    assert!(
        ran.out.contains("only 2 backups that can be restored are known here, and 3 are to be kept"),
        "{}",
        ran.out
    );
    let ran = prune(&wal, &["--keep-backups", "1"]);
    let gone = format!("would be given up: the backup {second} (old), which cannot be restored after that\n");
    assert!(ran.out.contains(&format!("kept: the backup {fourth} (new)\n")) && ran.out.contains(&gone), "{}", ran.out);
    let ran = prune(&wal, &["--keep-backups", "1", "--yes"]);
    assert!(ran.out.contains("removed") && ran.out.contains("\ngiven up: the backup"), "{}{}", ran.out, ran.err);
    assert_eq!(names(&wal), ["000000010000000000000004", &fourth, "000000010000000000000005"]);
    let ran = walproof(&["verify", wal.to_str().unwrap()]);
    assert_eq!(ran.code, 0, "{}", ran.out);
    // Of a damaged segment the backup cannot be restored: nothing is known that can.
    let mut bytes = fs::read(wal.join("000000010000000000000004")).unwrap();
    bytes[400_000] ^= 1;
    fs::write(wal.join("000000010000000000000004"), bytes).unwrap();
    let ran = prune(&wal, &["--keep-backups", "1", "--yes"]);
    assert!(ran.code == 2 && ran.err.contains("no backup is known"), "{}{}", ran.out, ran.err);
}

#[test]
fn by_position_by_control_file_and_never_all_of_it() {
    let site = Site::of(v15(), &plain(v15(), CLUSTER, 0));
    let wal = site.path("archive");
    fs::create_dir(&wal).unwrap();
    plain(v15(), CLUSTER, 0).write_to(&wal).unwrap();
    assert!(prune(&wal, &["--keep-from", "0/2FFFFF", "--yes"]).out.contains("removed: 000000010000000000000001"));
    let standby = |cluster| {
        let set = [
            (ControlField::SystemIdentifier, cluster),
            (ControlField::Redo, 0x0031_0000),
            (ControlField::BackupStartPoint, 0),
            (ControlField::XlogSegSize, 1 << 20),
            (ControlField::XlogBlcksz, 8192),
        ];
        let bytes = control_file(v15().dialect().unwrap(), Abi::usual(Align::Eight), Endian::Little, &set);
        fs::write(site.path("global/pg_control"), bytes).unwrap();
        prune(&wal, &["--pgdata", site.path("").to_str().unwrap(), "--yes"])
    };
    let ran = standby(CLUSTER + 1);
    assert!(ran.code == 2 && ran.err.contains("control file of"), "{}{}", ran.out, ran.err);
    assert_eq!(names(&wal)[0], "000000010000000000000002");
    assert_eq!(standby(CLUSTER).code, 0);
    assert_eq!(names(&wal)[0], "000000010000000000000003");
    let ran = prune(&wal, &["--keep-from", "0/99000000", "--yes"]);
    assert!(ran.code == 2 && ran.err.contains("is the last segment there"), "{}{}", ran.out, ran.err);
    let ran = prune(&wal, &["--keep-from", "no such backup", "--yes"]);
    assert!(ran.code == 2 && ran.err.contains("no backup of that name"), "{}{}", ran.out, ran.err);
    let ran = prune(&site.path("pg_wal"), &["--keep-from", "0/400000", "--yes"]);
    assert!(ran.code == 2 && ran.err.contains("own pg_wal"), "{}{}", ran.out, ran.err);
    assert_eq!(names(&wal).len(), 3);
}

/// A backup that is being taken: its folder has a backup_label and no pg_control yet.
#[test]
fn a_backup_under_way_holds_what_it_needs() {
    let site = Site::of(v15(), &plain(v15(), CLUSTER, 0));
    let wal = site.path("archive");
    fs::create_dir(&wal).unwrap();
    plain(v15(), CLUSTER, 0).write_to(&wal).unwrap();
    backup(&wal, 4, "nightly");
    let taken = site.folder("base");
    let folder = taken.to_str().unwrap();
    let ran = prune(&wal, &["--keep-backups", "1", "--pgdata", folder]);
    assert!(ran.code == 2 && ran.err.contains("pg_control"), "{}{}", ran.out, ran.err);
    let label = "START WAL LOCATION: 0/200028 (file 000000010000000000000002)\nCHECKPOINT LOCATION: 0/200060\n\
                 BACKUP METHOD: streamed\nBACKUP FROM: primary\nSTART TIME: 2026-11-28 14:56:04 UTC\nLABEL: base\n\
                 START TIMELINE: 1\n";
    fs::write(taken.join("backup_label"), label).unwrap();
    for words in [&["--keep-backups", "1"][..], &["--keep-from", "0/400000"], &[]] {
        let ran = prune(&wal, &[words, &["--pgdata", folder]].concat());
        assert!(ran.code == 0 && ran.out.contains("removed: 000000010000000000000001\n"), "{}{}", ran.out, ran.err);
    }
    let ran = prune(&wal, &["--keep-backups", "1", "--pgdata", folder]);
    assert!(ran.out.contains("base needs WAL from segment 000000010000000000000002 on"), "{}", ran.out);
    // What is not there is not named as what is kept first.
    fs::remove_file(wal.join("000000010000000000000002")).unwrap();
    let ran = prune(&wal, &["--pgdata", folder]);
    assert!(ran.out.contains("all from segment 000000010000000000000003 on, the first that is there"), "{}", ran.out);
    let ran = prune(&wal, &["--keep-backups", "1", "--keep-from", "0/400000"]);
    assert_eq!(ran.code, 2, "{}", ran.out);
}

/// A backup on a timeline that was left, at a higher position than all that the latest one has.
#[test]
fn a_backup_beside_the_way_gives_nothing_of_the_way_up() {
    let folder = tempfile::tempdir().unwrap();
    let mut wal = Builder::new(layout(v15()), TimelineId(1), CLUSTER, SegmentNo(1));
    wal.checkpoint_shutdown();
    let segments = |wal: &mut Builder, count: u32| {
        for _ in 0..count {
            wal.filler(600_000);
            wal.commit(700, 800_000_000_000_000);
            wal.switch();
        }
    };
    segments(&mut wal, 2);
    let mut latest = wal.clone();
    latest.timeline_switch(TimelineId(2), Opening::EndOfRecovery);
    segments(&mut latest, 1);
    segments(&mut wal, 3);
    latest.finish().write_to(folder.path()).unwrap();
    wal.finish().write_to(folder.path()).unwrap();
    backup(folder.path(), 2, "on the way");
    backup(folder.path(), 5, "beside it");
    let ran = prune(folder.path(), &["--keep-backups", "1"]);
    assert!(ran.out.contains("removed: 000000010000000000000001\n"), "{}{}", ran.out, ran.err);
}

/// A test restore archives into the place of production, and is backed up later than that: no backup of the test comes
/// to what production wrote meanwhile.
#[test]
fn the_only_backup_of_a_timeline_that_went_on_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path();
    let mut production = Builder::new(layout(v15()), TimelineId(1), CLUSTER, SegmentNo(1));
    production.checkpoint_shutdown();
    let segments = |wal: &mut Builder, count: u32| {
        for _ in 0..count {
            wal.filler(600_000);
            wal.commit(700, 800_000_000_000_000);
            wal.switch();
        }
    };
    segments(&mut production, 3);
    let mut test = production.clone();
    test.timeline_switch(TimelineId(2), Opening::EndOfRecovery);
    segments(&mut test, 3);
    segments(&mut production, 4);
    test.finish().write_to(place).unwrap();
    production.finish().write_to(place).unwrap();
    let first = backup(place, 1, "older");
    let second = backup(place, 2, "of production");
    let third = backup_on(place, 2, 6, "of the test");
    let words = ["--keep-backups", "1"];
    let ran = prune(place, &words);
    assert!(ran.out.contains(&format!("kept: the backup {second} (of production)\n")), "{}{}", ran.out, ran.err);
    assert!(ran.out.contains(&format!("kept: the backup {third} (of the test)\n")), "{}", ran.out);
    assert!(ran.out.contains(&format!("would be given up: the backup {first} (older)")), "{}", ran.out);
    assert!(ran.out.contains("timeline 1 goes on from 0/00400000 to 0/"), "{}", ran.out);
    assert!(ran.out.contains("--give-up-timeline 1 gives it up"), "{}", ran.out);
    let document: serde_json::Value =
        serde_json::from_str(&prune(place, &[&words[..], &["--format", "json"]].concat()).out).unwrap();
    assert_eq!(document["held_for_timelines"][0]["timeline"], 1, "{document}");
    assert_eq!(document["held_for_timelines"][0]["backup"], second, "{document}");
    // What is left after that restores both.
    assert_eq!(prune(place, &[&words[..], &["--yes"]].concat()).code, 0);
    for timeline in ["1", "2"] {
        let ran = walproof(&["verify", place.to_str().unwrap(), "--timeline", timeline]);
        assert!(ran.code == 0 && ran.out.contains("has all its WAL"), "{}", ran.out);
    }
    // Whoever says that nobody goes on with it keeps nothing for it.
    let ran = prune(place, &[&words[..], &["--give-up-timeline", "1"]].concat());
    assert!(ran.out.contains(&format!("would be given up: the backup {second} (of production)")), "{}", ran.out);
    assert!(!ran.out.contains("goes on"), "{}", ran.out);
    let ran = prune(place, &["--keep-from", "0/600000", "--give-up-timeline", "1"]);
    assert_eq!(ran.code, 2, "{}{}", ran.out, ran.err);
}
