//! A backup is refuted for what a server of its version looks at, and for nothing else: marks of tools, manifests,
//! what people change between restore and start.
#![allow(clippy::unwrap_used, reason = "a test fails where something is missing, in its functions too")]

use pgwal_craft::control::control_file;
use pgwal_format::dialect::DIALECTS;
use pgwal_format::recovery::data_directory::DataFolder;
use pgwal_format::text::control::members::{Abi, ControlField as Field};
use pgwal_format::{Align, Dialect, Endian, Version};
use pgwal_verify::backup::{self, Backup};
use pgwal_verify::recovery::{Given, ServerZone, Settings, Target, findings_of};
use pgwal_verify::{Code, Severity};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

const ABI: Abi = Abi { align: Align::Eight, time_t: 8 };

/// What is found, by code and severity.
fn found(backup: &Backup) -> Vec<(Code, Severity)> {
    findings_of(backup).iter().map(|f| (f.code, f.severity)).collect()
}

fn written(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    files.iter().for_each(|(name, bytes)| put(folder.path(), name, bytes));
    folder
}

fn put(folder: &Path, name: &str, bytes: &[u8]) {
    fs::create_dir_all(folder.join(name).parent().unwrap()).unwrap();
    fs::write(folder.join(name), bytes).unwrap();
}

const LABEL: &str = "START WAL LOCATION: 0/7000028 (file 000000010000000000000007)\nCHECKPOINT LOCATION: 0/7000060\nBACKUP METHOD: streamed\nBACKUP FROM: primary\nSTART TIME: 2026-11-28 14:56:09 UTC\nLABEL: nightly\nSTART TIMELINE: 1\n";

/// A backup of this version whose control file names a checkpoint here, of which the redo lies there.
fn backup_of(dialect: &Dialect, label: Option<&str>, checkpoint: u64, redo: u64, timeline: u64) -> Backup {
    let set = [
        (Field::Checkpoint, checkpoint),
        (Field::Redo, redo),
        (Field::ThisTimeline, timeline),
        (Field::XlogBlcksz, 8192),
        (Field::XlogSegSize, 1 << 24),
    ];
    let control = control_file(dialect, ABI, Endian::Little, &set);
    let version = format!("{}\n", dialect.version);
    let folder = written(&[("global/pg_control", &control), ("PG_VERSION", version.as_bytes())]);
    if let Some(label) = label {
        put(folder.path(), "backup_label", label.as_bytes());
    }
    backup::open(folder.path()).unwrap()
}

#[test]
fn a_mark_in_the_control_file_is_named_and_an_older_control_file_refutes() {
    for dialect in &DIALECTS {
        let of = |label, checkpoint, redo, timeline| found(&backup_of(dialect, label, checkpoint, redo, timeline));
        let version = dialect.version;
        let mark = vec![(Code::ControlMarked, Severity::Info)];
        let older = (Code::BackupContradicts, Severity::Error);
        assert_eq!(of(Some(LABEL), 0x700_0060, 0x700_0028, 1), [], "{version}: the label's own");
        assert_eq!(of(Some(LABEL), 0x750_0060, 0x740_0028, 1), [], "{version}: a later one");
        assert_eq!(of(Some(LABEL), 0xDEAD, 0x700_0028, 1), mark, "{version}");
        assert_eq!(of(Some(LABEL), 0x10_0060, 0x740_0028, 1), mark, "{version}: another mark");
        assert_eq!(of(None, 0xDEAD, 0x700_0028, 1), mark, "{version}: the label was taken away");
        assert_eq!(of(Some(LABEL), 0x600_0060, 0x600_0028, 1), [older], "{version}: of an earlier backup");
        let label = LABEL.replace("000000010000000000000007", "000000020000000000000007").replace("INE: 1", "INE: 2");
        let warned = vec![(Code::BackupContradicts, Severity::Warning)];
        assert_eq!(of(Some(&label), 0x700_0060, 0x700_0028, 1), warned, "{version}: the timeline alone");
        let name = LABEL.replace("0000000000000007", "0000000000000008");
        assert_eq!(of(Some(&name), 0x700_0060, 0x700_0028, 1), warned, "{version}: digits that no server reads");
        let start = LABEL.replace("0/7000028", "0/7000090");
        assert_eq!(of(Some(&start), 0x700_0060, 0x700_0028, 1), warned, "{version}: a start that no server compares");
        let refused = vec![(Code::BackupControl, Severity::Error)];
        assert_eq!(of(Some(LABEL), 0x702_0008, 0x700_0028, 1), refused, "{version}: inside a page's header");
    }
}

