//! A data directory on which a server is about to be started, as it lies (`--pgdata`), and archives that are not what
//! its settings take them for. What servers of 11 to 18 did with such directories is beside each.

use crate::laid::{COPY, Laid, errors};
use crate::run::{testdata, walproof};
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;
use walproof_testdata::read_plain;

#[test]
fn one_that_is_right_is_proven() {
    let (code, document) = Laid::new().set(&[COPY]).verify(&[]);
    assert_eq!((code, &document["verdict"]), (0, &json!("proven")), "{:#}", document["findings"]);
}

/// 17: `invalid data in file "tablespace_map"`.
#[test]
fn a_tablespace_map_that_no_server_takes_refutes() {
    for (map, refuses) in
        [("16400 SPACE\n", false), ("16400 SPACE\r\n", false), ("", false), ("garbage\n", true), ("16400 SPACE", true)]
    {
        let laid = Laid::new();
        fs::create_dir(laid.at("space")).unwrap();
        fs::write(laid.at("data/tablespace_map"), map.replace("SPACE", &laid.text("space"))).unwrap();
        let (code, document) = laid.set(&[COPY]).verify(&[]);
        assert_eq!(code, i32::from(refuses), "{map:?}: {:#}", document["findings"]);
        if refuses {
            assert_eq!(errors(&document).first(), Some(&"WP402"), "{map:?}");
            assert_eq!(document["restore"]["server_says"], "invalid data in file \"tablespace_map\"");
        }
    }
    // Beside no backup_label nobody reads it.
    let laid = Laid::new();
    fs::write(laid.at("data/tablespace_map"), "garbage\n").unwrap();
    fs::remove_file(laid.at("data/backup_label")).unwrap();
    let (_, document) = laid.set(&[COPY]).verify(&[]);
    assert!(!errors(&document).contains(&"WP402"), "{document:#}");
}

/// 40,000 times the same files took two minutes and a gigabyte.
#[test]
fn a_place_that_a_map_names_again_and_again_is_looked_at_once() {
    let laid = Laid::new();
    fs::create_dir_all(laid.at("space/PG_17_202406281/5")).unwrap();
    for number in 0..300 {
        fs::write(laid.at(&format!("space/PG_17_202406281/5/{number}")), "").unwrap();
    }
    let map: String = (0..10_000).map(|n| format!("{} {}\n", 16400 + n, laid.text("space"))).collect();
    fs::write(laid.at("data/tablespace_map"), map).unwrap();
    let begun = std::time::Instant::now();
    let (code, document) = laid.set(&[COPY]).verify(&[]);
    assert_eq!((code, &document["verdict"]), (0, &json!("proven")), "{:#}", document["findings"]);
    assert!(begun.elapsed().as_secs() < 60, "{:?}", begun.elapsed());
}

/// 16: `archive file "…" has wrong size: 1213 instead of 1048576`, before anything is replayed.
#[test]
fn a_command_that_copies_packed_files_as_they_are_delivers_no_segment() {
    let laid = Laid::of("field/xids-17", false);
    // By their bare names there are none.
    let (code, document) = laid.set(&[COPY]).verify(&[]);
    assert_eq!((code, errors(&document)[0]), (1, "WP435"), "{:#}", document["findings"]);
    assert!(laid.line("WHY").contains("by their bare names, which no segment here has"));
    let (code, document) = laid.set(&["restore_command = 'cp ARCHIVE/%f.xz %p'"]).verify(&[]);
    assert_eq!((code, errors(&document)[0]), (1, "WP435"), "{:#}", document["findings"]);
    let says = document["restore"]["server_says"].as_str().unwrap();
    assert!(says.contains("has wrong size: ") && says.ends_with(" instead of 1048576"), "{says}");
    assert!(laid.line("WHY").contains("they are packed: the server gets no segment"), "{}", laid.line("WHY"));
    // One that unpacks them is none of that, and what another folder is packed in is not known.
    for command in ["xz -dc ARCHIVE/%f.xz > %p", "cp /elsewhere/%f %p", "/usr/local/bin/fetch %f %p"] {
        let (code, document) = laid.set(&[&format!("restore_command = '{command}'")]).verify(&[]);
        assert_eq!((code, &document["verdict"]), (0, &json!("proven")), "{command}: {:#}", document["findings"]);
    }
    // The same under plain names.
    for file in fs::read_dir(laid.at("archive")).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_some_and(|suffix| suffix == "xz") {
            fs::rename(&path, path.with_extension("")).unwrap();
        }
    }
    let (code, document) = laid.set(&[COPY]).verify(&[]);
    assert_eq!((code, errors(&document)[0]), (1, "WP435"), "{:#}", document["findings"]);
    // Whoever only plans a restore has yet to choose the command.
    let words = ["verify", &laid.text("archive"), "--backup", &laid.text("data")];
    assert_eq!(walproof(&words).code, 0);
}

