//! What a nightly check asks for: how far, how fresh, which losses are known, and how fast it reads.
#![allow(clippy::unwrap_used, reason = "a test fails where something is missing, in its functions too")]

mod run;
#[path = "schemas/validator.rs"]
mod validator;

use run::{Ran, testdata, walproof};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use validator::Schema;

fn verify(folder: &str, options: &[&str]) -> (i32, Value) {
    let words: Vec<&str> = ["verify", folder, "--format", "json"].iter().chain(options).copied().collect();
    let ran = walproof(&words);
    let document: Value =
        serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{words:?}: {error}: {}{}", ran.out, ran.err));
    let problems = Schema::named("verify.json").problems(&document);
    assert!(problems.is_empty(), "{words:?}: {problems:?}");
    (ran.code, document)
}

fn text(folder: &str, options: &[&str]) -> Ran {
    walproof(&["verify", folder].iter().chain(options).copied().collect::<Vec<_>>())
}

fn names(document: &Value) -> Vec<String> {
    document["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| format!("{} {}", f["severity"].as_str().unwrap(), f["name"].as_str().unwrap()))
        .collect()
}

/// A copy that may be damaged.
fn copy(of: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    for file in fs::read_dir(testdata(of)).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), folder.path().join(file.file_name())).unwrap();
    }
    folder
}

