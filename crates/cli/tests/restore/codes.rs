//! A fixture for each finding of a restore: what the server says, and what to do.

use crate::restore;
use serde_json::Value;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use walproof_testdata::{Case, root};

/// The finding of that code.
fn finding(document: &Value, code: &str) -> Value {
    let all = document["findings"].as_array().unwrap();
    all.iter().find(|f| f["code"] == code).unwrap_or_else(|| panic!("no {code} in {:#}", document["findings"])).clone()
}

fn case(name: &str) -> (tempfile::TempDir, PathBuf) {
    let (case, folder) = (Case::named(name).unwrap(), tempfile::tempdir().unwrap());
    case.rebuild_for_server(folder.path()).unwrap();
    (folder, case.backup())
}

/// Archive, backup, options, code, the server's words, and a piece of the advice.
struct Row<'a>(&'a Path, &'a Path, &'a [&'a str], &'a str, Option<&'a str>, &'a str);

#[test]
fn every_finding_of_a_restore_is_triggered() {
    let good = root().join("demo/good");
    let fifteen = root().join("backup/15");
    let (short, _) = case("truncated_at_page");
    let (cut, _) = case("good");
    // The record of the backup's end is the third one.
    let first = cut.path().join("000000010000000000000009");
    let mut bytes = fs::read(&first).unwrap();
    bytes[0xD8..].fill(0);
    fs::write(&first, bytes).unwrap();
    let no_start = tempfile::tempdir().unwrap();
    fs::copy(good.join("00000001000000000000000A"), no_start.path().join("00000001000000000000000A")).unwrap();
    let damaged = root().join("demo/damaged");
    let ten = root().join("10/archive");
    let of_ten = root().join("10/archive/00000001000000000000000E.00000028.backup");
    let unreached = "recovery ended before configured recovery target was reached";
    let lower = "recovery aborted because of insufficient parameter settings";
    let rows = [
        Row(
            no_start.path(),
            &fifteen,
            &[],
            "WP420",
            Some("could not locate required checkpoint record"),
            "find a good copy of 000000010000000000000009",
        ),
        Row(
            &good,
            &fifteen,
            &["--target-timeline", "7"],
            "WP420",
            Some("recovery target timeline 7 does not exist"),
            "find 00000007.history",
        ),
        Row(
            &good,
            &fifteen,
            &["--target-action", "explode"],
            "WP420",
            Some("invalid value for parameter \"recovery_target_action\": \"explode\""),
            "correct the setting",
        ),
        Row(
            short.path(),
            &fifteen,
            &[],
            "WP421",
            Some("archive file \"00000001000000000000000F\" has wrong size: 655360 instead of 1048576"),
            "find a good copy of 00000001000000000000000F",
        ),
        Row(
            &good,
            &fifteen,
            &["--set", "max_connections=3", "--set", "hot_standby=on"],
            "WP421",
            None,
            "set max_connections = ",
        ),
        Row(
            cut.path(),
            &fifteen,
            &[],
            "WP422",
            Some("WAL ends before end of online backup"),
            "find a good copy of 000000010000000000000009",
        ),
        Row(
            &good,
            &fifteen,
            &["--target-lsn", "0/900028"],
            "WP422",
            Some("requested recovery stop point is before consistent recovery point"),
            "choose a later target",
        ),
        Row(
            &good,
            &fifteen,
            &["--target-lsn", "0/E00000"],
            "WP423",
            Some(unreached),
            "find a good copy of 00000001000000000000000C",
        ),
        Row(&ten, &of_ten, &["--target-name", "nobody's"], "WP423", None, "choose a target"),
        Row(&damaged, &fifteen, &[], "WP424", None, "before the server is started"),
    ];
    for Row(archive, backup, options, code, says, advice) in rows {
        let (exit, document) = restore(archive, backup.to_str().unwrap(), options);
        let what = format!("{} {options:?}: {:#}", archive.display(), document["findings"]);
        let finding = finding(&document, code);
        assert_eq!((exit, &finding["severity"]), (1, &"error".into()), "{what}");
        if let Some(says) = says {
            assert_eq!(
                (&finding["server_says"], &document["restore"]["server_says"]),
                (&says.into(), &says.into()),
                "{what}"
            );
        }
        let told = finding["advice"].as_str().unwrap();
        assert!(told.contains(advice), "{told:?} lacks {advice:?}: {what}");
    }
    // Before connections are accepted, a setting that is too low is FATAL in every version that minds it.
    let (_, document) =
        restore(&good, fifteen.to_str().unwrap(), &["--set", "max_connections=3", "--set", "hot_standby=on"]);
    assert_eq!(document["restore"]["server_says"], lower);
    // 10 promotes without a word.
    let (_, document) = restore(&ten, of_ten.to_str().unwrap(), &["--target-name", "nobody's"]);
    assert_eq!(finding(&document, "WP423")["server_says"], Value::Null);
    assert_eq!(
        (&document["restore"]["outcome"], &document["restore"]["server_says"]),
        (&"promotes".into(), &Value::Null)
    );
}

