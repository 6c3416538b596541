//! `walproof dump --format waldump` against what pg_waldump, pg_xlogdump and servers printed of the same records:
//! `testdata/meaning`.
#![allow(clippy::unwrap_used, reason = "a test fails where something is missing, in its functions too")]

use std::collections::BTreeMap;
use std::process::Command;
use walproof_testdata::{Story, read_plain, root};

/// Ours, a line a record.
fn ours(story: &Story, timeline: u32) -> Vec<String> {
    let facts = story.timelines.iter().find(|t| t.timeline == timeline).unwrap();
    let ran = Command::new(env!("CARGO_BIN_EXE_walproof"))
        .args(["dump", "--format", "waldump", "-p"])
        .arg(story.folder())
        .args([&facts.first, &facts.last])
        .env("TZ", "UTC")
        .output()
        .unwrap();
    assert!(ran.stderr.is_empty(), "{}: {}", story.what, String::from_utf8_lossy(&ran.stderr));
    String::from_utf8_lossy(&ran.stdout).lines().map(str::to_owned).collect()
}

/// As the trace of a server tells it: position, manager, description.
fn traced(line: &str) -> Option<String> {
    let manager = line.strip_prefix("rmgr: ")?.split_once("len (rec/tot)")?.0.trim();
    let lsn = line.split_once(", lsn: ")?.1.split(',').next()?;
    Some(format!("{lsn}\t{manager} - {}", line.split_once(", desc: ")?.1))
}

#[test]
fn every_line_is_that_of_the_reference() {
    let stories: BTreeMap<String, Story> =
        Story::all().unwrap().into_iter().map(|s| (format!("{}-{}", s.version, s.story), s)).collect();
    let mut files: Vec<_> = std::fs::read_dir(root().join("meaning")).unwrap().map(|f| f.unwrap().path()).collect();
    files.sort();
    let mut wrong = Vec::new();
    for file in &files {
        let name = file.file_name().unwrap().to_str().unwrap().trim_end_matches(".txt.xz");
        let (story, timeline) = name.rsplit_once('-').unwrap();
        let story = &stories[story];
        let theirs = String::from_utf8_lossy(&read_plain(file).unwrap()).into_owned();
        let theirs: BTreeMap<&str, &str> = theirs.lines().map(|line| (place(line), line)).collect();
        let is_trace = theirs.values().next().is_some_and(|line| !line.starts_with("rmgr: "));
        let ours = ours(story, timeline.parse().unwrap());
        let ours: Vec<String> = if is_trace { ours.iter().filter_map(|line| traced(line)).collect() } else { ours };
        let ours: BTreeMap<&str, &str> = ours.iter().map(|line| (place(line), line.as_str())).collect();
        // A trace does not tell of the records before the base backup that it begins with.
        let missing = theirs.keys().filter(|place| !ours.contains_key(*place)).count();
        let more = if is_trace { 0 } else { ours.keys().filter(|place| !theirs.contains_key(*place)).count() };
        let differing: Vec<_> =
            theirs.iter().filter_map(|(place, line)| Some((line, ours.get(place)?))).filter(|(a, b)| a != b).collect();
        if missing + more + differing.len() > 0 {
            wrong.push(format!(
                "{name}: {} lines, {missing} missing, {more} too many, {} differ, first: {:#?}",
                theirs.len(),
                differing.len(),
                differing.first()
            ));
        }
    }
    assert!(!files.is_empty() && wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The position in a line of either kind.
fn place(line: &str) -> &str {
    match line.split_once(", lsn: ") {
        Some((_, rest)) => rest.split(',').next().unwrap(),
        None => line.split('\t').next().unwrap(),
    }
}
