//! The damaged archives of `testdata/damaged-15`: recipes, and the answers that are right.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use serde::Deserialize;

use crate::{
    RecoveryStory, Story,
    packed::{kept, read_plain},
};

/// One archive: how to make it and what must be said of it.
#[derive(Debug, Deserialize)]
#[non_exhaustive]
pub struct Case {
    /// Its name.
    pub case: String,
    /// What was done to it, in a sentence.
    pub what: String,
    /// The right answer.
    pub expect: CaseExpect,
    /// What a real server did with it, for several settings.
    pub server: Vec<RecoveryStory>,
    backup: String,
    steps: Vec<Step>,
    files: BTreeMap<String, Made>,
}

/// The right answer to `walproof verify` for a [`Case`]. LSNs are spelled `X/XXXXXXXX`; `None` is "not stated".
#[derive(Debug, Deserialize)]
#[non_exhaustive]
pub struct CaseExpect {
    /// Exit code.
    pub exit: i32,
    /// The gravest finding: `error`, `warning`, `info`, or none.
    pub severity: Option<String>,
    /// Start of the first record that cannot be replayed.
    pub lsn: Option<String>,
    /// The place of the damage.
    pub at: Option<String>,
    /// The file with the damage, or the missing one.
    pub file: Option<String>,
    /// A file that the finding's span must name.
    pub in_span: Option<String>,
    /// How far the bytes of a file that the server would not use go.
    pub readable_until: Option<String>,
    /// Where an old primary left the path.
    pub fork: Option<String>,
    /// The segments it wrote past that.
    #[serde(default)]
    pub diverged: Vec<String>,
}

/// One step of a recipe. Paths under `from` are inside `testdata`, file names inside the archive; offsets and lengths
/// are bytes.
#[derive(Debug, Deserialize)]
#[serde(tag = "op", rename_all = "lowercase")]
#[non_exhaustive]
#[allow(missing_docs, reason = "the fields are named for what they are")]
pub enum Step {
    /// A kept file, decompressed.
    Unpack { from: String, to: String },
    /// A kept file as it is.
    Copy { from: String, to: String },
    /// Take a file away.
    Remove { file: String },
    /// Make a file of this text.
    Text { file: String, text: String },
    /// Flip one bit.
    Flip { file: String, offset: usize, bit: u8 },
    /// Overwrite with these bytes, in hexadecimal.
    Write { file: String, offset: usize, hex: String },
    /// Overwrite with zeros.
    Zero { file: String, offset: usize, length: usize },
    /// Overwrite with what another file holds at the same place.
    Splice { file: String, offset: usize, length: usize, from: String },
    /// Cut the file short, or append zeros.
    Resize { file: String, size: usize },
}

#[derive(Debug, Deserialize)]
struct Made {
    size: u64,
}

impl Case {
    /// All 57, sorted by name.
    ///
    /// # Errors
    /// What the file system says, or that a JSON file is not as expected.
    pub fn all() -> io::Result<Vec<Self>> {
        let mut found = Vec::new();
        for file in fs::read_dir(kept("damaged-15/cases"))? {
            let path = file?.path();
            if path.extension().is_some_and(|e| e == "json") {
                found.push(serde_json::from_slice::<Self>(&fs::read(path)?)?);
            }
        }
        found.sort_by(|a, b| a.case.cmp(&b.case));
        Ok(found)
    }

    /// The case of that name.
    ///
    /// # Errors
    /// That there is none, or what the file system says.
    pub fn named(name: &str) -> io::Result<Self> {
        Ok(serde_json::from_slice(&fs::read(kept("damaged-15/cases").join(format!("{name}.json")))?)?)
    }

    /// Write the archive's files into the empty folder `to`, as files of two hours ago: those of the last minute may
    /// still be being copied, and are looked at again and again.
    ///
    /// # Errors
    /// What the file system or a decoder says, or that the recipe does not fit its files (`InvalidData`).
    pub fn rebuild(&self, to: &Path) -> io::Result<()> {
        let mut files = BTreeMap::new();
        for step in &self.steps {
            run(step, &mut files)?;
        }
        let sizes = files.iter().map(|(name, data)| (name, data.len() as u64));
        if !sizes.eq(self.files.iter().map(|(name, made)| (name, made.size))) {
            return Err(misfit(&self.case));
        }
        files.iter().try_for_each(|(name, data)| written(&to.join(name), data))
    }

    /// The base backup from which the server recovered: `backup_label` and `global/pg_control`.
    pub fn backup(&self) -> PathBuf {
        kept("backup").join(&self.backup)
    }

