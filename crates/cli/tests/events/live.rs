//! A real server: what it was told to do is found, with transaction, outcome, names, rows and time of commit, and
//! nothing else.

use crate::blame::{blame, positions};
use crate::run::walproof;
use crate::told::{document, told};
use crate::top::top;
use crate::workload::{MASS, Workload};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};
use walproof_live::{Postgres, Server, gate};

/// The oldest server of which the tests know that all steps are possible.
const OLDEST: u32 = 12;
const STEPS: usize = 60;
const KINDS: [&str; 6] = ["create", "drop", "truncate", "rewrite", "delete", "update"];

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[test]
fn what_a_server_did_is_found_and_nothing_else() {
    let Some(postgres) = Postgres::find(OLDEST) else {
        return gate::lacks(&format!("no PostgreSQL {OLDEST} or later found"));
    };
    let (seeds, first) = (number("WALPROOF_SEEDS", 1), number("WALPROOF_FIRST", 1));
    for seed in first..first + seeds {
        eprintln!("seed {seed} with PostgreSQL {}", postgres.major());
        one(postgres.clone(), seed);
    }
}

fn one(postgres: Postgres, seed: u64) {
    let server =
        Server::start(postgres, "autovacuum = off\ntrack_commit_timestamp = on\nmax_prepared_transactions = 5\n")
            .unwrap();
    // What initdb did lies in the first segment, too (14, 16).
    let begin: u64 = server.sql("select txid_current()").unwrap().trim().parse().unwrap();
    let mut workload = Workload::new(&server, seed);
    for step in 0..STEPS {
        workload.step();
        // Not every page has its image behind a checkpoint again.
        if step % 20 == 13 {
            server.sql("checkpoint").unwrap();
        }
    }
    let mut expected = workload.expected;
    expected.sort();
    server.switch_and_archive().unwrap();
    let found = document(&server.archive(), &["--rows", &MASS.to_string()]);
    let mut told = told(&found, &KINDS);
    told.retain(|event| event.xid > begin);
    let (missing, invented): (Vec<_>, Vec<_>) = (
        expected.iter().filter(|event| !told.contains(event)).collect(),
        told.iter().filter(|event| !expected.contains(event)).collect(),
    );
    assert!(missing.is_empty() && invented.is_empty(), "seed {seed}: not told {missing:#?}, invented {invented:#?}");
    times_are_those_of_the_server(&server, &found);
    names_come_from_in_front_of_a_start(&server);
    transactions_are_those_of_the_server(&server);
    sums_are_those_of_the_server(&server);
    touches_are_those_of_pg_waldump(&server);
    images_packed_are_those_of_the_server(&server);
    checkpoints_farther_apart_are_those_of_the_server(&server);
}

/// What WAL begins with is of initdb, and is listed where that is asked for.
#[test]
fn initdb_is_left_out() {
    let Some(postgres) = Postgres::find(OLDEST) else {
        return gate::lacks(&format!("no PostgreSQL {OLDEST} or later found"));
    };
    // Of smaller segments, those that initdb filled are never archived.
    let server = Server::start_sized(postgres, 16, "autovacuum = off\n").unwrap();
    server.sql("create table public.own(id int)").unwrap();
    server.sql("drop table own").unwrap();
    server.switch_and_archive().unwrap();
    let wal = server.archive();
    let [own, all] = [&[][..], &["--initdb"]].map(|words| document(&wal, words));
    let events = |document: &Value| document["events"].as_array().unwrap().clone();
    let left_out = own["initdb"]["events"].as_u64().unwrap() as usize;
    assert!(all["initdb"].is_null() && left_out > 100, "{left_out}");
    assert_eq!(events(&all)[left_out..], events(&own));
    let last = &events(&all)[left_out - 1];
    assert_eq!((&last["kind"], &last["lsn"]), (&"shutdown".into(), &own["initdb"]["until_lsn"]));
    let kinds: Vec<String> = events(&own).iter().map(|event| event["kind"].as_str().unwrap().to_owned()).collect();
    assert!(kinds.contains(&"drop".to_owned()) && !kinds.contains(&"create-database".to_owned()), "{kinds:?}");
    assert!(events(&all).iter().any(|event| event["database"] == "template0"), "{all:#}");
    let text = walproof(&["events", wal.to_str().unwrap()]).out;
    assert!(text.contains(&format!("INITDB   {left_out} events of initdb")), "{text}");
}

