//! Full disks, folders that may not be written to, killed commands, several at once.

use crate::site::{CLUSTER, Site, names, plain};
use pgwal::format::Version;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use walproof_live::Random;

const SECOND: &str = "000000010000000000000002";

/// Every file under its last name is what the server has under it.
fn is_whole(site: &Site, to: &Path) {
    for name in names(to).iter().filter(|name| !name.starts_with('.')) {
        assert!(fs::read(to.join(name)).unwrap() == fs::read(site.path(&site.p(name))).unwrap(), "{name}");
    }
}

#[test]
fn killed_at_any_point_it_leaves_nothing_half_and_the_next_goes_on() {
    let version = Version::new(15, 0);
    let site = Site::of(version, &plain(version, CLUSTER, 0));
    let to = site.folder("to");
    let mut random = Random::seeded(4);
    let rounds = std::env::var("WALPROOF_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(60);
    for round in 0..rounds {
        let file = site.p(&format!("00000001000000000000000{}", 1 + round % 5));
        let words = ["archive-push", &file, "--to", "to", "--state", "state"];
        let mut child = site.command(&words).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_micros(random.below(30_000) as u64));
        child.kill().unwrap();
        child.wait().unwrap();
        is_whole(&site, &to);
        if round % 5 == 4 {
            for file in site.files() {
                let ran = site.run(&["archive-push", &site.p(&file), "--to", "to", "--state", "state"]);
                assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{file}");
            }
            assert_eq!(names(&to), site.files(), "nothing is left behind");
            is_whole(&site, &to);
            for file in names(&to) {
                fs::remove_file(to.join(file)).unwrap();
            }
        }
    }
}

#[test]
fn of_several_at_once_one_stores_and_all_are_well() {
    let version = Version::new(15, 0);
    let (site, other) =
        (Site::of(version, &plain(version, CLUSTER, 0)), Site::of(version, &plain(version, CLUSTER, 1)));
    let to = site.folder("to");
    for _ in 0..6 {
        let file = site.p(SECOND);
        let words = ["archive-push", &file, "--to", to.to_str().unwrap(), "--state", "state"];
        let start = |site: &Site| site.command(&words).stderr(Stdio::null()).spawn().unwrap();
        let own: Vec<_> = (0..5).map(|_| start(&site)).collect();
        let others: Vec<_> = (0..3).map(|_| start(&other)).collect();
        let good = |children: Vec<std::process::Child>| {
            let codes: Vec<i32> = children.into_iter().map(|mut child| child.wait().unwrap().code().unwrap()).collect();
            assert!(codes.windows(2).all(|pair| pair[0] == pair[1]), "{codes:?}");
            codes[0] == 0
        };
        let (own, others) = (good(own), good(others));
        assert!(own != others, "one of the two is there, and whole");
        let winner = if own { &site } else { &other };
        assert_eq!(names(&to), [SECOND]);
        is_whole(winner, &to);
        fs::remove_file(to.join(SECOND)).unwrap();
    }
}

#[test]
fn a_full_disk_is_told_and_leaves_nothing() {
    let version = Version::new(15, 0);
    let site = Site::of(version, &plain(version, CLUSTER, 0));
    let to = site.folder("to");
    // As a server ignores it for its commands.
    let script = format!(
        "trap '' XFSZ; ulimit -f 600; exec {} archive-push {} --to to",
        env!("CARGO_BIN_EXE_walproof"),
        site.p(SECOND)
    );
    let output = Command::new("sh").args(["-c", &script]).current_dir(site.path("")).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot write to to: File too large"));
    assert_eq!(fs::read_dir(&to).unwrap().count(), 0);
    site.run(&["archive-push", &site.p(SECOND), "--to", "to"]).passes();
    // A folder that is gone is not made: its disk may not be mounted.
    fs::remove_dir_all(&to).unwrap();
    site.run(&["archive-push", &site.p(SECOND), "--to", "to"]).fails("cannot read to");
    fs::write(&to, "a file").unwrap();
    site.run(&["archive-push", &site.p(SECOND), "--to", "to"]).fails("it is no folder");
}
