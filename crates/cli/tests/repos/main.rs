//! Repositories of backup tools, named by their root.
#![allow(clippy::unwrap_used, reason = "a test fails where something is missing, in its functions too")]

#[cfg(feature = "stores")]
mod buckets;
mod build;
mod cases;
mod clusters;
mod data;
#[path = "../run/mod.rs"]
mod run;
#[cfg(feature = "stores")]
#[path = "../../../source/tests/stores/server.rs"]
#[allow(dead_code, reason = "it misbehaves in more ways than are tried here")]
mod server;

mod compared;
mod configured;
mod empty;
#[path = "../codes/encrypt.rs"]
mod encrypt;
mod ends;
mod misfiled;
mod newest;
mod order;
mod own_files;
mod places;
#[cfg(feature = "stores")]
mod roles;
#[cfg(feature = "stores")]
#[path = "../../../source/tests/stores/stand_in.rs"]
#[allow(dead_code, reason = "it answers in more ways than are tried here")]
mod stand_in;
#[path = "../run/tar.rs"]
mod tar;
mod tars;
mod twice;
mod typed;
mod unfinished;
mod unpacked;
mod without_a_byte;
mod written;

use build::{BARMAN_ID, FULL, INCR, Repo, SEGMENTS};
use run::{Ran, testdata, walproof};
use serde_json::Value;

fn json(words: &[&str]) -> (Value, i32) {
    let ran = walproof(&[words, &["--format", "json"]].concat());
    (serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{words:?}: {}{}", ran.out, ran.err)), ran.code)
}

fn codes(document: &Value) -> Vec<String> {
    let findings = document["findings"].as_array().unwrap();
    findings.iter().map(|f| format!("{} {}", f["code"].as_str().unwrap(), f["severity"].as_str().unwrap())).collect()
}

type Build = fn(&Repo);
const EVERY: [(&str, &str, Build); 6] = [
    ("pgbackrest", INCR, build::pgbackrest),
    ("barman", BARMAN_ID, |repo| build::barman(repo, "prod")),
    ("barman-cloud", BARMAN_ID, build::barman_cloud),
    ("wal-g", "base_000000010000000000000009", build::walg),
    ("pg_probackup", "TP7Z2S", build::probackup),
    ("pghoard", "", |repo| {
        repo.wal("main/xlog", |segment, _| segment.to_owned(), true);
        repo.put("main/xlog/000000010000000000000009.metadata", "{}");
    }),
];

#[test]
fn every_tool_is_read_by_its_root() {
    let (plain, _) = json(&["verify", &testdata("demo/good")]);
    for (tool, label, build) in EVERY {
        let repo = Repo::new();
        build(&repo);
        let (outcome, code) = json(&["verify", &repo.root()]);
        assert_eq!((code, outcome["verdict"].as_str()), (0, Some("proven")), "{tool}: {outcome}");
        assert_eq!(outcome["replay"], plain["replay"], "{tool}");
        assert_eq!(outcome["repository"]["tool"], tool);
        let labels: Vec<&str> =
            outcome["backups"].as_array().unwrap().iter().filter_map(|backup| backup["label"].as_str()).collect();
        assert!(labels.contains(&label) || label.is_empty(), "{tool}: {labels:?}");
        assert!(outcome["backups"][0]["wal_complete"].as_bool().unwrap(), "{tool}");
        for words in [&["timelines"][..], &["when"], &["stats"]] {
            assert_eq!(walproof(&[words, &[&repo.root()]].concat()).code, 0, "{tool} {words:?}");
        }
    }
}

#[test]
fn a_gap_is_the_same_as_in_the_folder() {
    for (tool, _, build) in EVERY {
        let repo = Repo::new();
        build(&repo);
        let all = walkdir(&repo.root());
        let lost = all.iter().find(|path| path.contains(SEGMENTS[1]) && !path.ends_with(".metadata")).unwrap();
        std::fs::remove_file(lost).unwrap();
        let (outcome, code) = json(&["verify", &repo.root()]);
        assert_eq!((code, codes(&outcome)), (1, vec!["WP101 error".to_owned()]), "{tool}");
        assert_eq!(outcome["findings"][0]["lsn"], "0/00A00028", "{tool}");
    }
}

fn walkdir(folder: &str) -> Vec<String> {
    let mut out = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path().to_str().unwrap().to_owned();
        if entry.path().is_dir() { out.extend(walkdir(&path)) } else { out.push(path) }
    }
    out
}

