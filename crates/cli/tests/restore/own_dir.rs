//! Data directories whose control file or `pg_wal` says more than a server looks at, and clusters that were restored.

use crate::own_wal::{CLUSTER, SHUT_DOWN, left, left_with};
use crate::{restore, run};
use pgwal::format::{Align, Endian, Layout, Lsn, PageSize, SegmentNo, SegmentSize, TimelineId, Version};
use pgwal_craft::{Builder, Rec};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

/// `DB_SHUTDOWNED_IN_RECOVERY`, `DB_IN_PRODUCTION`.
const SHUT_DOWN_IN_RECOVERY: u64 = 2;
const IN_PRODUCTION: u64 = 6;
const SIZE: u64 = 1 << 20;

/// WAL of 15 from the first segment on.
fn of_15() -> Builder {
    let dialect = Version::new(15, 0).dialect().unwrap();
    let (segment, page) = (SegmentSize::new(SIZE).unwrap(), PageSize::DEFAULT);
    let layout = Layout { dialect, align: Align::Eight, endian: Endian::Little, segment, page };
    Builder::new(layout, TimelineId(1), CLUSTER, SegmentNo(1))
}

/// WAL from a shutdown checkpoint on, in these folders: three whole segments; the checkpoint.
fn wal_in(places: &[PathBuf]) -> Lsn {
    let mut wal = of_15();
    let checkpoint = wal.checkpoint_shutdown();
    for _ in 0..3 {
        wal.filler(9_000);
        wal.switch();
    }
    let wal = wal.finish();
    for place in places {
        fs::create_dir_all(place).unwrap();
        wal.write_to(place).unwrap();
    }
    checkpoint
}

fn ask(archive: &Path, data: &Path, words: &[&str]) -> (i32, Value) {
    let own = ["verify", archive.to_str().unwrap(), "--format", "json", "--timezone", "UTC"];
    let ran = run::walproof(&[&own[..], words, &[data.to_str().unwrap()]].concat());
    let document = serde_json::from_str(&ran.out).unwrap_or_else(|e| panic!("{e}: {}{}", ran.out, ran.err));
    (ran.code, document)
}

fn codes(document: &Value) -> Vec<String> {
    let all = document["findings"].as_array().unwrap();
    let told = all.iter().filter(|f| f["severity"] != "info");
    told.map(|f| format!("{} {}", f["code"].as_str().unwrap(), f["severity"].as_str().unwrap())).collect()
}

/// A copy of a standby whose newest WAL was left out, with its signal file deleted: a server of 17 comes up without a
/// word, with data files that were written by WAL that is not there.
#[test]
fn wal_that_ends_before_the_minimum_recovery_point_is_not_enough_without_a_signal_too() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let checkpoint = wal_in(&[data.join("pg_wal")]);
    for (minimum, exit) in [(4 * SIZE, 0), (4 * SIZE + 0x1000, 1)] {
        left_with(&data, checkpoint, 1, (SHUT_DOWN_IN_RECOVERY, 0), minimum);
        let (code, document) = ask(&data, &data, &["--pgdata"]);
        assert_eq!((code, &document["restore"]["outcome"]), (exit, &json!("promotes")), "{:#}", document["findings"]);
        let told = codes(&document).contains(&"WP422 error".to_owned());
        assert_eq!(told, exit == 1, "{:#}", document["findings"]);
    }
}

/// A crash leaves the beginning of a record, and nothing behind it. Where a record behind names it, it was there.
#[test]
fn a_bad_record_that_the_next_one_names_is_no_end_of_a_crash() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut wal = of_15();
    let checkpoint = wal.checkpoint_shutdown();
    wal.filler(500);
    let bad = wal.filler(500);
    let last = wal.commit(700, 800_000_000_000_000);
    let file = data.join("pg_wal/000000010000000000000001");
    fs::create_dir_all(data.join("pg_wal")).unwrap();
    wal.finish().write_to(&data.join("pg_wal")).unwrap();
    left(&data, checkpoint, 1, (IN_PRODUCTION, 0));
    let whole = fs::read(&file).unwrap();
    let at = |lsn: Lsn| (lsn.get() % SIZE) as usize;
    let mut flipped = whole.clone();
    flipped[at(bad) + 100] ^= 1;
    let mut torn = flipped.clone();
    torn[at(last)..].fill(0);
    let mut cut = whole.clone();
    cut[at(last)..].fill(0);
    for (bytes, exit, end) in [(whole, 0, None), (flipped, 1, Some(bad)), (torn, 0, Some(bad)), (cut, 0, Some(last))] {
        fs::write(&file, bytes).unwrap();
        let (code, document) = ask(&data, &data, &["--pgdata"]);
        let told = codes(&document).contains(&"WP424 error".to_owned());
        assert_eq!((code, told), (exit, exit == 1), "{:#}", document["findings"]);
        let own: Option<String> = end.map(|end| end.to_string());
        assert!(own.is_none_or(|end| document["restore"]["replay_end"] == json!(end)), "{:#}", document["restore"]);
        assert!(codes(&document).iter().all(|code| !code.starts_with("WP436")), "{:#}", document["findings"]);
    }
}

