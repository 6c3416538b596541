//! Unfinished segments: which tool gives them out to a server that asks for the whole one, and in which form.
//!
//! By their sources, and by runs of Barman: pg_probackup from 2.3 on (`get_wal_file`), with zeros up to a segment's
//! size; barman-cloud-wal-restore from 2.11 on, as it is unpacked; none of the others.

use crate::build::{self, Repo, SEGMENTS};
use crate::run::{testdata, walproof};
use crate::tars::gz;
use crate::{EVERY, codes, json};
use serde_json::Value;
use std::fs;

type Build = fn(&Repo);

/// Where WAL ends without the last segment: the record in front of it goes on there.
const WITHOUT: &str = "0/00AFFFA0";

const PROBACKUP: (Build, &str) = (build::probackup, "wal/main");
const CLOUD: (Build, &str) = (build::barman_cloud, "prod/wals/0000000100000000");

/// A repository whose last segment lies there under another name and form.
fn with_last((build, folder): (Build, &str), behind: &str, bytes: &[u8]) -> Repo {
    with(2, (build, folder), behind, bytes)
}

fn with(which: usize, (build, folder): (Build, &str), behind: &str, bytes: &[u8]) -> Repo {
    let repo = Repo::new();
    build(&repo);
    repo.remove(&format!("{folder}/{}", SEGMENTS[which]));
    repo.put(&format!("{folder}/{}{behind}", SEGMENTS[which]), bytes);
    repo
}

fn last() -> Vec<u8> {
    crate::places::good(2)
}

/// The beginning of a packed file, as pg_receivewal leaves it where it is still written.
fn cut(mut packed: Vec<u8>) -> Vec<u8> {
    packed.truncate(packed.len() * 9 / 10);
    packed
}

#[test]
fn a_segment_that_the_tool_gives_out_counts() {
    let (plain, _) = json(&["verify", &testdata("demo/good")]);
    for (of, behind, bytes) in [
        (PROBACKUP, ".partial", last()),
        (PROBACKUP, ".gz.partial", gz(&last())),
        (CLOUD, ".partial", last()),
        (CLOUD, ".partial.gz", gz(&last())),
    ] {
        let (repo, whole) = (with_last(of, behind, &bytes), Repo::new());
        of.0(&whole);
        let (own, code) = json(&["verify", &repo.root()]);
        assert_eq!((code, codes(&own)), (0, vec!["WP109 info".to_owned()]), "{behind}: {own}");
        assert_eq!(own["replay"], plain["replay"], "{behind}");
        for words in [&["--backup", "latest"][..], &["--backup", "latest", "--target-lsn", "0/00BA0000"]] {
            let restore = |repo: &Repo| json(&[&["verify", repo.root().as_str()], words].concat()).0["restore"].clone();
            let (mut own, mut right) = (restore(&repo), restore(&whole));
            for restore in [&mut own, &mut right] {
                restore["files"] = Value::Null;
            }
            assert_eq!(own, right, "{behind} {words:?}");
        }
        let plan = walproof(&["plan", &repo.root(), "--backup", "latest"]);
        assert!(plan.code == 0 && plan.out.contains(&format!("{}{behind}", SEGMENTS[2])), "{}{}", plan.out, plan.err);
        let text = walproof(&["verify", &repo.root()]).out;
        let told = format!("{}{behind} is given out as the whole segment", SEGMENTS[2]);
        assert!(text.contains(&told) && !text.contains("archive-get %f"), "{text}");
        let window = |repo: &Repo| json(&["backups", &repo.root()]).0["archives"][0]["backups"][0]["window"].clone();
        assert_eq!(window(&repo)["to_lsn"], window(&whole)["to_lsn"], "{behind}");
    }
}

#[test]
fn the_other_tools_give_none_out() {
    for (tool, _, build) in EVERY.into_iter().filter(|(tool, ..)| !["pg_probackup", "barman-cloud"].contains(tool)) {
        let repo = Repo::new();
        build(&repo);
        let all = crate::walkdir(&repo.root());
        let path = all.iter().find(|path| path.contains(SEGMENTS[2]) && !path.ends_with(".metadata")).unwrap();
        let renamed = path.replace(SEGMENTS[2], &format!("{}.partial", SEGMENTS[2]));
        fs::rename(path, renamed).unwrap();
        let (own, code) = json(&["verify", &repo.root()]);
        assert_eq!((code, codes(&own)), (0, vec!["WP109 info".to_owned()]), "{tool}: {own}");
        assert_eq!(own["replay"]["to"], WITHOUT, "{tool}");
    }
}

