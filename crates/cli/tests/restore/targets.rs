//! 26 recovery targets of each of four versions.

use crate::compare::{differences, options, padded};
use crate::{restore, run};
use std::path::Path;
use walproof_testdata::RecoveryStory;

/// A version, and a backup that the tail of its archive in testdata has.
const TAILS: [(&str, &str); 4] = [
    ("10", "00000001000000000000000E.00000028.backup"),
    ("13", "00000001000000000000005E.00000028.backup"),
    ("15", "000000010000000000000059.00000028.backup"),
    ("19", "00000001000000000000005B.00000028.backup"),
];

/// How many rows there are, and those that differ.
fn compared(archive: &Path, backup: &str, rows: &[RecoveryStory]) -> (usize, Vec<String>) {
    let mut wrong = Vec::new();
    for server in rows {
        let options = options(server);
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        let (_, document) = restore(archive, backup, &options);
        let found = differences(&document["restore"], server);
        if !found.is_empty() {
            wrong.push(format!("{} {:?}: {found:?}", server.what, server.settings));
        }
    }
    (rows.len(), wrong)
}

#[test]
fn all_targets_from_the_whole_archive() {
    let Some(corpus) = run::corpus() else { return };
    for (version, _) in TAILS {
        let (archive, base) = (corpus.join(version).join("archive"), corpus.join(version).join("base"));
        let (count, wrong) = compared(&archive, base.to_str().unwrap(), &RecoveryStory::targets(version).unwrap());
        assert!(wrong.is_empty(), "{version}: {} of {count} differ:\n{}", wrong.len(), wrong.join("\n"));
        assert_eq!(count, 26, "{version}");
    }
}

/// A server that starts from a later backup ends at the same place, if that lies behind the backup's end.
#[test]
fn targets_behind_a_later_backup() {
    let mut all = 0;
    for (version, backup) in TAILS {
        let archive = walproof_testdata::root().join(version).join("archive");
        let text = std::fs::read_to_string(archive.join(backup)).unwrap();
        let stop = text.lines().find_map(|line| line.strip_prefix("STOP WAL LOCATION: ")).unwrap();
        let stop = padded(stop.split(' ').next().unwrap());
        let mut rows = RecoveryStory::targets(version).unwrap();
        rows.retain(|r| {
            r.redo_done_at.as_deref().is_some_and(|at| padded(at) > stop) && !r.settings.contains_key("recovery_target")
        });
        let (count, wrong) = compared(&archive, backup, &rows);
        assert!(wrong.is_empty(), "{version}: {} of {count} differ:\n{}", wrong.len(), wrong.join("\n"));
        all += count;
    }
    assert!(all >= 50, "only {all} targets");
}
