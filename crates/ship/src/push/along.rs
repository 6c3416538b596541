//! Files that wait to be archived, beside the one that is handed out.

use super::{PushAnswer, PushOptions, push};
use crate::destination::Destination;
use crate::fault::ShipFault;
use pgwal_format::FileName;
use std::path::{Path, PathBuf};

/// How many of those that wait are looked for at the destinations.
const LOOKED: usize = 256;

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
    // What a command before has taken along lies there by now, and is looked at when its turn comes.
    let is_missing = |file: &PathBuf| {
        let name = file.file_name().and_then(|name| FileName::parse(name.to_str()?));
        name.is_some_and(|name| destinations.iter().any(|place| place.holds(name).is_ok_and(|held| held.is_empty())))
    };
    let along = if jobs > 1 { waiting(path, LOOKED) } else { Vec::new() };
    let along: Vec<PathBuf> = along.into_iter().filter(is_missing).take(jobs.saturating_sub(1)).collect();
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