fn shown(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Flips a bit of a file.
fn flip(folder: &TempDir, file: &str, offset: usize) {
    let path = folder.path().join(file);
    let mut bytes = fs::read(&path).unwrap();
    bytes[offset] ^= 1;
    fs::write(path, bytes).unwrap();
}

#[test]
fn an_archive_that_does_not_get_there_is_refuted() {
    let good = testdata("demo/good");
    let (_, document) = verify(&good, &[]);
    assert!(document["freshness"].is_null());
    let end = document["replay"]["to"].as_str().unwrap();
    let last = document["replay"]["last_commit_time"].as_str().unwrap();
    for reached in [end, "0/900028", "00000001000000000000000B", last, &format!("time:{last}")] {
        let (exit, document) = verify(&good, &["--must-reach", reached]);
        assert_eq!(
            (exit, &document["verdict"], &document["freshness"]["reached"]),
            (0, &"proven".into(), &true.into()),
            "{reached}"
        );
    }
    for missed in [
        "0/5000000",
        "000000010000000000000020",
        "000000020000000000000009",
        "time:2100-01-01",
        "2100-01-01 00:00:00+02",
    ] {
        let (exit, document) = verify(&good, &["--must-reach", missed]);
        assert_eq!(
            (exit, &document["verdict"], &document["freshness"]["reached"]),
            (1, &"refuted".into(), &false.into()),
            "{missed}"
        );
        assert!(names(&document).contains(&"error too-short".into()), "{missed}");
    }
    // Damage in front of it is told, and that it does not get there.
    let (exit, document) = verify(&testdata("demo/damaged"), &["--must-reach", end]);
    assert_eq!((exit, &names(&document)[..2]), (1, &["error record-crc".to_owned(), "error too-short".to_owned()][..]));
    for wrong in ["moon", "xid:7", "16777216"] {
        assert_eq!(text(&good, &["--must-reach", wrong]).code, 2, "{wrong}");
    }
    assert_eq!(text(&good, &["--must-reach", end, "--depth", "names"]).code, 2);
    assert_eq!(verify(&good, &["--must-reach", "0/5000000", "--severity", "WP130=warning"]).0, 0);
}

#[test]
fn a_tail_that_was_lost_is_seen_by_what_must_be_there() {
    let folder = copy("demo/good");
    fs::remove_file(folder.path().join("00000001000000000000000B")).unwrap();
    assert_eq!(verify(shown(folder.path()), &[]).0, 0);
    let (exit, document) = verify(shown(folder.path()), &["--must-reach", "00000001000000000000000B+0x2000"]);
    assert_eq!(exit, 1, "{:?}", names(&document));
}

#[test]
fn a_switch_reaches_the_next_segment() {
    let archive = testdata("15/archive");
    let (_, document) = verify(&archive, &[]);
    let last = &document["timelines"][2];
    assert_eq!((&last["end"], &last["to"]), (&"switch".into(), &"0/06B00118".into()));
    // The position that a server tells right behind the switch, but not the segment itself.
    for reached in ["0/6C00000", "0/6C00028", "00000003000000000000006C+40", "00000003000000000000006B"] {
        let (exit, document) = verify(&archive, &["--must-reach", reached]);
        assert_eq!((exit, &document["freshness"]["reached"]), (0, &true.into()), "{reached}");
    }
    let (exit, document) = verify(&archive, &["--must-reach", "00000003000000000000006C"]);
    assert_eq!((exit, &document["freshness"]["reached"]), (1, &false.into()));
    assert!(names(&document).contains(&"error too-short".into()));
}

#[test]
fn the_last_commit_is_fresh_or_stale() {
    let good = testdata("demo/good");
    // Years ago, by any clock that runs this.
    let (exit, document) = verify(&good, &["--max-age", "0s"]);
    assert_eq!((exit, &document["verdict"]), (1, &"refuted".into()));
    assert!(names(&document).contains(&"error stale".into()), "{:?}", names(&document));
    assert!(document["freshness"]["age_seconds"].as_f64().is_some());
    let (exit, document) = verify(&good, &["--max-age", "999999d"]);
    assert_eq!(
        (exit, &document["verdict"], &document["freshness"]["max_age_seconds"]),
        (0, &"proven".into(), &86_399_913_600u64.into())
    );
    assert!(text(&good, &["--max-age", "999999d"]).out.contains("\nFRESH    the last commit is "));
    assert_eq!(text(&good, &["--max-age", "15"]).code, 2);
    // Without any commit, nobody knows.
    let (exit, document) = verify(&good, &["--max-age", "999999d", "-s", "0/BFFCD8"]);
    if document["replay"]["last_commit_time"].is_null() {
        assert_eq!(exit, 1);
    }
}

/// The damaged demo, and a list that accepts its damage.
fn accepted() -> (TempDir, PathBuf) {
    let folder = copy("demo/damaged");
    let kept = TempDir::new().unwrap().keep();
    let list = kept.join("known.json");
    let ran = text(shown(folder.path()), &["--write-known", shown(&list)]);
    assert_eq!(ran.code, 1, "writing accepts nothing yet: {}", ran.err);
    assert!(ran.err.contains("1 finding to accept"), "{}", ran.err);
    (folder, list)
}

#[test]
fn what_is_accepted_does_not_count() {
    let (folder, list) = accepted();
    let problems =
        Schema::named("known.json").problems(&serde_json::from_str(&fs::read_to_string(&list).unwrap()).unwrap());
    assert!(problems.is_empty(), "{problems:?}");
    let (exit, document) = verify(shown(folder.path()), &["--known", shown(&list), "--fail-on", "warning"]);
    assert_eq!((exit, &document["verdict"], &document["accepted"]), (0, &"proven".into(), &1.into()));
    let finding = &document["findings"][0];
    assert_eq!(
        (&finding["name"], &finding["severity"], &finding["accepted"]),
        (&"record-crc".into(), &"error".into(), &true.into())
    );
    // What is proven begins behind the damage.
    assert_eq!(document["replay"]["from"], finding["lost"]["until_lsn"]);
    let said = text(shown(folder.path()), &["--known", shown(&list)]).out;
    assert!(
        said.starts_with("VERDICT  PROVEN EXCEPT 1 accepted: WAL replays from ") && said.contains("(accepted)"),
        "{said}"
    );
    fs::remove_dir_all(list.parent().unwrap()).unwrap();
}

#[test]
fn damage_of_tomorrow_is_not_hidden_by_that_of_today() {
    let (folder, list) = accepted();
    flip(&folder, "00000001000000000000000B", 300_000);
    let (exit, document) = verify(shown(folder.path()), &["--known", shown(&list)]);
    assert_eq!(
        (exit, &document["verdict"], &document["accepted"]),
        (1, &"refuted".into(), &1.into()),
        "{:?}",
        names(&document)
    );
    // And it is the new one that every format names.
    for format in ["text", "nagios", "junit"] {
        let told = text(shown(folder.path()), &["--known", shown(&list), "--format", format]).out;
        let head = told.lines().find(|line| line.contains("REFUTED: ")).unwrap();
        assert!(!head.contains("0/00AAC690"), "{format}: {head}");
    }
    // The same damage, in a wider range: another one.
    let (folder, list) = accepted();
    for offset in (0xAAC690 - 0xA00000..0xAAC690 - 0xA00000 + 40_000).step_by(50) {
        flip(&folder, "00000001000000000000000A", offset);
    }
    let (exit, document) = verify(shown(folder.path()), &["--known", shown(&list)]);
    assert_eq!((exit, &document["accepted"]), (1, &0.into()), "{:?}", names(&document));
    assert!(names(&document).contains(&"info known-gone".into()));
}

#[test]
fn a_gap_that_grew_is_not_accepted() {
    let folder = copy("15/archive");
    let folder_name = shown(folder.path()).to_owned();
    // Where a backup is known, an older gap is a warning.
    for file in fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().path()).filter(|p| shown(p).contains(".backup"))
    {
        fs::remove_file(file).unwrap();
    }
    let mut segments: Vec<PathBuf> = fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().path()).collect();
    segments.retain(|p| shown(p).contains("/00000001") && !shown(p).contains("partial"));
    segments.sort();
    let middle = segments.len() / 2;
    fs::remove_file(&segments[middle]).unwrap();
    let list = folder.path().join("known.json");
    let (before, _) = verify(&folder_name, &[]);
    assert_eq!(before, 1);
    text(&folder_name, &["--write-known", shown(&list)]);
    let (exit, document) = verify(&folder_name, &["--known", shown(&list)]);
    assert_eq!((exit, &document["verdict"]), (0, &"proven".into()), "{:?}", names(&document));
    fs::remove_file(&segments[middle + 1]).unwrap();
    let (exit, document) = verify(&folder_name, &["--known", shown(&list)]);
    assert_eq!((exit, &document["accepted"]), (1, &0.into()), "{:?}", names(&document));
    // And once it is repaired, the entry is told to be of no use.
    for segment in [middle, middle + 1] {
        let name = segments[segment].file_name().unwrap();
        fs::copy(Path::new(&testdata("15/archive")).join(name), &segments[segment]).unwrap();
    }
    let (exit, document) = verify(&folder_name, &["--known", shown(&list)]);
    assert_eq!((exit, &document["accepted"]), (0, &0.into()));
    assert!(names(&document).contains(&"info known-gone".into()), "{:?}", names(&document));
}

