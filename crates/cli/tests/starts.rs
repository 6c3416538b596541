//! How a recovery begins: without `backup_label`, from a server's own WAL, as a standby, and what it reads again
//! (`testdata/starts`); what servers of 12 to 18 did stands at each.
#![allow(clippy::unwrap_used, reason = "a test fails where something is missing, in its functions too")]

mod run;

use run::walproof;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use walproof_testdata::{plain_name, read_plain, root};

/// A folder of `testdata/starts`, unpacked.
struct Place(TempDir);

impl Place {
    fn of(name: &str) -> Place {
        let place = Place(tempfile::tempdir().unwrap());
        unpack(&root().join("starts").join(name), place.0.path());
        place
    }

    fn at(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    /// Copies a folder of it, or a file.
    fn copy(&self, from: &str, to: &str) {
        unpack(&self.at(from), &self.at(to));
    }

    fn write(&self, path: &str, text: &str) {
        fs::create_dir_all(self.at(path).parent().unwrap()).unwrap();
        fs::write(self.at(path), text).unwrap();
    }

    fn ask(&self, words: &[&str]) -> Answer {
        let named = |word: &&str| match *word {
            path if self.at(path).exists() => self.at(path).to_str().unwrap().to_owned(),
            other => other.to_owned(),
        };
        let mut words: Vec<String> = words.iter().map(named).collect();
        words.extend(["--format".to_owned(), "json".to_owned()]);
        let ran = walproof(&words.iter().map(String::as_str).collect::<Vec<_>>());
        let document = serde_json::from_str(&ran.out).unwrap_or_else(|e| panic!("{e}: {}{}", ran.out, ran.err));
        Answer { exit: ran.code, document }
    }
}

fn unpack(from: &Path, to: &Path) {
    if from.is_file() {
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::write(to, read_plain(from).unwrap()).unwrap();
        return;
    }
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let name = if path.is_file() { plain_name(&path) } else { path.file_name().unwrap().to_str().unwrap().into() };
        unpack(&path, &to.join(name));
    }
}

struct Answer {
    exit: i32,
    document: Value,
}

impl Answer {
    /// Exit, verdict, outcome, and the codes with their severities, those for information apart.
    fn told(&self) -> (i32, &str, &str, Vec<String>) {
        let text = |value: &'_ Value| value.as_str().unwrap_or_default().to_owned();
        let all = self.document["findings"].as_array().unwrap();
        let told = all.iter().filter(|f| f["severity"] != "info");
        let codes = told.map(|f| format!("{} {}", text(&f["code"]), text(&f["severity"]))).collect();
        let outcome = self.document["restore"]["outcome"].as_str().unwrap();
        (self.exit, self.document["verdict"].as_str().unwrap(), outcome, codes)
    }

    fn restore(&self, field: &str) -> &Value {
        &self.document["restore"][field]
    }

    /// Segments that are asked for.
    fn segments(&self) -> Vec<&str> {
        let all = self.restore("files").as_array().unwrap();
        all.iter().filter_map(|f| f["name"].as_str()).filter(|name| name.len() == 24).collect()
    }
}

fn codes(all: &[&str]) -> Vec<String> {
    all.iter().map(|&code| code.to_owned()).collect()
}

fn crashed() -> Place {
    let place = Place::of("crashed");
    place.copy("pg_wal", "data/pg_wal");
    place
}

/// "recovery stopping after WAL location (LSN) 0/E1AC10", FATAL: a server is consistent only where its own WAL ends.
#[test]
fn a_target_inside_a_crashed_servers_own_wal_is_in_front_of_consistency() {
    let place = crashed();
    let answer = place.ask(&["verify", "archive", "--backup", "data", "--target-lsn", "0/B06000"]);
    assert_eq!(answer.told(), (1, "refuted", "fatal", codes(&["WP422 error", "WP415 warning"])));
    assert_eq!(answer.restore("consistent_at"), &Value::Null);
    assert_eq!(answer.segments(), [""; 0], "the archive is asked for no WAL");
    let plan = place.ask(&["plan", "archive", "--backup", "data", "--target-lsn", "0/B06000"]);
    let names: Vec<&Value> = plan.document["files"].as_array().unwrap().iter().map(|f| &f["name"]).collect();
    assert_eq!((plan.exit, names), (1, vec![&json!("00000002.history")]));
}

