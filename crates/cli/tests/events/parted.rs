//! `walproof diverge`: two servers of one cluster that went on by themselves, against what the servers and `pg_rewind`
//! say of it.

use crate::run::walproof;
use pgwal::format::{Align, Endian, Layout, PageSize, SegmentNo, SegmentSize, TimelineId, Version};
use pgwal_craft::{Builder, Opening};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Command;
use walproof_live::{Postgres, SecondServer, Server, gate};

/// The oldest server that the second one can follow without `recovery.conf`.
const OLDEST: u32 = 12;

fn started(settings: &str) -> Option<Server> {
    let Some(postgres) = Postgres::find(OLDEST) else {
        gate::lacks(&format!("no PostgreSQL {OLDEST} or later found"));
        return None;
    };
    let kept = if postgres.major() < 13 { "wal_keep_segments = 64" } else { "wal_keep_size = '64MB'" };
    // What is committed is what the test commits.
    Some(Server::start(postgres, &format!("autovacuum = off\nmax_wal_senders = 5\n{kept}\n{settings}")).unwrap())
}

fn document(words: &[&str], code: i32) -> Value {
    let ran = walproof(&[&["diverge"], words, &["--format", "json"]].concat());
    assert_eq!(ran.code, code, "{}{}", ran.out, ran.err);
    serde_json::from_str(&ran.out).unwrap()
}

/// Commits so many transactions of so many rows.
fn writes(sql: impl Fn(&str) -> String, table: &str, transactions: u64, rows: u64) {
    for _ in 0..transactions {
        sql(&format!("insert into {table} select generate_series(1, {rows})"));
    }
}

/// The commits and the rows inserted into a table that a side has behind the fork.
fn behind(side: &Value, table: &str) -> (u64, u64) {
    let relations = side["behind"]["relations"].as_array().unwrap();
    let of = |relation: &&Value| relation["name"].as_str().is_some_and(|name| name.ends_with(table));
    let rows = relations.iter().filter(of).map(|relation| relation["rows"]["inserted"].as_u64().unwrap()).sum();
    (side["behind"]["committed"].as_u64().unwrap(), rows)
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn two_servers_on_one_timeline_have_parted_as_well() {
    let Some(server) = started("") else { return };
    server.sql("create table a (i int)").unwrap();
    server.sql("create table b (i int)").unwrap();
    server.stop().unwrap();
    let second = server.twin("second", "").unwrap();
    let (own, other) = (server.data(), second.data());
    // So far they are the same.
    let same = document(&[path(&own), path(&other)], 0);
    assert_eq!((&same["meeting"], &same["a"]["behind"]["committed"]), (&Value::from("same"), &Value::from(0)));
    server.restart_from_stop().unwrap();
    let sql = |text: &str| server.sql(text).unwrap();
    writes(sql, "a", 3, 10);
    server.stop().unwrap();
    // One goes on where the other stopped.
    let ahead = document(&[path(&own), path(&other)], 0);
    assert_eq!((ahead["meeting"].as_str(), behind(&ahead["a"], "a")), (Some("a_ahead"), (3, 30)));
    assert_eq!(ahead["b"]["behind"]["committed"], 0);
    second.start().unwrap();
    writes(|text| second.sql(text).unwrap(), "b", 5, 7);
    let parted = document(&[path(&own), path(&other)], 1);
    assert_eq!((parted["meeting"].as_str(), parted["one_timeline_number"].as_bool()), (Some("apart"), Some(true)));
    assert_eq!((behind(&parted["a"], "a"), behind(&parted["b"], "b")), ((3, 30), (5, 35)), "{parted:#}");
    assert_eq!(parted["certain"], true);
    for side in ["a", "b"] {
        assert!(parted[side]["pg_rewind"]["hindrances"].as_array().unwrap().contains(&"one_timeline".into()));
    }
    // The other way round it is the same.
    let turned = document(&[path(&other), path(&own)], 1);
    assert_eq!((&turned["fork_lsn"], &turned["b"]["behind"]), (&parted["fork_lsn"], &parted["a"]["behind"]));
    let ran = walproof(&["diverge", path(&own), path(&other)]);
    assert!(ran.out.contains("ONE NUMBER") && ran.out.contains("BEHIND A 3 commits"), "{}", ran.out);
}

/// A standby that was promoted while its primary went on.
fn promoted(server: &Server) -> SecondServer<'_> {
    server.sql("create table a (i int)").unwrap();
    server.sql("create table b (i int)").unwrap();
    let second = server.standby("second", "").unwrap();
    second.start().unwrap();
    writes(|text| server.sql(text).unwrap(), "a", 2, 10);
    let at = server.sql("checkpoint; select pg_current_wal_lsn()").unwrap();
    let there = format!("select pg_last_wal_replay_lsn() >= '{}'", at.trim());
    assert!(second.comes_to(&there, "t").unwrap());
    second.promote().unwrap();
    writes(|text| server.sql(text).unwrap(), "a", 4, 100);
    writes(|text| second.sql(text).unwrap(), "b", 6, 20);
    second.sql("checkpoint").unwrap();
    server.stop().unwrap();
    second
}

