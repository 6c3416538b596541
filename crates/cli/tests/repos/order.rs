//! Several files of one segment, of which a tool takes the first that it finds, good or bad.

use crate::build::{self, Repo, SEGMENTS};
use crate::tars::gz;
use crate::{codes, json};
use std::fs;

type Build = fn(&Repo);

/// The tool, its folder of WAL, and whether it tries `.gz` before the bare name, as pg_probackup 2.5.16, WAL-G by its
/// sources and barman-cloud-wal-restore 3.4 and 3.20 do.
const TRIES: [(&str, Build, &str); 3] = [
    ("pg_probackup", build::probackup, "wal/main"),
    ("wal-g", build::walg, "wal_005"),
    ("barman-cloud", build::barman_cloud, "prod/wals/0000000100000000"),
];

/// The repository with a bare file and a packed one of the segment in the middle.
fn with(build: Build, folder: &str, bare: impl Fn(&[u8]) -> Vec<u8>, packed: impl Fn(Vec<u8>) -> Vec<u8>) -> Repo {
    let repo = Repo::new();
    build(&repo);
    let (path, there) = ["", ".gz", ".lz4"]
        .iter()
        .map(|suffix| format!("{folder}/{}{suffix}", SEGMENTS[1]))
        .find_map(|path| Some((path.clone(), fs::read(repo.at(&path)).ok()?)))
        .unwrap();
    let good = crate::places::good(1);
    assert!(path.ends_with(SEGMENTS[1]) || there.len() < good.len());
    repo.remove(&path);
    repo.put(&format!("{folder}/{}", SEGMENTS[1]), bare(&good));
    repo.put(&format!("{folder}/{}.gz", SEGMENTS[1]), packed(gz(&good)));
    repo
}

#[test]
fn the_first_counts_where_it_is_bad() {
    for (tool, build, folder) in TRIES {
        let flipped = |mut bytes: Vec<u8>| {
            let middle = bytes.len() / 2;
            bytes[middle] ^= 4;
            bytes
        };
        let (document, code) = json(&["verify", &with(build, folder, <[u8]>::to_vec, flipped).root()]);
        assert_eq!((code, &document["verdict"]), (1, &"refuted".into()), "{tool}: {document}");
        assert!(codes(&document).contains(&"WP103 error".to_owned()), "{tool}: {document}");
    }
}

#[test]
fn the_second_does_not_where_the_first_is_good() {
    for (tool, build, folder) in TRIES {
        let half = |bytes: &[u8]| bytes[..bytes.len() / 2].to_vec();
        let (document, code) = json(&["verify", &with(build, folder, half, |bytes| bytes).root()]);
        assert_eq!((code, codes(&document)), (0, vec!["WP135 info".to_owned()]), "{tool}: {document}");
    }
}
