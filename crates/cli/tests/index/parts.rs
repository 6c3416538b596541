//! Parts of an archive, summarised by processes of their own and joined in any order, are judged as one run judges it.

use super::edits::{Dice, edit, files};
use super::{age, archive, verify};
use crate::run::walproof;
use std::fs;
use std::path::{Path, PathBuf};
use walproof_testdata::Story;

/// Deals the files out, summarises each share, joins them in another order.
fn compare(wal: &Path, dice: &mut Dice, round: u64) {
    let folder = tempfile::tempdir().unwrap();
    let mut shares: Vec<Vec<PathBuf>> = vec![Vec::new(); 1 + dice.below(6)];
    for file in files(wal) {
        let at = dice.below(shares.len());
        shares[at].push(file);
    }
    let mut parts = Vec::new();
    for (i, share) in shares.iter().enumerate().filter(|(_, share)| !share.is_empty()) {
        let part = folder.path().join(i.to_string()).to_str().unwrap().to_owned();
        let words: Vec<&str> = ["summarize", "-o", &part].into_iter().chain(share.iter().map(|f| f.to_str().unwrap())).collect();
        let ran = walproof(&words);
        assert_eq!(ran.code, 0, "{}", ran.err);
        parts.insert(dice.below(parts.len() + 1), part);
    }
    let words: Vec<&str> = ["--summaries"].into_iter().chain(parts.iter().map(String::as_str)).collect();
    let (joined, one) = (verify(&words), verify(&[wal.to_str().unwrap()]));
    assert_eq!((joined.0, joined.1), (one.0, one.1), "round {round}");
}

/// `WALPROOF_PARTS` rounds for each generation of records, 10 if it is not set.
#[test]
fn any_parts_in_any_order_are_one_archive() {
    let rounds: u64 = std::env::var("WALPROOF_PARTS").ok().and_then(|n| n.parse().ok()).unwrap_or(10);
    let foreign = tempfile::tempdir().unwrap();
    archive(foreign.path());
    let foreign = files(foreign.path());
    for version in ["9.2", "9.4", "15"] {
        let story = Story::all().unwrap().into_iter().find(|s| s.version == version && (s.story == "promotion" || s.story == "archive")).unwrap();
        let whole = tempfile::tempdir().unwrap();
        story.unpack(whole.path()).unwrap();
        let own = files(whole.path());
        // Mostly its own files, and some of another cluster and version.
        let mut pool: Vec<PathBuf> = own.iter().cycle().take(own.len() * 3).cloned().collect();
        pool.extend(foreign.iter().take(2).cloned());
        let mut dice = Dice(11);
        for round in 0..rounds {
            let wal = tempfile::tempdir().unwrap();
            for file in &own {
                fs::copy(file, wal.path().join(file.file_name().unwrap())).unwrap();
            }
            for _ in 0..dice.below(4) {
                edit(wal.path(), &pool, &mut dice);
            }
            files(wal.path()).iter().for_each(|file| age(file));
            compare(wal.path(), &mut dice, round);
        }
    }
}

#[test]
fn what_is_no_part_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let part = folder.path().join("part");
    fs::write(&part, "notes").unwrap();
    let ran = walproof(&["verify", "--summaries", part.to_str().unwrap()]);
    assert!(ran.code == 2 && ran.err.contains("no part"), "{}", ran.err);
    archive(folder.path());
    let first = files(folder.path()).remove(0);
    assert_eq!(walproof(&["summarize", first.to_str().unwrap(), "-o", part.to_str().unwrap()]).code, 0);
    let mut bytes = fs::read(&part).unwrap();
    bytes[40] ^= 1;
    fs::write(&part, bytes).unwrap();
    let ran = walproof(&["verify", "--summaries", part.to_str().unwrap()]);
    assert!(ran.code == 2 && ran.err.contains("damaged"), "{}", ran.err);
}
