//! What records of "Database" do (`src/include/commands/dbcommands_xlog.h`).

use super::fields::{self, number};
use super::vocabulary::Vocabulary;
use crate::record::Record;
use crate::rmgr;

/// A database in a tablespace: a folder.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct DatabaseFolder {
    /// The tablespace.
    pub tablespace: u32,
    /// The database.
    pub database: u32,
}

/// What a record of "Database" does to folders.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum DatabaseChange {
    /// One is copied, file by file.
    Copied {
        /// From where.
        from: DatabaseFolder,
        /// To where.
        to: DatabaseFolder,
    },
    /// One is made; what goes into it is in WAL (15 and later).
    Created(DatabaseFolder),
    /// A database is dropped.
    Dropped {
        /// The database.
        database: u32,
        /// The tablespaces that it has folders in: one up to 12.
        tablespaces: Vec<u32>,
    },
}

/// Reads what a record does to the folders of databases. The code of an operation changed with 15: this knows which it
/// is. `None` for other records and for cut data.
pub fn change(record: &Record<'_>) -> Option<DatabaseChange> {
    if record.header.rmid != rmgr::DATABASE {
        return None;
    }
    let vocabulary = Vocabulary::of(record.layout.dialect);
    let drops = vocabulary.op(record.header.rmid, record.header.info)?.name == "DROP";
    let (mut database, mut tablespace, mut source, mut of_source) = (None, None, None, None);
    let mut tablespaces = Vec::new();
    fields::each(record, &mut |field| match (field.inside, field.name) {
        (Some("tablespace_ids"), _) => tablespaces.extend(number(field.value)),
        (_, "db_id") => database = number(field.value),
        (_, "tablespace_id") => tablespace = number(field.value),
        (_, "src_db_id") => source = number(field.value),
        (_, "src_tablespace_id") => of_source = number(field.value),
        _ => {}
    });
    let folder = |tablespace: Option<u32>, database: Option<u32>| {
        Some(DatabaseFolder { tablespace: tablespace?, database: database? })
    };
    if drops {
        tablespaces.extend(tablespace);
        return Some(DatabaseChange::Dropped { database: database?, tablespaces });
    }
    let to = folder(tablespace, database)?;
    Some(match folder(of_source, source) {
        Some(from) => DatabaseChange::Copied { from, to },
        None => DatabaseChange::Created(to),
    })
}
