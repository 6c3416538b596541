//! What `walproof dump` tells of records beyond their headers: typed fields, chosen columns, filters by what records
//! say.
#![allow(clippy::unwrap_used, reason = "a test fails where something is missing, in its functions too")]

mod run;

use run::{testdata, walproof};
use serde_json::Value;
use std::collections::HashSet;

const GOOD: &str = "demo/good";

fn documents(words: &[&str]) -> Vec<Value> {
    let words: Vec<&str> = ["dump", "--format", "jsonl"].iter().chain(words).copied().collect();
    let ran = walproof(&words);
    let all: Vec<Value> = ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    all.into_iter().filter(|d| d["type"] == "record").collect()
}

#[test]
fn a_record_has_its_name_and_its_typed_fields() {
    let folder = testdata(GOOD);
    let created = documents(&[&folder, "--record", "Storage/CREATE"]);
    assert!(created.iter().all(|d| d["rmgr"] == "Storage" && d["record"] == "CREATE"));
    let rel = &created[0]["data"]["rel"];
    assert!(
        ["tablespace", "database", "relation"].iter().all(|name| rel[name].is_u64()) && rel["fork"].is_string(),
        "{rel}"
    );
    assert!(created[0]["data"]["fork"].is_u64() && created[0].get("data_error").is_none());
    let truncated = documents(&[&folder, "-r", "storage", "--record", "TRUNCATE"]);
    assert!(
        truncated
            .iter()
            .all(|d| d["data"]["blkno"].is_u64() && d["data"]["flags"].is_u64() || d["data"]["flags"].is_i64())
    );
    assert_eq!((created.len(), truncated.len()), (16, 1));
}

/// Names are told apart in objects: no document has one twice.
#[test]
fn no_name_stands_twice_in_an_object() {
    for folder in [GOOD, "15/archive", "9.4/archive"] {
        let ran = walproof(&["dump", &testdata(folder), "--format", "jsonl", "-n", "4000"]);
        for line in ran.out.lines() {
            let parsed: Value = serde_json::from_str(line).unwrap();
            assert_eq!(names(&parsed), line_names(line), "{line}");
        }
    }
}

fn names(value: &Value) -> usize {
    match value {
        Value::Object(fields) => fields.len() + fields.values().map(names).sum::<usize>(),
        Value::Array(values) => values.iter().map(names).sum(),
        _ => 0,
    }
}

/// Names in a line: colons outside of strings.
fn line_names(line: &str) -> usize {
    let (mut count, mut inside, mut escaped) = (0, false, false);
    for byte in line.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if inside => escaped = true,
            b'"' => inside = !inside,
            b':' if !inside => count += 1,
            _ => {}
        }
    }
    count
}

#[test]
fn csv_has_the_columns_that_were_asked_for() {
    let folder = testdata(GOOD);
    let usual = walproof(&["dump", &folder, "--format", "csv"]).out;
    assert!(
        usual.starts_with("lsn,xid,rmgr,record,length,total_length,fpi_length,blocks\n0/00900028,"),
        "{}",
        &usual[..200]
    );
    assert_eq!(usual.lines().count(), 19_325);
    let picked = walproof(&[
        "dump",
        &folder,
        "--format",
        "csv",
        "--record",
        "Storage/TRUNCATE",
        "--fields",
        "rmgr,record,data.blkno,data.rel,data.blkno,xid",
    ]);
    let lines: Vec<&str> = picked.out.lines().collect();
    let cells: Vec<&str> = lines[1].split(',').collect();
    assert_eq!((lines.len(), lines[0]), (2, "rmgr,record,data.blkno,data.rel,data.blkno,xid"));
    assert!(
        cells[..2] == ["Storage", "TRUNCATE"]
            && cells[2] == cells[4]
            && cells[2].parse::<u32>().is_ok()
            && cells[3].starts_with("1663/"),
        "{cells:?}"
    );
    let documents = documents(&[&folder, "-F", "vm"]);
    let rows = walproof(&[
        "dump",
        &folder,
        "-F",
        "vm",
        "--format",
        "csv",
        "--fields",
        "lsn,end_lsn,prev,timeline,xid,length,total_length",
    ])
    .out;
    for (row, document) in rows.lines().skip(1).zip(&documents) {
        let told = ["lsn", "end_lsn", "prev", "timeline", "xid", "length", "total_length"]
            .map(|n| document[n].to_string().replace('"', ""));
        assert_eq!(row, told.join(","));
    }
    assert_eq!(rows.lines().count(), documents.len() + 1);
    for bad in ["moon", "data.moon", ""] {
        assert_eq!(walproof(&["dump", &folder, "--format", "csv", "--fields", bad]).code, 2, "{bad}");
    }
    let damaged = walproof(&["dump", &testdata("demo/damaged"), "--format", "csv"]);
    assert!(
        damaged.code == 1 && !damaged.out.contains("***") && damaged.err.contains("*** WP201 error"),
        "{}",
        damaged.err
    );
}

