//! One archive in several places: the first good copy of each file counts.

use crate::build::SEGMENTS;
use crate::run::{Ran, testdata, walproof};
use crate::{codes, json};
use std::fs;
use std::path::{Path, PathBuf};

/// Folders that hold some of the segments of `demo/good`.
pub struct Places(tempfile::TempDir);

impl Places {
    pub fn new(folders: &[(&str, &[usize])]) -> Places {
        let places = Places(tempfile::tempdir().unwrap());
        for (name, segments) in folders {
            fs::create_dir_all(places.at(name)).unwrap();
            for &segment in *segments {
                fs::write(places.file(name, segment), good(segment)).unwrap();
            }
        }
        places
    }

    pub fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn named(&self, name: &str) -> String {
        self.at(name).to_str().unwrap().to_owned()
    }

    pub fn file(&self, name: &str, segment: usize) -> PathBuf {
        self.at(name).join(SEGMENTS[segment])
    }

    pub fn flip(&self, name: &str, segment: usize, offset: usize) {
        let mut bytes = fs::read(self.file(name, segment)).unwrap();
        bytes[offset] ^= 1;
        fs::write(self.file(name, segment), bytes).unwrap();
    }
}

pub fn good(segment: usize) -> Vec<u8> {
    fs::read(Path::new(&testdata("demo/good")).join(SEGMENTS[segment])).unwrap()
}

/// What is told of demo/good, but for its backup.
fn replay() -> serde_json::Value {
    json(&["verify", &testdata("demo/good")]).0["replay"].clone()
}

#[test]
fn places_make_up_one_archive_and_each_has_a_row() {
    let places = Places::new(&[("a", &[0, 2]), ("b", &[1, 2]), ("empty", &[])]);
    let (a, b) = (places.named("a"), places.named("b"));
    for words in [
        vec!["verify", &a, "--from", &b],
        vec!["verify", &a, &b],
        vec!["verify", "-p", &a, "--from", &b, "--from", &places.named("empty")],
    ] {
        let (outcome, code) = json(&words);
        assert_eq!((code, codes(&outcome), &outcome["replay"]), (0, vec![], &replay()), "{words:?}: {outcome}");
        let (first, second) = (&outcome["places"][0], &outcome["places"][1]);
        assert_eq!((&first["place"], &second["place"]), (&serde_json::json!(a), &serde_json::json!(b)));
        assert_eq!((first["segments"].as_u64(), first["taken"].as_u64()), (Some(2), Some(2)));
        assert_eq!((second["segments"].as_u64(), second["taken"].as_u64()), (Some(2), Some(1)));
        assert_eq!(first["only"][0]["first"], SEGMENTS[0]);
        assert_eq!(second["only"][0]["first"], SEGMENTS[1]);
        assert_eq!(second["fills"][0]["place"], a);
        assert_eq!(second["fills"][0]["segments"][0]["last"], SEGMENTS[1]);
        for place in [first, second] {
            assert_eq!(place["to"], outcome["replay"]["to"], "{place}");
            assert_eq!(place["last_commit_time"], outcome["replay"]["last_commit_time"]);
        }
    }
    let text = walproof(&["verify", &a, "--from", &b]).out;
    assert!(text.contains(&format!("the next file would be 00000001000000000000000C, in {a} and {b}")), "{text}");
    assert!(text.contains("PLACES") && text.contains("ASSUMED"), "{text}");
    // Alone, neither is whole.
    assert_eq!([&a, &b].map(|place| walproof(&["verify", place, "-q"]).code), [1, 0]);
    let gone = walproof(&["verify", &a, "--from", &places.named("gone")]);
    assert!(gone.code == 2 && gone.err.contains("no such file or folder"), "{}", gone.err);
}

