//! A real server restored with the server's own manner of copying and with ours, from the same archive: whole, with a
//! hole, damaged, and while it is still being written.

use pgwal::format::Lsn;
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use walproof_live::{LiveRecovery, Observed, Postgres, RecoveryEnd, RecoveryMode, Server, Shape, Wal, gate};

/// There is nothing that only these have; from 12 on settings are not in a file of their own.
const OLDEST: u32 = 12;

/// A server that was backed up and wrote rows, a hundred a segment.
pub struct Workload {
    pub server: Server,
    pub backup: PathBuf,
    program: PathBuf,
    /// Segments behind the backup, each with a hundred rows that were committed in it.
    pub segments: Vec<String>,
}

impl Workload {
    pub fn run() -> Option<Workload> {
        let found = Postgres::find(OLDEST)
            .filter(|postgres| ["psql", "pg_basebackup"].iter().all(|name| postgres.program(name).is_some()));
        let Some(postgres) = found else {
            assert!(std::env::var_os("WALPROOF_LIVE").is_none_or(|v| v != "1"), "WALPROOF_LIVE=1, and no PostgreSQL");
            gate::lacks(&format!("no PostgreSQL {OLDEST} or later with psql and pg_basebackup found"));
            return None;
        };
        eprintln!("running with PostgreSQL {} of {}", postgres.major(), postgres.bin().display());
        let server = Server::start(postgres, "wal_level = replica\nmax_wal_senders = 3\n").unwrap();
        let (backup, program) = (server.data().with_file_name("backup"), server.data().with_file_name("walproof"));
        fs::copy(env!("CARGO_BIN_EXE_walproof"), &program).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        server.sql("create table t(n int, filler text)").unwrap();
        server.base_backup(&backup, Shape::Plain, Wal::None, None).unwrap();
        let mut workload = Workload { server, backup, program, segments: Vec::new() };
        (0..6).for_each(|_| workload.write());
        Some(workload)
    }

    /// A hundred rows more, and the segment in which they are.
    pub fn write(&mut self) {
        let nth = self.segments.len() + 1;
        // Behind the commit: several statements in one call are one transaction.
        self.server.sql(&format!("insert into t select {nth}, repeat('x', 500) from generate_series(1, 100)")).unwrap();
        self.server.sql(&format!("select pg_create_restore_point('p{nth}')")).unwrap();
        self.segments.push(self.server.switch_and_archive().unwrap());
    }

    /// Our program, where the server's user may run it.
    pub fn program(&self) -> String {
        self.program.display().to_string()
    }

    /// A copy of the archive.
    pub fn archive(&self, name: &str) -> PathBuf {
        let to = self.server.data().with_file_name(format!("archive-{name}"));
        walproof_live::link(&self.server.archive(), &to).unwrap();
        to
    }

    pub fn ours(&self, archive: &Path, options: &str) -> String {
        format!("{} archive-get %f \"%p\" --from {} {options}", self.program.display(), archive.display())
    }

    /// Restores with `cp`, or with a command of its own.
    pub fn restore(
        &self,
        archive: &Path,
        command: Option<&str>,
        mode: RecoveryMode,
        more: &[(&str, &str)],
    ) -> Observed {
        self.restore_to(archive, command, mode, more, None)
    }

    pub fn restore_to(
        &self,
        archive: &Path,
        command: Option<&str>,
        mode: RecoveryMode,
        more: &[(&str, &str)],
        kept: Option<&Path>,
    ) -> Observed {
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let settings: Vec<(String, String)> = command
            .map(|command| ("restore_command", command))
            .into_iter()
            .chain(more.iter().copied())
            .map(owned)
            .collect();
        let question = "select count(*) from t";
        let backup = &self.backup;
        self.server.recover(&LiveRecovery { backup, archive, settings: &settings, mode, question, kept }).unwrap()
    }

    /// Writes over a file of a copy of the archive, which is linked to the archive's own.
    pub fn put(&self, archive: &Path, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let path = archive.join(name);
        let mut bytes = fs::read(&path).unwrap();
        change(&mut bytes);
        fs::remove_file(&path).unwrap();
        fs::write(&path, bytes).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    }
}

