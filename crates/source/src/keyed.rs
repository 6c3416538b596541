//! A source with keys for what is encrypted in it.

use crate::find::NameSought;
use crate::key::Keys;
use crate::source::{AsOf, Extent, Local};
use crate::{Entry, Listing, Source, SourceError, Stamp, Stored};

/// The same source, whose encrypted files these keys may open.
pub fn with_keys(source: Box<dyn Source>, keys: Keys) -> Box<dyn Source> {
    if keys.is_empty() { source } else { Box::new(KeyedSource { source, keys }) }
}

struct KeyedSource {
    source: Box<dyn Source>,
    keys: Keys,
}

impl Source for KeyedSource {
    fn describe(&self) -> String {
        self.source.describe()
    }

    fn list(&self) -> Result<Listing, SourceError> {
        self.source.list()
    }

    fn find(&self, sought: &NameSought) -> Result<Listing, SourceError> {
        self.source.find(sought)
    }

    fn open(&self, entry: &Entry, extent: Extent) -> Result<Box<dyn Stored + '_>, SourceError> {
        self.source.open(entry, extent)
    }

    fn keys(&self, entry: &Entry) -> Option<&Keys> {
        // A repository knows its own.
        self.source.keys(entry).or(Some(&self.keys))
    }

    fn stamp(&self, entry: &Entry) -> Option<Stamp> {
        self.source.stamp(entry)
    }

    fn as_of(&self, entry: &Entry) -> AsOf {
        self.source.as_of(entry)
    }

    fn is_live(&self) -> bool {
        self.source.is_live()
    }

    fn local(&self) -> Option<&dyn Local> {
        self.source.local()
    }
}
