//! A part of an archive, as a source of its own.

use pgwal_source::{AsOf, Entry, Extent, HeldEntry, Keys, Listing, Local, Refusal, Source, SourceError, Stamp, Stored};
use std::path::PathBuf;

/// A part of an archive.
pub(crate) struct FilteredSource<'a> {
    /// All of it.
    pub whole: &'a dyn Source,
    /// What belongs to it.
    pub holds: Box<dyn Fn(&Entry) -> bool + Send + Sync + 'a>,
}

impl Source for FilteredSource<'_> {
    fn describe(&self) -> String {
        self.whole.describe()
    }

    fn list(&self) -> Result<Listing, SourceError> {
        let listing = self.whole.list()?;
        Ok(Listing { entries: listing.entries.into_iter().filter(|e| (self.holds)(e)).collect(), ..listing })
    }

    fn open(&self, entry: &Entry, extent: Extent) -> Result<Box<dyn Stored + '_>, SourceError> {
        self.whole.open(entry, extent)
    }

    fn keys(&self, entry: &Entry) -> Option<&Keys> {
        self.whole.keys(entry)
    }

    fn stamp(&self, entry: &Entry) -> Option<Stamp> {
        self.whole.stamp(entry)
    }

    fn as_of(&self, entry: &Entry) -> AsOf {
        self.whole.as_of(entry)
    }

    fn local(&self) -> Option<&dyn Local> {
        // Its files may be mapped. That it holds a server's control file says nothing here: no server goes on in it.
        self.whole.local().is_some().then_some(self)
    }

    fn is_live(&self) -> bool {
        false
    }
}

impl Local for FilteredSource<'_> {
    fn path(&self, entry: &Entry) -> PathBuf {
        self.whole.local().map_or_else(PathBuf::new, |local| local.path(entry))
    }

    fn may_read(&self, entry: &Entry) -> bool {
        self.whole.may_read(entry)
    }

    fn hold(&self, entry: &Entry) -> Result<HeldEntry, SourceError> {
        let none = || SourceError::foreign(entry.shown(), Refusal::Other, "cannot be kept open");
        self.whole.hold(entry)?.ok_or_else(none)
    }

    fn control_file(&self) -> Option<Vec<u8>> {
        None
    }
}
