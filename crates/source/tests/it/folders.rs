//! Folders as tools lay them out.

use crate::fixture::{SEGMENT, wal_like};
use pgwal_source::{FileKind, Ignored, Listing, ReadState, SourceError, open};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

fn touch(root: &Path, names: &[&str]) {
    for name in names {
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        if !name.ends_with('/') {
            fs::write(path, b"").unwrap();
        } else {
            fs::create_dir_all(path).unwrap();
        }
    }
}

fn list(path: &Path) -> Listing {
    open(&[path.into()]).unwrap().list().unwrap()
}

fn shown(listing: &Listing) -> Vec<String> {
    listing.entries.iter().map(|entry| entry.shown()).collect()
}

#[test]
fn a_flat_folder_is_listed_in_order() {
    let folder = tempfile::tempdir().unwrap();
    touch(
        folder.path(),
        &[
            "00000002.history.lz4",
            "000000010000000000000002.gz",
            "000000010000000000000001",
            "000000010000000000000002",
            "000000010000000000000003.gz.partial",
            "000000010000000000000001.00000028.backup",
            "000000010000000000000004.json",
            "archive_status/",
            "notes.txt",
            "deeper/",
        ],
    );
    let listing = list(folder.path());
    assert_eq!(
        shown(&listing),
        [
            "000000010000000000000001",
            "000000010000000000000002",
            "000000010000000000000002.gz",
            "000000010000000000000003.gz.partial",
            "00000002.history.lz4",
            "000000010000000000000001.00000028.backup"
        ]
    );
    assert_eq!(listing.entries[1].name, listing.entries[2].name);
    assert_eq!(listing.entries[2].suffix(), ".gz");
    assert_eq!(
        listing.ignored,
        Ignored {
            count: 2,
            first: ["000000010000000000000004.json", "archive_status/"].map(String::from).into(),
            ..Ignored::default()
        }
    );
    assert_eq!(
        listing.unknown,
        Ignored { count: 2, first: ["deeper/", "notes.txt"].map(String::from).into(), ..Ignored::default() }
    );
    assert_eq!(listing.unreadable, []);
}

#[test]
fn pgbackrest_and_barman_keep_256_segments_in_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let sha1 = "0123456789abcdef0123456789abcdef01234567";
    let stored = format!("0000000100000000/{SEGMENT}-{sha1}.zst");
    touch(
        folder.path(),
        &[
            &stored,
            "0000000100000001/000000010000000100000000",
            "00000002.history",
            "xlog.db",
            "0000000100000001/0000000100000002/x",
        ],
    );
    let listing = list(folder.path());
    assert_eq!(shown(&listing), [stored.as_str(), "0000000100000001/000000010000000100000000", "00000002.history"]);
    assert_eq!(listing.entries[0].archived_sha1().map(|sha1| sha1[0..2].to_vec()), Some(vec![0x01, 0x23]));
    assert_eq!(listing.entries[1].archived_sha1(), None);
    assert_eq!(listing.unknown.first, ["0000000100000001/0000000100000002/"]);
    assert_eq!(listing.ignored.first, ["xlog.db"]);
}

#[test]
fn links_are_followed_and_circles_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    touch(elsewhere.path(), &["000000020000000000000001", "real"]);
    symlink(elsewhere.path(), folder.path().join("0000000200000000")).unwrap();
    symlink(folder.path(), folder.path().join("0000000300000000")).unwrap();
    symlink(elsewhere.path().join("real"), folder.path().join("000000010000000000000001")).unwrap();
    symlink(folder.path().join("000000010000000000000003"), folder.path().join("000000010000000000000002")).unwrap();
    symlink(folder.path().join("000000010000000000000002"), folder.path().join("000000010000000000000003")).unwrap();
    symlink("nowhere", folder.path().join("000000010000000000000004")).unwrap();
    let listing = list(folder.path());
    assert_eq!(shown(&listing), ["000000010000000000000001", "0000000200000000/000000020000000000000001"]);
    let told: Vec<(&str, bool)> = listing
        .unreadable
        .iter()
        .map(|(name, error)| (name.as_str(), matches!(error, SourceError::Loop { .. } | SourceError::NotFound { .. })))
        .collect();
    assert_eq!(
        told,
        [
            ("000000010000000000000002", true),
            ("000000010000000000000003", true),
            ("000000010000000000000004", true),
            ("0000000300000000/", true)
        ]
    );
}