/// 16: `could not locate required checkpoint record`, and nothing is fetched.
#[test]
fn an_archive_command_in_the_place_of_a_restore_command_delivers_nothing() {
    for command in [
        "cp %p ARCHIVE/%f",
        "test ! -f ARCHIVE/%f && cp %p ARCHIVE/%f",
        "pgbackrest --stanza=a archive-push %p",
        "cp ARCHIVE/%f .",
        "cp ARCHIVE/ %p",
    ] {
        let laid = Laid::new();
        let (code, document) = laid.set(&[&format!("restore_command = '{command}'")]).verify(&[]);
        assert_eq!((code, errors(&document).contains(&"WP435")), (1, true), "{command}: {:#}", document["findings"]);
        assert!(laid.line("WHY").contains("delivers nothing"), "{command}: {}", laid.line("WHY"));
    }
    // Of a program that fills pg_wal itself, and of one with a file of such a name, nothing is known.
    for command in ["rsync -a ARCHIVE/ pg_wal/", "wal-g --config=/etc/wal-push wal-fetch %f %p", "/opt/fetch.sh %p"] {
        let (code, document) = Laid::new().set(&[&format!("restore_command = '{command}'")]).verify(&[]);
        assert_eq!((code, &document["verdict"]), (0, &json!("proven")), "{command}: {:#}", document["findings"]);
    }
}

/// A server reads the target of its own configuration in the zone of that, in whichever zone others are told.
#[test]
fn the_target_of_a_configuration_is_read_in_its_own_zone() {
    let laid = Laid::new();
    let target = "recovery_target_time = '2026-11-28 21:30:00'";
    let own = |zone: &str, words: &[&str]| {
        let (_, document) = laid.set(&[COPY, &format!("timezone = '{zone}'"), target]).verify(words);
        document["restore"]["target"]["value"].clone()
    };
    assert_eq!(own("Europe/Berlin", &[]), own("Europe/Berlin", &["--timezone", "UTC"]));
    assert_ne!(own("Europe/Berlin", &["--timezone", "UTC"]), own("UTC", &["--timezone", "UTC"]));
    // What is set counts more than the file.
    let set = |zone: &str| own("UTC", &["--set", &format!("timezone={zone}"), "--timezone", "UTC"]);
    assert_eq!(set("Europe/Berlin"), own("Europe/Berlin", &[]));
    assert_eq!(set("UTC"), own("UTC", &[]));
    // A time of the command line is the asker's.
    let asked = |zone: &str| {
        let laid = Laid::new();
        let words = ["--timezone", zone, "--target-time", "2026-11-28 21:30:00"];
        let (_, document) = laid.set(&[COPY, "timezone = 'Europe/Berlin'"]).verify(&words);
        document["restore"]["target"]["value"].clone()
    };
    assert_ne!(asked("UTC"), asked("Europe/Berlin"));
}

