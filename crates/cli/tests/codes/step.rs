//! The steps with which an archive is made: captures of testdata, and what is done to them.

use crate::encrypt;
use crate::pair::started;
use crate::tar::tar_of;
use crate::wal;
use serde::Deserialize;
use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use walproof_testdata::{Case, plain_name, read_plain, root};

/// Paths are of the fixture's own folder; those under `from` are of testdata. Offsets and lengths are bytes.
#[derive(Deserialize, Debug)]
#[serde(tag = "op", rename_all = "lowercase", deny_unknown_fields)]
pub enum Step {
    /// A damaged archive of testdata, as `wal`.
    Case {
        name: String,
    },
    /// Every file of a folder, decompressed.
    Unpack {
        from: String,
        to: String,
    },
    /// A file or a folder as it is.
    Copy {
        from: String,
        to: String,
    },
    /// A file, or one of testdata decompressed, under another name.
    Take {
        from: String,
        to: String,
    },
    Again {
        file: String,
        to: String,
    },
    Move {
        file: String,
        to: String,
    },
    Remove {
        file: String,
    },
    Folder {
        file: String,
    },
    Link {
        file: String,
        to: String,
    },
    /// A text, again and again up to a size where one is said.
    Text {
        file: String,
        text: String,
        size: Option<usize>,
    },
    /// Another text instead of each of these.
    Replace {
        file: String,
        old: String,
        new: String,
    },
    Flip {
        file: String,
        offset: usize,
        bit: u8,
    },
    Write {
        file: String,
        offset: usize,
        hex: String,
    },
    /// The same at the beginning of every page.
    Pages {
        file: String,
        hex: String,
    },
    Zero {
        file: String,
        offset: usize,
        length: usize,
    },
    Resize {
        file: String,
        size: usize,
    },
    /// The right checksum for the record that begins here and ends on its page (9.5 and later).
    Sum {
        file: String,
        offset: usize,
    },
    /// The time of a commit whose record begins here: so many seconds ago. Its checksum is made right.
    Commit {
        file: String,
        offset: usize,
        ago: u64,
    },
    Gzip {
        file: String,
        to: String,
    },
    /// As openssl does it.
    Encrypt {
        file: String,
        passphrase: String,
    },
    Tar {
        folder: String,
        to: String,
    },
    /// Files of the sizes that a list or a `backup_manifest` says, all holes.
    Sizes {
        from: String,
        to: String,
    },
    /// Written just now: every other file is of two hours ago.
    Fresh {
        file: String,
    },
    /// Another time of writing, still two hours ago: as a copy leaves it that keeps times.
    Old {
        file: String,
    },
    /// The program, with this exit code.
    Run {
        words: Vec<String>,
        exit: i32,
    },
}

impl Step {
    /// Takes it in a folder.
    pub fn take(&self, place: &Path) -> io::Result<()> {
        let at = |file: &String| place.join(file);
        match self {
            Step::Case { name } => {
                fs::create_dir_all(place.join("wal"))?;
                Case::named(name)?.rebuild(&place.join("wal"))
            }
            Step::Unpack { from, to } => unpack(&root().join(from), &at(to)),
            Step::Copy { from, to } => copy(&root().join(from), &at(to)),
            Step::Take { from, to } => put(&at(to), &read_plain(&root().join(from))?),
            Step::Encrypt { file, passphrase } => put(&at(file), &encrypt::openssl(&fs::read(at(file))?, passphrase)),
            Step::Again { file, to } => put(&at(to), &fs::read(at(file))?),
            Step::Move { file, to } => fs::rename(at(file), at(to)),
            Step::Remove { file } => fs::remove_file(at(file)),
            Step::Folder { file } => fs::create_dir_all(at(file)),
            Step::Link { file, to } => std::os::unix::fs::symlink(to, at(file)),
            Step::Text { file, text, size } => {
                put(&at(file), &text.bytes().cycle().take(size.unwrap_or(text.len())).collect::<Vec<u8>>())
            }
            Step::Replace { file, old, new } => {
                let text = fs::read_to_string(at(file))?;
                fits(text.contains(old), old)?;
                fs::write(at(file), text.replace(old, new))
            }
            Step::Flip { file, offset, bit } => change(&at(file), *offset, 1, |bytes| bytes[0] ^= 1 << bit),
            Step::Write { file, offset, hex } => {
                let new = bytes_of(hex);
                change(&at(file), *offset, new.len(), |bytes| bytes.copy_from_slice(&new))
            }
            Step::Pages { file, hex } => {
                let new = bytes_of(hex);
                let every =
                    |bytes: &mut [u8]| bytes.chunks_mut(wal::PAGE).for_each(|p| p[..new.len()].copy_from_slice(&new));
                change(&at(file), 0, usize::MAX, every)
            }
            Step::Zero { file, offset, length } => change(&at(file), *offset, *length, |bytes| bytes.fill(0)),
            Step::Resize { file, size } => File::options().write(true).open(at(file))?.set_len(*size as u64),
            Step::Sum { file, offset } => change(&at(file), *offset, usize::MAX, wal::sum),
            Step::Commit { file, offset, ago } => {
                change(&at(file), *offset, usize::MAX, |bytes| wal::committed(bytes, Duration::from_secs(*ago)))
            }
            Step::Gzip { file, to } => gzip(&at(file), &at(to)),
            Step::Tar { folder, to } => put(&at(to), &tar_of(&at(folder))?),
            Step::Sizes { from, to } => sizes(&read_plain(&root().join(from))?, &at(to)),
            Step::Fresh { .. } => Ok(()),
            Step::Old { file } => File::open(at(file))?.set_modified(long_ago()),
            Step::Run { words, exit } => {
                settle(place, std::slice::from_ref(self));
                let words: Vec<&str> = words.iter().map(String::as_str).collect();
                let output = started(place, &words).wait_with_output()?;
                fits(output.status.code() == Some(*exit), &String::from_utf8_lossy(&output.stdout))
            }
        }
    }
}

