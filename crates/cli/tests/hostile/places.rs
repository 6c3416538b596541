//! Things that are no files, or may not be read.

use crate::run::{damaged, good, mode, run, segment, unprivileged, verify, walproof};
use std::fs::File;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

fn make_fifo(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// Nobody writes to it: who opened it would wait for ever. Exit code 2.
#[test]
fn a_fifo() {
    let folder = TempDir::new().unwrap();
    let fifo = folder.path().join(segment(9));
    make_fifo(&fifo);
    verify(&fifo).exits(2).says("named pipe");
    for command in ["dump", "timelines"] {
        run(walproof().arg(command).arg(&fifo)).exits(2).says("named pipe");
    }
}

/// What is good is said to be good, but one file could not be looked at. Exit code 2.
#[test]
fn a_zone_that_is_no_file_of_one() {
    for (zone, code) in [("/dev/zero", 2), (":/dev/zero", 2), ("/etc", 2), ("UTC", 0), (":UTC", 0)] {
        let ran = run(walproof().arg("verify").arg(good().path()).env("TZ", zone)).exits(code);
        if code == 2 {
            ran.says("no file of a time zone");
        }
    }
}

#[test]
fn a_list_of_losses_and_settings_without_an_end() {
    let (folder, own) = (good(), TempDir::new().unwrap());
    let large = own.path().join("large");
    File::create(&large).unwrap().set_len(1 << 30).unwrap();
    run(walproof().arg("verify").arg(folder.path()).arg("--known").arg(&large)).exits(2).says("it is not read");
    run(walproof().arg("verify").arg(folder.path()).arg("--known").arg("/dev/zero")).exits(2).says("no plain file");
}

#[test]
fn a_fifo_among_segments() {
    let folder = good();
    make_fifo(&folder.path().join(segment(12)));
    verify(folder.path()).exits(2).says("UNPROVEN").says("named pipe");
}

/// What has the name of a segment and is no file was asked for, and it is told; outside the range it is not. As from
/// `verify`, the exit code is 2 for what may yet give WAL, and 1 where a server finds nothing to copy.
#[test]
fn a_dump_of_what_is_no_file() {
    type Make = fn(&Path);
    let kinds: [(Make, &str, i32); 3] = [
        (make_fifo, "WP504", 2),
        (|path| std::fs::create_dir(path).unwrap(), "WP123", 1),
        (|path| symlink("/nowhere/at/all", path).unwrap(), "WP123", 1),
    ];
    for (make, code, exit) in kinds {
        for number in [8, 10, 12] {
            let folder = good();
            let place = folder.path().join(segment(number));
            if number == 10 {
                std::fs::remove_file(&place).unwrap();
            }
            make(&place);
            let dump = |words: &[&str]| run(walproof().arg("dump").arg(folder.path()).args(words));
            dump(&[]).exits(exit).says(code).says(&segment(number));
            let json = dump(&["--format", "jsonl"]).exits(exit);
            json.says(&format!("\"code\":\"{code}\"")).says("\"complete\":false");
            let inside = format!("0/{:X}80000", number);
            dump(&["-s", &inside, "-e", &format!("0/{:X}90000", number)]).says(code);
            let (start, end) = if number == 12 { ("0/A00000", "0/B00000") } else { ("0/B00000", "0/C00000") };
            let ran = dump(&["-s", start, "-e", end]).exits(0);
            assert!(!ran.said.contains(code), "{}", ran.said);
        }
    }
}

/// A name that stands for no file refutes nothing where another place has the segment, and does where none has.
#[test]
fn no_file_in_one_place_of_two() {
    for make in
        [|path: &Path| std::fs::create_dir(path).unwrap(), |path: &Path| symlink("/nowhere/at/all", path).unwrap()]
    {
        let (folder, second) = (good(), good());
        let place = folder.path().join(segment(10));
        std::fs::remove_file(&place).unwrap();
        make(&place);
        let verify = || run(walproof().arg("verify").arg(folder.path()).arg(second.path()));
        verify().exits(0).says("VERDICT  PROVEN").says("warning  WP123");
        std::fs::remove_file(second.path().join(segment(10))).unwrap();
        verify().exits(1).says("VERDICT  REFUTED").says("WP123");
    }
}

/// A copy that can be read stands for the one that cannot: every record is there. Exit code 0.
#[test]
fn a_dump_with_a_fifo_as_a_copy() {
    let folder = good();
    make_fifo(&folder.path().join(format!("{}.gz", segment(10))));
    run(walproof().arg("dump").arg(folder.path())).exits(0).says("WP504");
}

/// Exit code 2, for a folder, for a file, and for a file among others.
#[test]
fn no_permission() {
    let (folder, own) = (good(), TempDir::new().unwrap());
    mode(folder.path(), 0o755);
    let file = folder.path().join(segment(11));
    mode(&file, 0o000);
    run(unprivileged(own.path()).arg("verify").arg(&file)).exits(2).says("no permission");
    run(unprivileged(own.path()).arg("verify").arg(folder.path())).exits(2).says("UNPROVEN").says("no permission");
    for words in [&["dump"][..], &["dump", "--format", "jsonl"], &["dump", "-z"], &["stats"]] {
        run(unprivileged(own.path()).args(words).arg(folder.path())).exits(2).says("no permission");
    }
    run(unprivileged(own.path()).arg("hex").arg(folder.path()).arg("0/B80000")).exits(2).says("no permission");
    // What was asked for was read.
    run(unprivileged(own.path()).args(["dump", "-n", "10"]).arg(folder.path())).exits(0);
    // Damage outranks it.
    let damaged = damaged();
    mode(damaged.path(), 0o755);
    mode(&damaged.path().join(segment(11)), 0o000);
    run(unprivileged(own.path()).arg("dump").arg(damaged.path())).exits(1).says("WP201").says("no permission");
    mode(&damaged.path().join(segment(9)), 0o000);
    run(unprivileged(own.path()).arg("verify").arg(damaged.path()))
        .exits(1)
        .says("REFUTED: on timeline 1 replay stops at 0/00AAC690 at the latest");
    mode(folder.path(), 0o000);
    run(unprivileged(own.path()).arg("verify").arg(folder.path())).exits(2).says("no permission");
    mode(folder.path(), 0o755);
    // Without what a backup history file says, gaps cannot be judged.
    let folder = good();
    mode(folder.path(), 0o755);
    mode(&folder.path().join(format!("{}.00000028.backup", segment(9))), 0o000);
    run(unprivileged(own.path()).arg("verify").arg(folder.path()))
        .exits(2)
        .says("UNPROVEN")
        .says("no permission")
        .says("make 000000");
}

/// Who proved it may have been allowed to read it.
#[test]
fn an_index_does_not_hide_that_nothing_may_be_read() {
    let (folder, own) = (good(), TempDir::new().unwrap());
    let index = own.path().join("index");
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let long_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(7200);
        File::options().write(true).open(file.unwrap().path()).unwrap().set_modified(long_ago).unwrap();
    }
    std::thread::sleep(std::time::Duration::from_millis(80));
    run(walproof().arg("verify").arg(folder.path()).arg("--index").arg(&index)).exits(0);
    mode(&index, 0o666);
    mode(folder.path(), 0o755);
    mode(&folder.path().join(segment(11)), 0o000);
    run(unprivileged(own.path()).arg("verify").arg(folder.path()).arg("--index").arg(&index))
        .exits(2)
        .says("UNPROVEN")
        .says("no permission");
}

