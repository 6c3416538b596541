//! A relation that is asked for, under each of its names and with what is lost with its database, against a server.

use crate::run::walproof;
use crate::told::document;
use serde_json::Value;
use std::path::Path;
use walproof_live::{Postgres, Server, gate};

/// The oldest server that has partitions, and of which the tests know that all steps are possible.
const OLDEST: u32 = 12;

fn kinds(document: &Value) -> Vec<&str> {
    document["events"].as_array().unwrap().iter().map(|event| event["kind"].as_str().unwrap()).collect()
}

#[test]
fn a_relation_is_found_whatever_became_of_it() {
    let Some(postgres) = Postgres::find(OLDEST) else {
        return gate::lacks(&format!("no PostgreSQL {OLDEST} or later found"));
    };
    let server = Server::start(postgres, "autovacuum = off\n").unwrap();
    let sql = |text: &str| server.sql(text).unwrap();
    sql("create table public.small as select generate_series(1, 1000) as id");
    for n in 0..5 {
        sql(&format!("delete from small where id between {} and {}", n * 100 + 1, n * 100 + 100));
    }
    sql("create table public.sales(day int) partition by range (day)");
    sql("create table public.sales_1 partition of sales for values from (0) to (5000)");
    sql("create table public.sales_2 partition of sales for values from (5000) to (9000) partition by range (day)");
    sql("create table public.sales_2_low partition of sales_2 for values from (5000) to (7000)");
    sql("insert into sales select generate_series(1, 3000)");
    sql("insert into sales select generate_series(5000, 6500)");
    sql("delete from sales");
    sql("create table public.aside(id int)");
    sql("alter table small rename to small_old");
    sql("delete from small_old where id > 900");
    sql("create database crm");
    server.session("\\c crm\ncreate table public.leads(id int);\n").unwrap().finish().unwrap();
    sql("drop database crm");
    sql("drop table aside");
    server.switch_and_archive().unwrap();
    let archive = server.archive();
    few_at_a_time(&archive);
    // Under each of its names.
    for name in ["small", "small_old"] {
        let deleted = document(&archive, &["-R", name, "--kind", "delete", "--rows", "100"]);
        assert_eq!(kinds(&deleted), ["delete"; 6], "{name}: {deleted:#}");
    }
    // It has no rows: what is done to those of its partitions, and of theirs, is what is meant.
    let ran = walproof(&["events", archive.to_str().unwrap(), "-R", "sales", "--kind", "delete"]);
    assert!(ran.code == 0 && ran.out.contains("sales_2_low ("), "{}{}", ran.out, ran.err);
    let of_all = document(&archive, &["-R", "sales", "--kind", "delete"]);
    assert_eq!(kinds(&of_all), ["delete", "delete"], "{of_all:#}");
    let found = |words: &[&str]| {
        let ran = walproof(&[&["txns", archive.to_str().unwrap(), "--format", "json"], words].concat());
        assert_eq!(ran.code, 0, "{}", ran.err);
        serde_json::from_str::<Value>(&ran.out).unwrap()["totals"]["transactions"].as_u64().unwrap()
    };
    let (first, second) = (found(&["-R", "sales_1"]), found(&["-R", "sales_2_low"]));
    assert!(found(&["-R", "sales"]) >= first.max(second) && first > 0 && second > 0);
    let ran = walproof(&["blame", archive.to_str().unwrap(), "sales:0"]);
    assert!(ran.code == 2 && ran.err.contains("name a partition of it"), "{}{}", ran.out, ran.err);
    let of_partition = document(&archive, &["-R", "sales_1", "--kind", "delete"]);
    assert_eq!(kinds(&of_partition), ["delete"]);
    // Its table is named, and of what is no partition there is none.
    let table = |told: &Value| told["events"][0]["relations"][0]["partition_of"].as_str().map(str::to_owned);
    assert!(table(&of_partition).is_some_and(|name| name.ends_with("sales")), "{of_partition:#}");
    assert_eq!(table(&document(&archive, &["-R", "small", "--kind", "delete", "--rows", "100"])), None);
    let text = walproof(&["events", archive.to_str().unwrap(), "-R", "sales_1", "--kind", "delete"]).out;
    assert!(text.contains("), a partition of ") && text.contains("sales\n"), "{text}");
    // It is gone with its database.
    assert_eq!(kinds(&document(&archive, &["--kind", "drop"])), ["drop-database", "drop"]);
    assert_eq!(kinds(&document(&archive, &["--kind", "drop-database"])), ["drop-database"]);
    // Up to 14 a database is copied file by file, and its schemas are not named in WAL.
    let leads = if server.postgres().major() >= 15 { "crm.public.leads" } else { "leads" };
    let leads = ["-R", leads, "--kind", "create,drop"];
    assert_eq!(kinds(&document(&archive, &leads)), ["create", "drop-database"]);
    then_waits(&archive);
}