#[test]
fn several_are_listed_and_one_is_chosen() {
    let repo = Repo::new();
    build::barman(&repo, "one");
    build::barman(&repo, "two");
    repo.remove(&format!("two/wals/0000000100000000/{}", SEGMENTS[1]));
    let Ran { code, err, .. } = walproof(&["verify", &repo.root()]);
    assert!(code == 2 && err.contains("Barman: --server one") && err.contains("Barman: --server two"), "{err}");
    assert_eq!(walproof(&["verify", &repo.root(), "--server", "one"]).code, 0);
    assert_eq!(walproof(&["verify", &repo.root(), "--server", "two"]).code, 1);
    let none = walproof(&["verify", &repo.root(), "--server", "three"]);
    assert!(none.code == 2 && none.err.contains("nothing there is --server three"), "{}", none.err);
    assert_eq!(walproof(&["verify", &repo.root(), "--stanza", "one"]).code, 2);
    let each = walproof(&["verify", &repo.root(), "--each"]);
    assert!(each.code == 1 && each.out.contains("PROVEN: ") && each.out.contains("REFUTED: "), "{}", each.out);
    let lines = walproof(&["verify", &repo.root(), "--each", "--format", "json"]);
    let verdicts: Vec<Value> =
        lines.out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["verdict"].clone()).collect();
    assert_eq!(verdicts, ["proven", "refuted"]);
}

/// An archive that is not mounted is no proof, and the others do not hide it.
#[test]
fn an_archive_that_is_gone_has_a_row_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["db1", "db2", "lost+found", ".snapshot"] {
        std::fs::create_dir(folder.path().join(name)).unwrap();
    }
    std::fs::write(folder.path().join("README"), "archives\n").unwrap();
    for file in std::fs::read_dir(testdata("demo/good")).unwrap() {
        let path = file.unwrap().path();
        std::fs::copy(&path, folder.path().join("db2").join(path.file_name().unwrap())).unwrap();
    }
    std::os::unix::fs::symlink("/nowhere/at/all", folder.path().join("db3")).unwrap();
    let place = folder.path().to_str().unwrap();
    let each = walproof(&["verify", place, "--each"]);
    assert!(each.code == 2 && each.out.contains("db1") && each.out.contains("an empty folder"), "{}", each.out);
    let lines = walproof(&["verify", place, "--each", "--format", "json"]);
    let verdicts: Vec<Value> =
        lines.out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["verdict"].clone()).collect();
    assert_eq!((lines.code, verdicts), (2, vec!["proven".into(), "unproven".into(), "unproven".into()]));
    assert_eq!(walproof(&["verify", place, "--each", "-q"]).code, 2);
    // Of a folder of WAL, what lies in it is its own.
    let own = tempfile::tempdir().unwrap();
    std::fs::create_dir(own.path().join("archive_status")).unwrap();
    std::fs::copy(testdata("demo/good/00000001000000000000000A"), own.path().join("00000001000000000000000A")).unwrap();
    let alone = walproof(&["verify", own.path().to_str().unwrap(), "--each"]);
    assert!(alone.code == 0 && !alone.out.contains("archive_status"), "{}", alone.out);
    // A server of Barman's whose wals/ is gone.
    let repo = Repo::new();
    build::barman(&repo, "one");
    build::barman(&repo, "two");
    std::fs::remove_dir_all(repo.at("two/wals")).unwrap();
    let each = walproof(&["verify", &repo.root(), "--each"]);
    assert!(each.code == 2 && each.out.contains("nothing (in two)"), "{}", each.out);
}

#[test]
fn parts_of_a_repository_are_the_repository() {
    let repo = Repo::new();
    build::pgbackrest(&repo);
    for part in ["archive", "archive/main", "archive/main/15-1", "backup/main"] {
        let (outcome, code) = json(&["verify", repo.at(part).to_str().unwrap()]);
        assert_eq!((code, &outcome["repository"]["name"]), (0, &"main".into()), "{part}");
        assert_eq!(outcome["repository"]["backups"], 2, "{part}");
    }
}