/// 12, 16 and 18: `could not read from WAL segment …: read 7000 of 8192`, and the server opens without what is in that
/// page.
#[test]
fn of_a_segment_that_is_cut_whole_pages_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let checkpoint = wal_in(&[data.join("pg_wal")]);
    left(&data, checkpoint, 1, (IN_PRODUCTION, 0));
    let file = data.join("pg_wal/000000010000000000000003");
    let whole = fs::read(&file).unwrap();
    assert_eq!(ask(&data, &data, &["--pgdata"]).0, 0);
    for length in [9_000, 7_000, 0] {
        fs::write(&file, &whole[..length]).unwrap();
        let (code, document) = ask(&data, &data, &["--pgdata"]);
        assert_eq!(code, 1, "{length}: {:#}", document["findings"]);
        assert!(codes(&document).contains(&"WP424 error".to_owned()), "{length}: {:#}", document["findings"]);
        let end = document["restore"]["replay_end"].as_str().unwrap();
        assert!(end <= "0/00302000", "{length}: {end}");
    }
    // What is cut behind the end of WAL was nothing.
    fs::write(&file, &whole[..20_000]).unwrap();
    assert_eq!(ask(&data, &data, &["--pgdata"]).0, 0);
}

/// Without its label a server looks into its own pg_wal alone for the checkpoint, with `recovery.signal` too.
#[test]
fn a_crashed_directory_without_its_checkpoint_is_sent_to_its_pg_wal() {
    let folder = tempfile::tempdir().unwrap();
    let [archive, data] = ["archive", "data"].map(|name| folder.path().join(name));
    let checkpoint = wal_in(&[archive.clone(), data.join("pg_wal")]);
    left(&data, checkpoint, 1, (IN_PRODUCTION, 0));
    let name = "000000010000000000000001";
    fs::remove_file(data.join("pg_wal").join(name)).unwrap();
    let (code, document) = ask(&archive, &data, &["--pgdata"]);
    let all = document["findings"].as_array().unwrap();
    assert_eq!((code, &document["restore"]["outcome"]), (1, &json!("panic")), "{all:#?}");
    assert!(codes(&document).iter().all(|code| !code.starts_with("WP436")), "{all:#?}");
    let advised =
        |f: &Value| f["advice"].as_str().is_some_and(|advice| advice.contains(name) && advice.contains("into pg_wal"));
    assert!(all.iter().any(advised), "{all:#?}");
    fs::copy(archive.join(name), data.join("pg_wal").join(name)).unwrap();
    assert_eq!(ask(&archive, &data, &["--pgdata"]).0, 0);
}

/// A server renames segments that it needs no more and writes them anew later: they hold older WAL until then.
#[test]
fn a_recycled_segment_of_the_own_pg_wal_is_no_more_wal() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let checkpoint = wal_in(&[data.join("pg_wal")]);
    left(&data, checkpoint, 1, (IN_PRODUCTION, 0));
    let (code, before) = ask(&data.join("pg_wal"), &data, &["--pgdata"]);
    assert_eq!(code, 0, "{:#}", before["findings"]);
    let name = |number: u64| data.join(format!("pg_wal/0000000100000000{number:08X}"));
    fs::copy(name(1), name(5)).unwrap();
    for archive in [data.join("pg_wal"), data.clone()] {
        let (code, document) = ask(&archive, &data, &["--pgdata"]);
        assert_eq!((code, codes(&document)), (0, codes(&before)), "{:#}", document["findings"]);
    }
}

