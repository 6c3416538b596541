//! Files that wait to be archived, beside the one that is handed out.

use super::{PushAnswer, PushOptions, push};
use crate::destination::Destination;
use crate::fault::ShipFault;
use pgwal_format::FileName;
use std::path::{Path, PathBuf};

/// As [`push`], with up to `jobs` less one of the segments that wait behind this one, at the same time. What becomes of
/// those is found out when the server hands them out: only then they are acknowledged.
///
/// # Errors
/// As [`push`].
pub fn push_along(
    path: &Path,
    destinations: &[&dyn Destination],
    options: &PushOptions,
    jobs: usize,
) -> Result<PushAnswer, ShipFault> {
    let along = if jobs > 1 { waiting(path, jobs - 1) } else { Vec::new() };
    // What is remembered of the one before is for those that come in order.
    let alone = PushOptions { state: None, index: None, ..options.clone() };
    std::thread::scope(|scope| {
        for file in &along {
            scope.spawn(|| push(file, destinations, &alone).is_ok_and(|answer| answer.is_done()));
        }
        push(path, destinations, options)
    })
}

/// The next files behind this one that the server has marked as ready, oldest first: at most so many.
pub fn waiting(path: &Path, most: usize) -> Vec<PathBuf> {
    let name = |path: &Path| FileName::parse(path.file_name()?.to_str()?);
    let (Some(own), Some(wal)) = (name(path), path.parent()) else { return Vec::new() };
    let Ok(folder) = std::fs::read_dir(wal.join("archive_status")) else { return Vec::new() };
    let ready = folder.flatten().filter_map(|entry| {
        let name = FileName::parse(entry.file_name().to_str()?.strip_suffix(".ready")?)?;
        matches!(name, FileName::Segment(_)).then_some(name)
    });
    let mut ready: Vec<FileName> = ready.filter(|name| *name > own).collect();
    ready.sort_unstable();
    ready.into_iter().take(most).map(|name| wal.join(name.to_string())).collect()
}
