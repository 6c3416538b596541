//! `walproof stats`: what it counts is what `dump` lists, and what `pg_waldump --stats` prints.
#![allow(clippy::unwrap_used, reason = "a test fails where something is missing, in its functions too")]

mod run;

use run::{corpus, testdata, walproof};
use serde_json::Value;
use std::collections::BTreeMap;
use walproof_testdata::{Case, Story};

const GOOD: &str = "demo/good";
const DAMAGED: &str = "demo/damaged";

fn json(words: &[&str]) -> Value {
    let words: Vec<&str> = words.iter().chain(&["--format", "json"]).copied().collect();
    let ran = walproof(&words);
    serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{words:?}: {error} {}", ran.err))
}

/// Records, their bytes, those of images: as `dump` and as `stats` say it.
fn listed(words: &[&str]) -> [u64; 3] {
    let words: Vec<&str> = ["dump", "--format", "jsonl"].iter().chain(words).copied().collect();
    let ran = walproof(&words);
    let end: Value = serde_json::from_str(ran.out.lines().last().unwrap()).unwrap();
    ["records", "total_length", "fpi_length"].map(|name| end[name].as_u64().unwrap())
}

fn counted(figures: &Value) -> [u64; 3] {
    ["records", "bytes", "image_bytes"].map(|name| figures[name].as_u64().unwrap())
}

#[test]
fn it_counts_what_dump_lists() {
    for story in Story::all().unwrap() {
        for facts in &story.timelines {
            let (folder, timeline) = (story.folder(), facts.timeline.to_string());
            let words = [folder.to_str().unwrap(), "-t", &timeline];
            let stats = json(&[&["stats", "--by", "record"], &words[..]].concat());
            assert_eq!(counted(&stats["total"]), listed(&words), "{} {} {timeline}", story.version, story.story);
            assert_eq!(stats["partial"], false);
        }
    }
    for case in Case::all().unwrap() {
        let folder = tempfile::tempdir().unwrap();
        case.rebuild(folder.path()).unwrap();
        let folder = folder.path().to_str().unwrap();
        let ran = walproof(&["stats", folder, "--format", "json"]);
        let stats: Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!(counted(&stats["total"]), listed(&[folder]), "{}", case.case);
        assert_eq!(
            (ran.code, stats["partial"].as_bool()),
            (case.expect.exit, Some(case.expect.exit == 1)),
            "{}",
            case.case
        );
    }
}

#[test]
fn every_group_holds_its_records_and_all_together_are_the_total() {
    let folder = testdata(GOOD);
    for by in ["rmgr", "record", "relation", "xid", "database", "minute", "checkpoint"] {
        for (folder, partial) in [(&folder, false), (&testdata(DAMAGED), true)] {
            let stats = json(&["stats", folder, "--by", by]);
            let groups = stats["groups"].as_array().unwrap();
            let sums = groups.iter().map(counted).fold([0; 3], |a, b| [a[0] + b[0], a[1] + b[1], a[2] + b[2]]);
            assert_eq!(sums, counted(&stats["total"]), "{by}");
            assert_eq!(stats["partial"], partial);
            assert_eq!(json(&["stats", folder, "--by", by, "--jobs", "1"]), stats);
            if !["minute", "checkpoint"].contains(&by) {
                assert!(groups.windows(2).all(|pair| pair[0]["bytes"].as_u64() >= pair[1]["bytes"].as_u64()), "{by}");
            }
        }
    }
    let by_xid = json(&["stats", &folder, "--by", "xid"]);
    let group = by_xid["groups"].as_array().unwrap().iter().find(|g| g["xid"] == 734).unwrap();
    assert_eq!(counted(group), listed(&[&folder, "-x", "734"]));
}

