//! The way back to before an event, given to a real server: what was lost is there again, the last commit that is kept
//! and the number of those that are lost are the ones foretold.
//!
//! - `WALPROOF_EVENTS`: so many events of a random workload, restored one after another.

use crate::run::walproof;
use crate::workload::{MASS, Workload};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};
use walproof_live::{LiveRecovery, Postgres, Random, RecoveryEnd, RecoveryMode, Server, Shape, Wal, gate};

const OLDEST: u32 = 12;
const SETTINGS: &str = "autovacuum = off\ntrack_commit_timestamp = on\nmax_prepared_transactions = 4\n";

fn found() -> Option<Postgres> {
    let found = Postgres::find(OLDEST).filter(|postgres| postgres.program("pg_basebackup").is_some());
    if found.is_none() {
        gate::lacks(&format!("no PostgreSQL {OLDEST} or later with pg_basebackup found"));
    }
    found
}

/// A setting with our own command.
const OURS: &str = "restore_command = 'walproof archive-get";

/// A server with a backup, and what happened behind it.
struct Disaster {
    server: Server,
    base: PathBuf,
    /// The first transaction behind the backup.
    first: u64,
}

impl Disaster {
    fn prepare(postgres: Postgres, sql: &[&str]) -> Disaster {
        let server = Server::start(postgres, SETTINGS).unwrap();
        sql.iter().for_each(|sql| drop(server.sql(sql).unwrap()));
        let base = server.archive().with_file_name("base");
        server.base_backup(&base, Shape::Plain, Wal::None, None).unwrap();
        let first = server.sql("select txid_current()").unwrap().trim().parse().unwrap();
        Disaster { server, base, first }
    }

    /// Transactions that are committed, as the server asked knows them: what is behind a savepoint has the time of the
    /// whole.
    fn commits(&self) -> String {
        let last = self.server.sql("select txid_current()").unwrap();
        format!(
            "(select count(distinct pg_xact_commit_timestamp(x::text::xid)) from generate_series({}, {}) x)",
            self.first,
            last.trim()
        )
    }

    /// Restores with the settings of an answer, and asks; the commits there are those foretold.
    fn restored(&self, answer: &Value, commits: &str, all: u64, question: &str) -> String {
        let target = &answer["before"]["target"];
        assert_eq!(target["verdict"], "proven", "{answer:#}");
        let settings = target["settings"].as_object().unwrap().iter();
        let mut settings: Vec<(String, String)> =
            settings.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect();
        // What is prepared holds its locks for as long as it is recovering.
        settings.iter_mut().filter(|(name, _)| name == "recovery_target_action").for_each(|(_, value)| {
            "promote".clone_into(value);
        });
        if let Some(command) = target["restore_command"].as_str().and_then(|line| line.strip_prefix(OURS)) {
            let program = self.server.archive().with_file_name("walproof");
            fs::copy(env!("CARGO_BIN_EXE_walproof"), &program).unwrap();
            fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
            let command = command.strip_suffix('\'').unwrap();
            settings.push(("restore_command".to_owned(), format!("{} archive-get{command}", program.display())));
        }
        let question = format!("select {commits} || '|' || ({question})");
        let archive = self.server.archive();
        let recovery = LiveRecovery {
            backup: &self.base,
            archive: &archive,
            settings: &settings,
            mode: RecoveryMode::Archive,
            question: &question,
            kept: None,
        };
        let seen = self.server.recover(&recovery).unwrap();
        assert_eq!(seen.ended, Some(RecoveryEnd::Promotes), "{seen:#?}");
        let (xid, _) = seen.last_commit.unwrap();
        assert_eq!(Some(xid), target["last_kept"]["xid"].as_u64(), "{target:#}");
        assert_eq!(target["restore"]["last_commit"]["xid"].as_u64(), Some(xid), "{target:#}");
        let said = seen.answer.unwrap_or_else(|| panic!("{:#?}", seen.log));
        let (kept, rest) = said.split_once('|').unwrap();
        let lost = all - kept.parse::<u64>().unwrap();
        assert_eq!(target["lost"]["commits"].as_u64(), Some(lost), "{target:#}");
        rest.to_owned()
    }
}

/// The answer of `events` to these words.
fn answer(archive: &Path, words: &[&str]) -> Value {
    let ran = walproof(&[&["events", archive.to_str().unwrap(), "--format", "json"], words].concat());
    assert_eq!(ran.code, 0, "{words:?}: {} {}", ran.err, ran.out);
    serde_json::from_str(&ran.out).unwrap()
}

