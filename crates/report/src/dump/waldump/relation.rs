//! Relations, their forks and their files.

use crate::dump::line::LineBuffer;
use pgwal_format::Dialect;
use pgwal_format::record::RelFileLocator;
use pgwal_query::filter::FORKS;

/// `spc/db/rel`.
pub fn relation(line: &mut LineBuffer<'_>, rel: &RelFileLocator) {
    line.decimal(rel.spc.into());
    line.byte(b'/');
    line.decimal(rel.db.into());
    line.byte(b'/');
    line.decimal(rel.rel.into());
}

/// The name of a fork.
pub fn fork(line: &mut LineBuffer<'_>, number: u8) {
    line.words(FORKS.get(usize::from(number)).copied().unwrap_or("unknown").as_bytes());
}

/// The path of a relation's file in the data directory (`relpath`): a tablespace's folder has the name of the version
/// from 9.0 on.
pub fn path(line: &mut LineBuffer<'_>, rel: &RelFileLocator, number: u8, dialect: &Dialect) {
    const DEFAULT: u32 = 1663;
    const GLOBAL: u32 = 1664;
    match rel.spc {
        GLOBAL => line.all(b"global/"),
        DEFAULT => {
            line.all(b"base/");
            line.decimal(rel.db.into());
            line.byte(b'/');
        }
        _ => {
            line.all(b"pg_tblspc/");
            line.decimal(rel.spc.into());
            line.byte(b'/');
            if dialect.relmap_and_standby {
                line.words(format!("PG_{}_{}/", dialect.version, dialect.catalog_version).as_bytes());
            }
            line.decimal(rel.db.into());
            line.byte(b'/');
        }
    }
    line.decimal(rel.rel.into());
    if number != 0 {
        line.byte(b'_');
        fork(line, number);
    }
}
