//! What every source gives, by what it says of itself.

use crate::kept::KeptContent;
use crate::outcome::{ByteSink, ReadOutcome};
use crate::read::{self, How, Scratch};
use crate::source::{AsOf, Source};
use crate::{Entry, HeldEntry, SourceError};
use std::time::SystemTime;

/// What every source gives, by what it says of itself.
impl dyn Source + '_ {
    /// As [`read`](crate::read()).
    ///
    /// # Errors
    /// As there.
    pub fn read(
        &self,
        entry: &Entry,
        how: &How,
        scratch: &mut Scratch,
        sink: ByteSink<'_>,
    ) -> Result<ReadOutcome, SourceError> {
        read::read(self, entry, how, scratch, sink)
    }

    /// As [`small`](crate::small).
    ///
    /// # Errors
    /// As there.
    pub fn small(&self, entry: &Entry, limit: u64) -> Result<(Vec<u8>, ReadOutcome), SourceError> {
        read::small(self, entry, limit)
    }

    /// The stored bytes of a file, to be kept.
    pub fn keep(&self, entry: &Entry) -> KeptContent {
        KeptContent::of(self, entry)
    }

    /// When a file was as it is here: now, unless somebody looked at it before.
    pub fn seen_at(&self, entry: &Entry) -> SystemTime {
        match self.as_of(entry) {
            AsOf::Now => SystemTime::now(),
            AsOf::Then(seen) => seen,
        }
    }

    /// Whether a file stays what it is.
    pub fn is_kept(&self, entry: &Entry) -> bool {
        self.as_of(entry) != AsOf::Now
    }

    /// As [`Local::hold`](crate::Local::hold); `None` where nothing can be kept open.
    ///
    /// # Errors
    /// As there.
    pub fn hold(&self, entry: &Entry) -> Result<Option<HeldEntry>, SourceError> {
        self.local().map(|local| local.hold(entry)).transpose()
    }

    /// As [`Local::may_read`](crate::Local::may_read); elsewhere, whoever opens a file is told.
    pub fn may_read(&self, entry: &Entry) -> bool {
        self.local().is_none_or(|local| local.may_read(entry))
    }

    /// As [`Local::control_file`](crate::Local::control_file).
    pub fn control_file(&self) -> Option<Vec<u8>> {
        self.local()?.control_file()
    }
}
