//! A gate: what is right passes without a word, what is wrong is refused with one, and what cannot be judged passes.

use crate::site::{CLUSTER, IN_RECOVERY, Site, plain, promoted};
use pgwal::format::Version;
use std::fs;
use std::process::Stdio;

fn v15() -> Version {
    Version::new(15, 0)
}

const ALL: [(u8, u8); 12] =
    [(8, 2), (8, 4), (9, 0), (9, 2), (9, 3), (9, 4), (9, 6), (10, 0), (13, 0), (15, 0), (17, 0), (18, 0)];

#[test]
fn what_is_right_passes_in_every_version_and_order() {
    for version in ALL.map(|(major, minor)| Version::new(major, minor)) {
        for archive in [plain(version, CLUSTER, 0), promoted(version)] {
            let site = Site::of(version, &archive);
            for file in site.files() {
                let ran = site.run(&["check", &site.p(&file), "--state", "passed"]);
                assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{file} of {version}");
            }
            // Late and out of order, alone.
            for file in site.files().iter().rev() {
                site.run(&["check", &site.p(file), "--strict"]).passes();
            }
        }
    }
}

#[test]
fn a_flipped_bit_is_refused_wherever_a_server_reads() {
    let archive = plain(v15(), CLUSTER, 0);
    for offset in [0, 2, 4, 9, 24, 40, 50, 999, 8192, 8194, 8200, 100_000, 500_001, 1_000_000] {
        let site = Site::of(v15(), &archive);
        site.change("000000010000000000000002", |bytes| bytes[offset] ^= 0x10);
        // What is left of a record that began in the segment before is checked with what was let pass of that.
        site.run(&["check", &site.p("000000010000000000000001"), "--state", "passed"]).passes();
        let ran = site.run(&["check", &site.p("000000010000000000000002"), "--state", "passed"]);
        assert_eq!(ran.code, 1, "{offset}: {}", ran.err);
        assert!(ran.err.lines().all(|line| line.starts_with("walproof: 000000010000000000000002 is refused: ")));
    }
}

#[test]
fn another_file_than_the_name_says_is_refused() {
    let archive = plain(v15(), CLUSTER, 0);
    let site = Site::of(v15(), &archive);
    let wal = site.path("pg_wal");
    let copy = |to: &str| fs::copy(wal.join("000000010000000000000003"), wal.join(to)).unwrap();
    copy("000000010000000000000009");
    site.run(&["check", "pg_wal/000000010000000000000009"]).fails("000000010000000000000003");
    copy("000000020000000000000003");
    site.run(&["check", "pg_wal/000000020000000000000003"]).fails("timeline 1");
    site.change("000000010000000000000002", |bytes| bytes.truncate(700_000));
    site.run(&["check", "pg_wal/000000010000000000000002"]).fails("WP102");
    site.change("000000010000000000000001", |bytes| bytes.fill(0));
    site.run(&["check", "pg_wal/000000010000000000000001"]).fails("nothing but zeros");
    site.change("000000010000000000000001", |bytes| bytes.fill(b'x'));
    site.run(&["check", "pg_wal/000000010000000000000001"]).fails("is no segment");
    site.state(v15(), 6, CLUSTER + 1);
    site.run(&["check", "pg_wal/000000010000000000000004"]).fails("WP106");
    site.state(Version::new(14, 0), 6, CLUSTER);
    site.run(&["check", "pg_wal/000000010000000000000004"]).fails("version 15");
}

#[test]
fn the_seam_to_the_segment_before_is_checked() {
    let (archive, other) = (plain(v15(), CLUSTER, 0), plain(v15(), CLUSTER, 1));
    let (site, there) = (Site::of(v15(), &archive), Site::of(v15(), &other));
    let check = |file: &str| site.run(&["check", &site.p(file), "--state", "passed"]);
    check("000000010000000000000001").passes();
    check("000000010000000000000002").passes();
    let third = site.p("000000010000000000000003");
    fs::copy(there.path(&third), site.path(&third)).unwrap();
    site.run(&["check", &third]).passes();
    let ran = check("000000010000000000000003").fails("is refused");
    assert!(ran.err.contains("(WP2"), "{}", ran.err);
    // It is not remembered: the right one passes.
    archive.write_to(&site.path("pg_wal")).unwrap();
    check("000000010000000000000003").passes();
    // Late: nothing is known of the one before.
    check("000000010000000000000005").passes();
    check("000000010000000000000004").passes();
    check("000000010000000000000005").passes();
    fs::write(site.path("passed"), "half a fi").unwrap();
    check("000000010000000000000004").warns("state file is damaged");
    check("000000010000000000000005").passes();
    fs::write(site.path(&third), fs::read(there.path(&third)).unwrap()).unwrap();
    site.run(&["check", &third, "--state", "no/such/folder/passed"]).warns("state file cannot be used");
}

