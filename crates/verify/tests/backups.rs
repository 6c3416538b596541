//! Base backups in every form: what they say, and what is found wrong with them.
#![allow(clippy::unwrap_used, reason = "a test fails where something is missing, in its functions too")]

use pgwal_format::record::RelFileLocator;
use pgwal_format::recovery::data_directory::DataFolder;
use pgwal_format::text::control::ControlError;
use pgwal_format::{TimelineId, Version};
use pgwal_source::{How, Scratch};
use pgwal_verify::backup::{self, Backup, BackupFlaw, BackupKind, FlawKind, Fork, Signal};
use pgwal_verify::recovery::{findings_of, of_flaw};
use pgwal_verify::{Code, Error};
use std::fs;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

fn testdata(path: &str) -> PathBuf {
    walproof_testdata::root().join(path)
}

fn open(path: &Path) -> Backup {
    backup::open(path).unwrap()
}

fn codes(backup: &Backup) -> Vec<Code> {
    findings_of(backup).iter().map(|f| f.code).collect()
}

/// The one finding of this code, as a user reads it.
fn told(backup: &Backup, code: Code) -> (String, Option<String>) {
    let all = findings_of(backup);
    let mut found = all.iter().filter(|f| f.code == code);
    let finding = found.next().unwrap_or_else(|| panic!("no {code} in {:?}", codes(backup)));
    assert!(found.next().is_none() && !finding.advice().is_empty(), "{code}");
    (finding.message(None), finding.server_says(None))
}

/// The folders that a server of 13 wants: a manifest has files alone.
fn with_folders(data: &Path) {
    for own in DataFolder::ALL.iter().filter(|own| own.is_of(Version::new(13, 0))) {
        fs::create_dir_all(data.join(own.name)).unwrap();
    }
    #[cfg(unix)]
    fs::set_permissions(data, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
}

/// A copy of a captured backup, with files added or replaced; an empty content removes one.
fn copied(from: &str, changes: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in ["backup_label", "global/pg_control"] {
        fs::create_dir_all(folder.path().join("global")).unwrap();
        fs::copy(testdata(from).join(file), folder.path().join(file)).unwrap();
    }
    for (file, content) in changes {
        let path = folder.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        if content.is_empty() { fs::remove_file(path).unwrap() } else { fs::write(path, content).unwrap() }
    }
    folder
}

fn label(from: &str) -> String {
    fs::read_to_string(testdata(from).join("backup_label")).unwrap()
}

#[test]
fn data_directories_of_four_versions() {
    for (version, start, timeline) in [
        ("10", "0/02000028", None),
        ("13", "0/00A00028", Some(1)),
        ("15", "0/00900028", Some(1)),
        ("19", "0/00900028", Some(1)),
    ] {
        let backup = open(&testdata("backup").join(version));
        assert_eq!((backup.kind, codes(&backup)), (BackupKind::DataDirectory, vec![]), "{version}");
        assert_eq!(backup.version.unwrap().to_string(), version);
        let said = backup.label.as_ref().unwrap();
        assert_eq!((said.start.to_string().as_str(), said.timeline.map(|t| t.0)), (start, timeline));
        assert!(said.is_streamed() && !said.is_from_standby());
        assert_eq!((backup.start(), backup.timeline()), (Some(said.start), Some(TimelineId(1))));
        assert!(!backup.relations.is_known() && backup.signal.is_none() && backup.wal.is_none());
        let control = open(&testdata("backup").join(version).join("global/pg_control"));
        assert_eq!((control.kind, control.control), (BackupKind::Control, backup.control));
        let alone = open(&testdata("backup").join(version).join("backup_label"));
        assert_eq!((alone.kind, &alone.label, codes(&alone)), (BackupKind::Label, &backup.label, vec![]));
    }
}

#[test]
fn a_manifest_that_is_no_file_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let own = testdata("backup/15");
    std::fs::create_dir(folder.path().join("global")).unwrap();
    for name in ["backup_label", "global/pg_control"] {
        std::fs::copy(own.join(name), folder.path().join(name)).unwrap();
    }
    assert!(!codes(&open(folder.path())).contains(&Code::BackupManifest));
    std::fs::create_dir(folder.path().join("backup_manifest")).unwrap();
    assert!(codes(&open(folder.path())).contains(&Code::BackupManifest));
}

