//! Several at once, and places that come and go.

use crate::site::{CLUSTER, Site, is_whole, names, plain, rounds};
use pgwal::format::Version;
use std::fs;
use std::process::{Child, Output, Stdio};
use std::time::Duration;
use walproof_live::Random;

const SECOND: &str = "000000010000000000000002";

fn site(seed: u64) -> Site {
    let version = Version::new(15, 0);
    Site::of(version, &plain(version, CLUSTER, seed))
}

/// What each of several ends with, which is the same for all.
fn code(children: Vec<Child>) -> i32 {
    let ended: Vec<Output> = children.into_iter().map(|child| child.wait_with_output().unwrap()).collect();
    assert!(ended.windows(2).all(|pair| pair[0].status == pair[1].status), "{ended:#?}");
    ended[0].status.code().unwrap()
}

#[test]
fn of_several_at_once_one_stores_and_all_are_well() {
    let (site, other) = (site(0), site(1));
    let to = site.folder("to");
    let mut won = [0, 0];
    for round in 0..rounds(20) {
        let file = site.p(SECOND);
        let words = ["archive-push", &file, "--to", to.to_str().unwrap(), "--state", "state"];
        let start = |site: &Site| site.command(&words).stderr(Stdio::piped()).spawn().unwrap();
        // Either comes first half of the time.
        let (first, second) = if round % 2 == 0 { (&site, &other) } else { (&other, &site) };
        let one: Vec<Child> = (0..3).map(|_| start(first)).collect();
        let two: Vec<Child> = (0..3).map(|_| start(second)).collect();
        let (one, two) = (code(one), code(two));
        assert_eq!(one + two, 1, "one of the two is there, and whole; the others are told");
        let winner = if one == 0 { first } else { second };
        won[usize::from(std::ptr::eq(winner, &other))] += 1;
        assert_eq!(names(&to), [SECOND], "nothing is left behind");
        is_whole(winner, &to);
        fs::remove_file(to.join(SECOND)).unwrap();
    }
    assert!(won[0] > 0 && won[1] > 0, "{won:?}");
}

#[test]
fn a_place_that_goes_away_meanwhile_is_told() {
    let site = site(0);
    let (to, away) = (site.folder("to"), site.path("away"));
    let mut random = Random::seeded(9);
    let mut codes = [0, 0];
    for _ in 0..rounds(30) {
        let mut command = site.command(&["archive-push", &site.p(SECOND), "--to", "to"]);
        let mut child = command.stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_micros(random.below(40_000) as u64));
        fs::rename(&to, &away).unwrap();
        let code = child.wait().unwrap().code().unwrap();
        codes[usize::try_from(code).unwrap()] += 1;
        is_whole(&site, &away);
        assert!(code == 1 || names(&away).contains(&SECOND.to_owned()), "acknowledged and not there");
        fs::rename(&away, &to).unwrap();
        site.run(&["archive-push", &site.p(SECOND), "--to", "to"]).passes();
        assert_eq!(names(&to), [SECOND], "nothing is left behind");
        fs::remove_file(to.join(SECOND)).unwrap();
    }
    assert!(codes[1] > 0, "it was never in time: {codes:?}");
}

/// A server that is killed with all its processes but this one hands the same segment out while it still runs.
#[test]
fn an_orphan_that_goes_on_harms_nobody() {
    let site = site(0);
    let to = site.folder("to");
    for _ in 0..rounds(10) {
        let start = || {
            let mut command = site.command(&["archive-push", &site.p(SECOND), "--to", "to", "--jobs", "3"]);
            command.stderr(Stdio::piped()).spawn().unwrap()
        };
        let mut killed = start();
        let (one, two) = (start(), start());
        killed.kill().unwrap();
        killed.wait().unwrap();
        assert_eq!(code(vec![one, two]), 0);
        is_whole(&site, &to);
        site.run(&["archive-push", &site.p(SECOND), "--to", "to"]).passes();
        assert_eq!(names(&to), [SECOND], "nothing is left behind");
        fs::remove_file(to.join(SECOND)).unwrap();
    }
}