#[test]
fn minutes_and_checkpoints_go_over_from_one_segment_to_the_next() {
    let folder = testdata("15/archive");
    let lines = walproof(&["dump", &folder, "--format", "csv", "--fields", "lsn,rmgr,record,time,total_length"]).out;
    let (mut minutes, mut now): (BTreeMap<String, u64>, String) = (BTreeMap::new(), String::new());
    for line in lines.lines().skip(1) {
        let time = line.split(',').nth(3).unwrap();
        if !time.is_empty() {
            now = format!("{}:00.000000Z", &time[..16]);
        }
        *minutes.entry(now.clone()).or_default() += 1;
    }
    let stats = json(&["stats", &folder, "--by", "minute"]);
    let groups: BTreeMap<String, u64> = stats["groups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|g| (g["minute"].as_str().unwrap_or("").to_owned(), g["records"].as_u64().unwrap()))
        .collect();
    assert!(groups == minutes && groups.len() > 1, "{groups:?} {minutes:?}");
}

#[test]
fn filters_and_limits_are_those_of_dump() {
    let folder = testdata(GOOD);
    for words in [
        &["-r", "heap"][..],
        &["-R", "1663/5/16393", "-F", "vm"],
        &["-w"],
        &["-s", "0/A00000", "-e", "0/B00000"],
        &["00000001000000000000000A"],
        &["-n", "1000"],
        &["-n", "1000", "-r", "btree"],
        &["-n", "99999999"],
        &["--min-size", "1kB"],
        &["--database", "5"],
        &["--transaction", "734"],
        &["--record", "Storage/CREATE"],
        &["--since", "2000-01-01", "--until", "2100-01-01"],
        &["--since", "2100-01-01"],
        &["--only-damaged"],
    ] {
        let words: Vec<&str> = [&folder[..]].iter().chain(words).copied().collect();
        let stats = json(&[&["stats"], &words[..]].concat());
        assert_eq!(counted(&stats["total"]), listed(&words), "{words:?}");
    }
}

#[test]
fn a_partial_total_is_marked_in_every_format() {
    let folder = testdata(DAMAGED);
    for (format, mark) in [("text", "PARTIAL"), ("json", "\"partial\": true"), ("csv", ",true\n"), ("waldump", "Total")]
    {
        let ran = walproof(&["stats", &folder, "--format", format]);
        assert!(ran.code == 1 && ran.out.contains(mark), "{format} {}", ran.out);
        assert!(
            ran.err.contains("*** WP201 error") && (ran.err.contains("partial") || ["text", "json"].contains(&format)),
            "{}",
            ran.err
        );
    }
    let quiet = walproof(&["stats", "-q", &folder]);
    assert_eq!((quiet.code, quiet.out.as_str(), quiet.err.lines().count()), (1, "", 1));
    assert_eq!(walproof(&["stats", &folder, "--by", "xid", "--format", "waldump"]).code, 2);
}

#[test]
fn dump_z_is_stats_in_the_words_of_pg_waldump() {
    let folder = testdata(GOOD);
    for (word, by) in [("-z", "rmgr"), ("--stats", "rmgr"), ("--stats=rmgr", "rmgr"), ("--stats=record", "record")] {
        let (dump, stats) =
            (walproof(&["dump", &folder, word]), walproof(&["stats", &folder, "--by", by, "--format", "waldump"]));
        assert!(
            dump.out == stats.out && dump.code == 0 && dump.out.starts_with("WAL statistics between 0/900028 and "),
            "{}",
            dump.out
        );
    }
    assert_eq!(walproof(&["dump", &folder, "--stats=moon"]).code, 2);
    // What would not be done is not taken in silence.
    assert_eq!(walproof(&["dump", &folder, "-z", "--format", "csv"]).code, 2);
}

#[test]
fn what_is_followed_or_saved_is_counted_too() {
    let folder = testdata(GOOD);
    for words in [&["-z"][..], &["--stats=record"], &["-z", "-r", "btree"], &["-z", "-s", "0/900029"], &["-z", "-w"]] {
        let words = [&["dump", &folder, "-e", "0/AAC690"], words].concat();
        let table = walproof(&words);
        assert!(table.code == 0 && table.out.ends_with("[100%]\n"), "{words:?} {}{}", table.out, table.err);
        let followed = walproof(&[&words[..], &["--follow"]].concat());
        assert!(followed.out == table.out && followed.code == 0, "{words:?}: {}{}", followed.out, followed.err);
        let kept = tempfile::tempdir().unwrap();
        let (mut pages, mut listed) = ([0; 3], [String::new(), String::new(), String::new()]);
        let all: Vec<&str> =
            words.iter().filter(|w| !w.starts_with("-z") && !w.starts_with("--stats")).copied().collect();
        for (i, base) in [&words[..], &[&words[..], &["--follow"]].concat(), &all].into_iter().enumerate() {
            let to = kept.path().join(i.to_string());
            listed[i] = walproof(&[base, &["--save-fullpage", to.to_str().unwrap()]].concat()).out;
            pages[i] = std::fs::read_dir(to).unwrap().count();
        }
        assert!(listed[0] == table.out && listed[1] == table.out, "{words:?}");
        assert!(pages[0] == pages[2] && pages[1] == pages[2], "{words:?} {pages:?}");
    }
    let limited = |more: &[&str]| walproof(&[&["dump", &folder, "-z", "-n", "1000"], more].concat()).out;
    assert_eq!(limited(&[]), limited(&["--follow"]));
    let kept = tempfile::tempdir().unwrap();
    let damaged = walproof(&["dump", &testdata(DAMAGED), "-z", "--save-fullpage", kept.path().to_str().unwrap()]);
    assert_eq!(
        (damaged.code, damaged.out.lines().last()),
        (1, walproof(&["dump", &testdata(DAMAGED), "-z"]).out.lines().last())
    );
    assert!(
        damaged.err.contains("*** WP201 error") && damaged.err.contains("these totals are partial"),
        "{}",
        damaged.err
    );
}

#[test]
fn csv_has_a_row_a_group() {
    let ran = walproof(&["stats", &testdata(GOOD), "--by", "relation", "--format", "csv"]).out;
    let header = "tablespace,database,relation,fork,records,record_bytes,image_bytes,bytes,records_share,record_bytes_share,image_bytes_share,bytes_share,partial";
    assert_eq!(ran.lines().next(), Some(header));
    assert!(
        ran.lines().all(|line| line.split(',').count() == 13)
            && ran.lines().any(|line| line.starts_with("1663,5,16393,main,")),
        "{ran}"
    );
}

/// Byte for byte, but for what stands on standard error.
#[test]
fn every_table_of_pg_waldump() {
    let Some(corpus) = corpus() else { return };
    for version in ["10", "13", "15", "19"] {
        let derived: Value =
            serde_json::from_slice(&std::fs::read(corpus.join(version).join("oracle/derived.json")).unwrap()).unwrap();
        for timeline in ["1", "2", "3"] {
            let folder = corpus.join(version).join("tl").join(timeline);
            let start = derived["timelines"][timeline]["start_arg"].as_str().unwrap();
            for (file, by) in [("stats", "rmgr"), ("stats_record", "record")] {
                let Ok(theirs) =
                    std::fs::read_to_string(corpus.join(version).join(format!("oracle/{file}_tl{timeline}.txt")))
                else {
                    continue;
                };
                let theirs: Vec<&str> = theirs.lines().filter(|l| !l.starts_with("pg_waldump: ")).collect();
                let ours = walproof(&[
                    "stats",
                    folder.to_str().unwrap(),
                    "-t",
                    timeline,
                    "-s",
                    start,
                    "--by",
                    by,
                    "--format",
                    "waldump",
                ])
                .out;
                let ours: Vec<&str> = ours.lines().collect();
                assert!(
                    ours == theirs,
                    "{version} {timeline} {by}: {:?}",
                    ours.iter().zip(&theirs).find(|(a, b)| a != b)
                );
            }
        }
    }
}

#[test]
fn two_things_at_once_come_to_the_same_totals_and_the_largest_are_kept() {
    let folder = testdata("15/archive");
    let both = json(&["stats", &folder, "--by", "rmgr,minute"]);
    assert_eq!((&both["by"], &both["and_by"]), (&"rmgr".into(), &"minute".into()));
    let alone = json(&["stats", &folder, "--by", "rmgr"]);
    assert_eq!(both["total"], alone["total"]);
    let sum = |document: &Value, rmgr: &Value| -> u64 {
        let groups = document["groups"].as_array().unwrap().iter().filter(|g| g["rmgr"] == *rmgr);
        groups.map(|g| g["records"].as_u64().unwrap()).sum()
    };
    for group in alone["groups"].as_array().unwrap() {
        assert_eq!(sum(&both, &group["rmgr"]), sum(&alone, &group["rmgr"]));
    }
    let top = json(&["stats", &folder, "--by", "relation", "--by", "minute", "--top", "3"]);
    let all = json(&["stats", &folder, "--by", "relation", "--by", "minute"]);
    assert_eq!(top["groups"].as_array().unwrap()[..], all["groups"].as_array().unwrap()[..3]);
    let left = top["groups_left_out"].as_u64().unwrap() as usize;
    assert_eq!(left + 3, all["groups"].as_array().unwrap().len());
    assert_eq!(top["total"], all["total"]);
    let ran = walproof(&["stats", &folder, "--by", "relation", "--top", "1"]);
    assert!(ran.out.contains(" more ") && ran.err.contains("--backup BACKUP gives names"), "{}{}", ran.out, ran.err);
    for words in [["--by", "rmgr,rmgr"], ["--by", "rmgr,xid,minute"]] {
        assert_eq!(walproof(&[&["stats", &folder], &words[..]].concat()).code, 2);
    }
}

#[test]
fn checkpoints_have_their_time_and_text_has_the_zone_of_the_reader() {
    let folder = testdata("15/archive");
    let document = json(&["stats", &folder, "--by", "checkpoint"]);
    let groups = document["groups"].as_array().unwrap();
    let timed = groups.iter().filter(|g| !g["checkpoint"].is_null());
    assert!(timed.clone().count() > 5 && timed.clone().all(|g| g["checkpoint_time"].is_string()));
    let text = walproof(&["stats", &folder, "--by", "checkpoint", "--timezone", "+01:00"]).out;
    assert!(text.contains("0/05800060 (2026-11-22 04:17:17+01:00)"), "{text}");
    let text = walproof(&["stats", &folder, "--by", "minute", "--timezone", "+01:00"]).out;
    assert!(text.contains("2026-11-22 04:17:00+01:00"), "{text}");
}