/// A range begins behind where names are told, and inside of a transaction.
fn names_come_from_in_front_of_a_start(server: &Server) {
    let sql = |text: &str| server.sql(text).unwrap();
    sql("create table public.named(id int)");
    let running = "begin; insert into named values (1); \
                   do $$ begin while not exists(select from pg_class where relname = 'go') loop perform pg_sleep(0.02); end loop; end $$; \
                   insert into named values (2); commit;";
    let running = server.session(running).unwrap();
    let open = "select coalesce(max(backend_xid::text), '') from pg_stat_activity where pid <> pg_backend_pid()";
    let begun = Instant::now();
    let xid = loop {
        let xid = sql(open).trim().to_owned();
        if !xid.is_empty() {
            break xid;
        }
        assert!(begun.elapsed() < Duration::from_secs(60));
        sleep(Duration::from_millis(20));
    };
    let start = sql("select pg_switch_wal(); select pg_current_wal_lsn()").lines().last().unwrap().to_owned();
    sql("create table go()");
    running.finish().unwrap();
    sql("insert into named select generate_series(1, 2000); delete from named");
    server.switch_and_archive().unwrap();
    let archive = server.archive();
    for words in [&["txns"][..], &["top"], &["events", "--kind", "delete"]] {
        let ran = walproof(&[&words[..1], &[archive.to_str().unwrap(), "-s", &start], &words[1..]].concat());
        assert!(ran.code == 0 && ran.out.contains(".public.named ("), "{words:?}: {}{}", ran.out, ran.err);
    }
    let ran = walproof(&["txns", archive.to_str().unwrap(), "-s", &start, "-x", &xid]);
    assert!(ran.out.contains("it may have begun before what was read, of which nothing is counted"), "{}", ran.out);
    assert!(ran.out.contains("rows 1 inserted;"), "{}", ran.out);
    let ran = walproof(&["top", archive.to_str().unwrap(), "-s", &start, "--by", "xid"]);
    let row = ran.out.lines().find(|line| line.contains(&format!("  {xid}  committed")));
    assert!(row.is_some_and(|row| row.ends_with(", may have begun before what was read")), "{}", ran.out);
    sql("drop table go");
}

/// Of a transaction, a part of which is rolled back, a prepared one and one that is open: rows, names, bounds of time.
fn transactions_are_those_of_the_server(server: &Server) {
    server.sql("create table public.kept(id int primary key, note text); create table public.other(id int)").unwrap();
    let script = "begin; insert into kept select i, 'n' from generate_series(1, 100) i; savepoint a; \
                  delete from kept where id <= 40; rollback to a; savepoint b; update kept set note = 'm' where id <= 30; \
                  select 'x', txid_current(), clock_timestamp(); select pg_sleep(0.5); commit;";
    let long = server.session(script).unwrap();
    server.sql("select pg_sleep(0.2); insert into other values (1)").unwrap();
    let (said, complaints) = long.finish().unwrap();
    let xid = said.lines().find_map(|line| line.strip_prefix("x|")?.split('|').next()).expect(&complaints).to_owned();
    server.sql("begin; insert into other values (2); prepare transaction 'first'").unwrap();
    server.sql("begin; insert into other values (3); prepare transaction 'second'").unwrap();
    server.sql("commit prepared 'first'").unwrap();
    server.switch_and_archive().unwrap();
    let archive = server.archive();
    let txns = |more: &[&str]| -> serde_json::Value {
        let ran = walproof(&[&["txns", archive.to_str().unwrap(), "--format", "json"], more].concat());
        assert_eq!(ran.code, 0, "{}", ran.err);
        serde_json::from_str(&ran.out).unwrap()
    };
    let one = txns(&["-x", &xid]);
    let xact = &one["transactions"][0];
    let figures = ["inserted", "updated", "deleted"].map(|name| xact[name].as_u64().unwrap());
    assert_eq!((xact["outcome"].as_str(), figures), (Some("committed"), [100, 30, 0]), "{xact}");
    assert!(xact["begin_known"] == true && xact["seconds_least"].as_f64() > Some(0.1), "{xact}");
    let relations = xact["relations"].as_array().unwrap();
    let named = |name: &str| relations.iter().find(|relation| relation["name"] == name).unwrap();
    assert_eq!(named("postgres.public.kept")["inserted"], 100, "{xact}");
    assert!(named("postgres.public.kept_pkey")["kind"] == "index", "{xact}");
    // The part that was rolled back is one of its own.
    let part = txns(&["-R", "public.kept"]);
    let aborted = part["transactions"].as_array().unwrap().iter().find(|xact| xact["outcome"] == "aborted").unwrap();
    assert_eq!(aborted["deleted"], 40, "{part}");
    let other = txns(&["-R", "other"]);
    let by_name = |gid: &str| {
        let all = other["transactions"].as_array().unwrap();
        all.iter().find(|xact| xact["prepared"]["gid"] == gid).unwrap()["outcome"].as_str().unwrap().to_owned()
    };
    assert_eq!([by_name("first"), by_name("second")], ["committed", "prepared"]);
    server.sql("rollback prepared 'second'").unwrap();
}

