//! `walproof locate -p`: the file of an archive that holds a position.
#![allow(clippy::unwrap_used, reason = "a test fails where something is missing, in its functions too")]

mod run;

use run::{testdata, walproof};
use serde_json::{Value, json};

fn locate(words: &[&str], folder: &str) -> Value {
    let ran = walproof(&[&["locate"], words, &["-p", &testdata(folder), "--format", "json"]].concat());
    assert_eq!(ran.code, 0, "{}", ran.err);
    serde_json::from_str(&ran.out).unwrap()
}

fn timelines(answer: &Value) -> Vec<u64> {
    answer["files"].as_array().unwrap().iter().map(|file| file["timeline"].as_u64().unwrap()).collect()
}

#[test]
fn the_archive_says_how_it_is_laid_out() {
    let answer = locate(&["0/AAC690"], "demo/good");
    assert_eq!(answer["schema"], "walproof.locate/1");
    assert_eq!((&answer["segment"], &answer["offset"]), (&"00000001000000000000000A".into(), &706_192.into()));
    assert_eq!((&answer["version"], &answer["segment_size"]), (&"15".into(), &(1 << 20).into()));
    assert_eq!((&answer["segment_size_assumed"], &answer["scheme_assumed"]), (&false.into(), &false.into()));
    assert_eq!((&answer["file"], &answer["partial"]), (&"00000001000000000000000A".into(), &false.into()));
    assert!(std::path::Path::new(answer["path"].as_str().unwrap()).is_file());
    assert_eq!(
        (&answer["as"], &answer["walfile_name_offset"]),
        (&"15".into(), &json!(["00000001000000000000000A", 706_192]))
    );
    let answer = locate(&["1/0"], "8.2/wrap");
    assert_eq!((&answer["scheme"], &answer["file"]), (&"split".into(), &"000000010000000100000000.xz".into()));
    // The last byte of log id 0, and the end of it, which is the beginning of the next.
    assert_eq!(locate(&["0/FEFFFFFF"], "8.2/wrap")["segment"], "0000000100000000000000FE");
    assert_eq!(locate(&["0/FF000000"], "8.2/wrap")["file"], "000000010000000100000000.xz");
}

#[test]
fn the_file_is_the_one_that_recovery_takes() {
    // Timeline 2 leaves 1 in this segment, of which timeline 1 has an unfinished file only.
    let answer = locate(&["0/605ABE0"], "15/archive");
    assert_eq!((&answer["timeline"], &answer["file"]), (&2.into(), &"000000020000000000000060.xz".into()));
    assert_eq!(timelines(&answer), [1, 2]);
    let before = locate(&["0/5F00028"], "15/archive");
    assert_eq!((&before["timeline"], timelines(&before)), (&1.into(), vec![1]));
    let named = locate(&["000000010000000000000060+40"], "15/archive");
    assert_eq!((&named["file"], &named["partial"]), (&"000000010000000000000060.partial.xz".into(), &true.into()));
    let asked = locate(&["0/6600028", "-t", "2"], "15/archive");
    assert_eq!((&asked["timeline"], &asked["partial"], timelines(&asked)), (&2.into(), &true.into(), vec![2, 3]));
}

#[test]
fn what_is_not_there_is_an_answer() {
    for (position, segment) in [("0/7000000", "000000030000000000000070"), ("0/1000000", "000000010000000000000010")] {
        let answer = locate(&[position], "15/archive");
        assert_eq!(
            (&answer["segment"], &answer["file"], &answer["files"]),
            (&segment.into(), &Value::Null, &json!([]))
        );
    }
    let ran = walproof(&["locate", "0/1000000", "-p", &testdata("demo/good")]);
    assert!(ran.code == 0 && ran.out.contains("none: the archive does not have it"), "{}{}", ran.out, ran.err);
}

#[test]
fn what_contradicts_the_archive_is_refused() {
    for words in [&["0/1000000", "--segment-size", "16MB"][..], &["0/1000000", "--as", "9.2"]] {
        let ran = walproof(&[&["locate"], words, &["-p", &testdata("demo/good")]].concat());
        assert!(ran.code == 2 && ran.err.contains("the archive was written by 15"), "{}", ran.err);
    }
    let ran = walproof(&["locate", "moon", "-p", &testdata("demo/good")]);
    assert!(ran.code == 2 && ran.err.contains("not a position"), "{}", ran.err);
}

#[test]
fn an_archive_in_front_and_positions_of_a_file() {
    let folder = testdata("demo/good");
    let by_option = walproof(&["locate", "0/AAC690", "-p", &folder]);
    assert_eq!(walproof(&["locate", &folder, "0/AAC690"]).out, by_option.out);
    let list = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(list.path(), "0/AAC690\n\n  000000010000000000000009 \nnothing\n").unwrap();
    let ran = walproof(&[
        "locate",
        &folder,
        "0/BFFCD8",
        "--positions-from",
        list.path().to_str().unwrap(),
        "--format",
        "json",
    ]);
    let answers: Vec<Value> = ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let lsns: Vec<&str> = answers.iter().filter_map(|answer| answer["lsn"].as_str()).collect();
    assert_eq!((lsns, ran.code), (vec!["0/00BFFCD8", "0/00AAC690", "0/00900000"], 2), "{}", ran.err);
    std::fs::write(list.path(), "0".repeat(5000)).unwrap();
    assert_eq!(walproof(&["locate", "--positions-from", list.path().to_str().unwrap()]).code, 2);
    assert_eq!(walproof(&["locate", "--positions-from", &folder]).code, 2);
}
