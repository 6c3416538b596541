//! Full disks, folders that may not be written to, disks that fail.

use crate::shim::{failing, shim};
use crate::site::{CLUSTER, Site, is_whole, names, plain};
use pgwal::format::Version;
use std::fs;
use std::process::Command;
use walproof_live::gate;

const SECOND: &str = "000000010000000000000002";
const PROGRAM: &str = env!("CARGO_BIN_EXE_walproof");

fn site() -> Site {
    let version = Version::new(15, 0);
    Site::of(version, &plain(version, CLUSTER, 0))
}

/// Runs a script in the data directory, in which `push` archives the second segment in `to`.
fn script(site: &Site, before: &[&str], text: &str) -> String {
    let push = format!("push() {{ {PROGRAM} archive-push {} --to to 2>&1; echo \"exit $?\"; }}\n", site.p(SECOND));
    let script = push + text;
    let words = [before, &["sh", "-c", &script]].concat();
    let output = Command::new(words[0]).args(&words[1..]).current_dir(site.path("")).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// With a file system of its own in `to`; where this user may mount none, that is told.
fn mounted(site: &Site, options: &str, text: &str) -> Option<String> {
    site.folder("to");
    let text = format!("mount -t tmpfs -o {options} none to || exit 9\necho mounted\n{text}");
    let said = script(site, &["unshare", "-m"], &text);
    let inside = said.strip_prefix("mounted\n").map(str::to_owned);
    if inside.is_none() {
        gate::goes_without("no right to mount a tmpfs: a disk that is full, or read-only");
    }
    inside
}

#[test]
fn a_full_disk_is_told_and_leaves_nothing() {
    let site = site();
    let text = "head -c 900000 /dev/zero > to/other\npush\nls -A to\nrm to/other\npush\nls -A to\ncmp to/* pg_wal/*2\n";
    if let Some(said) = mounted(&site, "size=1400k", text) {
        let lines: Vec<&str> = said.lines().collect();
        assert!(lines[0].contains("cannot write to to: No space left on device"), "{said}");
        assert_eq!(lines[1..], ["exit 1", "other", "exit 0", SECOND], "{said}");
    }
}

#[test]
fn a_folder_that_may_not_be_written_to_is_told() {
    let site = site();
    if let Some(said) = mounted(&site, "ro", "push\n") {
        assert!(said.contains("Read-only file system") && said.ends_with("exit 1\n"), "{said}");
    }
    // What is there already needs no writing.
    let to = site.folder("to");
    fs::copy(site.path(&site.p(SECOND)), to.join(SECOND)).unwrap();
    site.run(&["archive-push", &site.p(SECOND), "--to", "to"]).passes();
}

#[test]
fn a_file_that_may_grow_no_more_is_told_and_leaves_nothing() {
    let site = site();
    let to = site.folder("to");
    // As a server ignores it for its commands.
    let said = script(&site, &[], "trap '' XFSZ; ulimit -f 600; push");
    assert!(said.contains("cannot write to to: File too large") && said.ends_with("exit 1\n"), "{said}");
    assert_eq!(fs::read_dir(&to).unwrap().count(), 0);
    site.run(&["archive-push", &site.p(SECOND), "--to", "to"]).passes();
    // A folder that is gone is not made: its disk may not be mounted.
    fs::remove_dir_all(&to).unwrap();
    site.run(&["archive-push", &site.p(SECOND), "--to", "to"]).fails("cannot read to");
    fs::write(&to, "a file").unwrap();
    site.run(&["archive-push", &site.p(SECOND), "--to", "to"]).fails("it is no folder");
}

/// Each call in turn: whatever fails, the exit code says it, and the next one goes on.
#[test]
fn whichever_call_fails_nothing_is_lost() {
    let site = site();
    let Some(library) = shim(&site.path("")) else { return };
    let (to, hit) = (site.folder("to"), site.path("hit"));
    let file = site.p(SECOND);
    let words = ["archive-push", &file, "--to", to.to_str().unwrap(), "--state", "passed"];
    let (target, all) = (to.to_str().unwrap(), site.path("").display().to_string());
    for (kind, under, least) in [("write", target, 1), ("fsync", target, 2), ("open", target, 2), ("read", &all, 2)] {
        let mut hits = 0;
        for nth in 1..40 {
            let mut command = site.command(&words);
            failing(&mut command, &library, (kind, nth), under, &hit);
            let output = command.output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            let code = output.status.code().unwrap();
            is_whole(&site, &to);
            assert!(names(&to).iter().all(|name| !name.starts_with('.')), "{kind} {nth}: {:?}", names(&to));
            if fs::remove_file(&hit).is_err() {
                assert_eq!((code, said.as_str()), (0, ""));
                fs::remove_file(to.join(SECOND)).unwrap();
                break;
            }
            hits += 1;
            // What cannot be written or kept is never acknowledged; a folder that cannot be looked at for what was left
            // behind, and a state file that cannot be read, keep nothing from being stored.
            assert!(code == 1 || code == 0 && matches!(kind, "open" | "read"), "{kind} {nth}: {code} {said}");
            assert!(code == 0 || said.contains("Input/output error"), "{kind} {nth}: {said}");
            assert!(code == 1 || names(&to) == [SECOND], "{kind} {nth}: acknowledged and not there");
            site.run(&words).passes();
            assert_eq!(names(&to), [SECOND], "{kind} {nth}");
            fs::remove_file(to.join(SECOND)).unwrap();
        }
        assert!(hits >= least, "{kind}: only {hits} calls");
    }
}
