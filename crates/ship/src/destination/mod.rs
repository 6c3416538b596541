//! Where files are archived: a name is given to a file that is whole, once, and never to another.

#[cfg(feature = "stores")]
mod bucket;
mod folder;

#[cfg(feature = "stores")]
pub use bucket::BucketDestination;
pub use folder::FolderDestination;

use crate::fault::ShipFault;
use pgwal_format::FileName;
use pgwal_source::Source;
use std::path::Path;

/// A place where files are archived.
pub trait Destination: Send + Sync {
    /// The place as a user would name it.
    fn describe(&self) -> String;

    /// Under which names a file is stored here, packed or not.
    ///
    /// # Errors
    /// The place cannot be looked at.
    fn holds(&self, name: FileName) -> Result<Vec<String>, ShipFault>;

    /// The same of two files, in one question where the place can be asked so.
    ///
    /// # Errors
    /// The place cannot be looked at.
    fn hold_both(&self, names: [FileName; 2]) -> Result<[Vec<String>; 2], ShipFault> {
        let [first, second] = names;
        Ok([self.holds(first)?, self.holds(second)?])
    }

    /// The plain content of a file that is stored here, at most `limit` bytes of it.
    ///
    /// # Errors
    /// It cannot be read, or unpacked.
    fn read(&self, stored: &str, limit: u64) -> Result<Vec<u8>, ShipFault>;

    /// Any segment that is stored here, the newest where that is known; `None` where there is none.
    ///
    /// # Errors
    /// The place cannot be looked at.
    fn sample(&self) -> Result<Option<String>, ShipFault>;

    /// The place as an archive that can be read.
    ///
    /// # Errors
    /// It cannot be opened.
    fn source(&self) -> Result<Box<dyn Source + '_>, ShipFault>;

    /// Brings bytes here, without a name that anybody looks at.
    ///
    /// # Errors
    /// They cannot be written.
    fn stage<'a>(&'a self, file: ToStage<'a>) -> Result<Box<dyn StagedFile + Send + 'a>, ShipFault>;

    /// A file that is stored here already is made to outlive a crash.
    ///
    /// # Errors
    /// It cannot be.
    fn settle(&self, stored: &str) -> Result<(), ShipFault>;

    /// Removes a file; that there is none is well.
    ///
    /// # Errors
    /// It cannot be removed.
    fn remove(&self, stored: &str) -> Result<(), ShipFault>;
}

/// A file that is to be stored.
#[derive(Clone, Copy, Debug)]
pub struct ToStage<'a> {
    /// The name that it is to have.
    pub stored: &'a str,
    /// Its bytes.
    pub bytes: &'a [u8],
    /// Who may read it.
    pub mode: u32,
}

/// A file that is at its destination, and has no name yet. Where it gets none, nothing of it stays.
pub trait StagedFile {
    /// Gives it its name, if no other file has it.
    ///
    /// # Errors
    /// It could not be stored, or whether it outlives a crash is not known.
    fn publish(self: Box<Self>) -> Result<Publication, ShipFault>;
}

/// Whether a file got its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Publication {
    /// It did, and keeps it over a crash.
    Done,
    /// Another file has it.
    Taken,
}

/// Opens a destination: the URL of an object store, or a folder.
///
/// # Errors
/// There is no such folder: it is never made, since it may be that a disk is not mounted. Or the store cannot be
/// opened.
pub fn destination(place: &Path) -> Result<Box<dyn Destination>, ShipFault> {
    #[cfg(feature = "stores")]
    if let Some(url) = place.to_str().filter(|place| pgwal_source::bucket::is_url(place)) {
        return Ok(Box::new(BucketDestination::open(url)?));
    }
    Ok(Box::new(FolderDestination::open(place)?))
}