/// 12 and later: FATAL before anything is read. `BC` they take.
#[test]
fn a_date_that_no_calendar_has() {
    for (time, code) in [
        ("2026-13-45", 1),
        ("2026-02-30 06:00:00+00", 1),
        ("20260230 060000", 1),
        ("2026-11-28 21:20:39+00", 0),
        ("2026-11-28 21:30:00 BC", 2),
        ("2026-11-301", 2),
    ] {
        let laid = Laid::new();
        laid.set(&[COPY, &format!("recovery_target_time = '{time}'")]);
        let ran = walproof(&["verify", &laid.text("archive"), "--pgdata", &laid.text("data")]);
        let refuses = format!("invalid value for parameter \"recovery_target_time\": \"{time}\"");
        assert_eq!((ran.code, ran.out.contains(&refuses)), (code, code == 1), "{time}: {}{}", ran.out, ran.err);
    }
}

/// 13, 16 and 17: `directory "/srv/fast-disk" does not exist`, at the record that makes the tablespace.
#[test]
fn a_directory_in_which_wal_makes_a_tablespace_must_be_there() {
    if PathBuf::from("/srv/fast-disk").exists() {
        eprintln!("passed over: /srv/fast-disk, of which the captured WAL tells, is there on this machine");
        return;
    }
    let laid = Laid::of("field/tablespace-17", true);
    let (code, document) = laid.set(&[COPY]).verify(&[]);
    let restore = &document["restore"];
    assert_eq!((code, errors(&document)), (1, vec!["WP421"]), "{:#}", document["findings"]);
    assert_eq!((&restore["redo_end"], &restore["outcome"]), (&json!("0/008002F8"), &json!("fatal")));
    assert_eq!(restore["server_says"], "directory \"/srv/fast-disk\" does not exist");
    assert!(laid.line("NEXT").contains("mkdir -m 700 -p /srv/fast-disk"), "{}", laid.line("NEXT"));
    // What was looked at is not said to be unseen.
    let ran = walproof(&["verify", &laid.text("archive"), "--pgdata", &laid.text("data")]);
    assert!(!ran.out.contains("in which WAL creates tablespaces"), "{}", ran.out);
    // In front of it nothing is asked of the machine.
    let (code, document) = laid.verify(&["--target-lsn", "0/8002F8", "--target-inclusive", "off"]);
    assert_eq!((code, &document["verdict"]), (0, &json!("proven")), "{:#}", document["findings"]);
    // Where the server will be is not known of a backup: what it needs there is named.
    let ran = walproof(&["verify", &laid.text("archive"), "--backup", &laid.text("data")]);
    assert_eq!(ran.code, 0, "{}", ran.out);
    let unseen = ran.out.lines().find(|line| line.starts_with("NOT CHECKED")).unwrap();
    assert!(unseen.contains("WAL creates tablespaces (/srv/fast-disk)"), "{unseen}");
}

/// 16 starts with `WAL file is from different database system` and ends with `could not locate required checkpoint
/// record`: the file is there.
#[test]
fn the_checkpoint_in_another_clusters_file_is_named_as_that() {
    let laid = Laid::new();
    let other = read_plain(testdata("field/pg-upgrade-one-folder/archive/000000010000000000000008.xz").as_ref());
    fs::write(laid.at("archive/000000010000000000000008"), other.unwrap()).unwrap();
    let (code, document) = laid.set(&[COPY]).verify(&[]);
    assert_eq!((code, errors(&document)[0]), (1, "WP106"), "{:#}", document["findings"]);
    assert!(laid.line("NEXT").contains("get this cluster's own 000000010000000000000008"), "{}", laid.line("NEXT"));
}

