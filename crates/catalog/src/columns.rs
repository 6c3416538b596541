//! Where the columns of a row of `pg_class` lie (`src/include/catalog/pg_class.h`), and those of `pg_database` that are
//! needed (`pg_database.h`). All of them stand before the first column that can be null or varies in length, so that
//! their offsets are fixed.
//!
//! Up to 11 the OID is no column: it stands in the last four bytes before the data (`HEAP_HASOID`).

use pgwal_format::Version;

/// Offsets in the data of a row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ClassColumns {
    since: Version,
    /// `oid`; `None` where it stands before the data.
    pub oid: Option<usize>,
    /// `relname`, 64 bytes.
    pub relname: usize,
    /// `relnamespace`.
    pub relnamespace: usize,
    /// `relfilenode`.
    pub relfilenode: usize,
    /// `reltablespace`.
    pub reltablespace: usize,
    /// `relpersistence`.
    pub relpersistence: usize,
    /// `relkind`.
    pub relkind: usize,
}

/// Bytes of a name, the zero at its end included (`NAMEDATALEN`).
pub const NAME: usize = 64;

/// From each version on; the last one that fits counts.
const CLASS: &[ClassColumns] = &[
    ClassColumns {
        since: Version::new(9, 5),
        oid: None,
        relname: 0,
        relnamespace: 64,
        relfilenode: 84,
        reltablespace: 88,
        relpersistence: 110,
        relkind: 111,
    },
    // The OID is a column.
    ClassColumns {
        since: Version::new(12, 0),
        oid: Some(0),
        relname: 4,
        relnamespace: 68,
        relfilenode: 88,
        reltablespace: 92,
        relpersistence: 114,
        relkind: 115,
    },
    // Behind relallvisible comes relallfrozen.
    ClassColumns {
        since: Version::new(18, 0),
        oid: Some(0),
        relname: 4,
        relnamespace: 68,
        relfilenode: 88,
        reltablespace: 92,
        relpersistence: 118,
        relkind: 119,
    },
];

/// Those of a version; `None` before 9.5.
pub fn class(version: Version) -> Option<&'static ClassColumns> {
    CLASS.iter().rev().find(|columns| columns.since <= version)
}

/// `datconnlimit` of a row of `pg_database`, from each version on.
const CONNECTION_LIMIT: &[(Version, usize)] = &[
    (Version::new(9, 5), 204),
    // The OID is a column.
    (Version::new(12, 0), 208),
    // datcollate and datctype vary in length, and stand behind it.
    (Version::new(15, 0), 80),
];

/// Where `datconnlimit` of a row of `pg_database` lies; `None` before 9.5.
pub fn connection_limit(version: Version) -> Option<usize> {
    CONNECTION_LIMIT.iter().rev().find(|(since, _)| *since <= version).map(|(_, at)| *at)
}

/// Where the name of a row of `pg_namespace` or `pg_database` lies: behind the OID, where that is a column.
pub fn named(version: Version) -> Option<(Option<usize>, usize)> {
    class(version).map(|columns| (columns.oid, columns.relname))
}
