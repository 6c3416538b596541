//! A tar in which a repository lies.

use crate::store::{ItemKind, Store, StoreItem};
use pgwal_source::tar::TarFile;
use pgwal_source::{Source, SourceError, Stored};
use std::path::PathBuf;
use std::sync::Arc;

/// A tar that was looked through.
pub struct TarStore(Arc<TarFile>);

impl TarStore {
    /// Looks into it.
    pub fn new(tar: Arc<TarFile>) -> TarStore {
        TarStore(tar)
    }
}

impl Store for TarStore {
    fn describe(&self) -> String {
        self.0.describe().to_owned()
    }

    fn list(&self, folder: &str) -> Result<Vec<StoreItem>, SourceError> {
        let item = |(name, size): (String, Option<u64>)| StoreItem {
            name,
            kind: size.map_or(ItemKind::Folder, ItemKind::File),
        };
        Ok(self.0.list(folder).into_iter().map(item).collect())
    }

    fn read(&self, file: &str, limit: u64) -> Result<Option<Vec<u8>>, SourceError> {
        self.0.read(file, limit)
    }

    fn open(&self, file: &str) -> Result<Option<Box<dyn Stored + '_>>, SourceError> {
        self.0.member(file)
    }

    fn wal(&self, folders: &[String]) -> Result<Box<dyn Source>, SourceError> {
        Ok(self.0.wal(folders))
    }

    fn path(&self, _: &str) -> Option<PathBuf> {
        None
    }
}
