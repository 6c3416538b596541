//! Killed at any point, each command leaves nothing half under a last name, and the next one goes on.

use crate::server::StoreServer;
use crate::site::{CLUSTER, Site, is_whole, names, plain, rounds};
use crate::store::with_store;
use pgwal::format::Version;
use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use walproof_live::Random;

const ROUNDS: usize = 30;

fn site() -> Site {
    let version = Version::new(15, 0);
    Site::of(version, &plain(version, CLUSTER, 0))
}

/// Kills a command at a random point of the time that it takes.
struct Killer {
    random: Random,
    takes: Duration,
}

impl Killer {
    fn of(seed: u64, command: &mut Command) -> Killer {
        let begun = Instant::now();
        assert!(command.stdout(Stdio::null()).status().unwrap().success());
        Killer { random: Random::seeded(seed), takes: begun.elapsed() }
    }

    fn kills(&mut self, command: &mut Command) {
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let percent = self.random.below(120) as u32;
        std::thread::sleep(self.takes * percent / 100);
        // SIGKILL.
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

#[test]
fn archive_push_into_a_folder() {
    let site = site();
    let to = site.folder("to");
    let words = |file: &str| ["archive-push", file, "--to", "to", "--state", "state"].map(String::from);
    let command = |file: &str| site.command(&words(file).each_ref().map(String::as_str));
    let file = |round: usize| site.p(&format!("00000001000000000000000{}", 1 + round % 5));
    let mut killer = Killer::of(4, &mut command(&file(0)));
    for round in 0..rounds(ROUNDS) {
        if round % 5 == 0 {
            names(&to).iter().for_each(|file| fs::remove_file(to.join(file)).unwrap());
        }
        killer.kills(&mut command(&file(round)));
        is_whole(&site, &to);
        if round % 5 == 4 {
            for file in site.files() {
                let ran = site.run(&words(&site.p(&file)).each_ref().map(String::as_str));
                assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{file}");
            }
            assert_eq!(names(&to), site.files(), "nothing is left behind");
            is_whole(&site, &to);
        }
    }
}

#[test]
fn archive_push_into_a_store() {
    let site = site();
    let server = StoreServer::new([], 100);
    let to = "s3://b/wal";
    let file = |round: usize| format!("00000001000000000000000{}", 1 + round % 5);
    let command = |file: &str| with_store(&site, &server, &["archive-push", &site.p(file), "--to", to]);
    let mut killer = Killer::of(5, &mut command(&file(0)));
    for round in 0..rounds(ROUNDS) {
        if round % 5 == 0 {
            server.all().keys().for_each(|key| server.remove(key));
        }
        killer.kills(&mut command(&file(round)));
        // Nobody who was killed puts anything any more.
        for (key, bytes) in server.all() {
            let name = key.strip_prefix("wal/").unwrap();
            assert!(bytes == fs::read(site.path(&site.p(name))).unwrap(), "{key}");
        }
        let output = command(&file(round)).output().unwrap();
        assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
        assert!(server.holds(&format!("wal/{}", file(round))).is_some());
    }
}

#[test]
fn check_with_a_state_file() {
    let site = site();
    let file = |round: usize| site.p(&format!("00000001000000000000000{}", 1 + round % 5));
    let command = |file: &str| site.command(&["check", file, "--state", "passed", "--strict"]);
    let mut killer = Killer::of(6, &mut command(&file(0)));
    for round in 0..rounds(ROUNDS) {
        killer.kills(&mut command(&file(round)));
        let ran = site.run(&["check", &file(round), "--state", "passed", "--strict"]);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "the state file is whole");
    }
}

#[test]
fn archive_get() {
    let site = site();
    let file = |round: usize| format!("00000001000000000000000{}", 1 + round % 5);
    let command = |file: &str| {
        site.command(&["archive-get", file, "RECOVERYXLOG", "--from", site.path("pg_wal").to_str().unwrap()])
    };
    let mut killer = Killer::of(7, &mut command(&file(0)));
    let got = site.path("RECOVERYXLOG");
    for round in 0..rounds(ROUNDS) {
        // As a server does before each.
        let _ = fs::remove_file(&got);
        killer.kills(&mut command(&file(round)));
        let whole = fs::read(site.path(&site.p(&file(round)))).unwrap();
        assert!(fs::read(&got).map_or(true, |bytes| bytes == whole), "half a file at %p");
        assert!(command(&file(round)).status().unwrap().success());
        assert!(fs::read(&got).unwrap() == whole);
    }
}

#[test]
fn archive_prune() {
    let site = site();
    let archive = site.folder("archive");
    let fill = || {
        for file in site.files() {
            fs::copy(site.path(&site.p(&file)), archive.join(file)).unwrap();
        }
    };
    let words = ["archive-prune", "archive", "--keep-from", "000000010000000000000004", "--yes"];
    let kept = &site.files()[3..];
    fill();
    let mut killer = Killer::of(8, &mut site.command(&words));
    for _ in 0..rounds(ROUNDS) {
        fill();
        killer.kills(&mut site.command(&words));
        let left = names(&archive);
        assert!(site.files().ends_with(&left) && left.ends_with(kept), "what is oldest goes first: {left:?}");
        is_whole(&site, &archive);
        assert_eq!(site.run(&words).code, 0);
        assert_eq!(names(&archive), kept);
    }
}
