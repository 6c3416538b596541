//! Two copies compared: where they differ, which is right, and a copy made of both.

use crate::build::SEGMENTS;
use crate::json;
use crate::places::{Places, good};
use crate::run::{testdata, walproof};
use serde_json::Value;
use std::fs;

fn compare(places: &Places) -> (Value, i32) {
    json(&["compare", &places.named("a"), &places.named("b")])
}

/// Name, difference and right copy of each segment that is told.
fn told(found: &Value) -> Vec<(String, String, String)> {
    let word = |of: &Value, field: &str| of[field].as_str().unwrap().to_owned();
    let all = found["segments"].as_array().unwrap();
    all.iter().map(|one| (word(one, "name"), word(one, "difference"), word(one, "right"))).collect()
}

fn row(segment: usize, difference: &str, right: &str) -> (String, String, String) {
    (SEGMENTS[segment].to_owned(), difference.to_owned(), right.to_owned())
}

fn both() -> Places {
    Places::new(&[("a", &[0, 1, 2]), ("b", &[0, 1, 2])])
}

#[test]
fn the_same_bytes_are_the_same_archive_however_they_are_packed() {
    let places = both();
    let (found, code) = compare(&places);
    assert_eq!((code, found["same"].as_u64(), found["differ"].as_bool()), (0, Some(3), Some(false)));
    let packed = crate::tars::gz(&good(1));
    fs::remove_file(places.file("b", 1)).unwrap();
    fs::write(places.at("b").join(format!("{}.gz", SEGMENTS[1])), packed).unwrap();
    assert_eq!(compare(&places).1, 0);
    let text = walproof(&["compare", &places.named("a"), &places.named("b")]).out;
    assert!(text.starts_with("A and B have the same records."), "{text}");
}

#[test]
fn damage_says_which_copy_is_right() {
    type Break = fn(&Places);
    let breaks: [(&str, Break); 5] = [
        ("a record", |places| places.flip("a", 1, 700_000)),
        ("the first page", |places| places.flip("a", 1, 1)),
        ("size", |places| fs::write(places.file("a", 1), &good(1)[..500_000]).unwrap()),
        ("another segment", |places| fs::write(places.file("a", 1), good(0)).unwrap()),
        ("the rest of a record that began before", |places| places.flip("a", 1, 41)),
    ];
    for (what, break_it) in breaks {
        let places = both();
        break_it(&places);
        let (found, code) = compare(&places);
        assert_eq!((code, told(&found)), (1, vec![row(1, "damage", "b")]), "{what}: {found}");
        assert_eq!(found["segments"][0]["a"]["state"], "bad", "{what}");
        let (found, _) = json(&["compare", &places.named("b"), &places.named("a")]);
        assert_eq!(told(&found), [row(1, "damage", "a")], "{what}");
        // The two files alone.
        if what != "the rest of a record that began before" {
            let file = |side| places.file(side, 1).to_str().unwrap().to_owned();
            let (found, code) = json(&["compare", &file("a"), &file("b")]);
            assert_eq!((code, told(&found)), (1, vec![row(1, "damage", "b")]), "{what}: {found}");
        }
    }
}

#[test]
fn slack_differs_and_the_records_do_not() {
    let places = both();
    // Padding behind a record.
    places.flip("a", 1, 791);
    let (found, code) = compare(&places);
    assert_eq!((code, told(&found), found["differ"].as_bool()), (0, vec![row(1, "slack", "both")], Some(false)));
}

