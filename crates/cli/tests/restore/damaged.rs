//! The damaged archives of 15: every setting that a server was tried with.

use crate::compare::{differences, options};
use crate::restore;
use walproof_testdata::Case;

#[test]
fn every_setting_on_every_damaged_archive() {
    let (mut compared, mut wrong) = (0, Vec::new());
    for case in Case::all().unwrap() {
        let folder = tempfile::tempdir().unwrap();
        case.rebuild_for_server(folder.path()).unwrap();
        let backup = case.backup();
        for server in &case.server {
            let options = options(server);
            let options: Vec<&str> = options.iter().map(String::as_str).collect();
            let (_, document) = restore(folder.path(), backup.to_str().unwrap(), &options);
            let found = differences(&document["restore"], server);
            compared += 1;
            if !found.is_empty() {
                wrong.push(format!("{} {:?}: {found:?}", case.case, server.settings));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {compared} differ:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(compared, 143);
}

/// A target in front of the damage is reached, and the verdict is that of the target. Exit code 0; behind it, 1.
#[test]
fn damage_behind_the_target_is_no_damage() {
    let case = Case::named("bitflip_record_data").unwrap();
    let folder = tempfile::tempdir().unwrap();
    case.rebuild_for_server(folder.path()).unwrap();
    let backup = case.backup();
    let backup = backup.to_str().unwrap();
    for (lsn, exit, reached) in [("0/F00000", 0, true), ("0/1100000", 1, false)] {
        let (code, document) = restore(folder.path(), backup, &["--target-lsn", lsn]);
        assert_eq!(
            (code, &document["restore"]["target"]["reached"]),
            (exit, &reached.into()),
            "{lsn}: {:#}",
            document["findings"]
        );
    }
}

/// Which files, in the server's order, and which of them is the one to look for.
#[test]
fn the_files_that_a_restore_asks_for() {
    let case = Case::named("missing_segment").unwrap();
    let folder = tempfile::tempdir().unwrap();
    case.rebuild_for_server(folder.path()).unwrap();
    let backup = case.backup();
    let (_, document) = restore(folder.path(), backup.to_str().unwrap(), &["--target-lsn", "0/1500000"]);
    let files = document["restore"]["files"].as_array().unwrap();
    let told: Vec<(&str, &str)> =
        files.iter().map(|f| (f["name"].as_str().unwrap(), f["status"].as_str().unwrap())).collect();
    assert_eq!((told[0], told[1]), (("00000002.history", "missing"), ("000000010000000000000009", "present")));
    assert_eq!(told.last(), Some(&("00000001000000000000000F", "missing")));
    let needed: Vec<&str> = files
        .iter()
        .filter(|f| f["needed"] == true && f["status"] != "present")
        .map(|f| f["name"].as_str().unwrap())
        .collect();
    assert_eq!(needed, ["00000001000000000000000F"]);
}