/// Makes every file one of two hours ago, but those that are said to be fresh. An index takes nothing from a file of
/// this moment.
pub fn settle(place: &Path, steps: &[Step]) {
    let named = |step: &Step| match step {
        Step::Fresh { file } => Some(place.join(file)),
        _ => None,
    };
    age(place, &steps.iter().filter_map(named).collect::<Vec<PathBuf>>());
    if steps.iter().any(|step| matches!(step, Step::Run { .. })) {
        std::thread::sleep(Duration::from_millis(80));
    }
}

fn age(folder: &Path, fresh: &[PathBuf]) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path {
            _ if path.is_symlink() || fresh.contains(&path) => {}
            _ if path.is_dir() => age(&path, fresh),
            _ => File::open(&path).unwrap().set_modified(long_ago()).unwrap(),
        }
    }
}

fn long_ago() -> SystemTime {
    SystemTime::now() - Duration::from_secs(7200)
}

fn bytes_of(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap()).collect()
}

fn put(file: &Path, bytes: &[u8]) -> io::Result<()> {
    fs::create_dir_all(file.parent().unwrap())?;
    fs::write(file, bytes)
}

fn fits(right: bool, what: &str) -> io::Result<()> {
    if right { Ok(()) } else { Err(io::Error::other(format!("it does not fit: {what}"))) }
}

/// Changes bytes in place, from an offset on; without a length, up to the end.
fn change(file: &Path, offset: usize, length: usize, how: impl FnOnce(&mut [u8])) -> io::Result<()> {
    let mut bytes = fs::read(file)?;
    let end = if length == usize::MAX { bytes.len() } else { offset + length };
    let changed = bytes.get_mut(offset..end).ok_or_else(|| io::Error::other("behind the end"))?;
    how(changed);
    let mut file = File::options().write(true).open(file)?;
    file.seek(SeekFrom::Start(offset as u64))?;
    file.write_all(changed)
}

fn unpack(from: &Path, to: &Path) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        if path.is_file() {
            put(&to.join(plain_name(&path)), &read_plain(&path)?)?;
        }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    if from.is_file() {
        return put(to, &fs::read(from)?);
    }
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        copy(&path, &to.join(path.file_name().unwrap()))?;
    }
    Ok(())
}

fn gzip(file: &Path, to: &Path) -> io::Result<()> {
    let bytes = fs::read(file)?;
    fs::remove_file(file)?;
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(&bytes)?;
    put(to, &packed.finish()?)
}

/// `SIZE PATH` a line, or the `Files` of a manifest.
fn sizes(list: &[u8], to: &Path) -> io::Result<()> {
    let files: Vec<(u64, String)> = match serde_json::from_slice::<serde_json::Value>(list) {
        Ok(manifest) => manifest["Files"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|file| Some((file["Size"].as_u64()?, file["Path"].as_str()?.to_owned())))
            .collect(),
        Err(_) => {
            let lines = std::str::from_utf8(list).unwrap().lines();
            lines.map(|line| line.split_once(' ').unwrap()).map(|(n, path)| (n.parse().unwrap(), path.into())).collect()
        }
    };
    for (size, path) in files {
        let file = to.join(path);
        if !file.exists() {
            put(&file, b"")?;
            File::options().write(true).open(&file)?.set_len(size)?;
        }
    }
    Ok(())
}