/// 16 and 11 restore all of it: a backup of timeline 3 needs no ancestor. From one of timeline 1 they do not start.
#[test]
fn an_empty_history_file_harms_only_those_who_come_from_an_ancestor() {
    let folder = tempfile::tempdir().unwrap();
    for file in fs::read_dir(testdata("15/archive")).unwrap() {
        let path = file.unwrap().path();
        fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
    }
    fs::write(folder.path().join("00000003.history"), "").unwrap();
    let archive = folder.path().to_str().unwrap();
    let of = |backup: &str, more: &[&str]| {
        let ran = walproof(&[&["verify", archive, "--backup", backup, "--format", "json"], more].concat());
        let document: Value = serde_json::from_str(&ran.out).unwrap_or_else(|e| panic!("{e}: {}", ran.err));
        (ran.code, document)
    };
    let late = "00000003000000000000006B.00000028.backup";
    let (code, document) = of(late, &[]);
    assert_eq!((code, &document["verdict"]), (0, &json!("proven")), "{:#}", document["findings"]);
    let (code, _) = of("000000010000000000000058.00000028.backup", &[]);
    assert_eq!(code, 1);
    // A timeline that the backup's is no part of: no file in the world would help.
    let (code, document) = of(late, &["--target-timeline", "1"]);
    let advice = document["findings"][0]["advice"].as_str().unwrap();
    assert_eq!((code, &document["findings"][0]["code"]), (1, &json!("WP420")));
    assert!(advice.contains("--target-timeline 3") && !advice.contains("find a good copy"), "{advice}");
}

/// A copy that broke off, or was never renamed, is where to look for a segment that is missing.
#[test]
fn what_a_copy_left_of_a_missing_segment_is_named() {
    let missing = "000000010000000000000009";
    for (left, typed) in [
        (format!("{missing}.tmp"), Some(format!("{missing}.tmp"))),
        (format!(".{missing}.a8Xk2L"), Some(format!(".{missing}.a8Xk2L"))),
        (format!("{missing} (1)"), Some(format!("'{missing} (1)'"))),
        // A name ends no command.
        (format!("{missing}.tmp';$a;'"), Some(format!(r"'{missing}.tmp'\'';$a;'\'''"))),
        (format!("{missing}.ready"), None),
        (format!("{missing}.bad"), None),
        (format!("{missing}.CORRUPT"), None),
        ("00000001000000000000000B.tmp".to_owned(), None),
    ] {
        let laid = Laid::new();
        fs::rename(laid.at("archive").join(missing), laid.at("archive").join(&left)).unwrap();
        let (code, document) = laid.set(&[COPY]).verify(&[]);
        assert_eq!(code, 1, "{left}");
        let gap = document["findings"].as_array().unwrap().iter().find(|f| f["code"] == "WP101").unwrap();
        let advice = gap["advice"].as_str().unwrap();
        // With the archive in front of both names, so that it can be typed anywhere.
        let archive = laid.text("archive");
        let named = typed.as_ref().map(|typed| {
            let from = match typed.strip_prefix('\'') {
                Some(rest) => format!("'{archive}/{rest}"),
                None => format!("{archive}/{typed}"),
            };
            advice.contains(&format!("walproof verify {from}; "))
                && advice.contains(&format!("mv {from} {archive}/{missing}"))
        });
        assert!(named.unwrap_or(!advice.contains("mv ")), "{left}: {advice}");
        if typed.is_some() {
            let ran = walproof(&["verify", &laid.text(&format!("archive/{left}"))]);
            assert_eq!(ran.code, 0, "{left}: {}{}", ran.out, ran.err);
        }
    }
}

