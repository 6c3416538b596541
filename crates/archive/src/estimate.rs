//! What reading an archive would take, by its list alone: nothing of it is opened.

use crate::error::Error;
use crate::index::{Index, IndexSession};
use crate::look::Depth;
use crate::whose::{FirstPage, sample};
use pgwal_format::FileName;
use pgwal_source::{Entry, Source};
use std::collections::BTreeSet;

/// What reading an archive would take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadEstimate {
    /// Segments, unfinished ones too.
    pub segments: u64,
    /// Histories, and backups as the archive tells of them.
    pub small: u64,
    /// Segments that an index has, unchanged.
    pub known: u64,
    /// Bytes of all files, as stored.
    pub stored: u64,
    /// Files of which nobody knows the size before they are read.
    pub unsized_files: u64,
    /// At each depth.
    pub depths: Vec<DepthEstimate>,
}

/// What reading would take at one depth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DepthEstimate {
    /// How thoroughly.
    pub depth: Depth,
    /// Files that are opened.
    pub objects: u64,
    /// How often: of a sample of the segments, the beginning is read before.
    pub requests: u64,
    /// Bytes that are read, as stored. What is wrong is read once more.
    pub bytes: u64,
}

/// Says what reading a source would take. `index`: what it remembers is not read, where every record is looked at.
///
/// # Errors
/// The source cannot be listed.
pub fn estimate(source: &dyn Source, index: Option<&Index>) -> Result<ReadEstimate, Error> {
    let entries = source.list()?.entries;
    let is_segment = |e: &Entry| !matches!(e.name, Some(FileName::History(_) | FileName::BackupHistory(..)));
    let (segments, small): (Vec<usize>, Vec<usize>) =
        (0..entries.len()).partition(|&i| entries.get(i).is_some_and(is_segment));
    let session = index.map(|index| IndexSession::begin(index, source, &entries, source.is_live(), true));
    let known: BTreeSet<usize> = match &session {
        Some(session) => segments.iter().copied().filter(|&i| session.is_taken(i)).collect(),
        None => BTreeSet::new(),
    };
    let size = |i: &usize| entries.get(*i).and_then(|entry| entry.size).unwrap_or(0);
    let all_small: u64 = small.iter().map(size).sum();
    let asked = sample(&segments);
    let at = |depth: Depth| {
        // An index is about records.
        let is_new = |i: &&usize| depth < Depth::Records || !known.contains(i);
        let heads: Vec<usize> = asked.iter().filter(is_new).copied().collect();
        let whole: Vec<usize> = segments.iter().filter(|_| depth > Depth::Names).filter(is_new).copied().collect();
        let head_bytes: u64 = heads.iter().map(|i| size(i).min(FirstPage::BYTES as u64)).sum();
        let opened: BTreeSet<usize> = heads.iter().chain(&whole).chain(&small).copied().collect();
        DepthEstimate {
            depth,
            objects: opened.len() as u64,
            requests: (heads.len() + whole.len() + small.len()) as u64,
            bytes: head_bytes + whole.iter().map(size).sum::<u64>() + all_small,
        }
    };
    Ok(ReadEstimate {
        segments: segments.len() as u64,
        small: small.len() as u64,
        known: known.len() as u64,
        stored: (0..entries.len()).map(|i| size(&i)).sum(),
        unsized_files: entries.iter().filter(|entry| entry.size.is_none()).count() as u64,
        depths: [Depth::Names, Depth::Pages, Depth::Records].map(at).to_vec(),
    })
}