#[test]
fn a_segment_that_ends_early_is_refused_where_no_timeline_was_left() {
    let archive = plain(v15(), CLUSTER, 0);
    let site = Site::of(v15(), &archive);
    let file = "pg_wal/000000010000000000000003";
    // A write that was lost.
    site.change("000000010000000000000003", |bytes| bytes[600 * 1024..].fill(0));
    site.run(&["check", file]).fails("");
    // From a page on, as if nothing more had been written.
    let whole = promoted(v15());
    let site = Site::of(v15(), &whole);
    let left = "pg_wal/000000010000000000000002";
    if !site.path(left).exists() {
        fs::rename(site.path("pg_wal/000000010000000000000002.partial"), site.path(left)).unwrap();
    }
    site.run(&["check", left]).passes();
    fs::remove_file(site.path("pg_wal/00000002.history")).unwrap();
    site.run(&["check", left]).fails("no timeline was left there");
    site.state(v15(), IN_RECOVERY, CLUSTER);
    site.run(&["check", left]).warns("before the segment does");
    site.run(&["check", left, "--strict"]).fails("before the segment does");
    // Broken off is what a .partial is.
    fs::rename(site.path(left), site.path("pg_wal/000000010000000000000002.partial")).unwrap();
    site.state(v15(), 6, CLUSTER);
    site.run(&["check", "pg_wal/000000010000000000000002.partial", "--strict"]).passes();
}

#[test]
fn history_files_are_read_as_a_server_reads_them() {
    let site = Site::of(v15(), &promoted(v15()));
    let check = |name: &str, text: &str| {
        fs::write(site.path("pg_wal").join(name), text).unwrap();
        site.run(&["check", &site.p(name)])
    };
    check("00000003.history", "").fails("names no ancestor");
    // Promoted from timeline 1 as well, while another was 2.
    check("00000003.history", "1\t0/1").passes();
    check("00000003.history", "1 what\n").fails("line 1");
    let second = fs::read_to_string(site.path("pg_wal/00000002.history")).unwrap();
    check("00000003.history", &format!("{second}\n2\t0/4000000\tno recovery target specified\n")).passes();
    check("00000003.history", "2\t0/4000000\tno recovery target specified\n").fails("does not go on from");
    let backup = "START WAL LOCATION: 0/100028 (file 000000010000000000000001)\n\
                  STOP WAL LOCATION: 0/100100 (file 000000010000000000000001)\n";
    check("000000010000000000000001.00000028.backup", backup).passes();
    check("000000010000000000000002.00000028.backup", backup).fails("of another");
    check("000000010000000000000001.00000028.backup", "START WAL LOC").fails("START WAL LOCATION");
}

#[test]
fn what_cannot_be_judged_passes_with_a_warning() {
    let site = Site::of(v15(), &plain(v15(), CLUSTER, 0));
    let file = "pg_wal/000000010000000000000002";
    site.change("000000010000000000000002", |bytes| {
        bytes.chunks_mut(8192).for_each(|page| page[..2].copy_from_slice(&[0x33, 0xD1]));
    });
    // The server is of a version that is known: it writes no such pages.
    site.run(&["check", file]).fails("D133");
    fs::remove_file(site.path("global/pg_control")).unwrap();
    site.run(&["check", file, "--state", "passed"]).warns("could not be checked");
    site.run(&["check", file, "--strict"]).fails("could not be checked");
}

#[test]
fn nothing_but_0_and_1_comes_out() {
    let site = Site::of(v15(), &plain(v15(), CLUSTER, 0));
    let good = "pg_wal/000000010000000000000002";
    for words in [
        &["check"][..],
        &["check", "pg_wal"],
        &["check", "pg_wal/none"],
        &["check", "pg_wal/000000010000000000000099"],
        &["check", good, "--no-such-option"],
        &["check", good, good],
        &["--color", "sometimes", "check", good],
        &["archive-push", good],
        &["archive-push", "--to", "pg_wal"],
        &["archive-push", good, "--to", "no/such/folder"],
        &["archive-push", good, "--to", "s3:///"],
        &["archive-push", good, "--to", "pg_wal", "--compress", "zip"],
        &["--color", "never", "archive-push", good, "--to"],
    ] {
        let ran = site.run(words);
        assert_eq!(ran.code, 1, "{words:?}: {}", ran.err);
        assert!(!ran.err.is_empty(), "{words:?}");
    }
    for words in [["check", "--help"], ["archive-push", "--help"]] {
        assert_eq!(site.run(&words).code, 0);
    }
    // Nobody hears it: the exit code still says it.
    site.change("000000010000000000000002", |bytes| bytes[5000] ^= 1);
    let mut child = site.command(&["check", good]).stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    drop((child.stderr.take(), child.stdout.take()));
    assert_eq!(child.wait().unwrap().code(), Some(1));
}