#[test]
fn timelines_of_a_label_count_since_11_and_increments_since_17() {
    for dialect in &DIALECTS {
        let differs = LABEL.replace("START TIMELINE: 1", "START TIMELINE: 2");
        let refused = found(&backup_of(dialect, Some(&differs), 0x700_0060, 0x700_0028, 1));
        let expected = vec![(Code::BackupLabel, Severity::Error)];
        let eleven = dialect.version.major >= 11;
        assert_eq!(refused, if eleven { expected } else { vec![] }, "{}", dialect.version);
        let part = LABEL.to_owned() + "INCREMENTAL FROM LSN: 0/6000028\nINCREMENTAL FROM TLI: 1\n";
        let refused = found(&backup_of(dialect, Some(&part), 0x700_0060, 0x700_0028, 1));
        let expected = vec![(Code::BackupIncremental, Severity::Error)];
        assert_eq!(refused, if dialect.version.major >= 17 { expected } else { vec![] }, "{}", dialect.version);
    }
}

/// The captured backup of 13 with its manifest and, of the sizes that it names, every file.
fn whole() -> TempDir {
    let from = walproof_testdata::root().join("backup/13");
    let manifest = walproof_testdata::read_plain(&from.join("backup_manifest.xz")).unwrap();
    let folder = written(&[("backup_manifest", &manifest), ("PG_VERSION", b"13\n")]);
    let files = backup::open(&folder.path().join("backup_manifest")).unwrap().manifest.unwrap().files;
    for file in &files {
        let path = folder.path().join(&file.path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::File::create(path).unwrap().set_len(file.size).unwrap();
    }
    for name in ["backup_label", "global/pg_control"] {
        fs::copy(from.join(name), folder.path().join(name)).unwrap();
    }
    for (name, bytes) in walproof_testdata::state::summed() {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    fs::write(folder.path().join("PG_VERSION"), "13\n").unwrap();
    // A manifest has files, and a server wants folders.
    for own in DataFolder::ALL.iter().filter(|own| own.is_of(Version::new(13, 0))) {
        fs::create_dir_all(folder.path().join(own.name)).unwrap();
    }
    #[cfg(unix)]
    fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    folder
}

fn found_in(folder: &Path) -> Vec<(Code, Severity)> {
    found(&backup::open(folder).unwrap())
}

#[test]
fn what_people_change_before_the_start_is_no_damage() {
    let folder = whole();
    let path = folder.path();
    assert_eq!(found_in(path), []);
    for name in ["postgresql.conf", "pg_hba.conf", "pg_ident.conf", "postgresql.auto.conf"] {
        let old = fs::read(path.join(name)).unwrap();
        fs::write(path.join(name), [&old[..], b"\nrestore_command = 'cp /archive/%f %p'\n"].concat()).unwrap();
    }
    for name in ["recovery.signal", "conf.d/50-recovery.conf", "backup_label.old", "log/today.log"] {
        put(path, name, b"#\n");
    }
    let space = tempfile::tempdir().unwrap();
    fs::create_dir(space.path().join("PG_13_202007201")).unwrap();
    put(path, "tablespace_map", format!("16400 {}\n", space.path().display()).as_bytes());
    assert_eq!(found_in(path), []);
    fs::remove_file(path.join("pg_ident.conf")).unwrap();
    fs::remove_file(path.join("postgresql.auto.conf")).unwrap();
    assert_eq!(found_in(path), []);
    #[cfg(unix)]
    {
        fs::rename(path.join("pg_hba.conf"), path.join("hba")).unwrap();
        std::os::unix::fs::symlink("hba", path.join("pg_hba.conf")).unwrap();
        assert_eq!(found_in(path), []);
    }
    // A server makes them anew.
    fs::remove_file(path.join("base/1/1259_fsm")).unwrap();
    fs::remove_file(path.join("base/1/1259_vm")).unwrap();
    assert_eq!(found_in(path), [(Code::BackupFiles, Severity::Info)]);
    // Its configuration may lie elsewhere.
    fs::remove_file(path.join("pg_hba.conf")).unwrap();
    let aside = (Code::BackupFiles, Severity::Info);
    assert_eq!(found_in(path), [(Code::BackupFiles, Severity::Warning), aside]);
    fs::remove_file(path.join("base/1/1259")).unwrap();
    let hurts = (Code::BackupFiles, Severity::Error);
    assert_eq!(found_in(path), [hurts, (Code::BackupFiles, Severity::Warning), aside]);
}

#[test]
fn a_file_that_a_server_needs_hurts() {
    for name in ["base/1/1259", "global/1262", "pg_xact/0000", "base/1/pg_filenode.map", "PG_VERSION"] {
        let folder = whole();
        fs::remove_file(folder.path().join(name)).unwrap();
        let all = found_in(folder.path());
        assert!(all.contains(&(Code::BackupFiles, Severity::Error)), "{name}: {all:?}");
    }
}

#[test]
fn a_manifest_of_another_backup_decides_nothing() {
    let label = fs::read_to_string(walproof_testdata::root().join("backup/13/backup_label")).unwrap();
    let later = "0/B000028 (file 00000001000000000000000B";
    for (label, code, severity) in [
        // The server was itself restored from pg_basebackup.
        (
            label.replace("0/A00028 (file 00000001000000000000000A", later).replace("0/A00060", "0/B000060"),
            Code::StaleManifest,
            Severity::Info,
        ),
        (
            label.replace("TIMELINE: 1", "TIMELINE: 2").replace("00000001", "00000002"),
            Code::BackupContradicts,
            Severity::Warning,
        ),
    ] {
        let folder = whole();
        put(folder.path(), "backup_label", label.as_bytes());
        let stale = backup::open(folder.path()).unwrap();
        // The control file is older, too, as this was made from it.
        let of_manifest = |b: &Backup| {
            let own = findings_of(b).into_iter().filter(|f| f.file.as_deref() == Some("backup_manifest"));
            own.map(|f| (f.code, f.severity)).collect::<Vec<_>>()
        };
        assert_eq!(of_manifest(&stale), [(code, severity)], "{label}");
        fs::remove_file(folder.path().join("base/1/1259")).unwrap();
        let stale = backup::open(folder.path()).unwrap();
        assert!(stale.manifest.is_none() && findings_of(&stale).iter().all(|f| f.code != Code::BackupFiles), "{label}");
    }
    let folder = whole();
    assert!(backup::open(folder.path()).unwrap().manifest.is_some());
}

#[test]
fn a_manifest_that_was_changed_refutes_nothing() {
    let folder = whole();
    let path = folder.path().join("backup_manifest");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(
        &path,
        text.replacen("\"Path\": \"base/1/1259\", \"Size\": ", "\"Path\": \"base/1/1259\", \"Size\": 1", 1),
    )
    .unwrap();
    let warned = [(Code::BackupManifest, Severity::Warning), (Code::BackupFiles, Severity::Warning)];
    assert_eq!(found_in(folder.path()), warned);
}

#[test]
#[cfg(unix)]
fn tablespaces_are_looked_for_where_they_will_lie() {
    let folder = tempfile::tempdir().unwrap();
    let (data, other) = (folder.path().join("data"), folder.path().join("new place"));
    let from = walproof_testdata::root().join("backup/15");
    for name in ["backup_label", "global/pg_control"] {
        put(&data, name, &fs::read(from.join(name)).unwrap());
    }
    put(&data, "base/5/16384", &[0; 8192]);
    fs::create_dir_all(data.join("pg_tblspc")).unwrap();
    std::os::unix::fs::symlink("/nowhere/old", data.join("pg_tblspc/16400")).unwrap();
    let blocks = |backup: &Backup| {
        let rel = pgwal_format::record::RelFileLocator { spc: 16400, db: 5, rel: 16385 };
        (backup.relations.is_known(), backup.relations.blocks(rel, backup::Fork::Main, 8192))
    };
    assert_eq!(blocks(&backup::open(&data).unwrap()), (false, None), "its place is not here");
    put(&other, "PG_15_202209061/5/16385", &[0; 16384]);
    put(&data, "tablespace_map", format!("16400 {}\n", other.display()).as_bytes());
    assert_eq!(blocks(&backup::open(&data).unwrap()), (true, Some(2)));
    // Without a label no server reads the map.
    fs::rename(data.join("backup_label"), data.join("backup_label.old")).unwrap();
    assert_eq!(blocks(&backup::open(&data).unwrap()), (false, None));
}

/// The settings of a data directory as a server reads them that is started there.
fn settings_of(folder: &Path) -> Result<Settings, String> {
    let backup = backup::open(folder).unwrap();
    let given = Given { files: &backup.settings, signal: backup.signal, ..Given::default() };
    Settings::read(Version::new(13, 0), &given, &ServerZone::UTC).map_err(|error| error.server_says().unwrap())
}

#[test]
fn settings_in_included_files_are_read() {
    let folder = whole();
    let path = folder.path();
    put(path, "recovery.signal", b"");
    let add = |text: &str| {
        let old = fs::read_to_string(path.join("postgresql.conf")).unwrap().replace('\0', "");
        fs::write(path.join("postgresql.conf"), old + text).unwrap();
    };
    fs::write(path.join("postgresql.conf"), "include_if_exists 'nothing.here'\n").unwrap();
    fs::write(path.join("postgresql.auto.conf"), "").unwrap();
    let missing = "must specify restore_command when standby mode is not enabled";
    assert_eq!(settings_of(path).unwrap_err(), missing);
    put(path, "conf.d/50-recovery.conf", b"restore_command = 'cp /archive/%f %p'\nmax_connections = 7\n");
    put(path, "conf.d/60-more.conf", b"max_connections = 8\ninclude '../site/own.settings'\n");
    put(path, "site/own.settings", b"recovery_target_xid = '700'\n");
    add("max_connections = 6\ninclude_dir 'conf.d'\n");
    let settings = settings_of(path).unwrap();
    assert_eq!(settings.restore_command.as_deref(), Some("cp /archive/%f %p"));
    assert_eq!((settings.parameters.max_connections, settings.target), (Some(8), Target::Xid(700)));
    assert_eq!(settings.not_read, [""; 0]);
    // What stands behind counts more, and postgresql.auto.conf most.
    add("max_connections = 9\n");
    assert_eq!(settings_of(path).unwrap().parameters.max_connections, Some(9));
    fs::write(path.join("postgresql.auto.conf"), "max_connections = 11\n").unwrap();
    assert_eq!(settings_of(path).unwrap().parameters.max_connections, Some(11));
    put(path, "conf.d/70-broken.conf", b"max_connections = = 8\n");
    assert_eq!(
        settings_of(path).unwrap_err(),
        "syntax error in file \"conf.d/70-broken.conf\" line 1, near token \"=\""
    );
    fs::remove_file(path.join("conf.d/70-broken.conf")).unwrap();
    // Of a place that may be another machine's nothing is said but that.
    add("include '/nowhere/site.conf'\n");
    assert_eq!(settings_of(path).unwrap().not_read, ["postgresql.conf: include '/nowhere/site.conf'"]);
    add("include 'gone.conf'\n");
    let says = "could not open configuration file \"gone.conf\": No such file or directory";
    assert_eq!(settings_of(path).unwrap_err(), says);
    // Where not all of a data directory is at hand, it may be there.
    fs::remove_dir_all(path.join("base")).unwrap();
    assert_eq!(settings_of(path).unwrap().not_read.len(), 3);
}
