//! The resource managers with their tables (`src/include/access/rmgrlist.h`).

use super::table::Op;
use super::{brin, btree, clog, commit_ts, generic, gin, gist, hash, heap, heap2, legacy, message, multixact, origin};
use super::{relmap, rows, sequence, spgist, tablespace};
use crate::dialect::DIALECTS;
use crate::versioned;
use crate::{Dialect, Generation, Version};

/// A resource manager.
#[derive(Debug)]
pub struct RmgrTable {
    modern: &'static [Op],
    legacy: &'static [Op],
    /// Bits of the high half of `xl_info` that are the operation; the others are flags.
    mask: u8,
    legacy_mask: u8,
    /// A flag that the table does not list with an operation makes the name unknown.
    pub flag_in_name: bool,
    /// Names go by all of `xl_info`, its low half included.
    pub whole_info: bool,
    /// What 9.4 and earlier said of an operation that they did not know.
    pub legacy_unknown: Unknown,
}

/// Words for an operation that is not known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unknown {
    /// These.
    Words(&'static str),
    /// These, and the operation as a decimal number.
    Number(&'static str),
}

impl RmgrTable {
    /// Its operations.
    pub fn ops(&self, generation: Generation) -> &'static [Op] {
        if generation == Generation::Modern { self.modern } else { self.legacy }
    }

    /// The operations of a version, in the order of their table.
    pub fn ops_of(&self, dialect: &Dialect) -> impl Iterator<Item = &'static Op> {
        versioned::of(self.ops(dialect.generation), dialect.version)
    }

    /// The last version in which one of [`RmgrTable::ops`] holds.
    pub fn last_version(&self, op: &Op) -> Version {
        let holds = |d: &&Dialect| versioned::holds(self.ops(d.generation), op, d.version);
        let listed = |d: &&Dialect| self.ops(d.generation).iter().any(|own| std::ptr::eq(own, op));
        DIALECTS.iter().filter(listed).rfind(holds).map_or(op.since, |d| d.version)
    }

    /// The bits that are the operation.
    pub fn mask(&self, generation: Generation) -> u8 {
        if generation == Generation::Modern { self.mask } else { self.legacy_mask }
    }
}

const fn manager(modern: &'static [Op], legacy: &'static [Op]) -> RmgrTable {
    RmgrTable {
        modern,
        legacy,
        mask: 0xF0,
        legacy_mask: 0xF0,
        flag_in_name: false,
        whole_info: false,
        legacy_unknown: Unknown::Words("UNKNOWN"),
    }
}

const fn with_init(modern: &'static [Op], legacy: &'static [Op]) -> RmgrTable {
    RmgrTable { mask: 0x70, legacy_mask: 0x70, flag_in_name: true, ..manager(modern, legacy) }
}

const fn saying(legacy_unknown: Unknown, manager: RmgrTable) -> RmgrTable {
    RmgrTable { legacy_unknown, ..manager }
}

/// By id.
pub const ALL: [RmgrTable; 22] = [
    manager(rows::xlog::OPS, legacy::xlog::OPS),
    // 0x80: more about the transaction follows. It does not change the name.
    RmgrTable { mask: 0x70, ..manager(rows::xact::OPS, legacy::xact::OPS) },
    manager(rows::storage::OPS, legacy::storage::OPS),
    manager(clog::OPS, legacy::clog::OPS),
    manager(rows::database::OPS, legacy::database::OPS),
    manager(tablespace::OPS, legacy::tablespace::OPS),
    manager(multixact::OPS, legacy::multixact::OPS),
    manager(relmap::OPS, legacy::relmap::OPS),
    manager(rows::standby::OPS, legacy::standby::OPS),
    with_init(heap2::OPS, legacy::heap2::OPS),
    with_init(heap::OPS, legacy::heap::OPS),
    manager(btree::OPS, legacy::btree::OPS),
    // Hash indexes wrote nothing, and their function for descriptions said nothing.
    saying(Unknown::Words(""), manager(hash::OPS, legacy::hash::OPS)),
    saying(Unknown::Number("unknown gin op code "), manager(gin::OPS, legacy::gin::OPS)),
    saying(Unknown::Number("unknown gist op code "), manager(gist::OPS, legacy::gist::OPS)),
    manager(sequence::OPS, legacy::sequence::OPS),
    saying(Unknown::Number("unknown spgist op code "), manager(spgist::OPS, legacy::spgist::OPS)),
    with_init(brin::OPS, &[]),
    RmgrTable { whole_info: true, ..manager(commit_ts::OPS, &[]) },
    RmgrTable { whole_info: true, ..manager(origin::OPS, &[]) },
    // Every operation has one name.
    RmgrTable { mask: 0, ..manager(generic::OPS, &[]) },
    manager(message::OPS, &[]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_follow_each_other() {
        for table in ALL.iter().flat_map(|manager| [manager.modern, manager.legacy]) {
            versioned::check(table, |op| format!("{} {:02X}", op.name, op.code));
        }
    }
}