/// It is consistent where that ends, asks for the segment again, and promotes.
#[test]
fn a_crashed_server_replays_its_own_wal_before_the_archive() {
    let place = crashed();
    let answer = place.ask(&["verify", "archive", "--backup", "data"]);
    assert_eq!(answer.told(), (0, "proven", "promotes", codes(&["WP415 warning"])));
    let end = json!("0/00E2CB40");
    assert_eq!((answer.restore("own_wal_to"), answer.restore("consistent_at")), (&end, &end));
    assert_eq!(answer.segments(), ["00000001000000000000000E"]);
    assert_eq!(answer.document["path"], json!([1]));
    let immediate = place.ask(&["verify", "archive", "--backup", "data", "--target-immediate"]);
    // There is no record behind it at which it would stop.
    assert_eq!((immediate.exit, immediate.restore("outcome")), (1, &json!("fatal")));
}

/// It is `could not locate a valid checkpoint record`: the archive, which has it, is not asked.
#[test]
fn a_crashed_server_without_its_wal_does_not_start() {
    let place = crashed();
    place.copy("pg_wal", "archive");
    fs::remove_dir_all(place.at("data/pg_wal")).unwrap();
    let answer = place.ask(&["verify", "archive", "--backup", "data"]);
    assert_eq!(answer.told(), (1, "refuted", "panic", codes(&["WP420 error", "WP415 warning"])));
    assert_eq!(answer.segments(), [""; 0]);
}

/// Servers of 12, 13, 16 and 18: PANIC, invalid magic number in the newer timeline's file, which ends before it.
#[test]
fn a_crashed_primary_that_wrote_past_the_fork_dies_of_the_newer_timeline() {
    let place = Place::of("rejoin");
    place.copy("pg_wal", "data/pg_wal");
    let latest = place.ask(&["verify", "archive", "--backup", "data"]);
    assert_eq!(latest.told(), (1, "refuted", "panic", codes(&["WP421 error", "WP415 warning"])));
    assert_eq!(latest.restore("redo_end"), "0/00C3F150");
    let kinds: Vec<&Value> = latest.restore("alternatives").as_array().unwrap().iter().map(|a| &a["kind"]).collect();
    assert!(!kinds.contains(&&json!("earlier")), "no other target in that segment helps");
    let own = place.ask(&["verify", "archive", "--backup", "data", "--target-timeline", "1"]);
    assert_eq!((own.exit, own.restore("outcome")), (0, &json!("promotes")));
    place.write("data/standby.signal", "");
    assert_eq!(place.ask(&["verify", "archive", "--backup", "data"]).restore("outcome"), "waits");
}

/// A server of 12: what is read once more comes from the archive, which is FATAL where the file is too long there.
#[test]
fn a_file_of_wrong_size_ends_a_server_that_reads_its_last_record_again() {
    let place = Place::of("rejoin");
    place.copy("pg_wal", "data/pg_wal");
    place.write("archive/00000001000000000000000C", &"x".repeat(1_054_534));
    let own = place.ask(&["verify", "archive", "--backup", "data", "--target-timeline", "1"]);
    assert_eq!((own.exit, own.restore("outcome")), (1, &json!("fatal")), "{:#}", own.document["findings"]);
    let says = "archive file \"00000001000000000000000C\" has wrong size: 1054534 instead of 1048576";
    assert_eq!((own.restore("server_says"), own.restore("redo_end")), (&json!(says), &json!("0/00C3F150")));
}

fn no_label() -> Place {
    let place = Place::of("no-label");
    place.copy("archive", "with-wal/pg_wal");
    place.copy("copy", "with-wal");
    place
}