/// A share that is not mounted, with an index or without: that is what is said, and what to look at.
#[test]
fn a_place_that_is_not_there() {
    let own = TempDir::new().unwrap();
    let (nowhere, index) = (own.path().join("nowhere"), own.path().join("index"));
    for words in [&["--format", "nagios"][..], &["--format", "nagios", "--index", index.to_str().unwrap()]] {
        run(walproof().arg("verify").arg(&nowhere).args(words)).exits(3).says("nowhere: no such file or folder");
    }
    run(walproof().arg("verify").arg(&nowhere).args(["--format", "json"])).exits(2).says("mounted");
    let folder = good();
    let missing = own.path().join("missing").join("index");
    run(walproof().arg("verify").arg(folder.path()).arg("--index").arg(missing)).exits(2).says("the index");
    // As every program's -, standard output.
    run(walproof().arg("verify").arg(folder.path()).args(["-o", "-"])).exits(0).says("PROVEN");
}

/// Exit code 2, for a folder, for a file, and for a file among others.
#[test]
fn a_loop_of_links() {
    let folder = good();
    let (a, b) = (folder.path().join(segment(12)), folder.path().join(segment(13)));
    symlink(&b, &a).unwrap();
    symlink(&a, &b).unwrap();
    verify(&a).exits(2).says("circle");
    verify(folder.path()).exits(2).says("UNPROVEN").says("circle");
}

