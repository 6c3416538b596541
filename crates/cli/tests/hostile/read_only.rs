//! Inspection never writes: neither where it may not, nor where it may.

use crate::run::{damaged, mode, run, unprivileged};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use tempfile::TempDir;

/// Every command that looks at an archive.
const COMMANDS: [&[&str]; 8] = [
    &["verify", "ARCHIVE"],
    &["verify", "--depth", "pages", "--no-mmap", "--format", "json", "ARCHIVE"],
    &["verify", "ARCHIVE", "--backup", "latest"],
    &[
        "verify",
        "ARCHIVE",
        "--backup",
        "ARCHIVE/000000010000000000000009.00000028.backup",
        "--target-time",
        "2026-11-22 03:17:02.4+00",
        "--all",
    ],
    &["dump", "ARCHIVE"],
    &["timelines", "ARCHIVE"],
    &["lag", "-p", "ARCHIVE", "0/A00000", "0/900028"],
    &["explain", "-p", "ARCHIVE", "invalid record length at 0/A00100: wanted 24, got 0"],
];

/// Name, size, mode, inode, times of writing (content, then entry), and bytes.
type Listing = Vec<(String, u64, u32, u64, (i64, i64), (i64, i64), Vec<u8>)>;

fn listing(folder: &Path) -> Listing {
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    paths.push(folder.to_path_buf());
    paths.sort();
    let look = |path: &std::path::PathBuf| {
        let m = fs::metadata(path).unwrap();
        let bytes = if m.is_file() { fs::read(path).unwrap() } else { Vec::new() };
        (
            path.display().to_string(),
            m.size(),
            m.mode(),
            m.ino(),
            (m.mtime(), m.mtime_nsec()),
            (m.ctime(), m.ctime_nsec()),
            bytes,
        )
    };
    paths.iter().map(look).collect()
}

#[test]
fn every_command_leaves_a_read_only_tree_alone() {
    each_leaves_it_alone(0o555, 0o444);
}

#[test]
fn every_command_leaves_a_writable_tree_alone() {
    each_leaves_it_alone(0o777, 0o666);
}

fn each_leaves_it_alone(of_folder: u32, of_files: u32) {
    let (folder, own) = (damaged(), TempDir::new().unwrap());
    fs::read_dir(folder.path()).unwrap().for_each(|file| mode(&file.unwrap().path(), of_files));
    mode(folder.path(), of_folder);
    let before = listing(folder.path());
    let archive = folder.path().display().to_string();
    for words in COMMANDS {
        let ran = run(unprivileged(own.path()).args(words.iter().map(|word| word.replace("ARCHIVE", &archive))));
        assert!(matches!(ran.status.code(), Some(0 | 1)), "{words:?}: {}\n{}{}", ran.status, ran.said, ran.complained);
        assert!(listing(folder.path()) == before, "{words:?} changed something");
    }
    mode(folder.path(), 0o755);
}