/// A server of 16 starts without a word, and 1,500 committed updates are not there.
#[test]
fn a_copy_of_a_running_server_without_its_label_is_refuted() {
    let place = no_label();
    let answer = place.ask(&["verify", "archive", "--backup", "with-wal"]);
    assert_eq!(answer.told(), (1, "refuted", "promotes", codes(&["WP414 error"])));
    let message = answer.document["findings"][0]["message"].as_str().unwrap();
    assert!(message.contains("0/00794878") && message.contains("from 0/00700028 to 0/00800050"), "{message}");
    let kinds: Vec<&Value> = answer.restore("alternatives").as_array().unwrap().iter().map(|a| &a["kind"]).collect();
    assert_eq!(kinds, ["backup"], "nothing of this copy is whole");
    let own = place.ask(&["verify", "archive", "--pgdata", "with-wal"]);
    assert_eq!(own.told(), (1, "refuted", "promotes", codes(&["WP414 error"])));
    // PANIC: it does not even ask the archive.
    let without = place.ask(&["verify", "archive", "--backup", "copy"]);
    assert_eq!(without.told(), (1, "refuted", "panic", codes(&["WP414 error", "WP420 error"])));
    place.copy("backup_label", "with-wal/backup_label");
    assert_eq!(place.ask(&["verify", "archive", "--backup", "with-wal"]).told(), (0, "proven", "promotes", vec![]));
}

/// A hole in a server's own WAL ends crash recovery without a word, and the archive need not know of it.
#[test]
fn a_hole_in_a_servers_own_wal_is_told() {
    let place = no_label();
    for lost in ["archive/000000010000000000000008", "with-wal/pg_wal/000000010000000000000008"] {
        fs::remove_file(place.at(lost)).unwrap();
    }
    for folder in ["archive", "with-wal/pg_wal"] {
        fs::remove_file(place.at(folder).join("000000010000000000000007.00000028.backup")).unwrap();
    }
    let own = place.ask(&["verify", "archive", "--pgdata", "with-wal"]);
    assert_eq!((own.exit, own.restore("outcome")), (1, &json!("promotes")));
    assert!(own.told().3.contains(&"WP424 error".to_owned()), "{:?}", own.told());
    assert_eq!(own.restore("replay_end"), "0/00800000");
}

/// With what a running server leaves it may be the server's own directory, which is whole.
#[test]
fn the_directory_of_a_server_that_crashed_in_a_backup_is_in_doubt() {
    for (path, text) in [
        ("with-wal/postmaster.pid", "4711\n"),
        ("with-wal/pg_wal/archive_status/000000010000000000000009.ready", ""),
        ("with-wal/pg_wal/archive_status/000000010000000000000007.00000028.backup.done", ""),
    ] {
        let place = no_label();
        place.write(path, text);
        let answer = place.ask(&["verify", "archive", "--backup", "with-wal"]);
        assert_eq!(answer.told(), (2, "unproven", "promotes", codes(&["WP414 warning"])), "{path}");
    }
    // What pg_basebackup leaves says nothing of a server.
    let place = no_label();
    place.write("with-wal/pg_wal/archive_status/000000010000000000000007.done", "");
    assert_eq!(place.ask(&["verify", "archive", "--backup", "with-wal"]).exit, 1);
}

/// The manifest knows of the backup, and of its files.
#[test]
fn a_manifest_is_compared_without_a_label_too() {
    let place = no_label();
    fs::remove_file(place.at("archive/000000010000000000000007.00000028.backup")).unwrap();
    place.copy("backup_manifest", "with-wal/backup_manifest");
    place.write("with-wal/base/5/PG_VERSION", "16\n");
    // Its own files outweigh what lies beside them.
    place.write("with-wal/postmaster.pid", "4711\n");
    let answer = place.ask(&["verify", "archive", "--backup", "with-wal"]);
    assert_eq!(answer.told(), (1, "refuted", "promotes", codes(&["WP407 error", "WP414 error"])));
    let message = answer.document["findings"][1]["message"].as_str().unwrap();
    assert!(message.contains("(backup_manifest)"), "{message}");
    // Once a server was started with the label, it changed the files.
    place.write("with-wal/backup_label.old", "");
    place.copy("backup_label", "with-wal/backup_label");
    assert_eq!(place.ask(&["verify", "archive", "--backup", "with-wal"]).told().3, codes(&["WP407 error"]));
}

