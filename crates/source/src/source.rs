//! The one face of every place where WAL lies.

use crate::find::NameSought;
use crate::key::Keys;
use crate::stamp::Stamp;
use crate::{Entry, HeldEntry, Listing, SourceError, Stored};
use std::path::PathBuf;
use std::time::SystemTime;

/// A place where WAL lies. May be shared by threads, each with a [`Scratch`](crate::Scratch) of its own.
///
/// A source says what is there and gives stored bytes. What they are packed in, and how much of them is plain, is found
/// out behind it, in one place for all sources ([`read`](crate::read())). Nothing here has a default, but for
/// [`Source::find`], whose answer [`Source::list`] has as well: what wraps another source forwards each answer or
/// refuses it, and cannot lose one unseen.
///
/// ```
/// use pgwal_source::{AsOf, Entry, Extent, Keys, Listing, Local, Source, SourceError, Stamp, Stored};
/// use std::io::Cursor;
///
/// /// One file in memory, packed or not.
/// struct Memory(&'static str, Vec<u8>);
///
/// impl Source for Memory {
///     fn describe(&self) -> String { "memory".into() }
///     fn list(&self) -> Result<Listing, SourceError> {
///         Ok(Listing::of(vec![Entry::named(self.0, Some(self.1.len() as u64))]))
///     }
///     fn open(&self, _: &Entry, _: Extent) -> Result<Box<dyn Stored + '_>, SourceError> {
///         Ok(Box::new(Cursor::new(self.1.as_slice())))
///     }
///     fn keys(&self, _: &Entry) -> Option<&Keys> { None }
///     fn stamp(&self, _: &Entry) -> Option<Stamp> { None }
///     fn as_of(&self, _: &Entry) -> AsOf { AsOf::Now }
///     fn is_live(&self) -> bool { false }
///     fn local(&self) -> Option<&dyn Local> { None }
/// }
///
/// let memory = Memory("00000002.history.gz", vec![0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
/// let source: &dyn Source = &memory;
/// let (bytes, read) = source.small(&source.list()?.entries[0], 1 << 20)?;
/// assert_eq!((bytes.len(), read.codec.to_string().as_str()), (0, "gzip"));
/// # Ok::<(), SourceError>(())
/// ```
pub trait Source: Send + Sync {
    /// The place as a user would name it.
    fn describe(&self) -> String;

    /// What lies there now.
    ///
    /// # Errors
    /// The place itself cannot be looked at. What cannot be looked at inside it is in [`Listing::unreadable`].
    fn list(&self) -> Result<Listing, SourceError>;

    /// The files of WAL that are sought, of all that lie there now, and what could not be looked at among them. A place
    /// that need not list everything for that is quicker.
    ///
    /// # Errors
    /// As [`Source::list`].
    fn find(&self, sought: &NameSought) -> Result<Listing, SourceError> {
        Ok(sought.among(self.list()?))
    }

    /// Opens a file that was listed. `extent`: how much of it is wanted, for places where that makes a difference.
    ///
    /// # Errors
    /// It cannot be opened, or is gone ([`SourceError::is_gone`]).
    fn open(&self, entry: &Entry, extent: Extent) -> Result<Box<dyn Stored + '_>, SourceError>;

    /// What may open a file where it is encrypted; `None` where nobody gave a key.
    fn keys(&self, entry: &Entry) -> Option<&Keys>;

    /// What tells that a file is the one that was read before, without reading it; `None` where nothing does.
    fn stamp(&self, entry: &Entry) -> Option<Stamp>;

    /// Of which moment the source speaks.
    fn as_of(&self, entry: &Entry) -> AsOf;

    /// Whether a server may be writing here: a data directory's `pg_wal` or `pg_xlog`.
    fn is_live(&self) -> bool;

    /// What only files of this machine's disk have; `None` where there are none.
    fn local(&self) -> Option<&dyn Local>;
}

/// What only files of this machine's disk have.
pub trait Local: Send + Sync {
    /// Where a file lies, for people and for other programs.
    fn path(&self, entry: &Entry) -> PathBuf;

    /// Whether nothing forbids this user to read a file.
    fn may_read(&self, entry: &Entry) -> bool;

    /// Opens a file and keeps it open, for those who may come to read it after its name is gone.
    ///
    /// # Errors
    /// The file cannot be opened, or is gone already.
    fn hold(&self, entry: &Entry) -> Result<HeldEntry, SourceError>;

    /// The server's control file, where this is the WAL of a data directory: its first 8 KiB.
    fn control_file(&self) -> Option<Vec<u8>>;
}

/// How much of a file is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Extent {
    /// All of it, in order.
    #[default]
    Whole,
    /// Its beginning: the first 64 KiB or so. Where a request costs, no more need be asked for at first.
    Head,
    /// Its first page of WAL, packed or not: the first 16 KiB or so, likewise.
    FirstPage,
}

/// Of which moment a source speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AsOf {
    /// Of now: who looks again may see something else.
    Now,
    /// Of the time at which it was looked at, once and for all: it does not change any more.
    Then(SystemTime),
}
