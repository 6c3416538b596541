//! A restore gets what the tool finds: each case here was restored by the tool itself, and ended in front of the file.

use super::build::{self, FULL, Repo, SEGMENTS, named};
use super::{codes, json, walproof};
use crate::tars::gz;
use serde_json::Value;
use std::fs;

pub const ID: &str = "archive/main/15-1";

/// The bytes of the second of the three segments, which is taken away, and the name that pgBackRest gave to it.
pub fn without_second(repo: &Repo) -> (Vec<u8>, String) {
    build::pgbackrest(repo);
    take_second(repo)
}

pub fn take_second(repo: &Repo) -> (Vec<u8>, String) {
    let mut all = fs::read_dir(repo.at(&format!("{ID}/0000000100000000"))).unwrap().flatten();
    let file = all.find(|entry| entry.path().to_str().unwrap().contains(SEGMENTS[1])).unwrap().path();
    let bytes = fs::read(&file).unwrap();
    fs::remove_file(&file).unwrap();
    let name = named(SEGMENTS[1], &bytes);
    (bytes, name)
}

pub fn first(document: &Value, code: &str) -> Value {
    let all = document["findings"].as_array().unwrap();
    all.iter().find(|f| f["code"] == code).unwrap_or_else(|| panic!("{code}: {document}")).clone()
}

#[test]
fn what_pgbackrest_does_not_look_for_is_not_there() {
    type Place = fn(&str) -> String;
    let places: [(&str, Place); 6] = [
        ("another log", |name| format!("0000000100000001/{name}")),
        ("another timeline", |name| format!("0000000200000000/{name}")),
        ("the id itself", str::to_owned),
        ("no sum", |_| format!("0000000100000000/{}", SEGMENTS[1])),
        ("no sum, in the id", |_| SEGMENTS[1].to_owned()),
        ("another suffix", |name| format!("0000000100000000/{name}.zstd")),
    ];
    for (what, place) in places {
        let repo = Repo::new();
        let (bytes, name) = without_second(&repo);
        repo.put(&format!("{ID}/{}", place(&name)), &bytes);
        for words in [&[][..], &["--backup", FULL]] {
            let root = repo.root();
            let (document, code) = json(&[&["verify", root.as_str()], words].concat());
            assert_eq!((code, &document["verdict"]), (1, &"refuted".into()), "{what}: {document}");
            let all = codes(&document);
            assert!(all.contains(&"WP135 error".to_owned()), "{what}: {all:?}");
            assert!(words.is_empty() || document["restore"]["redo_end"] != Value::Null, "{what}: {document}");
        }
        // What is advised mends it.
        let root = repo.root();
        let text = walproof(&["verify", &root]).out;
        let next = text.lines().find(|line| line.starts_with("NEXT")).unwrap();
        let typed = next.split("where the tool looks: ").nth(1).unwrap().split("; then").next().unwrap();
        assert!(std::process::Command::new("sh").args(["-ec", typed]).status().unwrap().success(), "{typed}");
        let (document, code) = json(&["verify", &root, "--backup", FULL]);
        assert_eq!((code, codes(&document)), (0, Vec::new()), "{what}: {typed}: {document}");
    }
}

#[test]
fn beside_a_file_that_is_found_it_is_worth_knowing() {
    let repo = Repo::new();
    build::pgbackrest(&repo);
    let bytes = fs::read(repo.at(&format!("{ID}/0000000100000000")).join(take_second(&repo).1)).unwrap_or_default();
    assert!(bytes.is_empty());
    build::pgbackrest(&repo);
    repo.put(&format!("{ID}/{}", SEGMENTS[1]), read(&repo));
    let (document, code) = json(&["verify", &repo.root()]);
    assert_eq!((code, codes(&document)), (0, vec!["WP135 info".to_owned()]), "{document}");
}

fn read(repo: &Repo) -> Vec<u8> {
    let (bytes, name) = take_second(repo);
    repo.put(&format!("{ID}/0000000100000000/{name}"), &bytes);
    bytes
}

#[test]
fn whoever_fetches_wal_without_the_tool_gets_it() {
    let repo = Repo::new();
    let (bytes, _) = without_second(&repo);
    repo.put(&format!("{ID}/{}", SEGMENTS[1]), &bytes);
    let into = repo.at("restored");
    let ran = walproof(&["archive-get", SEGMENTS[1], into.to_str().unwrap(), "--from", &repo.root()]);
    assert_eq!((ran.code, fs::read(into).unwrap() == bytes), (0, true), "{}", ran.err);
}

