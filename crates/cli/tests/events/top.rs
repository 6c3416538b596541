//! `walproof top`: what WAL consists of, held against other counts of the same records.

use crate::crafted::{HEAP_DELETE, of_crafted, touched};
use crate::run::{testdata, walproof};
use pgwal::format::record::RelFileLocator;
use pgwal::format::rmgr::{HEAP, XLOG, xlog};
use pgwal_craft::{Builder, CraftedBlock, CraftedImage, Rec};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use walproof_live::{Postgres, Server, gate};

pub fn top(words: &[&str]) -> Value {
    let ran = walproof(&[&["top"], words, &["--format", "json"]].concat());
    serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {} {}", ran.out, ran.err))
}

/// The groups of a list by what `name` says.
fn groups(list: &Value, name: impl Fn(&Value) -> String) -> BTreeMap<String, [u64; 3]> {
    let figure = |group: &Value, name: &str| group[name].as_u64().unwrap();
    let all = list.as_array().unwrap().iter();
    all.map(|g| (name(g), ["records", "bytes", "image_bytes"].map(|f| figure(g, f)))).collect()
}

/// The sums by kind of record and by checkpoint are those of `stats`, which are held against
/// pg_waldump's; and every list comes to the whole.
#[test]
fn sums_are_those_of_stats() {
    for story in ["8.2/promotion", "9.4/promotion", "19/archive", "demo/damaged"] {
        let folder = testdata(story);
        let found = top(&[&folder, "--by", "relation,record,minute,checkpoint,database,xid"]);
        for (by, list, name) in [
            ("record", "by_record", (|g| format!("{}/{}", g["rmgr"], g["record"])) as fn(&Value) -> String),
            ("checkpoint", "by_checkpoint", |g| g["checkpoint"].to_string()),
        ] {
            let ran = walproof(&["stats", &folder, "--by", by, "--format", "json"]);
            let stats: Value = serde_json::from_str(&ran.out).unwrap();
            assert_eq!(groups(&found[list]["groups"], name), groups(&stats["groups"], name), "{folder} by {by}");
        }
        let total = ["records", "bytes", "image_bytes"].map(|figure| found["total"][figure].as_u64().unwrap());
        for by in ["relation", "record", "minute", "checkpoint", "database"] {
            let list = &found[format!("by_{by}")];
            let sums = groups(&list["groups"], |group| group.to_string());
            let all = sums.values().fold([0; 3], |all, own| [all[0] + own[0], all[1] + own[1], all[2] + own[2]]);
            assert_eq!((all, list["more"].as_u64()), (total, Some(0)), "{folder} by {by}");
        }
        let of_images = found["total"]["images"].as_object().unwrap().values();
        assert_eq!(of_images.map(|sum| sum["bytes"].as_u64().unwrap()).sum::<u64>(), total[2], "{folder}");
    }
}

/// A checkpoint of a server that runs, from which replay would begin at that position.
fn online(wal: &mut Builder, redo: u64) {
    let mut main = [0; 88];
    main[..8].copy_from_slice(&redo.to_le_bytes());
    (main[8], main[12]) = (1, 1);
    wal.record(&Rec { rmid: XLOG, info: xlog::CHECKPOINT_ONLINE, main: &main, ..Rec::default() });
}

fn imaged(wal: &mut Builder, block: u32) -> u64 {
    let image = CraftedImage { page: vec![0; 8192], apply: true, ..CraftedImage::default() };
    let rel = RelFileLocator { spc: 1663, db: 5, rel: 16384 };
    let blocks = vec![CraftedBlock { rel, block, image: Some(image), ..CraftedBlock::default() }];
    wal.record(&Rec { rmid: HEAP, info: HEAP_DELETE.0, xid: 1000, main: HEAP_DELETE.1, blocks, ..Rec::default() }).get()
}

/// Of two checkpoints one is left: a page that was changed since needs no image. The record of a checkpoint lies behind
/// the position where replay would begin, and so do images that it asked for.
#[test]
fn checkpoints_farther_apart() {
    let folder = of_crafted(|wal| {
        for _ in 0..4 {
            let redo = imaged(wal, 1);
            imaged(wal, 2);
            online(wal, redo);
            imaged(wal, 3);
            touched(wal, HEAP_DELETE, 1000, 16384, 1);
        }
    });
    let place = folder.path().to_str().unwrap();
    let counted = |what_if: &str| top(&[place, "--what-if", what_if])["what_if"]["checkpoint"].clone();
    let twice = counted("checkpoint=2x");
    // Behind the first checkpoint: four online ones and that of the end.
    assert_eq!([&twice["checkpoints"], &twice["checkpoints_left"]], [&json!(5), &json!(3)], "{twice}");
    assert_eq!([&twice["images"], &twice["saved_images"]], [&json!(12), &json!(3)], "{twice}");
    let same = counted("checkpoint=1kB");
    assert_eq!([&same["images"], &same["saved_images"]], [&json!(12), &json!(0)], "{same}");
    let never = counted("checkpoint=1GB");
    assert_eq!([&never["checkpoints_left"], &never["saved_images"]], [&json!(1), &json!(9)], "{never}");
}

