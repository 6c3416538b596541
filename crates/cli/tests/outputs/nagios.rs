//! Exit codes and performance data as the Monitoring Plugins Development Guidelines have them.

use crate::run::{testdata, walproof};
use crate::{archives, hostile, inside};

#[test]
fn the_exit_code_is_the_status() {
    let (good, damaged) = (testdata("demo/good"), testdata("demo/damaged"));
    let empty = tempfile::tempdir().unwrap();
    for (words, code, begins) in [
        (vec![good.as_str()], 0, "WALPROOF OK - PROVEN: "),
        (vec![good.as_str(), "--depth", "names"], 0, "WALPROOF OK - UNPROVEN: nothing wrong in names"),
        (vec![damaged.as_str()], 2, "WALPROOF CRITICAL - REFUTED: "),
        (
            vec![damaged.as_str(), "--severity", "WP201=warning"],
            1,
            "WALPROOF WARNING - PROVEN EXCEPT 1 by --severity: ",
        ),
        // What is to count as a failure is one.
        (vec![damaged.as_str(), "--severity", "WP201=warning", "--fail-on", "warning"], 2, "WALPROOF CRITICAL - "),
        (vec![damaged.as_str(), "--severity", "WP201=info"], 0, "WALPROOF OK - "),
        (vec![empty.path().to_str().unwrap()], 3, "WALPROOF UNKNOWN - "),
        (vec!["/no/such/folder"], 3, "WALPROOF UNKNOWN - "),
        (vec![good.as_str(), "--moon"], 3, "WALPROOF UNKNOWN - "),
        (vec![good.as_str(), "--timeline", "moon"], 3, "WALPROOF UNKNOWN - "),
        (vec![], 3, "WALPROOF UNKNOWN - "),
        (vec![good.as_str(), "-o", "/no/such/folder/file"], 3, "WALPROOF UNKNOWN - "),
        (vec![good.as_str(), "--each"], 3, "WALPROOF UNKNOWN - --each is told as text or as JSON"),
        (vec![good.as_str(), "--estimate"], 3, "WALPROOF UNKNOWN - --estimate is told as text or as JSON"),
        (vec![damaged.as_str(), "-o", "/no/such/folder/file"], 2, "WALPROOF CRITICAL - REFUTED: "),
    ] {
        for format in [&["--format", "nagios"][..], &["--format=nagios"]] {
            let words: Vec<&str> = ["verify"].iter().chain(&words).chain(format).copied().collect();
            let ran = walproof(&words);
            assert_eq!(ran.code, code, "{words:?}: {} {}", ran.out, ran.err);
            assert!(ran.out.starts_with(begins), "{words:?}: {}", ran.out);
        }
    }
    // What was expected and is not there is told once.
    for expected in [["--max-age", "1h"], ["--must-reach", "0/F00000"]] {
        let ran = walproof(&["verify", &good, "--format", "nagios", expected[0], expected[1]]);
        let text = ran.out.split(" | ").next().unwrap();
        assert!(
            ran.code == 2
                && text.ends_with(')')
                && !text.contains("; replay")
                && text.matches("last commit").count() < 2,
            "{text}"
        );
    }
    // Only of a plugin, and where no other command is meant.
    assert_eq!(walproof(&["verify", "--format", "json", "--moon"]).code, 2);
    assert_eq!(walproof(&["dump", &good, "--format", "nagios"]).code, 2);
    for words in [["verfy", "--format", "nagios"], ["--format", "nagios", "verify"]] {
        let ran = walproof(&words);
        assert!(ran.code == 3 && ran.out.starts_with("WALPROOF UNKNOWN - "), "{words:?}: {} {}", ran.code, ran.out);
    }
}

#[test]
fn the_age_has_the_limit_that_was_set() {
    let good = testdata("demo/good");
    let data = |words: &[&str]| {
        let ran = walproof(&[&["verify", good.as_str(), "--format", "nagios"], words].concat());
        let age = ran.out.split(' ').find(|item| item.starts_with("last_commit_age=")).unwrap().to_owned();
        age.split_once("s;").unwrap().1.to_owned()
    };
    assert_eq!(data(&[]), ";;0");
    assert_eq!(data(&["--max-age", "15m"]), ";900;0");
}

#[test]
fn every_archive_is_told_in_one_line() {
    let hostile = hostile();
    let all = archives();
    for archive in all.iter().map(|(folder, _)| folder).chain([&inside(&hostile)]) {
        let ran = walproof(&["verify", archive, "--format", "nagios"]);
        let (text, data) = ran.out.trim_end_matches('\n').split_once(" | ").unwrap();
        assert!(
            ran.out.lines().count() == 1 && !data.contains('|') && !text.chars().any(char::is_control),
            "{}",
            ran.out
        );
        assert!(
            ["OK", "WARNING", "CRITICAL", "UNKNOWN"].get(ran.code as usize).is_some_and(|word| text.contains(word)),
            "{} {}",
            ran.code,
            ran.out
        );
        for item in data.split(' ') {
            let (label, value) = item.split_once('=').unwrap();
            assert!(label.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{item}");
            let parts: Vec<&str> = value.split(';').collect();
            assert!(parts.len() == 4 && parts[0].trim_end_matches('s').parse::<f64>().is_ok(), "{item}");
            assert!(parts[1..].iter().all(|p| p.is_empty() || p.parse::<f64>().is_ok()), "{item}");
        }
    }
}
