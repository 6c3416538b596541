//! A watch that runs, its events so far, and its answers.

use crate::validator::Schema;
use serde_json::Value;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Nothing here takes this long.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Started {
    pub child: Child,
    folder: TempDir,
}

impl Started {
    /// Watches with these words, every second, in JSON.
    pub fn of(words: &[&str]) -> Started {
        Started::with(words, &[])
    }

    pub fn with(words: &[&str], environment: &[(&str, &str)]) -> Started {
        let folder = tempfile::tempdir().unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_walproof"))
            .args(["watch", "--format", "jsonl", "--interval", "1"])
            .args(words)
            .envs(environment.iter().copied())
            .stdout(File::create(folder.path().join("out")).unwrap())
            .stderr(File::create(folder.path().join("err")).unwrap())
            .spawn()
            .unwrap();
        Started { child, folder }
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join(name)).unwrap()
    }

    /// What was said on standard error so far.
    pub fn errors(&self) -> String {
        self.read("err")
    }

    /// What was told so far.
    pub fn events(&self) -> Vec<Value> {
        let text = self.read("out");
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        let event = |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"));
        let events: Vec<Value> = whole.lines().map(event).collect();
        let schema = Schema::named("watch-line.json");
        for event in &events {
            assert_eq!(schema.problems(event), Vec::<String>::new(), "{event}");
        }
        events
    }

    /// Waits until so many events of a kind came; panics where they never do.
    pub fn until(&self, event: &str, count: usize) -> Value {
        let begun = Instant::now();
        loop {
            let events = self.events();
            if let Some(found) = events.iter().filter(|told| told["event"] == event).nth(count - 1) {
                return found.clone();
            }
            assert!(begun.elapsed() < PATIENCE, "no {event}: {events:?} {}", self.read("err"));
            std::thread::sleep(Duration::from_millis(30));
        }
    }

    /// Findings that were told.
    pub fn appeared(&self) -> Vec<String> {
        let events = self.events();
        let told = events.iter().filter(|told| told["event"] == "appeared");
        told.map(|told| told["finding"]["code"].as_str().unwrap().to_owned()).collect()
    }

    /// Waits for so many more looks.
    pub fn looks(&self, more: u64) {
        let looks = || {
            let metrics = self.get("/metrics");
            let row = metrics.lines().filter(|line| line.starts_with("walproof_watch_looks_total"));
            row.map(|row| row.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).min().unwrap_or(0)
        };
        let (begun, first) = (Instant::now(), looks());
        while looks() < first + more {
            assert!(begun.elapsed() < PATIENCE, "it does not look any more");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Where it listens.
    pub fn address(&self) -> String {
        self.until("started", 1)["listen"].as_str().unwrap().to_owned()
    }

    pub fn get(&self, path: &str) -> String {
        self.send(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes())
    }

    /// Sends bytes, and reads what comes.
    pub fn send(&self, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address()).unwrap();
        let _ = stream.write_all(bytes);
        let mut said = Vec::new();
        let _ = stream.read_to_end(&mut said);
        String::from_utf8_lossy(&said).into_owned()
    }

    /// Waits until its health begins so.
    pub fn health(&self, status: &str) -> String {
        let begun = Instant::now();
        loop {
            let said = self.get("/health");
            if said.starts_with(&format!("HTTP/1.0 {status} ")) {
                return said;
            }
            assert!(begun.elapsed() < PATIENCE, "{said}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    pub fn signal(&mut self, name: &str) -> ExitStatus {
        assert!(Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap().success());
        self.child.wait().unwrap()
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A copy of a folder of testdata.
pub fn copied(story: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let archive = folder.path().join("archive");
    fs::create_dir(&archive).unwrap();
    let from = walproof_testdata::root().join(story);
    for file in fs::read_dir(&from).unwrap().map(|file| file.unwrap().path()).filter(|file| file.is_file()) {
        fs::copy(&file, archive.join(file.file_name().unwrap())).unwrap();
    }
    (folder, archive)
}

pub fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