/// What `pg_rewind` says; `Err`: it refuses.
fn rewound(server: &Server, second: &SecondServer<'_>) -> Option<Result<String, String>> {
    let program = server.postgres().own_program("pg_rewind")?;
    // It says it on standard error.
    let mut rewind = Command::new("sh");
    rewind.args(["-c", "exec \"$0\" \"$@\" 2>&1"]).arg(program).arg("--target-pgdata").arg(server.data());
    rewind.arg(format!("--source-server=host={} user=postgres dbname=postgres", second.folder().display()));
    rewind.arg("--dry-run").env("LC_ALL", "C");
    Some(server.tool(&mut rewind).map_err(|error| error.to_string()))
}

#[test]
fn a_promotion_beside_a_primary_that_goes_on() {
    let Some(server) = started("wal_log_hints = on\n") else { return };
    let second = promoted(&server);
    let parted = document(&[path(&server.data()), path(&second.data())], 1);
    assert_eq!((behind(&parted["a"], "a"), behind(&parted["b"], "b")), ((4, 400), (6, 120)), "{parted:#}");
    // An archive into which both went: each is read along the timeline of its own directory.
    let both = server.data().with_file_name("both");
    fs::create_dir(&both).unwrap();
    for data in [server.data(), second.data()] {
        for file in fs::read_dir(data.join("pg_wal")).unwrap() {
            let file = file.unwrap().path();
            let name = file.file_name().unwrap().to_str().unwrap();
            if file.is_file() && !both.join(name).exists() {
                fs::copy(&file, both.join(name)).unwrap();
            }
        }
    }
    let (own, other, both) = (server.data(), second.data(), path(&both));
    let with = document(&[path(&own), path(&other), "--from-a", both, "--from-b", both], 1);
    assert_eq!((behind(&with["a"], "a"), behind(&with["b"], "b")), ((4, 400), (6, 120)), "{with:#}");
    assert_eq!(with["fork_lsn"], parted["fork_lsn"]);
    let history = fs::read_to_string(second.data().join("pg_wal/00000002.history")).unwrap();
    let fork = history.split_whitespace().nth(1).unwrap();
    let found = parted["last_common"]["end_lsn"].as_str().unwrap();
    assert_eq!(unpadded(found), fork, "{parted:#}");
    let rewind = &parted["a"]["pg_rewind"];
    assert_eq!((&rewind["possible"], &rewind["hints_logged"]), (&Value::from(true), &Value::from(true)), "{rewind}");
    // A backup of the other line names nothing of this one.
    if let Some(program) = server.postgres().program("pg_basebackup") {
        let base = server.data().with_file_name("of-second");
        let mut backup = Command::new(program);
        backup.arg("-h").arg(second.folder()).args(["-U", "postgres", "-X", "none", "-c", "fast", "-D"]).arg(&base);
        server.tool(&mut backup).unwrap();
        let own = walproof(&["txns", path(&server.data()), "--backup", path(&base)]);
        assert!(own.code == 2 && own.err.contains("not on the way that is read"), "{}{}", own.out, own.err);
        let other = walproof(&["txns", path(&second.data()), "--backup", path(&base)]);
        assert!(other.code == 0 && other.out.contains("postgres.public.b ("), "{}{}", other.out, other.err);
        // Nor of the timeline that it comes from, where that is asked for in the same archive.
        let wal = second.data().join("pg_wal");
        let own = walproof(&["txns", path(&wal), "-t", "1", "--backup", path(&base)]);
        assert!(own.code == 2 && own.err.contains("not on the way that is read"), "{}{}", own.out, own.err);
        let latest = walproof(&["txns", path(&wal), "--backup", path(&base)]);
        assert!(latest.code == 0 && latest.out.contains("postgres.public.b ("), "{}{}", latest.out, latest.err);
    } else {
        gate::goes_without("no pg_basebackup: a backup of the other line");
    }
    // An archive has no control file, and the records say it.
    let archive = document(&[path(&server.data().join("pg_wal")), path(&second.data().join("pg_wal"))], 1);
    assert_eq!(archive["fork_lsn"], parted["fork_lsn"]);
    match rewound(&server, &second) {
        None => gate::goes_without("no pg_rewind beside the server: whether it does as foretold"),
        Some(said) => {
            let said = said.unwrap_or_else(|error| panic!("it was to be possible: {error}"));
            let at = unpadded(rewind["checkpoint"]["lsn"].as_str().unwrap());
            assert!(said.contains(&format!("from last common checkpoint at {at} ")), "{at}: {said}");
        }
    }
}

