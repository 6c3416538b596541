//! How the answer of a restore is said.

use crate::restore;
use crate::run::{testdata, walproof};
use pgwal::format::Version;
use pgwal::format::recovery::data_directory::DataFolder;
use std::fs;

/// A time without a zone is to be given to the server with the zone in which it was read.
#[test]
fn a_time_without_a_zone_is_spelled_with_one() {
    let good = testdata("demo/good");
    let said = |time: &str, zone: &str| {
        let words = ["verify", &good, "--backup", "latest", "--target-time", time, "--timezone", zone];
        let ran = walproof(&words);
        assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
        ran.out.lines().find_map(|line| line.strip_prefix("SETTING  ").map(str::to_owned))
    };
    let told = "recovery_target_time = '2026-11-22 03:17:02.5+00'  ('2026-11-22 04:17:02.5', \
                which a server reads in its own zone)";
    assert_eq!(said("2026-11-22 04:17:02.5", "Europe/Berlin").as_deref(), Some(told));
    assert!(said("2026-11-22 03:17:02.5", "UTC").is_some());
    assert_eq!(said("2026-11-22 04:17:02.5+01", "Europe/Berlin"), None);
    assert_eq!(said("2026-11-22 03:17:02.5 UTC", "Europe/Berlin"), None);
}

/// A data directory of 15 with every folder, to which the WAL of the demo belongs.
fn data_directory() -> tempfile::TempDir {
    let data = tempfile::tempdir().unwrap();
    let own = testdata("backup/15");
    for folder in DataFolder::ALL.iter().filter(|folder| folder.is_of(Version::new(15, 0))) {
        fs::create_dir_all(data.path().join(folder.name)).unwrap();
    }
    for file in ["backup_label", "global/pg_control"] {
        fs::copy(format!("{own}/{file}"), data.path().join(file)).unwrap();
    }
    for file in ["pg_xact/0000", "pg_multixact/offsets/0000"] {
        fs::write(data.path().join(file), vec![0; 8192]).unwrap();
    }
    fs::write(data.path().join("global/pg_filenode.map"), walproof_testdata::state::file_map()).unwrap();
    fs::write(data.path().join("pg_hba.conf"), "local all all trust\n").unwrap();
    fs::write(data.path().join("PG_VERSION"), "15\n").unwrap();
    #[cfg(unix)]
    fs::set_permissions(data.path(), std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    data
}

/// 12, 14, 15, 17 and 18, all folders taken away and given back as they were missed: `pg_notify`, `pg_wal`,
/// `pg_replslot`, `pg_twophase`, (12 and 14: `pg_stat_tmp`, `pg_stat`,) `pg_tblspc`; `pg_control` before all of them.
#[test]
fn of_several_missing_folders_the_server_names_one() {
    for (missing, first) in [
        (&["pg_wal", "pg_notify"][..], "could not open directory \"pg_notify\": No such file or directory"),
        (&["pg_replslot", "pg_wal"], "required WAL directory \"pg_wal\" does not exist"),
        (
            &["pg_tblspc", "pg_twophase", "pg_replslot"],
            "could not open directory \"pg_replslot\": No such file or directory",
        ),
        (&["pg_tblspc", "pg_twophase"], "could not open directory \"pg_twophase\": No such file or directory"),
        (&["pg_tblspc", "pg_xact"], "could not open directory \"pg_tblspc\": No such file or directory"),
        (&["global", "pg_notify"], "postgres: could not find the database system"),
    ] {
        let data = data_directory();
        missing.iter().for_each(|folder| fs::remove_dir_all(data.path().join(folder)).unwrap());
        let (exit, document) = restore(testdata("demo/good").as_ref(), data.path().to_str().unwrap(), &[]);
        let says = &document["restore"]["server_says"];
        assert_eq!((exit, says.as_str()), (1, Some(first)), "{missing:?}: {:#}", document["findings"]);
    }
}

/// What stops a server before or while it replays is said where its end is foretold.
#[cfg(unix)]
#[test]
fn nothing_is_promised_of_a_server_that_does_not_start() {
    let data = data_directory();
    fs::write(data.path().join("recovery.signal"), "").unwrap();
    let conf = "restore_command = 'sh fetch %f %p'\nhot_standby = off\n";
    fs::write(data.path().join("postgresql.conf"), conf).unwrap();
    let lines = |option: &str| {
        let ran = walproof(&["verify", &testdata("demo/good"), option, data.path().to_str().unwrap()]);
        let line = |label: &str| ran.out.lines().find(|line| line.starts_with(label)).unwrap_or_default().to_owned();
        (ran.code, line("WHY "), line("IMPACT"))
    };
    let promised = "IMPACT   the server takes writes on the new timeline 2";
    for option in ["--pgdata", "--backup"] {
        let (code, why, impact) = lines(option);
        assert_eq!((code, impact.as_str(), why.contains("WP434")), (0, promised, false), "{why}");
    }
    fs::set_permissions(data.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let (_, why, impact) = lines("--pgdata");
    assert!(why.contains("WP434 says is to be put right before a server is started"), "{why}");
    assert!(impact.starts_with("IMPACT   no server starts on the data directory as it lies (WP434); once"), "{impact}");
    fs::set_permissions(data.path(), std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    fs::write(data.path().join("tablespace_map"), "16384 /nowhere/at/all\n").unwrap();
    let (_, why, impact) = lines("--backup");
    assert!(why.contains("WP434 says is to be put right before a server is started"), "{why}");
    assert!(impact.starts_with("IMPACT   once the tablespace that WP434 names has its files, the server"), "{impact}");
}

/// A server reads all of it.
#[test]
fn a_long_map_of_tablespaces_is_read_to_its_end() {
    let data = data_directory();
    // The middle of a line lies at 1 MiB.
    let place = data.path().join("space");
    fs::create_dir(&place).unwrap();
    let line = format!("16384 {}{}\n", place.display(), "/.".repeat(300));
    let map = line.repeat(1 + (1 << 20) / line.len());
    for (map, exit) in [(map.clone(), 0), (map.clone() + "16385 /with/no/end", 1)] {
        fs::write(data.path().join("tablespace_map"), map).unwrap();
        let (code, document) =
            restore(testdata("demo/good").as_ref(), data.path().to_str().unwrap(), &["--set", "hot_standby=off"]);
        assert_eq!(code, exit, "{:#}", document["findings"]);
    }
}

/// The first page of the backup's first segment is another cluster's.
#[test]
fn a_backup_of_which_another_cluster_overwrote_a_segment_lacks_wal() {
    let archive = tempfile::tempdir().unwrap();
    for file in fs::read_dir(testdata("demo/good")).unwrap().map(Result::unwrap) {
        fs::copy(file.path(), archive.path().join(file.file_name())).unwrap();
    }
    let told = || {
        let ran = walproof(&["verify", archive.path().to_str().unwrap()]);
        ran.out.lines().find(|line| line.starts_with("BACKUPS")).unwrap_or_default().to_owned()
    };
    assert!(told().contains("has all its WAL"), "{}", told());
    let segment = archive.path().join("000000010000000000000009");
    let mut bytes = fs::read(&segment).unwrap();
    // xlp_sysid
    bytes[24] ^= 0xFF;
    fs::write(&segment, bytes).unwrap();
    assert!(told().contains("lacks WAL between 0/00900028 and 0/00900100"), "{}", told());
}
