//! Waiting for a segment that is yet to come.

use super::archive::{Made, Ran, segment};
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::Duration;

fn waiting(made: &Made, name: &str, options: &[&str]) -> Child {
    let options: Vec<&str> = [&["--wait", "--poll", "1s"], options].concat();
    let mut child = made.command(name, &options).stderr(Stdio::piped()).spawn().unwrap();
    sleep(Duration::from_millis(300));
    assert!(child.try_wait().unwrap().is_none(), "it does not wait");
    child
}

fn ended(made: &Made, child: Child) -> Ran {
    made.came_to(child.wait_with_output().unwrap())
}

#[test]
fn it_waits_for_what_comes_and_for_a_place_that_comes_back() {
    let made = Made::new();
    let last = made.take_away(&segment(2, 5));
    let _ = fs::remove_file(made.at("archive").join(segment(2, 6)));
    let child = waiting(&made, &segment(2, 5), &[]);
    fs::rename(made.at("archive"), made.at("away")).unwrap();
    sleep(Duration::from_millis(1200));
    fs::rename(made.at("away"), made.at("archive")).unwrap();
    made.put(&segment(2, 5), &last);
    let ran = ended(&made, child);
    assert_eq!((ran.code, ran.got.unwrap() == last), (Some(0), true), "{}", ran.said);
    assert!(ran.said.contains("cannot ask"), "{}", ran.said);
    // What nobody has to wait for: whether there is a timeline.
    assert_eq!(made.ask("00000003.history", &["--wait"]).code, Some(1));
}

#[test]
fn it_ends_by_a_trigger_a_timeout_and_a_signal() {
    let made = Made::new();
    let last = segment(2, 9);
    let trigger = made.at("trigger");
    let words = ["--trigger", trigger.to_str().unwrap()];
    for said in ["smart", "fast"] {
        let child = waiting(&made, &last, &words);
        fs::write(&trigger, said).unwrap();
        assert_eq!(ended(&made, child).code, Some(1), "{said}");
        // First all that is there; or nothing more.
        let there = made.ask(&segment(2, 4), &[&["--wait"], &words[..]].concat());
        assert_eq!(there.code, Some(if said == "smart" { 0 } else { 1 }), "{said}: {}", there.said);
        fs::remove_file(&trigger).unwrap();
    }
    let child = waiting(&made, &last, &["--timeout", "1s"]);
    assert_eq!(ended(&made, child).code, Some(1));
    let mut child = waiting(&made, &last, &[]);
    rustix::process::kill_process(
        rustix::process::Pid::from_raw(child.id().try_into().unwrap()).unwrap(),
        rustix::process::Signal::TERM,
    )
    .unwrap();
    assert_eq!(child.wait().unwrap().signal(), Some(15));
}

/// It would end the recovery: while it waits, the whole one is what comes.
#[test]
fn an_unfinished_segment_is_delivered_behind_all_waiting() {
    let made = Made::new();
    let whole = made.take_away(&segment(2, 5));
    let _ = fs::remove_file(made.at("archive").join(segment(2, 6)));
    made.put(&(segment(2, 5) + ".partial"), &whole[..900_000]);
    let child = waiting(&made, &segment(2, 5), &["--partial"]);
    made.put(&segment(2, 5), &whole);
    let ran = ended(&made, child);
    assert_eq!((ran.code, ran.got.unwrap() == whole), (Some(0), true), "{}", ran.said);
    fs::remove_file(made.at("archive").join(segment(2, 5))).unwrap();
    let trigger = made.at("trigger");
    fs::write(&trigger, "").unwrap();
    for over in [["--trigger", trigger.to_str().unwrap()], ["--timeout", "1s"]] {
        let ran = made.ask(&segment(2, 5), &[&["--wait", "--partial"][..], &over].concat());
        assert_eq!((ran.code, ran.got.map(|got| got == whole)), (Some(0), Some(false)), "{over:?}: {}", ran.said);
    }
}

#[test]
fn a_hole_is_told_while_it_waits() {
    let made = Made::new();
    let third = made.take_away(&segment(1, 3));
    let child = waiting(&made, &segment(1, 3), &["--grace", "0s"]);
    made.put(&segment(1, 3), &third);
    let ran = ended(&made, child);
    assert_eq!(ran.code, Some(0));
    assert_eq!(ran.said.matches("WP101").count(), 1, "{}", ran.said);
}

#[test]
fn a_standby_does_not_wait_on_a_timeline_that_was_left() {
    let made = Made::new();
    made.serve(1, "standby.signal", "");
    let history = made.take_away("00000002.history");
    let child = waiting(&made, &segment(1, 7), &[]);
    made.put("00000002.history", &history);
    let ran = ended(&made, child);
    assert_eq!((ran.code, ran.said.as_str()), (Some(1), ""));
    // On the newest one it does; and an archive recovery stays on the timeline that it chose when it began.
    drop(waiting(&made, &segment(2, 7), &["--timeout", "2s"]).wait());
    made.serve(1, "recovery.signal", "recovery_target_timeline = 'current'\n");
    drop(waiting(&made, &segment(1, 7), &["--timeout", "2s"]).wait());
}

#[test]
fn a_promotion_ends_the_waiting() {
    let made = Made::new();
    made.serve(1, "standby.signal", "");
    let child = waiting(&made, &segment(2, 7), &[]);
    fs::write(made.at("data/promote"), "").unwrap();
    assert_eq!(ended(&made, child).code, Some(1));
    // First all that is there.
    assert_eq!(made.ask(&segment(2, 5), &["--wait"]).code, Some(0));
}