#[test]
fn without_hints_in_wal_a_rewind_is_refused() {
    let Some(server) = started("") else { return };
    let checksums = server.sql("show data_checksums").unwrap();
    let second = promoted(&server);
    let parted = document(&[path(&server.data()), path(&second.data())], 1);
    let rewind = &parted["a"]["pg_rewind"];
    let possible = checksums.trim() == "on";
    assert_eq!(rewind["possible"].as_bool(), Some(possible), "{rewind}");
    let text = walproof(&["diverge", path(&server.data()), path(&second.data())]).out;
    let said = text.lines().find(|line| line.starts_with("REWIND A ")).unwrap_or_else(|| panic!("{text}"));
    // Where it refuses, nothing is said that would help if it did not.
    assert_eq!(said.contains("; take a new base backup of B in the place of A"), !possible, "{said}");
    assert!(possible || !said.contains("-c"), "{said}");
    match rewound(&server, &second) {
        None => gate::goes_without("no pg_rewind beside the server: whether it refuses"),
        Some(said) => assert_eq!(said.is_ok(), possible, "{said:?}"),
    }
}

/// As servers write positions.
fn unpadded(lsn: &str) -> String {
    let (high, low) = lsn.split_once('/').unwrap();
    let low = low.trim_start_matches('0');
    format!("{high}/{}", if low.is_empty() { "0" } else { low })
}

#[test]
fn what_has_nothing_in_common() {
    let (good, other) = (crate::run::testdata("demo/good"), crate::run::testdata("13/archive"));
    let foreign = document(&[&good, &other], 2);
    assert_eq!(foreign["meeting"], "foreign");
    let same = document(&[&good, &good], 0);
    assert_eq!((&same["meeting"], &same["fork_lsn"]), (&"same".into(), &same["a"]["range"]["to_lsn"]));
    // Of one archive with three timelines, the first and the last: nobody wrote on behind the fork.
    let three = crate::run::testdata("15/archive");
    let ahead = document(&[&three, "--timelines", "1,3"], 0);
    assert_eq!((ahead["meeting"].as_str(), &ahead["fork_lsn"]), (Some("b_ahead"), &ahead["a"]["range"]["to_lsn"]));
    assert!(ahead["b"]["behind"]["committed"].as_u64().unwrap() > 0 && ahead["b"]["pg_rewind"].is_null());
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(walproof(&["diverge", &good, path(folder.path())]).code, 2);
    assert_eq!(walproof(&["diverge", &good]).code, 2);
}