#[test]
fn an_archive_id_is_the_current_one_or_is_chosen() {
    let repo = Repo::new();
    build::pgbackrest(&repo);
    for copy in ["", ".copy"] {
        repo.put(&format!("archive/main/archive.info{copy}"), build::archive_info(2));
    }
    // The stanza was upgraded, and nothing has come yet.
    let ran = walproof(&["verify", &repo.root()]);
    assert!(ran.code == 2 && ran.err.contains("--archive-id: 15-1"), "{}", ran.err);
    let (outcome, code) = json(&["verify", &repo.root(), "--archive-id", "15-1"]);
    assert_eq!((code, codes(&outcome)), (0, vec!["WP126 warning".to_owned()]), "{outcome}");
    repo.wal("archive/main/15-2", |segment, _| segment.to_owned(), false);
    let said = walproof(&["verify", &repo.root(), "--explain-source"]);
    assert!(
        said.code == 0 && said.out.contains("archive id 15-2") && said.out.contains("15-1, of another"),
        "{}",
        said.out
    );
    // Whoever asks for JSON gets it.
    let said = walproof(&["verify", &repo.root(), "--explain-source", "--format", "json"]);
    let source: serde_json::Value =
        serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {}", said.out));
    assert_eq!(source["schema"], "walproof.source/1", "{source:#}");
    let own = &source["repository"];
    assert_eq!((&own["tool"], &own["archive_id"]), (&"pgbackrest".into(), &"15-2".into()), "{source:#}");
    assert!(own["left_out"].to_string().contains("15-1, of another"), "{source:#}");
    assert_eq!(walproof(&["verify", &repo.root(), "--explain-source", "--format", "junit"]).code, 2);
}

#[test]
fn information_and_its_copy() {
    let repo = Repo::new();
    build::pgbackrest(&repo);
    repo.put("archive/main/archive.info", "[backrest]\n");
    let (outcome, code) = json(&["verify", &repo.root()]);
    assert_eq!((code, codes(&outcome)), (0, vec!["WP126 warning".to_owned()]));
    repo.remove("archive/main/archive.info.copy");
    let (outcome, code) = json(&["verify", &repo.root()]);
    // Nothing restores without it.
    assert_eq!((code, codes(&outcome)), (1, ["WP126 error", "WP440 error", "WP440 error"].map(str::to_owned).to_vec()));
}

#[test]
fn a_backup_that_does_not_restore_is_told_and_the_last_one_refutes() {
    let repo = Repo::new();
    build::pgbackrest(&repo);
    repo.remove(&format!("backup/main/{INCR}/backup.manifest"));
    let (outcome, code) = json(&["verify", &repo.root()]);
    assert_eq!((code, codes(&outcome)), (0, vec!["WP440 warning".to_owned()]));
    let text = walproof(&["verify", &repo.root()]).out;
    assert!(text.contains(&format!("but backup {INCR} does not restore")), "{text}");
    assert_eq!(walproof(&["verify", &repo.root(), "--backup", FULL]).code, 0);
    let broken = walproof(&["verify", &repo.root(), "--backup", INCR]);
    assert!(broken.code == 1 && broken.out.contains("REFUTED: backup"), "{}{}", broken.out, broken.err);
    let (outcome, code) = json(&["verify", &repo.root(), "--backup", INCR]);
    assert_eq!((code, codes(&outcome)), (1, vec!["WP440 error".to_owned()]), "{outcome}");
    // The incremental one needs the full one, which lacks a file now.
    build::pgbackrest(&repo);
    repo.remove(&format!("backup/main/{FULL}/pg_data/base/5/16384.zst"));
    let (outcome, code) = json(&["verify", &repo.root()]);
    assert_eq!((code, outcome["verdict"].as_str()), (1, Some("refuted")), "{outcome}");
    assert_eq!(codes(&outcome), ["WP440 error", "WP440 error"]);
}

#[test]
fn labels_go_where_a_backup_goes() {
    for (tool, label, build) in EVERY.into_iter().filter(|(_, label, _)| !label.is_empty()) {
        let repo = Repo::new();
        build(&repo);
        for name in [label, "latest"] {
            let (outcome, code) = json(&["verify", &repo.root(), "--backup", name]);
            assert_eq!((code, outcome["verdict"].as_str()), (0, Some("proven")), "{tool} {name}: {outcome}");
            assert_eq!(outcome["restore"]["starts"], true, "{tool} {name}");
        }
        assert_eq!(walproof(&["plan", &repo.root(), "--backup", label]).code, 0, "{tool}");
        let none = walproof(&["verify", &repo.root(), "--backup", "nothing-like-it"]);
        assert!(none.code == 2 && none.err.contains(label), "{tool}: {}", none.err);
    }
}