#[test]
fn capitals_in_the_sum_are_found_as_well() {
    let repo = Repo::new();
    let (bytes, name) = without_second(&repo);
    let (segment, sum) = name.split_once('-').unwrap();
    repo.put(&format!("{ID}/0000000100000000/{segment}-{}", sum.to_uppercase()), &bytes);
    let (document, code) = json(&["verify", &repo.root(), "--backup", FULL]);
    assert_eq!((code, codes(&document)), (0, Vec::new()), "{document}");
}
#[test]
fn what_other_tools_do_not_look_for_is_not_there() {
    type Build = fn(&Repo);
    let all: [(&str, Build, &str, &str); 5] = [
        ("barman", |repo| build::barman(repo, "prod"), "prod/wals/0000000100000000", "prod/wals"),
        ("barman", |repo| build::barman(repo, "prod"), "prod/wals/0000000100000000", "prod/wals/0000000100000001"),
        ("barman-cloud", build::barman_cloud, "prod/wals/0000000100000000", "prod/wals"),
        ("wal-g", build::walg, "wal_005", "wal_005/0000000100000000"),
        ("wal-g", build::walg, "wal_005", "wal_005/0000000100000001"),
    ];
    for (tool, build, from, to) in all {
        let repo = Repo::new();
        build(&repo);
        let bytes = fs::read(repo.at(&format!("{from}/{}", SEGMENTS[1]))).unwrap();
        repo.remove(&format!("{from}/{}", SEGMENTS[1]));
        repo.put(&format!("{to}/{}", SEGMENTS[1]), &bytes);
        let (document, code) = json(&["verify", &repo.root()]);
        assert_eq!((code, &document["verdict"]), (1, &"refuted".into()), "{tool} {to}: {document}");
        assert!(codes(&document).contains(&"WP135 error".to_owned()), "{tool} {to}: {document}");
        assert!(codes(&document).contains(&"WP101 error".to_owned()), "{tool} {to}: {document}");
    }
    // Barman knows no suffix, the others know theirs; WAL-G and barman-cloud go by them.
    let packed_as: [(&str, Build, &str, &str, &str); 5] = [
        ("barman", |repo| build::barman(repo, "prod"), "prod/wals/0000000100000000", ".gz", "WP135 error"),
        ("barman-cloud", build::barman_cloud, "prod/wals/0000000100000000", ".gz", ""),
        ("barman-cloud", build::barman_cloud, "prod/wals/0000000100000000", ".lz4", "WP136 error"),
        ("wal-g", build::walg, "wal_005", ".gz", ""),
        ("wal-g", build::walg, "wal_005", "", "WP136 error"),
    ];
    for (tool, build, folder, suffix, told) in packed_as {
        let repo = Repo::new();
        build(&repo);
        let file = format!("{folder}/{}", SEGMENTS[1]);
        let bytes = fs::read(repo.at(&file)).unwrap();
        repo.remove(&file);
        repo.put(&format!("{file}{suffix}"), gz(&bytes));
        let (document, code) = json(&["verify", &repo.root()]);
        let found = codes(&document);
        assert_eq!(
            (code, found.is_empty()),
            (i32::from(!told.is_empty()), told.is_empty()),
            "{tool} {suffix}: {document}"
        );
        assert!(told.is_empty() || found.contains(&told.to_owned()), "{tool} {suffix}: {document}");
    }
}

#[test]
fn pg_probackup_and_pghoard_look_into_one_folder() {
    for (tool, build, folder) in
        [("pg_probackup", build::probackup as fn(&Repo), "wal/main"), ("pghoard", super::EVERY[5].2, "main/xlog")]
    {
        let at = |repo: &Repo| {
            build(repo);
            let file = format!("{folder}/{}", SEGMENTS[1]);
            let bytes = fs::read(repo.at(&file)).unwrap();
            repo.remove(&file);
            bytes
        };
        let repo = Repo::new();
        let bytes = at(&repo);
        repo.put(&format!("{folder}/0000000100000000/{}", SEGMENTS[1]), &bytes);
        let (document, code) = json(&["verify", &repo.root()]);
        assert_eq!((code, &document["verdict"]), (1, &"refuted".into()), "{tool}: {document}");
        assert!(codes(&document).contains(&"WP135 error".to_owned()), "{tool}: {document}");
        // pg_probackup unpacks by the suffix, pghoard knows none.
        let repo = Repo::new();
        let bytes = at(&repo);
        repo.put(&format!("{folder}/{}.gz", SEGMENTS[1]), gz(&bytes));
        let (document, code) = json(&["verify", &repo.root()]);
        let found = tool == "pg_probackup";
        assert_eq!(
            (code == 0, !codes(&document).contains(&"WP135 error".to_owned())),
            (found, found),
            "{tool}: {document}"
        );
    }
}

/// Of several files of one segment the tool takes the first by its suffix, and no other one where that is damaged.
#[test]
fn a_copy_that_the_tool_passes_over_neither_mends_nor_harms() {
    type Build = fn(&Repo);
    let all: [(&str, Build, &str); 2] =
        [("pg_probackup", build::probackup, "wal/main"), ("wal-g", build::walg, "wal_005")];
    for (tool, build, folder) in all {
        let repo = Repo::new();
        build(&repo);
        let plain = format!("{folder}/{}", SEGMENTS[1]);
        let whole = fs::read(repo.at(&plain)).unwrap();
        let packed = super::tars::gz(&whole);
        let mut damaged = packed.clone();
        damaged[packed.len() / 2] ^= 1;
        repo.put(&format!("{plain}.gz"), &damaged);
        for words in [&[][..], &["--backup", "latest"]] {
            let root = repo.root();
            let (document, code) = json(&[&["verify", root.as_str()], words].concat());
            assert_eq!((code, &document["verdict"]), (1, &"refuted".into()), "{tool} {words:?}: {document}");
            assert!(codes(&document).contains(&"WP135 info".to_owned()), "{tool}: {document}");
        }
        let text = walproof(&["verify", &repo.root()]).out;
        let next = format!(
            "NEXT     where {plain}.gz is damaged, move it out of the archive: then the tool gives out {plain};"
        );
        assert!(text.contains(&next), "{tool}: {text}");
        // The reverse: half of a copy beside a whole file.
        repo.put(&format!("{plain}.gz"), &packed);
        repo.put(&plain, &whole[..whole.len() / 2]);
        for words in [&[][..], &["--backup", "latest", "--target-lsn", "0/00AC0000"]] {
            let root = repo.root();
            let (document, code) = json(&[&["verify", root.as_str()], words].concat());
            assert_eq!((code, codes(&document)), (0, vec!["WP135 info".to_owned()]), "{tool} {words:?}: {document}");
        }
    }
}