#[test]
fn manifests_of_both_versions() {
    let first = open(&testdata("backup/13/backup_manifest.xz"));
    let manifest = first.manifest.as_ref().unwrap();
    assert_eq!(
        (first.kind, codes(&first), manifest.version, manifest.system_id),
        (BackupKind::Manifest, vec![], 1, None)
    );
    assert_eq!(
        (manifest.checksum, manifest.files[0].path.as_str(), manifest.files[0].size),
        (true, "backup_label", 207)
    );
    assert_eq!(first.start().unwrap().to_string(), "0/00A00028");
    let second = open(&testdata("backup/19_incremental/backup_manifest.xz"));
    let manifest = second.manifest.as_ref().unwrap();
    assert_eq!((manifest.version, manifest.system_id, manifest.checksum), (2, Some(7710829783413848613), true));
    assert!(manifest.files.iter().any(|f| f.path == "global/INCREMENTAL.1261" && f.size == 12));
}

#[test]
fn backup_history_files_and_backups_by_name() {
    for (archive, file, start, stop_after) in [
        ("8.2/wrap", "0000000100000000000000FD.00000020.backup", "0/FD000020", "0/FD000020"),
        ("9.2/wrap", "0000000100000000000000FC.00000020.backup", "0/FC000020", "0/FC000020"),
        ("10/archive", "000000020000000000000011.00000028.backup", "0/11000028", "0/11000028"),
    ] {
        let backup = open(&testdata(archive).join(file));
        assert_eq!((backup.kind, codes(&backup)), (BackupKind::History, vec![]), "{archive}");
        assert_eq!(backup.start().unwrap().to_string(), start);
        assert!(backup.stop().unwrap() > stop_after.parse().unwrap());
        let source = pgwal_source::open(&[testdata(archive)]).unwrap();
        for name in [file, file.strip_suffix(".backup").unwrap()] {
            assert_eq!(backup::find(source.as_ref(), name).unwrap().unwrap().history, backup.history);
        }
        assert!(backup::find(source.as_ref(), "nobody's").unwrap().is_none());
    }
    let source = pgwal_source::open(&[testdata("15/archive")]).unwrap();
    let latest = backup::find(source.as_ref(), "latest").unwrap().unwrap();
    assert_eq!(
        (latest.timeline(), latest.name.as_str()),
        (Some(TimelineId(3)), "00000003000000000000006B.00000028.backup")
    );
    let by_label = backup::find(source.as_ref(), latest.history.as_ref().unwrap().label.as_deref().unwrap()).unwrap();
    assert!(by_label.is_some());
}

#[test]
fn a_label_that_stops_a_server() {
    let folder = copied("backup/15", &[("backup_label", label("backup/15").replace("CHECKPOINT", "CHECK").as_bytes())]);
    let (message, says) = told(&open(folder.path()), Code::BackupLabel);
    assert_eq!(message, "backup_label: its second line is no CHECKPOINT LOCATION");
    assert_eq!(says.as_deref(), Some("invalid data in file \"backup_label\""));
}

#[test]
fn a_control_file_that_is_missing_or_damaged() {
    let folder = copied("backup/15", &[("global/pg_control", b"")]);
    assert_eq!(told(&open(folder.path()), Code::BackupControl).0, "there is no global/pg_control");
    let mut bytes = fs::read(testdata("backup/15/global/pg_control")).unwrap();
    bytes[40] ^= 1;
    let folder = copied("backup/15", &[("global/pg_control", &bytes)]);
    assert_eq!(
        told(&open(folder.path()), Code::BackupControl).1.as_deref(),
        Some("incorrect checksum in control file")
    );
    // The label alone needs none.
    assert_eq!(codes(&open(&folder.path().join("backup_label"))), []);
}

#[test]
fn files_of_different_backups_together() {
    let later = label("backup/15")
        .replace("0/9000", "0/F0900")
        .replace("000000009)", "0000000F0)")
        .replace("000000010000000000000009", "0000000100000000000000F0");
    let folder = copied("backup/15", &[("backup_label", later.as_bytes())]);
    let (message, _) = told(&open(folder.path()), Code::BackupContradicts);
    assert!(message.contains("the control file an older one at 0/00900060"), "{message}");
    let folder = copied("backup/15", &[("PG_VERSION", b"14\n")]);
    assert_eq!(
        told(&open(folder.path()), Code::BackupContradicts).0,
        "PG_VERSION is 14, and the control file is of 15"
    );
}

