//! Random edits of an archive between runs: with an index, the verdict is the one without.

use super::{age, archive, settle, verify, without_changes};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// Numbers that look random and are the same each time.
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n.max(1)
    }
}

pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut out: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|f| f.unwrap().path()).collect();
    out.sort();
    out
}

/// One edit: adds, removes, replaces, renames, truncates, damages.
pub fn edit(wal: &Path, pool: &[PathBuf], dice: &mut Dice) {
    let here = files(wal);
    let fresh = &pool[dice.below(pool.len())];
    let own = |file: &Path| wal.join(file.file_name().unwrap());
    let Some(file) = here.get(dice.below(here.len())).filter(|_| here.len() > 3) else {
        fs::copy(fresh, own(fresh)).unwrap();
        return;
    };
    let size = fs::metadata(file).unwrap().len();
    match dice.below(8) {
        0..=2 => {
            fs::copy(fresh, own(fresh)).unwrap();
        }
        3 => fs::remove_file(file).unwrap(),
        4 => {
            fs::copy(fresh, file).unwrap();
        }
        5 => fs::rename(file, own(fresh)).unwrap(),
        6 => File::options().write(true).open(file).unwrap().set_len(dice.below(size as usize + 1) as u64).unwrap(),
        _ if size > 0 => {
            let mut bytes = fs::read(file).unwrap();
            let at = if dice.below(3) == 0 { dice.below(bytes.len().min(64)) } else { dice.below(bytes.len()) };
            bytes[at] ^= 1 << dice.below(8);
            fs::write(file, bytes).unwrap();
        }
        _ => {}
    }
    files(wal).iter().for_each(|file| age(file));
}

/// `WALPROOF_EDITS` edits, 40 if it is not set.
#[test]
fn an_index_never_changes_the_verdict() {
    let rounds: u64 = std::env::var("WALPROOF_EDITS").ok().and_then(|n| n.parse().ok()).unwrap_or(40);
    let folder = tempfile::tempdir().unwrap();
    let (whole, wal, index) = (folder.path().join("whole"), folder.path().join("wal"), folder.path().join("index"));
    fs::create_dir(&whole).unwrap();
    fs::create_dir(&wal).unwrap();
    archive(&whole);
    archive(&wal);
    let pool = files(&whole);
    let mut dice = Dice(5);
    let mut taken = 0;
    for round in 0..rounds {
        for _ in 0..1 + dice.below(3) {
            edit(&wal, &pool, &mut dice);
        }
        settle(&wal);
        let words = [wal.to_str().unwrap(), "--index", index.to_str().unwrap(), "--reread", "1/5"];
        let (code, document, used) = verify(&words[..if round % 3 == 0 { 5 } else { 3 }]);
        let plain = verify(&words[..1]);
        assert_eq!((code, without_changes(document)), (plain.0, plain.1), "round {round}");
        taken += used["segments_taken"].as_u64().unwrap();
    }
    assert!(taken > rounds, "{taken} taken in {rounds} rounds");
}
