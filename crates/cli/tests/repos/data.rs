//! The contents of backups, held against their checksums (`--data`).

use super::build::{self, FULL, INCR, Repo};
use super::run::walproof;
use super::{codes, json};
use serde_json::Value;
use sha1::{Digest, Sha1};
use std::io::Write;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn sha1(bytes: &[u8]) -> String {
    hex(&Sha1::digest(bytes))
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

/// What lies in the bundle of the full backup, behind each other.
const BUNDLED: [(&str, &[u8]); 3] = [
    ("pg_data/base/5/1259", b"the first piece"),
    ("pg_data/base/5/1260", b"the second one"),
    ("pg_data/base/5/1261", b"the third"),
];
const LONE: &[u8] = b"a file of its own";

/// A full backup with a bundle and a file of its own; an incremental one that has another second file, and refers to
/// the others.
fn bundled(repo: &Repo) {
    build::pgbackrest(repo);
    repo.remove(&format!("backup/main/{FULL}/pg_data/base"));
    let mut at = 0;
    let mut rows = Vec::new();
    for (name, bytes) in BUNDLED {
        let place = format!("\"bni\":1,\"bno\":{at},\"checksum\":\"{}\",\"rck\":\"{}\"", sha1(b"plain"), sha1(bytes));
        rows.push((name, format!("{place},"), format!("\"repo-size\":{},\"size\":8192}}", bytes.len())));
        at += bytes.len();
    }
    // What is stored as it is has no second checksum.
    let sum = format!("\"checksum\":\"{}\",", sha1(LONE));
    rows.push(("pg_data/base/5/16384", sum, format!("\"size\":{}}}", LONE.len())));
    let head = |kind: &str| {
        vec![
            ("backup", vec![("backup-type", format!("\"{kind}\""))]),
            ("backup:db", vec![("db-id", "1".to_owned())]),
            ("backup:option", vec![("option-compress-type", "\"none\"".to_owned())]),
        ]
    };
    let full: Vec<(&str, String)> = rows.iter().map(|(name, sum, rest)| (*name, format!("{{{sum}{rest}"))).collect();
    let reference = format!("\"reference\":\"{FULL}\",");
    let mut incr: Vec<(&str, String)> =
        rows.iter().map(|(name, sum, rest)| (*name, format!("{{{sum}{reference}{rest}"))).collect();
    let own: &[u8] = b"changed since";
    incr[1].1 = format!(
        "{{\"bni\":1,\"checksum\":\"{0}\",\"rck\":\"{0}\",\"repo-size\":{1},\"size\":8192}}",
        sha1(own),
        own.len()
    );
    for (label, kind, files) in [(FULL, "full", full), (INCR, "incr", incr)] {
        let sections: Vec<_> = head(kind).into_iter().chain([("target:file", files)]).collect();
        repo.put(&format!("backup/main/{label}/backup.manifest"), build::info(&sections));
    }
    let all: Vec<u8> = BUNDLED.iter().flat_map(|(_, bytes)| bytes.iter().copied()).collect();
    repo.put(&format!("backup/main/{FULL}/bundle/1"), all);
    repo.put(&format!("backup/main/{FULL}/pg_data/base/5/16384"), LONE);
    repo.put(&format!("backup/main/{INCR}/bundle/1"), own);
}

fn flip(repo: &Repo, name: &str, offset: usize) {
    let mut bytes = std::fs::read(repo.at(name)).unwrap();
    bytes[offset] ^= 4;
    repo.put(name, bytes);
}

#[test]
fn a_backup_of_pgbackrest_is_read_once_and_refers() {
    let repo = Repo::new();
    bundled(&repo);
    let (outcome, code) = json(&["verify", &repo.root(), "--data"]);
    assert_eq!((code, codes(&outcome)), (0, vec![]), "{outcome}");
    let files: Vec<u64> =
        outcome["contents"].as_array().unwrap().iter().map(|one| one["files"].as_u64().unwrap()).collect();
    assert_eq!(files, [4, 1], "the second one's own file alone is read again: {}", outcome["contents"]);
    assert!(!outcome["not_checked"].to_string().contains("data files"), "{}", outcome["not_checked"]);
    // A file that only the full one needs: the incremental one restores.
    let bundle = format!("backup/main/{FULL}/bundle/1");
    flip(&repo, &bundle, BUNDLED[0].1.len() + 3);
    assert_eq!(walproof(&["verify", &repo.root()]).code, 0, "names and sizes are right");
    let (outcome, code) = json(&["verify", &repo.root(), "--data"]);
    let damaged = &outcome["contents"][0]["damaged"];
    assert_eq!((&damaged["file"], &damaged["count"]), (&"pg_data/base/5/1260".into(), &1.into()), "{outcome}");
    assert_eq!((code, codes(&outcome)), (0, vec!["WP440 warning".to_owned()]));
    let text = walproof(&["verify", &repo.root(), "--data"]).out;
    assert!(text.contains("pg_data/base/5/1260 has another SHA-1") && text.contains("DATA"), "{text}");
    assert!(text.contains(&format!("but backup {FULL} does not restore")), "{text}");
    // One that both need.
    flip(&repo, &bundle, 3);
    let (outcome, code) = json(&["verify", &repo.root(), "--data"]);
    assert_eq!((code, codes(&outcome)), (1, vec!["WP440 error".to_owned(); 2]), "{outcome}");
}

#[test]
fn one_backup_is_read_where_one_is_named() {
    let repo = Repo::new();
    bundled(&repo);
    let (outcome, code) = json(&["verify", &repo.root(), "--backup", FULL, "--data"]);
    assert_eq!((code, outcome["contents"].as_array().unwrap().len()), (0, 1), "{outcome}");
    flip(&repo, &format!("backup/main/{FULL}/pg_data/base/5/16384"), 0);
    for name in [FULL, INCR] {
        let (outcome, code) = json(&["verify", &repo.root(), "--backup", name, "--data"]);
        assert_eq!((code, outcome["verdict"].as_str()), (1, Some("refuted")), "{name}: {outcome}");
        assert!(codes(&outcome).contains(&"WP440 error".to_owned()), "{outcome}");
    }
    let (document, code) = json(&["backups", &repo.root(), "--data"]);
    let backups = document["archives"][0]["backups"].as_array().unwrap().clone();
    assert_eq!(code, 1, "{document}");
    assert!(backups.iter().all(|backup| backup["why"] == "broken" && backup["contents"]["files"].is_u64()));
    // Without a look at their contents they restore.
    assert_eq!(walproof(&["backups", &repo.root()]).code, 0);
}

#[test]
fn a_manifest_that_is_not_what_it_says_is_no_manifest() {
    let repo = Repo::new();
    bundled(&repo);
    let manifest = format!("backup/main/{INCR}/backup.manifest");
    let text = std::fs::read_to_string(repo.at(&manifest)).unwrap();
    repo.put(&manifest, text.replace("\"size\":8192", "\"size\":8193"));
    let (outcome, code) = json(&["verify", &repo.root()]);
    assert_eq!((code, codes(&outcome)), (0, vec!["WP440 warning".to_owned()]), "{outcome}");
    repo.put(&format!("{manifest}.copy"), text);
    let (outcome, code) = json(&["verify", &repo.root()]);
    assert_eq!((code, codes(&outcome)), (0, vec![]), "the copy serves: {outcome}");
}

#[test]
fn checksums_of_pg_probackup_are_of_what_is_stored() {
    let repo = Repo::new();
    build::probackup(&repo);
    let own = "backups/main/TP7Z2S";
    let control = std::fs::read_to_string(repo.at(&format!("{own}/backup.control"))).unwrap();
    repo.put(&format!("{own}/backup.control"), format!("{control}program-version = 2.5.16\n"));
    // As pg_probackup 2.5.16 wrote it.
    let row = "{\"path\":\"PG_VERSION\", \"size\":\"3\", \"crc\":\"575108234\", \"external_dir_num\":\"0\"}\n";
    repo.put(&format!("{own}/backup_content.control"), row);
    let (outcome, code) = json(&["verify", &repo.root(), "--data"]);
    assert_eq!((code, &outcome["contents"][0]["files"]), (0, &1.into()), "{outcome}");
    flip(&repo, &format!("{own}/database/PG_VERSION"), 0);
    let (outcome, code) = json(&["verify", &repo.root(), "--data"]);
    assert_eq!((code, codes(&outcome)), (1, vec!["WP440 error".to_owned()]), "{outcome}");
}

#[test]
fn what_has_no_checksum_has_to_unpack() {
    let repo = Repo::new();
    build::walg(&repo);
    repo.remove("basebackups_005/base_000000010000000000000009/tar_partitions/part_001.tar");
    let part = "basebackups_005/base_000000010000000000000009/tar_partitions/part_001.tar.gz";
    repo.put(part, gzip(&[7; 1000]));
    let (outcome, code) = json(&["verify", &repo.root(), "--data"]);
    let read: &Value = &outcome["contents"][0];
    assert_eq!((code, &read["files"]), (0, &1.into()), "{outcome}");
    assert!(read["not_checked"].to_string().contains("no checksum"), "{read}");
    let whole = std::fs::read(repo.at(part)).unwrap();
    repo.put(part, &whole[..whole.len() - 9]);
    let (outcome, code) = json(&["verify", &repo.root(), "--data"]);
    assert_eq!((code, codes(&outcome)), (1, vec!["WP440 error".to_owned()]), "{outcome}");
}
