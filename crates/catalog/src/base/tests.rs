//! Files of a backup that are right, and that are not.

use super::map_file::tests::map;
use super::{BaseCatalogs, BaseFacts, BaseReader};
use crate::keeper::NameKeeper;
use crate::listed::ListedNames;
use crate::names::Names;
use crate::page::tests::{page_of, tuple_of};
use pgwal_format::record::RelFileLocator;
use pgwal_format::{Endian, Lsn, TimelineId, Version};

const START: u64 = 1000;
/// Of hint bits: made by one who committed, ended by nobody.
const COMMITTED: u16 = 0x0100;
const LIVE: u16 = 0x0800;

fn read(files: &[(&str, Vec<u8>)]) -> BaseCatalogs {
    let mut reader = BaseReader::new(BaseFacts {
        version: Version::new(15, 0),
        endian: Endian::Little,
        page: 8192,
        file_blocks: 1,
        checksums: false,
        system_id: 7,
        start: Lsn::new(START),
        timeline: TimelineId(1),
    });
    loop {
        let wanted = reader.wanted();
        for (path, bytes) in files.iter().filter(|(path, _)| wanted.has(path)) {
            reader.begin(path);
            // As a tar hands them on: in pieces of any length.
            bytes.chunks(1000).for_each(|piece| reader.bytes(piece));
        }
        if !reader.next_pass() {
            return reader.finish();
        }
    }
}

/// A row of `pg_class` of 15.
fn class(oid: u32, name: &str, file: u32) -> Vec<u8> {
    let mut row = oid.to_le_bytes().to_vec();
    row.extend(name.as_bytes());
    row.resize(68, 0);
    row.extend([11, 0, 0, 10, 2, file, 0, 0, 0, 0, 0].iter().flat_map(|n: &u32| n.to_le_bytes()));
    row.extend([0, 0, b'p', b'r', 1, 2, 3, 4]);
    row
}

fn maps() -> Vec<u8> {
    map(62, &[(1259, 16500)])
}

fn called(base: BaseCatalogs, file: u32) -> Option<Vec<u8>> {
    let mut keeper = NameKeeper::new(Names::given(ListedNames::default(), Some(base)));
    keeper.passed(Lsn::new(START), Lsn::new(2 * START));
    let names = keeper.finish();
    Some(names.relation_at(RelFileLocator { spc: 1663, db: 5, rel: file }, Lsn::new(START + 1))?.name)
}

#[test]
fn rows_are_those_that_committed() {
    // Transaction 800 committed, 801 was rolled back, 802 is open: two bits each, from the lowest on.
    let mut status = vec![0; 200];
    status.push(0b0000_1001);
    let row = |xmin, xmax, mask, name: &str, file| tuple_of(xmin, xmax, mask, &class(file, name, file));
    let first = page_of(
        START,
        &[
            row(700, 0, COMMITTED | LIVE, "seen", 20001),
            row(800, 0, LIVE, "made", 20002),
            row(801, 0, LIVE, "never", 20003),
            row(802, 0, LIVE, "open", 20004),
            row(700, 800, COMMITTED, "ended", 20005),
            row(700, 801, COMMITTED, "kept", 20006),
            row(5_000_000, 0, LIVE, "unknown", 20007),
        ],
    );
    // The second file of the relation, behind one of one block.
    let second = page_of(START, &[row(700, 0, COMMITTED | LIVE, "behind", 20008)]);
    let files = [
        ("base/5/pg_filenode.map", maps()),
        ("base/5/16500", first),
        ("base/5/16500.1", second),
        ("pg_xact/0000", status),
    ];
    let base = read(&files);
    assert_eq!((base.pages_left_out, base.left_out, base.rows()), (0, 0, 8));
    let told = [20001, 20002, 20003, 20004, 20005, 20006, 20007, 20008].map(|file| called(base.clone(), file));
    let text = told.map(|name| name.map(|name| String::from_utf8(name).unwrap()).unwrap_or_default());
    assert_eq!(text, ["seen", "made", "", "", "", "kept", "", "behind"]);
}

#[test]
fn what_makes_no_sense_is_left_out_and_counted() {
    let row = |file| tuple_of(700, 0, COMMITTED | LIVE, &class(file, "t", file));
    let good = page_of(START, &[row(20001), row(20002)]);
    let of = |map: Vec<u8>, page: Vec<u8>| {
        let base = read(&[("base/5/pg_filenode.map", map), ("base/5/16500", page)]);
        (base.rows(), base.pages_left_out, base.left_out)
    };
    assert_eq!(of(maps(), good.clone()), (2, 0, 0));
    // Half of it is from another time.
    let mut torn = good.clone();
    let longer = || [row(1), vec![1; 700]].concat();
    torn[..4096].copy_from_slice(&page_of(START, &[longer(), longer(), longer()])[..4096]);
    assert_eq!(of(maps(), torn), (0, 1, 0));
    assert_eq!(of(maps(), good[..5000].to_vec()), (0, 0, 0), "a page that is cut off is none");
    assert_eq!(of(maps(), vec![0; 8192]), (0, 0, 0), "one that was never written");
    let mut wrong = maps();
    wrong[100] ^= 1;
    assert_eq!(of(wrong, good.clone()), (0, 0, 1), "nothing says where pg_class lies");
    assert_eq!(of(maps()[..300].to_vec(), good.clone()), (0, 0, 1));
    // WAL has what was changed behind the start.
    assert_eq!(of(maps(), page_of(START + 1, &[row(20001)])), (0, 0, 0));
}

#[test]
fn pages_of_any_bytes() {
    let mut state = 0x9E37_79B9_7F4A_7C15u64;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let row = tuple_of(700, 0, COMMITTED | LIVE, &class(20001, "t", 20001));
    for _ in 0..2000 {
        let mut page = page_of(START, &[row.clone(), row.clone(), row.clone()]);
        for _ in 0..next() % 16 {
            // Mostly in the header and the line pointers.
            let at = if next() % 4 > 0 { next() % 40 } else { next() % 8192 };
            page[at as usize] = next() as u8;
        }
        let base = read(&[("base/5/pg_filenode.map", maps()), ("base/5/16500", page)]);
        assert!(base.rows() <= 3);
    }
}