/// pg_archivecleanup, up to 16, leaves the .backup files of what it removes.
#[test]
fn what_expired_backups_need_is_worth_knowing_until_none_is_left() {
    let folder = copy("demo/good");
    let old = "000000010000000000000009.00000028.backup";
    let history = fs::read_to_string(folder.path().join(old)).unwrap();
    // Its checkpoint lies where a record begins: inside of one, it would be the backup of other WAL (WP416).
    let newer = history.replace("0/900060", "0/B00048").replace("0/90", "0/B0").replace("000000000009", "00000000000B");
    fs::write(folder.path().join("00000001000000000000000B.00000028.backup"), newer).unwrap();
    let mut told = Vec::new();
    for gone in ["000000010000000000000009", "00000001000000000000000A"] {
        fs::remove_file(folder.path().join(gone)).unwrap();
        let (code, document) = verify(shown(folder.path()), &[]);
        told.push((code, document["verdict"].as_str().unwrap().to_owned(), names(&document).join(", ")));
        let complete: Vec<&Value> =
            document["backups"].as_array().unwrap().iter().map(|b| &b["wal_complete"]).collect();
        assert_eq!(complete, [&Value::Bool(false), &Value::Bool(true)]);
    }
    // Half of what the older one needs is no expiry: nobody keeps that.
    assert_eq!(told[0], (0, "proven".into(), "warning gap".into()));
    assert_eq!(told[1], (0, "proven".into(), "info gap".into()));
    fs::remove_file(folder.path().join("00000001000000000000000B.00000028.backup")).unwrap();
    let (code, document) = verify(shown(folder.path()), &[]);
    assert_eq!((code, names(&document)), (1, vec!["error gap".to_owned()]));
}

