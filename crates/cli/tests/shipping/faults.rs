//! A disk that fails, or is full.

use crate::running::{comes, ends, is_of, partials, ship, whole};
use crate::shim::{failing, shim};
use crate::site::{CLUSTER, Site, plain};
use pgwal::format::Version;
use std::fs;

#[test]
fn calls_that_fail_are_told_and_the_next_run_goes_on() {
    let version = Version::new(15, 0);
    let site = Site::of(version, &plain(version, CLUSTER, 0));
    let Some(library) = shim(&site.path("")) else { return };
    let to = site.folder("to");
    let own = to.display().to_string();
    let words = ["pg_wal", "--to", &own, "--synchronous", "--end", "0/600000"];
    for (kind, nth) in [("write", 1), ("write", 3), ("fsync", 1), ("fsync", 4), ("open", 2), ("write", 5), ("fsync", 9)]
    {
        let hit = site.path("hit");
        let _ = fs::remove_file(&hit);
        let mut command = ship(&[&words[..], &["--no-retry"]].concat());
        command.current_dir(site.path(""));
        failing(&mut command, &library, (kind, nth), "/to", &hit);
        let (code, said) = ends(&mut command);
        if hit.exists() {
            assert!(code == 2 && said.contains("to") && said.contains("error"), "{kind}:{nth} {code} {said}");
        } else {
            assert_eq!(code, 0, "{kind}:{nth} {said}");
        }
        is_of(&to, &[&site.path("pg_wal")]);
        // What it can go on with after a fault, it does by itself.
        let mut command = ship(&words);
        command.current_dir(site.path(""));
        failing(&mut command, &library, (kind, nth), "/to", &hit);
        let (code, said) = ends(&mut command);
        assert_eq!(code, 0, "{kind}:{nth} {said}");
        is_of(&to, &[&site.path("pg_wal")]);
        assert_eq!((whole(&to), partials(&to).len()), (site.files(), 0), "{kind}:{nth}");
        fs::remove_dir_all(&to).unwrap();
        site.folder("to");
    }
}

#[test]
fn a_full_disk_is_waited_for() {
    let version = Version::new(15, 0);
    let site = Site::of(version, &plain(version, CLUSTER, 0));
    let to = site.folder("to");
    // Room for two segments and a half.
    let mounted = std::process::Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=2500k", "tmpfs"])
        .arg(&to)
        .output()
        .is_ok_and(|output| output.status.success());
    if !mounted {
        walproof_live::gate::goes_without("no right to mount a file system that can be full");
        return;
    }
    let run = || {
        let words = ["pg_wal", "--to", "to", "--end", "0/600000"];
        let shipping = crate::running::Shipping::start(ship(&words).current_dir(site.path("")));
        comes("two segments", || whole(&to).len() == 2);
        std::thread::sleep(std::time::Duration::from_millis(300));
        assert_eq!((whole(&to).len(), partials(&to).len()), (2, 0));
        let more = std::process::Command::new("mount").args(["-o", "remount,size=20m"]).arg(&to).status();
        assert!(more.unwrap().success());
        shipping.ended()
    };
    let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run));
    let (files, same) = (whole(&to), std::panic::catch_unwind(|| is_of(&to, &[&site.path("pg_wal")])));
    assert!(std::process::Command::new("umount").arg(&to).status().unwrap().success());
    let (code, said) = ended.unwrap();
    assert!(code == 0 && said.contains("No space left on device") && said.contains("again in"), "{code} {said}");
    assert!(files == site.files() && same.is_ok());
}
