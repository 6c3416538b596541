//! `walproof timelines` over testdata.
#![allow(clippy::unwrap_used, reason = "a test fails where something is missing, in its functions too")]

mod run;

use run::{testdata, walproof};
use serde_json::{Value, json};
use walproof_testdata::{Case, Story};

fn tree(folder: &str) -> (Value, i32) {
    let ran = walproof(&["timelines", folder, "--format", "json"]);
    (serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{}", ran.err)), ran.code)
}

#[test]
fn a_chain_of_promotions() {
    let (tree, code) = tree(&testdata("15/archive"));
    assert_eq!((code, &tree["path"]), (0, &json!([1, 2, 3])));
    let of = |field: &str| tree["timelines"].as_array().unwrap().iter().map(|t| t[field].clone()).collect::<Vec<_>>();
    assert_eq!(of("timeline"), [1, 2, 3]);
    assert_eq!(of("parent"), [json!(null), json!(1), json!(2)]);
    assert_eq!(of("switch_lsn"), [json!(null), json!("0/0605ABE0"), json!("0/0665ACA8")]);
    assert_eq!(of("children"), [json!([2]), json!([3]), json!([])]);
    assert_eq!(of("history_file")[1].as_str().map(|f| f.starts_with("00000002.history")), Some(true));
    assert_eq!(tree["timelines"][1]["wal"]["records"], 13_582);
}

#[test]
fn old_history_names_a_segment() {
    let (tree, _) = tree(&testdata("8.2/promotion"));
    assert_eq!(tree["timelines"][1]["switch_lsn"], json!(null));
    assert_eq!(tree["timelines"][1]["switch_segment"], "000000010000000000000005");
}

#[test]
fn a_timeline_without_wal_is_named_by_the_history_of_another() {
    let (tree, _) = tree(&testdata("9.4/recovery"));
    let all = tree["timelines"].as_array().unwrap();
    let first = all.iter().find(|t| t["timeline"] == 1).unwrap();
    assert_eq!((&first["children"], &first["wal"]), (&json!([3]), &json!(null)));
}

#[test]
fn segments_and_records_are_those_that_are_known() {
    for story in Story::all().unwrap() {
        let (tree, code) = tree(story.folder().to_str().unwrap());
        assert_eq!(code, 0, "{} {}", story.version, story.story);
        for facts in &story.timelines {
            let t = tree["timelines"].as_array().unwrap().iter().find(|t| t["timeline"] == facts.timeline).unwrap();
            assert_eq!(t["wal"]["segments"], facts.segments, "{} {}", story.version, story.story);
            if let Some(records) = facts.records {
                assert_eq!(t["wal"]["records"], records, "{} {}", story.version, story.story);
            }
        }
    }
}

#[test]
fn text_shows_the_tree() {
    let ran = walproof(&["timelines", &testdata("15/archive")]);
    let lines: Vec<&str> = ran.out.lines().collect();
    assert_eq!(lines[0], "Recovery to the latest timeline takes 1 > 2 > 3.");
    assert!(lines.contains(&"└─ 2  left 1 at 0/0605ABE0 (no recovery target specified)"), "{}", ran.out);
    assert!(lines.contains(&"   └─ 3  left 2 at 0/0665ACA8 (no recovery target specified)"), "{}", ran.out);
    assert_eq!(ran.code, 0);
}

#[test]
fn only_what_is_wrong_with_timelines_is_told_and_all_of_it_counts() {
    for (name, code) in [
        ("timelines_good", 0),
        ("bitflip_xl_crc", 1),
        ("history2_missing", 1),
        ("history_garbage", 1),
        ("history_disagree", 0),
        ("history_switch_too_late", 1),
    ] {
        let folder = tempfile::tempdir().unwrap();
        Case::named(name).unwrap().rebuild(folder.path()).unwrap();
        let (tree, ended) = tree(folder.path().to_str().unwrap());
        assert_eq!(ended, code, "{name}");
        assert!(
            tree["findings"].as_array().unwrap().iter().all(|f| f["code"].as_str().unwrap().starts_with("WP3")),
            "{name}"
        );
    }
}

#[test]
fn a_history_of_very_many_ancestors_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    let segment = "00000001000000000000000A";
    std::fs::copy(testdata(&format!("demo/good/{segment}")), folder.path().join(segment)).unwrap();
    let told = |switch: &dyn Fn(u32) -> u32| {
        let history: String = (1..40_000).map(|t| format!("{t}\t0/{:X}\tmany\n", switch(t))).collect();
        std::fs::write(folder.path().join("00009C40.history"), history).unwrap();
        walproof(&["timelines", folder.path().to_str().unwrap()]).out
    };
    let out = told(&|t| 0xA0_0000 + 8 * t);
    assert!(out.contains("40000  left 39999 at 0/00A4E1F8 (many)"), "{}", &out[out.len() - 500..]);
    // Nothing lies on timelines that were left where they began.
    let out = told(&|_| 0xAF_0000);
    assert!(out.contains("40000  left 1 at 0/00AF0000 (many)"), "{out}");
}

#[test]
fn nothing_there_is_2() {
    let empty = tempfile::tempdir().unwrap();
    assert_eq!(walproof(&["timelines", empty.path().to_str().unwrap()]).code, 2);
    assert_eq!(walproof(&["timelines"]).code, 2);
}
