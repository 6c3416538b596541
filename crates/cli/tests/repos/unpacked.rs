//! A restore gets a file as the tool unpacks it: each case here was restored by the tool itself, which ended at it or
//! passed over what follows.

use super::build::{FULL, Repo, SEGMENTS};
use super::misfiled::{ID, first, without_second};
use super::{codes, json};
use crate::tars::gz;
use std::fs;

/// What is done to the second segment: its suffix, its stored bytes, the code that is told, the outcome of a restore.
type Packed = (&'static str, &'static str, fn(&[u8]) -> Vec<u8>, &'static str, &'static str);

#[test]
fn what_pgbackrest_unpacks_otherwise_is_not_what_it_holds() {
    let lz4 = |bytes: &[u8]| packed("lz4", bytes);
    let zstd = |bytes: &[u8]| packed("zstd", bytes);
    let all: [Packed; 6] = [
        ("lz4 without a suffix", "", lz4, "WP136", "fatal"),
        ("gzip without a suffix", "", gz, "WP136", "fatal"),
        ("zstd named lz4", ".lz4", zstd, "WP136", "promotes"),
        ("plain named gz", ".gz", <[u8]>::to_vec, "WP136", "promotes"),
        ("xz, which it does not know", ".xz", |_| b"\xfd7zXZ\0\0\x04".to_vec(), "WP136", "promotes"),
        ("two members", ".gz", |bytes| [gz(&bytes[..500_000]), gz(&bytes[500_000..])].concat(), "WP136", "fatal"),
    ];
    for (what, suffix, pack, expected, outcome) in all {
        let repo = Repo::new();
        let (bytes, name) = without_second(&repo);
        repo.put(&format!("{ID}/0000000100000000/{name}{suffix}"), pack(&bytes));
        let (document, code) = json(&["verify", &repo.root()]);
        assert_eq!((code, &document["verdict"]), (1, &"refuted".into()), "{what}: {document}");
        assert_eq!(codes(&document), [format!("{expected} error")], "{what}");
        assert_eq!(first(&document, expected)["lsn"], "0/00A00028", "{what}: {document}");
        let (document, code) = json(&["verify", &repo.root(), "--backup", FULL]);
        assert_eq!((code, &document["restore"]["outcome"]), (1, &outcome.into()), "{what}: {document}");
    }
}

/// As a program that packs such files does.
pub fn packed(how: &str, bytes: &[u8]) -> Vec<u8> {
    how.parse::<pgwal::source::WalPacking>().unwrap().pack(bytes).unwrap()
}

#[test]
fn several_frames_are_one_file_to_pgbackrest() {
    for how in ["lz4", "zstd"] {
        let repo = Repo::new();
        let (bytes, name) = without_second(&repo);
        let suffix = if how == "lz4" { ".lz4" } else { ".zst" };
        let both = [packed(how, &bytes[..500_000]), packed(how, &bytes[500_000..])].concat();
        repo.put(&format!("{ID}/0000000100000000/{name}{suffix}"), both);
        let (document, code) = json(&["verify", &repo.root()]);
        assert_eq!((code, codes(&document)), (0, Vec::new()), "{how}: {document}");
    }
}

#[test]
fn bytes_behind_the_end_of_gzip_are_passed_over_and_told() {
    for tail in [vec![0; 4096], b"garbage".to_vec()] {
        let repo = Repo::new();
        let (bytes, name) = without_second(&repo);
        repo.put(&format!("{ID}/0000000100000000/{name}.gz"), [gz(&bytes), tail].concat());
        let (document, code) = json(&["verify", &repo.root(), "--backup", FULL]);
        assert_eq!((code, codes(&document)), (0, vec!["WP137 warning".to_owned()]), "{document}");
        // By an index, too.
        let index = repo.at("index.walproof");
        for _ in 0..2 {
            let (document, code) = json(&["verify", &repo.root(), "--index", index.to_str().unwrap()]);
            assert_eq!((code, codes(&document)), (0, vec!["WP137 warning".to_owned()]), "{document}");
        }
    }
    let repo = Repo::new();
    let (bytes, name) = without_second(&repo);
    repo.put(&format!("{ID}/0000000100000000/{name}.zst"), [packed("zstd", &bytes), vec![0; 4096]].concat());
    let (document, code) = json(&["verify", &repo.root()]);
    assert_eq!((code, codes(&document)), (1, vec!["WP103 error".to_owned()]), "{document}");
}

/// `gzip -d` ends with an error at anything but zeros.
#[test]
fn in_a_folder_bytes_behind_the_end_are_what_gunzip_makes_of_them() {
    for (tail, told, exit) in [(vec![0; 4096], "WP137 warning", 0), (b"garbage".to_vec(), "WP103 error", 1)] {
        let repo = Repo::new();
        repo.wal("wal", |segment, _| segment.to_owned(), true);
        let file = format!("wal/{}", SEGMENTS[1]);
        let bytes = fs::read(repo.at(&file)).unwrap();
        repo.remove(&file);
        repo.put(&format!("{file}.gz"), [gz(&bytes), tail].concat());
        let (document, code) = json(&["verify", repo.at("wal").to_str().unwrap()]);
        assert_eq!((code, codes(&document)), (exit, vec![told.to_owned()]), "{document}");
    }
}