#[test]
fn filters_choose_by_what_records_say() {
    let folder = testdata(GOOD);
    let all = documents(&[&folder]);
    let count = |words: &[&str]| documents(&[&[&folder[..]], words].concat()).len();
    let expected = |wanted: &dyn Fn(&Value) -> bool| all.iter().filter(|d| wanted(d)).count();
    let touches = |d: &Value, db: u64| d["blocks"].as_array().unwrap().iter().any(|b| b["database"] == db);
    assert_eq!(
        count(&["--record", "Heap/0x20"]),
        expected(&|d| d["rmgr"] == "Heap" && ["UPDATE", "UNKNOWN (20)"].contains(&d["record"].as_str().unwrap()))
    );
    assert_eq!(count(&["--min-size", "1000"]), expected(&|d| d["total_length"].as_u64().unwrap() >= 1000));
    assert!(count(&["--database", "5"]) >= expected(&|d| touches(d, 5)) && count(&["--database", "987654"]) == 0);
    assert_eq!(count(&["--origin", "7"]), expected(&|d| d["data"]["origin"] == 7));
    let of_xid = expected(&|d| d["xid"] == 734 || d["data"]["top_xid"] == 734);
    assert!(count(&["--transaction", "734"]) >= of_xid && of_xid > 0);
    assert_eq!(count(&["--only-damaged"]), 0);
    assert_eq!(walproof(&["dump", &testdata("demo/damaged"), "--only-damaged"]).out.lines().count(), 1);
    // Combined, each narrows what the others leave.
    assert_eq!(
        count(&["--min-size", "200", "-r", "heap", "--database", "5", "-n", "50"]),
        expected(&|d| d["total_length"].as_u64().unwrap() >= 200 && d["rmgr"] == "Heap" && touches(d, 5)).min(50)
    );
    for bad in [
        &["--record", "Moon"][..],
        &["--since", "moon"],
        &["--min-size", "-1"],
        &["--transaction", "x"],
        &["--origin", "70000"],
    ] {
        assert_eq!(walproof(&[&["dump", &folder], bad].concat()).code, 2, "{bad:?}");
    }
}

#[test]
fn times_cut_the_list_in_stretches() {
    let folder = testdata(GOOD);
    let rows = walproof(&["dump", &folder, "--format", "csv", "--fields", "lsn,time"]).out;
    let rows: Vec<(&str, &str)> = rows.lines().skip(1).map(|line| line.split_once(',').unwrap()).collect();
    let times: Vec<&str> = rows.iter().map(|(_, time)| *time).filter(|time| !time.is_empty()).collect();
    let since = times[times.len() / 2];
    // A record without a time has that of the last one before it that has one.
    let mut now = "";
    let later: Vec<&str> = rows
        .iter()
        .filter(|(_, time)| {
            now = if time.is_empty() { now } else { time };
            now >= since
        })
        .map(|(lsn, _)| *lsn)
        .collect();
    let told = |words: &[&str]| -> Vec<String> {
        let words = [&["dump", &folder, "--format", "csv", "--fields", "lsn"], words].concat();
        walproof(&words).out.lines().skip(1).map(str::to_owned).collect()
    };
    assert!(told(&["--since", since]) == later && later.len() > 100 && later.len() < rows.len());
    assert!(told(&["--since", since, "--jobs", "1"]) == later);
    let (upto, from) = (told(&["--until", since]).len(), told(&["--since", since]).len());
    assert!(upto + from >= rows.len() && upto < rows.len());
    assert_eq!(
        told(&["--since", since, "-s", "0/B00000"]).len(),
        later.iter().filter(|lsn| **lsn >= "0/00B00000").count()
    );
}

#[test]
fn fields_lists_what_documents_have() {
    let text = walproof(&["fields"]).out;
    assert!(
        text.lines()
            .any(|line| line.split_whitespace().collect::<Vec<_>>()
                == ["Storage/TRUNCATE", "flags", "integer", "9.6-19"]),
        "{text}"
    );
    assert!(text.lines().any(|line| line.starts_with("lsn ")));
    let only = walproof(&["fields", "Storage/TRUNCATE", "--as", "9.5"]).out;
    assert!(only.contains("Storage/TRUNCATE") && !only.contains("flags") && !only.contains("Sequence"), "{only}");
    let listed: Value = serde_json::from_str(&walproof(&["fields", "--format", "json"]).out).unwrap();
    let text = |value: &Value| value.as_str().unwrap_or("").to_owned();
    let fields = listed["fields"].as_array().unwrap();
    let known: HashSet<[String; 3]> =
        fields.iter().map(|f| [text(&f["rmgr"]), text(&f["record"]), text(&f["name"])]).collect();
    // Every field of every document is in the list.
    for document in documents(&[&testdata(GOOD)]) {
        for name in
            document["data"].as_object().unwrap().keys().filter(|name| !["origin", "top_xid"].contains(&name.as_str()))
        {
            let field = [text(&document["rmgr"]), text(&document["record"]), name.clone()];
            assert!(known.contains(&field), "{field:?}");
        }
    }
    assert_eq!((walproof(&["fields", "moon"]).code, walproof(&["fields", "-r", "list"]).out.lines().count()), (2, 22));
}
