//! Backups, settings and history files that were made to hurt `verify --backup`.

use crate::run::{Ran, damaged, ended, good, mode, run, unprivileged, walproof, write};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// The backup that `good` and `damaged` belong to: backup_label and global/pg_control.
fn backup() -> PathBuf {
    walproof_testdata::root().join("backup/15")
}

fn restore(archive: &Path, backup: &Path, options: &[&str]) -> Ran {
    run(walproof().arg("verify").arg(archive).arg("--backup").arg(backup).args(options))
}

/// A backup with these bytes for a file.
fn with(file: &str, bytes: &[u8]) -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("global")).unwrap();
    for name in ["backup_label", "global/pg_control"] {
        fs::copy(backup().join(name), folder.path().join(name)).unwrap();
    }
    fs::write(folder.path().join(file), bytes).unwrap();
    folder
}

#[test]
fn what_is_no_backup() {
    let (archive, empty) = (good(), TempDir::new().unwrap());
    restore(archive.path(), &empty.path().join("nowhere"), &[])
        .exits(2)
        .says("is no file, and no backup that the archive knows");
    restore(archive.path(), Path::new(""), &[]).exits(2);
    restore(archive.path(), empty.path(), &[]).exits(2).says("no base backup");
    restore(archive.path(), archive.path(), &[]).exits(2).says("no base backup");
    restore(archive.path(), Path::new("/dev/zero"), &[]).exits(2).says("not a regular file");
    let text = write(&empty, "notes", b"nothing");
    restore(archive.path(), &text, &[]).exits(2).says("no base backup");
    let fifo = empty.path().join("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    restore(archive.path(), &fifo, &[]).exits(2).says("named pipe");
}

#[test]
fn a_label_that_is_a_fifo() {
    let (archive, backup) = (good(), with("PG_VERSION", b"15\n"));
    let label = backup.path().join("backup_label");
    fs::remove_file(&label).unwrap();
    assert!(Command::new("mkfifo").arg(&label).status().unwrap().success());
    let ran = restore(archive.path(), backup.path(), &[]);
    assert!(matches!(ran.status.code(), Some(1 | 2)), "{}\n{}{}", ran.status, ran.said, ran.complained);
}

#[test]
fn a_backup_that_may_not_be_read() {
    let (archive, backup, own) = (good(), with("PG_VERSION", b"15\n"), TempDir::new().unwrap());
    mode(archive.path(), 0o755);
    mode(backup.path(), 0o755);
    mode(&backup.path().join("backup_label"), 0);
    run(unprivileged(own.path()).arg("verify").arg(archive.path()).arg("--backup").arg(backup.path())).exits(2);
    mode(backup.path(), 0);
    run(unprivileged(own.path()).arg("verify").arg(archive.path()).arg("--backup").arg(backup.path())).exits(2);
    mode(backup.path(), 0o755);
}

#[test]
fn a_tar_that_is_cut_off() {
    let (archive, folder) = (good(), TempDir::new().unwrap());
    let tar = folder.path().join("base.tar");
    assert!(Command::new("tar").arg("cf").arg(&tar).arg("-C").arg(backup()).arg(".").status().unwrap().success());
    let whole = fs::read(&tar).unwrap();
    restore(archive.path(), &tar, &[]).exits(0);
    for length in [0, 100, 700, 1100, 3000, whole.len() / 2] {
        fs::write(&tar, &whole[..length.min(whole.len())]).unwrap();
        let ran = restore(archive.path(), &tar, &[]);
        assert!(
            matches!(ran.status.code(), Some(1 | 2)),
            "{length} bytes: {}\n{}{}",
            ran.status,
            ran.said,
            ran.complained
        );
    }
}

#[test]
fn labels_and_control_files_of_garbage() {
    let archive = good();
    let noise: Vec<u8> = (0..5000u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    let label = fs::read_to_string(backup().join("backup_label")).unwrap();
    for bytes in [&b""[..], &noise, &label.as_bytes()[..30], label.replace('\n', "\r\n").as_bytes()] {
        let backup = with("backup_label", bytes);
        restore(archive.path(), backup.path(), &[])
            .exits(1)
            .says("REFUTED")
            .says("invalid data in file \"backup_label\"");
    }
    for bytes in [&b""[..], &noise, &fs::read(backup().join("global/pg_control")).unwrap()[..50]] {
        let backup = with("global/pg_control", bytes);
        restore(archive.path(), backup.path(), &[]).exits(1).says("WP403");
    }
    // A place that no WAL of this world has.
    let far = with("backup_label", label.replace("0/9000", "FFFFFFFF/FFFF").as_bytes());
    restore(archive.path(), far.path(), &[]).exits(1).says("could not locate required checkpoint record");
    // Thirty megabytes of label.
    let long = with("backup_label", &b"LABEL: x\n".repeat(3_500_000));
    restore(archive.path(), long.path(), &[]).exits(1);
}

#[test]
fn a_backup_of_something_else() {
    let archive = good();
    for other in ["13", "19", "10", "19_incremental"] {
        let ran = restore(archive.path(), &walproof_testdata::root().join("backup").join(other), &[]);
        ran.exits(1).says("is a backup of cluster").says("FATAL");
    }
}

#[test]
fn an_archive_that_is_empty_or_missing() {
    let empty = TempDir::new().unwrap();
    restore(empty.path(), &backup(), &[]).exits(2).says("no WAL");
    restore(&empty.path().join("nowhere"), &backup(), &[]).exits(2).says("no such file or folder");
    write(&empty, "000000010000000000000009", b"");
    let ran = restore(empty.path(), &backup(), &[]);
    assert!(matches!(ran.status.code(), Some(1 | 2)), "{}\n{}{}", ran.status, ran.said, ran.complained);
}

#[test]
fn targets_and_settings_of_nonsense() {
    let archive = good();
    let try_ = |options: &[&str]| restore(archive.path(), &backup(), options);
    // No such spelling: nothing was looked at.
    for options in [
        &["--target-time", "nonsense"][..],
        &["--target-time", ""],
        &["--target-name="],
        &["--target-lsn", "moon"],
        &["--target-xid", "-1"],
        &["--target-xid", "99999999999999999999999"],
        &["--set", "work_mem"],
        &["--target-lsn", "0/B00000", "--target-xid", "5"],
        &["--target-immediate", "--target-name", "x"],
        &["--timeline", "1"],
        &["--pgdata", "x"],
        &["--recovery-conf", "/no/such/file"],
    ] {
        try_(options).exits(2);
    }
    // The server refuses them.
    for options in [
        &["--target-time", "2026-13-45"][..],
        &["--target-inclusive", "perhaps"][..],
        &["--target-action", "explode"],
        &["--target-timeline", "99"],
        &["--target-timeline", "0"],
        &["--set", "recovery_target_lsn=x"],
        &["--set", "recovery_target_xid=1", "--set", "recovery_target_lsn=0/A00000"],
    ] {
        try_(options).exits(1).says("recovery does not start");
    }
    // There is no such transaction, and no end to this time.
    try_(&["--target-xid", "0"]).exits(1).says("recovery ended before configured recovery target was reached");
    try_(&["--target-time", "9990-12-31 23:59:59+00"]).exits(1);
    try_(&["--target-lsn", "FFFFFFFF/FFFFFFFF"]).exits(1);
    let noise: Vec<u8> = (0..25_000u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    let conf = TempDir::new().unwrap();
    let conf = write(&conf, "noise", &noise);
    try_(&["--recovery-conf", conf.to_str().unwrap()]).exits(1).says("syntax error");
    // A target without a backup takes one that the archive knows.
    let ran = run(walproof().arg("verify").arg(archive.path()).args(["--target-xid", "5"])).exits(1);
    ran.says("the only one known; it never reaches the target");
    // What is no target still needs one.
    run(walproof().arg("verify").arg(archive.path()).args(["--set", "hot_standby=on"])).exits(2).says("--backup");
}

#[test]
fn history_files_in_circles_and_by_the_thousand() {
    let archive = good();
    for (name, parent) in [("00000002.history", 3), ("00000003.history", 2), ("00000004.history", 4)] {
        write(&archive, name, format!("{parent}\t0/C00000\tno reason\n").as_bytes());
    }
    for target in ["latest", "2", "3", "4"] {
        restore(archive.path(), &backup(), &["--target-timeline", target]).exits(1).says("recovery does not start");
    }
    restore(archive.path(), &backup(), &["--target-timeline", "current"]).exits(0);
    let archive = good();
    for timeline in 2..10_002u32 {
        write(&archive, &format!("{timeline:08X}.history"), b"1\t0/C00000\tno recovery target specified\n");
    }
    let ran = restore(archive.path(), &backup(), &[]);
    assert!(matches!(ran.status.code(), Some(0 | 1)), "{}\n{}{}", ran.status, ran.said, ran.complained);
    ran.says("the new timeline 10002");
    let last = good();
    write(&last, "FFFFFFFF.history", b"1\t0/C00000\tno recovery target specified\n");
    let ran = restore(last.path(), &backup(), &["--target-timeline", "4294967295"]);
    assert!(matches!(ran.status.code(), Some(0 | 1)), "{}\n{}{}", ran.status, ran.said, ran.complained);
}

/// The exit code is the verdict's, whoever reads it.
#[test]
fn a_closed_pipe() {
    for (folder, code) in [(good(), 0), (damaged(), 1)] {
        for format in ["text", "json"] {
            let mut command = walproof();
            command.args(["verify", "--backup", "latest", "--format", format]).arg(folder.path());
            let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
            drop(child.stdout.take());
            let mut stderr = child.stderr.take().unwrap();
            let status = ended(child);
            let mut complained = String::new();
            stderr.read_to_string(&mut complained).unwrap();
            assert_eq!((status.code(), complained.as_str()), (Some(code), ""), "{format}: {status}");
        }
    }
}
