//! What `backups` says of where a backup's reach ends, of several archives by standard input, and of one without a key.

use crate::build::{self, BARMAN_ID, FULL, Repo, SEGMENTS};
use crate::json;
use crate::run::{testdata, walproof, walproof_with_input};
use crate::tar::tar_of;
use std::path::Path;

#[test]
fn a_missing_segment_is_missing_and_named() {
    let repo = Repo::new();
    build::barman(&repo, "prod");
    repo.remove(&format!("prod/wals/0000000100000000/{}", SEGMENTS[1]));
    let (document, code) = json(&["backups", &repo.root()]);
    let window = &document["archives"][0]["backups"][0]["window"];
    assert_eq!((code, &window["ends_by"]), (0, &"gap".into()), "{document}");
    let text = walproof(&["backups", &repo.root()]).out;
    assert!(text.contains(&format!("ends there by a gap: {} is missing", SEGMENTS[1])), "{text}");
    // What the table says is the end, LAST says, too.
    assert_eq!(document["archives"][0]["last_commit_time"], window["last"]["time"]);
    // Within the backup itself.
    let info = format!("prod/meta/{BARMAN_ID}-backup.info");
    let said = std::fs::read_to_string(repo.at(&info)).unwrap();
    let ended = said
        .replace("end_xlog=0/900100", "end_xlog=0/A00100")
        .replace(&format!("end_wal={}", SEGMENTS[0]), &format!("end_wal={}", SEGMENTS[1]));
    repo.put(&info, ended);
    let (document, code) = json(&["backups", &repo.root()]);
    let backup = &document["archives"][0]["backups"][0];
    assert_eq!((code, &backup["why"]), (1, &"gap".into()), "{document}");
    assert!(backup["message"].as_str().unwrap().contains(SEGMENTS[1]), "{backup}");
}

#[test]
fn several_archives_come_by_standard_input() {
    let repo = Repo::new();
    build::barman(&repo, "one");
    build::barman(&repo, "two");
    repo.remove(&format!("two/wals/0000000100000000/{}", SEGMENTS[1]));
    let bytes = tar_of(Path::new(&repo.root())).unwrap();
    let backups = walproof_with_input(&["backups", "-"], &bytes);
    assert!(backups.out.contains("server one") && backups.out.contains("server two"), "{}{}", backups.out, backups.err);
    assert_eq!(backups.code, walproof(&["backups", &repo.root()]).code);
    let each = walproof_with_input(&["verify", "--each", "-"], &bytes);
    assert!(each.code == 1 && each.out.contains("PROVEN: ") && each.out.contains("REFUTED: "), "{}", each.out);
    let one = walproof_with_input(&["backups", "-", "--server", "one"], &bytes);
    assert!(one.code == 0 && !one.out.contains("server two"), "{}{}", one.out, one.err);
    assert_eq!(walproof(&["backups", "--each", &repo.root()]).code, backups.code);
    let lone = walproof_with_input(&["verify", "--each", "-"], &crate::places::good(0));
    assert!(lone.code == 2 && !lone.err.is_empty(), "{}", lone.out);
}

#[test]
fn without_a_key_it_is_said_that_one_is_needed() {
    let repo = Repo::new();
    build::pgbackrest(&repo);
    build::encrypt(&repo, "secret");
    let ran = walproof(&["backups", &repo.root()]);
    assert!(ran.code == 2 && ran.out.contains("it is encrypted"), "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("--passphrase-file") && ran.out.contains(FULL), "{}", ran.out);
    let when = walproof(&["when", &repo.root()]);
    assert!(when.code == 2 && when.err.contains("it is encrypted") && when.err.contains("--passphrase-file"));
}

#[test]
fn an_encrypted_repository_is_a_side_like_any_other() {
    let repo = Repo::new();
    build::pgbackrest(&repo);
    build::encrypt(&repo, "secret");
    let pass = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(pass.path(), "secret\n").unwrap();
    let (root, good, pass) = (repo.root(), testdata("demo/good"), pass.path().to_str().unwrap());
    let same = walproof(&["diverge", &root, &good, "--passphrase-file", pass, "--format", "json"]);
    let told: serde_json::Value = serde_json::from_str(&same.out).unwrap();
    assert_eq!((same.code, &told["meeting"]), (0, &"same".into()), "{told:#} {}", same.err);
    assert_eq!(told["a"]["range"], told["b"]["range"]);
    // What is behind is told of it, too.
    let short = tempfile::tempdir().unwrap();
    for name in &SEGMENTS[..2] {
        std::fs::copy(Path::new(&good).join(name), short.path().join(name)).unwrap();
    }
    let behind = |place: &str, more: &[&str]| {
        let words = ["diverge", place, short.path().to_str().unwrap(), "--format", "json"];
        let ran = walproof(&[&words, more].concat());
        let told: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        (ran.code, told["meeting"].clone(), told["fork_lsn"].clone(), told["a"]["behind"].clone())
    };
    let told = behind(&root, &["--passphrase-file", pass]);
    assert_eq!((told.0, &told.1), (0, &"a_ahead".into()), "{told:?}");
    assert!(told.3["committed"].as_u64() > Some(0), "{told:?}");
    assert_eq!(told, behind(&good, &[]));
    let closed = walproof(&["diverge", &root, &good]);
    assert!(closed.code == 2 && closed.err.contains("encrypted"), "{}{}", closed.out, closed.err);
}

#[test]
fn what_is_left_out_and_what_reads_more_is_said() {
    let repo = Repo::new();
    build::pgbackrest(&repo);
    repo.wal("archive/main/14-2", build::named, false);
    let text = walproof(&["verify", &repo.root()]).out;
    assert!(text.contains("LEFT OUT archive id 14-2") && text.contains("--data reads them"), "{text}");
    let (own, _) = json(&["verify", &repo.root()]);
    assert_eq!(own["repository"]["left_out"].as_array().unwrap().len(), 1);
    let backups = walproof(&["backups", &repo.root()]).out;
    assert!(backups.contains("LEFT OUT archive id 14-2"), "{backups}");
}
