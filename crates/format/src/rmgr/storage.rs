//! What records of "Storage" do (`src/include/catalog/storage_xlog.h`).

use super::fields::{self, number};
use super::operation::operations;
use super::sink::Value;
use crate::record::{Record, RelFileLocator};
use crate::rmgr;

operations! {
    /// The files of a relation are made.
    CREATE = 0x10;
    /// They are cut.
    TRUNCATE = 0x20;
}

/// A relation's file is made (`xl_smgr_create`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RelationCreated {
    /// The relation.
    pub rel: RelFileLocator,
    /// Which of its forks (9.1 and later; before, the main one).
    pub fork: u32,
}

/// A relation is cut (`xl_smgr_truncate`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RelationTruncated {
    /// The relation.
    pub rel: RelFileLocator,
    /// Blocks of the main fork that are left.
    pub blocks: u32,
    /// `SMGR_TRUNCATE_…`: which of its forks are cut (9.6 and later).
    pub flags: Option<u32>,
}

impl RelationTruncated {
    /// Whether the main fork is cut (`SMGR_TRUNCATE_HEAP`).
    pub fn cuts_main(&self) -> bool {
        self.flags.is_none_or(|flags| flags & 1 != 0)
    }
}

/// Reads that a file is made. `None` for other records and for cut data.
pub fn created(record: &Record<'_>) -> Option<RelationCreated> {
    if !record.header.is(rmgr::STORAGE, CREATE) {
        return None;
    }
    let (mut rel, mut fork) = (None, 0);
    fields::each(record, &mut |field| match (field.name, field.value) {
        ("rel", Value::Path(found, _) | Value::Rel(found)) => rel = Some(found),
        ("fork", value) => fork = number(value).unwrap_or_default(),
        _ => {}
    });
    Some(RelationCreated { rel: rel?, fork })
}

/// Reads that a relation is cut. `None` for other records and for cut data.
pub fn truncated(record: &Record<'_>) -> Option<RelationTruncated> {
    if !record.header.is(rmgr::STORAGE, TRUNCATE) {
        return None;
    }
    let (mut rel, mut blocks, mut flags) = (None, None, None);
    fields::each(record, &mut |field| match (field.name, field.value) {
        ("rel", Value::Path(found, _) | Value::Rel(found)) => rel = Some(found),
        ("blkno", value) => blocks = number(value),
        ("flags", value) => flags = number(value),
        _ => {}
    });
    Some(RelationTruncated { rel: rel?, blocks: blocks?, flags })
}
