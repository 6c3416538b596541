//! `.partial` files that are more than unfinished: it is said what is wrong with them, and the verdict stays.
#![allow(clippy::unwrap_used, reason = "a test fails where something is missing, in its functions too")]

mod run;

use flate2::write::GzEncoder;
use run::{testdata, walproof};
use serde_json::Value;
use std::fs;
use std::io::Write;

const LAST: &str = "00000001000000000000000B";

/// The demo with a `.partial` in place of its last segment; what is said of it beside WP109.
fn findings(name: &str, bytes: &[u8]) -> Vec<(String, String)> {
    let folder = tempfile::tempdir().unwrap();
    for segment in ["000000010000000000000009", "00000001000000000000000A"] {
        fs::copy(testdata("demo/good") + "/" + segment, folder.path().join(segment)).unwrap();
    }
    fs::write(folder.path().join(name), bytes).unwrap();
    let ran = walproof(&["verify", folder.path().to_str().unwrap(), "--format", "json"]);
    let document: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((ran.code, &document["verdict"]), (0, &"proven".into()), "{}", ran.out);
    let all = document["findings"].as_array().unwrap();
    assert!(all.iter().any(|f| f["code"] == "WP109"), "{}", ran.out);
    let others = all.iter().filter(|f| f["code"] != "WP109");
    others
        .map(|f| {
            assert_eq!((&f["severity"], &f["file"]), (&"info".into(), &name.into()), "{f}");
            (f["code"].as_str().unwrap().to_owned(), f["message"].as_str().unwrap().to_owned())
        })
        .collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

#[test]
fn what_is_wrong_is_said() {
    let whole = fs::read(testdata("demo/good") + "/" + LAST).unwrap();
    let other = fs::read(testdata("demo/good/000000010000000000000009")).unwrap();
    let plain = format!("{LAST}.partial");
    for (bytes, code, words) in [
        (&whole[..600_000], "WP102", "has 600000 bytes instead of 1048576"),
        (&vec![0; 1 << 20][..], "WP116", "nothing but zeros"),
        (&other[..], "WP104", "holds the WAL of 0/00900000, the content of 000000010000000000000009"),
    ] {
        let told = findings(&plain, bytes);
        assert!(told.len() == 1 && told[0].0 == code && told[0].1.contains(words), "{told:?}");
    }
    let told = findings(&format!("{LAST}.partial.gz"), &gzip(&whole[..600_000]));
    assert!(told.len() == 1 && told[0].0 == "WP102" && told[0].1.contains("600000 bytes instead of"), "{told:?}");
    let mut broken = gzip(&whole);
    let middle = broken.len() / 2;
    broken[middle..middle + 16].fill(0xFF);
    let told = findings(&format!("{LAST}.gz.partial"), &broken);
    assert!(told.iter().any(|(code, _)| code == "WP103"), "{told:?}");
}

#[test]
fn what_is_merely_unfinished_is_not_blamed() {
    let whole = fs::read(testdata("demo/good") + "/" + LAST).unwrap();
    let padded = [&whole[..81_920], &vec![0; (1 << 20) - 81_920][..]].concat();
    let packed = gzip(&whole);
    for (name, bytes) in [
        (format!("{LAST}.partial"), &whole),
        (format!("{LAST}.gz.partial"), &packed[..packed.len() / 2].to_vec()),
        (format!("{LAST}.gz.partial"), &gzip(&whole[..81_920])),
    ] {
        assert_eq!(findings(&name, bytes), [], "{name}");
    }
    // The record that zeros cut off is damage of a record, and no flaw of the file.
    assert!(findings_of_any_severity(&padded).iter().all(|code| code.starts_with("WP2") || code == "WP109"));
}

fn findings_of_any_severity(bytes: &[u8]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    fs::copy(testdata("demo/good/00000001000000000000000A"), folder.path().join("00000001000000000000000A")).unwrap();
    fs::write(folder.path().join(format!("{LAST}.partial")), bytes).unwrap();
    let document: Value =
        serde_json::from_str(&walproof(&["verify", folder.path().to_str().unwrap(), "--format", "json"]).out).unwrap();
    document["findings"].as_array().unwrap().iter().map(|f| f["code"].as_str().unwrap().to_owned()).collect()
}

/// What lies between the last complete segment and an unfinished one was written, and is not here.
#[test]
fn a_hole_in_front_of_one_is_a_gap() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let label = "000000010000000000000009.00000028.backup";
    for file in ["000000010000000000000009", label] {
        fs::copy(testdata("demo/good") + "/" + file, folder.path().join(file)).unwrap();
    }
    fs::copy(testdata("demo/good") + "/" + LAST, folder.path().join(format!("{LAST}.partial"))).unwrap();
    for (options, code) in [(vec![], "WP101"), (vec!["--backup", label], "WP424")] {
        let ran = walproof(&[&["verify", path, "--format", "json"], options.as_slice()].concat());
        let document: Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!((ran.code, &document["verdict"]), (1, &"refuted".into()), "{}", ran.out);
        let codes = document["findings"].as_array().unwrap().iter().filter(|f| f["severity"] == "error");
        assert!(codes.clone().any(|f| f["code"] == code), "{}", ran.out);
        assert!(codes.clone().any(|f| f["file"] == "00000001000000000000000A"), "{}", ran.out);
    }
    // The one that follows is no hole.
    fs::rename(folder.path().join(format!("{LAST}.partial")), folder.path().join("00000001000000000000000A.partial"))
        .unwrap();
    fs::copy(testdata("demo/good/00000001000000000000000A"), folder.path().join("00000001000000000000000A.partial"))
        .unwrap();
    let ran = walproof(&["verify", path]);
    let way = "00000001000000000000000A.partial goes on behind the last whole segment: restore_command = 'walproof \
               archive-get %f \"%p\" --from ARCHIVE --partial'";
    assert!(ran.code == 0 && ran.out.contains(way), "{}", ran.out);
    let ran = walproof(&["verify", path, "--backup", label]);
    assert!(ran.out.contains("--partial', which takes 00000001000000000000000A.partial"), "{}", ran.out);
    let ran = walproof(&["when", path]);
    assert!(ran.out.contains("PARTIAL  00000001000000000000000A.partial goes on behind it"), "{}", ran.out);
}

