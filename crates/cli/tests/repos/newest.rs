//! Which backup is the newest, and what those reach that carry WAL themselves.

use super::build::{self, BARMAN_ID, INCR, Repo, SEGMENTS};
use super::{json, walkdir, walproof};
use std::fs;

#[test]
fn the_newest_is_the_one_that_was_made_last() {
    let repo = Repo::new();
    build::barman(&repo, "prod");
    // After a restore to an earlier point positions are lower than they were.
    let before = "20261121T031701";
    let info = build::barman_info("DONE").replace("0/900", "0/A00").replace("-11-22", "-11-21");
    repo.put(&format!("prod/meta/{before}-backup.info"), info.replace(SEGMENTS[0], SEGMENTS[1]));
    repo.put(&format!("prod/base/{before}/data/base.tar.gz"), "some");
    let (outcome, code) = json(&["verify", &repo.root(), "--backup", "latest"]);
    assert_eq!((code, outcome["verdict"].as_str()), (0, Some("proven")), "{outcome}");
    assert_eq!(outcome["restore"]["redo_start"], "0/00900028");
    assert!(outcome["repository"]["restore_command"].as_str().unwrap().contains(BARMAN_ID), "{outcome}");
    let (document, _) = json(&["backups", &repo.root()]);
    let backups = document["archives"][0]["backups"].as_array().unwrap();
    assert_eq!(backups.iter().map(|one| &one["label"]).collect::<Vec<_>>(), [before, BARMAN_ID]);
}

#[test]
fn the_wal_that_a_backup_carries_counts_without_its_name() {
    let repo = Repo::new();
    build::pgbackrest(&repo);
    let all = walkdir(&repo.root());
    let first = all
        .iter()
        .find(|path| path.contains("/15-1/") && path.contains(SEGMENTS[0]) && !path.ends_with(".backup"))
        .unwrap();
    let bytes = fs::read(first).unwrap();
    fs::remove_file(first).unwrap();
    repo.put(&format!("backup/main/{INCR}/pg_data/pg_wal/{}", SEGMENTS[0]), bytes);
    let lsn = ["--target-lsn", "0/A00100"];
    let (outcome, code) = json(&[&["verify", &repo.root()][..], &lsn].concat());
    assert_eq!((code, outcome["verdict"].as_str()), (0, Some("proven")), "{outcome}");
    assert_eq!(outcome["restore"]["backup_chosen"]["backup"], format!("backup/main/{INCR}"));
    let (document, code) = json(&["backups", &repo.root()]);
    let backups = document["archives"][0]["backups"].as_array().unwrap();
    let of = |index: usize| (&backups[index]["why"], backups[index]["window"]["to_lsn"].as_str());
    assert_eq!(code, 0, "{document}");
    let (named, _) = json(&["verify", &repo.root(), "--backup", INCR]);
    assert_eq!(of(1), (&serde_json::Value::Null, named["restore"]["replay_end"].as_str()), "{document}");
    assert!(backups[1]["window"]["last"]["time"].is_string(), "{document}");
    // The full one has its WAL from the archive alone.
    assert_eq!(of(0).0, "gap", "{document}");
    let said = walproof(&["backups", &repo.root()]).out;
    assert!(said.contains("1 of 2 backups restore"), "{said}");
}
