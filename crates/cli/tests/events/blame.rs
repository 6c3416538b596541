//! `walproof blame`: who touched a block or a tuple.

use crate::crafted::{HEAP_DELETE, of_crafted, touched};
use crate::run::{testdata, walproof};
use pgwal::format::record::RelFileLocator;
use pgwal::format::rmgr::{HEAP, HEAP2, TRANSACTION};
use pgwal_craft::{CraftedBlock, Rec};
use serde_json::{Value, json};
use walproof_live::{Postgres, Server, gate};

/// The records, and what is said at the end.
pub fn blame(words: &[&str]) -> (Vec<Value>, Value) {
    let ran = walproof(&[&["blame"], words, &["--format", "jsonl"]].concat());
    let mut lines: Vec<Value> = ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let end = lines.pop().unwrap_or_else(|| panic!("{words:?}: {}", ran.err));
    (lines, end)
}

pub fn positions(touches: &[Value]) -> Vec<String> {
    touches.iter().map(|touch| touch["lsn"].as_str().unwrap().to_owned()).collect()
}

/// The same records as `dump -R -B -F` lists, which is held against pg_waldump.
#[test]
fn records_are_those_of_dump() {
    for (story, rel, block) in [
        ("demo/good", "1663/5/16393", "2"),
        ("demo/good", "1663/5/16398", "1"),
        ("19/archive", "1663/5/25105", "10"),
        ("9.4/promotion", "1663/16384/17879", "3"),
    ] {
        let place = testdata(story);
        let dumped = walproof(&["dump", &place, "-R", rel, "-B", block, "-F", "main", "--format", "jsonl"]);
        let lines = dumped.out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let records: Vec<Value> = lines.filter(|line| line["type"] == "record").collect();
        let (touches, end) = blame(&[&place, &format!("{rel}:{block}")]);
        assert_eq!(positions(&touches), positions(&records), "{story} {rel}");
        assert!(touches.len() > 20, "{story} {rel}: {}", touches.len());
        assert!(end["records"].as_u64() == Some(touches.len() as u64), "{end}");
    }
}

/// A row that is inserted, updated into another block by a part of the same transaction, deleted by one that is rolled
/// back, and pruned by nobody.
#[test]
fn what_became_of_a_row() {
    let rel = RelFileLocator { spc: 1663, db: 5, rel: 16384 };
    let on = |block: u32| CraftedBlock { rel, block, ..CraftedBlock::default() };
    let mut parts = [&9i64.to_le_bytes()[..], &2u32.to_le_bytes(), &1u32.to_le_bytes()].concat();
    parts.extend(1001u32.to_le_bytes());
    let folder = of_crafted(|wal| {
        touched(wal, (0x00, &[1, 0, 0]), 1000, 16384, 7);
        let update = [0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 4, 0];
        wal.record(&Rec {
            rmid: HEAP,
            info: 0x20,
            xid: 1001,
            main: &update,
            blocks: vec![on(8), on(7)],
            ..Rec::default()
        });
        wal.record(&Rec { rmid: TRANSACTION, info: 0x80, xid: 1000, main: &parts, ..Rec::default() });
        touched(wal, HEAP_DELETE, 1002, 16384, 7);
        wal.record(&Rec { rmid: TRANSACTION, info: 0x20, xid: 1002, main: &9i64.to_le_bytes(), ..Rec::default() });
        let pruned = CraftedBlock { data: vec![1, 0], ..on(7) };
        wal.record(&Rec {
            rmid: HEAP2,
            info: 0x10,
            main: &[0, 0, 0, 0, 0, 0, 1, 0],
            blocks: vec![pruned],
            ..Rec::default()
        });
    });
    let place = folder.path().to_str().unwrap();
    let (touches, _) = blame(&[place, "1663/5/16384:7:1"]);
    let told: Vec<Value> = touches
        .iter()
        .map(|touch| {
            json!([touch["changes"][0]["change"], touch["transaction"]["xid"], touch["transaction"]["outcome"]])
        })
        .collect();
    assert_eq!(
        told,
        [
            json!(["inserted", 1000, "committed"]),
            json!(["updated", 1000, "committed"]),
            json!(["deleted", 1002, "aborted"]),
            json!(["dead", null, null]),
        ]
    );
    assert_eq!(touches[1]["changes"][0]["to"], "8:4");
    assert_eq!(touches[1]["xid"], 1001);
    let (others, _) = blame(&[place, "1663/5/16384:8"]);
    assert_eq!(others[0]["changes"], json!([{"offset": 4, "change": "new_version", "from": "7:1", "hot": false}]));
    assert_eq!(blame(&[place, "1663/5/16384:7:2"]).0.len(), 0);
    // Both versions, with one line at the end of all.
    let (lines, end) = blame(&[place, "1663/5/16384:7:1", "--versions"]);
    let blocks: Vec<(&str, u64)> =
        lines.iter().map(|line| (line["type"].as_str().unwrap(), line["block"].as_u64().unwrap())).collect();
    assert_eq!(blocks, [("touch", 7), ("touch", 7), ("touch", 7), ("touch", 7), ("touch", 8)]);
    assert_eq!(lines[4]["changes"][0]["from"], "7:1");
    assert_eq!(json!([end["block"], end["offset"], end["records"], end["versions"]]), json!([7, 1, 5, 2]), "{end}");
    assert_eq!(end["more_versions"], json!([]));
    let text = walproof(&["blame", place, "1663/5/16384:7:1", "--versions"]).out;
    assert!(
        text.contains("block 7, line pointer 1: 4 records") && text.contains("block 8, line pointer 4: 1 record"),
        "{text}"
    );
    assert_eq!(walproof(&["blame", place, "1663/5/16384:7", "--versions"]).code, 2);
    assert_eq!(walproof(&["blame", place, "1663/5/16384"]).code, 2);
    assert_eq!(walproof(&["blame", place, "nobody.knows:1"]).code, 2);
    assert_eq!(blame(&["-p", place, "1663/5/16384:7"]).0.len(), 4);
}

