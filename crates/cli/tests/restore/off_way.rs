//! A directory and the timeline that is asked for: an old primary behind the fork, a history that only it has.

use crate::laid::{COPY, Laid, errors};
use crate::own_wal::{CLUSTER, SHUT_DOWN, left, left_running};
use crate::restore;
use crate::run::walproof;
use pgwal::format::{Align, Endian, Layout, PageSize, SegmentNo, SegmentSize, TimelineId, Version};
use pgwal_craft::{Builder, Opening};
use serde_json::Value;
use std::fs;

/// A server that does not get a history file from the archive takes the one in its `pg_wal`; seen with 17.
#[test]
fn a_history_of_the_directory_counts() {
    let laid = Laid::of_15(true);
    laid.set(&[COPY]);
    let (code, before) = laid.verify(&[]);
    assert_eq!((code, &before["verdict"]), (0, &"proven".into()), "{before:#}");
    let (archived, own) = (laid.at("archive/00000003.history"), laid.at("data/pg_wal/00000003.history"));
    fs::create_dir(laid.at("data/pg_wal")).unwrap();
    fs::copy(&archived, &own).unwrap();
    fs::remove_file(&archived).unwrap();
    let (code, after) = laid.verify(&[]);
    assert_eq!((code, &after["verdict"]), (0, &"proven".into()), "{:#}", after["findings"]);
    assert_eq!(after["restore"]["replay_end"], before["restore"]["replay_end"]);
    assert_eq!(finding(&after, "WP301")["severity"], "warning");
    fs::remove_file(own).unwrap();
    let (code, without) = laid.verify(&[]);
    assert_eq!((code, errors(&without)), (1, vec!["WP301"]), "{:#}", without["findings"]);
}

/// An earlier start of the directory left its timeline in `pg_wal`, and the files of the backup were copied over it: a
/// server follows that timeline, while the archive goes on with commits of the one that it left.
#[test]
fn a_timeline_that_an_earlier_start_left_is_not_spread() {
    let laid = Laid::of_test_restore();
    laid.set(&[COPY]);
    fs::create_dir(laid.at("data/pg_wal")).unwrap();
    for name in ["00000002.history", "000000020000000000000006"] {
        fs::rename(laid.at("archive").join(name), laid.at("data/pg_wal").join(name)).unwrap();
    }
    let (code, document) = laid.verify(&[]);
    assert_eq!((code, &document["restore"]["timeline"]), (0, &2.into()), "{:#}", document["findings"]);
    let advice = |document: &Value| finding(document, "WP301")["advice"].as_str().unwrap().to_owned();
    let told = advice(&document);
    assert!(told.starts_with("empty pg_wal of this directory") && told.contains("--target-timeline 1"), "{told}");
    assert_eq!(finding(&document, "WP417")["timeline"], 1, "{:#}", document["findings"]);
    assert!(laid.line("NEXT").starts_with("NEXT     empty pg_wal"), "{}", laid.line("NEXT"));
    // Nothing of the archive is behind the point where it was left: that timeline is all there is.
    for file in fs::read_dir(laid.at("archive")).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if name.as_str() > "000000010000000000000006.00000028.backup" {
            fs::remove_file(path).unwrap();
        }
    }
    let (code, document) = laid.verify(&[]);
    assert_eq!((code, &document["restore"]["timeline"]), (0, &2.into()), "{:#}", document["findings"]);
    assert!(!document.to_string().contains("empty pg_wal"), "{:#}", document["findings"]);
}

/// Recovery comes along timeline 2 by the history of timeline 3, and a server of 17 needs no other.
#[test]
fn a_history_in_between_is_not_needed() {
    let laid = Laid::of_15(true);
    laid.set(&[COPY, "recovery_target_timeline = '3'"]);
    let (code, before) = laid.verify(&[]);
    assert_eq!((code, &before["verdict"]), (0, &"proven".into()), "{:#}", before["findings"]);
    fs::remove_file(laid.at("archive/00000002.history")).unwrap();
    let (code, after) = laid.verify(&[]);
    assert_eq!((code, &after["verdict"]), (0, &"proven".into()), "{:#}", after["findings"]);
    assert_eq!(after["restore"]["replay_end"], before["restore"]["replay_end"]);
    // Whoever goes to the latest does not come behind it.
    laid.set(&[COPY]);
    assert_eq!((laid.verify(&[]).0, errors(&laid.verify(&[]).1)[0]), (1, "WP301"));
}

