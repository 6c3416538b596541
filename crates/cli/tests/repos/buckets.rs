//! The same repositories in a bucket: what is said of them is what is said of the folder, but for the place.

use super::build::{Repo, SEGMENTS};
use super::server::{Manner, Server};
use super::{EVERY, Ran, walkdir};
use serde_json::Value;
use std::process::Command;

fn serve(repo: &Repo) -> Server {
    let root = repo.root();
    let key = |path: &str| format!("pre/fix/{}", path.strip_prefix(&root).unwrap().trim_start_matches('/'));
    let objects: Vec<_> = walkdir(&root).iter().map(|path| (key(path), std::fs::read(path).unwrap())).collect();
    Server::new(objects, 2)
}

fn walproof(server: &Server, words: &[&str]) -> Ran {
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

const URL: &str = "s3://b/pre/fix";

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
    server.behaves(Manner::Refusing("AccessDenied"));
    let ran = walproof(&server, &["verify", URL]);
    assert_eq!(ran.code, 2, "{}{}", ran.out, ran.err);
    server.behaves(Manner::Breaking(3));
    let ran = walproof(&server, &["verify", URL, "-j", "2"]);
    assert!(ran.code == 0 && ran.out.starts_with("VERDICT  PROVEN"), "{}{}", ran.out, ran.err);
}