/// 17 starts, since it looks for that line alone, and no connection finds a table.
#[test]
fn an_incremental_backup_without_its_line_is_one_all_the_same() {
    let laid = Laid::new();
    fs::create_dir_all(laid.at("data/base/5")).unwrap();
    for name in ["1259", "INCREMENTAL.1260", "INCREMENTAL.1249_vm"] {
        fs::write(laid.at("data/base/5").join(name), [0; 8192]).unwrap();
    }
    let (code, document) = laid.set(&[COPY]).verify(&[]);
    assert_eq!((code, errors(&document).contains(&"WP408")), (1, true), "{:#}", document["findings"]);
    assert!(document["restore"]["failure"].is_null() && document["restore"]["outcome"] == "promotes", "{document:#}");
    let finding = document["findings"].as_array().unwrap().iter().find(|f| f["code"] == "WP408").unwrap();
    assert!(finding["server_says"].is_null() && finding["advice"].as_str().unwrap().contains("pg_combinebackup"));
    // A table of that name is a file of the user's.
    fs::remove_file(laid.at("data/base/5/INCREMENTAL.1260")).unwrap();
    fs::rename(laid.at("data/base/5/INCREMENTAL.1249_vm"), laid.at("data/INCREMENTAL.1249")).unwrap();
    let (_, document) = laid.verify(&[]);
    assert!(!errors(&document).contains(&"WP408"), "{document:#}");
}

/// Without anything that asks for the archive, `could not locate required checkpoint record`: 11 and 16.
#[test]
fn a_server_that_asks_for_nothing_is_told_so() {
    let laid = Laid::new();
    fs::remove_file(laid.at("data/recovery.signal")).unwrap();
    let (code, document) = laid.set(&["port = 5433"]).verify(&[]);
    assert_eq!((code, errors(&document)[0]), (1, "WP436"), "{:#}", document["findings"]);
    assert!(laid.line("NEXT").contains("touch "), "{}", laid.line("NEXT"));
    // 16 starts with what lies in its pg_wal, and leaves the archive's next segment where it is.
    fs::create_dir(laid.at("data/pg_wal")).unwrap();
    for name in ["000000010000000000000008", "000000010000000000000009"] {
        fs::copy(laid.at("archive").join(name), laid.at("data/pg_wal").join(name)).unwrap();
    }
    let (code, document) = laid.set(&[COPY]).verify(&[]);
    assert_eq!((code, errors(&document)), (1, vec!["WP436"]), "{:#}", document["findings"]);
    fs::remove_file(laid.at("archive/00000001000000000000000A")).unwrap();
    let (code, document) = laid.verify(&[]);
    assert_eq!((code, errors(&document)), (0, vec![]), "{:#}", document["findings"]);
    // An empty recovery.conf is none.
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("global")).unwrap();
    for name in ["backup_label", "global/pg_control"] {
        fs::copy(testdata(&format!("backup/10/{name}")), folder.path().join(name)).unwrap();
    }
    fs::write(folder.path().join("PG_VERSION"), "10\n").unwrap();
    let ran = walproof(&["verify", &testdata("10/archive"), "--pgdata", folder.path().to_str().unwrap()]);
    assert_eq!(ran.code, 1, "{}", ran.out);
    let next = ran.out.lines().find(|line| line.starts_with("NEXT")).unwrap();
    assert!(next.contains("write recovery.conf in ") && next.contains("with a restore_command"), "{next}");
}

/// 12 and 17: `could not remove directory "pg_tblspc/16400": Directory not empty`.
#[test]
fn a_folder_with_files_stands_where_a_map_makes_a_link() {
    let laid = Laid::new();
    fs::create_dir_all(laid.at("space")).unwrap();
    fs::create_dir_all(laid.at("data/pg_tblspc/16400")).unwrap();
    fs::write(laid.at("data/tablespace_map"), format!("16400 {}\n", laid.text("space"))).unwrap();
    // An empty one is taken away.
    let (code, document) = laid.set(&[COPY]).verify(&[]);
    assert_eq!((code, &document["verdict"]), (0, &json!("proven")), "{:#}", document["findings"]);
    fs::create_dir(laid.at("data/pg_tblspc/16400/PG_17_202406281")).unwrap();
    let (code, document) = laid.verify(&[]);
    assert_eq!((code, errors(&document).first()), (1, Some(&"WP402")), "{:#}", document["findings"]);
    let says = "could not remove directory \"pg_tblspc/16400\": Directory not empty";
    assert_eq!(document["restore"]["server_says"], says);
    assert!(laid.line("WHY").contains("tablespace_map line 1 names a tablespace"), "{}", laid.line("WHY"));
}