/// Rows of transactions that changed too few to be events are told of the relation that is asked for.
fn few_at_a_time(archive: &Path) {
    let none = document(archive, &["-R", "small", "--kind", "delete"]);
    assert!(kinds(&none).is_empty(), "{none:#}");
    for (name, value) in [("least", 1000), ("transactions", 6), ("deleted", 600), ("updated", 0)] {
        assert_eq!(none["below_rows"][name], value, "{none:#}");
    }
    // Of no relation, the largest says whether another threshold would tell more.
    let all = document(archive, &["--kind", "delete"]);
    assert_eq!(all["below_rows"]["least"], 1000, "{:#}", all["below_rows"]);
    assert_eq!(all["below_rows"]["largest"]["rows"], 100, "{:#}", all["below_rows"]);
    assert!(all["below_rows"]["transactions"].as_u64().unwrap() >= 6, "{:#}", all["below_rows"]);
    let text = walproof(&["events", archive.to_str().unwrap(), "--kind", "delete"]).out;
    assert!(text.contains("BELOW    ") && text.contains("the most, 100, in transaction "), "{text}");
    let text = walproof(&["events", archive.to_str().unwrap(), "-R", "small", "--kind", "delete"]).out;
    assert!(
        text.contains("BELOW    600 rows deleted by 6 committed transactions of fewer than 1,000 rows each"),
        "{text}"
    );
    for words in [&["-R", "small", "--kind", "delete", "--rows", "100"][..], &["-R", "small", "--kind", "drop"]] {
        assert!(document(archive, words)["below_rows"].is_null(), "{words:?}");
    }
}

/// Who looks at what a DROP has locked waits, and at what is deleted or at a database does not.
fn then_waits(archive: &Path) {
    let then = |words: &[&str]| {
        let text = walproof(&[&["events", archive.to_str().unwrap()], words].concat()).out;
        assert!(text.contains("\nTHEN     look whether all is there"), "{text}");
        text.contains("a query of it waits")
    };
    assert!(then(&["-R", "aside", "--kind", "drop", "--before"]));
    assert!(!then(&["--kind", "drop-database", "--before"]));
    assert!(!then(&["-R", "small_old", "--kind", "delete", "--rows", "100", "--before", "last"]));
}

/// A name may be that of relations of several databases: what is undone is of the one that is meant.
#[test]
fn a_database_that_goes_is_not_the_last_of_a_relation_elsewhere() {
    // Up to 14 a database is copied file by file, and its schemas are not named in WAL.
    let Some(postgres) = Postgres::find(15) else { return gate::lacks("no PostgreSQL 15 or later found") };
    let server = Server::start(postgres, "autovacuum = off\n").unwrap();
    let sql = |text: &str| server.sql(text).unwrap();
    sql("create database crm");
    sql("create table public.leads(id int)");
    server.session("\\c crm\ncreate table public.leads(id int);\n").unwrap().finish().unwrap();
    sql("drop table leads");
    sql("drop database crm");
    server.switch_and_archive().unwrap();
    let archive = server.archive();
    let dropped = document(&archive, &["--kind", "drop"]);
    let xid = |kind: &str| {
        let events = dropped["events"].as_array().unwrap();
        events.iter().find(|event| event["kind"] == kind).unwrap()["xid"].as_u64().unwrap()
    };
    let before = |words: &[&str]| {
        // Without a backup nothing is proven.
        let ran = walproof(&[&["events", archive.to_str().unwrap(), "--format", "json"], words].concat());
        assert_eq!(ran.code, 2, "{words:?} {}", ran.err);
        let document: Value = serde_json::from_str(&ran.out).unwrap_or_default();
        (document["before"]["xid"].as_u64(), ran.err)
    };
    for named in ["last", "first"] {
        let (found, said) = before(&["-R", "leads", "--kind", "drop", "--before", named]);
        assert_eq!(found, Some(xid("drop")), "{named}: {said}");
    }
    assert_eq!(before(&["-R", "leads", "--kind", "drop", "--before"]).0, Some(xid("drop")));
    // The same relation, and its database.
    assert_eq!(before(&["-R", "crm.public.leads", "--before", "last"]).0, Some(xid("drop-database")));
    assert_eq!(before(&["-R", "leads", "--database", "crm", "--before", "last"]).0, Some(xid("drop-database")));
    // Both were created here: which is meant?
    let (found, said) = before(&["-R", "leads", "--before", "last"]);
    assert!(found.is_none() && said.contains("crm.public.leads (--database ") && said.contains(", "), "{said}");
}