/// An old primary that went on behind the point where timeline 2 left its own. With a signal the server takes the file
/// of timeline 2 for the segment of its checkpoint, and ends with PANIC (17).
#[test]
fn an_old_primary_lies_beside_the_way() {
    let folder = tempfile::tempdir().unwrap();
    let [archive, data] = ["archive", "data"].map(|name| folder.path().join(name));
    let cluster = || {
        let mut wal = Builder::new(layout(), TimelineId(1), CLUSTER, SegmentNo(1));
        wal.checkpoint_shutdown();
        wal.filler(9_000);
        wal
    };
    let (mut old, mut new) = (cluster(), cluster());
    new.timeline_switch(TimelineId(2), Opening::EndOfRecovery);
    for n in 0..200 {
        new.filler(9_000 + n);
    }
    new.switch();
    for n in 0..20 {
        old.filler(8_000 + n);
    }
    let checkpoint = old.checkpoint_shutdown();
    for (place, wal) in [(&archive, new), (&data.join("pg_wal"), old)] {
        fs::create_dir_all(place).unwrap();
        wal.finish().write_to(place).unwrap();
    }
    left_running(&data, checkpoint, 1);
    let command = format!("restore_command = 'cp {}/%f %p'\n", archive.display());
    fs::write(data.join("postgresql.conf"), command).unwrap();
    let verify = || {
        let words = ["verify", archive.to_str().unwrap(), "--pgdata", data.to_str().unwrap(), "--format", "json"];
        let ran = walproof(&words);
        (ran.code, serde_json::from_str::<Value>(&ran.out).unwrap_or_else(|e| panic!("{e}: {}{}", ran.out, ran.err)))
    };
    let (code, alone) = verify();
    let signal = finding(&alone, "WP436");
    assert_eq!((code, &signal["severity"]), (0, &"warning".into()), "{:#}", alone["findings"]);
    assert!(signal["message"].as_str().unwrap().contains("with one the server would not start"), "{signal}");
    assert!(!signal["advice"].to_string().contains("touch"), "{signal}");
    fs::write(data.join("recovery.signal"), "").unwrap();
    let (code, asked) = verify();
    let lost = finding(&asked, "WP420");
    assert_eq!((code, errors(&asked)[0]), (1, "WP420"), "{:#}", asked["findings"]);
    assert!(lost["message"].as_str().unwrap().contains("where the way to timeline 2"), "{lost}");
    assert!(lost["advice"].as_str().unwrap().contains("pg_rewind"), "{lost}");
}

/// The clone of a server, caught up from the archive of the original: both stopped, or were backed up, with a
/// checkpoint at one place. Servers of 13 and 17 replay it on the clone's data without a word.
#[test]
fn a_clone_lies_beside_the_way_of_its_original() {
    let folder = tempfile::tempdir().unwrap();
    let [archive, data] = ["archive", "data"].map(|name| folder.path().join(name));
    let mut wal = Builder::new(layout(), TimelineId(1), CLUSTER, SegmentNo(1));
    wal.checkpoint_shutdown();
    wal.switch();
    let checkpoint = wal.checkpoint_shutdown();
    wal.filler(9_000);
    wal.switch();
    fs::create_dir(&archive).unwrap();
    wal.finish().write_to(&archive).unwrap();
    for (seconds, exit) in [(0, 0), (5, 1)] {
        left(&data, checkpoint, 1, (SHUT_DOWN, seconds));
        let (code, document) = restore(&archive, data.to_str().unwrap(), &[]);
        assert_eq!(code, exit, "{seconds}: {:#}", document["findings"]);
        let twin = document["findings"].as_array().unwrap().iter().find(|f| f["code"] == "WP404");
        assert_eq!(twin.is_some(), exit == 1, "{:#}", document["findings"]);
        let outcome = if exit == 1 { "refuted" } else { "proven" };
        assert_eq!(document["verdict"], outcome);
    }
}

fn layout() -> Layout {
    Layout {
        dialect: Version::new(15, 0).dialect().unwrap(),
        align: Align::Eight,
        endian: Endian::Little,
        segment: SegmentSize::new(1 << 20).unwrap(),
        page: PageSize::DEFAULT,
    }
}

fn finding<'a>(document: &'a Value, code: &str) -> &'a Value {
    let all = document["findings"].as_array().unwrap();
    all.iter().find(|f| f["code"] == code).unwrap_or_else(|| panic!("{code}: {document:#}"))
}
