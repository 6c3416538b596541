//! A `walproof ship` that runs beside the test.

use pgwal::format::{FileName, SegmentName};
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// It runs until it is stopped, killed, or goes out of scope.
pub struct Shipping {
    child: Child,
    said: Arc<Mutex<String>>,
    listener: Option<JoinHandle<()>>,
}

const WITHIN: Duration = Duration::from_secs(60);

/// The program, with these words behind `ship`.
pub fn ship(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_walproof"));
    command.arg("ship").args(words).env("TZ", "UTC").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    for name in ["PGPASSWORD", "PGUSER", "PGHOST", "PGPORT", "PGSERVICE"] {
        command.env_remove(name);
    }
    command
}

/// Runs it to its end: the code and what it said.
pub fn ends(command: &mut Command) -> (i32, String) {
    let output = command.output().unwrap();
    (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&output.stderr).into_owned())
}

impl Shipping {
    pub fn start(command: &mut Command) -> Shipping {
        let mut child = command.spawn().unwrap();
        let (said, own) = (Arc::new(Mutex::new(String::new())), child.stderr.take().unwrap());
        let heard = Arc::clone(&said);
        let listener = std::thread::spawn(move || {
            for line in BufReader::new(own).lines().map_while(Result::ok) {
                heard.lock().unwrap().push_str(&(line + "\n"));
            }
        });
        Shipping { child, said, listener: Some(listener) }
    }

    /// As somebody who stops it; what it said.
    pub fn stop(mut self) -> String {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        self.child.wait().unwrap();
        self.said_at_last()
    }

    /// SIGKILL.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits until it has ended by itself: the code and what it said.
    pub fn ended(mut self) -> (i32, String) {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return (status.code().unwrap_or(-1), self.said_at_last());
            }
            assert!(begun.elapsed() < WITHIN, "it goes on");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// What it has said so far.
    pub fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    fn said_at_last(&mut self) -> String {
        self.listener.take().unwrap().join().unwrap();
        self.said()
    }
}

impl Drop for Shipping {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits for something.
#[track_caller]
pub fn comes(what: &str, is_there: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_there() {
        assert!(begun.elapsed() < WITHIN, "it does not come: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Every segment and history file in a folder, whole ones only.
pub fn whole(folder: &Path) -> Vec<String> {
    let names = crate::site::names(folder);
    let is_whole = |name: &String| matches!(FileName::parse(name), Some(FileName::Segment(_) | FileName::History(_)));
    names.into_iter().filter(is_whole).collect()
}

/// The unfinished segments in a folder.
pub fn partials(folder: &Path) -> Vec<SegmentName> {
    let parsed = |name: &String| match FileName::parse(name) {
        Some(FileName::Partial(name)) => Some(name),
        _ => None,
    };
    crate::site::names(folder).iter().filter_map(parsed).collect()
}

/// Any user may read what is there.
pub fn opened(folder: &Path) {
    for name in crate::site::names(folder) {
        fs::set_permissions(folder.join(name), fs::Permissions::from_mode(0o644)).unwrap();
    }
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Everything that is whole is what the server has under that name, and what is unfinished its beginning.
#[track_caller]
pub fn is_of(folder: &Path, wal: &[&Path]) {
    for name in whole(folder) {
        let own = fs::read(folder.join(&name)).unwrap();
        let there = wal.iter().find_map(|wal| fs::read(wal.join(&name)).ok());
        let Some(there) = there else { panic!("{name} is nowhere") };
        assert!(own == there, "{name} is another file");
    }
    for name in partials(folder) {
        let own = fs::read(folder.join(format!("{name}.partial"))).unwrap();
        let Some(there) = wal.iter().find_map(|wal| fs::read(wal.join(name.to_string())).ok()) else { continue };
        assert_eq!(own.len(), there.len(), "{name}.partial");
        let end = own.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        assert!(own[..end] == there[..end], "{name}.partial");
    }
}