#[test]
fn a_mended_copy_takes_the_good_of_both_and_writes_over_nothing() {
    let places = both();
    places.flip("a", 0, 60);
    places.flip("b", 1, 700_000);
    fs::remove_file(places.file("b", 2)).unwrap();
    let (a, b, mended) = (places.named("a"), places.named("b"), places.named("mended"));
    let (found, code) = json(&["compare", &a, &b, "--write", &mended]);
    // What was asked for is done, and nothing is left to do.
    assert_eq!((code, told(&found)), (0, vec![row(0, "damage", "b"), row(1, "damage", "a")]), "{found}");
    assert_eq!(found["only_a"][0]["first"], SEGMENTS[2]);
    let written = &found["written"];
    assert_eq!((written["verdict"].as_str(), written["from_a"].as_u64()), (Some("proven"), Some(2)), "{written}");
    for segment in 0..3 {
        assert!(fs::read(places.file("mended", segment)).unwrap() == good(segment));
    }
    assert_eq!(json(&["compare", &mended, &testdata("demo/good")]).0["same"], 3);
    for (folder, why) in [(&mended, "not empty"), (&format!("{a}/inside"), "outside of both")] {
        let ran = walproof(&["compare", &a, &b, "--write", folder]);
        assert!(ran.code == 2 && ran.err.contains(why), "{folder}: {}", ran.err);
    }
    // What is broken off leaves nothing that looks like an archive.
    let broken = places.named("broken");
    let typed = format!("ulimit -f 600; '{}' compare '{a}' '{b}' --write '{broken}'", env!("CARGO_BIN_EXE_walproof"));
    let ran = std::process::Command::new("sh").args(["-c", &typed]).output().unwrap();
    assert!(!ran.status.success(), "{}", String::from_utf8_lossy(&ran.stdout));
    let left: Vec<String> =
        fs::read_dir(&broken).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    assert!(!left.is_empty() && left.iter().all(|name| name.ends_with(".walproof")), "{left:?}");
    let ran = walproof(&["verify", &broken]);
    assert!(ran.code == 2, "{}{}", ran.out, ran.err);
    let ran = walproof(&["compare", &a, &b, "--write", &broken]);
    assert!(ran.code == 2 && ran.err.contains("a mended copy that was broken off"), "{}", ran.err);
    // A server runs what is to be typed in another folder than this one.
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_walproof"));
    command.current_dir(places.file("a", 0).parent().unwrap().parent().unwrap());
    let ran = command.args(["compare", &a, &b, "--write", "typed"]).output().unwrap();
    let typed = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(typed.contains(&format!("restore_command = 'cp \"{}/%f\" \"%p\"'", places.named("typed"))), "{typed}");
    // Where neither is good, the segment is left out, and said to be.
    let again = places.named("again");
    places.flip("a", 1, 600_000);
    let (found, code) = json(&["compare", &a, &b, "--write", &again]);
    assert_eq!((code, found["written"]["left_out"][0].as_str()), (1, Some(SEGMENTS[1])), "{found}");
    assert_eq!(found["written"]["verdict"], "refuted");
}

/// The pg_wal of a server has files ahead of use, recycled and of zeros: no WAL that the archive lacks.
#[test]
fn what_a_server_made_ahead_is_no_difference() {
    let places = Places::new(&[("a", &[0, 1, 2]), ("pg_wal", &[0, 1, 2])]);
    let (a, live) = (places.named("a"), places.named("pg_wal"));
    let ahead = |name: &str| places.file("pg_wal", 0).with_file_name(name);
    fs::copy(places.file("pg_wal", 0), ahead("00000001000000000000000C")).unwrap();
    fs::write(ahead("00000001000000000000000D"), vec![0; 1 << 20]).unwrap();
    let (found, code) = json(&["compare", &a, &live]);
    assert_eq!((code, told(&found), &found["same"]), (0, vec![], &3.into()), "{found:#}");
    // What a standby has not got yet, the archive alone has.
    fs::remove_file(places.file("pg_wal", 2)).unwrap();
    fs::copy(places.file("pg_wal", 0), places.file("pg_wal", 2)).unwrap();
    let (found, code) = json(&["compare", &a, &live]);
    assert_eq!((code, told(&found)), (1, vec![]), "{found:#}");
    assert_eq!(found["only_a"][0]["first"], SEGMENTS[2], "{found:#}");
}

#[test]
fn other_clusters_are_told_apart() {
    let places = Places::new(&[("a", &[0, 1, 2])]);
    let stories = walproof_testdata::Story::all().unwrap();
    let other = stories.iter().map(|story| story.folder().to_str().unwrap().to_owned());
    let mut seen = 0;
    for folder in other.take(3) {
        let (found, code) = json(&["compare", &places.named("a"), &folder]);
        assert_eq!(code, 1, "{folder}");
        seen += usize::from(found["other_cluster"].as_bool().unwrap());
    }
    assert!(seen > 0);
}
