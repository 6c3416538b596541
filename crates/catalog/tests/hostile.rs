//! Records that nobody wrote: rows of catalogs whose lengths and offsets are anything. Nothing panics, and nothing is
//! named that the bytes do not say.
#![allow(clippy::unwrap_used, reason = "a test fails where something is missing, in its functions too")]

use pgwal_catalog::{CatalogChange, CatalogFiles, CatalogRow, CatalogRows, Names};
use pgwal_format::image::Unpack;
use pgwal_format::record::{Record, RecordHeader, RelFileLocator};
use pgwal_format::rmgr::{HEAP, HEAP2};
use pgwal_format::{Align, Endian, Layout, Lsn, PageSize, SegmentSize, Version};

struct Nothing;

impl Unpack for Nothing {
    fn lz4(&self, _: &[u8], _: &mut [u8]) -> Option<usize> {
        None
    }

    fn zstd(&self, _: &[u8], _: &mut [u8]) -> Option<usize> {
        None
    }
}

const CLASS: RelFileLocator = RelFileLocator { spc: 1663, db: 5, rel: 1259 };

fn layout(version: Version) -> Layout {
    Layout {
        dialect: version.dialect().unwrap(),
        align: Align::Eight,
        endian: Endian::Little,
        segment: SegmentSize::DEFAULT,
        page: PageSize::DEFAULT,
    }
}

/// A record with one block of `pg_class`.
fn give(
    rows: &mut CatalogRows<'_>,
    layout: &Layout,
    (rmid, info): (u8, u8),
    data: &[u8],
    main: &[u8],
) -> Vec<CatalogChange> {
    let has_data = if data.is_empty() { 0 } else { 0x20 };
    let mut body = vec![0, has_data];
    body.extend((data.len() as u16).to_le_bytes());
    body.extend([CLASS.spc, CLASS.db, CLASS.rel, 0].iter().flat_map(|n| n.to_le_bytes()));
    body.extend([255, main.len() as u8]);
    body.extend(data);
    body.extend(main);
    let tot_len = (layout.record_header() + body.len()) as u32;
    let header = RecordHeader { tot_len, xid: 7, prev: Lsn::ZERO, info, rmid, crc: 0, len: 0 };
    let record = Record { lsn: Lsn::ZERO, end: Lsn::ZERO, header, body: &body, layout };
    let mut blocks = Vec::new();
    record.blocks(&mut blocks).unwrap();
    let mut out = Vec::new();
    rows.record(&record, &blocks, &mut |file, change| {
        assert_eq!(file, CLASS);
        out.push(change);
    });
    out
}

/// A tuple as heap records have it: a header of five bytes, the bitmap's room, the columns.
fn tuple(version: Version, oid: u32, name: &str, file: u32) -> Vec<u8> {
    let old = version < Version::new(12, 0);
    let mut row = Vec::new();
    if !old {
        row.extend(oid.to_le_bytes());
    }
    let start = row.len();
    row.extend(name.as_bytes());
    row.resize(start + 64, 0);
    // relnamespace, reltype, reloftype, relowner, relam, relfilenode, reltablespace
    row.extend([2200, 0, 0, 10, 2, file, 0].iter().flat_map(|n: &u32| n.to_le_bytes()));
    let numbers = if version < Version::new(18, 0) { 4 } else { 5 };
    row.extend(vec![0; numbers * 4]);
    row.extend([0, 0, b'p', b'r', 1, 2, 3, 4]);
    let mut out = vec![33, 0, if old { 8 } else { 0 }, 0, 32];
    out.extend([0; 5]);
    out.extend(if old { oid } else { 0 }.to_le_bytes());
    out.extend(row);
    out
}

const VERSIONS: [Version; 4] = [Version::new(9, 5), Version::new(11, 0), Version::new(15, 0), Version::new(18, 0)];

#[test]
fn a_row_is_followed_through_an_update_that_shares_both_ends() {
    for version in VERSIONS {
        let layout = layout(version);
        let mut rows = CatalogRows::new(CatalogFiles::default(), &Nothing);
        let old = tuple(version, 16393, "orders", 16393);
        let [CatalogChange::Inserted(row)] = &give(&mut rows, &layout, (HEAP, 0), &old, &[1, 0, 0])[..] else {
            panic!("{version}: a row is inserted")
        };
        let mut names = Names::default();
        names.learn(Lsn::new(1), CLASS, row);
        assert_eq!(names.relation(RelFileLocator { rel: 16393, ..CLASS }).unwrap().name, b"orders", "{version}");
        // TRUNCATE: another file number, and the same before and behind it.
        let new = tuple(version, 16393, "orders", 16400);
        let head = 14;
        let at = new.iter().zip(&old).position(|(new, old)| new != old).unwrap();
        let (prefix, own) = (at - head, &new[at..at + 2]);
        let suffix = new.len() - at - 2;
        let data = [&(prefix as u16).to_le_bytes()[..], &(suffix as u16).to_le_bytes(), &new[..head], own].concat();
        let main = [7, 0, 0, 0, 1, 0, 0, 0x60, 0, 0, 0, 0, 2, 0];
        let changes = give(&mut rows, &layout, (HEAP, 0x20), &data, &main);
        let [CatalogChange::Updated { before: Some(before), after: Some(CatalogRow::Class(after)) }] = &changes[..]
        else {
            panic!("{version}: {changes:?}")
        };
        assert_eq!((before, after.file, after.oid, after.kind), (row, 16400, 16393, b'r'), "{version}");
        let deleted = give(&mut rows, &layout, (HEAP, 0x10), &[], &[7, 0, 0, 0, 2, 0, 0, 0]);
        assert_eq!(deleted, [CatalogChange::Deleted(Some(CatalogRow::Class(after.clone())))], "{version}");
        let unknown = give(&mut rows, &layout, (HEAP, 0x10), &[], &[7, 0, 0, 0, 9, 0, 0, 0]);
        assert_eq!(unknown, [CatalogChange::Deleted(None)], "{version}");
    }
}

#[test]
fn bytes_of_any_kind() {
    let mut state = 0x9E37_79B9_7F4A_7C15u64;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    for round in 0..40_000u64 {
        let layout = layout(VERSIONS[(round % 4) as usize]);
        let mut rows = CatalogRows::new(CatalogFiles::default(), &Nothing);
        let mut data = tuple(layout.dialect.version, 16393, "orders", 16393);
        give(&mut rows, &layout, (HEAP, 0), &data, &[1, 0, 0]);
        for _ in 0..next() % 8 {
            let at = (next() % data.len() as u64) as usize;
            data[at] = next() as u8;
        }
        data.truncate((next() % (data.len() as u64 + 1)) as usize);
        let mut main = vec![0; (next() % 20) as usize];
        main.iter_mut().for_each(|byte| *byte = (next() % 5) as u8);
        if let Some(flags) = main.get_mut(7) {
            *flags = next() as u8;
        }
        let (rmid, info) = if next() % 4 == 0 { (HEAP2, 0x50) } else { (HEAP, (next() % 5 * 0x10) as u8) };
        for change in give(&mut rows, &layout, (rmid, info | (next() % 2 * 0x80) as u8), &data, &main) {
            if let CatalogChange::Inserted(CatalogRow::Class(row)) = change {
                assert!(row.oid != 0 && !row.name.is_empty() && row.name.len() < 64);
            }
        }
    }
}
