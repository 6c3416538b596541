//! Our restore_command inside of another tool's restore: pgBackRest backs up and restores, ours delivers the WAL, from
//! the tool's own repository.

use super::live::Workload;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use walproof_live::{RecoveryEnd, RestoredData, Server, gate};

/// The newest server that the distribution's 2.45 knows.
const NEWEST: u32 = 15;

/// A stanza of the server, beside it.
struct OwnStanza<'a> {
    server: &'a Server,
    program: PathBuf,
    folder: PathBuf,
}

impl<'a> OwnStanza<'a> {
    fn beside(server: &'a Server) -> Option<OwnStanza<'a>> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let program =
            std::env::split_paths(&path).map(|folder| folder.join("pgbackrest")).find(|found| found.is_file());
        let Some(program) = program else {
            gate::lacks("no pgbackrest in PATH");
            return None;
        };
        let folder = server.folder().join("pgbackrest");
        for name in ["", "repo", "lock"] {
            server.own_folder(&folder.join(name)).unwrap();
        }
        let shown = folder.display();
        let text = format!(
            "[global]\nrepo1-path={shown}/repo\nlock-path={shown}/lock\nlog-level-file=off\nstart-fast=y\n\
             compress-type=lz4\n[main]\npg1-path={}\npg1-socket-path={}\npg1-user=postgres\n",
            server.data().display(),
            server.folder().display()
        );
        fs::write(folder.join("pgbackrest.conf"), text).unwrap();
        Some(OwnStanza { server, program, folder })
    }

    fn command(&self) -> String {
        let conf = self.folder.join("pgbackrest.conf");
        format!("{} --config={} --stanza=main", self.program.display(), conf.display())
    }

    fn run(&self, words: &str) {
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("{} {words}", self.command())]);
        self.server.tool(&mut shell).unwrap();
    }
}

#[test]
fn a_restore_by_pgbackrest_takes_its_wal_from_ours() {
    let Some(workload) = Workload::run() else { return };
    let server = &workload.server;
    if server.postgres().major() > NEWEST {
        return gate::goes_without("the distribution's pgBackRest knows no server this new");
    }
    let Some(tool) = OwnStanza::beside(server) else { return };
    tool.run("stanza-create");
    server.configure(&format!("archive_command = '{} archive-push %p'", tool.command())).unwrap();
    server.restart().unwrap();
    tool.run("--type=full backup");
    let writes = || {
        server.sql("insert into t select 0, repeat('x', 500) from generate_series(1, 100)").unwrap();
        server.switch_and_archive().unwrap()
    };
    let segments: Vec<String> = (0..4).map(|_| writes()).collect();
    let restored = |grace: &str| {
        let into = server.folder().join("restored");
        server.own_folder(&into).unwrap();
        let ours =
            format!("{} archive-get %f \\\"%p\\\" --from {}/repo {grace}", workload.program(), tool.folder.display());
        tool.run(&format!("--pg1-path={} --recovery-option=restore_command=\"{ours}\" restore", into.display()));
        let conf = fs::read_to_string(into.join("postgresql.auto.conf")).unwrap();
        assert!(conf.contains("archive-get %f"), "{conf}");
        let (data, question) = (into.as_path(), "select count(*) from t");
        server.recover_restored(&RestoredData { data, settings: &[], question }).unwrap()
    };
    let seen = restored("");
    assert_eq!((seen.ended, seen.answer.as_deref()), (Some(RecoveryEnd::Promotes), Some("1000")), "{:#?}", seen.log);
    // pgBackRest's own archive-get answers 1 for it, and the server is promoted early.
    let archive = tool.folder.join("repo/archive/main").join(format!("{}-1", server.postgres().major()));
    let lost = fs::read_dir(archive.join(&segments[1][..16])).unwrap().map(|entry| entry.unwrap().path());
    let lost: Vec<PathBuf> = lost.filter(|path| path.to_str().unwrap().contains(&segments[1])).collect();
    fs::remove_file(&lost[0]).unwrap();
    let seen = restored("--grace 0s");
    assert_eq!(seen.ended, Some(RecoveryEnd::Fatal), "{:#?}", seen.log);
    let missing = format!("{} is missing, and {} behind it is here", segments[1], segments[2]);
    assert!(seen.commands.iter().any(|line| line.contains(&missing)), "{:?}", seen.commands);
}