/// What unpacks it says that it failed, and a server then takes nothing.
#[test]
fn a_packed_file_that_does_not_unpack_to_its_end_is_none_whatever_comes_out_of_it() {
    let fifteen = root().join("backup/15");
    let name = "00000001000000000000000B";
    let mut bytes = fs::read(root().join("demo/good").join(name)).unwrap();
    bytes.extend(b"abc");
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(&bytes).unwrap();
    let whole = packed.finish().unwrap();
    let (crc, cut) = (whole.len() - 8, whole.len() - 1);
    let mut flipped = whole.clone();
    flipped[crc] ^= 1;
    for (packed, outcome, code) in
        [(&whole[..], "fatal", "WP421"), (&flipped[..], "promotes", "WP424"), (&whole[..cut], "promotes", "WP424")]
    {
        let folder = tempfile::tempdir().unwrap();
        for own in ["000000010000000000000009", "00000001000000000000000A"] {
            fs::copy(root().join("demo/good").join(own), folder.path().join(own)).unwrap();
        }
        fs::write(folder.path().join(format!("{name}.gz")), packed).unwrap();
        let (exit, document) = restore(folder.path(), fifteen.to_str().unwrap(), &[]);
        let said = (exit, document["restore"]["outcome"].as_str().unwrap());
        assert_eq!(said, (1, outcome), "{:#}", document["findings"]);
        assert_eq!(finding(&document, code)["severity"], "error");
    }
}

/// Files of the backup that a server stumbles over before it looks for WAL.
#[test]
fn a_backup_that_no_server_starts_on() {
    let good = root().join("demo/good");
    let control = fs::read(root().join("backup/15/global/pg_control")).unwrap();
    let mut flipped = control.clone();
    flipped[60] ^= 1;
    for (file, content, code, says) in [
        ("backup_label", Some(&b"START WAL LOC"[..]), "WP402", "invalid data in file \"backup_label\""),
        ("backup_label", Some(&[0xFF; 3000][..]), "WP402", "invalid data in file \"backup_label\""),
        ("global/pg_control", Some(&flipped[..]), "WP403", "incorrect checksum in control file"),
        ("global/pg_control", Some(&control[..100]), "WP403", "could not read file \"global/pg_control\""),
        ("global/pg_control", None, "WP403", "postgres: could not find the database system"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("global")).unwrap();
        for name in ["backup_label", "global/pg_control"] {
            fs::copy(root().join("backup/15").join(name), folder.path().join(name)).unwrap();
        }
        match content {
            Some(content) => fs::write(folder.path().join(file), content).unwrap(),
            None => fs::remove_file(folder.path().join(file)).unwrap(),
        }
        let (exit, document) = restore(&good, folder.path().to_str().unwrap(), &[]);
        let restore = &document["restore"];
        assert_eq!((exit, &restore["starts"], &restore["server_says"]), (1, &false.into(), &says.into()), "{file}");
        assert_eq!(
            (&document["findings"][0]["code"], restore["files"].as_array().unwrap().len()),
            (&code.into(), 0),
            "{file}"
        );
    }
}

/// What an editor, a terminal, or psql adds to a label is named, and what is typed against it makes it right.
#[test]
fn what_was_added_to_a_label_is_taken_away_as_is_said() {
    let good = root().join("demo/good");
    let label = fs::read_to_string(root().join("backup/15/backup_label")).unwrap();
    for (written, cause) in [
        (label.replace('\n', "\r\n"), "end with CR LF"),
        (format!(" {}", label.trim_end().replace('\n', "        +\n ")), "psql"),
        (format!("\u{feff}{}", label.replace('\n', "\r\n")), "byte order mark"),
        (label.replace('\n', " \n"), "blanks stand around"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("global")).unwrap();
        fs::copy(root().join("backup/15/global/pg_control"), folder.path().join("global/pg_control")).unwrap();
        fs::write(folder.path().join("backup_label"), &written).unwrap();
        let place = folder.path().to_str().unwrap();
        let (exit, document) = restore(&good, place, &[]);
        let found = finding(&document, "WP402");
        assert_eq!((exit, document["restore"]["outcome"].as_str()), (1, Some("fatal")), "{cause}");
        assert!(found["message"].as_str().unwrap().contains(cause), "{found:#}");
        let next = found["advice"].as_str().unwrap();
        let typed = &next[next.find("sed").unwrap()..].split("; psql").next().unwrap();
        let done = Command::new("sh").args(["-c", typed]).current_dir(place).status().unwrap();
        assert!(done.success(), "{typed}");
        assert_eq!(fs::read_to_string(folder.path().join("backup_label")).unwrap().trim_end(), label.trim_end());
        assert_eq!(restore(&good, place, &[]).0, 0, "{cause}");
    }
}
