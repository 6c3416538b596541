//! Object stores as destinations: put once, on a condition, and looked at where a store knows none.

use crate::server::{StoreManner, StoreServer};
use crate::site::{CLUSTER, Site, layout, plain};
use pgwal::format::{SegmentNo, TimelineId, Version};
use pgwal_craft::Builder;
use std::fs;
use std::process::Command;

const TO: &str = "s3://b/wal";
const SECOND: &str = "000000010000000000000002";

/// The program, which finds the store in its environment.
pub fn with_store(site: &Site, server: &StoreServer, words: &[&str]) -> Command {
    let mut command = site.command(words);
    command.env("AWS_ACCESS_KEY_ID", "KEY").env("AWS_SECRET_ACCESS_KEY", "secret").env("AWS_ENDPOINT_URL", &server.url);
    command.env_remove("AWS_PROFILE");
    command
}

fn run(site: &Site, server: &StoreServer, words: &[&str]) -> (i32, String) {
    let output = with_store(site, server, words).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8_lossy(&said).into_owned())
}

fn push(site: &Site, server: &StoreServer, file: &str) -> (i32, String) {
    run(site, server, &["archive-push", &site.p(file), "--to", TO])
}

fn site(seed: u64) -> Site {
    let version = Version::new(15, 0);
    Site::of(version, &plain(version, CLUSTER, seed))
}

#[test]
fn a_bucket_is_filled_proven_and_pruned() {
    let site = site(0);
    let server = StoreServer::new([], 3);
    for file in site.files() {
        for _ in 0..2 {
            assert_eq!(push(&site, &server, &file), (0, String::new()));
        }
    }
    let keys: Vec<String> = server.all().into_keys().collect();
    assert_eq!(keys, site.files().iter().map(|file| format!("wal/{file}")).collect::<Vec<_>>());
    let (code, said) = run(&site, &server, &["verify", TO]);
    assert!(code == 0 && said.contains("PROVEN"), "{said}");
    let (code, said) = run(&site, &server, &["archive-prune", TO, "--keep-from", SECOND, "--yes"]);
    assert!(code == 0 && said.contains("removed"), "{said}");
    assert_eq!(server.all().len(), 4);
    let (code, said) =
        run(&site, &server, &["archive-push", &site.p(&site.files()[0]), "--to", TO, "--compress", "zstd"]);
    assert_eq!((code, said.as_str()), (0, ""));
    assert!(server.holds("wal/000000010000000000000001.zst").is_some());
    let (code, said) = run(&site, &server, &["verify", TO]);
    assert!(code == 0 && said.contains("PROVEN"), "{said}");
}

/// A store's bill counts requests: one list says what is there of the segment and the one before it, that one is
/// fetched once, and newer timelines are asked for once; the object is looked at before and behind its being put.
#[test]
fn a_push_asks_a_store_no_more_than_it_must() {
    let site = site(0);
    let server = StoreServer::new([], 100);
    let zstd = |file: &str, more: &[&str]| {
        server.requests();
        let (file, words) = (site.p(file), ["--to", TO, "--compress", "zstd"]);
        assert_eq!(run(&site, &server, &[&["archive-push", &file][..], &words, more].concat()), (0, String::new()));
        server.requests()
    };
    for file in &site.files()[..2] {
        zstd(file, &[]);
    }
    let own = "wal/000000010000000000000003.zst";
    let asked = [
        "LIST wal/00000001000000000000000",
        "GET wal/000000010000000000000002.zst",
        "LIST wal/00000002.history",
        &format!("HEAD {own}"),
        &format!("PUT {own}"),
        &format!("HEAD {own}"),
    ];
    assert_eq!(zstd(&site.files()[2], &[]), asked);
    // Of one that is there already: the list, the one before, and what is to be the same.
    let asked = [asked[0], asked[1], &format!("GET {own}")];
    assert_eq!(zstd(&site.files()[2], &[]), asked);
    // Where the end of the one before is remembered, only its beginning is fetched, for whose WAL it is.
    let plain = |file: &str| {
        server.requests();
        let file = site.p(file);
        assert_eq!(run(&site, &server, &["archive-push", &file, "--to", TO, "--state", "ends"]), (0, String::new()));
        server.requests()
    };
    plain(&site.files()[3]);
    server.asked();
    let own = "wal/000000010000000000000005";
    let asked = [
        "LIST wal/00000001000000000000000",
        "GET wal/000000010000000000000004",
        "LIST wal/00000002.history",
        &format!("HEAD {own}"),
        &format!("PUT {own}"),
        &format!("HEAD {own}"),
    ];
    assert_eq!(plain(&site.files()[4]), asked);
    assert_eq!(server.asked().1, 64 << 10);
}

#[test]
fn the_segment_before_is_found_wherever_names_are_carried_over() {
    let version = Version::new(15, 0);
    let mut wal = Builder::new(layout(version), TimelineId(1), CLUSTER, SegmentNo(0xFFE));
    wal.checkpoint_shutdown();
    (0..400).for_each(|n| {
        wal.filler(9_000 + n % 100);
    });
    wal.switch();
    let site = Site::of(version, &wal.finish());
    let files = site.files();
    assert!(files[1].ends_with("FFF") && files[2].ends_with("000"), "{files:?}");
    // Many names before, a few on a page.
    let old = (0u64..0x100).map(|number| (format!("wal/{:024X}", (1u128 << 64) | u128::from(number)), vec![0; 10]));
    let server = StoreServer::new(old, 7);
    for (number, file) in files.iter().enumerate().take(4) {
        server.requests();
        assert_eq!(push(&site, &server, file), (0, String::new()));
        let fetched = server.requests().into_iter().find(|asked| asked.starts_with("GET "));
        let before = number.checked_sub(1).map(|before| format!("GET wal/{}", files[before]));
        assert!(number == 0 || fetched == before, "{file}: {fetched:?}");
    }
}

#[test]
fn another_content_is_never_replaced_whatever_the_store_makes_of_conditions() {
    let (site, other) = (site(0), site(1));
    let server = StoreServer::new([], 100);
    for manner in [StoreManner::Good, StoreManner::Unconditional] {
        server.behaves(manner);
        assert_eq!(push(&site, &server, SECOND), (0, String::new()));
        let (code, said) = push(&other, &server, SECOND);
        assert!(code == 1 && said.contains("is there already") && said.contains("timeline 1"), "{said}");
        let own = fs::read(site.path(&site.p(SECOND))).unwrap();
        assert!(server.holds(&format!("wal/{SECOND}")) == Some(own));
    }
}

#[test]
fn what_the_store_does_not_keep_whole_is_not_acknowledged() {
    let site = site(0);
    let server = StoreServer::new([], 100);
    server.behaves(StoreManner::Halving);
    let (code, said) = push(&site, &server, SECOND);
    assert!(code == 1 && said.contains("is not archived in s3://b/wal"), "{said}");
    server.remove(&format!("wal/{SECOND}"));
    server.behaves(StoreManner::Refusing("AccessDenied"));
    let (code, said) = push(&site, &server, SECOND);
    assert!(code == 1 && said.contains("s3://b/wal"), "{said}");
    assert!(!said.contains("secret"));
    server.behaves(StoreManner::Good);
    assert_eq!(push(&site, &server, SECOND), (0, String::new()));
    // Nobody listens there.
    let mut command = with_store(&site, &server, &["archive-push", &site.p(SECOND), "--to", TO]);
    let output = command.env("AWS_ENDPOINT_URL", "http://127.0.0.1:9").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
}
