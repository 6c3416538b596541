//! A mended copy of an archive: of each file the good one of two, plain, under the server's name. Until all of it is
//! there, its files have names that nobody takes for WAL.

use anyhow::{Context, bail, ensure};
use pgwal::format::{FileName, SegmentName};
use pgwal::source::name::OWN_SUFFIX;
use pgwal::source::{Entry, How, ReadState, Scratch, Source, open};
use pgwal::verify::compare::{Comparison, CopyDifference, RightCopy};
use pgwal::verify::{Options, verify};
use pgwal_report::compare::WrittenCopy;
use pgwal_report::time::Zone;
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::hash::{DefaultHasher, Hasher};
use std::io::{self, Read, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// The folder of a mended copy, made before anything is compared.
pub struct MendedCopy {
    folder: PathBuf,
}

impl MendedCopy {
    /// The folder is outside of both, and there is nothing in it yet.
    pub fn new(folder: &Path, both: [&PathBuf; 2]) -> anyhow::Result<MendedCopy> {
        let shown = folder.display();
        fs::create_dir_all(folder).with_context(|| shown.to_string())?;
        let real = folder.canonicalize().with_context(|| shown.to_string())?;
        for place in both {
            // A place that is no path of this machine has nothing inside of it.
            let Ok(own) = place.canonicalize() else { continue };
            let own = if own.is_dir() { own } else { own.parent().map(Path::to_path_buf).unwrap_or(own) };
            ensure!(
                !real.starts_with(&own),
                "{shown} lies in {}: a mended copy is written outside of both",
                place.display()
            );
        }
        let there = fs::read_dir(folder).with_context(|| shown.to_string())?;
        let there: Vec<PathBuf> = there.flatten().map(|entry| entry.path()).collect();
        let is_part = |path: &PathBuf| path.to_str().is_some_and(|path| path.ends_with(OWN_SUFFIX));
        ensure!(
            there.is_empty() || !there.iter().all(is_part),
            "{shown} holds a mended copy that was broken off: remove it, or name another folder"
        );
        ensure!(there.is_empty(), "{shown} is not empty: a mended copy is written into a new or empty folder");
        Ok(MendedCopy { folder: folder.to_path_buf() })
    }

    /// Writes what is good, reads it again, and verifies it.
    pub fn write(
        &self,
        sources: [&dyn Source; 2],
        found: &Comparison,
        chosen: &[(SegmentName, usize, Entry)],
        options: &Options<'_>,
    ) -> anyhow::Result<WrittenCopy> {
        let parted = found.segments.iter().find(|segment| matches!(segment.difference, CopyDifference::Records(..)));
        if let Some(segment) = parted.filter(|segment| segment.right == RightCopy::Unknown) {
            bail!("two histories meet in {}: which of them is meant has to be said by copying that one", segment.name);
        }
        let mut files = [0, 0];
        let segments = chosen.iter().map(|(name, side, entry)| (name.to_string(), *side, entry.clone()));
        let all: Vec<(String, usize, Entry)> = segments.chain(self.beside(sources, found)?).collect();
        for (name, side, entry) in &all {
            self.copy(sources[*side], entry, name)?;
            files[*side] += 1;
        }
        for (name, ..) in &all {
            let path = self.folder.join(name);
            fs::rename(self.part(name), &path).with_context(|| cannot_write(&path))?;
        }
        File::open(&self.folder)
            .and_then(|folder| folder.sync_all())
            .with_context(|| self.folder.display().to_string())?;
        let left_out = found.segments.iter().filter(|segment| segment.right == RightCopy::Neither);
        let left_out = left_out.map(|segment| &segment.name).chain(&found.alike_damaged).map(ToString::to_string);
        let outcome = verify(open(std::slice::from_ref(&self.folder))?.as_ref(), &options.beside())?;
        let why = outcome.worst().map(|worst| Zone::utc().message(worst, outcome.layout.as_ref()));
        let verdict = outcome.verdict;
        Ok(WrittenCopy { folder: self.folder.clone(), files, left_out: left_out.collect(), verdict, why })
    }

    /// Histories, backups and unfinished segments: the first side's, unless the other's alone makes sense.
    fn beside(&self, sources: [&dyn Source; 2], found: &Comparison) -> anyhow::Result<Vec<(String, usize, Entry)>> {
        let mut out: BTreeMap<String, (usize, Entry)> = BTreeMap::new();
        for (side, source) in sources.into_iter().enumerate() {
            for entry in source.list()?.entries {
                let Some(name) = entry.name.filter(|name| !matches!(name, FileName::Segment(_))) else { continue };
                let name = name.to_string();
                let right = found.files.iter().find(|file| file.name == name).map(|file| file.right);
                let taken = match right {
                    Some(RightCopy::B) => side == 1,
                    Some(RightCopy::Neither) => false,
                    _ => side == 0 || !out.contains_key(&name),
                };
                if taken {
                    out.entry(name).or_insert((side, entry));
                }
            }
        }
        Ok(out.into_iter().map(|(name, (side, entry))| (name, side, entry)).collect())
    }

    /// Where a file lies before all are there.
    fn part(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}{OWN_SUFFIX}"))
    }

    /// Writes the plain bytes of a file, and reads them again.
    fn copy(&self, source: &dyn Source, entry: &Entry, name: &str) -> anyhow::Result<()> {
        let path = self.part(name);
        let shown = || cannot_write(&self.folder.join(name));
        let mut file = OpenOptions::new().write(true).create_new(true).open(&path).with_context(shown)?;
        let (mut failed, mut written): (Option<io::Error>, _) = (None, DefaultHasher::new());
        let read = source.read(entry, &How::default(), &mut Scratch::default(), &mut |window| {
            written.write(window);
            match file.write_all(window) {
                Ok(()) => ControlFlow::Continue(()),
                Err(error) => {
                    failed = Some(error);
                    ControlFlow::Break(())
                }
            }
        })?;
        if let Some(error) = failed {
            return Err(error).with_context(shown);
        }
        ensure!(
            read.state == ReadState::Whole,
            "{}: it is not the same any more as when it was compared",
            entry.shown()
        );
        file.sync_all().with_context(shown)?;
        let (mut again, mut file) = (DefaultHasher::new(), File::open(&path).with_context(shown)?);
        let mut window = vec![0; 256 << 10];
        loop {
            let count = file.read(&mut window).with_context(shown)?;
            again.write(window.get(..count).unwrap_or(&[]));
            if count == 0 {
                break;
            }
        }
        ensure!(again.finish() == written.finish(), "{}: what was written is not what is read there", path.display());
        Ok(())
    }
}

fn cannot_write(path: &Path) -> String {
    format!("cannot write {}", path.display())
}
