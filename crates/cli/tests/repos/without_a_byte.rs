//! A file without a byte, where a packed one should be: what each tool gives out of it.
//!
//! pgBackRest 2.45 and zlib's `gzread` were run, so were the decoders of barman-cloud and the programs of each format;
//! of WAL-G its sources say it. What comes out as an empty file ends a server, an error is a missing file to it.

use crate::build::{self, Repo, SEGMENTS, named};
use crate::tars::gz;
use crate::{codes, json};
use std::fs;
use std::time::{Duration, SystemTime};

/// What is put into place of the second segment.
fn with(build: fn(&Repo), folder: &str, file: &str, bytes: &[u8]) -> Repo {
    let repo = Repo::new();
    build(&repo);
    let second = fs::read_dir(repo.at(folder)).unwrap().flatten().map(|entry| entry.path());
    second.filter(|path| path.to_str().unwrap().contains(SEGMENTS[1])).for_each(|path| fs::remove_file(path).unwrap());
    let put = format!("{folder}/{file}");
    repo.put(&put, bytes);
    // Of one that was just written more may come, which is waited for.
    let long_ago = SystemTime::now() - Duration::from_secs(3600);
    fs::File::options().write(true).open(repo.at(&put)).unwrap().set_modified(long_ago).unwrap();
    repo
}

/// How a repository is made, and where its WAL lies.
type Kept = (fn(&Repo), &'static str);

const PGBACKREST: Kept = (build::pgbackrest, "archive/main/15-1/0000000100000000");
const CLOUD: Kept = (build::barman_cloud, "prod/wals/0000000100000000");
const WALG: Kept = (build::walg, "wal_005");
const PROBACKUP: Kept = (build::probackup, "wal/main");
const BARMAN: Kept = (|repo| build::barman(repo, "prod"), "prod/wals/0000000100000000");

#[test]
fn what_the_tool_gives_out_of_nothing_is_foretold() {
    let all: [(Kept, &[&str], &[&str]); 5] = [
        (PGBACKREST, &[".gz", ".zst", ".lz4", ".bz2"], &[""]),
        (CLOUD, &[".lz4", ".bz2", ".xz"], &[".gz", ".zst", ".snappy", ""]),
        (WALG, &[".gz", ".lzma", ".lzo"], &[".lz4", ".zst", ".br", ""]),
        (PROBACKUP, &[], &[".gz", ""]),
        (BARMAN, &[], &[""]),
    ];
    for ((build, folder), errors, empty) in all {
        let own = |suffix: &str| match folder == PGBACKREST.1 {
            true => format!("{}{suffix}", named(SEGMENTS[1], &crate::places::good(1))),
            false => format!("{}{suffix}", SEGMENTS[1]),
        };
        for (suffix, given) in errors.iter().map(|s| (s, false)).chain(empty.iter().map(|s| (s, true))) {
            let repo = with(build, folder, &own(suffix), b"");
            let (document, code) = json(&["verify", &repo.root(), "--backup", "latest"]);
            let what = format!("{folder} {suffix}: {document}");
            let outcome = if given { "fatal" } else { "promotes" };
            assert_eq!((code, &document["restore"]["outcome"]), (1, &outcome.into()), "{what}");
            assert_eq!(document["restore"]["replay_end"], "0/00A00000", "{what}");
            let (document, _) = json(&["verify", &repo.root()]);
            let told = if given { "WP102 error" } else { "WP103 error" };
            assert!(codes(&document).contains(&told.to_owned()), "{what} {document}");
            let findings = document["findings"].as_array().unwrap();
            let message = findings.iter().find(|f| f["severity"] == "error").unwrap()["message"].as_str().unwrap();
            let says = match (given, suffix.is_empty()) {
                (true, true) => "has 0 bytes instead of 1048576",
                (true, false) => "holds nothing, and is given out as a file of 0 bytes instead of 1048576",
                (false, _) => "should be: no file is given out of it",
            };
            assert!(message.contains(says), "{what}: {message}");
        }
    }
}

/// In a plain folder the program of the format unpacks, and of those lz4's alone is content with nothing.
#[test]
fn in_a_folder_the_programs_decide() {
    for (suffix, told) in [
        (".gz", "WP103 error"),
        (".zst", "WP103 error"),
        (".bz2", "WP103 error"),
        (".xz", "WP103 error"),
        (".br", "WP103 error"),
        (".lz4", "WP102 error"),
        ("", "WP102 error"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        for (i, segment) in SEGMENTS.iter().enumerate() {
            let bytes = if i == 1 { Vec::new() } else { crate::places::good(i) };
            let suffix = if i == 1 { suffix } else { "" };
            fs::write(folder.path().join(format!("{segment}{suffix}")), bytes).unwrap();
        }
        let (document, code) = json(&["verify", folder.path().to_str().unwrap()]);
        assert_eq!((code, codes(&document).contains(&told.to_owned())), (1, true), "{suffix}: {document}");
    }
}

/// What ends too early is no error to every decoder: zstd and snappy of Barman's, and gzip of pg_probackup's.
#[test]
fn what_is_cut_is_given_out_where_the_tool_does_so() {
    let good = crate::places::good(1);
    let half = |mut packed: Vec<u8>| {
        packed.truncate(packed.len() / 2);
        packed
    };
    let zst = || half(zst_of(&good));
    for ((build, folder), suffix, bytes, given) in [
        (PROBACKUP, ".gz", half(gz(&good)), true),
        (CLOUD, ".gz", half(gz(&good)), false),
        (CLOUD, ".zst", zst(), true),
        (WALG, ".zst", zst(), false),
        (BARMAN, "", zst(), true),
        (BARMAN, "", half(gz(&good)), false),
    ] {
        let repo = with(build, folder, &format!("{}{suffix}", SEGMENTS[1]), &bytes);
        let (document, code) = json(&["verify", &repo.root(), "--backup", "latest"]);
        let outcome = if given { "fatal" } else { "promotes" };
        assert_eq!((code, &document["restore"]["outcome"]), (1, &outcome.into()), "{folder} {suffix}: {document}");
    }
    // Where the checksum behind the end is all that lacks, pg_probackup gives out the whole segment; what is not packed
    // at all as it lies; and it passes over what follows.
    let packed = gz(&good);
    for bytes in [packed[..packed.len() - 4].to_vec(), good.clone(), [&packed[..], b"junk"].concat()] {
        let repo = with(PROBACKUP.0, PROBACKUP.1, &format!("{}.gz", SEGMENTS[1]), &bytes);
        let (document, code) = json(&["verify", &repo.root(), "--backup", "latest"]);
        assert_eq!((code, &document["verdict"]), (0, &"proven".into()), "{document}");
    }
}

/// A zstd frame of blocks that are stored, without a checksum, as Barman's have none.
fn zst_of(bytes: &[u8]) -> Vec<u8> {
    let mut out = b"\x28\xb5\x2f\xfd\x00\x50".to_vec();
    let blocks = bytes.chunks(128 << 10);
    let last = blocks.len() - 1;
    for (i, block) in blocks.enumerate() {
        let header = u32::from(i == last) | (block.len() as u32) << 3;
        out.extend_from_slice(&header.to_le_bytes()[..3]);
        out.extend_from_slice(block);
    }
    out
}
