//! What happens to an archive's files. Every one here is a hard link to the workload's, so a changed file is a new one
//! in its place.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use walproof_live::Random;

const PAGE: usize = 8192;

/// Do something to the archive, or nothing; returns what. `first`: the segment that the backup begins in.
pub fn damage(random: &mut Random, archive: &Path, first: &str) -> String {
    let names = names(archive);
    let segments: Vec<&String> = names.iter().filter(|name| name.len() == 24).collect();
    // Mostly what recovery will ask for.
    let wanted: Vec<&String> = segments.iter().copied().filter(|name| name[8..] >= first[8..]).collect();
    let from = if wanted.is_empty() || random.once_in(8) { &segments } else { &wanted };
    let Some(&chosen) = random.of(from) else { return "an archive without segments".to_owned() };
    let histories: Vec<&String> = names.iter().filter(|name| name.ends_with(".history")).collect();
    let other = random.of(from).map_or(chosen, |other| other);
    let path = archive.join(chosen);
    match random.weighted(&[18, 4, 3, 2, 4, 2, 2, 2, 2, 2, 1, 1, 2]) {
        0 => "undamaged".to_owned(),
        1 => {
            let (byte, bit) = change(&path, |bytes| {
                let byte = random.below(bytes.len());
                let bit = random.below(8);
                bytes[byte] ^= 1 << bit;
                (byte, bit)
            });
            format!("bit {bit} of byte {byte} of {chosen} flipped")
        }
        2 => {
            let page = change(&path, |bytes| {
                let page = random.below(bytes.len() / PAGE);
                bytes[page * PAGE..(page + 1) * PAGE].fill(0);
                page
            });
            format!("page {page} of {chosen} zeroed")
        }
        3 => {
            let length = change(&path, |bytes| {
                bytes.truncate(random.below(bytes.len()));
                bytes.len()
            });
            format!("{chosen} cut to {length} bytes")
        }
        4 => {
            fs::remove_file(&path).unwrap();
            format!("{chosen} removed")
        }
        5 => {
            let between = archive.join("between");
            fs::rename(&path, &between).unwrap();
            if other != chosen {
                fs::rename(archive.join(other), &path).unwrap();
            }
            fs::rename(&between, archive.join(other)).unwrap();
            format!("{chosen} and {other} swapped")
        }
        6 => {
            let (begin, length) = change(&path, |bytes| {
                let begin = random.below(bytes.len());
                let length = (1 + random.below(3000)).min(bytes.len() - begin);
                bytes[begin..begin + length].fill_with(|| random.bits().to_le_bytes()[0]);
                (begin, length)
            });
            format!("{length} bytes of {chosen} from {begin} overwritten")
        }
        7 => match random.of(&histories) {
            None => "undamaged, as there is no .history".to_owned(),
            Some(history) if random.once_in(2) => {
                fs::remove_file(archive.join(history)).unwrap();
                format!("{history} removed")
            }
            Some(history) => {
                let length = change(&archive.join(history), |bytes| {
                    bytes.truncate(random.below(bytes.len()));
                    bytes.len()
                });
                format!("{history} cut to {length} bytes")
            }
        },
        8 => {
            let last = segments[segments.len() - 1];
            fs::rename(archive.join(last), archive.join(format!("{last}.partial"))).unwrap();
            format!("{last} is only there as .partial")
        }
        9 => {
            let length = 1 + random.below(20_000);
            change(&path, |bytes| bytes.resize(bytes.len() + length, 0));
            format!("{length} bytes appended to {chosen}")
        }
        10 => {
            change(&path, Vec::clear);
            format!("{chosen} emptied")
        }
        11 => {
            let copied = if other == chosen { segments[0] } else { other };
            change(&path, |bytes| *bytes = fs::read(archive.join(copied)).unwrap());
            format!("{chosen} replaced by a copy of {copied}")
        }
        _ => {
            let bit = change(&path, |bytes| {
                // A page's header, or what follows it.
                let byte = random.below(bytes.len() / PAGE) * PAGE + random.below(40);
                bytes[byte] ^= 1 << random.below(8);
                byte
            });
            format!("byte {bit} of {chosen}, near a page's begin, changed")
        }
    }
}

fn names(archive: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(archive).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn change<T>(path: &PathBuf, how: impl FnOnce(&mut Vec<u8>) -> T) -> T {
    let mut bytes = fs::read(path).unwrap();
    let changed = how(&mut bytes);
    fs::remove_file(path).unwrap();
    fs::write(path, bytes).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o644)).unwrap();
    changed
}
