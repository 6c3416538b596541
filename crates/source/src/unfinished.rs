//! Unfinished segments, where they are the last WAL of a timeline: read as the segments that they were to become.

use crate::key::Keys;
use crate::source::{AsOf, Extent, Local};
use crate::{Entry, Listing, Source, SourceError, Stamp, Stored};
use pgwal_format::{FileName, SegmentName, TimelineId};
use std::collections::BTreeMap;

/// A source whose last `.partial` of a timeline counts as a segment, where no segment of that timeline lies there or
/// behind it. A server that is promoted leaves what its old primary wrote last in such a file, and no server reads it.
pub struct UnfinishedSource<'s>(&'s dyn Source);

impl<'s> UnfinishedSource<'s> {
    /// Of what lies there.
    pub fn new(source: &'s dyn Source) -> UnfinishedSource<'s> {
        UnfinishedSource(source)
    }

    /// The unfinished segments that count: what they were to become, and as they are shown.
    ///
    /// # Errors
    /// As [`Source::list`].
    pub fn taken(&self) -> Result<Vec<(SegmentName, String)>, SourceError> {
        let listing = self.0.list()?;
        let last = last_ones(&listing.entries);
        let taken = listing.entries.iter().filter_map(|entry| Some((whole_name(entry, &last)?, entry.shown())));
        Ok(taken.collect())
    }
}

/// The unfinished segments behind which nothing of their timeline lies.
fn last_ones(entries: &[Entry]) -> BTreeMap<TimelineId, SegmentName> {
    let (mut whole, mut unfinished) = (BTreeMap::new(), BTreeMap::new());
    for name in entries.iter().filter_map(|entry| entry.name) {
        // Of one timeline, names are in the order of what they name.
        let (known, name) = match name {
            FileName::Segment(name) => (&mut whole, name),
            FileName::Partial(name) => (&mut unfinished, name),
            FileName::History(_) | FileName::BackupHistory(..) => continue,
        };
        let last = known.entry(name.timeline).or_insert(name);
        *last = (*last).max(name);
    }
    unfinished.retain(|timeline, name| whole.get(timeline).is_none_or(|last| last < name));
    unfinished
}

/// What an unfinished segment was to become, if it is one that counts.
fn whole_name(entry: &Entry, last: &BTreeMap<TimelineId, SegmentName>) -> Option<SegmentName> {
    match entry.name {
        Some(FileName::Partial(name)) if last.get(&name.timeline) == Some(&name) => Some(name),
        _ => None,
    }
}

impl Source for UnfinishedSource<'_> {
    fn describe(&self) -> String {
        self.0.describe()
    }

    fn list(&self) -> Result<Listing, SourceError> {
        let mut listing = self.0.list()?;
        let last = last_ones(&listing.entries);
        for entry in &mut listing.entries {
            if let Some(name) = whole_name(entry, &last) {
                entry.name = Some(FileName::Segment(name));
            }
        }
        Ok(listing.sorted())
    }

    fn open(&self, entry: &Entry, extent: Extent) -> Result<Box<dyn Stored + '_>, SourceError> {
        self.0.open(entry, extent)
    }

    fn keys(&self, entry: &Entry) -> Option<&Keys> {
        self.0.keys(entry)
    }

    fn stamp(&self, entry: &Entry) -> Option<Stamp> {
        self.0.stamp(entry)
    }

    fn as_of(&self, entry: &Entry) -> AsOf {
        self.0.as_of(entry)
    }

    fn is_live(&self) -> bool {
        self.0.is_live()
    }

    fn local(&self) -> Option<&dyn Local> {
        self.0.local()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn the_last_of_a_timeline_counts_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let names = [
            "000000010000000000000001",
            "000000010000000000000002.partial",
            "000000010000000000000003.partial",
            "000000020000000000000003",
            "000000020000000000000003.partial",
        ];
        names.iter().for_each(|name| fs::write(folder.path().join(name), name).unwrap());
        let below = crate::open(&[folder.path().to_path_buf()]).unwrap();
        let source = UnfinishedSource::new(below.as_ref());
        let third = SegmentName::parse("000000010000000000000003").unwrap();
        assert_eq!(source.taken().unwrap(), [(third, names[2].to_owned())]);
        let listed = source.list().unwrap().entries;
        let segment = |entry: &&Entry| matches!(entry.name, Some(FileName::Segment(_)));
        let segments: Vec<&Entry> = listed.iter().filter(segment).collect();
        let shown: Vec<String> = segments.iter().map(|entry| entry.shown()).collect();
        assert_eq!(shown, [names[0], names[2], names[3]]);
        assert_eq!((&source as &dyn Source).small(segments[1], 100).unwrap().0, names[2].as_bytes());
    }
}