/// A subfolder that leads back up is not entered again and again. Exit code 2: it could not be looked at.
#[test]
fn a_folder_that_holds_itself() {
    let folder = good();
    symlink(folder.path(), folder.path().join("0000000100000000")).unwrap();
    verify(folder.path()).exits(2).says("circle");
    let above = TempDir::new().unwrap();
    symlink(above.path(), above.path().join("again")).unwrap();
    verify(above.path()).exits(2).says("no WAL");
}

/// A link that leads nowhere, as an unmounted archive leaves them: a server that asks for it gets nothing. Exit code 1;
/// 2 where it is all that was named.
#[test]
fn a_dangling_link() {
    let folder = good();
    let link = folder.path().join(segment(12));
    symlink("/nowhere/at/all", &link).unwrap();
    verify(folder.path()).exits(1).says(&segment(12)).says("mount what the link names");
    verify(&link).exits(2).says("no such file");
    verify(&folder.path().join("not-there")).exits(2).says("no such file");
}

/// Devices: one has no end, one has nothing. Exit code 2.
#[test]
fn devices() {
    for device in ["/dev/zero", "/dev/null"] {
        verify(Path::new(device)).exits(2).says("a device");
    }
}

/// A segment may come from a pipe: exit code 0. Nothing comes where a command before it failed, and zeros without end
/// are no WAL: 2.
#[test]
fn standard_input() {
    let folder = good();
    for (file, code) in [(folder.path().join(segment(9)), 0), ("/dev/null".into(), 2), ("/dev/zero".into(), 2)] {
        run(walproof().args(["verify", "-"]).stdin(File::open(file).unwrap())).exits(code).says("VERDICT");
    }
}

#[test]
fn what_is_no_archive_gets_its_next_step() {
    // A port of this machine at which nobody listens.
    let mut nobody = walproof();
    nobody.args(["verify", "s3://bucket/wal"]).env("AWS_ENDPOINT_URL", "http://127.0.0.1:9");
    nobody.env("AWS_ACCESS_KEY_ID", "nobody").env("AWS_SECRET_ACCESS_KEY", "nothing");
    run(&mut nobody).exits(2).says("s3://bucket/wal");
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("notes.txt"), "hello\n").unwrap();
    let text = folder.path().join("notes.txt");
    verify(&text).exits(2).says("IMPACT   none: that is no WAL").says("name a file of WAL");
    let backup = folder.path().join("20261122-031702F");
    std::fs::create_dir(&backup).unwrap();
    std::fs::write(backup.join("backup.manifest"), "[backup]\n").unwrap();
    verify(&backup).exits(2).says("in the keeping of another tool");
    let archive = good();
    let restore = |name: &Path| run(walproof().arg("verify").arg(archive.path()).arg("--backup").arg(name));
    restore(&backup).exits(2).says("pgbackrest restore");
    restore(Path::new("20261122-031702F")).exits(2).says("pgbackrest restore");
    restore(Path::new("base_000000010000000000000003")).exits(2).says("wal-g backup-fetch");
    std::fs::write(folder.path().join("backup_label"), "START WAL LOCATION: 0/2000028\n").unwrap();
    std::fs::remove_file(&text).unwrap();
    std::fs::remove_dir_all(&backup).unwrap();
    verify(folder.path()).exits(2).says("it is a base backup without WAL");
    // As pg_basebackup -Ft writes it, the WAL lies beside it.
    std::fs::write(folder.path().join("base.tar"), [0; 1024]).unwrap();
    std::fs::write(folder.path().join("pg_wal.tar"), [0; 1024]).unwrap();
    verify(folder.path()).exits(2).says("a base backup with its own WAL in pg_wal.tar");
}