/// `LATEST`, an empty word, a blank too many: from 12 on a server reads 0, and looks for its history.
#[test]
fn a_timeline_that_is_no_number_is_read_as_0() {
    let folder = tempfile::tempdir().unwrap();
    let [archive, data] = ["archive", "data"].map(|name| folder.path().join(name));
    let checkpoint = wal_in(&[archive.clone(), data.join("pg_wal")]);
    left(&data, checkpoint, 1, (IN_PRODUCTION, 0));
    for word in ["LATEST", "Current", " latest", "0"] {
        let (code, document) = restore(&archive, data.to_str().unwrap(), &["--target-timeline", word]);
        let restore = &document["restore"];
        assert_eq!((code, &restore["outcome"]), (1, &json!("fatal")), "{word}: {restore:#}");
        assert_eq!(restore["server_says"], "recovery target timeline 0 does not exist");
        assert_eq!(restore["files"][0]["name"], "00000000.history", "{word}");
        let all = document["findings"].as_array().unwrap();
        let told = all
            .iter()
            .any(|f| f["advice"].as_str().is_some_and(|advice| advice.contains("reads every other word as 0")));
        assert!(told, "{word}: {all:#?}");
    }
}

/// What a restored cluster sets, it was restored with, or with more: defaults of PostgreSQL say nothing of it.
#[test]
fn a_cluster_that_was_restored_had_settings_that_sufficed() {
    let folder = tempfile::tempdir().unwrap();
    let [archive, base, restored] = ["archive", "base", "restored"].map(|name| folder.path().join(name));
    let checkpoint = wal_in(std::slice::from_ref(&archive));
    left(&base, checkpoint, 1, (IN_PRODUCTION, 0));
    left(&restored, checkpoint, 2, (IN_PRODUCTION, 0));
    fs::create_dir_all(restored.join("pg_wal")).unwrap();
    fs::write(restored.join("pg_wal/00000002.history"), "1\t0/400000\tno recovery target specified\n").unwrap();
    fs::write(base.join("postgresql.conf"), "port = 5433\n").unwrap();
    let assumed = |document: &Value| document["restore"]["settings_assumed"]["max_prepared_transactions"].clone();
    let (_, document) = restore(&archive, base.to_str().unwrap(), &[]);
    assert_eq!(assumed(&document), "0", "{document:#}");
    for conf in ["port = 5433\n", "max_connections = 10\n"] {
        fs::write(restored.join("postgresql.conf"), conf).unwrap();
        let (_, document) = ask(&archive, &restored, &["--backup", base.to_str().unwrap(), "--restored"]);
        assert_ne!(assumed(&document), "0", "{document:#}");
    }
}

/// What pg_controldata prints (and SQL up to 11) has no settings of the recovery: the history of the new timeline alone
/// says that it stopped at a target.
#[test]
fn a_target_that_nothing_at_hand_names_is_no_early_end() {
    let folder = tempfile::tempdir().unwrap();
    for file in fs::read_dir(run::testdata("demo/good")).unwrap() {
        let path = file.unwrap().path();
        fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
    }
    let printed = "Database system identifier:           7710829604982376463\n\
                   Database cluster state:               in production\n\
                   Latest checkpoint location:           0/AA7B50\n\
                   Latest checkpoint's TimeLineID:       2\n\
                   Minimum recovery ending location:     0/0\n\
                   Min recovery ending loc's timeline:   0\n";
    let ask = |reason: &str, more: &[&str]| {
        let history = format!("1\t0/AA7AB0\t{reason}\n");
        fs::write(folder.path().join("00000002.history"), history).unwrap();
        let place = folder.path().to_str().unwrap();
        let words = ["verify", place, "--restored", "-", "--backup", "latest", "--format", "json"];
        let ran = run::walproof_with_input(&[&words[..], more].concat(), printed.as_bytes());
        let document: Value = serde_json::from_str(&ran.out).unwrap_or_else(|e| panic!("{e}: {}{}", ran.out, ran.err));
        (ran.code, document["restored"]["ended"].clone(), codes(&document))
    };
    let unknown = (2, json!("at_unknown_target"), vec!["WP514 error".to_owned()]);
    for reason in ["before LSN 0/AA7AB0\n", "before transaction 732", "at restore point \"p\"", "reached consistency"] {
        assert_eq!(ask(reason, &[]), unknown, "{reason}");
    }
    // The target that it was given proves it, and without one it should have gone on.
    let before = ["--target-lsn", "0/AA7AB0", "--target-inclusive", "off"];
    assert_eq!(ask("before LSN 0/AA7AB0", &before), (0, json!("right"), vec![]));
    assert_eq!(ask("no recovery target specified", &[]), (1, json!("early"), vec!["WP513 error".to_owned()]));
}

