//! What happens to stored segments.

use std::fs;
use std::path::{Path, PathBuf};
use walproof_live::Random;

/// Damages one of the segments that a restore asks for behind its backup; says what was done.
pub fn any(random: &mut Random, objects: &Path, backed_up: &str) -> String {
    let mut stored = Vec::new();
    segments(objects, &mut stored);
    stored.retain(|(name, _)| name.as_str() > backed_up);
    stored.sort();
    assert!(stored.len() >= 3, "too little was archived behind {backed_up}: {stored:?}");
    let (name, path) = random.of(&stored).unwrap();
    let (other_name, other) = random.of(&stored).unwrap();
    let mut bytes = fs::read(path).unwrap();
    match random.below(4) {
        0 => {
            let byte = random.below(bytes.len());
            let bit = random.below(8);
            bytes[byte] ^= 1 << bit;
            fs::write(path, bytes).unwrap();
            format!("bit {bit} of byte {byte} of the stored {name} flipped")
        }
        1 => {
            let length = random.below(bytes.len());
            bytes.truncate(length);
            fs::write(path, bytes).unwrap();
            format!("the stored {name} cut to {length} bytes")
        }
        2 => {
            fs::remove_file(path).unwrap();
            format!("{name} removed")
        }
        _ => {
            let others = fs::read(other).unwrap();
            fs::write(other, bytes).unwrap();
            fs::write(path, others).unwrap();
            format!("{name} and {other_name} swapped")
        }
    }
}

/// Files whose names begin as those of segments, in all folders below.
fn segments(folder: &Path, found: &mut Vec<(String, PathBuf)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let is_segment = name.get(..24).is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
        if path.is_dir() {
            segments(&path, found);
        } else if is_segment && !name.contains(".partial") && !name.contains(".backup") {
            found.push((name[..24].to_owned(), path));
        }
    }
}