/// 11 to 18 start with `could not open directory`, and come to the end of WAL that changes nothing there.
#[test]
fn a_tablespace_that_wal_does_not_touch_may_be_gone() {
    let laid = Laid::new();
    fs::create_dir_all(laid.at("data/pg_tblspc")).unwrap();
    std::os::unix::fs::symlink(laid.at("nowhere"), laid.at("data/pg_tblspc/16400")).unwrap();
    let (code, document) = laid.set(&[COPY]).verify(&[]);
    assert_eq!((code, &document["verdict"]), (0, &json!("proven")), "{:#}", document["findings"]);
    let found = document["findings"].as_array().unwrap().iter().find(|f| f["code"] == "WP434").unwrap();
    assert_eq!(found["severity"], "warning");
    // Of tables that WAL changes it is FATAL, at the first of their records.
    let of_default = laid.at("data/pg_tblspc/1663");
    std::os::unix::fs::symlink(laid.at("nowhere"), &of_default).unwrap();
    let (code, document) = laid.verify(&[]);
    let restore = &document["restore"];
    assert_eq!((code, errors(&document), &restore["outcome"]), (1, vec!["WP421"], &json!("fatal")), "{restore:#}");
    assert_eq!(restore["server_says"], "could not create directory \"pg_tblspc/1663\": File exists");
    let end = restore["replay_end"].as_str().unwrap().to_owned();
    // In front of it nothing happens.
    let (code, document) = laid.verify(&["--target-lsn", &end, "--target-inclusive", "off"]);
    assert_eq!((code, &document["verdict"]), (0, &json!("proven")), "{:#}", document["findings"]);
}

/// Where the last segment of a timeline is gone, and a timeline that left it farther on tells that there was more.
#[test]
fn a_timeline_that_another_left_behind_its_end_lacks_its_last_segment() {
    let laid = Laid::of_15(true);
    laid.set(&[COPY, "recovery_target_timeline = '1'"]);
    // Its .partial is told by itself.
    let (code, document) = laid.verify(&[]);
    assert_eq!((code, errors(&document)), (0, vec![]), "{:#}", document["findings"]);
    fs::remove_file(laid.at("archive/000000010000000000000060.partial")).unwrap();
    let (code, document) = laid.verify(&[]);
    assert_eq!((code, errors(&document)), (1, vec!["WP424"]), "{:#}", document["findings"]);
    assert!(laid.line("WHY").contains("timeline 2 left this one farther on, at 0/0605ABE0"), "{}", laid.line("WHY"));
    // Who asks for the other gets its copy of that segment.
    let (code, document) = laid.verify(&["--target-timeline", "latest"]);
    assert_eq!((code, &document["verdict"]), (0, &json!("proven")), "{:#}", document["findings"]);
}

