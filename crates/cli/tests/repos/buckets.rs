//! The same repositories in a bucket: what is said of them is what is said of the folder, but for the place.

use super::build::{Repo, SEGMENTS};
use super::server::{StoreManner, StoreServer};
use super::{EVERY, Ran, walkdir};
use serde_json::Value;
use std::process::Command;

pub(super) fn serve(repo: &Repo) -> StoreServer {
    let root = repo.root();
    let key = |path: &str| format!("pre/fix/{}", path.strip_prefix(&root).unwrap().trim_start_matches('/'));
    let objects: Vec<_> = walkdir(&root).iter().map(|path| (key(path), std::fs::read(path).unwrap())).collect();
    StoreServer::new(objects, 2)
}

fn walproof(server: &StoreServer, words: &[&str]) -> Ran {
    let out = Command::new(env!("CARGO_BIN_EXE_walproof"))
        .args(words)
        .env("AWS_ACCESS_KEY_ID", "KEY")
        .env("AWS_SECRET_ACCESS_KEY", "secret")
        .env("AWS_ENDPOINT_URL", &server.url)
        .env_remove("AWS_PROFILE")
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ran { out: text(&out.stdout), err: text(&out.stderr), code: out.status.code().unwrap() }
}

pub(super) const URL: &str = "s3://b/pre/fix";

#[test]
fn a_bucket_and_a_folder_with_the_same_in_it_come_out_the_same() {
    for (tool, _, build) in EVERY {
        let repo = Repo::new();
        build(&repo);
        for damaged in [false, true] {
            if damaged {
                let all = walkdir(&repo.root());
                let hit = all.iter().find(|path| path.contains(SEGMENTS[1]) && !path.ends_with(".metadata")).unwrap();
                let mut bytes = std::fs::read(hit).unwrap();
                let middle = bytes.len() / 2;
                bytes[middle] ^= 4;
                std::fs::write(hit, bytes).unwrap();
            }
            let server = serve(&repo);
            for command in ["verify", "backups"] {
                let folder = super::walproof(&[command, &repo.root(), "--format", "json"]);
                let bucket = walproof(&server, &[command, URL, "--format", "json"]);
                assert_eq!(bucket.code, folder.code, "{tool} {command}: {}", bucket.err);
                let mut there: Value = serde_json::from_str(&folder.out.replace(&repo.root(), URL)).unwrap();
                let mut here: Value = serde_json::from_str(&bucket.out).unwrap();
                for document in [&mut there, &mut here] {
                    without_times(document);
                }
                assert_eq!(here, there, "{tool} {command}");
            }
            assert_eq!(walproof(&server, &["stats", URL]).code, super::walproof(&["stats", &repo.root()]).code);
        }
    }
}

/// How long ago something was, changes from run to run.
fn without_times(document: &mut Value) {
    match document {
        Value::Object(fields) => {
            fields.retain(|name, _| !name.contains("age") && !name.contains("seconds") && !name.contains("ago"));
            fields.values_mut().for_each(without_times);
        }
        Value::Array(items) => items.iter_mut().for_each(without_times),
        _ => {}
    }
}

