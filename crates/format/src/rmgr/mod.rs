//! Resource managers (`src/include/access/rmgrlist.h`; `rmgr.h` of 9.2 and earlier), and what their records say.
//!
//! A file a resource manager, with a table of its operations in every version ([`table`]); up to 9.4 in `legacy`.
//! [`describe`] finds the row of a record and tells its words and fields to a [`sink`]: a text, a document, a filter.
//!
//! Whoever asks for one thing asks by name: ids of resource managers are constants here, operations constants of
//! [`xlog`], [`xact`], [`storage`] and [`standby`]; what a record says is a type there and in [`database`], read by a
//! function that takes records of every version and returns `None` for others; which rows a record changes
//! say [`row_changes`] and [`tuple_changes`]; any field of any record is told by [`fields::each`].
//!
//! Only ends of transactions, restore points and checkpoints hold a time: when a row was changed is the time of the
//! next end of its transaction ([`xact`]).

mod arrays;
mod brin;
mod btree;
mod clog;
mod commit_ts;
pub mod cursor;
pub mod database;
pub mod describe;
pub mod field;
pub mod fields;
mod generic;
mod gin;
mod gist;
mod hash;
pub mod heap;
mod heap2;
mod inval;
mod legacy;
pub mod managers;
mod message;
mod multixact;
mod operation;
pub mod origin;
pub mod origin_change;
mod pointers;
mod relmap;
pub mod row_changes;
mod rows;
mod sequence;
pub mod short;
pub mod sink;
mod spgist;
pub mod standby;
pub mod storage;
pub mod table;
pub mod tablespace;
pub mod timestamp;
#[cfg(test)]
mod told;
pub mod tuple_changes;
pub mod vocabulary;
pub mod xact;
mod xids;
pub mod xlog;

use crate::Dialect;
use std::fmt;

/// Names and ids. Ids never shift; a version knows those up to its [`Dialect::rmgr_max`].
macro_rules! managers {
    ($($constant:ident = $id:literal $name:literal;)*) => {
        $(#[doc = concat!("The id of \"", $name, "\".")]
        pub const $constant: u8 = $id;)*

        const NAMES: [&str; [$($id),*].len()] = [$($name),*];
    };
}

managers! {
    XLOG = 0 "XLOG"; TRANSACTION = 1 "Transaction"; STORAGE = 2 "Storage"; CLOG = 3 "CLOG"; DATABASE = 4 "Database";
    TABLESPACE = 5 "Tablespace"; MULTIXACT = 6 "MultiXact"; RELMAP = 7 "RelMap"; STANDBY = 8 "Standby"; HEAP2 = 9 "Heap2";
    HEAP = 10 "Heap"; BTREE = 11 "Btree"; HASH = 12 "Hash"; GIN = 13 "Gin"; GIST = 14 "Gist"; SEQUENCE = 15 "Sequence";
    SPGIST = 16 "SPGist"; BRIN = 17 "BRIN"; COMMIT_TS = 18 "CommitTs"; REPLICATION_ORIGIN = 19 "ReplicationOrigin";
    GENERIC = 20 "Generic"; LOGICAL_MESSAGE = 21 "LogicalMessage";
}

/// The first id that extensions may have (15 and later).
pub const FIRST_CUSTOM: u8 = 128;

/// A resource manager of a version. Ids that the version does not know stay printable.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rmgr(pub u8);

impl Rmgr {
    /// The name, as the dump tool of that version prints it.
    pub fn name(self, dialect: &Dialect) -> RmgrName {
        let known = NAMES.get(usize::from(self.0)).copied().filter(|_| self.0 <= dialect.rmgr_max);
        match self.0 {
            RELMAP if !dialect.relmap_and_standby => RmgrName::BuiltIn("Reserved 8"),
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
    /// OpPart of PostgreSQL.
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