#[test]
fn manifests_that_cannot_be_relied_on() {
    let manifest = walproof_testdata::read_plain(&testdata("backup/13/backup_manifest.xz")).unwrap();
    let mut changed = manifest.clone();
    let at = changed.windows(3).position(|w| w == b"207").unwrap();
    changed[at + 2] = b'8';
    let folder = copied("backup/13", &[("backup_manifest", &changed)]);
    assert_eq!(told(&open(folder.path()), Code::BackupManifest).0, "backup_manifest is not what its own checksum says");
    let folder = copied("backup/13", &[("backup_manifest", &manifest[..1000])]);
    assert!(told(&open(folder.path()), Code::BackupManifest).0.starts_with("backup_manifest is no manifest: "));
}

/// It is not damaged, so that no copy of it is better: another walproof is.
#[test]
fn a_control_file_of_a_version_to_come() {
    let kind = FlawKind::ControlVersion(ControlError::UnknownVersion { control: 2100, catalog: 202807011 });
    let finding = of_flaw(&BackupFlaw { file: "global/pg_control".into(), kind, weight: None });
    assert_eq!(finding.code, Code::UnknownVersion);
    assert!(finding.advice().starts_with("look for a release of walproof that reads that version;"));
    assert!(!finding.advice().contains("pg_wal"));
}

#[test]
fn backups_of_another_cluster() {
    let backup = open(&testdata("backup/15"));
    let own = backup.system_id().unwrap();
    assert_eq!(backup::of_archive(&backup, own), None);
    let finding = of_flaw(&backup::of_archive(&backup, own + 1).unwrap());
    assert_eq!(finding.code, Code::BackupCluster);
    assert!(
        finding.message(None).contains(&format!("a backup of cluster {own}, the WAL is of cluster {}", own + 1)),
        "{}",
        finding.message(None)
    );
    // The manifest is of 19's cluster.
    let manifest = walproof_testdata::read_plain(&testdata("backup/19_incremental/backup_manifest.xz")).unwrap();
    let folder = copied("backup/15", &[("backup_manifest", &manifest)]);
    let (message, says) = told(&open(folder.path()), Code::BackupCluster);
    assert_eq!(
        (message.as_str(), says),
        (format!("backup_manifest is of cluster 7710829783413848613, not {own}").as_str(), None)
    );
}

#[test]
fn an_incremental_backup_alone() {
    let (message, says) = told(&open(&testdata("backup/19_incremental")), Code::BackupIncremental);
    assert!(message.starts_with("backup_label: the backup builds on the one that starts at 0/"), "{message}");
    assert_eq!(says.as_deref(), Some("this is an incremental backup, not a data directory"));
}

