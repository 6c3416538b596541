//! Where PostgreSQL WAL lies, and how its plain bytes are got at: folders as other tools lay them out, single files,
//! standard input; compressed or not.
//!
//! [`open`] looks at what a user named and gives a [`Source`]. [`Source::list`] says what lies there, [`Source::open`]
//! gives the stored bytes of a file, and [`read`](read()) pushes its plain ones, window by window, whatever source it
//! lies in. What a file *is* says its content, never its suffix. Nothing here judges: a file that ends in the middle of
//! a gzip stream is a [`ReadState`], an error means that we could not look. Nothing of a source is ever written,
//! renamed or locked.
//!
//! | module | what it knows |
//! |---|---|
//! | [`name`] | names of WAL files under the suffixes of all tools, and names to leave alone |
//! | [`codec`] | what a file is packed in, by its first bytes |
//! | [`key`] | passphrases and keys for what is encrypted |
//! | `bucket` | object stores: S3, GCS, Azure |
//! | [`tar`] | tars: base backups, and archives, with the WAL in them |
//! | [`map`] | memory maps, and the guard that makes a shrinking file an answer instead of a crash |
//!
//! ```no_run
//! use pgwal_source::{How, Scratch, open};
//! use std::ops::ControlFlow;
//!
//! let archive = open(&["/var/backups/wal".into()])?;
//! let mut scratch = Scratch::default();
//! for entry in &archive.list()?.entries {
//!     let mut zeros = 0;
//!     let read = archive.read(entry, &How::default(), &mut scratch, &mut |window| {
//!         zeros += window.iter().filter(|&&b| b == 0).count();
//!         ControlFlow::Continue(())
//!     })?;
//!     println!("{}: {} bytes, {zeros} of them zero ({:?})", entry.shown(), read.plain_bytes, read.state);
//! }
//! # Ok::<(), pgwal_source::SourceError>(())
//! ```

#[cfg(feature = "stores")]
pub mod bucket;
pub mod codec;
mod crew;
mod decode;
#[cfg_attr(not(feature = "openssl"), allow(dead_code, reason = "there is nothing to decrypt with"))]
mod decrypt;
mod disk;
mod entry;
mod error;
mod every_source;
mod file_part;
mod files;
mod find;
mod folder;
mod held;
mod images;
mod input;
mod kept;
#[cfg_attr(not(feature = "openssl"), allow(dead_code, reason = "which encryptions ask for what, features say"))]
pub mod key;
mod keyed;
mod level;
#[allow(unsafe_code)]
pub mod map;
mod misfiled;
pub mod name;
mod open;
mod opening;
mod outcome;
mod pace;
mod pack;
mod places;
mod read;
mod regular;
mod replace;
mod share;
mod source;
mod stamp;
mod stdin;
mod stored;
pub mod tar;
mod unfinished;
mod versioned;

pub use codec::Codec;
pub use crew::by_crew;
pub use disk::open_file;
pub use entry::{Entry, Ignored, Listing, MisfiledFile};
pub use error::{FileKind, Refusal, SourceError};
pub use file_part::{FilePart, TakeFile, WantsFile};
pub use find::NameSought;
pub use held::HeldEntry;
pub use images::{ImagePacking, Images};
pub use kept::{KeptContent, KeptFile, KeptSource};
pub use key::Keys;
pub use keyed::with_keys;
pub use map::guard;
pub use misfiled::WantedPlace;
pub use open::{in_folders, is_wal_folder, open, open_at_pace, tar_at};
pub use opening::{BehindRule, KnownPackings, NamedPacking, OpeningRule, ShortRule};
pub use outcome::{ByteSink, LeftBehind, ReadFault, ReadOutcome, ReadState};
pub use pace::{Clock, Pace};
pub use pack::{NoSuchPacking, WalPacking};
pub use places::{ArchivePlace, PlacesSource};
pub use read::{How, Scratch, read, small};
pub use replace::{replace, restore};
pub use share::{common_folder, share};
pub use source::{AsOf, Extent, Local, Source};
pub use stamp::Stamp;
pub use stdin::StdinPlace;
pub use stored::Stored;
pub use unfinished::UnfinishedSource;
pub use versioned::VersionedFile;
