//! pgBackRest writes the SHA-1 of a segment's plain content into the name of its file.
#![allow(clippy::unwrap_used, reason = "a test fails where something is missing, in its functions too")]

mod run;

use run::{testdata, walproof};
use serde_json::Value;
use std::fs;
use std::io::Write;
use tempfile::TempDir;

/// The demo's segments, with the sums that `sha1sum` prints.
const SEGMENTS: [(&str, &str); 3] = [
    ("000000010000000000000009", "0edccc4a5a53528dedae72b602eb4d3747125dde"),
    ("00000001000000000000000A", "1d4134db8513b0bf7970a9889d7dd779f5f34da7"),
    ("00000001000000000000000B", "54a0f08febebf2e5bbaf78f47d0beebcae94c0ff"),
];

/// A repository: the first segment plain, the second packed, the third plain; `from` is the folder of the second one.
fn repository(from: &str, second_sum: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (i, (segment, sum)) in SEGMENTS.into_iter().enumerate() {
        let (from, sum) = if i == 1 { (from, second_sum) } else { ("demo/good", sum) };
        let bytes = fs::read(testdata(from) + "/" + segment).unwrap();
        if i == 1 {
            let file = fs::File::create(folder.path().join(format!("{segment}-{sum}.gz"))).unwrap();
            let mut packed = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
            packed.write_all(&bytes).unwrap();
            packed.finish().unwrap();
        } else {
            fs::write(folder.path().join(format!("{segment}-{sum}")), bytes).unwrap();
        }
    }
    folder
}

fn verify(folder: &TempDir, more: &[&str]) -> (Value, i32) {
    let ran = walproof(&[&["verify", folder.path().to_str().unwrap(), "--format", "json"], more].concat());
    (serde_json::from_str(&ran.out).unwrap(), ran.code)
}

fn of(document: &Value, code: &str) -> Vec<Value> {
    document["findings"].as_array().unwrap().iter().filter(|f| f["code"] == code).cloned().collect()
}

const WRONG: &str = "0123456789abcdef0123456789abcdef01234567";

#[test]
fn content_and_name_agree() {
    let folder = repository("demo/good", SEGMENTS[1].1);
    for more in [&[][..], &["--no-mmap"], &["-j", "1"]] {
        let (document, code) = verify(&folder, more);
        assert_eq!((code, &document["verdict"], of(&document, "WP117").len()), (0, &"proven".into(), 0));
    }
}

#[test]
fn a_mismatch_is_a_warning_where_the_wal_is_right() {
    let folder = repository("demo/good", WRONG);
    fs::rename(
        folder.path().join(format!("{}-{}", SEGMENTS[0].0, SEGMENTS[0].1)),
        folder.path().join(format!("{}-{WRONG}", SEGMENTS[0].0)),
    )
    .unwrap();
    for more in [&[][..], &["--no-mmap"], &["-j", "1"]] {
        let (document, code) = verify(&folder, more);
        assert_eq!((code, &document["verdict"]), (0, &"proven".into()));
        let told = of(&document, "WP117");
        assert_eq!(told.len(), 2);
        let second = told.iter().find(|f| f["file"].as_str().unwrap().ends_with(".gz")).unwrap();
        assert_eq!(
            (&second["severity"], &second["at"], &second["lsn"]),
            (&"warning".into(), &"0/00A00000".into(), &Value::Null)
        );
        assert!(second["message"].as_str().unwrap().ends_with(SEGMENTS[1].1), "{second}");
    }
    assert_eq!(verify(&folder, &["--fail-on", "warning"]).1, 1);
    // No byte is read.
    assert_eq!(of(&verify(&folder, &["--depth", "names"]).0, "WP117").len(), 0);
}

#[test]
fn damage_is_an_error_of_its_own() {
    let (document, code) = verify(&repository("demo/damaged", SEGMENTS[1].1), &[]);
    assert_eq!((code, of(&document, "WP201").len(), of(&document, "WP117").len()), (1, 1, 1));
}

#[test]
fn an_unfinished_segment_has_one_as_well() {
    let folder = repository("demo/good", SEGMENTS[1].1);
    let (segment, sum) = SEGMENTS[2];
    let last = folder.path().join(format!("{segment}-{sum}"));
    for (sum, count) in [(sum, 0), (WRONG, 1)] {
        let partial = folder.path().join(format!("{segment}.partial-{sum}"));
        fs::copy(&last, &partial).unwrap();
        assert_eq!(of(&verify(&folder, &[]).0, "WP117").len(), count);
        fs::remove_file(partial).unwrap();
    }
}
