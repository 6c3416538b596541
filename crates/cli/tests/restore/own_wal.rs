//! A segment that the archive lacks and the backup has: a server asks the archive first, and looks into `pg_wal` then.

use crate::tar::tar_of;
use crate::{restore, run};
use pgwal::format::text::control::members::{Abi, ControlField};
use pgwal::format::{Align, Endian, Layout, Lsn, PageSize, SegmentNo, SegmentSize, TimelineId, Version};
use pgwal_craft::control::control_file;
use pgwal_craft::{Builder, Opening};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use walproof_testdata::{plain_name, read_plain, root};

const HOLE: &str = "00000001000000000000000A";
pub const CLUSTER: u64 = 7_000_000_000_000_000_001;
/// `DB_IN_PRODUCTION`.
const IN_PRODUCTION: u64 = 6;
/// `DB_SHUTDOWNED`.
pub const SHUT_DOWN: u64 = 1;

/// An archive without one segment, and a backup from before it; its `pg_wal`, with that segment, is a folder apart.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Place {
        let place = Place(tempfile::tempdir().unwrap());
        put(&root().join("demo/good"), &place.at("archive"));
        put(&root().join("backup/15"), &place.at("backup"));
        fs::write(place.at("backup/PG_VERSION"), "15\n").unwrap();
        fs::create_dir(place.at("pg_wal")).unwrap();
        fs::rename(place.at("archive").join(HOLE), place.at("pg_wal").join(HOLE)).unwrap();
        place
    }

    fn at(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }
}

fn put(from: &Path, to: &Path) {
    if from.is_file() {
        return fs::write(to, read_plain(from).unwrap()).unwrap();
    }
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let name = if path.is_file() { plain_name(&path) } else { path.file_name().unwrap().to_str().unwrap().into() };
        put(&path, &to.join(name));
    }
}

/// Exit, verdict, where replay ends, and codes that are no information.
fn told((exit, document): &(i32, Value)) -> (i32, Value, Value, Vec<Value>) {
    let findings = document["findings"].as_array().unwrap().iter().filter(|f| f["severity"] != "info");
    let codes = findings.map(|f| f["code"].clone()).collect();
    (*exit, document["verdict"].clone(), document["restore"]["replay_end"].clone(), codes)
}

/// As from an archive that lacks nothing.
fn proven() -> (i32, Value, Value, Vec<Value>) {
    let place = Place::new();
    fs::rename(place.at("pg_wal").join(HOLE), place.at("archive").join(HOLE)).unwrap();
    let told = told(&restore(&place.at("archive"), place.at("backup").to_str().unwrap(), &[]));
    assert_eq!((told.0, &told.1), (0, &json!("proven")));
    told
}

#[test]
fn a_hole_that_nothing_fills_ends_replay() {
    let place = Place::new();
    let told = told(&restore(&place.at("archive"), place.at("backup").to_str().unwrap(), &[]));
    assert_eq!((told.0, told.1), (1, json!("refuted")));
}

#[test]
fn a_hole_is_filled_by_a_folders_own_wal() {
    let place = Place::new();
    fs::rename(place.at("pg_wal"), place.at("backup/pg_wal")).unwrap();
    assert_eq!(told(&restore(&place.at("archive"), place.at("backup").to_str().unwrap(), &[])), proven());
}

#[test]
fn a_hole_is_filled_by_a_tar_beside_the_base() {
    let place = Place::new();
    fs::create_dir(place.at("tars")).unwrap();
    fs::write(place.at("tars/base.tar"), tar_of(&place.at("backup")).unwrap()).unwrap();
    fs::write(place.at("tars/pg_wal.tar"), tar_of(&place.at("pg_wal")).unwrap()).unwrap();
    assert_eq!(told(&restore(&place.at("archive"), place.at("tars").to_str().unwrap(), &[])), proven());
}

#[test]
fn a_hole_is_filled_by_the_wal_of_a_directory_that_is_set_up() {
    let place = Place::new();
    fs::rename(place.at("pg_wal"), place.at("backup/pg_wal")).unwrap();
    let (archive, data) = (place.at("archive"), place.at("backup"));
    fs::write(data.join("recovery.signal"), "").unwrap();
    let command = format!("restore_command = 'cp \"{}/%f\" \"%p\"'\n", archive.display());
    fs::write(data.join("postgresql.auto.conf"), command).unwrap();
    let words = ["verify", archive.to_str().unwrap(), "--pgdata", data.to_str().unwrap(), "--format", "json"];
    let ran = run::walproof(&words);
    let document = serde_json::from_str(&ran.out).unwrap_or_else(|e| panic!("{e}: {}{}", ran.out, ran.err));
    assert_eq!(told(&(ran.code, document)), proven());
}

/// A crashed server on timeline 2 whose own WAL ends with a segment: the next one is asked for on its own timeline and
/// newer ones alone (`XLogFileReadAnyTLI` looks at none older than that of the file that was read last). Its first
/// segment is on timeline 1 as well, and nothing behind the fork is.
#[test]
fn behind_its_own_wal_no_older_timeline_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let [archive, data] = ["archive", "data"].map(|name| folder.path().join(name));
    let dialect = Version::new(15, 0).dialect().unwrap();
    let (size, page) = (SegmentSize::new(1 << 20).unwrap(), PageSize::DEFAULT);
    let layout = Layout { dialect, align: Align::Eight, endian: Endian::Little, segment: size, page };
    let mut wal = Builder::new(layout, TimelineId(1), CLUSTER, SegmentNo(1));
    wal.checkpoint_shutdown();
    for n in 0..150 {
        wal.filler(9_000 + n);
    }
    wal.timeline_switch(TimelineId(2), Opening::EndOfRecovery);
    let checkpoint = wal.checkpoint_shutdown();
    for n in 0..100 {
        wal.filler(9_000 + n);
    }
    wal.switch();
    let wal = wal.finish();
    for place in [&archive, &data.join("pg_wal")] {
        fs::create_dir_all(place).unwrap();
        wal.write_to(place).unwrap();
    }
    left_running(&data, checkpoint, 2);
    let (_, document) = restore(&archive, data.to_str().unwrap(), &["--target-timeline", "current"]);
    assert_eq!(asked(&document), ["000000020000000000000004", "000000020000000000000003"], "{document:#}");
}

