use super::*;
use pgwal_format::record::RecordHeader;
use pgwal_format::{Align, Endian, Layout, PageSize, SegmentSize, Version};

const BEFORE: u64 = 0x100;
const MARK: u64 = 0x200;
const DROP: u64 = 0x300;

fn layout(version: Version) -> Layout {
    let (align, endian) = (Align::Eight, Endian::Little);
    let (segment, page, dialect) = (SegmentSize::DEFAULT, PageSize::DEFAULT, version.dialect().unwrap());
    Layout { dialect, align, endian, segment, page }
}

fn give(acts: &mut EarlyActs, at: u64, (rmid, info, xid): (u8, u8, u32), body: &[u8]) {
    let layout = &layout(Version::new(16, 0));
    let tot_len = (layout.record_header() + body.len()) as u32;
    let header = RecordHeader { tot_len, xid, prev: Lsn::ZERO, info, rmid, crc: 0, len: 0 };
    let record = Record { lsn: Lsn::new(at), end: Lsn::new(at + 8), header, body, layout };
    acts.record(&record, &mut Vec::new());
}

/// A row in pg_global is changed where it stands: its OID and its limit of connections.
fn in_place(acts: &mut EarlyActs, at: u64, xid: u32, (oid, limit): (u32, i32)) {
    let mut row = vec![0; 100];
    row[..4].copy_from_slice(&oid.to_le_bytes());
    row[80..84].copy_from_slice(&limit.to_le_bytes());
    let mut body = vec![0, 0x20];
    body.extend((row.len() as u16).to_le_bytes());
    body.extend([1664u32, 0, 1262, 0].iter().flat_map(|n| n.to_le_bytes()));
    body.extend([255, 2]);
    body.extend(row);
    body.extend([1, 0]);
    give(acts, at, (HEAP, heap::INPLACE, xid), &body);
}

fn drop_database(acts: &mut EarlyActs, at: u64, oid: u32) {
    let body: Vec<u8> = [255, 12].into_iter().chain([oid, 1, 1663].iter().flat_map(|n| n.to_le_bytes())).collect();
    give(acts, at, (DATABASE, 0x20, 774), &body);
}

fn saved(acts: &EarlyActs) -> Vec<(FileAct, u64)> {
    acts.replayed(|_| true).iter().map(|act| (act.act, act.saved_before.get())).collect()
}

#[test]
fn a_database_is_lost_from_its_own_mark_on() {
    let mut acts = EarlyActs::default();
    in_place(&mut acts, MARK, 0, (16384, -2));
    drop_database(&mut acts, DROP, 16384);
    assert_eq!(saved(&acts), [(FileAct::DropDatabase(16384), MARK)]);
}

#[test]
fn vacuum_and_another_database_are_no_mark() {
    let mut acts = EarlyActs::default();
    in_place(&mut acts, BEFORE, 0, (16385, -2));
    in_place(&mut acts, MARK, 0, (16384, -1));
    drop_database(&mut acts, DROP, 16384);
    let own = (FileAct::DropDatabase(16384), DROP);
    assert_eq!(saved(&acts), [(FileAct::MarkDatabase(Some(16385)), BEFORE), own]);
}

#[test]
fn a_mark_holds_over_a_vacuum_and_a_failed_drop_and_over_segments() {
    let (mut first, mut second, mut third) = (EarlyActs::default(), EarlyActs::default(), EarlyActs::default());
    in_place(&mut first, BEFORE, 770, (16384, -2));
    first.ended(770, Lsn::new(BEFORE + 8));
    in_place(&mut second, MARK, 0, (5, -1));
    drop_database(&mut third, DROP, 16384);
    let mut all = EarlyActs::default();
    [&first, &second].into_iter().for_each(|acts| all.add(acts));
    assert_eq!(saved(&all), [], "the server itself had it so");
    all.add(&third);
    assert_eq!(saved(&all), [(FileAct::DropDatabase(16384), BEFORE)]);
}

#[test]
fn between_the_mark_and_the_removal_it_is_marked() {
    let mut acts = EarlyActs::default();
    in_place(&mut acts, MARK, 0, (16384, -2));
    let marked = (FileAct::MarkDatabase(Some(16384)), Lsn::new(MARK));
    let told = |acts: &EarlyActs, end: u64| {
        let told = acts.replayed(|lsn| lsn < Lsn::new(end));
        told.first().map(|act| (act.act, act.lsn))
    };
    assert_eq!(told(&acts, DROP), Some(marked));
    drop_database(&mut acts, DROP, 16384);
    assert_eq!(told(&acts, DROP), Some(marked));
    assert_eq!(told(&acts, MARK), None);
    assert_eq!(told(&acts, DROP + 8), Some((FileAct::DropDatabase(16384), Lsn::new(DROP))));
}
