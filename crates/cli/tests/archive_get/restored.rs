//! Real restores, and what `verify --restored` says of the clusters that they left: those that ended where they should,
//! and those that ended early, unnoticed.

use super::live::Workload;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, UNIX_EPOCH};
use walproof_live::{RecoveryMode, gate};

/// A cluster that was restored, and the answer on it.
pub struct Left<'a> {
    workload: &'a Workload,
    data: PathBuf,
}

impl Left<'_> {
    /// Restores as a server does.
    fn by<'a>(workload: &'a Workload, name: &str, archive: &Path, settings: &[(&str, &str)]) -> Left<'a> {
        Left::of(workload, name, archive, RecoveryMode::Archive, settings)
    }

    pub fn of<'a>(
        workload: &'a Workload,
        name: &str,
        archive: &Path,
        mode: RecoveryMode,
        settings: &[(&str, &str)],
    ) -> Left<'a> {
        let data = workload.server.data().with_file_name(format!("restored-{name}"));
        workload.restore_to(archive, None, mode, settings, Some(&data));
        Left { workload, data }
    }

    pub fn remove(&self) {
        fs::remove_dir_all(&self.data).unwrap();
    }

    fn asked(&self, archive: &Path, options: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_walproof"));
        command.arg("verify").arg(archive).arg("--restored").arg(&self.data).args(options);
        command.args(["--format", "json"]).env("TZ", "UTC").output().unwrap()
    }

    /// Whoever names the folder above gets the verdict on the data directory itself: what its control file says counts,
    /// and segments that a server made ahead are none that are missing.
    fn is_one_of_each(&self) {
        let verify = |words: &[&Path]| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_walproof"));
            let output = command.arg("verify").args(words).env("TZ", "UTC").output().unwrap();
            (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
        };
        let above = self.data.with_file_name("each");
        fs::create_dir(&above).unwrap();
        let moved = above.join("one");
        fs::rename(&self.data, &moved).unwrap();
        let (alone, each) = (verify(&[&moved]), verify(&[Path::new("--each"), &above]));
        fs::rename(&moved, &self.data).unwrap();
        fs::remove_dir(&above).unwrap();
        assert_eq!((alone.0, each.0), (Some(0), Some(0)), "{}\n{}", alone.1, each.1);
    }

    /// What people are told.
    fn says(&self, archive: &Path, options: &[&str], lines: &[&str]) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_walproof"));
        command.arg("verify").arg(archive).arg("--restored").arg(&self.data).args(options).env("TZ", "UTC");
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        lines.iter().for_each(|line| assert!(said.contains(line), "{line}: {said}"));
    }

    /// How it ended, how many commits are missing, and the exit code.
    pub fn is(&self, archive: &Path, options: &[&str], ended: &str, missing: u64, exit: i32) -> Value {
        let output = self.asked(archive, options);
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        let document: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {said}"));
        let restored = &document["restored"];
        let commits = restored["missing"]["commits"].as_u64().unwrap_or(0);
        assert_eq!(
            (restored["ended"].as_str(), commits, output.status.code()),
            (Some(ended), missing, Some(exit)),
            "{options:?}: {restored:#} {:#}",
            document["findings"]
        );
        document
    }
}