/// What was in an unlogged relation no restore brings back; and nothing is rolled back while recovery goes on.
#[test]
fn what_a_way_back_does_not_bring() {
    let Some(postgres) = found() else { return };
    let made = "create unlogged table ul(i int); create table tolog(i int); create table victim(i int);
        insert into victim select generate_series(1, 100)";
    let disaster = Disaster::prepare(postgres, &[made]);
    let server = &disaster.server;
    for sql in [
        "alter table tolog set unlogged",
        "drop table ul",
        "drop table tolog",
        "begin; delete from victim; prepare transaction 'dp'",
        "commit prepared 'dp'",
        "create table logged(i int)",
        "drop table logged",
    ] {
        server.sql(sql).unwrap();
    }
    server.switch_and_archive().unwrap();
    let (archive, base) = (server.archive(), disaster.base.to_str().unwrap().to_owned());
    let asked = |words: &[&str]| {
        walproof(&[&["events", archive.to_str().unwrap(), "--backup", &base, "--before", "last"], words].concat()).out
    };
    for table in ["ul", "tolog"] {
        let text = asked(&["-R", table, "--kind", "drop"]);
        let told = format!("\nUNLOGGED postgres.public.{table} (");
        assert!(text.contains(&told) && text.contains(&format!("DROP  unlogged postgres.public.{table} (")), "{text}");
    }
    assert!(!asked(&["-R", "logged", "--kind", "drop"]).contains("UNLOGGED"));
    // What made it unlogged is what to get back before.
    assert!(!asked(&["-R", "tolog", "--kind", "rewrite"]).contains("UNLOGGED"));
    let text = asked(&["-R", "victim", "--kind", "delete", "--rows", "50"]);
    let then: Vec<&str> = text.lines().filter(|line| line.starts_with("THEN ")).collect();
    let is = |at: usize, what: &str| then.get(at).is_some_and(|line| line.contains(what));
    assert!(is(0, "ends recovery") && is(1, "behind the end of recovery") && is(1, "ROLLBACK PREPARED 'dp'"), "{text}");
}

#[test]
fn what_was_lost_is_there_again() {
    let Some(postgres) = found() else { return };
    let rows = |name: &str| format!("create table {name}(id int); insert into {name} select generate_series(1, 300)");
    let disaster = Disaster::prepare(
        postgres,
        &[
            &["dropped", "emptied", "deleted", "prepared"].map(rows).join("; "),
            "create table other(id int, note text)",
            "create database gone",
        ],
    );
    let server = &disaster.server;
    let sql = |text: &str| server.sql(text).unwrap();
    // One that is in flight at the first target, and commits behind it.
    let running = server.session(
        "begin; insert into other select i, 'in flight' from generate_series(1, 5) i;\n\
         do $$ begin while not exists(select from pg_class where relname = 'go') loop perform pg_sleep(0.02); end loop; end $$;\n\
         commit;\n",
    );
    let begun = Instant::now();
    while sql("select count(*) from pg_stat_activity where backend_xid is not null and pid <> pg_backend_pid()").trim()
        == "0"
    {
        assert!(begun.elapsed() < Duration::from_secs(60));
        sleep(Duration::from_millis(20));
    }
    sql("begin; drop table prepared; prepare transaction 'it''s gone'");
    sql("insert into other values (1, 'kept')");
    let dropped = sql("begin; select txid_current(); drop table dropped; commit");
    let dropped = dropped.trim();
    sql("create table go()");
    running.unwrap().finish().unwrap();
    sql("truncate emptied");
    sql("begin; drop table other; rollback");
    sql("delete from deleted where id > 50");
    sql("insert into other values (2, 'between')");
    sql("drop database gone");
    sql("insert into other values (3, 'between')");
    sql("commit prepared 'it''s gone'");
    sql("insert into other values (4, 'last')");
    let commits = disaster.commits();
    let all: u64 = sql(&format!("select {commits}")).trim().parse().unwrap();
    server.switch_and_archive().unwrap();
    let archive = server.archive();

    let way = answer(&archive, &["--before", dropped]);
    assert_eq!(disaster.restored(&way, &commits, all, "select count(*) from dropped"), "300");
    let in_flight = way["before"]["target"]["lost"]["in_flight"].as_array().unwrap();
    let told: Vec<(Option<u64>, &str, Option<&str>)> = in_flight
        .iter()
        .map(|own| {
            (own["rows"].as_u64(), own["relations"][0]["relation"].as_str().unwrap_or("?"), own["prepared"].as_str())
        })
        .collect();
    assert!(told.iter().any(|(rows, name, gid)| (*rows, *name, *gid) == (Some(5), "other", None)), "{in_flight:#?}");
    assert!(told.iter().any(|(_, _, gid)| *gid == Some("it's gone")), "{in_flight:#?}");

    let way = answer(&archive, &["--before", "last", "--kind", "truncate"]);
    assert_eq!(disaster.restored(&way, &commits, all, "select count(*) from emptied"), "300");
    let way = answer(&archive, &["--kind", "delete", "--rows", "200", "--before"]);
    assert_eq!(disaster.restored(&way, &commits, all, "select count(*) from deleted"), "300");
    // The database is whole again, and one may connect to it.
    let way = answer(&archive, &["--kind", "drop-database", "--before"]);
    assert_eq!(way["before"]["target"]["in_front_of"], "record");
    let question =
        "select datconnlimit || ' ' || (pg_database_size(oid) > 1000000) from pg_database where datname = 'gone'";
    assert_eq!(disaster.restored(&way, &commits, all, question), "-1 true");
    let prepared = answer(&archive, &["--kind", "drop", "-R", "prepared", "--before", "last"]);
    assert_eq!(prepared["before"]["prepared"], "it's gone");
    let question =
        "select count(*) || ' ' || (select count(*) from pg_prepared_xacts) from pg_class where relname = 'prepared'";
    assert_eq!(disaster.restored(&prepared, &commits, all, question), "1 1");
    // What was rolled back is there.
    let way = answer(&archive, &["--kind", "drop", "-R", "other", "--before"]);
    assert_eq!((&way["before"]["why_not"], &way["before"]["needed"]), (&"aborted".into(), &false.into()));
}