/// A row that is put from block to block so often.
fn put_on(updates: u32) -> tempfile::TempDir {
    let rel = RelFileLocator { spc: 1663, db: 5, rel: 16384 };
    let on = |block: u32| CraftedBlock { rel, block, ..CraftedBlock::default() };
    of_crafted(|wal| {
        touched(wal, (0x00, &[1, 0, 0]), 1000, 16384, 0);
        for n in 0..updates {
            let main = [0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0];
            let blocks = vec![on(n + 1), on(n)];
            wal.record(&Rec { rmid: HEAP, info: 0x20, xid: 1000, main: &main, blocks, ..Rec::default() });
        }
        wal.record(&Rec { rmid: TRANSACTION, xid: 1000, main: &9i64.to_le_bytes(), ..Rec::default() });
    })
}

/// A hundred versions are told, and of a further one where to go on.
#[test]
fn more_versions_than_are_followed() {
    let folder = put_on(99);
    let words = [folder.path().to_str().unwrap(), "1663/5/16384:0:1", "--versions"];
    let (_, end) = blame(&words);
    assert_eq!((&end["versions"], &end["more_versions"]), (&100.into(), &json!([])), "{end}");
    assert!(!walproof(&[&["blame"], &words[..]].concat()).out.contains("MORE"));

    let folder = put_on(101);
    let words = [folder.path().to_str().unwrap(), "1663/5/16384:0:1", "--versions"];
    let (lines, end) = blame(&words);
    assert_eq!((&end["versions"], &end["records"], lines.len()), (&100.into(), &200.into(), 200), "{end}");
    let (lsn, to) = (&end["more_versions"][0]["lsn"], &end["more_versions"][0]["to"]);
    assert_eq!((to, end["more_versions"].as_array().unwrap().len()), (&json!("100:1"), 1), "{end}");
    assert_eq!(lsn, &lines[199]["lsn"]);
    let text = walproof(&[&["blame"], &words[..]].concat()).out;
    let more = format!(
        "MORE     the row went on to 100:1 at {}, which was not followed behind 100 versions",
        lsn.as_str().unwrap()
    );
    assert!(text.contains(&more), "{text}");
    // What the line says is the way on.
    let (lines, end) = blame(&[words[0], "1663/5/16384:100:1", "--versions", "-s", lsn.as_str().unwrap()]);
    assert_eq!((lines.len(), &end["versions"]), (3, &2.into()), "{end}");
}

