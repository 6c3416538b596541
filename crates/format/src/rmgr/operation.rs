//! Operations by name: the bits of `xl_info` that a resource manager has for itself.
//!
//! A code that stood for something else in another version has a name for each: which of them it is, the version says
//! ([`super::describe::Vocabulary::name`]).

/// Constants for codes, with PostgreSQL's names, and a table of them for the tests.
macro_rules! operations {
    ($($(#[$doc:meta])* $name:ident = $code:literal;)*) => {
        $($(#[$doc])* pub const $name: u8 = $code;)*

        #[cfg(test)]
        pub(crate) const NAMED: &[(&str, u8)] = &[$((stringify!($name), $code)),*];
    };
}

pub(super) use operations;

use crate::record::RecordHeader;

impl RecordHeader {
    /// The operation: the half of `xl_info` that is the resource manager's own, as the constants of [`super::xlog`],
    /// [`super::storage`] and [`super::standby`] name it. Of "Transaction" it holds a flag, too:
    /// [`super::xact::operation`].
    #[inline(always)]
    pub const fn operation(&self) -> u8 {
        self.info & 0xF0
    }

    /// The half of `xl_info` that says how the record is laid out, not what it means.
    #[inline(always)]
    pub const fn layout_flags(&self) -> u8 {
        self.info & 0x0F
    }

    /// Whether it is this operation of this resource manager.
    ///
    /// ```
    /// use pgwal_format::record::RecordHeader;
    /// use pgwal_format::rmgr::{self, xlog};
    ///
    /// # let (tot_len, xid, prev, crc, len) = (114, 0, pgwal_format::Lsn::ZERO, 0, 0);
    /// let header = RecordHeader { rmid: rmgr::XLOG, info: 0x10, tot_len, xid, prev, crc, len };
    /// assert!(header.is(rmgr::XLOG, xlog::CHECKPOINT_ONLINE));
    /// ```
    #[inline(always)]
    pub const fn is(&self, rmid: u8, operation: u8) -> bool {
        self.rmid == rmid && self.operation() == operation
    }
}

#[cfg(test)]
mod tests {
    use crate::Generation;
    use crate::rmgr::{self, heap, managers, standby, storage, tablespace, xact, xlog};

    /// Constants and rows are typed apart.
    #[test]
    fn names_are_those_of_the_rows() {
        for (rmid, named) in [
            (rmgr::XLOG, xlog::NAMED),
            (rmgr::TRANSACTION, xact::NAMED),
            (rmgr::STORAGE, storage::NAMED),
            (rmgr::STANDBY, standby::NAMED),
            (rmgr::TABLESPACE, tablespace::NAMED),
            (rmgr::HEAP, heap::NAMED),
        ] {
            let manager = &managers::ALL[usize::from(rmid)];
            let rows = || [Generation::LegacyA, Generation::Modern].into_iter().flat_map(|g| manager.ops(g));
            for (name, code) in named {
                assert!(rows().any(|op| (op.name, op.code) == (*name, *code)), "{rmid} {name} {code:02X}");
            }
            // Of Heap only those have a name that are asked for.
            for op in rows()
                .filter(|_| rmid != rmgr::HEAP)
                .filter(|op| (rmid, op.name, op.code) != (rmgr::XLOG, "FPI", xlog::FPI_9_3))
            {
                assert!(named.contains(&(op.name, op.code)), "{rmid} {} {:02X} has no name", op.name, op.code);
            }
        }
    }
}