#[test]
fn comments_are_kept_and_codes_may_be_families() {
    let (folder, list) = accepted();
    let edited = fs::read_to_string(&list)
        .unwrap()
        .replace("\"comment\": \"\"", "\"comment\": \"disk 7, ticket 4711\"")
        .replace("\"WP201\"", "\"WP2xx\"");
    fs::write(&list, edited).unwrap();
    assert_eq!(verify(shown(folder.path()), &["--known", shown(&list)]).0, 0);
    let ran = text(shown(folder.path()), &["--known", shown(&list), "--write-known", shown(&list)]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let again = fs::read_to_string(&list).unwrap();
    assert!(again.contains("disk 7, ticket 4711") && again.contains("\"WP201\""), "{again}");
    assert_eq!(fs::read_dir(list.parent().unwrap()).unwrap().count(), 1, "nothing is left beside it");
    let renamed = again.replace("\"WP201\"", "\"record-crc\"");
    fs::write(&list, renamed).unwrap();
    assert_eq!(verify(shown(folder.path()), &["--known", shown(&list)]).0, 0);
}

#[test]
fn a_list_is_never_written_under_the_name_of_wal() {
    let folder = copy("demo/good");
    let list = folder.path().join("000000010000000000000099");
    let ran = text(shown(folder.path()), &["--write-known", shown(&list)]);
    assert!(ran.code == 2 && ran.err.contains("name of WAL") && !list.exists(), "{}", ran.err);
}

#[test]
fn a_list_that_is_none_is_2_and_left_alone() {
    let (folder, list) = accepted();
    let good = fs::read_to_string(&list).unwrap();
    for bad in [
        "",
        "{}",
        &good.replace("known/1", "known/2"),
        &good.replace("WP201", "WP999"),
        &good.replace("\"system_identifier\": \"", "\"system_identifier\": \"1"),
    ] {
        fs::write(&list, bad).unwrap();
        assert_eq!(text(shown(folder.path()), &["--known", shown(&list)]).code, 2, "{bad}");
    }
    fs::write(&list, "not JSON").unwrap();
    assert_eq!(text(shown(folder.path()), &["--write-known", shown(&list)]).code, 2);
    assert_eq!(fs::read_to_string(&list).unwrap(), "not JSON");
}

/// What an option made less than an error is not proven without a word.
#[test]
fn the_headline_says_what_severities_took_away() {
    let damaged = testdata("demo/damaged");
    for wanted in ["ignore", "info", "warning"] {
        let option = format!("WP2xx={wanted}");
        let (code, document) = verify(&damaged, &["--severity", &option]);
        assert_eq!((code, &document["verdict"], &document["lowered"]), (0, &"proven".into(), &1.into()), "{wanted}");
        let ran = text(&damaged, &["--severity", &option]);
        assert!(ran.out.starts_with("VERDICT  PROVEN EXCEPT 1 by --severity: "), "{}", ran.out);
    }
    assert_eq!(verify(&damaged, &["--severity", "WP2xx=error"]).1["lowered"], 0);
}

#[test]
fn a_timeline_that_nothing_tells_of_lacks_no_segment() {
    let (code, document) = verify(&testdata("demo/good"), &["--timeline", "9"]);
    assert_eq!((code, names(&document)), (1, vec!["error history-missing".to_owned()]));
}

#[test]
fn a_pace_changes_nothing_that_is_said() {
    let damaged = testdata("demo/damaged");
    let plain = text(&damaged, &[]);
    for options in
        [&["--max-rate", "1G"][..], &["--max-rate", "64MB/s", "-j", "2"], &["--max-rate", "100000000", "--no-mmap"]]
    {
        let ran = text(&damaged, options);
        assert_eq!((ran.code, &ran.out), (plain.code, &plain.out), "{options:?}");
    }
    for bad in ["0", "fast", "10", "1T"] {
        assert_eq!(text(&damaged, &["--max-rate", bad]).code, 2, "{bad}");
    }
}
