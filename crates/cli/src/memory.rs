//! The options that say where an index lies, and opening it.

use crate::input::{At, InputOptions};
use crate::output::folder_of;
use anyhow::{Context, ensure};
use pgwal::source::name::OWN_SUFFIX;
use pgwal::source::tar_at;
use pgwal::verify::index::Index;
use std::path::{Path, PathBuf};

/// What earlier runs proved.
#[derive(clap::Args)]
pub struct Memory {
    /// Remember in FILE what was proven; read only what is new or changed since
    ///
    /// An object in a bucket is one as well: s3://BUCKET/NAME, outside of the archive.
    #[arg(long, value_name = "FILE")]
    pub index: Option<PathBuf>,
    /// Read a share of the unchanged segments again, those first that were not read for longest: 1/30 reads each within
    /// 30 runs
    #[arg(long, value_name = "N/M", requires = "index", value_parser = share)]
    pub reread: Option<(u32, u32)>,
}

fn share(text: &str) -> Result<(u32, u32), String> {
    let parts = text.split_once('/').and_then(|(part, of)| Some((part.parse().ok()?, of.parse().ok()?)));
    parts.filter(|&(part, of)| part <= of && of > 0).ok_or_else(|| "a share, as 1/30 or 1/1".to_owned())
}

impl Memory {
    /// Opens the index, where one was named.
    pub fn open(&self, input: &InputOptions, depth: At) -> anyhow::Result<Option<Index>> {
        let Some(path) = &self.index else { return Ok(None) };
        ensure!(depth == At::Records, "--index remembers what records came to: use it without --depth");
        let named = input.named();
        if let [one] = named.as_slice()
            && !is_url(one)
            && std::fs::metadata(one).is_err()
        {
            input.open()?;
        }
        for archive in named.iter().chain(&input.reading.from.from) {
            let is_tar = || archive.is_file() && matches!(tar_at(archive, None), Ok(Some(_)));
            ensure!(
                is_url(archive) || archive.is_dir() || is_tar(),
                "an index is of a whole archive: name its folder, not {}",
                if named.len() > 1 { "files" } else { "a file" }
            );
            refuse_inside(path, archive)?;
        }
        let mut index = open_index(path)?;
        if let Some((part, of)) = self.reread {
            index.reread(part, of);
        }
        Ok(Some(index))
    }
}

/// Whether it names an object store.
#[cfg(feature = "stores")]
pub fn is_url(path: &Path) -> bool {
    path.to_str().is_some_and(pgwal::source::bucket::is_url)
}

/// No object store is read.
#[cfg(not(feature = "stores"))]
pub fn is_url(_: &Path) -> bool {
    false
}

/// The index of an archive.
pub fn open_index_of(path: &Path, archive: Option<&Path>) -> anyhow::Result<Index> {
    archive.map_or(Ok(()), |archive| refuse_inside(path, archive))?;
    open_index(path)
}

fn open_index(path: &Path) -> anyhow::Result<Index> {
    opened(path).with_context(|| format!("the index {} cannot be used", path.display()))
}

/// A file, or an object in a bucket.
fn opened(path: &Path) -> anyhow::Result<Index> {
    #[cfg(feature = "stores")]
    if let Some(url) = path.to_str().filter(|_| is_url(path)) {
        use pgwal::source::bucket::{BucketFile, BucketSettings};
        let file = BucketFile::open(url, &BucketSettings::of_process())?;
        return Ok(Index::open_in(Box::new(file))?);
    }
    Ok(Index::open(path)?)
}

/// An index in the archive must have a name that no run takes for a file of the archive.
fn refuse_inside(path: &Path, archive: &Path) -> anyhow::Result<()> {
    let inside = match (folder_of(path).canonicalize(), archive.canonicalize()) {
        (Ok(folder), Ok(archive)) => folder.starts_with(archive),
        _ => false,
    };
    let inside = inside || is_url(archive) && path.starts_with(archive);
    let own = path.file_name().is_some_and(|name| name.to_string_lossy().ends_with(OWN_SUFFIX));
    ensure!(
        !inside || own,
        "{} lies in the archive itself: write it elsewhere, or give it a name that ends with {OWN_SUFFIX}",
        path.display()
    );
    Ok(())
}
