//! Resource managers (`src/include/access/rmgrlist.h`; `rmgr.h` of 9.2 and earlier), and what their records say.
//!
//! A file a resource manager, with a table of its operations in every version ([`table`]); up to 9.4 in `legacy`.
//! [`describe`] finds the row of
//! a record and tells its words and fields to a [`sink`]: a text, a document, a filter.

mod arrays;
mod brin;
mod btree;
mod clog;
mod commit_ts;
mod database;
pub mod describe;
mod generic;
mod gin;
mod gist;
mod hash;
mod heap;
mod heap2;
mod inval;
mod legacy;
pub mod managers;
mod message;
mod multixact;
mod origin;
mod pointers;
mod relmap;
mod sequence;
pub mod short;
pub mod sink;
mod spgist;
mod standby;
mod storage;
pub mod table;
mod tablespace;
#[cfg(test)]
mod told;
pub mod xact;
mod xids;
pub mod xlog;

use crate::Dialect;
use std::fmt;

/// The id of "XLOG".
pub const XLOG: u8 = 0;
/// The id of "Transaction".
pub const TRANSACTION: u8 = 1;
/// The operation of "XLOG" that ends a segment early.
pub const XLOG_SWITCH: u8 = 0x40;

/// Names by id. Ids never shift; a version knows those up to its [`Dialect::rmgr_max`].
const NAMES: [&str; 22] = [
    "XLOG",
    "Transaction",
    "Storage",
    "CLOG",
    "Database",
    "Tablespace",
    "MultiXact",
    "RelMap",
    "Standby",
    "Heap2",
    "Heap",
    "Btree",
    "Hash",
    "Gin",
    "Gist",
    "Sequence",
    "SPGist",
    "BRIN",
    "CommitTs",
    "ReplicationOrigin",
    "Generic",
    "LogicalMessage",
];

/// A resource manager of a version. Ids that the version does not know stay printable.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rmgr(pub u8);

impl Rmgr {
    /// The name, as the dump tool of that version prints it.
    pub fn name(self, dialect: &Dialect) -> RmgrName {
        let known = NAMES.get(usize::from(self.0)).copied().filter(|_| self.0 <= dialect.rmgr_max);
        match self.0 {
            7 if !dialect.relmap_and_standby => RmgrName::BuiltIn("Reserved 7"),
            8 if !dialect.relmap_and_standby => RmgrName::BuiltIn("Reserved 8"),
            id => known.map_or(
                if dialect.knows_rmgr(id) { RmgrName::Custom(id) } else { RmgrName::Unknown(id) },
                RmgrName::BuiltIn,
            ),
        }
    }
}

/// A name to print.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RmgrName {
    /// Part of PostgreSQL.
    BuiltIn(&'static str),
    /// An extension's: `custom128` to `custom255`.
    Custom(u8),
    /// None of this version.
    Unknown(u8),
}

impl fmt::Display for RmgrName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RmgrName::BuiltIn(name) => f.pad(name),
            RmgrName::Custom(id) => f.pad(&format!("custom{id:03}")),
            RmgrName::Unknown(id) => f.pad(&format!("unknown{id:03}")),
        }
    }
}
