//! Two files of one segment in a repository of pgBackRest, of which `archive-get` gives out neither.

use crate::build::{self, FULL, Repo, SEGMENTS, named};
use crate::places::good;
use crate::run::walproof;
use crate::{codes, json};
use serde_json::Value;

const WAL: &str = "archive/main/15-1/0000000100000000";

/// A repository with a second file of the segment in the middle, of which one bit is another; and that file's name.
fn twice(offset: usize) -> (Repo, String) {
    let repo = Repo::new();
    build::pgbackrest(&repo);
    let mut bytes = good(1);
    bytes[offset] ^= 1;
    let second = named(SEGMENTS[1], &bytes);
    repo.put(&format!("{WAL}/{second}"), &bytes);
    (repo, second)
}

/// A repository that has no file of the segment in the middle.
fn gap() -> Value {
    let repo = Repo::new();
    build::pgbackrest(&repo);
    repo.remove(&format!("{WAL}/{}", named(SEGMENTS[1], &good(1))));
    json(&["verify", &repo.root()]).0
}

#[test]
fn replay_ends_in_front_of_it_as_in_front_of_a_gap() {
    let gap = gap();
    let (repo, second) = twice(700_000);
    let root = repo.root();
    let root = root.as_str();
    let (own, code) = json(&["verify", root]);
    assert_eq!((code, codes(&own)), (1, vec!["WP105 error".to_owned()]), "{own}");
    assert_eq!((&own["replay"], &own["findings"][0]["lsn"]), (&gap["replay"], &gap["findings"][0]["lsn"]));
    let text = walproof(&["verify", root]).out;
    assert!(text.contains("pgBackRest gives out neither"), "{text}");
    assert!(text.contains(&format!("move {WAL}/{second} out of the archive")), "{text}");
    // Every other answer is of the same end.
    let end = own["replay"]["to"].as_str().unwrap();
    let (document, code) = json(&["backups", root]);
    let window = &document["archives"][0]["backups"][0]["window"];
    assert_eq!((code, &window["to_lsn"], &window["ends_by"]), (0, &end.into(), &"damage".into()), "{document}");
    let (restore, code) = json(&["verify", root, "--backup", FULL]);
    // As far as the segment that is not given out.
    assert_eq!((code, &restore["restore"]["replay_end"]), (1, &"0/00A00000".into()), "{restore}");
    let behind = ["verify", root, "--backup", FULL, "--target-lsn", "0/00B00100"];
    let (restore, code) = json(&behind);
    assert_eq!((code, &restore["restore"]["target"]["reached"]), (1, &false.into()), "{restore}");
    assert!(!walproof(&behind).out.contains("pauses there"), "{}", walproof(&behind).out);
    let (restore, code) = json(&["verify", root, "--backup", FULL, "--target-lsn", "0/00900100"]);
    assert_eq!((code, &restore["restore"]["target"]["reached"]), (0, &true.into()), "{restore}");
    assert_eq!(walproof(&["when", root, "0/00B00100"]).code, 1);
    assert_eq!(walproof(&["plan", root, "--backup", FULL]).code, 1);
    for depth in ["names", "pages"] {
        assert_eq!(json(&["verify", root, "--depth", depth]).1, 1, "{depth}");
    }
}

#[test]
fn what_the_two_differ_in_decides_nothing() {
    // Padding between records: the same records, and each of them whole.
    let (repo, _) = twice(791);
    let (own, code) = json(&["verify", &repo.root()]);
    assert_eq!((code, codes(&own)), (1, vec!["WP105 error".to_owned()]), "{own}");
    assert!(own["findings"][0]["message"].as_str().unwrap().contains("each is whole by itself"), "{own}");
    // The same content under one checksum, packed and not, is one file.
    let repo = Repo::new();
    build::pgbackrest(&repo);
    repo.put(&format!("{WAL}/{}.gz", named(SEGMENTS[1], &good(1))), crate::tars::gz(&good(1)));
    assert_eq!(json(&["verify", &repo.root()]).1, 0);
    // A name that is not that of its content.
    let (repo, second) = twice(700_000);
    repo.remove(&format!("{WAL}/{second}"));
    let wrong = format!("{}-{}", SEGMENTS[1], "0".repeat(40));
    repo.put(&format!("{WAL}/{wrong}"), good(1));
    let text = walproof(&["verify", &repo.root()]).out;
    assert!(text.contains(&format!("the wrong one is {WAL}/{wrong}, whose content has another SHA-1")), "{text}");
}

#[test]
fn another_place_that_has_one_file_serves() {
    let (repo, _) = twice(700_000);
    let other = Repo::new();
    build::barman(&other, "prod");
    assert_eq!(walproof(&["verify", &repo.root(), "--from", &other.root()]).code, 0);
}

#[test]
fn a_comparison_says_which_of_the_two_is_wrong() {
    let (repo, second) = twice(700_000);
    let whole = Repo::new();
    build::pgbackrest(&whole);
    let (found, code) = json(&["compare", &repo.root(), &whole.root()]);
    let twins = &found["twins_a"][0];
    assert_eq!((code, &found["differ"], &twins["withheld"]), (1, &true.into(), &true.into()), "{found}");
    let file =
        |at: usize| (twins["files"][at]["file"].as_str().unwrap().to_owned(), twins["files"][at]["code"].clone());
    assert_eq!(file(1), (format!("{WAL}/{second}"), "WP201".into()));
    assert_eq!(file(0).1, Value::Null);
    let text = walproof(&["compare", &repo.root(), &whole.root()]).out;
    assert!(text.contains(&format!("NEXT     move {WAL}/{second} out of A")), "{text}");
    assert!(text.contains("NOT CHECKED base backups"), "{text}");
    // Both have it alike: no difference.
    let (again, _) = twice(700_000);
    assert_eq!(json(&["compare", &repo.root(), &again.root()]).1, 0);
}