    /// Write the archive that the server recovered from into the empty folder `to`. For the cases about timelines that
    /// is the archive of 15 (its tail, which is all that it asked for) with the change made to it; for the others the
    /// case's own.
    ///
    /// # Errors
    /// As [`Case::rebuild`].
    pub fn rebuild_for_server(&self, to: &Path) -> io::Result<()> {
        if self.backup == "15_late" {
            let whole = Story::all()?.into_iter().find(|s| (s.version.as_str(), s.story.as_str()) == ("15", "archive"));
            whole.ok_or_else(|| misfit("15/archive"))?.unpack(to)?;
            let good = Case::named("timelines_good")?;
            good.files
                .keys()
                .filter(|name| !self.files.contains_key(*name))
                .try_for_each(|name| fs::remove_file(to.join(name)))?;
        }
        self.rebuild(to)
    }
}

fn written(path: &Path, data: &[u8]) -> io::Result<()> {
    fs::write(path, data)?;
    let past = SystemTime::now() - Duration::from_secs(7200);
    fs::File::options().write(true).open(path)?.set_modified(past)
}

fn run(step: &Step, files: &mut BTreeMap<String, Vec<u8>>) -> io::Result<()> {
    match step {
        Step::Unpack { from, to } => drop(files.insert(to.clone(), read_plain(&kept(from))?)),
        Step::Copy { from, to } => drop(files.insert(to.clone(), fs::read(kept(from))?)),
        Step::Remove { file } => drop(files.remove(file).ok_or_else(|| misfit(file))?),
        Step::Text { file, text } => drop(files.insert(file.clone(), text.clone().into_bytes())),
        Step::Flip { file, offset, bit } => {
            range(files, file, *offset, 1)?.iter_mut().for_each(|byte| *byte ^= 1 << bit)
        }
        Step::Write { file, offset, hex } => {
            let new = bytes(hex).ok_or_else(|| misfit(file))?;
            range(files, file, *offset, new.len())?.copy_from_slice(&new);
        }
        Step::Zero { file, offset, length } => range(files, file, *offset, *length)?.fill(0),
        Step::Splice { file, offset, length, from } => {
            let other = read_plain(&kept(from))?;
            let new = other.get(*offset..offset + length).ok_or_else(|| misfit(from))?;
            range(files, file, *offset, *length)?.copy_from_slice(new);
        }
        Step::Resize { file, size } => files.get_mut(file).ok_or_else(|| misfit(file))?.resize(*size, 0),
    }
    Ok(())
}

fn range<'a>(
    files: &'a mut BTreeMap<String, Vec<u8>>,
    file: &str,
    offset: usize,
    length: usize,
) -> io::Result<&'a mut [u8]> {
    files.get_mut(file).and_then(|data| data.get_mut(offset..offset + length)).ok_or_else(|| misfit(file))
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(hex.get(i..i + 2)?, 16).ok()).collect()
}

fn misfit(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("the recipe does not fit: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_cases_can_be_rebuilt() {
        let cases = Case::all().unwrap();
        assert_eq!(cases.len(), 57);
        assert_eq!(cases.iter().filter(|c| c.expect.exit == 0).count(), 11);
        for case in cases {
            let folder = tempfile::tempdir().unwrap();
            case.rebuild(folder.path()).unwrap();
            // A corpus to compare with is not committed; where one is at hand, every byte must be the same.
            if let Some(corpus) = std::env::var_os("WALPROOF_CORPUS") {
                let original = Path::new(&corpus).join("damaged-15").join(&case.case).join("archive");
                for file in fs::read_dir(&original).unwrap() {
                    let name = file.unwrap().file_name();
                    assert!(
                        fs::read(original.join(&name)).unwrap() == fs::read(folder.path().join(&name)).unwrap(),
                        "{} {name:?}",
                        case.case
                    );
                }
                assert_eq!(
                    fs::read_dir(&original).unwrap().count(),
                    fs::read_dir(folder.path()).unwrap().count(),
                    "{}",
                    case.case
                );
            }
        }
    }

    #[test]
    fn one_flipped_bit() {
        let mut files = BTreeMap::from([("f".to_owned(), vec![0, 0])]);
        run(&Step::Flip { file: "f".into(), offset: 1, bit: 3 }, &mut files).unwrap();
        assert_eq!(files["f"], [0, 8]);
        assert!(run(&Step::Flip { file: "f".into(), offset: 2, bit: 3 }, &mut files).is_err());
    }
}