#[test]
fn what_is_no_regular_file_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let fifo = folder.path().join(SEGMENT);
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    touch(folder.path(), &["000000010000000000000002/", "000000010000000000000003"]);
    let listing = list(folder.path());
    assert_eq!(shown(&listing), ["000000010000000000000003"]);
    let kinds: Vec<_> = listing.unreadable.iter().map(|(_, error)| error.clone()).collect();
    let folder_named_as_segment = folder.path().join("000000010000000000000002");
    assert_eq!(
        kinds,
        [
            SourceError::NotRegular { path: fifo.clone(), kind: FileKind::Fifo },
            SourceError::NotRegular { path: folder_named_as_segment, kind: FileKind::Folder }
        ]
    );
    assert_eq!(
        open(std::slice::from_ref(&fifo)).err(),
        Some(SourceError::NotRegular { path: fifo, kind: FileKind::Fifo })
    );
    assert!(matches!(open(&["/dev/zero".into()]).err(), Some(SourceError::NotRegular { kind: FileKind::Device, .. })));
}

#[test]
fn several_files_are_one_source() {
    let folder = tempfile::tempdir().unwrap();
    touch(folder.path(), &["000000010000000000000002", "other-name"]);
    fs::write(folder.path().join(SEGMENT), wal_like(10)).unwrap();
    let paths: Vec<PathBuf> =
        ["000000010000000000000002", "other-name", SEGMENT, SEGMENT].map(|name| folder.path().join(name)).into();
    let listing = open(&paths).unwrap().list().unwrap();
    assert_eq!(listing.entries.len(), 3);
    assert_eq!(listing.entries[0].name, None);
    assert_eq!(listing.entries[1].shown(), paths[2].display().to_string());
    assert_eq!(listing.entries[1].size, Some(10));
    assert_eq!(
        open(&[paths[0].clone(), folder.path().into()]).err(),
        Some(SourceError::NotAFile { path: folder.path().into() })
    );
    assert_eq!(open(&[paths[0].clone(), "-".into()]).err(), Some(SourceError::NotAFile { path: "-".into() }));
}

#[test]
fn what_is_not_there_or_not_allowed_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing");
    assert_eq!(open(std::slice::from_ref(&missing)).err(), Some(SourceError::NotFound { path: missing }));
    assert_eq!(open(&[]).err(), Some(SourceError::NoPath));
    let closed = folder.path().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
    // The superuser may read all the same.
    if fs::read_dir(&closed).is_ok() {
        return walproof_live::gate::goes_without("a folder that may not be read: the tests run as root");
    }
    assert_eq!(open(std::slice::from_ref(&closed)).err(), Some(SourceError::Permission { path: closed }));
}

#[test]
fn an_empty_folder_lists_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let listing = list(folder.path());
    assert_eq!((listing.entries.len(), listing.unknown.count), (0, 0));
}

#[test]
fn a_file_that_goes_away_has_vanished() {
    let folder = tempfile::tempdir().unwrap();
    touch(folder.path(), &[SEGMENT]);
    let source = open(&[folder.path().into()]).unwrap();
    let listing = source.list().unwrap();
    fs::remove_file(folder.path().join(SEGMENT)).unwrap();
    let (bytes, read) = source.small(&listing.entries[0], 100).unwrap();
    assert_eq!((bytes.len(), read.state, read.stored_bytes), (0, ReadState::Vanished, None));
}