fn rows(seen: &Observed) -> u32 {
    seen.answer.as_ref().map_or(0, |answer| answer.trim().parse().unwrap())
}

/// What is foretold of a recovery with this command.
fn foretold(workload: &Workload, archive: &Path, command: &str, more: &[(&str, &str)]) -> Value {
    let mut foretold = Command::new(env!("CARGO_BIN_EXE_walproof"));
    foretold.arg("verify").arg(archive).arg("--backup").arg(&workload.backup).args(["--format", "json"]);
    for (name, value) in [("restore_command", command)].iter().chain(more) {
        foretold.arg("--set").arg(format!("{name}={value}"));
    }
    let output = foretold.output().unwrap();
    let mut document: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    document["restore"].take()
}

/// It comes true; the words in which its server dies, too.
fn comes_true(workload: &Workload, archive: &Path, command: &str, more: &[(&str, &str)], seen: &Observed) {
    let restore = foretold(workload, archive, command, more);
    assert_eq!(restore["outcome"].as_str(), seen.ended.map(RecoveryEnd::name), "{command} {more:?}: {restore:#}");
    if seen.ended == Some(RecoveryEnd::Fatal) {
        let (says, died) = (restore["server_says"].as_str().unwrap(), seen.died_of.as_deref().unwrap());
        assert!(died.ends_with(says), "{command} {more:?}: {says}, and the server: {died}");
    }
}

/// It stopped, and its log says why.
fn stopped(seen: &Observed, why: &str) {
    assert_eq!(seen.ended, Some(RecoveryEnd::Fatal), "{:#?}", seen.log);
    assert!(seen.died_of.as_ref().unwrap().contains("could not restore file"), "{:?}", seen.died_of);
    assert!(seen.commands.iter().any(|line| line.contains(why)), "{:?} says nothing of: {why}", seen.commands);
}

const ARCHIVE: RecoveryMode = RecoveryMode::Archive;

#[test]
fn restores_with_cp_and_with_ours() {
    let Some(mut workload) = Workload::run() else { return };
    whole(&workload);
    with_a_hole(&workload);
    damaged(&workload);
    while_it_is_written(&workload);
    with_options_that_decide(&workload);
    super::restored::on_one_timeline(&workload);
    over_a_promotion(&mut workload);
}

fn whole(workload: &Workload) {
    let archive = workload.archive("whole");
    let ours = workload.ours(&archive, "");
    for command in [None, Some(ours.as_str())] {
        let seen = workload.restore(&archive, command, ARCHIVE, &[]);
        assert_eq!((seen.ended, rows(&seen)), (Some(RecoveryEnd::Promotes), 600), "{command:?} {:#?}", seen.log);
        let aimed = [("recovery_target_name", "p3"), ("recovery_target_action", "promote")];
        let seen = workload.restore(&archive, command, ARCHIVE, &aimed);
        assert_eq!((seen.ended, rows(&seen)), (Some(RecoveryEnd::Promotes), 300), "{command:?} {:#?}", seen.log);
        assert!(seen.commands.iter().all(|line| line.is_empty()), "{:?}", seen.commands);
    }
    // A standby stays where it is.
    let seen = workload.restore(&archive, Some(&ours), RecoveryMode::Standby, &[]);
    assert_eq!((seen.ended, rows(&seen)), (Some(RecoveryEnd::Waits), 600), "{:#?}", seen.log);
}

