//! A bucket of an object store, or a prefix in one.

use crate::store::{ItemKind, Store, StoreItem};
use pgwal_source::bucket::{Bucket, BucketItem, BucketSource};
use pgwal_source::{Extent, Source, SourceError};
use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;

/// A bucket of an object store, or a prefix in one.
pub struct BucketStore(Arc<Bucket>);

impl BucketStore {
    /// A bucket that was opened.
    pub fn new(bucket: Bucket) -> BucketStore {
        BucketStore(Arc::new(bucket))
    }
}

impl Store for BucketStore {
    fn describe(&self) -> String {
        self.0.describe().to_owned()
    }

    fn list(&self, folder: &str) -> Result<Vec<StoreItem>, SourceError> {
        let mut items = Vec::new();
        self.0.list(folder, &mut |item| {
            items.push(match item {
                BucketItem::Folder(name) => StoreItem { name, kind: ItemKind::Folder },
                BucketItem::Object(name, size, _) => StoreItem { name, kind: ItemKind::File(size) },
            });
        })?;
        items.sort();
        Ok(items)
    }

    fn read(&self, file: &str, limit: u64) -> Result<Option<Vec<u8>>, SourceError> {
        // What is asked for so is small, or its beginning is.
        let stored = match self.0.object(file, Extent::Head) {
            Ok(stored) => stored,
            Err(error) if error.is_gone() => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut bytes = Vec::new();
        match stored.take(limit).read_to_end(&mut bytes) {
            Ok(_) => Ok(Some(bytes)),
            Err(error) => Err(SourceError::of_stored(file, &error)),
        }
    }

    fn wal(&self, folders: &[String]) -> Result<Box<dyn Source>, SourceError> {
        Ok(Box::new(BucketSource::new(Arc::clone(&self.0), folders.to_vec())))
    }

    fn path(&self, _: &str) -> Option<PathBuf> {
        None
    }
}