/// Before the server that archived is promoted: each of six segments has one commit.
pub fn on_one_timeline(workload: &Workload) {
    let (whole, hole) = (workload.archive("seen-whole"), workload.archive("seen-hole"));
    fs::remove_file(hole.join(&workload.segments[3])).unwrap();
    let backup = workload.backup.to_str().unwrap();

    let left = Left::by(workload, "whole", &whole, &[]);
    // Its own backup_label says with what it began.
    left.is(&whole, &[], "right", 0, 0);
    left.is(&whole, &["--backup", backup], "right", 0, 0);
    left.is_one_of_each();
    // The archive lost a file since: that is the archive's fault.
    left.is(&hole, &[], "behind_archive", 0, 1);
    // The last segment is here as `ship` leaves it, and was taken by hand.
    let unfinished = workload.archive("seen-partial");
    let last = &workload.segments[5];
    fs::rename(unfinished.join(last), unfinished.join(format!("{last}.partial"))).unwrap();
    left.is(&unfinished, &[], "right", 0, 0);
    // What it archives itself from then on says nothing of where it should have ended.
    let own = workload.archive("seen-own");
    fs::copy(left.data.join("pg_wal/00000002.history"), own.join("00000002.history")).unwrap();
    left.is(&own, &[], "right", 0, 0);
    from_pg_controldata(&left, &whole, &own);

    let left = Left::by(workload, "hole", &hole, &[]);
    left.is(&whole, &[], "early", 3, 1);
    left.is(&hole, &[], "broken_off", 0, 1);

    let promote = [("recovery_target_name", "p3"), ("recovery_target_action", "promote")];
    let left = Left::by(workload, "target", &whole, &promote);
    // By its own settings, by the same in options, and by others.
    left.is(&whole, &[], "right", 0, 0);
    left.is(&whole, &["--target-name", "p3"], "right", 0, 0);
    left.is(&whole, &["--target-name", "p5"], "early", 2, 1);
    left.is(&whole, &["--target-name", "p2"], "behind_target", 0, 1);
    // No restore_command mends what a target of its own did.
    let meant = "recovery_target_name = 'p2' and recovery_target_timeline = '1' in its settings before the first start \
                 (it was restored with recovery_target_name = 'p3')";
    left.says(&whole, &["--target-name", "p2"], &["went on and ended at ", meant]);
    left.says(&whole, &["--target-name", "p5"], &["recovery_target_name = 'p5'", "restored with recovery_target_name"]);

    let shutdown = [("recovery_target_name", "p3"), ("recovery_target_action", "shutdown")];
    let left = Left::by(workload, "shutdown", &whole, &shutdown);
    left.is(&whole, &[], "right", 0, 0);
    left.is(&whole, &["--target-name", "p5"], "goes_on", 0, 2);
    // Nobody can be asked there.
    let stopped = [" stopped in recovery, at ", "start it again", "no server runs there"];
    left.says(&whole, &["--target-name", "p5"], &stopped);

    // A restore_command that takes unfinished segments, and what a server without it makes of the same archive.
    let ours = workload.ours(&unfinished, "--grace 0s --partial");
    let left = Left::by(workload, "unfinished", &unfinished, &[("restore_command", &ours)]);
    let document = left.is(&unfinished, &[], "right", 0, 0);
    assert_eq!(document["verdict"], "proven", "{document:#}");
    let left = Left::by(workload, "finished", &unfinished, &[]);
    left.is(&unfinished, &[], "right", 0, 0);

    // A backup that nobody started yet; and one whose start failed.
    let left = Left { workload, data: workload.backup.clone() };
    left.is(&whole, &["--backup", backup], "not_started", 0, 2);
    left.says(&whole, &["--backup", backup], &["was not started yet"]);
    let options = workload.backup.join("postmaster.opts");
    fs::write(&options, "/usr/bin/postgres\n").unwrap();
    left.is(&whole, &["--backup", backup], "not_started", 0, 2);
    left.says(&whole, &["--backup", backup], &["was started and did not begin to replay", "look into its log"]);
    fs::remove_file(&options).unwrap();
}

/// Of a data directory to which only its server gets: from its first checkpoint on it says on which timeline it is, and
/// the archive may say the rest.
fn from_pg_controldata(left: &Left<'_>, without: &Path, with_history: &Path) {
    let Some(program) = left.workload.server.postgres().own_program("pg_controldata") else {
        return gate::goes_without("this server has no pg_controldata beside it");
    };
    let printed = Command::new(program).arg("-D").arg(&left.data).env("LC_ALL", "C").output().unwrap();
    let backup = left.workload.backup.to_str().unwrap();
    for (archive, exits) in [(without, &[2][..]), (with_history, &[0, 2])] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_walproof"));
        command.arg("verify").arg(archive).args(["--restored", "-", "--backup", backup]).stdin(Stdio::piped());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), &printed.stdout).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(exits.contains(&output.status.code().unwrap()), "{}", String::from_utf8_lossy(&output.stdout));
    }
}

