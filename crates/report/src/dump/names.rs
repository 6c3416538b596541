//! What all lists of records say in the same words.

use super::digits::hexadecimal;
use pgwal_format::Dialect;
use pgwal_format::record::{Record, RecordHeader, RelFileLocator};
use pgwal_format::rmgr::vocabulary::Vocabulary;
use pgwal_format::rmgr::{Rmgr, RmgrName};
use pgwal_query::filter::FORKS;
use std::io::Write;

/// The length that `pg_waldump` prints first: without page images from 9.5 on, before that the data of the resource
/// manager alone.
pub fn data_length(record: &Record<'_>, images: u64) -> u64 {
    match record.header.len {
        0 if !record.header.is_switch() => u64::from(record.header.tot_len).saturating_sub(images),
        0 if record.layout.dialect.backup_blocks.size == 0 => u64::from(record.header.tot_len),
        len => u64::from(len),
    }
}

/// The name of a resource manager.
pub fn manager(out: &mut Vec<u8>, rmid: u8, dialect: &Dialect) {
    match Rmgr(rmid).name(dialect) {
        RmgrName::BuiltIn(name) => out.extend_from_slice(name.as_bytes()),
        other => drop(write!(out, "{other}")),
    }
}

/// The name of an operation; `UNKNOWN (a0)` where the version has none.
pub fn operation(out: &mut Vec<u8>, header: &RecordHeader, vocabulary: &Vocabulary) {
    match vocabulary.name(header.rmid, header.info) {
        Some(name) => out.extend_from_slice(name.as_bytes()),
        None => {
            out.extend_from_slice(b"UNKNOWN (");
            let from = out.len();
            hexadecimal(out, u32::from(header.operation()), 1);
            out.get_mut(from..).unwrap_or_default().make_ascii_lowercase();
            out.push(b')');
        }
    }
}

/// `1663/5/16384`, `1663/5/16384_vm`.
pub fn relation(rel: &RelFileLocator, fork: u8) -> String {
    let fork = match (fork, FORKS.get(usize::from(fork))) {
        (0, _) => String::new(),
        (_, Some(name)) => format!("_{name}"),
        (number, None) => format!("_fork{number}"),
    };
    format!("{}/{}/{}{fork}", rel.spc, rel.db, rel.rel)
}