/// A server of 14 tries again every 5 s, for ever; one that is no standby ends with FATAL.
#[test]
fn a_standby_waits_where_archive_recovery_dies() {
    let place = Place::of("standby");
    let (segment, size) = (place.at("archive/000000010000000000000013"), 1 << 20);
    let ask = || place.ask(&["verify", "archive", "--pgdata", "data"]);
    let waits = ask();
    assert_eq!(waits.told(), (1, "refuted", "waits", codes(&["WP104 error", "WP420 error"])));
    assert_eq!((waits.restore("server_says"), waits.restore("starts")), (&Value::Null, &json!(false)));
    // A short file is not there yet; a long one is FATAL for a standby, too.
    for (length, outcome) in [(size / 2, "waits"), (size + 1, "fatal")] {
        fs::File::options().write(true).open(&segment).unwrap().set_len(length).unwrap();
        assert_eq!(ask().restore("outcome"), outcome, "{length}");
    }
    // What a primary may send is not known here.
    let place = Place::of("standby");
    place.write("data/postgresql.auto.conf", "primary_conninfo = 'host=primary'\n");
    assert_eq!(place.ask(&["verify", "archive", "--pgdata", "data"]).told().1, "unproven");
    let place = Place::of("standby");
    fs::rename(place.at("data/standby.signal"), place.at("data/recovery.signal")).unwrap();
    assert_eq!(place.ask(&["verify", "archive", "--pgdata", "data"]).told().2, "fatal");
}

/// A standby whose WAL ends inside the backup never accepts a connection.
#[test]
fn a_standby_that_is_never_consistent_is_refuted() {
    let place = no_label();
    for name in ["000000010000000000000008", "000000010000000000000009"] {
        fs::remove_file(place.at("archive").join(name)).unwrap();
    }
    place.copy("backup_label", "copy/backup_label");
    place.write("copy/standby.signal", "");
    let answer = place.ask(&["verify", "archive", "--backup", "copy"]);
    assert_eq!((answer.told().0, answer.told().1, answer.told().2), (1, "refuted", "waits"));
    assert!(answer.told().3.contains(&"WP422 error".to_owned()), "{:?}", answer.told());
    assert_eq!(answer.restore("starts"), &json!(false));
}

/// What a standby has no `restore_command` for, it gets from its primary or not at all.
#[test]
fn a_standby_without_restore_command_asks_no_archive() {
    let place = no_label();
    place.copy("backup_label", "copy/backup_label");
    place.write("copy/standby.signal", "");
    let alone = place.ask(&["verify", "archive", "--pgdata", "copy"]);
    assert_eq!(alone.told(), (1, "refuted", "waits", codes(&["WP435 error", "WP420 error"])));
    place.write("copy/postgresql.auto.conf", "restore_command = 'sh fetch %f %p'\n");
    assert_eq!(place.ask(&["verify", "archive", "--pgdata", "copy"]).told(), (0, "proven", "waits", vec![]));
}

/// A server that crashed while it was backed up exclusively starts from the label and needs no end of that backup; one
/// that was copied with pg_basebackup does, whatever else it is asked.
#[test]
fn crash_recovery_needs_no_end_of_an_exclusive_backup() {
    let place = no_label();
    for name in ["000000010000000000000008", "000000010000000000000009"] {
        fs::remove_file(place.at("with-wal/pg_wal").join(name)).unwrap();
        fs::remove_file(place.at("archive").join(name)).unwrap();
    }
    // That the archive lacks them, too, is nothing to a server that does not ask it.
    place.copy("backup_label", "with-wal/backup_label");
    let streamed = place.ask(&["verify", "archive", "--pgdata", "with-wal"]);
    assert_eq!((streamed.exit, streamed.restore("outcome")), (1, &json!("fatal")));
    let label = fs::read_to_string(place.at("backup_label")).unwrap();
    place.write("with-wal/backup_label", &label.replace("METHOD: streamed", "METHOD: pg_start_backup"));
    let exclusive = place.ask(&["verify", "archive", "--pgdata", "with-wal"]);
    assert_eq!((exclusive.exit, exclusive.restore("outcome")), (0, &json!("promotes")));
}

