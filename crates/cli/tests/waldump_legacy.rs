//! `walproof dump --format waldump` of 8.2 to 9.4 against what `pg_xlogdump` of 9.4 printed, every byte, and against
//! the descriptions that servers of 8.2 and 9.2 wrote into their logs while they replayed (`wal_debug`). The captures
//! are large and not part of testdata: `WALPROOF_CORPUS` names the folder that testdata was made from. Without it these
//! tests do nothing.
#![allow(clippy::unwrap_used, reason = "a test fails where something is missing, in its functions too")]

mod run;

use run::{corpus, walproof};
use std::collections::BTreeMap;
use std::path::Path;

fn read(path: &Path) -> String {
    String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned()
}

fn dump(words: &[&str]) -> String {
    walproof(&[&["dump", "--format", "waldump"], words].concat()).out
}

#[test]
fn every_byte_of_pg_xlogdump_9_4() {
    let Some(corpus) = corpus() else { return };
    for (range, folder, segments, expected) in [
        ("tl1", "archive", ["000000010000000000000001", "000000010000000000000007"], 266_153),
        ("tl2", "archive", ["000000020000000000000008", "000000020000000000000009"], 6_124),
        ("tl3", "archive", ["000000030000000000000004", "000000030000000000000005"], 7_791),
        ("wrap", "wrap_archive", ["0000000100000000000000FB", "000000010000000100000000"], 108_352),
    ] {
        let theirs = read(&corpus.join(format!("9.4/oracle/xlogdump/range_{range}.txt")));
        let ours = dump(&[corpus.join("9.4").join(folder).to_str().unwrap(), segments[0], segments[1]]);
        assert_eq!(theirs.lines().count(), expected, "{range}");
        let different: Vec<_> = ours.lines().zip(theirs.lines()).filter(|(a, b)| a != b).collect();
        assert!(different.is_empty(), "{range}: {} lines differ, the first: {:#?}", different.len(), different[0]);
        assert_eq!(ours.len(), theirs.len(), "{range}");
    }
}

/// Resource manager and description of a record.
type Said = (String, String);

#[test]
fn every_description_that_servers_traced() {
    let Some(corpus) = corpus() else { return };
    for (version, trace, folder, expected) in [
        ("8.2", "tl1", "archive", 194_001),
        ("8.2", "wrap", "wrap_archive", 108_285),
        ("9.2", "tl1", "archive", 204_554),
        ("9.2", "wrap", "wrap_archive", 108_297),
    ] {
        let name = format!("{version} {trace}");
        let ours = dump(&[corpus.join(version).join(folder).to_str().unwrap(), "-t", "1"]);
        let ours: BTreeMap<u64, Said> = ours.lines().filter_map(dumped).collect();
        let end = *ours.keys().last().unwrap();
        let traced: BTreeMap<u64, Said> =
            read(&corpus.join(version).join(format!("oracle/redo_wal_debug.{trace}.log")))
                .lines()
                .filter_map(traced)
                .filter(|(at, _)| *at <= end)
                .collect();
        assert_eq!(traced.len(), expected, "{name}");
        let different: Vec<_> = traced.iter().filter(|(at, said)| ours.get(at) != Some(said)).collect();
        let first = different.first().map(|(at, said)| (said, ours.get(at)));
        assert!(different.is_empty(), "{name}: {} descriptions differ, the first: {first:#?}", different.len());
    }
}

/// `REDO @ start; LSN …: prev …; xid x[; len n][; bkpb1…]: manager - description`
fn traced(line: &str) -> Option<(u64, Said)> {
    let (start, rest) = line.strip_prefix("REDO @ ")?.split_once("; LSN ")?;
    let (_, rest) = rest.split_once("; xid ")?;
    let (_, rest) = rest.split_once(": ")?;
    let (manager, description) = rest.split_once(" - ")?;
    Some((number(start), (manager.into(), placed(description))))
}

/// The folder in which servers ran was taken out of the logs: a tablespace stands there as `"WORK/8.2/ts1"`, in WAL
/// with all of its path. The last two folders of it are compared.
fn placed(description: &str) -> String {
    let Some((words, path)) = description.trim_end_matches('"').split_once(" \"") else { return description.into() };
    let folders: Vec<&str> = path.rsplit('/').take(2).collect();
    format!("{words} \"WORK/{}\"", folders.into_iter().rev().collect::<Vec<_>>().join("/"))
}

fn dumped(line: &str) -> Option<(u64, Said)> {
    let (manager, rest) = line.strip_prefix("rmgr: ")?.split_once(" len (rec/tot)")?;
    let (_, rest) = rest.split_once(", lsn: ")?;
    let (lsn, rest) = rest.split_once(", prev ")?;
    let (_, description) = rest.split_once(", desc: ")?;
    Some((number(lsn), (manager.trim_end().into(), placed(description))))
}

fn number(lsn: &str) -> u64 {
    lsn.parse::<pgwal::format::Lsn>().unwrap().get()
}
