//! `--prune %r`: what replay has passed goes, and nothing else.

use super::archive::{CLUSTER, Made, segment};
use std::fs;

const ZEROS: &str = "000000000000000000000000";

fn lies_there(made: &Made) -> Vec<String> {
    let names =
        fs::read_dir(made.at("archive")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

/// A file is delivered, and then these are gone.
fn removes(made: &Made, restart: &str, gone: &[String]) {
    let before = lies_there(made);
    let ran = made.ask(&segment(2, 5), &["--prune", restart]);
    assert_eq!((ran.code, ran.got.is_some(), ran.said.as_str()), (Some(0), true, ""), "{restart}");
    let left: Vec<String> = before.into_iter().filter(|name| !gone.contains(name)).collect();
    assert_eq!(lies_there(made), left, "{restart}");
}

/// A file is delivered, nothing goes, and the log says why.
fn keeps(made: &Made, restart: &str, why: &str) {
    let before = lies_there(made);
    let ran = made.ask(&segment(2, 5), &["--prune", restart]);
    assert_eq!((ran.code, ran.got.is_some()), (Some(0), true), "{restart}: {}", ran.said);
    assert!(ran.said.contains(why) && ran.said.contains("nothing is removed from"), "{restart}: {}", ran.said);
    assert_eq!(lies_there(made), before, "{restart}");
}

#[test]
fn what_replay_has_passed_goes() {
    let made = Made::new();
    made.serve(1, "standby.signal", "");
    made.control(CLUSTER, 1, 3);
    // The first segment, and the last one that is asked for once more.
    removes(&made, ZEROS, &[]);
    removes(&made, &segment(1, 1), &[]);
    removes(&made, &segment(1, 2), &[segment(1, 1)]);
    // Never behind what the server would begin with, whatever is said.
    removes(&made, &segment(2, 5), &[segment(1, 2)]);
    removes(&made, &segment(2, 5), &[]);
    // On every timeline; history files stay, and what is packed goes as well.
    let third = made.take_away(&segment(1, 3));
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, &third).unwrap();
    made.put(&(segment(1, 3) + ".gz"), &packed.finish().unwrap());
    made.control(CLUSTER, 2, 5);
    let left: Vec<String> = lies_there(&made).into_iter().filter(|name| name.starts_with("00000001")).collect();
    let gone: Vec<String> = left.into_iter().filter(|name| name.as_str() < segment(1, 5).as_str()).collect();
    removes(&made, &segment(2, 5), &[gone, vec![segment(2, 4)]].concat());
    assert!(lies_there(&made).contains(&"00000002.history".to_owned()));
}

#[test]
fn what_somebody_needs_stays() {
    let made = Made::new();
    made.serve(1, "standby.signal", "");
    // Another cluster's server, and one that does not say where it is.
    made.control(CLUSTER + 1, 1, 3);
    let ran = made.ask("00000002.history", &["--prune", &segment(1, 3)]);
    assert_eq!((ran.code, ran.said.as_str()), (Some(0), ""));
    made.control(CLUSTER, 1, 3);
    // A backup that can still be restored, which is said once.
    let text = format!(
        "START WAL LOCATION: 0/100028 (file {0})\nSTOP WAL LOCATION: 0/180000 (file {0})\nLABEL: nightly\n",
        segment(1, 1)
    );
    let file = segment(1, 1) + ".00000028.backup";
    made.put(&file, text.as_bytes());
    keeps(&made, ZEROS, &format!("{file} can still be restored"));
    removes(&made, &segment(1, 3), &[]);
    fs::remove_file(made.at("archive").join(&file)).unwrap();
    // A tool's repository, under whatever name.
    fs::create_dir_all(made.at("repo/archive/demo/15-1/0000000200000000")).unwrap();
    fs::write(made.at("repo/archive/demo/archive.info"), "").unwrap();
    let wal = made.at("repo/archive/demo/15-1/0000000200000000");
    fs::copy(made.at("archive").join(segment(2, 5)), wal.join(segment(2, 5))).unwrap();
    fs::copy(made.at("archive").join(segment(2, 4)), wal.join(segment(2, 4))).unwrap();
    fs::rename(made.at("archive"), made.at("away")).unwrap();
    let repo = made.at("repo/archive/demo/15-1");
    let ran =
        made.ask(&segment(2, 5), &["--from", repo.to_str().unwrap(), "--layout", "folder", "--prune", &segment(2, 5)]);
    assert_eq!(ran.code, Some(0), "{}", ran.said);
    assert!(ran.said.contains("pgBackRest keeps this place") && wal.join(segment(2, 4)).is_file(), "{}", ran.said);
    fs::rename(made.at("away"), made.at("archive")).unwrap();
    removes(&made, &segment(1, 3), &[segment(1, 1), segment(1, 2)]);
    let ran = made.ask(&segment(2, 5), &["--prune", "%r"]);
    assert_eq!((ran.code, ran.got), (Some(126), None), "{}", ran.said);
}