/// Images of a page of zeros take few bytes; what cannot be asked is said.
#[test]
fn images_packed_otherwise() {
    let folder = of_crafted(|wal| {
        imaged(wal, 1);
    });
    let place = folder.path().to_str().unwrap();
    for (method, most) in [("off", 8192), ("pglz", 120), ("lz4", 60), ("zstd", 40)] {
        let packed = &top(&[place, "--what-if", &format!("compression={method}")])["what_if"]["compression"];
        assert_eq!(
            [&packed["images"], &packed["bytes"], &packed["plain_bytes"]],
            [&json!(1), &json!(8192), &json!(8192)]
        );
        let bytes = packed["packed_bytes"].as_u64().unwrap();
        assert!(bytes <= most && (bytes < 8192) == (method != "off"), "{packed}");
    }
    for asked in ["compression=gzip", "checkpoint=1x", "checkpoint=", "moon=full"] {
        assert_eq!(walproof(&["top", place, "--what-if", asked]).code, 2, "{asked}");
    }
}

#[test]
fn words_and_values() {
    let good = testdata("demo/good");
    let text =
        walproof(&["top", &good, "-n", "2", "--timezone", "UTC", "--by", "relation,xid", "--what-if", "checkpoint=2x"]);
    assert!(
        text.code == 0 && text.out.contains("RELATIONS") && text.out.contains("more; --limit lists them"),
        "{}",
        text.out
    );
    assert!(text.out.contains("WHAT IF  every 2 checkpoints were one"), "{}", text.out);
    let csv = walproof(&["top", &good, "--format", "csv", "--by", "relation,record,minute,checkpoint,database,xid"]);
    let columns: Vec<usize> = csv.out.lines().map(|line| line.split(',').count()).collect();
    assert!(columns.len() > 20 && columns.iter().all(|&n| n == columns[0]), "{}", csv.out);
}

/// What belongs to a table stands under it.
#[test]
fn indexes_and_toast_are_told_under_their_tables() {
    let Some(postgres) = Postgres::find(12) else { return gate::lacks("no PostgreSQL 12 or later found") };
    let server = Server::start(postgres, "autovacuum = off\n").unwrap();
    let sql = |text: &str| server.sql(text).unwrap();
    sql("create table public.wide(id int primary key, what text); alter table wide alter what set storage external");
    sql("create table public.plain(id int)");
    sql("insert into wide select n, repeat(md5(n::text), 200) from generate_series(1, 300) n");
    sql("insert into plain select generate_series(1, 5000)");
    server.switch_and_archive().unwrap();
    let archive = server.archive();
    let archive = archive.to_str().unwrap();
    let told = top(&[archive, "--by", "relation", "-n", "500"]);
    let groups = told["by_relation"]["groups"].as_array().unwrap();
    let find = |name: &str| groups.iter().find(|group| group["relation"] == name && group["fork"] == "main").unwrap();
    let table = &find("wide")["name"];
    let toast = format!("pg_toast_{}", find("wide")["oid"]);
    for (name, of) in [
        ("wide_pkey", table),
        (toast.as_str(), table),
        (&format!("{toast}_index"), table),
        ("wide", &Value::Null),
        ("plain", &Value::Null),
    ] {
        assert_eq!(&find(name)["of"], of, "{name}");
    }
    let text = walproof(&["top", archive, "--by", "relation", "-n", "500"]).out;
    let at = |name: &str| text.lines().position(|line| line.contains(name)).unwrap_or_else(|| panic!("{name}: {text}"));
    // All of a table comes before another one; the largest part of it first, whatever has most of its own.
    let wide = at(".public.wide (");
    assert_eq!(at(&format!("{toast} (")), wide + 1, "{text}");
    assert!(at(".public.plain (") > wide + 3, "{text}");
    assert!(find("plain")["bytes"].as_u64() > find("wide")["bytes"].as_u64());
    let behind = |name: &str| (wide + 1..=wide + 3).contains(&at(name));
    assert!(behind(&format!("{toast}_index (")) && behind("wide_pkey ("), "{text}");
    let line = text.lines().nth(at("wide_pkey (")).unwrap();
    assert!(line.contains("    index "), "{line}");
    // Where its table is not in the list, it is said whose it is.
    let first = walproof(&["top", archive, "--by", "relation", "-n", "1"]).out;
    assert!(
        first.contains(&format!("{toast} (")) && first.contains(&format!(" of {}", table.as_str().unwrap())),
        "{first}"
    );
}