#[test]
fn what_a_side_lacks_parts_nothing() {
    let (whole, holed) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for file in fs::read_dir(crate::run::testdata("13/archive")).unwrap() {
        let file = file.unwrap();
        let name = file.file_name().into_string().unwrap();
        if name.starts_with("00000001000000000000005") {
            fs::copy(file.path(), whole.path().join(&name)).unwrap();
            if !name.starts_with("00000001000000000000005B") {
                fs::copy(file.path(), holed.path().join(&name)).unwrap();
            }
        }
    }
    let lacks = document(&[path(whole.path()), path(holed.path())], 1);
    assert_eq!(lacks["meeting"], "same", "{lacks:#}");
    assert_eq!((lacks["a"]["complete"].as_bool(), lacks["b"]["complete"].as_bool()), (Some(true), Some(false)));
}

/// WAL of 15 that ends in its second segment.
fn begun() -> Builder {
    let dialect = Version::new(15, 0).dialect().unwrap();
    let (segment, page) = (SegmentSize::new(1 << 20).unwrap(), PageSize::DEFAULT);
    let layout = Layout { dialect, align: Align::Eight, endian: Endian::Little, segment, page };
    let mut wal = Builder::new(layout, TimelineId(1), 7_000_000_000_000_000_001, SegmentNo(1));
    wal.checkpoint_shutdown();
    for n in 0..150 {
        wal.filler(9_000 + n);
    }
    wal
}

/// What an old primary wrote last lies in a file that no server reads.
#[test]
fn an_unfinished_segment_is_the_last_wal_of_a_side() {
    let folder = tempfile::tempdir().unwrap();
    let [old, new] = ["old", "new"].map(|name| folder.path().join(name));
    [&old, &new].into_iter().for_each(|place| fs::create_dir(place).unwrap());
    let mut wal = begun();
    let fork = wal.position();
    wal.commit(700, 0);
    wal.finish().write_to(&old).unwrap();
    let last = "000000010000000000000002";
    let unfinished = format!("{last}.partial");
    fs::rename(old.join(last), old.join(&unfinished)).unwrap();
    let mut wal = begun();
    wal.timeline_switch_leaving(TimelineId(2), Opening::EndOfRecovery, &[500, 600]);
    for n in 0..200 {
        wal.filler(9_000 + n);
    }
    wal.switch();
    wal.finish().write_to(&new).unwrap();
    let told = document(&[path(&old), path(&new)], 1);
    assert_eq!((&told["meeting"], told["fork_lsn"].as_str()), (&"apart".into(), Some(&*fork.to_string())), "{told:#}");
    assert_eq!(told["a"]["unfinished"], serde_json::json!([unfinished]));
    assert_eq!((&told["a"]["behind"]["committed"], &told["b"]["behind"]["committed"]), (&1.into(), &0.into()));
    // That of the timeline which the other one left is no WAL of its way.
    assert!(new.join(&unfinished).exists());
    assert_eq!(told["b"]["unfinished"], serde_json::json!([]));
    let text = walproof(&["diverge", path(&old), path(&new)]).out;
    assert!(text.contains(&format!("{unfinished} is read as the last WAL of its timeline")), "{text}");
    assert!(text.contains("BEHIND A 1 commit"), "{text}");
    // Nothing is said to be read of one in which there is no record.
    let kept = fs::read(old.join(&unfinished)).unwrap();
    for content in [vec![0; kept.len()], vec![7; kept.len()], Vec::new()] {
        fs::write(old.join(&unfinished), content).unwrap();
        let ran = walproof(&["diverge", path(&old), path(&new), "--format", "json"]);
        let told: Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!(told["a"]["unfinished"], serde_json::json!([]), "{told:#}");
        assert!(!walproof(&["diverge", path(&old), path(&new)]).out.contains("is read as the last WAL"));
    }
    fs::write(old.join(&unfinished), kept).unwrap();
    // Alone it is WAL enough.
    fs::remove_file(old.join("000000010000000000000001")).unwrap();
    assert_eq!(document(&[path(&old), path(&new)], 1)["a"]["behind"]["committed"], 1);
}