/// 13: `HINT: … If you are not restoring from a backup, try removing the file "…/backup_label"`. A signal is no help.
#[test]
fn the_label_of_a_server_that_crashed_while_a_backup_was_taken() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let checkpoint = wal_in(&[data.join("pg_wal")]);
    left(&data, checkpoint, 1, (IN_PRODUCTION, 0));
    let label = |method: &str| {
        format!(
            "START WAL LOCATION: 0/28 (file 000000010000000000000000)\nCHECKPOINT LOCATION: 0/60\nBACKUP METHOD: {method}\n\
             BACKUP FROM: master\nSTART TIME: 2026-11-30 10:00:00 UTC\nLABEL: nightly\n"
        )
    };
    for (method, left_over) in [("pg_start_backup", true), ("streamed", false)] {
        fs::write(data.join("backup_label"), label(method)).unwrap();
        let (code, document) = ask(&data, &data, &["--pgdata"]);
        assert_eq!((code, &document["restore"]["outcome"]), (1, &json!("fatal")), "{:#}", document["findings"]);
        assert_eq!(!codes(&document).contains(&"WP436 error".to_owned()), left_over, "{:#}", document["findings"]);
        let all = document["findings"].as_array().unwrap();
        let advice = all.iter().find(|f| f["code"] == "WP420").unwrap()["advice"].as_str().unwrap();
        assert_eq!(advice.contains("move backup_label out of it"), left_over, "{advice}");
    }
}

/// 16: a directory that was recovered and opened, and is to be recovered once more, to a position in front of its own
/// checkpoint.
#[test]
fn a_position_in_front_of_the_directory_itself() {
    let folder = tempfile::tempdir().unwrap();
    let [archive, data] = ["archive", "data"].map(|name| folder.path().join(name));
    let checkpoint = wal_in(std::slice::from_ref(&archive));
    // Nothing lies behind the checkpoint.
    let file = archive.join("000000010000000000000001");
    let mut bytes = fs::read(&file).unwrap();
    bytes[0xA0..].fill(0);
    fs::write(&file, bytes).unwrap();
    for number in [2, 3] {
        fs::remove_file(archive.join(format!("00000001000000000000000{number}"))).unwrap();
    }
    left(&data, checkpoint, 1, (SHUT_DOWN, 0));
    fs::write(data.join("recovery.signal"), "").unwrap();
    fs::write(
        data.join("postgresql.conf"),
        format!("restore_command = 'cp {}/%f %p'\nhot_standby = off\n", archive.display()),
    )
    .unwrap();
    let (code, document) = ask(&archive, &data, &["--target-lsn", "0/28", "--pgdata"]);
    let all = document["findings"].as_array().unwrap();
    let missed = all.iter().find(|f| f["code"] == "WP423").unwrap_or_else(|| panic!("{all:#?}"));
    assert_eq!(code, 1);
    let message = missed["message"].as_str().unwrap();
    assert!(message.contains("no replay goes back to it"), "{message}");
}

/// 18: a copy of a stopped server, and a position in front of its checkpoint: the server stops at the first record that
/// it replays, with all that the target was to leave out.
#[test]
fn a_position_in_front_of_a_cold_copy() {
    let folder = tempfile::tempdir().unwrap();
    let [archive, data] = ["archive", "data"].map(|name| folder.path().join(name));
    let checkpoint = wal_in(std::slice::from_ref(&archive));
    left(&data, checkpoint, 1, (SHUT_DOWN, 0));
    fs::write(data.join("recovery.signal"), "").unwrap();
    let settings = format!("restore_command = 'cp {}/%f %p'\nhot_standby = off\n", archive.display());
    fs::write(data.join("postgresql.conf"), settings).unwrap();
    // The header of a page lies in front of the checkpoint.
    for (target, exit) in [("0/FFFF0", 1), ("0/100000", 0), ("0/100028", 0)] {
        let (code, document) = ask(&archive, &data, &["--target-lsn", target, "--pgdata"]);
        assert_eq!(code, exit, "{target}: {:#}", document["findings"]);
        assert_eq!(codes(&document).contains(&"WP423 error".to_owned()), exit == 1, "{target}: {document:#}");
    }
}