#[test]
fn backups_say_from_when_to_when() {
    for (tool, label, build) in EVERY.into_iter().filter(|(_, label, _)| !label.is_empty()) {
        let repo = Repo::new();
        build(&repo);
        let (document, code) = json(&["backups", &repo.root()]);
        let archive = &document["archives"][0];
        assert_eq!((code, &archive["tool"]), (0, &tool.into()), "{document}");
        let backups = archive["backups"].as_array().unwrap();
        let backup = backups.iter().find(|backup| backup["label"] == label).unwrap();
        assert_eq!((&backup["window"]["from_lsn"], &backup["why"]), (&"0/00900100".into(), &Value::Null), "{tool}");
        assert!(backup["window"]["last"]["time"].is_string(), "{tool}: {backup}");
    }
    let repo = Repo::new();
    build::barman(&repo, "prod");
    repo.remove(&format!("prod/base/{BARMAN_ID}/data"));
    let (document, code) = json(&["backups", &repo.root()]);
    assert_eq!((code, &document["archives"][0]["backups"][0]["why"]), (1, &"broken".into()), "{document}");
}

#[test]
fn hostile_information_is_told_and_bounded() {
    for text in ["", "[", "[db]\n", "=\n", "[db]\ndb-id={{{{{{{{", "\u{0}", "Salted__12345678"] {
        let repo = Repo::new();
        build::pgbackrest(&repo);
        for name in ["archive/main/archive.info", "backup/main/backup.info"] {
            repo.put(name, text);
            repo.put(&format!("{name}.copy"), text);
        }
        repo.put(&format!("backup/main/{FULL}/backup.manifest"), text);
        let ran = walproof(&["verify", &repo.root()]);
        assert!([0, 1, 2].contains(&ran.code) && !ran.err.contains("panicked"), "{text:?}: {}", ran.err);
        assert!(text.starts_with("Salted") || ran.code == 1, "{text:?}: {}", ran.out);
    }
    let repo = Repo::new();
    build::walg(&repo);
    let deep = "[".repeat(200_000);
    repo.put("basebackups_005/base_00000001000000000000000A_backup_stop_sentinel.json", deep);
    let (outcome, code) = json(&["verify", &repo.root()]);
    assert_eq!((code, codes(&outcome)), (0, vec!["WP440 warning".to_owned()]));
}

/// What is printed to choose one, a shell takes as it is.
#[test]
fn odd_names_are_printed_as_a_shell_takes_them() {
    let repo = Repo::new();
    for server in ["my server", "it's $HOME"] {
        build::barman(&repo, server);
    }
    let several = walproof(&["verify", &repo.root()]);
    for choice in ["--server 'my server'", "--server 'it'\\''s $HOME'"] {
        assert!(several.code == 2 && several.err.contains(choice), "{choice}: {}", several.err);
    }
    let ran = walproof(&["verify", &repo.root(), "--server", "it's $HOME", "--backup", "latest"]);
    assert!(ran.code == 0 && ran.out.contains("--target-tli=latest 'it'\\''s $HOME' "), "{}{}", ran.out, ran.err);
    let none = walproof(&["verify", &repo.root(), "--server", "no such"]);
    assert!(none.code == 2 && none.err.contains("nothing there is --server 'no such'"), "{}", none.err);
    // In restore_command a server reads a `%` itself.
    let repo = Repo::new();
    build::walg(&repo);
    let odd = repo.at("100%f x");
    std::fs::create_dir(&odd).unwrap();
    for part in ["wal_005", "basebackups_005"] {
        std::fs::rename(repo.at(part), odd.join(part)).unwrap();
    }
    let (outcome, code) = json(&["verify", odd.to_str().unwrap(), "--backup", "latest"]);
    let typed = outcome["repository"]["restore_command"].as_str().unwrap();
    assert!(code == 0 && typed.contains("/100%%f x") && typed.contains(" wal-fetch %f %p"), "{typed}");
}
