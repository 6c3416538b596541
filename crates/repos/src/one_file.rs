//! One file of a store as a source, for whoever wants it decrypted and unpacked.

use pgwal_source::{AsOf, Entry, Extent, Keys, Listing, Local, Refusal, Source, SourceError, Stamp, Stored};

/// Opens the stored bytes; `None` where there is no such file.
type OpenFile<'a> = dyn Fn() -> Result<Option<Box<dyn Stored + 'a>>, SourceError> + Send + Sync + 'a;

/// One file. It is not listed: whoever reads it knows its name.
pub(crate) struct OneFile<'a> {
    /// Where it lies.
    pub place: String,
    /// What may open it.
    pub keys: &'a Keys,
    /// Its stored bytes.
    pub open: &'a OpenFile<'a>,
}

impl Source for OneFile<'_> {
    fn describe(&self) -> String {
        self.place.clone()
    }

    fn list(&self) -> Result<Listing, SourceError> {
        Ok(Listing::default())
    }

    fn open(&self, entry: &Entry, _: Extent) -> Result<Box<dyn Stored + '_>, SourceError> {
        (self.open)()?.ok_or_else(|| SourceError::foreign(entry.shown(), Refusal::Gone, "it is not there"))
    }

    fn stamp(&self, _: &Entry) -> Option<Stamp> {
        None
    }

    fn as_of(&self, _: &Entry) -> AsOf {
        AsOf::Now
    }

    fn is_live(&self) -> bool {
        false
    }

    fn keys(&self, _: &Entry) -> Option<&Keys> {
        Some(self.keys).filter(|keys| !keys.is_empty())
    }

    fn local(&self) -> Option<&dyn Local> {
        None
    }
}