/// A side may lie in several places, each with a part of it.
#[test]
fn a_side_of_several_places() {
    let folder = tempfile::tempdir().unwrap();
    let [old, rest, new] = ["old", "rest", "new"].map(|name| folder.path().join(name));
    [&old, &rest, &new].into_iter().for_each(|place| fs::create_dir(place).unwrap());
    let mut wal = begun();
    wal.commit(700, 0);
    wal.finish().write_to(&old).unwrap();
    begun().finish().write_to(&new).unwrap();
    let whole = document(&[path(&old), path(&new)], 0);
    assert_eq!((&whole["meeting"], &whole["a"]["behind"]["committed"]), (&"a_ahead".into(), &1.into()), "{whole:#}");
    // The end lies elsewhere, and of the beginning there is a damaged copy in front.
    let [first, last] = ["000000010000000000000001", "000000010000000000000002"];
    fs::rename(old.join(last), rest.join(last)).unwrap();
    let mut bytes = fs::read(old.join(first)).unwrap();
    fs::write(rest.join(first), &bytes).unwrap();
    bytes[500_000] ^= 1;
    fs::write(old.join(first), &bytes).unwrap();
    for words in [[path(&old), path(&new), "--from-a", path(&rest)], [path(&new), path(&old), "--from-b", path(&rest)]]
    {
        let told = document(&words, 0);
        let side = if words[2] == "--from-a" { "a" } else { "b" };
        assert_eq!(told["meeting"], format!("{side}_ahead"), "{told:#}");
        assert_eq!((&told[side]["behind"], &told["fork_lsn"]), (&whole["a"]["behind"], &whole["fork_lsn"]));
        let place = told[side]["place"].as_str().unwrap();
        assert!(place.contains(path(&old)) && place.contains(path(&rest)), "{place}");
    }
    // Without the other place, it is damaged and ends early.
    assert_eq!(document(&[path(&old), path(&new)], 1)["meeting"], "b_ahead");
    assert_eq!(walproof(&["diverge", path(&old), "--timelines", "1,1", "--from-b", path(&rest)]).code, 2);
}

/// Without a record that both have, their histories say where they part.
#[test]
fn histories_tell_where_there_is_no_wal_of_both() {
    let folder = tempfile::tempdir().unwrap();
    let [all, old, new] = ["all", "old", "new"].map(|name| folder.path().join(name));
    let mut wal = begun();
    let fork = wal.position();
    wal.timeline_switch_leaving(TimelineId(2), Opening::EndOfRecovery, &[500, 600]);
    for n in 0..200 {
        wal.filler(9_000 + n);
    }
    wal.switch();
    for place in [&all, &old, &new] {
        fs::create_dir(place).unwrap();
    }
    wal.finish().write_to(&all).unwrap();
    let copy = |name: &str, to: &Path| assert!(fs::copy(all.join(name), to.join(name)).is_ok());
    // A server that is promoted leaves it so.
    copy("000000010000000000000002.partial", &old);
    copy("00000002.history", &new);
    copy("000000020000000000000003", &new);
    let told = document(&[path(&old), path(&new)], 1);
    assert_eq!(told["meeting"], "apart_by_histories", "{told:#}");
    assert_eq!((told["fork_lsn"].as_str().unwrap(), &told["certain"]), (&*fork.to_string(), &Value::from(false)));
    // Of the new one the first segment behind the fork is missing.
    assert_eq!((&told["a"]["behind"]["holes"], &told["b"]["behind"]["holes"]), (&0.into(), &1.into()), "{told:#}");
    // Where the old one wrote nothing behind the fork, nothing parts them.
    fs::remove_file(old.join("000000010000000000000002.partial")).unwrap();
    copy("000000010000000000000001", &old);
    assert_eq!(document(&[path(&old), path(&new)], 2)["meeting"], "nothing_common");
}

