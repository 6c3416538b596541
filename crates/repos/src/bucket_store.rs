//! A bucket of an object store.

use crate::store::{ItemKind, Store, StoreItem};
use pgwal_source::bucket::{Bucket, BucketItem, BucketSource};
use pgwal_source::{Extent, Refusal, Source, SourceError, Stored};
use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;

/// A bucket, or a prefix in it.
pub struct BucketStore(Arc<Bucket>);

impl BucketStore {
    /// Looks into a bucket that was opened.
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
        let listed = self.0.list(folder, &mut |item| {
            items.push(match item {
                BucketItem::Folder(name) => StoreItem { name, kind: ItemKind::Folder },
                BucketItem::Object(name, size, _) => StoreItem { name, kind: ItemKind::File(size) },
            });
        });
        match listed {
            Err(error) if error.is_gone() => Ok(Vec::new()),
            Err(error) => Err(error),
            Ok(()) => {
                items.sort();
                Ok(items)
            }
        }
    }

    fn read(&self, file: &str, limit: u64) -> Result<Option<Vec<u8>>, SourceError> {
        let object = match self.0.object(file, Extent::Whole) {
            Err(error) if error.is_gone() => return Ok(None),
            object => object?,
        };
        let mut bytes = Vec::new();
        match object.take(limit).read_to_end(&mut bytes) {
            Ok(_) => Ok(Some(bytes)),
            Err(error) => match error.get_ref().and_then(|inner| inner.downcast_ref::<SourceError>()) {
                Some(own) if own.is_gone() => Ok(None),
                Some(own) => Err(own.clone()),
                None => Err(SourceError::foreign(file, Refusal::OutOfReach, error)),
            },
        }
    }

    fn open(&self, file: &str) -> Result<Option<Box<dyn Stored + '_>>, SourceError> {
        match self.0.object(file, Extent::Whole) {
            Err(error) if error.is_gone() => Ok(None),
            object => object.map(Some),
        }
    }

    fn wal(&self, folders: &[String]) -> Result<Box<dyn Source>, SourceError> {
        Ok(Box::new(BucketSource::new(Arc::clone(&self.0), folders.to_vec())))
    }

    fn path(&self, _: &str) -> Option<PathBuf> {
        None
    }
}
