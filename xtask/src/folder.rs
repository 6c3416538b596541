//! A folder of WAL to measure on.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

/// Its plain segments.
pub struct Folder {
    /// Where it is.
    pub path: PathBuf,
    /// The first segment's name.
    pub first: String,
    /// The last segment's name.
    pub last: String,
    /// Bytes in all segments.
    pub bytes: u64,
    /// Those of one.
    pub segment: u64,
}

impl Folder {
    /// Look at it.
    pub fn open(path: &Path) -> Result<Self> {
        let segments = segments(path)?;
        let (first, last) =
            segments.first().zip(segments.last()).with_context(|| format!("no segments in {}", path.display()))?;
        Ok(Self {
            path: path.to_owned(),
            first: first.0.clone(),
            last: last.0.clone(),
            bytes: segments.iter().map(|s| s.1).sum(),
            segment: first.1,
        })
    }

    /// The names of its segments, in order.
    pub fn names(&self) -> Result<Vec<String>> {
        Ok(segments(&self.path)?.into_iter().map(|(name, _)| name).collect())
    }

    /// Its last path component.
    pub fn name(&self) -> String {
        self.path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned())
    }

    /// Its size in MiB.
    pub fn mib(&self) -> u64 {
        self.bytes >> 20
    }
}

/// Names and sizes, in order.
fn segments(path: &Path) -> Result<Vec<(String, u64)>> {
    let mut segments = Vec::new();
    for file in fs::read_dir(path).with_context(|| path.display().to_string())? {
        let file = file?;
        let name = file.file_name().to_string_lossy().into_owned();
        if name.len() == 24 && name.bytes().all(|b| b.is_ascii_hexdigit()) {
            segments.push((name, file.metadata()?.len()));
        }
    }
    segments.sort();
    Ok(segments)
}