/// Those that are asked about something besides: places come first, whatever comes behind them.
#[test]
fn every_command_takes_several_places_as_words() {
    let places = Places::new(&[("a", &[0, 2]), ("b", &[1, 2])]);
    let (a, b) = (places.named("a"), places.named("b"));
    let asked: [(&str, &[&str]); 8] = [
        ("dump", &[]),
        ("dump", &[SEGMENTS[1]]),
        ("dump", &[SEGMENTS[0], SEGMENTS[1]]),
        ("stats", &[SEGMENTS[1]]),
        ("when", &[]),
        ("when", &["0/00AAC690"]),
        ("hex", &["0/00AAC690"]),
        ("blame", &["1663/5/16384:0"]),
    ];
    for (command, asked) in asked {
        let by_option = walproof(&[&[command, &a, "--from", &b], asked].concat());
        let by_word = walproof(&[&[command, a.as_str(), &b], asked].concat());
        assert_eq!((by_word.code, &by_word.out), (0, &by_option.out), "{command} {asked:?}: {}", by_word.err);
        let alone = walproof(&[&[command, a.as_str()], asked].concat());
        assert_ne!((alone.code, &alone.out), (0, &by_word.out), "{command} {asked:?}");
    }
    let by_path = walproof(&["when", "0/00AAC690", "-p", &a, "--from", &b]);
    assert_eq!(by_path.out, walproof(&["when", &a, &b, "0/00AAC690"]).out);
    let command = format!("restore_command = 'walproof archive-get %f \"%p\" --from \"{a}\" --from \"{b}\"'");
    assert!(by_path.out.lines().any(|line| line == command), "{}", by_path.out);
    // A word that is neither is what was asked, as ever.
    let neither = walproof(&["dump", &a, &places.named("gone")]);
    assert!(neither.code == 2 && neither.err.contains("neither a segment nor a position"), "{}", neither.err);
    let neither = walproof(&["when", &a, "738"]);
    assert!(neither.code == 2 && neither.err.contains("xid:738"), "{}", neither.err);
}

#[test]
fn a_bad_copy_is_passed_over_for_a_good_one_whatever_is_wrong_with_it() {
    type Break = fn(&Places);
    let breaks: [(&str, Break); 6] = [
        ("a record", |places| places.flip("a", 1, 700_000)),
        ("the first page", |places| places.flip("a", 1, 1)),
        ("the rest of a record that began before", |places| places.flip("a", 1, 41)),
        ("size", |places| fs::write(places.file("a", 1), &good(1)[..500_000]).unwrap()),
        ("another segment", |places| fs::write(places.file("a", 1), good(0)).unwrap()),
        ("zeros", |places| fs::write(places.file("a", 1), vec![0; 1 << 20]).unwrap()),
    ];
    for (what, break_it) in breaks {
        let places = Places::new(&[("a", &[0, 1, 2]), ("b", &[0, 1, 2])]);
        break_it(&places);
        let (a, b) = (places.named("a"), places.named("b"));
        assert_eq!(walproof(&["verify", &a, "-q"]).code, 1, "{what}");
        let (outcome, code) = json(&["verify", &a, "--from", &b]);
        assert_eq!((code, outcome["verdict"].as_str()), (0, Some("proven")), "{what}: {outcome}");
        assert_eq!((codes(&outcome), &outcome["replay"]), (vec!["WP128 warning".to_owned()], &replay()), "{what}");
        assert_eq!(outcome["findings"][0]["file"], SEGMENTS[1], "{what}");
        assert_eq!(outcome["places"][0]["passed_over"][0], SEGMENTS[1], "{what}");
        // In the other order nobody sees it.
        let (outcome, code) = json(&["verify", &b, "--from", &a]);
        assert_eq!((code, codes(&outcome)), (0, vec![]), "{what}");
        let told = |ran: Ran| ran.out;
        assert_eq!(told(walproof(&["dump", &a, "--from", &b])), told(walproof(&["dump", &b])), "{what}");
        let nagios = walproof(&["verify", &a, "--from", &b, "--format", "nagios"]);
        assert!(nagios.code == 1 && nagios.out.contains("WP128"), "{what}: {}", nagios.out);
    }
}

#[test]
fn where_no_copy_is_good_the_archive_is_refuted() {
    let places = Places::new(&[("a", &[0, 1, 2]), ("b", &[0, 1, 2])]);
    places.flip("a", 1, 700_000);
    places.flip("b", 1, 710_000);
    let (outcome, code) = json(&["verify", &places.named("a"), "--from", &places.named("b")]);
    assert_eq!((code, codes(&outcome)), (1, vec!["WP201 error".to_owned()]), "{outcome}");
    assert_eq!(outcome["findings"][0]["file"], SEGMENTS[1]);
}

#[test]
fn each_of_two_places_mends_the_other() {
    let places = Places::new(&[("a", &[0, 1, 2]), ("b", &[0, 1, 2])]);
    places.flip("a", 0, 60);
    places.flip("a", 2, 700_000);
    places.flip("b", 1, 700_000);
    let (outcome, code) = json(&["verify", &places.named("b"), "--from", &places.named("a")]);
    assert_eq!((code, codes(&outcome)), (0, vec!["WP128 warning".to_owned()]), "{outcome}");
    let (outcome, code) = json(&["verify", &places.named("a"), "--from", &places.named("b")]);
    assert_eq!((code, codes(&outcome)), (0, vec!["WP128 warning".to_owned(); 2]), "{outcome}");
}
