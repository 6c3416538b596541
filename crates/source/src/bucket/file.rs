//! An object that is written as well: never one of WAL.

use super::{Bucket, BucketSettings, refusal, runtime};
use crate::name::{self, NamePlace};
use crate::versioned::VersionedFile;
use crate::{Refusal, SourceError};
use object_store::path::Path as Key;
use object_store::{Error, GetOptions, PutMode, PutOptions, UpdateVersion};
use std::fmt;

/// An object that is written only over the version that was read.
pub struct BucketFile {
    bucket: Bucket,
    key: Key,
}

impl BucketFile {
    /// The object that a URL names.
    ///
    /// # Errors
    /// It names none, or one with the name of WAL; or the bucket cannot be opened.
    pub fn open(url: &str, settings: &BucketSettings) -> Result<BucketFile, SourceError> {
        let refused = |why: &str| SourceError::foreign(url, Refusal::Other, why);
        let (above, name) = url.rsplit_once('/').unwrap_or((url, ""));
        if name.is_empty() || above.ends_with('/') {
            return Err(refused("it names no object in a bucket"));
        }
        if matches!(name::place(name), NamePlace::Wal(_)) {
            return Err(refused("that is the name of WAL, which is never written here"));
        }
        let bucket = Bucket::open(above, settings, None)?;
        let key = Key::parse(bucket.key(name)).map_err(|error| refused(&error.to_string()))?;
        Ok(BucketFile { bucket, key })
    }
}

impl fmt::Debug for BucketFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BucketFile").field("place", &self.describe()).finish_non_exhaustive()
    }
}

impl VersionedFile for BucketFile {
    fn describe(&self) -> String {
        format!("{}/{}", self.bucket.describe(), self.key.filename().unwrap_or_default())
    }

    fn load(&self, limit: u64) -> Result<Option<(Vec<u8>, String)>, SourceError> {
        let refused = |error: &Error| refusal::of(&self.describe(), error);
        let got = match runtime::wait(self.bucket.store.get_opts(&self.key, GetOptions::default()))? {
            Err(Error::NotFound { .. }) => return Ok(None),
            got => got.map_err(|error| refused(&error))?,
        };
        if got.meta.size > limit {
            let text = format!("it is larger than {limit} bytes: it is not read");
            return Err(SourceError::foreign(self.describe(), Refusal::Other, text));
        }
        let version = got.meta.e_tag.clone().unwrap_or_default();
        let bytes = runtime::wait(got.bytes())?.map_err(|error| refused(&error))?;
        Ok(Some((bytes.to_vec(), version)))
    }

    fn store(&self, bytes: &[u8], over: Option<&str>) -> Result<bool, SourceError> {
        let mode = match over {
            Some(tag) => PutMode::Update(UpdateVersion { e_tag: Some(tag.to_owned()), version: None }),
            None => PutMode::Create,
        };
        let options = PutOptions { mode, ..PutOptions::default() };
        match runtime::wait(self.bucket.store.put_opts(&self.key, bytes.to_vec().into(), options))? {
            Ok(_) => Ok(true),
            Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => Ok(false),
            // It was there, and was taken away.
            Err(Error::NotFound { .. }) if over.is_some() => Ok(false),
            Err(error) => Err(refusal::of(&self.describe(), &error)),
        }
    }
}