fn times_are_those_of_the_server(server: &Server, found: &serde_json::Value) {
    let mut times: HashMap<u64, String> = HashMap::new();
    for event in found["events"].as_array().unwrap().iter().filter(|event| event["outcome"] == "committed") {
        let own = (event["xid"].as_u64().unwrap(), event["time"].as_str().unwrap().to_owned());
        times.insert(own.0, own.1);
    }
    let mut compared = 0;
    for (xid, time) in times {
        let said = server.sql(&format!(
            "select to_char(pg_xact_commit_timestamp('{xid}') at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
        ));
        let said = said.unwrap();
        // Of what was committed before the server began to keep times (initdb) it knows none.
        if !said.trim().is_empty() {
            assert_eq!(said.trim(), time, "{xid}");
            compared += 1;
        }
    }
    assert!(compared > 10, "{compared}");
}

/// By kind of record, as the server's own pg_waldump counts them; by relation and block, as the server tells them that
/// has a function for it (16 and later).
fn sums_are_those_of_the_server(server: &Server) {
    if server.postgres().major() >= 16 {
        server.sql("create extension pg_walinspect").unwrap();
    }
    // What the server is asked about itself must still be there.
    server.sql("select pg_create_physical_replication_slot('asked', true)").unwrap();
    let since = server.sql("select pg_current_wal_insert_lsn()").unwrap().trim().to_owned();
    server.sql("checkpoint; update kept set note = 'w'; create index on kept(note); select txid_current()").unwrap();
    server.switch_and_archive().unwrap();
    let archive = server.archive();
    let place = archive.to_str().unwrap();
    let whole = top(&[place, "--by", "record"]);
    // Up to the last record, behind which pg_waldump would look for a segment that is not there.
    let (from, to) = (whole["from_lsn"].as_str().unwrap(), whole["to_lsn"].as_str().unwrap());
    let found = top(&[place, "-e", to, "--by", "record"]);
    let postgres = server.postgres();
    let Some(program) = postgres.program("pg_waldump") else { return gate::lacks("no pg_waldump beside the server") };
    let mut dumped = Command::new(program);
    let out = dumped.args(["--stats=record", "-p"]).arg(&archive).args(["-s", from, "-e", to]).output().unwrap();
    let text = String::from_utf8(out.stdout).unwrap();
    let row = |line: &str| -> Option<(String, [u64; 3])> {
        let words: Vec<&str> = line.split_whitespace().filter(|word| *word != "(" && !word.ends_with(')')).collect();
        let [name, count, size, images, _] = words[..] else { return None };
        Some((name.to_owned(), [count.parse().ok()?, size.parse().ok()?, images.parse().ok()?]))
    };
    let dumped: BTreeMap<String, [u64; 3]> =
        text.lines().filter_map(row).filter(|(name, _)| name.contains('/')).collect();
    let own = found["by_record"]["groups"].as_array().unwrap().iter().map(|group| {
        let figure = |name: &str| group[name].as_u64().unwrap();
        let name = format!("{}/{}", group["rmgr"].as_str().unwrap(), group["record"].as_str().unwrap());
        (name, [figure("records"), figure("bytes") - figure("image_bytes"), figure("image_bytes")])
    });
    assert_eq!(own.collect::<BTreeMap<_, _>>(), dumped, "{text}");
    assert!(dumped.len() > 20, "{text}");
    if postgres.major() < 16 {
        return;
    }
    let said = server.sql(&format!(
        "with b as materialized (select *, row_number() over (partition by start_lsn order by block_id) as at,
           sum(block_data_length + block_fpi_length) over (partition by start_lsn) as parts
           from pg_get_wal_block_info('{since}', '{to}'))
         select concat_ws('/', reltablespace, reldatabase, relfilenode), relforknumber,
           sum(block_data_length + block_fpi_length + case when at = 1 then record_length - parts else 0 end),
           sum(block_fpi_length) from b group by 1, 2 order by 1, 2"
    ));
    let found = top(&[place, "-s", &since, "-e", to, "--by", "relation"]);
    let relations = found["by_relation"]["groups"].as_array().unwrap();
    let mut compared = 0;
    for line in said.unwrap().lines() {
        let [file, fork, bytes, images] = line.split('|').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let fork = ["main", "fsm", "vm", "init"][fork.parse::<usize>().unwrap()];
        let own = relations.iter().find(|group| group["file"] == file && group["fork"] == fork).unwrap();
        let figures = [own["bytes"].to_string(), own["image_bytes"].to_string()];
        assert_eq!(figures, [bytes, images], "{file} {fork}");
        compared += 1;
    }
    assert!(compared > 10 && compared <= relations.len(), "{compared}");
}

