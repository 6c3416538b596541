//! Records of "Storage", 9.5 and later (`xl_smgr_create`, `xl_smgr_truncate`; `src/include/catalog/storage_xlog.h`).
//!
//! ```text
//! CREATE     relation 3 × u32, fork i32
//! TRUNCATE   block u32, relation 3 × u32, [9.6+: flags i32]
//! ```

use super::describe::Cx;
use super::fields::{self, number};
use super::operation::operations;
use super::sink::{Sink, Value};
use super::table::{Op, OpPart, Short, V9_5, V9_6, call, i32, op, text, u32};
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

const PATH: &[(&str, &str)] = &[("rel", "relation"), ("fork", "unsigned")];
const CREATE_PARTS: &[OpPart] = &[call(tell_created, PATH)];

/// The operations.
pub const OPS: &[Op] = &[
    op(0x10, "CREATE", V9_5, CREATE_PARTS),
    op(0x20, "TRUNCATE", V9_5, &[call(tell_truncated, PATH), text(" to "), u32("blkno", 0), text(" blocks")]),
    op(
        0x20,
        "TRUNCATE",
        V9_6,
        &[call(tell_truncated, PATH), text(" to "), u32("blkno", 0), text(" blocks flags "), i32("flags", 16)],
    ),
];

fn tell_created(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    let mut cursor = cx.cursor(0);
    let (rel, fork) = (cursor.rel("rel")?, cursor.u32("fork")?);
    sink.plain("rel", Value::Path(rel, u8::try_from(fork).unwrap_or(u8::MAX)));
    sink.hidden("fork", Value::Unsigned(fork.into()));
    Ok(())
}

fn tell_truncated(cx: &Cx<'_>, sink: &mut dyn Sink) -> Result<(), Short> {
    sink.plain("rel", Value::Path(cx.cursor(4).rel("rel")?, 0));
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::rmgr::table::V15;
    use crate::rmgr::told::{any_bytes, told};

    #[test]
    fn no_bytes_are_too_odd() {
        any_bytes(2);
    }

    #[test]
    fn a_fork_beyond_a_byte_is_not_another_fork() {
        let main = [1663u32, 5, 16384, 0x0202].map(u32::to_le_bytes).concat();
        let (_, document) = told(V15, 2, 0x10, &main, &[]);
        assert!(document.ends_with("255 fork=514"), "{document}");
    }
}
