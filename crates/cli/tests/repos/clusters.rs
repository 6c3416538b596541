//! Backups that are of another cluster than the WAL beside them: what is left under a name that was used again.

use super::build::{self, BARMAN_ID, FULL, INCR, Repo, SEGMENTS, SYSTEM_ID, signed};
use super::{EVERY, codes, json, walkdir, walproof};
use std::fs;

const OTHER: &str = "7713251713769558642";

/// Writes another cluster, or version, into the tool's own files.
fn of_another(repo: &Repo, from: &str, to: &str) {
    for path in walkdir(&repo.root()).iter().filter(|path| !path.contains("/pg_data/") && !path.contains("/database/"))
    {
        let Ok(text) = fs::read_to_string(path) else { continue };
        if text.contains(from) {
            let changed = text.replace(from, to);
            fs::write(path, if text.contains("backrest-checksum") { signed(&changed) } else { changed }).unwrap();
        }
    }
}

fn pghoard(repo: &Repo, version: &str) {
    (EVERY[5].2)(repo);
    let about = format!(
        "{{\"start-wal-segment\":\"{}\",\"pg-version\":\"{version}\",\"start-time\":\"2026-11-22T03:17:01+00:00\"}}",
        SEGMENTS[0]
    );
    repo.put("main/basebackup/2026-11-22_03-17_0.metadata", about);
    repo.put("main/basebackup/2026-11-22_03-17_0", "some");
}

#[test]
fn a_backup_of_another_cluster_does_not_restore() {
    for (tool, label, build) in EVERY.into_iter().filter(|(_, label, _)| !label.is_empty()) {
        let repo = Repo::new();
        build(&repo);
        of_another(&repo, SYSTEM_ID, OTHER);
        for words in [&["--backup", "latest"][..], &["--backup", label], &["--target-lsn", "0/B00000"], &[]] {
            let (outcome, code) = json(&[&["verify", &repo.root()], words].concat());
            assert_eq!((code, outcome["verdict"].as_str()), (1, Some("refuted")), "{tool} {words:?}: {outcome}");
            assert!(codes(&outcome).contains(&"WP440 error".to_owned()), "{tool} {words:?}: {:?}", codes(&outcome));
        }
        let said = walproof(&["verify", &repo.root(), "--backup", label]).out;
        let file = SEGMENTS[0];
        assert!(said.contains(&format!("it is of cluster {OTHER}")), "{tool}: {said}");
        assert!(
            said.contains(&format!("and {file}, in which it starts, is WAL of cluster {SYSTEM_ID}")),
            "{tool}: {said}"
        );
        let (document, code) = json(&["backups", &repo.root()]);
        assert_eq!((code, &document["archives"][0]["backups"][0]["why"]), (1, &"broken".into()), "{tool}: {document}");
    }
}

#[test]
fn a_backup_of_another_version_does_not_restore() {
    for (tool, build, from, to) in [
        ("wal-g", build::walg as fn(&Repo), "150020", "160014"),
        ("pg_probackup", build::probackup, "server-version = 15", "server-version = 16"),
        ("pghoard", |repo: &Repo| pghoard(repo, "150020"), "150020", "160014"),
    ] {
        let repo = Repo::new();
        build(&repo);
        let broken = || {
            let (document, _) = json(&["backups", &repo.root()]);
            document["archives"][0]["backups"][0]["why"] == "broken"
        };
        assert!(!broken(), "{tool}");
        of_another(&repo, from, to);
        assert!(broken(), "{tool}");
        let said = walproof(&["verify", &repo.root()]).out;
        assert!(said.contains("PostgreSQL 16") && said.contains("(PostgreSQL 15)"), "{tool}: {said}");
    }
}

#[test]
fn the_backups_of_this_cluster_restore_beside_it() {
    let repo = Repo::new();
    build::barman(&repo, "prod");
    let later = "20261123T031701";
    let other = build::barman_info("DONE").replace(SYSTEM_ID, OTHER) + "version=160014\n";
    repo.put(&format!("prod/meta/{later}-backup.info"), other);
    repo.put(&format!("prod/base/{later}/data/base.tar.gz"), "some");
    let (outcome, code) = json(&["verify", &repo.root()]);
    assert_eq!((code, codes(&outcome)), (0, vec!["WP440 warning".to_owned()]));
    let (outcome, code) = json(&["verify", &repo.root(), "--target-lsn", "0/A00100"]);
    let command = outcome["repository"]["restore_command"].as_str().unwrap_or_default();
    assert!(code == 0 && command.contains(BARMAN_ID), "{outcome}");
    assert_eq!(codes(&outcome), ["WP440 warning"]);
    // What the tool takes for the latest is that one.
    for name in [later, "latest"] {
        let named = walproof(&["verify", &repo.root(), "--backup", name]);
        assert!(named.code == 1 && named.out.contains("(PostgreSQL 16)"), "{}", named.out);
        assert!(named.out.contains("others of the repository restore"), "{}", named.out);
    }
}

#[test]
fn without_their_wal_nothing_is_said_of_clusters() {
    let repo = Repo::new();
    build::pgbackrest(&repo);
    repo.remove(&format!("backup/main/{FULL}"));
    repo.remove(&format!("backup/main/{INCR}"));
    for path in walkdir(&repo.root()).iter().filter(|path| path.contains(SEGMENTS[0])) {
        fs::write(path, [0; 64]).unwrap();
    }
    let said = walproof(&["verify", &repo.root()]).out;
    assert!(!said.contains("is of cluster"), "{said}");
}

/// A stanza that went over to another cluster keeps the WAL of the first: pgBackRest 2.45 restores both.
#[test]
fn of_several_archives_that_of_the_named_data_directory_is_taken() {
    let repo = Repo::new();
    build::pgbackrest(&repo);
    for copy in ["", ".copy"] {
        repo.put(&format!("archive/main/archive.info{copy}"), build::archive_info_of(&[SYSTEM_ID, OTHER]));
    }
    repo.wal("archive/main/15-2/0000000100000000", build::named, false);
    let data = crate::run::testdata("backup/15");
    for words in [["--backup", data.as_str()], ["--pgdata", data.as_str()]] {
        let (outcome, code) = json(&[&["verify", &repo.root()], &words[..]].concat());
        assert_eq!(outcome["repository"]["archive_id"], "15-1", "{words:?}: {outcome}");
        assert!(!codes(&outcome).iter().any(|own| own.starts_with("WP406")), "{code} {words:?}: {:?}", codes(&outcome));
    }
    let (outcome, _) = json(&["verify", &repo.root()]);
    assert_eq!(outcome["repository"]["archive_id"], "15-2", "{outcome}");
    // What is chosen by name is taken, whatever the directory is of.
    let (outcome, _) = json(&["verify", &repo.root(), "--backup", &data, "--archive-id", "15-2"]);
    assert_eq!(outcome["repository"]["archive_id"], "15-2", "{outcome}");
}
