//! Files that others write while they are read.

use crate::run::{Ran, good, run, segment, walproof};
use std::fs::{self, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use tempfile::TempDir;

const RUNS: usize = 15;

/// Runs `verify` again and again, mapped and not, while `write` changes the second segment.
fn while_another_writes(write: impl Fn(&Path, &[u8]) + Sync) {
    let folder = good();
    let file = folder.path().join(segment(10));
    let whole = fs::read(&file).unwrap();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                write(&file, &whole);
            }
        });
        let runs = std::panic::catch_unwind(|| (0..RUNS).for_each(|_| runs(&folder)));
        stop.store(true, Ordering::Relaxed);
        runs.unwrap();
    });
    // Left alone, the archive is what it was.
    fs::write(&file, &whole).unwrap();
    run(walproof().arg("verify").arg(folder.path())).exits(0);
}

/// Any of the three codes, by what was there at that moment; never a signal, never a panic.
fn runs(folder: &TempDir) {
    for options in [&["--jobs", "2"][..], &["--no-mmap", "--jobs", "2"]] {
        let Ran { status, said, complained } = run(walproof().arg("verify").args(options).arg(folder.path()));
        assert!(matches!(status.code(), Some(0..=2)), "{status}\n{said}{complained}");
        assert!(said.starts_with("VERDICT") && !complained.contains("panicked"), "{said}{complained}");
    }
}

#[test]
fn a_file_that_shrinks_and_grows() {
    while_another_writes(|file, whole| {
        let file = OpenOptions::new().write(true).open(file).unwrap();
        file.set_len(300_000).unwrap();
        (&file).seek(SeekFrom::Start(300_000)).unwrap();
        (&file).write_all(&whole[300_000..]).unwrap();
    });
}

#[test]
fn a_file_that_is_rewritten_in_place() {
    while_another_writes(|file, whole| {
        let file = OpenOptions::new().write(true).open(file).unwrap();
        for bytes in [&vec![0xA5; whole.len()], whole] {
            (&file).seek(SeekFrom::Start(0)).unwrap();
            (&file).write_all(bytes).unwrap();
        }
    });
}

#[test]
fn a_file_that_is_replaced() {
    while_another_writes(|file, whole| {
        let other: PathBuf = file.with_extension("tmp");
        fs::write(&other, &whole[..whole.len() / 2]).unwrap();
        fs::rename(&other, file).unwrap();
        fs::write(&other, whole).unwrap();
        fs::rename(&other, file).unwrap();
    });
}

#[test]
fn a_file_that_comes_and_goes() {
    while_another_writes(|file, whole| {
        let _ = fs::remove_file(file);
        fs::write(file, whole).unwrap();
    });
}
