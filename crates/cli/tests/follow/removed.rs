//! Segments that are removed, or written over, while they are being read: as a server does once it has checkpointed
//! them.

use crate::followed::{PATIENCE, command};
use crate::run::walproof;
use rustix::io::ioctl_fionread;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A follower of a copy of three segments that waits for its reader, in the midst of the first.
struct Waiting {
    child: Child,
    out: ChildStdout,
    folder: TempDir,
}

fn good() -> PathBuf {
    walproof_testdata::root().join("demo/good")
}

const SEGMENTS: [&str; 3] = ["000000010000000000000009", "00000001000000000000000A", "00000001000000000000000B"];

impl Waiting {
    fn start() -> Waiting {
        let folder = tempfile::tempdir().unwrap();
        for name in SEGMENTS {
            fs::copy(good().join(name), folder.path().join(name)).unwrap();
        }
        let mut child = command(folder.path(), &[]).stdout(Stdio::piped()).spawn().unwrap();
        let out = child.stdout.take().unwrap();
        let begun = Instant::now();
        let (mut seen, mut same) = (0, 0);
        while same < 10 {
            assert!(begun.elapsed() < PATIENCE && child.try_wait().unwrap().is_none(), "the pipe does not fill");
            std::thread::sleep(Duration::from_millis(30));
            let now = ioctl_fionread(&out).unwrap();
            same = if now == seen && now > 16 << 10 { same + 1 } else { 0 };
            seen = now;
        }
        Waiting { child, out, folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Reads on, until a text ends as wanted.
    fn read(&mut self, wanted: impl Fn(&str) -> bool) -> String {
        let (mut text, mut part) = (Vec::new(), vec![0; 64 << 10]);
        let begun = Instant::now();
        loop {
            let count = if ioctl_fionread(&self.out).unwrap() > 0 { self.out.read(&mut part).unwrap() } else { 0 };
            text.extend_from_slice(&part[..count]);
            let text = String::from_utf8_lossy(&text);
            if text.ends_with('\n') && wanted(&text) {
                return text.into_owned();
            }
            assert!(
                begun.elapsed() < PATIENCE,
                "it did not come; last lines: {:?}",
                text.lines().rev().take(3).collect::<Vec<_>>()
            );
            if count == 0 {
                std::thread::sleep(Duration::from_millis(20));
            }
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn dump(folder: &Path) -> String {
    walproof(&["dump", folder.to_str().unwrap()]).out
}

#[test]
fn what_is_removed_unread_is_listed_all_the_same() {
    let mut waiting = Waiting::start();
    for name in &SEGMENTS[..2] {
        fs::remove_file(waiting.path(name)).unwrap();
    }
    let whole = dump(&good());
    let text = waiting.read(|text| text.len() >= whole.len());
    assert!(text == whole, "{:?}", text.lines().zip(whole.lines()).find(|(a, b)| a != b));
}

#[test]
fn what_is_renamed_unread_is_listed_until_it_is_written_over() {
    let mut waiting = Waiting::start();
    for (name, later) in [(SEGMENTS[0], "00000001000000000000000C"), (SEGMENTS[1], "00000001000000000000000D")] {
        fs::rename(waiting.path(name), waiting.path(later)).unwrap();
    }
    let whole = dump(&good());
    let text = waiting.read(|text| text.len() >= whole.len());
    assert!(text == whole, "{:?}", text.lines().zip(whole.lines()).find(|(a, b)| a != b));
}

#[test]
fn what_is_written_over_unread_is_missing() {
    let mut waiting = Waiting::start();
    let over = waiting.path("00000001000000000000000C");
    fs::rename(waiting.path(SEGMENTS[1]), &over).unwrap();
    // In its place on the disk: the same file.
    fs::write(&over, vec![0; 1 << 20]).unwrap();
    let whole = dump(&good());
    let last = whole.lines().last().unwrap();
    let text = waiting.read(|text| text.lines().last() == Some(last));
    let lost: Vec<&str> = text.lines().filter(|line| line.contains(" *** ")).collect();
    assert!(lost.len() == 1 && lost[0].contains("WP101") && lost[0].contains(SEGMENTS[1]), "{lost:?}");
    let listed = |line: &&str| !line.starts_with("0/00A") && !line.contains(" *** ");
    let (text, whole): (Vec<&str>, Vec<&str>) =
        (text.lines().filter(listed).collect(), whole.lines().filter(listed).collect());
    // But for the records over its seams.
    let differing: Vec<&&str> = whole.iter().filter(|line| !text.contains(line)).collect();
    assert!(differing.len() <= 1 && text.iter().all(|line| whole.contains(line)), "{differing:?}");
}