#[test]
fn files_that_the_manifest_misses() {
    let manifest = walproof_testdata::read_plain(&testdata("backup/13/backup_manifest.xz")).unwrap();
    let files = open(&testdata("backup/13/backup_manifest.xz")).manifest.unwrap().files;
    let folder = copied("backup/13", &[("backup_manifest", &manifest)]);
    // Without data files nothing is said of them.
    let bare = open(folder.path());
    assert!(
        codes(&bare).is_empty() && bare.not_checked.iter().any(|what| what.contains("not all of them are at hand"))
    );
    for file in files.iter().filter(|f| !matches!(f.path.as_str(), "backup_label" | "global/pg_control")) {
        let path = folder.path().join(&file.path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::File::create(path).unwrap().set_len(file.size).unwrap();
    }
    for (name, bytes) in walproof_testdata::state::summed() {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    fs::write(folder.path().join("PG_VERSION"), "13\n").unwrap();
    with_folders(folder.path());
    let whole = open(folder.path());
    assert_eq!(codes(&whole), []);
    assert!(whole.relations.is_known() && whole.relations.count() > 300);
    let rel = RelFileLocator { spc: 1664, db: 0, rel: 1261 };
    let size = files.iter().find(|f| f.path == "global/1261").unwrap().size;
    assert_eq!(whole.relations.blocks(rel, Fork::Main, 8192), Some(size / 8192));
    fs::remove_file(folder.path().join("global/1261")).unwrap();
    fs::write(folder.path().join("global/2396"), "x").unwrap();
    let (message, _) = told(&open(folder.path()), Code::BackupFiles);
    assert!(message.contains(": 1 file is missing, 1 of another size"), "{message}");
    // Once a server was started on it, sizes change.
    fs::rename(folder.path().join("backup_label"), folder.path().join("backup_label.old")).unwrap();
    assert_eq!(codes(&open(folder.path())), []);
}

#[test]
fn signals_and_settings_are_found() {
    let conf: &[u8] = b"hot_standby = off\ninclude_dir 'conf.d'\n";
    let changes = [
        ("PG_VERSION", b"15\n" as &[u8]),
        ("recovery.signal", b"x"),
        ("postgresql.conf", conf),
        ("postgresql.auto.conf", b"restore_command = 'cp a b'\n"),
    ];
    let backup = open(copied("backup/15", &changes).path());
    assert_eq!(backup.signal, Some(Signal::Recovery));
    let names: Vec<&str> = backup.settings.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, ["postgresql.conf", "postgresql.auto.conf"]);
    assert_eq!(backup.settings[1].text.get("restore_command"), Some("cp a b"));
    assert_eq!(backup.settings[0].text.includes[0].path, "conf.d");
    let both = [("standby.signal", b"x" as &[u8]), ("recovery.signal", b"x")];
    assert_eq!(open(copied("backup/15", &both).path()).signal, Some(Signal::Standby));
    let conf = [("recovery.conf", b"restore_command = 'x'\n" as &[u8]), ("standby.signal", b"x")];
    assert_eq!(open(copied("backup/10", &conf).path()).signal, Some(Signal::RecoveryConf));
    assert_eq!(open(copied("backup/10", &conf[1..]).path()).signal, None);
}

/// A tar as pg_basebackup writes it.
fn tar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, content) in members {
        let mut block = vec![0; 512];
        block[..name.len()].copy_from_slice(name.as_bytes());
        block[124..136].copy_from_slice(format!("{:011o}\0", content.len()).as_bytes());
        block[156] = b'0';
        block[257..263].copy_from_slice(b"ustar\0");
        block[148..156].fill(b' ');
        let sum: u64 = block.iter().map(|&b| u64::from(b)).sum();
        block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        out.extend(block);
        out.extend_from_slice(content);
        out.resize(out.len().next_multiple_of(512), 0);
    }
    out.resize(out.len() + 1024, 0);
    out
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

#[test]
fn tars_plain_and_packed_and_what_lies_in_them() {
    let label = label("backup/15");
    let control = fs::read(testdata("backup/15/global/pg_control")).unwrap();
    let segment = walproof_testdata::read_plain(&testdata("15/archive/000000010000000000000058.xz")).unwrap();
    let history = fs::read(testdata("15/archive/00000002.history")).unwrap();
    for root in ["", "./", "data/", "base/"] {
        let path = |name: &str| format!("{root}{name}");
        let names =
            ["backup_label", "PG_VERSION", "base/5/16384", "base/5/PG_VERSION", "postgresql.conf", "global/pg_control"]
                .map(path);
        let contents: [&[u8]; 6] =
            [label.as_bytes(), b"15\n", &[0; 24576], b"15\n", b"include_dir 'conf.d'\nmax_connections = 7\n", &control];
        let wal = ["pg_wal/000000010000000000000058", "pg_wal/00000002.history"].map(path);
        let mut members: Vec<(&str, &[u8])> = names.iter().map(String::as_str).zip(contents).collect();
        let included = path("conf.d/1.conf");
        members.push((&included, b"max_connections = 5\n"));
        members.push((&wal[0], &segment));
        members.push((&wal[1], &history));
        let bytes = tar(&members);
        for (file, packed) in [("base.tar", bytes.clone()), ("base.tar.gz", gzip(&bytes))] {
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join(file), packed).unwrap();
            for named in [folder.path().to_path_buf(), folder.path().join(file)] {
                let backup = open(&named);
                assert_eq!((backup.kind, codes(&backup)), (BackupKind::Tar, vec![]), "{root} {file}");
                assert_eq!(backup.label.as_ref().unwrap().start.to_string(), "0/00900028");
                let values: Vec<_> = backup.settings.iter().filter_map(|f| f.text.get("max_connections")).collect();
                assert_eq!(values, ["5", "7"], "{root} {file}");
                let rel = RelFileLocator { spc: 1663, db: 5, rel: 16384 };
                assert_eq!(
                    (backup.relations.is_known(), backup.relations.blocks(rel, Fork::Main, 8192)),
                    (true, Some(3))
                );
                assert_eq!(backup.histories.len(), 1);
                let inside = backup.wal.unwrap();
                assert_eq!(inside.segments, 1);
                let listing = inside.source.list().unwrap();
                let entry = listing.entries.iter().find(|e| e.size == Some(segment.len() as u64)).unwrap();
                assert_eq!(entry.shown(), format!("{file}:000000010000000000000058"));
                let mut read = Vec::new();
                inside
                    .source
                    .read(entry, &How::default(), &mut Scratch::default(), &mut |window| {
                        read.extend_from_slice(window);
                        ControlFlow::Continue(())
                    })
                    .unwrap();
                assert!(read == segment, "{root} {file}");
            }
        }
    }
}

