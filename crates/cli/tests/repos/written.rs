//! A repository that its tool writes and expires while it is read.

use crate::build::{self, Repo, SEGMENTS};
use crate::run::walproof;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

/// Puts a file in its place as a tool does: written beside it, then renamed.
fn put(path: &Path, bytes: &[u8]) {
    let unfinished = path.with_extension("tmp");
    fs::write(&unfinished, bytes).unwrap();
    fs::rename(&unfinished, path).unwrap();
}

/// Files of a repository, with their bytes.
fn files(repo: &Repo) -> Vec<(PathBuf, Vec<u8>)> {
    let all = crate::walkdir(&repo.root());
    all.into_iter().map(|path| (PathBuf::from(&path), fs::read(&path).unwrap())).collect()
}

/// 50 runs, and in each of them, at another moment, the tool expires the backup and then its first segment, or brings
/// both back, WAL first; what stays is written anew.
#[test]
fn a_repository_that_is_written_and_expired_meanwhile_is_never_refuted() {
    let repo = Repo::new();
    build::walg(&repo);
    let all = files(&repo);
    let is = |path: &Path, part: &str| path.to_str().is_some_and(|path| path.contains(part));
    let (backup, wal): (Vec<_>, Vec<_>) = all.iter().partition(|(path, _)| is(path, "basebackups_005"));
    let (first, rest): (Vec<_>, Vec<_>) = wal.into_iter().partition(|(path, _)| is(path, SEGMENTS[0]));
    let (to, turns) = mpsc::channel::<u64>();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            for turn in turns {
                std::thread::sleep(Duration::from_millis(turn * 7 % 40));
                if turn % 2 == 0 {
                    backup.iter().chain(&first).for_each(|(path, _)| fs::remove_file(path).unwrap());
                } else {
                    first.iter().chain(&backup).for_each(|(path, bytes)| put(path, bytes));
                }
                rest.iter().for_each(|(path, bytes)| put(path, bytes));
            }
        });
        for run in 0..50 {
            to.send(run).unwrap();
            let ran = walproof(&["verify", &repo.root(), "--format", "json"]);
            assert_eq!(ran.code, 0, "run {run}: {}{}", ran.out, ran.err);
        }
        drop(to);
    });
}

/// A segment that expires between the list and the reading is gone, not missing.
#[test]
fn a_segment_that_expires_is_no_gap() {
    let repo = Repo::new();
    build::walg(&repo);
    for (path, _) in files(&repo) {
        let named = path.to_str().unwrap();
        if named.contains("basebackups_005") || named.contains(SEGMENTS[0]) {
            fs::remove_file(path).unwrap();
        }
    }
    let ran = walproof(&["verify", &repo.root(), "--format", "json"]);
    let outcome: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((ran.code, outcome["verdict"].as_str()), (0, Some("proven")), "{outcome}");
}