fn with_a_hole(workload: &Workload) {
    let archive = workload.archive("hole");
    fs::remove_file(archive.join(&workload.segments[3])).unwrap();
    let early = workload.restore(&archive, None, ARCHIVE, &[]);
    assert_eq!((early.ended, rows(&early)), (Some(RecoveryEnd::Promotes), 300), "cp: {:#?}", early.log);
    let ours = workload.ours(&archive, "--grace 0s");
    let missing = format!("{} is missing, and {} behind it is here", workload.segments[3], workload.segments[4]);
    let seen = workload.restore(&archive, Some(&ours), ARCHIVE, &[]);
    stopped(&seen, &missing);
    comes_true(workload, &archive, &ours, &[], &seen);
    // A target makes it known that more was to come.
    let (aimed, plain) = ([("recovery_target_name", "p6")], workload.ours(&archive, ""));
    let seen = workload.restore(&archive, Some(&plain), ARCHIVE, &aimed);
    stopped(&seen, &missing);
    comes_true(workload, &archive, &plain, &aimed, &seen);
    // From 15 on a server reads ahead of its target, and asks for the file before it comes there.
    let aimed = [("recovery_target_name", "p3"), ("recovery_target_action", "promote")];
    comes_true(workload, &archive, &plain, &aimed, &workload.restore(&archive, Some(&plain), ARCHIVE, &aimed));
    let seen = workload.restore(&archive, Some(&ours), RecoveryMode::Standby, &[]);
    assert_eq!((seen.ended, rows(&seen)), (Some(RecoveryEnd::Waits), 300), "{:#?}", seen.log);
    assert!(seen.commands.iter().any(|line| line.contains(&missing)), "{:?}", seen.commands);
    let asked = workload.ours(&archive, "--on-hole end");
    let early = workload.restore(&archive, Some(&asked), ARCHIVE, &[]);
    assert_eq!((early.ended, rows(&early)), (Some(RecoveryEnd::Promotes), 300), "{:#?}", early.log);
    comes_true(workload, &archive, &asked, &[], &early);
}

fn damaged(workload: &Workload) {
    let archive = workload.archive("damaged");
    let ours = workload.ours(&archive, "--grace 0s");
    let name = &workload.segments[3];
    workload.put(&archive, name, |bytes| bytes[20_000] ^= 4);
    let early = workload.restore(&archive, None, ARCHIVE, &[]);
    assert_eq!((early.ended, rows(&early)), (Some(RecoveryEnd::Promotes), 300), "cp: {:#?}", early.log);
    let seen = workload.restore(&archive, Some(&ours), ARCHIVE, &[]);
    stopped(&seen, "(WP2");
    comes_true(workload, &archive, &ours, &[], &seen);
    workload.put(&archive, name, |bytes| bytes.truncate(300_000));
    let seen = workload.restore(&archive, Some(&ours), ARCHIVE, &[]);
    stopped(&seen, "(WP102)");
    comes_true(workload, &archive, &ours, &[], &seen);
}

/// A server that follows another one, until somebody says that this is enough.
fn while_it_is_written(workload: &Workload) {
    let archive = workload.archive("written");
    // `fast` ends it wherever it is: standby.rs has that.
    for (said, expected) in [("smart", 600), ("", 600)] {
        let late = archive.join(&workload.segments[5]);
        let held = fs::read(&late).unwrap();
        fs::remove_file(&late).unwrap();
        let trigger = archive.with_extension(format!("trigger{said}"));
        let ours = workload.ours(&archive, &format!("--wait --trigger {}", trigger.display()));
        let seen = std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(Duration::from_millis(1500));
                let new = late.with_extension("tmp");
                fs::write(&new, &held).unwrap();
                fs::set_permissions(&new, fs::Permissions::from_mode(0o644)).unwrap();
                fs::rename(&new, &late).unwrap();
                std::thread::sleep(Duration::from_millis(2500));
                fs::write(&trigger, said).unwrap();
                fs::set_permissions(&trigger, fs::Permissions::from_mode(0o644)).unwrap();
            });
            workload.restore(&archive, Some(&ours), ARCHIVE, &[])
        });
        assert_eq!((seen.ended, rows(&seen)), (Some(RecoveryEnd::Promotes), expected), "{said}: {:#?}", seen.log);
    }
}