/// Commits of two origins behind a checkpoint, of a server of this version.
fn wal_of_origins(place: &Path, version: u8) -> Lsn {
    let dialect = Version::new(version, 0).dialect().unwrap();
    let (segment, page) = (SegmentSize::new(SIZE).unwrap(), PageSize::DEFAULT);
    let layout = Layout { dialect, align: Align::Eight, endian: Endian::Little, segment, page };
    let mut wal = Builder::new(layout, TimelineId(1), CLUSTER, SegmentNo(1));
    let checkpoint = wal.checkpoint_shutdown();
    for origin in [1, 1, 7, u16::MAX] {
        // COMMIT, whose time is all that it says.
        let main = 800_000_000_000_000_u64.to_le_bytes();
        wal.record(&Rec { rmid: 1, info: 0, xid: 700, main: &main, origin: Some(origin), ..Rec::default() });
    }
    fs::create_dir_all(place).unwrap();
    wal.finish().write_to(place).unwrap();
    checkpoint
}

/// 12 and 17: FATAL at the commit of the one too many; PANIC where the directory has more already.
#[test]
fn replication_origins_for_which_there_is_no_room() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let checkpoint = wal_of_origins(&data.join("pg_wal"), 15);
    left(&data, checkpoint, 1, (IN_PRODUCTION, 0));
    let ask = |most: u32| {
        fs::write(data.join("postgresql.conf"), format!("max_replication_slots = {most}\n")).unwrap();
        let (code, document) = ask(&data, &data, &["--pgdata"]);
        (code, document["restore"]["server_says"].as_str().unwrap_or("").to_owned(), document)
    };
    let (code, says, document) = ask(1);
    assert_eq!(says, "could not find free replication state slot for replication origin with ID 7", "{document:#}");
    assert_eq!((code, &document["restore"]["outcome"]), (1, &json!("fatal")));
    assert_eq!(ask(2).0, 0, "{:#}", ask(2).2["findings"]);
    // Three of the last checkpoint, of which none comes again.
    let mut kept = 0x1257_DADE_u32.to_le_bytes().to_vec();
    for origin in [3_u64, 4, 5] {
        kept.extend(origin.to_le_bytes());
        kept.extend(origin.to_le_bytes());
    }
    kept.extend(pgwal::crc::castagnoli::append(0, &kept).to_le_bytes());
    fs::create_dir_all(data.join("pg_logical")).unwrap();
    fs::write(data.join("pg_logical/replorigin_checkpoint"), kept).unwrap();
    let (code, says, document) = ask(2);
    assert_eq!((code, &document["restore"]["outcome"]), (1, &json!("panic")), "{:#}", document["findings"]);
    assert_eq!(says, "could not find free replication state, increase max_replication_slots");
    assert!(ask(4).1.ends_with("ID 7"), "{:#}", ask(4).2["findings"]);
    assert_eq!(ask(5).0, 0, "{:#}", ask(5).2["findings"]);
}

/// 16, likewise 15: `FATAL: resource manager with ID 128 not registered`, in a crash recovery too.
#[test]
fn a_record_of_an_extension_that_nothing_loads() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut wal = of_15();
    let checkpoint = wal.checkpoint_shutdown();
    wal.record(&Rec { rmid: 128, info: 0, xid: 700, main: b"some", ..Rec::default() });
    fs::create_dir_all(data.join("pg_wal")).unwrap();
    wal.finish().write_to(&data.join("pg_wal")).unwrap();
    left(&data, checkpoint, 1, (IN_PRODUCTION, 0));
    for (libraries, says) in [
        ("", Some("resource manager with ID 128 not registered")),
        ("shared_preload_libraries = ''\n", Some("resource manager with ID 128 not registered")),
        ("shared_preload_libraries = 'citus'\n", None),
    ] {
        fs::write(data.join("postgresql.conf"), libraries).unwrap();
        let (code, document) = ask(&data, &data, &["--pgdata"]);
        let found = document["restore"]["server_says"].as_str();
        assert_eq!((code, found), (i32::from(says.is_some()), says), "{libraries}: {:#}", document["findings"]);
    }
    // What is set is not known without a configuration.
    fs::remove_file(data.join("postgresql.conf")).unwrap();
    assert_eq!(ask(&data, &data, &["--pgdata"]).0, 0);
}
