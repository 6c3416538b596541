//! The row of a database that goes away: DROP DATABASE marks it where it stands, before it removes a file, whatever
//! becomes of its transaction (16, and late releases of 11 to 15; `dropdb`, `src/backend/commands/dbcommands.c`).
//!
//! ```text
//! INPLACE   block 0: a row in pg_global   main data: 0 u16 offset number …   data of the block: the row's columns,
//!           or, from full_page_writes, an image of the page instead of them
//! ```

use crate::columns::{connection_limit, named};
use crate::files::GLOBAL;
use crate::page::tuples;
use crate::tuple::HeapTuple;
use pgwal_format::Layout;
use pgwal_format::image::{Unpack, restore};
use pgwal_format::record::{Block, Record};
use pgwal_format::rmgr::HEAP;
use pgwal_format::rmgr::heap::INPLACE;

/// `datconnlimit` of a database that is being dropped, -2 (`DATCONNLIMIT_INVALID_DB`,
/// `src/include/catalog/pg_database.h`).
const INVALID_DATABASE: u32 = -2i32 as u32;

/// A database that is marked as one that goes away: it takes no connection any more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MarkedDatabase {
    /// Its OID, where that is known: up to 11 it stands on the page alone.
    pub oid: Option<u32>,
}

impl MarkedDatabase {
    /// Whether a record marks one; needs nothing but the record. Of what all databases share, a server changes rows of
    /// `pg_database` alone where they stand. `None` before 9.5, and where the page's image cannot be unpacked.
    pub fn of(record: &Record<'_>, blocks: &[Block], unpack: &dyn Unpack) -> Option<MarkedDatabase> {
        let layout = record.layout;
        let block = blocks.first().filter(|block| block.reference.rel.spc == GLOBAL && block.reference.fork == 0)?;
        if !record.header.is(HEAP, INPLACE) {
            return None;
        }
        let shown = block.reference.image.filter(|image| image.apply).and_then(|image| {
            let mut page = Vec::new();
            restore(layout, &image, block.image(record), unpack, &mut page).ok()?;
            let offset = layout.endian.u16(*record.main_data().first_chunk()?);
            tuples(layout.endian, &page).find(|found| found.offset == offset).map(|found| found.tuple)
        });
        MarkedDatabase::in_row(layout, block.data(record), shown.as_ref())
    }

    /// Whether a row of `pg_database` is so marked: by its columns as the record has them, or, where it has none, by
    /// the row that is known.
    pub(crate) fn in_row(layout: &Layout, data: &[u8], known: Option<&HeapTuple>) -> Option<MarkedDatabase> {
        let version = layout.dialect.version;
        let number = |data: &[u8], at: usize| Some(layout.endian.u32(*data.get(at..)?.first_chunk()?));
        let data = if data.is_empty() { known?.data() } else { data };
        if number(data, connection_limit(version)?)? != INVALID_DATABASE {
            return None;
        }
        let oid = match named(version)?.0 {
            Some(at) => number(data, at),
            None => known.and_then(|tuple| tuple.oid(layout.endian)),
        };
        Some(MarkedDatabase { oid })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::tests::{page_of, tuple_of};
    use pgwal_format::{Align, Endian, PageSize, SegmentSize, Version};

    /// The columns of a row of `pg_database` of 16.
    fn row(oid: u32, limit: i32) -> Vec<u8> {
        let mut data = vec![0; 100];
        data[..4].copy_from_slice(&oid.to_le_bytes());
        data[80..84].copy_from_slice(&limit.to_le_bytes());
        data
    }

    #[test]
    fn a_limit_of_minus_two_marks_it_and_no_other() {
        let (endian, align) = (Endian::Little, Align::Eight);
        let (segment, page, dialect) =
            (SegmentSize::DEFAULT, PageSize::DEFAULT, Version::new(16, 0).dialect().unwrap());
        let layout = Layout { dialect, align, endian, segment, page };
        let of = |data: &[u8], known: Option<&HeapTuple>| MarkedDatabase::in_row(&layout, data, known);
        assert_eq!(of(&row(16384, -2), None), Some(MarkedDatabase { oid: Some(16384) }));
        assert_eq!(of(&row(16384, -1), None), None);
        assert_eq!(of(&row(16384, -2)[..83], None), None);
        assert_eq!(of(&[], None), None);
        let page = page_of(0, &[tuple_of(5, 0, 0, &row(16384, -2)), tuple_of(5, 0, 0, &row(5, -1))]);
        let shown: Vec<HeapTuple> = tuples(layout.endian, &page).map(|found| found.tuple).collect();
        assert_eq!(of(&[], shown.first()), Some(MarkedDatabase { oid: Some(16384) }));
        assert_eq!(of(&[], shown.get(1)), None);
    }
}
