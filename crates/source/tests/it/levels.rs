//! A folder above the WAL is answered with the folder to use.

use pgwal_source::{SourceError, open};
use std::fs;
use std::path::{Path, PathBuf};

fn tree(files: &[&str]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for file in files {
        let path = root.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, b"").unwrap();
    }
    root
}

fn instead(folder: &Path) -> Vec<PathBuf> {
    match open(&[folder.into()]).err() {
        Some(SourceError::WrongLevel { path, use_instead }) => {
            assert_eq!(path, folder);
            use_instead
        }
        other => panic!("{}: {other:?}", folder.display()),
    }
}

#[test]
fn a_pgbackrest_repository_leads_to_its_archive_ids() {
    let root = tree(&[
        "archive/main/archive.info",
        "archive/main/14-1/0000000100000000/000000010000000000000001-0123456789abcdef0123456789abcdef01234567",
        "archive/main/15-2/0000000100000000/000000010000000000000001-0123456789abcdef0123456789abcdef01234567.gz",
        "backup/main/20240101-000000F/pg_data/PG_VERSION",
    ]);
    let ids = ["14-1", "15-2"].map(|id| root.path().join("archive/main").join(id));
    for level in ["", "archive", "archive/main"] {
        assert_eq!(instead(&root.path().join(level)), ids, "{level}");
    }
    assert_eq!(open(&[ids[0].clone()]).unwrap().list().unwrap().entries.len(), 1);
}

#[test]
fn a_barman_server_leads_to_wals() {
    let root = tree(&[
        "main/wals/0000000100000000/000000010000000000000001",
        "main/streaming/000000010000000000000002.partial",
        "main/base/x/data/PG_VERSION",
    ]);
    assert_eq!(instead(&root.path().join("main")), [root.path().join("main/wals")]);
    assert_eq!(instead(root.path()), [root.path().join("main/wals")]);
}

#[test]
fn a_wal_g_prefix_leads_to_wal_005() {
    let root = tree(&[
        "wal_005/000000010000000000000001.lz4",
        "basebackups_005/base_000000010000000000000001_backup_stop_sentinel.json",
    ]);
    assert_eq!(instead(root.path()), [root.path().join("wal_005")]);
}

#[test]
fn a_data_directory_is_read_at_its_wal() {
    for wal in ["pg_wal", "pg_xlog"] {
        let segment = format!("{wal}/000000010000000000000001");
        let root = tree(&[
            "main/PG_VERSION",
            "main/global/pg_control",
            &format!("main/{segment}"),
            &format!("main/{wal}/archive_status/x"),
        ]);
        let source = open(&[root.path().join("main")]).unwrap();
        assert!(source.is_live());
        assert_eq!(source.list().unwrap().entries[0].shown(), segment);
        let inside = open(&[root.path().join("main").join(wal)]).unwrap();
        assert!(inside.is_live());
        assert_eq!(inside.list().unwrap().entries[0].shown(), "000000010000000000000001");
        assert_eq!(instead(root.path()), [root.path().join("main")]);
    }
    let without = tree(&["PG_VERSION", "global/pg_control"]);
    assert_eq!(open(&[without.path().into()]).err(), Some(SourceError::NoWalFolder { path: without.path().into() }));
}

#[test]
fn an_archive_is_not_live_and_a_folder_without_wal_anywhere_is_empty() {
    let archive = tree(&["000000010000000000000001"]);
    assert!(!open(&[archive.path().into()]).unwrap().is_live());
    let photos = tree(&["2024/summer/beach.jpg", "readme"]);
    assert_eq!(open(&[photos.path().into()]).unwrap().list().unwrap().unknown.count, 2);
}
