//! `check` in front of pgBackRest's `archive-push`.

use crate::live::{program, proven};
use crate::site::names;
use std::fs;
use std::path::PathBuf;
use walproof_live::{Postgres, Server, gate};

/// The newest server that the distribution's 2.45 knows.
const NEWEST: u32 = 15;

fn pgbackrest() -> Option<(PathBuf, Postgres)> {
    let path = std::env::var_os("PATH")?;
    let found = std::env::split_paths(&path).map(|folder| folder.join("pgbackrest")).find(|program| program.is_file());
    let server = Postgres::find(13).filter(|server| server.major() <= NEWEST);
    if found.is_none() || server.is_none() {
        gate::lacks(&format!("no pgbackrest, or no PostgreSQL of 13 to {NEWEST}: check in front of its archive-push"));
    }
    found.zip(server)
}

#[test]
fn what_is_damaged_does_not_get_into_its_repository() {
    let Some((pgbackrest, postgres)) = pgbackrest() else { return };
    let server = Server::start(postgres, "max_wal_size = '8MB'\nmin_wal_size = '5MB'\n").unwrap();
    let folder = server.folder().join("backrest");
    for name in ["", "repo", "lock"] {
        server.own_folder(&folder.join(name)).unwrap();
    }
    let conf = folder.join("pgbackrest.conf");
    let text = format!(
        "[global]\nrepo1-path={0}/repo\nlock-path={0}/lock\nlog-level-file=off\ncompress-type=gz\n[main]\n\
         pg1-path={1}\npg1-socket-path={2}\npg1-user=postgres\n",
        folder.display(),
        server.data().display(),
        server.folder().display()
    );
    fs::write(&conf, text).unwrap();
    let stanza = format!("{} --config={} --stanza=main", pgbackrest.display(), conf.display());
    let mut create = std::process::Command::new("sh");
    server.tool(create.args(["-c", &format!("{stanza} stanza-create")])).unwrap();
    let own = program(&server);
    let command =
        format!("{} check %p --strict --state {}/passed && {stanza} archive-push %p", own.display(), folder.display());
    let archives = |command: &str| {
        server.sql(&format!("alter system set archive_command = '{command}'")).unwrap();
        server.sql("select pg_reload_conf()").unwrap();
    };
    archives(&command);
    server.pgbench(&["-i", "-q"]).unwrap();
    server.switch_and_archive().unwrap();
    let repo = folder.join("repo");
    proven(&repo);
    // A disk loses a bit before the segment is archived.
    archives("false");
    server.pgbench(&["-t", "300"]).unwrap();
    let bad = server.sql("select pg_walfile_name(pg_switch_wal())").unwrap().trim().to_owned();
    let path = server.data().join("pg_wal").join(&bad);
    let good = fs::read(&path).unwrap();
    let mut bytes = good.clone();
    bytes[20_000] ^= 1;
    fs::write(&path, &bytes).unwrap();
    archives(&command);
    let log = || fs::read_to_string(server.folder().join("log")).unwrap();
    let refused = format!("walproof: {bad} is refused: ");
    server.sql("create table later as select generate_series(1, 100) as i").unwrap();
    server.sql("select pg_switch_wal()").unwrap();
    for _ in 0..300 {
        if log().contains(&refused) {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    assert!(log().contains(&refused), "{}", log());
    let stored = || -> Vec<String> {
        let below = repo.join("archive/main");
        let id = fs::read_dir(below).unwrap().flatten().find(|entry| entry.path().is_dir()).unwrap().path();
        fs::read_dir(id).unwrap().flatten().filter(|e| e.path().is_dir()).flat_map(|e| names(&e.path())).collect()
    };
    assert!(!stored().iter().any(|name| name.starts_with(&bad)), "{:?}", stored());
    // The segment is whole again, and archiving goes on; a new segment wakes the archiver.
    fs::write(&path, &good).unwrap();
    server.switch_and_archive().unwrap();
    assert!(stored().iter().any(|name| name.starts_with(&bad)), "{:?}", stored());
    proven(&repo);
}