/// A server of 17: its state is looked for by the history of timeline 2, which is not to be had, so that all of WAL
/// counts as of that timeline. Nothing else needs that history.
#[test]
fn a_prepared_transaction_is_looked_for_by_the_history_of_the_timeline_in_force() {
    let place = Place::of("prepared-between");
    let ask = |more: &[&str]| {
        place.ask(&[&["verify", "archive", "--backup", "backup", "--target-timeline", "3"], more].concat())
    };
    let dies = ask(&[]);
    assert_eq!((dies.exit, dies.restore("outcome")), (1, &json!("fatal")));
    let says = "requested WAL segment pg_wal/000000020000000000000007 has already been removed";
    assert_eq!(dies.restore("server_says"), says);
    let off = ["--set", "hot_standby=off"];
    assert_eq!(ask(&off).told(), (0, "proven", "promotes", codes(&["WP301 warning"])));
}

/// wal_level was minimal while a table was loaded: without hot standby a server of 11 says `WAL was generated with
/// wal_level=minimal, data may be missing`, promotes, and the table is empty.
#[test]
fn what_was_loaded_while_wal_level_was_minimal_is_not_restored() {
    let place = Place::of("minimal");
    let ask = |more: &[&str]| place.ask(&[&["verify", "archive", "--backup", "backup"], more].concat());
    let on = ask(&[]);
    assert_eq!((on.exit, on.restore("outcome")), (1, &json!("fatal")));
    let off = ask(&["--set", "hot_standby=off"]);
    assert_eq!(off.told(), (1, "refuted", "promotes", codes(&["WP421 error"])));
    // In front of it nothing is missing.
    let before = ask(&["--set", "hot_standby=off", "--target-lsn", "0/A00000"]);
    assert_eq!((before.exit, before.restore("outcome")), (0, &json!("promotes")));
}

/// Servers of 12, 16, 17 and 18: FATAL at the checkpoint with hot standby on, and in a promotion in that segment
/// either way; with timeline 1 they promote.
#[test]
fn a_prepared_transaction_is_read_from_the_timeline_in_force() {
    let place = Place::of("prepared");
    let promote = ["--set", "recovery_target_action=promote"];
    let here = ["--target-name", "here"];
    let ask = |more: &[&[&str]]| {
        let words = [&["verify", "archive", "--backup", "backup"][..], &more.concat()].concat();
        place.ask(&words)
    };
    let off = &["--set", "hot_standby=off"][..];
    let dies = codes(&["WP426 error"]);
    let latest = ask(&[]);
    assert_eq!(latest.told(), (1, "refuted", "fatal", dies.clone()));
    let says = "requested WAL segment pg_wal/00000001000000000000000A has already been removed";
    assert_eq!(latest.restore("server_says"), says);
    assert_eq!(ask(&[off]).told(), (0, "proven", "promotes", vec![]));
    for more in [&[&here[..], &promote][..], &[&here, &promote, off]] {
        let answer = ask(more);
        assert_eq!((answer.exit, answer.restore("server_says")), (1, &json!(says)), "{more:?}");
    }
    // It dies once it is told to go on.
    assert_eq!(ask(&[&here]).told(), (0, "proven", "pauses", codes(&["WP426 warning"])));
    let own = ask(&[&here, &promote, &["--target-timeline", "1"]]);
    assert_eq!((own.exit, own.restore("outcome")), (0, &json!("promotes")));
}