/// `--partial` and `--wait` change how far a recovery goes, and whether it ends: foretold, and so.
fn with_options_that_decide(workload: &Workload) {
    let archive = workload.archive("unfinished");
    let last = &workload.segments[5];
    // Cut behind its commit, as `ship` and pg_receivewal leave it: records, and zeros up to the size of a segment.
    fs::rename(archive.join(last), archive.join(format!("{last}.partial"))).unwrap();
    for (options, expected) in [("--grace 0s", 500), ("--grace 0s --partial", 600)] {
        let ours = workload.ours(&archive, options);
        let seen = workload.restore(&archive, Some(&ours), ARCHIVE, &[]);
        assert_eq!((seen.ended, rows(&seen)), (Some(RecoveryEnd::Promotes), expected), "{options}: {:#?}", seen.log);
        comes_true(workload, &archive, &ours, &[], &seen);
        let ends = foretold(workload, &archive, &ours, &[])["replay_end"].as_str().map(str::parse::<Lsn>);
        let ended = seen.last_replay_lsn.as_deref().map(str::parse::<Lsn>);
        assert!(ends == ended && ends.is_some(), "{options}: {ends:?}, and the server {ended:?}");
    }
    // Without an end to its waiting, archive recovery is over once somebody says so, not before.
    let trigger = archive.with_extension("trigger");
    let begun = Instant::now();
    let patience = Duration::from_secs(5);
    for more in ["", "--partial"] {
        let _ = fs::remove_file(&trigger);
        let ours = workload.ours(&archive, &format!("--wait {more} --trigger {}", trigger.display()));
        let restore = foretold(workload, &archive, &ours, &[]);
        assert_eq!(restore["outcome"].as_str(), Some("waits"), "{more}: {restore:#}");
        let said = begun.elapsed() + patience;
        let seen = std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(patience);
                fs::write(&trigger, "smart").unwrap();
                fs::set_permissions(&trigger, fs::Permissions::from_mode(0o644)).unwrap();
            });
            workload.restore(&archive, Some(&ours), ARCHIVE, &[])
        });
        assert!(begun.elapsed() >= said, "{more}: it did not wait: {:#?}", seen.log);
        let expected = if more.is_empty() { 500 } else { 600 };
        assert_eq!((seen.ended, rows(&seen)), (Some(RecoveryEnd::Promotes), expected), "{more}: {:#?}", seen.log);
    }
    // One that gives up by itself promotes.
    let ours = workload.ours(&archive, "--wait --timeout 1s --grace 0s");
    let seen = workload.restore(&archive, Some(&ours), ARCHIVE, &[]);
    assert_eq!((seen.ended, rows(&seen)), (Some(RecoveryEnd::Promotes), 500), "{:#?}", seen.log);
    comes_true(workload, &archive, &ours, &[], &seen);
}

fn over_a_promotion(workload: &mut Workload) {
    workload.server.promote().unwrap();
    (0..3).for_each(|_| workload.write());
    let archive = workload.archive("promoted");
    let ours = workload.ours(&archive, "--grace 0s");
    let seen = workload.restore(&archive, Some(&ours), ARCHIVE, &[]);
    assert_eq!((seen.ended, rows(&seen)), (Some(RecoveryEnd::Promotes), 900), "{:#?}", seen.log);
    assert_eq!(seen.new_timeline, Some(3));
    super::restored::over_a_promotion(workload, &archive);
    // Without a word, a server replays what timeline 1 holds and no more.
    let first = fs::read_dir(&archive).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let first = first.filter(|name| name.len() == 24 && name.starts_with("00000002")).min().unwrap();
    fs::remove_file(archive.join(&first)).unwrap();
    let early = workload.restore(&archive, None, ARCHIVE, &[]);
    assert_eq!((early.ended, rows(&early) < 900), (Some(RecoveryEnd::Promotes), true), "cp: {:#?}", early.log);
    let seen = workload.restore(&archive, Some(&ours), ARCHIVE, &[]);
    stopped(&seen, &format!("{first} is missing"));
    comes_true(workload, &archive, &ours, &[], &seen);
    // Whoever stays on timeline 1 finds its end.
    let stays = [("recovery_target_timeline", "current")];
    let seen = workload.restore(&archive, Some(&ours), ARCHIVE, &stays);
    assert_eq!((seen.ended, rows(&seen)), (Some(RecoveryEnd::Promotes), 600), "{:#?}", seen.log);
    super::restored::the_archive_went_on(workload);
}