/// 12 and 15 start, and a query ends with `could not open file "pg_tblspc/16384/…"`; where WAL changes something there
/// behind consistency, they make a folder in its place, and the rows of the backup are gone without a word.
#[test]
fn a_tablespace_of_the_catalogs_without_its_link_is_lost() {
    let laid = Laid::of("field/unlinked-16", true);
    for name in ["global/1213", "global/pg_filenode.map"] {
        fs::copy(testdata(&format!("field/unlinked-16/backup/{name}")), laid.at("data").join(name)).unwrap();
    }
    fs::create_dir(laid.at("data/pg_tblspc")).unwrap();
    let (code, document) = laid.set(&[COPY]).verify(&[]);
    assert_eq!((code, errors(&document)), (1, vec!["WP434"]), "{:#}", document["findings"]);
    assert!(laid.line("WHY").contains("pg_tblspc/16384 is missing"), "{}", laid.line("WHY"));
    assert!(laid.line("NEXT").contains("ln -s PLACE pg_tblspc/16384"), "{}", laid.line("NEXT"));
    // A backup that lies here may get its links elsewhere.
    let ran = walproof(&["verify", &laid.text("archive"), "--backup", &laid.text("data"), "--format", "json"]);
    let document: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((ran.code, errors(&document)), (0, vec![]), "{:#}", document["findings"]);
    // With the link, and with a line that makes it, nothing is missing.
    fs::create_dir_all(laid.at("space/PG_16_202307071")).unwrap();
    fs::write(laid.at("data/tablespace_map"), format!("16384 {}\n", laid.text("space"))).unwrap();
    assert_eq!(laid.verify(&[]).0, 0);
    fs::remove_file(laid.at("data/tablespace_map")).unwrap();
    std::os::unix::fs::symlink(laid.at("space"), laid.at("data/pg_tblspc/16384")).unwrap();
    assert_eq!(laid.verify(&[]).0, 0);
    // 11 to 18: FATAL where the link leads to nothing, and WAL changes a table there.
    fs::remove_dir_all(laid.at("space")).unwrap();
    let (code, document) = laid.verify(&[]);
    assert_eq!((code, errors(&document)), (1, vec!["WP421"]), "{:#}", document["findings"]);
    let says = "could not create directory \"pg_tblspc/16384\": File exists";
    assert_eq!(document["restore"]["server_says"], says);
}

/// A server is started on a copy beside production, on whose machine it was laid out: 15 and 18 wrote into production's
/// files, and nobody said so. What works in a directory and is named in its lock file is a server to others.
#[cfg(target_os = "linux")]
#[test]
fn what_a_server_that_runs_works_with_is_no_place_for_a_copy() {
    let laid = Laid::new();
    for name in ["space", "elsewhere", "production/pg_wal", "production/pg_tblspc", "data/pg_tblspc"] {
        fs::create_dir_all(laid.at(name)).unwrap();
    }
    let link = |to: &str, from: &str| std::os::unix::fs::symlink(laid.at(to), laid.at(from)).unwrap();
    link("space", "production/pg_tblspc/16400");
    let mut postmaster =
        std::process::Command::new("sleep").arg("600").current_dir(laid.at("production")).spawn().unwrap();
    fs::write(laid.at("production/postmaster.pid"), format!("{}\n", postmaster.id())).unwrap();
    fs::write(laid.at("production/PG_VERSION"), "17\n").unwrap();
    laid.set(&[COPY]);
    let seen = || {
        let (code, document) = laid.verify(&[]);
        let why = laid.line("WHY");
        (code, errors(&document).first().map(|code| (*code).to_owned()), why)
    };
    let mut all = Vec::new();
    for place in ["space", "elsewhere"] {
        fs::write(laid.at("data/tablespace_map"), format!("16400 {}\n", laid.text(place))).unwrap();
        all.push(seen());
    }
    fs::remove_file(laid.at("data/tablespace_map")).unwrap();
    for (to, from) in [("space", "pg_tblspc/16400"), ("production/pg_wal", "pg_wal")] {
        link(to, &format!("data/{from}"));
        all.push(seen());
        fs::remove_file(laid.at("data").join(from)).unwrap();
    }
    all.push(seen());
    postmaster.kill().unwrap();
    postmaster.wait().unwrap();
    let words = [
        "tablespace_map names a place where the server that runs in",
        "",
        "this is a link into",
        "this is a link into",
        "",
    ];
    for ((code, error, why), words) in all.into_iter().zip(words) {
        let is_others = !words.is_empty();
        assert_eq!((code, error.as_deref()), (i32::from(is_others), is_others.then_some("WP434")), "{words}: {why}");
        assert!(why.contains(words), "{why}");
    }
}