/// How old the last commit is, an unfinished segment says as well: a folder of `ship` is as fresh as its last file.
#[test]
fn the_age_of_the_last_commit_goes_by_it() {
    let last = |names: [&str; 2]| {
        let folder = tempfile::tempdir().unwrap();
        for (from, name) in ["00000001000000000000000A", LAST].iter().zip(names) {
            fs::copy(testdata("demo/good") + "/" + from, folder.path().join(name)).unwrap();
        }
        let path = folder.path().to_str().unwrap();
        let ran = walproof(&["verify", path, "--max-age", "90000d", "--format", "json"]);
        let document: Value = serde_json::from_str(&ran.out).unwrap();
        document["freshness"]["last_commit_time"].as_str().unwrap().to_owned()
    };
    let whole = last(["00000001000000000000000A", LAST]);
    assert_eq!(last(["00000001000000000000000A", &format!("{LAST}.partial")]), whole);
}

/// As `ship` begins: nothing is wrong, and nobody asked for another range.
#[test]
fn one_that_is_alone_is_said_to_be() {
    let folder = tempfile::tempdir().unwrap();
    fs::copy(testdata("demo/good") + "/" + LAST, folder.path().join(format!("{LAST}.partial"))).unwrap();
    let ran = walproof(&["verify", folder.path().to_str().unwrap()]);
    assert!(
        ran.code == 2 && ran.out.starts_with("VERDICT  UNPROVEN: only an unfinished segment is here"),
        "{}",
        ran.out
    );
    assert!(ran.out.contains("NEXT     wait until a segment is whole"), "{}", ran.out);
}

/// Which copy of a segment a restore takes decides what it comes to: at a target as well.
#[test]
fn copies_that_differ_count_at_a_target() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    for file in fs::read_dir(testdata("demo/good")).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), folder.path().join(file.file_name())).unwrap();
    }
    let target = ["--backup", "latest", "--target-lsn", "0/B00028"];
    let ran = walproof(&[&["verify", path], target.as_slice()].concat());
    assert_eq!(ran.code, 0, "{}", ran.out);
    let damaged = fs::read(testdata("demo/damaged/00000001000000000000000A")).unwrap();
    fs::write(folder.path().join("00000001000000000000000A.gz"), gzip(&damaged)).unwrap();
    let ran = walproof(&[&["verify", path], target.as_slice()].concat());
    assert!(ran.code == 1 && ran.out.contains("WP105"), "{}", ran.out);
}