/// Behind a promotion, of which each of three segments of timeline 2 has one commit.
pub fn over_a_promotion(workload: &Workload, archive: &Path) {
    let left = Left::by(workload, "latest", archive, &[]);
    left.is(archive, &[], "right", 0, 0);
    let left = Left::by(workload, "stayed", archive, &[("recovery_target_timeline", "current")]);
    left.is(archive, &[], "right", 0, 0);
    let found = left.is(archive, &["--target-timeline", "latest"], "early", 3, 1);
    assert_eq!(found["restored"]["expected"]["timeline"], 2);
}

/// The primary went on archiving its timeline behind the point where the cluster left it: that is not missing.
pub fn the_archive_went_on(workload: &mut Workload) {
    let before = workload.archive("before");
    let left = Left::by(workload, "before", &before, &[]);
    left.is(&before, &[], "right", 0, 0);
    let data = left.data.clone();
    workload.write();
    let after = workload.archive("after");
    let left = Left { workload, data };
    let document = left.is(&after, &[], "archive_went_on", 0, 0);
    assert_eq!(document["restored"]["later"]["commits"], 1, "{:#}", document["restored"]);
    let output = Command::new(env!("CARGO_BIN_EXE_walproof"))
        .arg("verify")
        .arg(&after)
        .arg("--restored")
        .arg(&left.data)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    for line in [
        "PROVEN: the restored cluster came to where WAL ended when its history file was written, ",
        "the server takes writes on timeline 3",
    ] {
        assert!(said.contains(line), "{said}");
    }
    // A clock that stood before what the cluster itself replayed tells nothing.
    let history = fs::File::options().write(true).open(left.data.join("pg_wal/00000003.history")).unwrap();
    let written = history.metadata().unwrap().modified().unwrap();
    history.set_modified(UNIX_EPOCH + Duration::from_secs(946_684_800)).unwrap();
    left.is(&after, &[], "early", 1, 1);
    history.set_modified(written).unwrap();
    // A target is one that all of it was asked for.
    left.is(&after, &["--target-name", &format!("p{}", workload.segments.len())], "early", 1, 1);
    // What it should have found, and did not, is missing.
    fs::remove_file(before.join(&workload.segments[workload.segments.len() - 2])).unwrap();
    let left = Left::by(workload, "early", &before, &[]);
    left.is(&after, &[], "early", 2, 1);
}

/// Asks the server itself, where nobody else gets to its data directory; the answer as JSON, and the exit code.
pub fn by_its_server(workload: &Workload, archive: &Path, conninfo: &str) -> (Value, Option<i32>) {
    let psql = workload.server.postgres().program("psql").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_walproof"));
    // With which backup it began, its server says.
    command.arg("verify").arg(archive).args(["--restored", conninfo]);
    command.args(["--format", "json"]).env("TZ", "UTC").env("PATH", psql.parent().unwrap());
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let document: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {said}"));
    (document["restored"].clone(), output.status.code())
}

/// No verdict where no server answers, and the line to type instead.
#[test]
fn a_server_that_cannot_be_asked() {
    let made = super::archive::Made::new();
    let folder = made.at("programs");
    fs::create_dir(&folder).unwrap();
    let asked = |conninfo: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_walproof"));
        command.arg("verify").arg(made.at("archive")).args(["--restored", conninfo]).env("PATH", &folder);
        let output = command.output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, said) = asked("host=/nowhere user=postgres");
    assert!(code == Some(2) && said.contains("none in PATH; on the server's host: pg_controldata"), "{said}");
    let (code, said) = asked("postgresql://postgres:secret@host/db");
    assert!(code == Some(2) && said.contains("PGPASSFILE") && !said.contains("secret"), "{said}");
    let refuses = folder.join("psql");
    fs::write(&refuses, "#!/bin/sh\necho 'psql: error: connection refused' >&2\nexit 2\n").unwrap();
    fs::set_permissions(&refuses, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let (code, said) = asked("host=/nowhere user=postgres");
    assert!(code == Some(2) && said.contains("connection refused; on the server's host"), "{said}");
}
