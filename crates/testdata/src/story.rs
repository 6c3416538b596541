//! Stories: a folder of WAL and the JSON file beside it that says what is known of it.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use crate::{
    packed::{plain_name, read_plain},
    root,
};

/// A folder of WAL from one server, `testdata/VERSION/STORY`.
#[derive(Debug, Deserialize)]
#[non_exhaustive]
pub struct Story {
    /// The major version that wrote it, as PostgreSQL names it: `8.2`, `15`.
    pub version: String,
    /// The folder's name.
    pub story: String,
    /// What it shows, in a sentence.
    pub what: String,
    /// Bytes per segment.
    pub segment_size: u64,
    /// Names of the `.partial` files.
    pub partial: Vec<String>,
    /// Each timeline with complete segments, lowest first.
    pub timelines: Vec<TimelineFacts>,
}

/// What is known of a timeline's complete segments in a story.
#[derive(Debug, Deserialize)]
#[non_exhaustive]
pub struct TimelineFacts {
    /// The timeline's number.
    pub timeline: u32,
    /// Name of its first segment here.
    pub first: String,
    /// Name of its last segment here (in a live directory, of the last recycled one).
    pub last: String,
    /// How many segments.
    pub segments: u64,
    /// Records that start and end in them, as a reference program lists them; `None` where none did.
    pub records: Option<u64>,
    /// Where no reference program did: what walproof counted once.
    pub records_by_walproof: Option<u64>,
}

impl Story {
    /// Every story, sorted by version's name and story.
    ///
    /// # Errors
    /// What the file system says, or that a JSON file is not as expected.
    pub fn all() -> io::Result<Vec<Self>> {
        let mut found = Vec::new();
        for version in fs::read_dir(root())? {
            let version = version?.path();
            if !version.is_dir() {
                continue;
            }
            for file in fs::read_dir(&version)? {
                let file = file?.path();
                if file.extension().is_some_and(|e| e == "json") && file.with_extension("").is_dir() {
                    found.push(serde_json::from_slice::<Self>(&fs::read(&file)?)?);
                }
            }
        }
        found.sort_by(|a, b| (&a.version, &a.story).cmp(&(&b.version, &b.story)));
        Ok(found)
    }

    /// The folder that holds it, files compressed.
    pub fn folder(&self) -> PathBuf {
        root().join(&self.version).join(&self.story)
    }

    /// Write its files into `to` as the server had them, not compressed.
    ///
    /// # Errors
    /// What the file system or a decoder says.
    pub fn unpack(&self, to: &Path) -> io::Result<()> {
        for file in fs::read_dir(self.folder())? {
            let file = file?.path();
            fs::write(to.join(plain_name(&file)), read_plain(&file)?)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_segment_has_its_size() {
        let stories = Story::all().unwrap();
        assert!(stories.len() >= 18, "{} stories", stories.len());
        for story in stories {
            let folder = tempfile::tempdir().unwrap();
            story.unpack(folder.path()).unwrap();
            let whole = fs::read_dir(folder.path())
                .unwrap()
                .map(|f| f.unwrap())
                .filter(|f| f.file_name().len() == 24)
                .collect::<Vec<_>>();
            assert!(
                whole.iter().all(|f| f.metadata().unwrap().len() == story.segment_size),
                "{} {}",
                story.version,
                story.story
            );
            assert_eq!(
                whole.len() as u64,
                story.timelines.iter().map(|t| t.segments).sum::<u64>(),
                "{} {}",
                story.version,
                story.story
            );
        }
    }
}