/// A data directory of 15 without `backup_label`, as a running server left it. Crafted checkpoints are of 1970.
pub fn left_running(data: &Path, checkpoint: Lsn, timeline: u64) {
    left(data, checkpoint, timeline, (IN_PRODUCTION, 0));
}

/// As a server left it that stopped: in this state, its checkpoint made so many seconds after 1970.
pub fn left(data: &Path, checkpoint: Lsn, timeline: u64, state: (u64, u64)) {
    left_with(data, checkpoint, timeline, state, 0);
}

/// With a minimum recovery point.
pub fn left_with(data: &Path, checkpoint: Lsn, timeline: u64, (state, seconds): (u64, u64), minimum: u64) {
    let dialect = Version::new(15, 0).dialect().unwrap();
    let set = [
        (ControlField::State, state),
        (ControlField::SystemIdentifier, CLUSTER),
        (ControlField::XlogSegSize, 1 << 20),
        (ControlField::XlogBlcksz, 8192),
        (ControlField::ThisTimeline, timeline),
        (ControlField::PrevTimeline, timeline),
        (ControlField::Checkpoint, checkpoint.get()),
        (ControlField::Redo, checkpoint.get()),
        (ControlField::CheckpointTime, seconds),
        (ControlField::MinRecoveryPoint, minimum),
        (ControlField::MinRecoveryPointTli, if minimum > 0 { timeline } else { 0 }),
        (ControlField::BackupStartPoint, 0),
        (ControlField::BackupEndPoint, 0),
        (ControlField::BackupEndRequired, 0),
    ];
    fs::create_dir_all(data.join("global")).unwrap();
    let control = control_file(dialect, Abi::usual(Align::Eight), Endian::Little, &set);
    fs::write(data.join("global/pg_control"), control).unwrap();
    fs::write(data.join("PG_VERSION"), "15\n").unwrap();
}

/// Segments asked for, in order.
fn asked(document: &Value) -> Vec<&str> {
    let files = document["restore"]["files"].as_array().unwrap();
    files.iter().filter_map(|f| f["name"].as_str()).filter(|name| name.len() == 24).collect()
}

/// The record behind a target is read, not replayed; before it promotes, a server reads the one once more that it has
/// replayed last.
#[test]
fn the_last_record_replayed_is_read_once_more_from_the_archive() {
    let folder = tempfile::tempdir().unwrap();
    let [archive, data] = ["archive", "data"].map(|name| folder.path().join(name));
    let dialect = Version::new(15, 0).dialect().unwrap();
    let (segment, page) = (SegmentSize::new(1 << 20).unwrap(), PageSize::DEFAULT);
    let layout = Layout { dialect, align: Align::Eight, endian: Endian::Little, segment, page };
    let mut wal = Builder::new(layout, TimelineId(1), CLUSTER, SegmentNo(1));
    let checkpoint = wal.checkpoint_shutdown();
    wal.filler(9_000);
    wal.switch();
    wal.filler(9_000);
    wal.switch();
    let wal = wal.finish();
    for place in [&archive, &data.join("pg_wal")] {
        fs::create_dir_all(place).unwrap();
        wal.write_to(place).unwrap();
    }
    fs::remove_file(data.join("pg_wal/000000010000000000000002")).unwrap();
    left_running(&data, checkpoint, 1);
    for action in ["pause", "promote"] {
        let options = ["--target-immediate", "--target-action", action];
        let (_, document) = restore(&archive, data.to_str().unwrap(), &options);
        // The third because 15 reads ahead.
        let names = ["000000010000000000000002", "000000010000000000000003", "000000010000000000000001"];
        assert_eq!(asked(&document), names, "{document:#}");
    }
}

/// 14 and 15 promote in front of the hole: of their own `pg_wal` they open the bare name, and unpack nothing.
#[test]
fn only_a_plain_file_of_its_bare_name_counts() {
    let packed = |bytes: &[u8]| {
        let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut out, bytes).unwrap();
        out.finish().unwrap()
    };
    for (name, pack, counts) in [
        (HOLE.to_owned(), false, true),
        (format!("{HOLE}.gz"), true, false),
        (HOLE.to_owned(), true, false),
        (format!("{HOLE}-{}", "a".repeat(40)), false, false),
        (format!("0000000100000000/{HOLE}"), false, false),
        (format!("{HOLE}.partial"), false, false),
    ] {
        let place = Place::new();
        let bytes = fs::read(place.at("pg_wal").join(HOLE)).unwrap();
        let own = place.at("backup/pg_wal");
        fs::create_dir_all(own.join(&name).parent().unwrap()).unwrap();
        fs::write(own.join(&name), if pack { packed(&bytes) } else { bytes }).unwrap();
        let answer = restore(&place.at("archive"), place.at("backup").to_str().unwrap(), &[]);
        let (code, verdict, ..) = told(&answer);
        let expected = if counts { (0, json!("proven")) } else { (1, json!("refuted")) };
        assert_eq!((code, verdict), expected, "{name} {pack}: {:#}", answer.1["findings"]);
    }
}