/// What is beside the way is told, and where.
fn numbers_that_are_given_out_twice(old: &Path, new: &Path) {
    let all = tempfile::tempdir().unwrap();
    for file in [old, new].into_iter().flat_map(|place| fs::read_dir(place).unwrap()) {
        let file = file.unwrap();
        fs::copy(file.path(), all.path().join(file.file_name())).unwrap();
    }
    let all = path(all.path());
    let beside = "timeline 1 has a transaction 700 beside the way that is read, which ended at ";
    let ran = walproof(&["events", all, "--before", "700"]);
    assert!(ran.code == 2 && ran.err.contains("no record of transaction 700 is here; "), "{}", ran.err);
    assert!(ran.err.contains(beside), "{}", ran.err);
    assert!(walproof(&["txns", all, "-x", "700"]).err.contains(beside));
    assert!(!walproof(&["txns", all, "-x", "701"]).err.contains("beside"));
    let own = walproof(&["txns", all, "-t", "1", "-x", "700"]);
    assert!(own.out.contains("700") && !own.err.contains("beside"), "{}{}", own.out, own.err);
}

/// The segment with which they part begins right there: what is in front of it is gone on both sides, then it as well.
#[test]
fn histories_tell_where_a_segment_begins_with_the_fork() {
    let folder = tempfile::tempdir().unwrap();
    let [old, new] = ["old", "new"].map(|name| folder.path().join(name));
    let goes_on = |wal: &mut Builder, xid: u32| {
        wal.commit(xid, 0);
        for n in 0..200 {
            wal.filler(9_000 + n);
        }
        wal.switch();
    };
    [&old, &new].into_iter().for_each(|place| fs::create_dir(place).unwrap());
    let mut wal = begun();
    wal.switch();
    let fork = wal.position();
    goes_on(&mut wal, 700);
    wal.finish().write_to(&old).unwrap();
    let mut wal = begun();
    wal.switch();
    wal.timeline_switch(TimelineId(2), Opening::EndOfRecovery);
    goes_on(&mut wal, 701);
    wal.finish().write_to(&new).unwrap();
    numbers_that_are_given_out_twice(&old, &new);
    let remove = |number: u32| {
        for (place, timelines) in [(&old, 1..2), (&new, 1..3)] {
            timelines.for_each(|t| drop(fs::remove_file(place.join(format!("{t:08X}{number:016X}")))));
        }
    };
    [1, 2].into_iter().for_each(remove);
    let told = document(&[path(&old), path(&new)], 1);
    let both = |told: &Value, field: &str| ["a", "b"].map(|side| told[side]["behind"][field].as_u64().unwrap());
    assert_eq!((&told["meeting"], &told["certain"]), (&"apart".into(), &true.into()), "{told:#}");
    assert_eq!((both(&told, "committed"), both(&told, "holes")), ([1, 1], [0, 0]), "{told:#}");
    for side in ["a", "b"] {
        assert_eq!(told[side]["pg_rewind"]["hindrances"], serde_json::json!(["no_checkpoint"]), "{told:#}");
    }
    let text = walproof(&["diverge", path(&old), path(&new)]).out;
    assert!(text.contains("with the WAL that is here: no checkpoint before the fork"), "{text}");
    assert!(text.contains("; else take a new base backup of B in the place of A"), "{text}");
    remove(3);
    let told = document(&[path(&old), path(&new)], 1);
    assert_eq!((told["fork_lsn"].as_str(), &told["certain"]), (Some(&*fork.to_string()), &false.into()), "{told:#}");
    assert_eq!(both(&told, "holes"), [1, 1], "{told:#}");
    let text = walproof(&["diverge", path(&old), path(&new)]).out;
    for label in ["A", "B"] {
        assert!(text.contains(&format!("BEHIND {label} not known: WAL is missing there in 1 place")), "{text}");
    }
}