#[test]
fn a_name_is_enough() {
    let good = testdata("demo/good");
    let (named, end) = blame(&[&good, "h:2"]);
    assert_eq!(positions(&named), positions(&blame(&[&good, "1663/5/16393:2"]).0));
    assert_eq!(end["relations"][0]["file"], "1663/5/16393");
    let text = walproof(&["blame", &good, "h:2", "--timezone", "UTC"]);
    assert!(text.code == 0 && text.out.contains("h (1663/5/16393), block 2: "), "{}", text.out);
    assert!(text.out.contains("is the new version of"), "{}", text.out);
}

/// A table that is written anew has other rows at the same places of another file, whose pages come as a whole.
#[test]
fn a_place_in_another_file_is_another_row() {
    let Some(postgres) = Postgres::find(12) else { return gate::lacks("no PostgreSQL 12 or later found") };
    let server = Server::start(postgres, "autovacuum = off\n").unwrap();
    let step = |sql: &str| server.sql(sql).unwrap();
    step("create table m(id int, v text)");
    step("insert into m values (1, 'a'), (2, 'b')");
    step("delete from m where id = 1");
    step("vacuum full m");
    step("update m set v = 'c' where id = 2");
    server.switch_and_archive().unwrap();
    let archive = server.archive();
    let place = archive.to_str().unwrap();
    let text = walproof(&["blame", place, "m:0:1"]).out;
    let labels: Vec<&str> = text.lines().skip(1).filter(|line| !line.starts_with(' ')).collect();
    let is = |at: usize, what: &str| labels.get(at).is_some_and(|line| line.contains(what));
    let story =
        ["FILE     1663/", "/INSERT+INIT", "/DELETE", "FILE     1663/", "/FPI", "GONE     file 1663/", "UPDATE"];
    assert!(story.iter().enumerate().all(|(at, what)| is(at, what)), "{text}");
    assert!(is(3, ": other rows than in the file before") && text.contains("    the page as a whole"), "{text}");
    // Whoever follows a row stays in its file.
    let (touches, _) = blame(&[place, "m:0:1", "--versions"]);
    let files: Vec<&Value> = touches.iter().map(|touch| &touch["relation"]).collect();
    assert_eq!(files.iter().filter(|file| **file == files[0]).count(), 2, "{touches:#?}");
}

/// Rows go with their file, of which no record of theirs tells.
#[test]
fn a_row_that_went_with_its_file() {
    // A time, that there are files, how many, they.
    let mut files = [&9i64.to_le_bytes()[..], &4u32.to_le_bytes(), &1u32.to_le_bytes()].concat();
    files.extend([1663u32, 5, 16384].into_iter().flat_map(u32::to_le_bytes));
    let ended = |info: u8| {
        let files = files.clone();
        of_crafted(move |wal| {
            touched(wal, (0x00, &[1, 0, 0]), 1000, 16384, 7);
            wal.record(&Rec { rmid: TRANSACTION, xid: 1000, main: &9i64.to_le_bytes(), ..Rec::default() });
            wal.record(&Rec { rmid: TRANSACTION, info, xid: 1001, main: &files, ..Rec::default() });
        })
    };
    let folder = ended(0x80);
    let words = [folder.path().to_str().unwrap(), "1663/5/16384:7:1", "--versions"];
    let (touches, end) = blame(&words);
    assert_eq!((touches.len(), end["files_gone"].as_array().unwrap().len()), (1, 1), "{end}");
    let gone = &end["files_gone"][0];
    assert_eq!((&gone["file"], &gone["xid"]), (&"1663/5/16384".into(), &1001.into()), "{end}");
    let text = walproof(&[&["blame"], &words[..]].concat()).out;
    assert!(
        text.contains("GONE     file 1663/5/16384 with all its rows, by transaction 1001, committed at "),
        "{text}"
    );
    // What is rolled back leaves it.
    let folder = ended(0xA0);
    assert_eq!(blame(&[folder.path().to_str().unwrap(), "1663/5/16384:7:1"]).1["files_gone"], json!([]));
}
