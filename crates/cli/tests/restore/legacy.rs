//! 8.2, 9.2 and 9.4: their backup history files and the logs of their servers.

use crate::compare::padded;
use crate::{restore, run};
use serde_json::Value;
use std::fs;
use std::path::Path;

/// What a log says behind a text, up to a comma, a semicolon or the end of the line; the first time.
fn said<'a>(log: &'a str, text: &str) -> Option<&'a str> {
    let rest = log.lines().find_map(|line| Some(line.split_once(text)?.1))?;
    rest.split([';', ',']).next()
}

/// The archive as it was when a server recovered from it: without what that server and later ones archived.
fn archive_of_then(whole: &Path, to: &Path, newest: u32) {
    for file in fs::read_dir(whole).unwrap() {
        let file = file.unwrap();
        let name = file.file_name().into_string().unwrap();
        if u32::from_str_radix(&name[..8], 16).unwrap() < newest {
            std::os::unix::fs::symlink(file.path(), to.join(name)).unwrap();
        }
    }
}

#[test]
fn the_recoveries_of_old_servers() {
    let Some(corpus) = run::corpus() else { return };
    for version in ["8.2", "9.2", "9.4"] {
        let whole = corpus.join(version).join("archive");
        let mut names = fs::read_dir(&whole).unwrap().map(|f| f.unwrap().file_name().into_string().unwrap());
        let backup = names.find(|name| name.ends_with(".backup")).unwrap();
        for (log, newest) in [("server_recovery.log", 2), ("server_recovery_tl3.log", 3)] {
            let log = fs::read_to_string(corpus.join(version).join("oracle").join(log)).unwrap();
            let folder = tempfile::tempdir().unwrap();
            archive_of_then(&whole, folder.path(), newest);
            let xid = said(&log, "recovery stopping after commit of transaction ");
            let options = xid.map(|xid| vec!["--target-xid", xid, "--target-timeline", "1"]).unwrap_or_default();
            let (code, document) = restore(folder.path(), &backup, &options);
            let predicted = &document["restore"];
            let what = format!("{version} {options:?}: {predicted:#}");
            assert_eq!((code, predicted["outcome"].as_str()), (0, Some("promotes")), "{what}");
            // 8.2 names the record behind the checkpoint as the start of redo.
            let start = said(&log, "redo record is at ").or_else(|| said(&log, "redo starts at ")).unwrap();
            assert_eq!(predicted["redo_start"], padded(start), "{what}");
            if let Some(consistent) = said(&log, "consistent recovery state reached at ") {
                assert_eq!(predicted["consistent_at"], padded(consistent), "{what}");
            }
            let timeline: u32 = said(&log, "selected new timeline ID: ").unwrap().parse().unwrap();
            assert_eq!(predicted["new_timeline"], timeline, "{what}");
            let done = padded(said(&log, "redo done at ").unwrap());
            match xid {
                Some(xid) => {
                    assert_eq!(predicted["redo_end"], done, "{what}");
                    assert_eq!(
                        (&predicted["target"]["reached"], predicted["last_commit"]["xid"].to_string()),
                        (&true.into(), xid.to_owned())
                    );
                }
                // That server went on into the segment that the primary had not archived yet.
                None => {
                    let end = predicted["replay_end"].as_str().unwrap();
                    assert!(
                        end.ends_with("000000") && *end < *done && predicted["redo_end"].as_str().unwrap() < end,
                        "{what}"
                    );
                    assert_eq!(predicted["first_dropped"], Value::Null, "{what}");
                }
            }
            // Once the archive has a later timeline's history file, a promotion takes the number behind it.
            if newest == 3 {
                let (_, document) = restore(&whole, &backup, &options);
                assert_eq!(document["restore"]["new_timeline"], 4, "{what}");
            }
        }
    }
}
