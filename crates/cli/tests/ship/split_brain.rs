//! Two servers of one cluster archive into one place: with `cp` the second one overwrites, with ours it is refused, at
//! the record where the two part. And those that may: a standby that archives always, and an old primary that returns.

use crate::live::{program, proven, started};
use crate::site::names;
use std::fs;
use std::path::Path;
use std::process::Command;
use walproof_live::{SecondServer, Server, gate};

const FAILED: &str = "select failed_count > 0 from pg_stat_archiver";

/// Writes rows of its own and ends the segment: its name.
fn writes(sql: impl Fn(&str) -> String, table: &str) -> String {
    sql(&format!("create table if not exists {table} (i int)"));
    sql(&format!("insert into {table} select generate_series(1, 5000)"));
    sql("select pg_walfile_name(pg_switch_wal())").trim().to_owned()
}

fn archives(server: &Server, command: &str) {
    server.sql(&format!("alter system set archive_command = '{command}'")).unwrap();
    server.sql("select pg_reload_conf()").unwrap();
}

fn archived(segment: &str) -> String {
    format!("select last_archived_wal >= '{segment}' from pg_stat_archiver")
}

#[test]
fn cp_overwrites_and_ours_refuses() {
    let Some(server) = started("") else { return };
    let ours = server.folder().join("ours");
    server.own_folder(&ours).unwrap();
    server.pgbench(&["-i", "-q"]).unwrap();
    server.switch_and_archive().unwrap();
    server.stop().unwrap();
    let second = server.twin("second", "").unwrap();
    server.restart_from_stop().unwrap();
    second.start().unwrap();
    let (one, two) = (|text: &str| server.sql(text).unwrap(), |text: &str| second.sql(text).unwrap());
    // As the manual has it.
    let segment = writes(one, "a");
    assert!(server.comes_to(&archived(&segment), "t").unwrap());
    let stored = || fs::read(server.archive().join(&segment)).unwrap();
    let before = stored();
    assert_eq!(writes(two, "b"), segment);
    assert!(second.comes_to(&archived(&segment), "t").unwrap());
    assert!(stored() != before, "cp has overwritten the first server's segment");
    // With ours.
    let push = format!("{} archive-push %p --to {}", program(&server).display(), ours.display());
    archives(&server, &push);
    second.sql(&format!("alter system set archive_command = '{push}'")).unwrap();
    second.sql("select pg_reload_conf()").unwrap();
    let segment = writes(one, "a");
    assert!(server.comes_to(&archived(&segment), "t").unwrap());
    let before = fs::read(ours.join(&segment)).unwrap();
    assert_eq!(writes(two, "b"), segment);
    assert!(second.comes_to(FAILED, "t").unwrap());
    assert!(fs::read(ours.join(&segment)).unwrap() == before, "nothing was replaced");
    let log = fs::read_to_string(server.folder().join("log")).unwrap();
    let said = log.lines().find(|line| line.starts_with("walproof: ") && line.contains(&segment));
    let said = said.unwrap_or_else(|| panic!("nothing is said of {segment}:\n{log}"));
    assert!(said.contains("is there already") && said.contains("it has other records from 0/"), "{said}");
    // The first one goes on.
    let next = writes(one, "a");
    assert!(server.comes_to(&archived(&next), "t").unwrap());
    proven(&ours);
}

#[test]
fn a_standby_that_archives_always_and_an_old_primary_that_returns() {
    let Some(server) = started("wal_level = replica\nmax_wal_senders = 5\nwal_log_hints = on\n") else { return };
    let ours = server.folder().join("ours");
    server.own_folder(&ours).unwrap();
    let push = format!("{} archive-push %p --to {}", program(&server).display(), ours.display());
    archives(&server, &push);
    server.pgbench(&["-i", "-q"]).unwrap();
    let always = format!("archive_mode = always\narchive_command = '{push}'\nhot_standby = on\n");
    let second = server.standby("second", &always).unwrap();
    // What was set by ALTER SYSTEM came along with the backup.
    second.start().unwrap();
    let (one, two) = (|text: &str| server.sql(text).unwrap(), |text: &str| second.sql(text).unwrap());
    for _ in 0..5 {
        let segment = writes(one, "a");
        assert!(server.comes_to(&archived(&segment), "t").unwrap());
        assert!(second.comes_to(&archived(&segment), "t").unwrap());
        // At restartpoints old files get new names, which 12 hands out.
        one("checkpoint");
        two("checkpoint");
    }
    let failed = "select failed_count from pg_stat_archiver";
    assert_eq!((one(failed).trim(), two(failed).trim()), ("0", "0"), "both archive the same into one place");
    proven(&ours);
    // The standby is promoted, and nobody told the primary.
    second.promote().unwrap();
    let segment = writes(two, "b");
    assert!(segment.starts_with("00000002"), "{segment}");
    assert!(second.comes_to(&archived(&segment), "t").unwrap());
    assert!(names(&ours).contains(&"00000002.history".to_owned()), "{:?}", names(&ours));
    proven(&ours);
    let left = writes(one, "a");
    assert!(server.comes_to(&archived(&left), "t").unwrap(), "what lies on the branch that was left is kept, too");
    assert!(left.starts_with("00000001"));
    let Some(rewind) = server.postgres().own_program("pg_rewind") else {
        gate::goes_without("no pg_rewind beside the server: an old primary that returns");
        return;
    };
    returns(&server, &second, &rewind);
    let segment = writes(two, "b");
    assert!(second.comes_to(&archived(&segment), "t").unwrap());
    let log = || fs::read_to_string(server.folder().join("log")).unwrap();
    assert!(server.comes_to(&archived(&segment), "t").unwrap(), "the old primary archives as a standby:\n{}", log());
    assert_eq!((one(failed).trim(), two(failed).trim()), ("0", "0"));
    proven(&ours);
}

/// The old primary is rewound and follows the new one.
fn returns(server: &Server, second: &SecondServer<'_>, program: &Path) {
    server.stop().unwrap();
    // Before its first checkpoint, its control file says the old timeline (up to 15), and nothing would be rewound.
    second.sql("checkpoint").unwrap();
    // What belongs to this server stays its own.
    let conf = server.data().join("postgresql.conf");
    let own = fs::read_to_string(&conf).unwrap();
    let auto = fs::read_to_string(server.data().join("postgresql.auto.conf")).unwrap();
    let mut rewind = Command::new(program);
    rewind.arg("--target-pgdata").arg(server.data());
    rewind.arg(format!("--source-server=host={} user=postgres dbname=postgres", second.folder().display()));
    server.tool(&mut rewind).unwrap();
    let put = |path: &Path, text: &str| fs::write(path, text).unwrap();
    put(&conf, &(own + "\narchive_mode = always\nhot_standby = on\n"));
    put(&server.data().join("postgresql.auto.conf"), &auto);
    server.follows(&server.data(), second.folder()).unwrap();
    server.restart_from_stop().unwrap();
}