#[test]
fn a_part_of_a_bucket_is_a_folder_of_wal_and_what_is_not_there_is_told() {
    let repo = Repo::new();
    super::build::walg(&repo);
    let server = serve(&repo);
    let ran = walproof(&server, &["verify", &format!("{URL}/wal_005")]);
    assert!(ran.code == 0 && ran.out.starts_with("VERDICT  PROVEN"), "{}{}", ran.out, ran.err);
    let ran = walproof(&server, &["verify", "s3://b/nothing"]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{}", ran.err);
    let ran = walproof(&server, &["verify", "s3://gone/x"]);
    assert!(ran.code == 2 && ran.err.contains("NoSuchBucket"), "{}", ran.err);
}

#[test]
fn what_the_store_does_not_give_leaves_the_verdict_open() {
    let repo = Repo::new();
    super::build::barman_cloud(&repo);
    let server = serve(&repo);
    // The archive is listed and told whose it is; then the store begins to refuse.
    server.behaves(StoreManner::Refusing("AccessDenied"));
    let ran = walproof(&server, &["verify", URL]);
    assert_eq!(ran.code, 2, "{}{}", ran.out, ran.err);
    server.behaves(StoreManner::Breaking(3));
    let ran = walproof(&server, &["verify", URL, "-j", "2"]);
    assert!(ran.code == 0 && ran.out.starts_with("VERDICT  PROVEN"), "{}{}", ran.out, ran.err);
}

#[test]
fn what_is_typed_names_the_bucket_and_no_secret() {
    for (tool, beginning, build) in [
        ("barman-cloud", "barman-cloud-restore --endpoint-url http://", super::build::barman_cloud as fn(&Repo)),
        ("wal-g", "WALG_S3_PREFIX=s3://b/pre/fix AWS_ENDPOINT=http://", super::build::walg),
        ("pgbackrest", "PGBACKREST_REPO1_S3_KEY=\"$AWS_ACCESS_KEY_ID\" ", super::build::pgbackrest),
    ] {
        let repo = Repo::new();
        build(&repo);
        let server = serve(&repo);
        let ran = walproof(&server, &["verify", URL, "--target-lsn", "0/00AAC690", "--format", "json"]);
        let outcome: Value = serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{tool}: {}", ran.err));
        let typed = outcome["repository"]["restore_command"].as_str().unwrap_or_else(|| panic!("{outcome}"));
        assert!(typed.starts_with(beginning) && !typed.contains("secret"), "{typed}");
        let yaml = outcome["repository"]["restore_yaml"].as_str();
        assert_eq!(yaml.is_some(), tool == "barman-cloud", "{outcome}");
        if let Some(yaml) = yaml {
            assert!(typed.contains(" s3://b/pre/fix prod 20261122T031701 DIR &&"), "{typed}");
            assert!(yaml.contains("destinationPath: \"s3://b/pre/fix\"\n      serverName: \"prod\"\n"), "{yaml}");
            assert!(yaml.contains("targetLSN: \"0/AAC690\"") && yaml.contains(&server.url), "{yaml}");
            let text = walproof(&server, &["verify", URL, "--backup", "auto"]).out;
            assert!(text.contains("YAML     for CloudNativePG") && text.contains("\n           recovery:\n"), "{text}");
        }
    }
}

/// What of an index a run took, and what it read.
fn index_of(ran: &Ran) -> (u64, u64, u64) {
    let outcome: Value = serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{}{}", ran.out, ran.err));
    assert_eq!((ran.code, outcome["verdict"].as_str()), (0, Some("proven")), "{}", ran.out);
    let number = |field: &str| outcome["index"][field].as_u64().unwrap();
    (number("segments_taken"), number("segments_read"), number("segments_reread"))
}

#[test]
fn with_an_index_no_segment_is_fetched_again() {
    let repo = Repo::new();
    super::build::walg(&repo);
    let server = serve(&repo);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("index").to_str().unwrap().to_owned();
    // In a file, and in the bucket itself, beside the archive.
    for index in [file.as_str(), "s3://b/state/index"] {
        let run = |more: &[&str]| {
            let words = [&["verify", URL, "--format", "json", "--index", index], more].concat();
            server.asked();
            let ran = walproof(&server, &words);
            (index_of(&ran), server.asked().1)
        };
        let (first, whole) = run(&[]);
        assert_eq!(first, (0, 3, 0), "{index}");
        assert!(whole > 100_000, "{index}: {whole} bytes");
        let (second, bytes) = run(&[]);
        assert_eq!(second, (3, 0, 0), "{index}");
        // The index itself, what is small, and the first page of the segment in which the backup starts, which says
        // whose it is.
        assert!(bytes < 30_000, "{index}: {bytes} bytes");
        let (third, _) = run(&["--reread", "1/3"]);
        assert_eq!(third, (2, 1, 1), "{index}");
        let estimate = walproof(&server, &["verify", URL, "--estimate", "--format", "json", "--index", index]);
        let estimate: Value = serde_json::from_str(&estimate.out).unwrap();
        assert_eq!((estimate["segments"].as_u64(), estimate["known_segments"].as_u64()), (Some(3), Some(3)));
        assert!(estimate["depths"][2]["bytes"].as_u64().unwrap() < 30_000, "{estimate}");
        // An object that was replaced is read anew.
        let key = format!("pre/fix/wal_005/{}.lz4", SEGMENTS[1]);
        let key = if server.holds(&key).is_some() { key } else { format!("pre/fix/wal_005/{}", SEGMENTS[1]) };
        let bytes = server.holds(&key).unwrap();
        let mut other = bytes.clone();
        let middle = other.len() / 2;
        other[middle] ^= 4;
        server.put(&key, other);
        let ran = walproof(&server, &["verify", URL, "--format", "json", "--index", index]);
        assert_eq!(ran.code, 1, "{index}: {}", ran.out);
        server.put(&key, bytes);
    }
    let inside = walproof(&server, &["verify", URL, "--index", &format!("{URL}/index")]);
    assert!(inside.code == 2 && inside.err.contains("lies in the archive itself"), "{}", inside.err);
    let as_wal = walproof(&server, &["verify", URL, "--index", &format!("s3://b/state/{}", SEGMENTS[0])]);
    assert!(as_wal.code == 2 && as_wal.err.contains("name of WAL"), "{}", as_wal.err);
}

#[test]
fn runs_that_race_for_an_index_in_a_bucket_lose_nothing_of_each_other() {
    let repo = Repo::new();
    super::build::walg(&repo);
    let server = serve(&repo);
    let words = ["verify", URL, "--format", "json", "--index", "s3://b/state/index"];
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert_eq!(walproof(&server, &words).code, 0));
        }
    });
    assert_eq!(index_of(&walproof(&server, &words)).0, 3);
}

#[test]
fn what_is_estimated_is_what_is_asked_for() {
    let repo = Repo::new();
    super::build::walg(&repo);
    let server = serve(&repo);
    let estimate = walproof(&server, &["verify", &format!("{URL}/wal_005"), "--estimate", "--format", "json"]);
    let estimate: Value = serde_json::from_str(&estimate.out).unwrap_or_else(|_| panic!("{}", estimate.err));
    let (_, bytes, _) = server.asked();
    assert!(bytes == 0, "nothing is read: {bytes}");
    for (row, depth) in ["names", "pages", "records"].into_iter().enumerate() {
        let row = &estimate["depths"][row];
        assert_eq!(row["depth"], depth);
        walproof(&server, &["verify", &format!("{URL}/wal_005"), "--depth", depth]);
        let (gets, bytes, _) = server.asked();
        assert_eq!(row["requests"].as_u64(), Some(gets as u64), "{depth}: {estimate}");
        assert_eq!(row["bytes"].as_u64(), Some(bytes as u64), "{depth}: {estimate}");
    }
}
