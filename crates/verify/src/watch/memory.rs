//! An index that nobody keeps: it is there as long as somebody watches.

use crate::index::Index;
use pgwal_source::{SourceError, VersionedFile};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

/// The bytes of an index in memory, and how often they were written.
#[derive(Clone, Debug, Default)]
pub struct IndexMemory(Arc<Mutex<(u64, Option<Vec<u8>>)>>);

impl IndexMemory {
    /// The index.
    ///
    /// # Errors
    /// Those of [`Index::open_in`].
    pub fn open(&self) -> io::Result<Index> {
        Index::open_in(Box::new(self.clone()))
    }

    /// Forgets it.
    pub fn forget(&self) {
        self.lock().1 = None;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, (u64, Option<Vec<u8>>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl VersionedFile for IndexMemory {
    fn describe(&self) -> String {
        "memory".to_owned()
    }

    fn load(&self, _: u64) -> Result<Option<(Vec<u8>, String)>, SourceError> {
        let (version, bytes) = &*self.lock();
        Ok(bytes.clone().map(|bytes| (bytes, version.to_string())))
    }

    fn store(&self, bytes: &[u8], over: Option<&str>) -> Result<bool, SourceError> {
        let mut own = self.lock();
        if own.1.as_ref().map(|_| own.0.to_string()).as_deref() != over {
            return Ok(false);
        }
        *own = (own.0 + 1, Some(bytes.to_vec()));
        Ok(true)
    }
}
