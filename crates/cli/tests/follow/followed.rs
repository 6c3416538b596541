//! A program that follows, and what it has listed so far.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Nothing here takes this long.
pub const PATIENCE: Duration = Duration::from_secs(60);

pub struct Followed {
    pub child: Child,
    out: PathBuf,
    _folder: TempDir,
}

impl Followed {
    /// Follows a folder with these words.
    pub fn start(folder: &Path, words: &[&str]) -> Followed {
        let kept = tempfile::tempdir().unwrap();
        let out = kept.path().join("out");
        let child = command(folder, words).stdout(File::create(&out).unwrap()).spawn().unwrap();
        Followed { child, out, _folder: kept }
    }

    /// What was listed.
    pub fn text(&self) -> String {
        fs::read_to_string(&self.out).unwrap()
    }

    /// Waits until a text was listed that is as wanted; panics where it never is.
    pub fn until(&self, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        let begun = Instant::now();
        loop {
            let text = self.text();
            if wanted(&text) {
                return text;
            }
            assert!(
                begun.elapsed() < PATIENCE,
                "{what} did not come; last lines: {:?}",
                text.lines().rev().take(3).collect::<Vec<_>>()
            );
            std::thread::sleep(Duration::from_millis(30));
        }
    }

    pub fn signal(&self, name: &str) {
        assert!(Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap().success());
    }

    pub fn ended(&mut self) -> ExitStatus {
        ended(&mut self.child)
    }
}

impl Drop for Followed {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn command(folder: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_walproof"));
    command
        .args(["dump", "--follow"])
        .arg(folder)
        .args(words)
        .env("TZ", "UTC")
        .stdin(Stdio::null())
        .stderr(Stdio::inherit());
    command
}

pub fn ended(child: &mut Child) -> ExitStatus {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        assert!(begun.elapsed() < PATIENCE, "it does not end");
        std::thread::sleep(Duration::from_millis(20));
    }
}
