//! History files that tell tall stories.

use crate::run::{Ran, good, run, verify, walproof, write};

/// No command hangs or dies over them.
fn others(folder: &tempfile::TempDir) {
    for command in ["timelines", "dump"] {
        let Ran { status, complained, .. } = run(walproof().arg(command).arg(folder.path()));
        assert!(
            matches!(status.code(), Some(0..=2)) && !complained.contains("panicked"),
            "{command}: {status}\n{complained}"
        );
    }
}

/// 32 MiB of right lines: no server wrote that. Exit code 1.
#[test]
fn a_huge_history_file() {
    let folder = good();
    let lines: String = (1..700_000).map(|n| format!("{n}\t0/C00000\tno recovery target specified\n")).collect();
    write(&folder, "00FFFFFF.history", lines.as_bytes());
    write(&folder, "00000002.history", lines.as_bytes());
    verify(folder.path()).exits(1).says("00000002.history");
    others(&folder);
}

/// One line of 32 MiB. Exit code 1.
#[test]
fn a_line_without_end() {
    let folder = good();
    write(&folder, "00000002.history", &vec![b'1'; 32 << 20]);
    let ran = verify(folder.path()).exits(1).says("00000002.history");
    assert!(ran.said.len() < 20_000, "{} bytes", ran.said.len());
    others(&folder);
}

/// 2 descends from 3, 3 from 2; 4 from itself. Exit code 1.
#[test]
fn timelines_in_a_circle() {
    let folder = good();
    write(&folder, "00000002.history", b"3\t0/C00000\tno reason\n");
    write(&folder, "00000003.history", b"2\t0/C00000\tno reason\n");
    write(&folder, "00000004.history", b"4\t0/C00000\tno reason\n");
    verify(folder.path()).exits(1).says("00000002.history").says("00000004.history");
    others(&folder);
}

/// A thousand timelines, each a child of the one before, that branch off at one place and hold nothing. They are there
/// to be restored to, so that the newest is asked for: it goes to the end of timeline 1. Any verdict but no crash.
#[test]
fn a_thousand_timelines() {
    let folder = good();
    let mut lines = String::new();
    for timeline in 2..1000u32 {
        lines += &format!("{}\t0/C00000\tno recovery target specified\n", timeline - 1);
        write(&folder, &format!("{timeline:08X}.history"), lines.as_bytes());
    }
    let ran = verify(folder.path());
    assert!(matches!(ran.status.code(), Some(0 | 1)), "{}\n{}{}", ran.status, ran.said, ran.complained);
    others(&folder);
}

/// Bytes that are no text, numbers beyond any, and nothing. Exit code 1 each.
#[test]
fn garbage() {
    for bytes in
        [&b"\xFF\xFE\0\x80"[..], b"99999999999999999999\t0/0\tx\n", b"1\tFFFFFFFFF/0\tx\n", b"0\t0/0\t\n1\t\n", b""]
    {
        let folder = good();
        write(&folder, "00000002.history", bytes);
        verify(folder.path()).exits(1).says("00000002.history");
        others(&folder);
    }
}
