//! The tablespaces and databases that the catalogs of a data directory list (`pg_tablespace` and `pg_database`, which
//! all databases share).

use super::map_file::{self, LONGEST};
use super::xact_files::{XactFiles, XactStatus};
use crate::columns::named;
use crate::page::{MadeBy, RowEnd, TupleOnPage, is_sound, tuples};
use pgwal_format::{Endian, Version};
use std::collections::BTreeSet;

/// `pg_tablespace` (`src/include/catalog/pg_tablespace.h`).
const TABLESPACES: u32 = 1213;
/// `pg_database` (`src/include/catalog/pg_database.h`).
const DATABASES: u32 = 1262;
/// The first OID of an object that somebody made (`FirstNormalObjectId`).
const FIRST_NORMAL: u32 = 16384;
/// Bytes that are read of the relation: more of them than any cluster has.
const MOST: usize = 4 << 20;

/// Where the files of a data directory are.
pub trait DataFile {
    /// A file, by its path in the data directory, and no more than so many bytes of it. `None`: it is not there.
    fn read(&self, path: &str, most: usize) -> Option<Vec<u8>>;
}

/// OIDs of the tablespaces that somebody made and that are there for sure: their rows are committed, and nobody has
/// begun to end them. `page`: bytes of a page. None before 9.5, and where the files cannot be read.
pub fn tablespaces(version: Version, endian: Endian, page: usize, files: &dyn DataFile) -> BTreeSet<u32> {
    let mut out = listed(TABLESPACES, version, (endian, page), files).unwrap_or_default();
    out.retain(|oid| *oid >= FIRST_NORMAL);
    out
}

/// OIDs of the databases that are there for sure, in the same way; templates are among them.
pub fn databases(version: Version, endian: Endian, page: usize, files: &dyn DataFile) -> BTreeSet<u32> {
    listed(DATABASES, version, (endian, page), files).unwrap_or_default()
}

fn listed(
    catalog: u32,
    version: Version,
    (endian, page): (Endian, usize),
    files: &dyn DataFile,
) -> Option<BTreeSet<u32>> {
    let column = named(version)?.0;
    let map = map_file::parse(endian, &files.read("global/pg_filenode.map", LONGEST)?)?;
    let (_, file) = map.into_iter().find(|(oid, _)| *oid == catalog)?;
    let bytes = files.read(&format!("global/{file}"), MOST)?;
    let mut xacts = XactFiles::of_pages(page);
    let each = u32::try_from(page).ok()?.checked_mul(32 * 4).filter(|each| *each > 0)?;
    // Up to 9.6 it is called the one, from then on the other, and never both are there.
    let ends = |number: u32| {
        ["pg_xact", "pg_clog"].iter().find_map(|folder| files.read(&format!("{folder}/{number:04X}"), page * 32))
    };
    let mut is_committed = |found: &TupleOnPage| match found.made {
        MadeBy::Committed => true,
        MadeBy::Aborted => false,
        MadeBy::Unknown => {
            let number = found.xmin / each;
            if xacts.status(found.xmin).is_none() {
                xacts.put(number, &ends(number).unwrap_or_default());
            }
            xacts.status(found.xmin) == Some(XactStatus::Committed)
        }
    };
    let mut out = BTreeSet::new();
    for page in bytes.chunks_exact(page).filter(|page| is_sound(endian, page)) {
        for found in tuples(endian, page) {
            let oid = match column {
                Some(at) => found.tuple.data().get(at..).and_then(|data| Some(endian.u32(*data.first_chunk()?))),
                None => found.tuple.oid(endian),
            };
            let oid = oid.filter(|_| found.end == RowEnd::Nobody);
            out.extend(oid.filter(|_| is_committed(&found)));
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::super::map_file::tests::map;
    use super::*;
    use crate::page::tests::{page_of, tuple_of};
    use std::collections::HashMap;

    impl DataFile for HashMap<&str, Vec<u8>> {
        fn read(&self, path: &str, _: usize) -> Option<Vec<u8>> {
            self.get(path).cloned()
        }
    }

    #[test]
    fn rows_that_are_there_and_those_that_are_not() {
        const COMMITTED: u16 = 0x0100;
        const ABORTED: u16 = 0x0200;
        const NO_END: u16 = 0x0800;
        let row = |oid: u32, xmin: u32, xmax: u32, mask: u16| tuple_of(xmin, xmax, mask, &oid.to_le_bytes());
        let page = page_of(
            1,
            &[
                row(1663, 1, 0, COMMITTED | NO_END),
                row(16400, 700, 0, COMMITTED | NO_END),
                row(16401, 700, 705, COMMITTED),
                row(16402, 700, 0, ABORTED | NO_END),
                // What became of these, pg_xact says: 4 committed, 5 did not.
                row(16403, 4, 0, NO_END),
                row(16404, 5, 0, NO_END),
            ],
        );
        let mut files = HashMap::from([
            ("global/pg_filenode.map", map(64, &[(1262, 1262), (TABLESPACES, 16999)])),
            ("global/16999", [page.clone(), vec![0; 8192], page[..100].to_vec()].concat()),
            ("pg_xact/0000", vec![0, 0b1001]),
        ]);
        let told = |files: &HashMap<&str, Vec<u8>>, version| {
            tablespaces(version, Endian::Little, 8192, files).into_iter().collect::<Vec<u32>>()
        };
        assert_eq!(told(&files, Version::new(16, 0)), [16400, 16403]);
        assert_eq!(told(&files, Version::new(9, 4)), [], "columns are not known");
        files.insert("pg_xact/0000", Vec::new());
        assert_eq!(told(&files, Version::new(16, 0)), [16400]);
        files.remove("global/16999");
        assert_eq!(told(&files, Version::new(16, 0)), []);
    }
}