/// What images would be with another way of packing is what a server makes of them that packs so.
fn images_packed_are_those_of_the_server(server: &Server) {
    let methods = server.sql("select unnest(enumvals) from pg_settings where name = 'wal_compression'").unwrap();
    // Up to 14 it is on or off.
    let (methods, place) = (if methods.contains("lz4") { methods } else { "pglz".to_owned() }, server.archive());
    let position = || server.sql("select pg_current_wal_insert_lsn()").unwrap().trim().to_owned();
    for method in methods.lines().filter(|method| ["pglz", "lz4", "zstd"].contains(method)) {
        let setting = if methods == "pglz" { "on" } else { method };
        // Of all sessions, those that only ask included: they clean pages of catalogs.
        server.sql(&format!("alter system set wal_compression = {setting}")).unwrap();
        server.sql("select pg_reload_conf(); select pg_sleep(0.3)").unwrap();
        server.sql("checkpoint").unwrap();
        let start = position();
        server.sql("update pg_class set relpages = relpages + 1").unwrap();
        let end = position();
        server.switch_and_archive().unwrap();
        let asked = format!("compression={method}");
        let found = top(&[place.to_str().unwrap(), "-s", &start, "-e", &end, "--what-if", &asked]);
        let packed = &found["what_if"]["compression"];
        let bytes = ["images", "bytes", "packed_bytes", "plain_bytes"].map(|name| packed[name].as_u64().unwrap());
        assert!(bytes[0] > 10 && bytes[1] * 2 < bytes[3], "{method}: {packed}");
        // Another build of a library may choose otherwise; PostgreSQL's own way is the same to the byte.
        let most = if method == "pglz" { 0 } else { bytes[1] / 20 };
        assert!(bytes[1].abs_diff(bytes[2]) <= most, "{method}: {packed}");
    }
}

