//! Healthy situations: nothing of them is called a hole, and a server goes on as it should.

use super::archive::{Made, segment};
use pgwal::format::Version;
use std::fs;

/// What it is, how the archive and the server are, and what is asked for in order: `2:7` a segment, `3h` a history
/// file; behind `=` what comes of it: `ok` delivered, `no` not there, without a word.
struct Healthy(&'static str, fn(&Made), &'static str);

const V15: Version = Version::new(15, 0);

/// Timeline 1 has segments 1 to 6, and timeline 2 begins in the fourth and has segments 4 to 6.
const SITUATIONS: &[Healthy] = &[
    Healthy("the end of WAL, asked for twice", |_| {}, "2:7=no 2:7=no"),
    Healthy("and then on the timelines before, as long as nothing comes", |_| {}, "2:7=no 1:7=no 2:7=no 1:7=no"),
    Healthy("the last segment once more at the end, and the histories", |_| {}, "2:7=no 2:6=ok 3h=no 2h=ok 1h=no"),
    Healthy("a target that was reached", |made| recovers(made, "recovery_target_name = 'p'"), "2:4=ok 2:4=ok 3h=no"),
    Healthy(
        "a target behind the end: the server says so itself",
        |made| recovers(made, "recovery_target_xid = '9'"),
        "2:7=no",
    ),
    Healthy("current, after another server's promotion", |made| recovers(made, CURRENT), "1:6=ok 1:7=no 1:7=no"),
    Healthy("timeline 1 by its number", |made| recovers(made, "recovery_target_timeline = '1'"), "1:6=ok 1:7=no"),
    Healthy(
        "the history file of a test restore alone",
        |made| {
            recovers(made, CURRENT);
            without(made, &[(2, 4), (2, 5), (2, 6)]);
        },
        "1:6=ok 1:7=no 2h=ok 1:7=no",
    ),
    Healthy(
        "a test restore behind the latest timeline",
        |made| {
            made.put("00000003.history", b"1\t0/280000\tbefore\n");
            recovers(made, "recovery_target_timeline = '2'");
        },
        "2:6=ok 2:7=no",
    ),
    Healthy("a standby that waits", |made| made.serve(1, "standby.signal", ""), "2:7=no 3h=no 2:7=no 3h=no"),
    Healthy(
        "a standby at a segment that comes late",
        |made| {
            made.serve(1, "standby.signal", "");
            without(made, &[(2, 5)]);
        },
        "2:5=no 3h=no 2:5=no",
    ),
    Healthy(
        "9.4, which asks every timeline for every number",
        |made| {
            made.serve(1, "recovery.conf", "");
            fs::write(made.at("data/recovery.conf"), "restore_command = 'x'\nrecovery_target_timeline = 'latest'\n")
                .unwrap();
            fs::write(made.at("data/PG_VERSION"), "9.4\n").unwrap();
        },
        "2h=ok 3h=no 2:1=no 1:1=ok 2:2=no 1:2=ok 2:3=no 1:3=ok 2:4=ok 2:5=ok 2:6=ok 2:7=no 1:7=no",
    ),
    Healthy(
        "a new archive",
        |made| {
            without(made, &[(1, 2), (1, 3), (1, 4), (1, 5), (1, 6), (2, 4), (2, 5), (2, 6)]);
            fs::remove_file(made.at("archive/00000002.history")).unwrap();
        },
        "1:1=ok 1:2=no",
    ),
    Healthy("what is older has expired", |made| without(made, &[(1, 1), (1, 2)]), "2:6=ok 2:7=no"),
    Healthy(
        "the old primary went on after the failover",
        |made| {
            let last = made.bytes(&segment(1, 5));
            made.put(&segment(1, 8), &last);
        },
        "2:6=ok 2:7=no",
    ),
    Healthy(
        "recycled files behind the fork, as 10 to 12 archive them",
        |made| {
            let other = made.bytes(&segment(1, 2));
            [8, 9].into_iter().for_each(|number| made.put(&segment(1, number), &other));
        },
        "2:7=no 1:7=no",
    ),
    Healthy(
        "a promotion whose first segment is yet to come",
        |made| {
            without(made, &[(1, 4), (1, 5), (1, 6), (2, 4), (2, 5), (2, 6)]);
        },
        "1:3=ok 2:4=no 1:4=no",
    ),
    Healthy(
        "only the .partial of what was left",
        |made| {
            let left = made.take_away(&segment(1, 4));
            made.put(&(segment(1, 4) + ".partial"), &left);
            without(made, &[(1, 5), (1, 6), (2, 4), (2, 5), (2, 6)]);
            fs::remove_file(made.at("archive/00000002.history")).unwrap();
        },
        "1:3=ok 1:4=no",
    ),
    Healthy(
        "a file that an archiver is writing",
        |made| {
            made.put(&(segment(2, 8) + ".tmp"), b"half of it");
            made.put(&format!(".{}.0.walproof", segment(2, 8)), b"half of it");
        },
        "2:6=ok 2:7=no",
    ),
    Healthy(
        "siblings of one parent",
        |made| {
            made.put("00000003.history", b"1\t0/280000\tbefore\n");
            made.put("00000004.history", b"1\t0/180000\tbefore\n");
            recovers(made, "recovery_target_timeline = '2'");
        },
        "4h=ok 5h=no 2:6=ok 2:7=no 1:7=no",
    ),
    Healthy("a server that begins on timeline 2", |made| made.serve(2, "recovery.signal", ""), "2:6=ok 3h=no 2:7=no"),
    Healthy(
        "asked by hand, where no server runs",
        |made| fs::remove_dir_all(made.at("data/global")).unwrap(),
        "2:6=ok 2:7=no",
    ),
    Healthy(
        "a backup history file beside the last segment",
        |made| {
            let text = format!("START WAL LOCATION: 0/600028 (file {})\n", segment(2, 6));
            made.put(&(segment(2, 6) + ".00000028.backup"), text.as_bytes());
        },
        "2:7=no",
    ),
];

const CURRENT: &str = "recovery_target_timeline = 'current'";

fn recovers(made: &Made, settings: &str) {
    made.serve(1, "recovery.signal", &format!("{settings}\n"));
}

fn without(made: &Made, segments: &[(u32, u32)]) {
    segments.iter().for_each(|(timeline, number)| drop(made.take_away(&segment(*timeline, *number))));
}

#[test]
fn nothing_healthy_is_called_a_hole() {
    let mut wrong = Vec::new();
    for Healthy(what, prepare, asks) in SITUATIONS {
        let version = if what.starts_with("9.4") { Version::new(9, 4) } else { V15 };
        let made = Made::of(version);
        prepare(&made);
        for ask in asks.split(' ') {
            let (asked, expected) = ask.split_once('=').unwrap();
            let name = match (asked.split_once(':'), asked.strip_suffix('h')) {
                (Some((timeline, number)), _) => segment(timeline.parse().unwrap(), number.parse().unwrap()),
                (None, timeline) => format!("{:08X}.history", timeline.unwrap().parse::<u32>().unwrap()),
            };
            // A late segment has its grace; all else is judged at once.
            let options: &[&str] = if what.contains("late") { &[] } else { &["--grace", "0s"] };
            let ran = made.ask(&name, options);
            let code = if expected == "ok" { 0 } else { 1 };
            if (ran.code, ran.got.is_some(), ran.said.as_str()) != (Some(code), code == 0, "") {
                wrong.push(format!("{what}, {ask}: exit {:?}: {}", ran.code, ran.said));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