/// Every second segment lies elsewhere: the setting that is printed brings them all.
#[test]
fn several_places_are_one_way_back() {
    let Some(postgres) = found() else { return };
    let table = "create table gone(id int); insert into gone select generate_series(1, 300)";
    let disaster = Disaster::prepare(postgres, &[table]);
    let server = &disaster.server;
    for note in 0..4 {
        server.sql(&format!("create table note{note}(id int); select pg_switch_wal()")).unwrap();
    }
    server.sql("drop table gone").unwrap();
    server.sql("create table later(id int)").unwrap();
    let commits = disaster.commits();
    let all: u64 = server.sql(&format!("select {commits}")).unwrap().trim().parse().unwrap();
    server.switch_and_archive().unwrap();
    let archive = server.archive();
    let elsewhere = archive.with_file_name("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    let mut segments: Vec<PathBuf> = fs::read_dir(&archive).unwrap().map(|entry| entry.unwrap().path()).collect();
    segments.retain(|path| path.file_name().is_some_and(|name| name.len() == 24));
    segments.sort();
    assert!(segments.len() > 4, "{segments:?}");
    for path in segments.iter().skip(1).step_by(2) {
        fs::rename(path, elsewhere.join(path.file_name().unwrap())).unwrap();
    }
    let way = answer(&archive, &[elsewhere.to_str().unwrap(), "--kind", "drop", "-R", "gone", "--before"]);
    assert!(way["before"]["target"]["restore_command"].as_str().unwrap().starts_with(OURS), "{way:#}");
    assert_eq!(disaster.restored(&way, &commits, all, "select count(*) from gone"), "300");
}

#[test]
fn random_events_are_undone() {
    let Some(events) = std::env::var("WALPROOF_EVENTS").ok().and_then(|text| text.parse::<usize>().ok()) else {
        return gate::goes_without(
            "WALPROOF_EVENTS says how many random events are to be restored: cargo xtask long before",
        );
    };
    let Some(postgres) = found() else { return };
    let seed = std::env::var("WALPROOF_FIRST").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    let disaster = Disaster::prepare(postgres, &[]);
    let mut workload = Workload::new(&disaster.server, seed);
    (0..events.clamp(60, 300)).for_each(|_| workload.step());
    let commits = disaster.commits();
    let all: u64 = disaster.server.sql(&format!("select {commits}")).unwrap().trim().parse().unwrap();
    disaster.server.switch_and_archive().unwrap();
    let archive = disaster.server.archive();
    let known =
        answer(&archive, &["--rows", &MASS.to_string(), "--kind", "drop,truncate,rewrite,delete,update,create"]);
    let is_behind = |event: &&Value| {
        let is_file = event["relations"][0]["file"].is_string();
        event["undo_lsn"].is_string() && is_file && event["xid"].as_u64().is_some_and(|xid| xid > disaster.first)
    };
    let happened: Vec<&Value> = known["events"].as_array().unwrap().iter().filter(is_behind).collect();
    let mut random = Random::seeded(seed);
    for _ in 0..events {
        let event = *random.of(&happened).unwrap();
        let way = answer(&archive, &["--rows", &MASS.to_string(), "--before", event["end_lsn"].as_str().unwrap()]);
        let number = event["relations"][0]["file"].as_str().unwrap().rsplit('/').next().unwrap();
        let question = format!("select count(*) from pg_class where relfilenode = {number}");
        let said = disaster.restored(&way, &commits, all, &question);
        let there = u8::from(event["kind"] != "create");
        assert_eq!(said, there.to_string(), "seed {seed}: {event:#}");
        eprintln!("{} at {}: there again", event["kind"], event["end_lsn"]);
    }
}