/// What WAL would be with checkpoints farther apart is what a server writes that has them so far apart.
fn checkpoints_farther_apart_are_those_of_the_server(server: &Server) {
    const ROUNDS: usize = 12;
    server.sql("alter system set wal_compression = off").unwrap();
    server.sql("select pg_reload_conf(); select pg_sleep(0.3)").unwrap();
    let archive = server.archive();
    // The same changes, with a checkpoint behind every so many rounds of them.
    let written = |each: usize, what_if: &[&str]| {
        server
            .sql("drop table if exists far; create table far(id int, n int, note text) with (fillfactor = 50)")
            .unwrap();
        server.sql("insert into far select i, 0, repeat('x', 300) from generate_series(1, 6000) i").unwrap();
        server.sql("create index on far(id)").unwrap();
        server.sql("checkpoint").unwrap();
        let start = server.sql("select pg_current_wal_insert_lsn()").unwrap().trim().to_owned();
        server.sql("checkpoint").unwrap();
        for round in 0..ROUNDS {
            let half = format!("update far set n = n + 1 where id % 40 in ({}, {})", round % 7, 7 + round % 5);
            server.sql(&half).unwrap();
            if (round + 1) % each == 0 {
                server.sql("checkpoint").unwrap();
            }
        }
        let end = server.sql("select pg_current_wal_insert_lsn()").unwrap().trim().to_owned();
        server.switch_and_archive().unwrap();
        top(&[&[archive.to_str().unwrap(), "-s", &start, "-e", &end], what_if].concat())
    };
    for each in [2, 3] {
        let asked = format!("checkpoint={each}x");
        let counted = written(1, &["--what-if", &asked])["what_if"]["checkpoint"].clone();
        let [wal, saved] = ["wal_bytes", "saved_bytes"].map(|name| counted[name].as_u64().unwrap());
        let [images, fewer] = ["images", "saved_images"].map(|name| counted[name].as_u64().unwrap());
        let rerun = written(each, &["--what-if", "checkpoint=1GB"])["what_if"]["checkpoint"].clone();
        let [really, kept] = ["wal_bytes", "images"].map(|name| rerun[name].as_u64().unwrap());
        assert!(fewer > 100 && saved > 0, "{counted}");
        let near = |foretold: u64, real: u64| foretold.abs_diff(real) * 20 <= real;
        assert!(near(wal - saved, really) && near(images - fewer, kept), "{each}: {counted} {rerun}");
    }
}

/// Of a table's block, the same records as the server's own pg_waldump lists; of a row, what was done to it.
fn touches_are_those_of_pg_waldump(server: &Server) {
    // Up to 14 it cannot be asked for a block.
    if server.postgres().major() < 15 {
        return;
    }
    server.sql("create table public.one(id int primary key, note text)").unwrap();
    server
        .sql("insert into one select i, 'a' from generate_series(1, 50) i; update one set note = 'b' where id < 20")
        .unwrap();
    server.sql("begin; delete from one where id = 30; rollback; select 1 from one where id = 31 for update").unwrap();
    server.sql("vacuum (freeze) one").unwrap();
    server.sql("delete from one where id = 32; update one set note = 'c' where id = 33").unwrap();
    let file = server.sql("select replace(pg_relation_filepath('one'), 'base/', '1663/')").unwrap().trim().to_owned();
    let row = server.sql("select split_part(trim(both '()' from ctid::text), ',', 2) from one where id = 33").unwrap();
    server.switch_and_archive().unwrap();
    let archive = server.archive();
    let place = archive.to_str().unwrap();
    let (touches, end) = blame(&[place, "public.one:0"]);
    assert_eq!(end["relations"][0]["file"], file, "{end}");
    let program = server.postgres().program("pg_waldump");
    let Some(program) = program else { return gate::lacks("no pg_waldump beside the server") };
    let mut command = Command::new(program);
    let range = ["-s", end["from_lsn"].as_str().unwrap(), "-e", end["to_lsn"].as_str().unwrap(), "-p"];
    let out = command.args(range).arg(&archive).args(["-R", &file, "-B", "0", "-F", "main"]).output().unwrap();
    let text = String::from_utf8(out.stdout).unwrap();
    let lsn = |line: &str| Some(line.split_once("lsn: ")?.1.split_once(',')?.0.to_owned());
    let padded = |lsn: String| lsn.split_once('/').map(|(high, low)| format!("{high}/{low:0>8}"));
    let dumped: Vec<String> = text.lines().filter_map(lsn).filter_map(padded).collect();
    assert_eq!(positions(&touches), dumped);
    assert!(touches.len() > 50, "{text}");
    let (history, _) = blame(&[place, &format!("one:0:{}", row.trim())]);
    let changes: Vec<&str> = history.iter().filter_map(|touch| touch["changes"][0]["change"].as_str()).collect();
    assert_eq!(changes, ["new_version"], "{history:?}");
}
