//! Names that lie, and very many of them.

use crate::run::{good, segment, verify, write};
use std::fs;
use tempfile::TempDir;

/// Each file holds the WAL of another segment than its name says, and none is right: nothing can replay. Exit code 1.
#[test]
fn a_thousand_copies_of_a_segment_under_later_names() {
    let folder = TempDir::new().unwrap();
    let one = good();
    for number in 100..1100 {
        fs::hard_link(one.path().join(segment(9)), folder.path().join(segment(number)))
            .or_else(|_| fs::copy(one.path().join(segment(9)), folder.path().join(segment(number))).map(drop))
            .unwrap();
    }
    let ran = verify(folder.path()).exits(1).says("REFUTED").says("of this kind");
    assert!(ran.said.lines().count() < 40, "a thousand files are not a thousand lines:\n{}", ran.said);
}

/// The same with the real one among them: it alone replays, and the first false one is the first that a server would
/// miss. Exit code 1.
#[test]
fn a_thousand_copies_of_a_segment_and_the_segment() {
    let folder = good();
    for number in 12..1012 {
        fs::copy(folder.path().join(segment(10)), folder.path().join(segment(number))).unwrap();
    }
    // A server takes older pages for a recycled file and ends there; an archive does not hold such files.
    verify(folder.path()).says(&segment(12)).says("holds the WAL of 0/00A00000");
}

/// No WAL is no answer. Exit code 2.
#[test]
fn an_empty_folder() {
    let folder = TempDir::new().unwrap();
    verify(folder.path()).exits(2).says("no WAL");
}

/// Files with names of other things. Exit code 2.
#[test]
fn a_folder_without_wal() {
    let folder = TempDir::new().unwrap();
    write(&folder, "readme.txt", b"nothing here");
    verify(folder.path()).exits(2).says("no WAL");
}

/// Every one of them is a segment that a restore would ask for and cannot use. Exit code 1. A million take longer:
/// `cargo xtask long million-files`.
#[test]
fn a_folder_of_many_empty_files() {
    let folder = TempDir::new().unwrap();
    for number in 0..20_000 {
        write(&folder, &segment(number), b"");
    }
    let ran = verify(folder.path()).exits(1).says("REFUTED");
    assert!(ran.said.lines().count() < 40, "{}", ran.said);
}

/// Alone or among good ones, a segment of 0 bytes stops a server. Exit code 1.
#[test]
fn an_empty_file() {
    let folder = TempDir::new().unwrap();
    let file = write(&folder, &segment(9), b"");
    verify(&file).exits(1).says("empty");
    verify(folder.path()).exits(1).says("empty");
    let folder = good();
    write(&folder, &segment(10), b"");
    verify(folder.path()).exits(1).says(&segment(10));
}

/// With segments of 1 MiB a log has 4096: no server asks for these names. Exit code 0, and a warning for each.
#[test]
fn segments_beyond_the_log() {
    let folder = good();
    for seg in [4096, u32::MAX] {
        let name = format!("0000000100000000{seg:08X}");
        fs::copy(folder.path().join(segment(9)), folder.path().join(name)).unwrap();
    }
    verify(folder.path()).exits(0).says("0000000100000000FFFFFFFF").says("000000010000000000001000");
}

/// The last segments that have a name at all, on the last timeline. Exit code 1: they hold other WAL.
#[test]
fn names_at_the_end_of_all_wal() {
    let folder = good();
    for name in ["FFFFFFFFFFFFFFFF00000FFF", "00000001FFFFFFFF00000FFF", "00000000FFFFFFFF00000FFE"] {
        fs::copy(folder.path().join(segment(9)), folder.path().join(name)).unwrap();
    }
    write(&folder, "FFFFFFFF.history", b"1\t0/C00000\tno reason\n");
    let ran = verify(folder.path());
    assert!(matches!(ran.status.code(), Some(0 | 1)), "{}\n{}{}", ran.status, ran.said, ran.complained);
    ran.says("FFFFFFFFFFFFFFFF00000FFF");
}

#[test]
fn names_in_wrong_capitals_are_told() {
    let folder = good();
    let right = segment(10);
    std::fs::rename(folder.path().join(&right), folder.path().join(right.to_lowercase())).unwrap();
    let ran = verify(folder.path()).exits(1);
    let ran = ran.says(&format!("{} is not what a server asks for: {right}", right.to_lowercase()));
    ran.says(&format!("rename it: mv {} {right}", right.to_lowercase()));
}