#[test]
fn wal_and_tablespaces_in_tars_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let control = fs::read(testdata("backup/15/global/pg_control")).unwrap();
    let write = |name: &str, bytes: Vec<u8>| fs::write(folder.path().join(name), bytes).unwrap();
    write("base.tar", tar(&[("backup_label", label("backup/15").as_bytes()), ("global/pg_control", &control)]));
    write("16400.tar.gz", gzip(&tar(&[("PG_15_202209061/5/16385", &[0; 8192])])));
    write(
        "pg_wal.tar.gz",
        gzip(&tar(&[("000000010000000000000009", &[0; 1000]), ("archive_status/000000010000000000000009.done", b"")])),
    );
    let backup = open(folder.path());
    assert_eq!(codes(&backup), []);
    assert_eq!(backup.relations.blocks(RelFileLocator { spc: 16400, db: 5, rel: 16385 }, Fork::Main, 8192), Some(1));
    assert_eq!(backup.wal.unwrap().segments, 1);
}

#[test]
fn a_tar_that_is_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    let noise: Vec<u8> = (0..200_000u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    let packed = gzip(&tar(&[("backup_label", label("backup/15").as_bytes()), ("base/5/16384", &noise)]));
    let path = folder.path().join("base.tar.gz");
    fs::write(&path, &packed[..packed.len() / 2]).unwrap();
    let backup = open(&path);
    assert_eq!(told(&backup, Code::BackupTar).0, "base.tar.gz is cut off: its gzip ends too early");
    // What could be read counts.
    assert!(backup.label.is_some() && !backup.relations.is_known());
}

#[test]
fn what_is_no_backup_is_said() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(backup::open(folder.path()), Err(Error::NotBackup { .. })));
    fs::write(folder.path().join("notes"), "nothing").unwrap();
    assert!(matches!(backup::open(&folder.path().join("notes")), Err(Error::NotBackup { .. })));
    assert!(matches!(backup::open(&folder.path().join("nowhere")), Err(Error::Source(_))));
    fs::create_dir(folder.path().join("daily")).unwrap();
    fs::write(folder.path().join("daily/backup_label"), label("backup/15")).unwrap();
    match backup::open(folder.path()) {
        Err(Error::NotBackup { use_instead, .. }) => assert_eq!(use_instead, [folder.path().join("daily")]),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_manifest_that_is_too_long_is_told_and_not_read() {
    let folder = copied("backup/15", &[("backup_manifest", b"x")]);
    fs::File::options()
        .write(true)
        .open(folder.path().join("backup_manifest"))
        .unwrap()
        .set_len(pgwal_verify::backup::manifest::LONGEST + 9)
        .unwrap();
    let backup = open(folder.path());
    assert_eq!(told(&backup, Code::BackupManifest).0, "backup_manifest is longer than 128 MiB, too long to be read");
    assert!(backup.manifest.is_none() && backup.label.is_some());
}

#[test]
fn wal_of_a_packed_tar_that_is_cut_off_is_as_long_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let noise: Vec<u8> = (0..50_000u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    let tar = tar(&[("pg_wal/000000010000000000000008", &noise), ("pg_wal/000000010000000000000009", &noise)]);
    let path = folder.path().join("base.tar.gz");
    fs::write(&path, gzip(&tar[..300_000])).unwrap();
    let inside = open(&path).wal.unwrap();
    let sizes: Vec<_> = inside.source.list().unwrap().entries.iter().map(|entry| entry.size.unwrap()).collect();
    assert_eq!(sizes, [200_000, 300_000 - 200_192 - 1024]);
    for entry in inside.source.list().unwrap().entries {
        let (bytes, read) = inside.source.small(&entry, 1 << 20).unwrap();
        assert_eq!((read.state, bytes == noise[..bytes.len()]), (pgwal_source::ReadState::Whole, true));
        assert_eq!(read.stored_bytes, entry.size);
    }
}
