//! An object store: an object is there whole or not at all, and is put on the condition that there is none of its name.

use super::folder::plain;
use super::{Destination, Publication, StagedFile, ToStage};
use crate::fault::{ShipFault, ShipStep};
use pgwal_format::FileName;
use pgwal_source::bucket::{Bucket, BucketSettings, BucketSource, PutEnd};
use pgwal_source::name::{NamePlace, place};
use pgwal_source::{Entry, Source};
use std::sync::Arc;

/// Digits that say the timeline in a name.
const TIMELINE: usize = 8;

/// A prefix in a bucket.
pub struct BucketDestination {
    bucket: Arc<Bucket>,
}

impl BucketDestination {
    /// Opens a place by its URL, with what the environment says of who asks.
    ///
    /// # Errors
    /// As [`Bucket::open`].
    pub fn open(url: &str) -> Result<BucketDestination, ShipFault> {
        Ok(BucketDestination { bucket: Arc::new(Bucket::open(url, &BucketSettings::of_process(), None)?) })
    }
}

impl Destination for BucketDestination {
    fn describe(&self) -> String {
        self.bucket.describe().to_owned()
    }

    fn holds(&self, name: FileName) -> Result<Vec<String>, ShipFault> {
        let begun = self.bucket.beginning_with(&name.to_string())?;
        Ok(begun.into_iter().filter(|stored| is_of(stored, name)).collect())
    }

    fn hold_both(&self, names: [FileName; 2]) -> Result<[Vec<String>; 2], ShipFault> {
        let words = names.map(|name| name.to_string());
        // Names of one timeline that are near each other come in one list.
        let held = match words.each_ref().map(|word| word.get(..TIMELINE)) {
            [Some(first), Some(second)] if first == second => {
                self.bucket.between(words.each_ref().map(String::as_str))?
            }
            _ => return Ok([self.holds(names[0])?, self.holds(names[1])?]),
        };
        Ok(names.map(|name| held.iter().filter(|stored| is_of(stored, name)).cloned().collect()))
    }

    fn read(&self, stored: &str, limit: u64) -> Result<Vec<u8>, ShipFault> {
        let source = BucketSource::new(Arc::clone(&self.bucket), vec![String::new()]);
        plain(&source, &Entry::named(stored, None), limit)
    }

    fn sample(&self) -> Result<Option<String>, ShipFault> {
        let names = self.bucket.beginning_with("")?;
        let is_segment = |name: &&String| match place(name) {
            NamePlace::Wal(placed) => matches!(placed.name, FileName::Segment(_)),
            _ => false,
        };
        Ok(names.iter().rfind(is_segment).cloned())
    }

    fn source(&self) -> Result<Box<dyn Source + '_>, ShipFault> {
        Ok(Box::new(BucketSource::new(Arc::clone(&self.bucket), vec![String::new()])))
    }

    fn stage<'a>(&'a self, file: ToStage<'a>) -> Result<Box<dyn StagedFile + Send + 'a>, ShipFault> {
        Ok(Box::new(StagedObject { bucket: &self.bucket, file }))
    }

    fn settle(&self, _: &str) -> Result<(), ShipFault> {
        Ok(())
    }

    fn remove(&self, stored: &str) -> Result<(), ShipFault> {
        let shown = || format!("{}/{stored}", self.bucket.describe());
        self.bucket.remove(stored).map_err(|error| ShipFault::of(ShipStep::Remove, shown(), error))
    }
}

/// Whether a file is stored under that name, packed or not.
fn is_of(stored: &str, name: FileName) -> bool {
    matches!(place(stored), NamePlace::Wal(placed) if placed.name == name)
}

/// Bytes that are to be put.
struct StagedObject<'a> {
    bucket: &'a Bucket,
    file: ToStage<'a>,
}

impl StagedFile for StagedObject<'_> {
    fn publish(self: Box<Self>) -> Result<Publication, ShipFault> {
        let put = self.bucket.put_new(self.file.stored, self.file.bytes);
        let shown = || format!("{}/{}", self.bucket.describe(), self.file.stored);
        match put.map_err(|error| ShipFault::of(ShipStep::Write, shown(), error))? {
            PutEnd::Stored => Ok(Publication::Done),
            PutEnd::Taken => Ok(Publication::Taken),
        }
    }
}
