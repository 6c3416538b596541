//! An archive in memory.

use pgwal_craft::CraftedArchive;
use pgwal_source::{AsOf, Entry, Extent, Keys, Listing, Local, Refusal, Source, SourceError, Stamp, Stored};
use std::io::Cursor;

/// Names and bytes.
pub(crate) struct Memory(Vec<(String, Vec<u8>)>);

impl Memory {
    pub fn of(archive: &CraftedArchive) -> Memory {
        let bytes = |content: &pgwal_craft::Sparse| content.bytes(0, content.size() as usize);
        Memory(archive.files.iter().map(|f| (f.name.to_string(), bytes(&f.content))).collect())
    }
}

#[rustfmt::skip]
impl Source for Memory {
    fn describe(&self) -> String { "memory".into() }
    fn list(&self) -> Result<Listing, SourceError> {
        Ok(Listing::of(self.0.iter().map(|(name, bytes)| Entry::named(name, Some(bytes.len() as u64))).collect()))
    }
    fn open(&self, entry: &Entry, _: Extent) -> Result<Box<dyn Stored + '_>, SourceError> {
        let gone = || SourceError::foreign(entry.shown(), Refusal::Gone, "no such file");
        let (_, bytes) = self.0.iter().find(|(name, _)| *name == entry.id()).ok_or_else(gone)?;
        Ok(Box::new(Cursor::new(bytes.as_slice())))
    }
    fn keys(&self, _: &Entry) -> Option<&Keys> { None }
    fn stamp(&self, _: &Entry) -> Option<Stamp> { None }
    fn as_of(&self, _: &Entry) -> AsOf { AsOf::Now }
    fn is_live(&self) -> bool { false }
    fn local(&self) -> Option<&dyn Local> { None }
}