/// pg_probackup fills up what is short, barman-cloud does not.
#[test]
fn one_that_is_short_is_filled_up_or_kills_the_server() {
    let half = &last()[..512 << 10];
    for (behind, bytes) in [(".partial", half.to_vec()), (".gz.partial", cut(gz(&last())))] {
        let repo = with_last(PROBACKUP, behind, &bytes);
        let (own, code) = json(&["verify", &repo.root(), "--backup", "latest"]);
        assert_eq!((code, own["verdict"].as_str()), (0, Some("proven")), "{behind}: {own}");
        let end = own["restore"]["replay_end"].as_str().unwrap().to_owned();
        assert!("0/00B00000" < end.as_str() && end.as_str() < "0/00BFFFFF", "{behind}: {end}");
        assert_eq!(json(&["verify", &repo.root()]).0["replay"]["to"], end.as_str(), "{behind}");
    }
    for (behind, bytes) in [(".partial", half.to_vec()), (".partial.gz", gz(half))] {
        let repo = with_last(CLOUD, behind, &bytes);
        let (own, code) = json(&["verify", &repo.root(), "--backup", "latest"]);
        assert_eq!((code, &own["restore"]["outcome"]), (1, &"fatal".into()), "{behind}: {own}");
        assert!(own["restore"]["server_says"].to_string().contains("has wrong size: 524288"), "{behind}: {own}");
    }
}

#[test]
fn a_whole_one_goes_first_where_the_tool_takes_it_first() {
    // The unfinished one ends in the middle of the first page.
    let bad = &last()[..100];
    for (of, whole, behind, first) in [
        (PROBACKUP, "", ".gz.partial", true),
        (PROBACKUP, ".gz", ".partial", true),
        (CLOUD, ".gz", ".partial", true),
        (CLOUD, ".gz", ".partial.gz", true),
        (CLOUD, ".snappy", ".partial", false),
    ] {
        let bytes = match whole {
            "" => last(),
            ".gz" => gz(&last()),
            _ => snappy(&last()),
        };
        let repo = with_last(of, whole, &bytes);
        repo.put(&format!("{}/{}{behind}", of.1, SEGMENTS[2]), bad);
        let (own, _) = json(&["verify", &repo.root()]);
        assert_eq!(own["replay"]["to"] == last_lsn(), first, "{whole} {behind}: {own}");
        let told = if first { "WP110 info" } else { "WP135 info" };
        assert!(codes(&own).contains(&told.to_owned()), "{whole} {behind}: {own}");
    }
}

/// Frames of chunks that are stored.
fn snappy(bytes: &[u8]) -> Vec<u8> {
    let mut out = b"\xff\x06\0\0sNaPpY".to_vec();
    for chunk in bytes.chunks(60_000) {
        let sum = crc(chunk).rotate_right(15).wrapping_add(0xA282_EAD8);
        out.push(1);
        out.extend_from_slice(&(chunk.len() as u32 + 4).to_le_bytes()[..3]);
        out.extend_from_slice(&sum.to_le_bytes());
        out.extend_from_slice(chunk);
    }
    out
}

fn crc(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0x82F6_3B78 } else { crc >> 1 })
    };
    !bytes.iter().fold(!0, step)
}

#[test]
fn one_that_is_given_out_is_judged_as_a_whole_one() {
    // A record in the middle of it.
    let mut damaged = last();
    damaged[600_000] ^= 0x10;
    let repo = with_last(PROBACKUP, ".partial", &damaged);
    let (own, code) = json(&["verify", &repo.root(), "--backup", "latest"]);
    assert_eq!((code, own["verdict"].as_str()), (1, Some("refuted")), "{own}");
    let told = own["findings"].as_array().unwrap().iter().find(|f| f["severity"] == "error").unwrap();
    assert!(told["file"].as_str().unwrap().ends_with(".partial"), "{told}");
    assert!(!told["server_says"].is_null(), "{told}");
    // In the middle of the archive it fills the hole as far as it goes.
    let middle = crate::places::good(1);
    let repo = with(1, PROBACKUP, ".partial", &middle);
    assert_eq!(json(&["verify", &repo.root(), "--backup", "latest"]).1, 0);
    let repo = with(1, PROBACKUP, ".partial", &middle[..512 << 10]);
    let (own, code) = json(&["verify", &repo.root(), "--backup", "latest"]);
    let end = own["restore"]["replay_end"].as_str().unwrap().to_owned();
    assert!(code == 1 && end.as_str() > "0/00A70000" && end.as_str() < "0/00A80000", "{end}: {own}");
}

/// This program's own command, which is typed for barman-cloud's files in a folder, gives it out as well; asked without
/// the option it does not, and that is foretold.
#[test]
fn what_is_typed_gives_it_out() {
    let repo = with_last(CLOUD, ".partial.gz", &gz(&last()));
    let into = repo.at("segment");
    let root = repo.root();
    let get = |words: &[&str]| {
        let all = [&["archive-get", SEGMENTS[2], into.to_str().unwrap(), "--from", &root], words].concat();
        walproof(&all).code
    };
    assert_eq!((get(&[]), get(&["--partial"])), (1, 0));
    assert_eq!(fs::read(&into).unwrap(), last());
    let repo = with_last(PROBACKUP, ".partial", &last());
    let own = |partial: &str| {
        let command = format!("restore_command=walproof archive-get %f \"%p\" --from {}{partial}", repo.root());
        json(&["verify", &repo.root(), "--backup", "latest", "--set", &command]).0["restore"]["replay_end"].clone()
    };
    assert_eq!((own(""), own(" --partial")), (WITHOUT.into(), last_lsn()));
}

fn last_lsn() -> Value {
    json(&["verify", &testdata("demo/good")]).0["replay"]["to"].clone()
}
