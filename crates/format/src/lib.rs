//! PostgreSQL WAL formats of every major version from 8.2 to 19: bytes to meaning.
//!
//! Nothing here does I/O, nothing is `unsafe`, and nothing allocates while records are read. A version is a row of
//! [`dialect::DIALECTS`]; code asks the row for a fact and never compares version numbers.
//!
//! | module | what it knows |
//! |---|---|
//! | [`lsn`], [`address`] | positions, and the two ways in which they map to segments |
//! | [`sizes`], [`segment`], [`timeline`] | sizes, numbers and names of the files of a WAL archive |
//! | [`version`], [`released`] | versions, and which are known |
//! | [`dialect`], [`layout`] | the facts of a version; those of one cluster (sizes, alignment, byte order) |
//! | [`page`] | page headers |
//! | [`record`] | record headers, block references, main data |
//! | [`image`] | data pages out of records: pglz, holes, checksums |
//! | [`rmgr`] | resource managers |
//! | [`spans`] | which field each byte belongs to |
//! | [`text`] | history files, backup history files, the control file |
//! | [`sniff`] | what a file is when it is not WAL |
//! | [`position`], [`wal_functions`] | positions as people write them, and what servers answer about them |
//! | [`recovery`], [`wal_function_rules`] | what recovery, and those functions, do in each version |
//! | [`server_progress`] | by which functions and views a server says how far it is |
//! | [`rewind`] | what `pg_rewind` asks for |
//! | [`streaming`] | what a server that streams WAL understands |
//! | [`wire`] | a compact binary form, to store and to send what was seen |
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod address;
mod bytes;
pub mod dialect;
pub mod image;
pub mod layout;
pub mod lsn;
pub mod page;
pub mod position;
pub mod record;
pub mod recovery;
pub mod released;
pub mod rewind;
pub mod rmgr;
pub mod segment;
pub mod server_progress;
pub mod sizes;
pub mod sniff;
pub mod spans;
pub mod streaming;
pub mod text;
pub mod timeline;
pub mod version;
mod versioned;
pub mod wal_function_rules;
pub mod wal_functions;
pub mod wire;

pub use address::AddressScheme;
pub use dialect::{Dialect, Generation};
pub use layout::{Align, Endian, Layout};
pub use lsn::Lsn;
pub use position::Position;
pub use segment::{FileName, SegmentName};
pub use sizes::{PageSize, SegmentNo, SegmentSize};
pub use timeline::TimelineId;
pub use version::Version;
