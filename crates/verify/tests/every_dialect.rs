//! WAL of every version, proven, and refuted after one flipped bit: each page magic, both alignments, the smallest, the
//! usual and the largest page, segments of 1 MiB, 16 MiB and 1 GiB. Half of these versions are in no capture; the crate
//! `pgwal-craft` writes their WAL.
#![allow(clippy::unwrap_used)]

use pgwal_craft::record::HeaderOffsets;
use pgwal_craft::{Builder, CraftedArchive, CraftedDamage, FillEnd, Opening, Rec, WrittenRecord};
use pgwal_format::dialect::DIALECTS;
use pgwal_format::{
    Align, Endian, FileName, Layout, Lsn, PageSize, SegmentName, SegmentNo, SegmentSize, TimelineId, Version,
};
use pgwal_verify::{Code, Finding, Options, Outcome, Severity, Verdict, verify};
use pgwal_walk::{Ignore, KEEP, ScanExpect, Tail, scan};
use std::path::Path;

const SYSTEM: u64 = 0x6A1B_2C3D_4E5F_6071;
const MIB: u64 = 1 << 20;

fn layout(version: Version, align: Align, endian: Endian, page: u64, segment: u64) -> Layout {
    let (page, segment) = (PageSize::new(page).unwrap(), SegmentSize::new(segment).unwrap());
    Layout { dialect: version.dialect().unwrap(), align, endian, segment, page }
}

fn named(layout: &Layout) -> String {
    let Layout { dialect, align, endian, .. } = layout;
    format!(
        "{} {align:?} {endian:?}, pages of {}, segments of {}",
        dialect.version,
        layout.page.bytes(),
        layout.segment.bytes()
    )
}

/// Record headers split at every place that the version allows.
fn split_headers(wal: &mut Builder) {
    let layout = *wal.layout();
    for before in [4, 8, 12, 16, 20, 24, 28, 32, 40] {
        if before % layout.align_bytes() == 0 && before >= layout.start_room() as u64 {
            wal.skip_to(before, FillEnd::Page);
            wal.filler(61);
        }
    }
}

/// Split headers, a record over several segments, a switch, two changes of timeline. Begins in the last segment of a
/// log id.
fn chain(layout: Layout) -> CraftedArchive {
    let first = SegmentNo(layout.address().segments_per_log(layout.segment) - 1);
    let mut wal = Builder::new(layout, TimelineId(1), SYSTEM, first);
    wal.checkpoint_shutdown();
    wal.commit(700, 800_000_000_000_000);
    split_headers(&mut wal);
    wal.skip_to_with_zeros(layout.start_room() as u64, FillEnd::Segment);
    wal.zero_filler(layout.segment.bytes() + 12_345);
    wal.aborted_record_and_overwrite_contrecord();
    wal.commit(701, 800_000_001_000_000);
    wal.switch();
    timelines(&mut wal, true);
    wal.finish()
}

/// What fits into one large segment: no record crosses its end.
fn short_chain(layout: Layout) -> CraftedArchive {
    let mut wal = Builder::new(layout, TimelineId(1), SYSTEM, SegmentNo(2));
    wal.checkpoint_shutdown();
    wal.commit(700, 800_000_000_000_000);
    split_headers(&mut wal);
    wal.aborted_record_and_overwrite_contrecord();
    timelines(&mut wal, false);
    wal.finish()
}

/// Two changes of timeline, in two segments or in one.
fn timelines(wal: &mut Builder, apart: bool) {
    let page = wal.layout().page.bytes();
    wal.filler(90);
    wal.timeline_switch_leaving(TimelineId(2), Opening::EndOfRecovery, &[3 * page]);
    wal.filler(2 * page);
    if apart {
        wal.switch();
        wal.filler(3 * page);
    }
    wal.timeline_switch(TimelineId(3), Opening::ShutdownCheckpoint);
    wal.filler(5_000);
    wal.filler(300);
    wal.switch();
}

/// The bit to be flipped.
#[derive(Clone, Copy, Debug)]
enum Bit {
    Body,
    Prev,
    Length,
    PageAddress,
}

const BITS: [Bit; 4] = [Bit::Body, Bit::Prev, Bit::Length, Bit::PageAddress];

/// Where replay must stop, and which bit of which file does it.
struct Target {
    bit: Bit,
    file: FileName,
    offset: u64,
    record: WrittenRecord,
    at: Lsn,
}

/// A record on the path, one of a few by `number`, that crosses a page.
fn target(archive: &CraftedArchive, bit: Bit, number: usize) -> Target {
    let layout = &archive.layout;
    let candidates: Vec<&WrittenRecord> =
        archive.records.iter().filter(|r| !r.dead && r.pieces.len() > 1 && r.tot_len < 30_000_000).collect();
    let record = candidates[number % candidates.len()].clone();
    let fields = HeaderOffsets::of(layout.dialect.generation);
    let (segment, offset) = match bit {
        Bit::Body => record.byte(u64::from(record.tot_len) - 1).unwrap(),
        Bit::Prev => record.byte(fields.prev as u64 + 3).unwrap(),
        Bit::Length => record.byte(fields.tot_len as u64 + 1).unwrap(),
        Bit::PageAddress => {
            let piece = record.pieces[1];
            (piece.segment, piece.offset - piece.offset % layout.page.bytes() + 11)
        }
    };
    let page = offset - offset % layout.page.bytes();
    let at = match bit {
        Bit::PageAddress => layout.address().segment_start(segment, layout.segment).plus_within(page),
        _ => record.lsn,
    };
    let file = newest(archive, segment, record.timeline);
    Target { bit, file, offset, record, at }
}

/// The file that a server on the last timeline reads for a segment in which a record of `timeline` lies.
fn newest(archive: &CraftedArchive, number: SegmentNo, timeline: TimelineId) -> FileName {
    let mut names = (timeline.0..=3).rev().map(|t| archive.segment_name(TimelineId(t), number));
    names.find(|&name| archive.file(name).is_some()).unwrap()
}

fn number(layout: &Layout, name: SegmentName) -> SegmentNo {
    name.number(layout.address(), layout.segment).unwrap()
}

fn look(folder: &Path) -> Outcome {
    let source = pgwal_source::open(&[folder.to_path_buf()]).unwrap();
    verify(source.as_ref(), &Options::default()).unwrap()
}

fn errors(outcome: &Outcome) -> Vec<&Finding> {
    outcome.findings.iter().filter(|f| f.severity == Severity::Error).collect()
}

fn is_proven(archive: &CraftedArchive, folder: &Path, what: &str) {
    let outcome = look(folder);
    assert_eq!(outcome.verdict, Verdict::Proven, "{what}: {:#?}", outcome.findings);
    assert!(errors(&outcome).is_empty(), "{what}: {:#?}", outcome.findings);
    assert_eq!(outcome.layout, Some(archive.layout), "{what}");
    assert_eq!(outcome.system_id, Some(SYSTEM), "{what}");
    // A timeline of which no file is taken is not on the path: all of its WAL is in its child's.
    let segments = |t| {
        archive
            .files
            .iter()
            .any(|f| matches!(f.name, FileName::Segment(name) if name.timeline == t && newest(archive, number(&archive.layout, name), t) == f.name))
    };
    let path: Vec<TimelineId> = [1, 2, 3].map(TimelineId).into_iter().filter(|&t| segments(t)).collect();
    assert_eq!(outcome.path, path, "{what}");
    let written: Vec<&WrittenRecord> = archive.records.iter().filter(|r| !r.dead).collect();
    assert_eq!(outcome.replayed.records, written.len() as u64, "{what}");
    let from = outcome.replay.map(|(from, _)| from);
    assert_eq!(from, Some(written[0].lsn), "{what}");
}

fn is_refuted(folder: &Path, target: &Target, what: &str) {
    let path = folder.join(target.file.to_string());
    CraftedDamage::Flip { bit: 2 }.apply_to_file(&path, target.offset).unwrap();
    let outcome = look(folder);
    CraftedDamage::Flip { bit: 2 }.apply_to_file(&path, target.offset).unwrap();
    let what = format!(
        "{what}, {:?} of {} in {} at {}: {:?}",
        target.bit,
        target.record.lsn,
        target.file,
        target.offset,
        errors(&outcome).iter().map(|f| (f.code, f.timeline, f.lsn, f.at, &f.file, &f.detail)).collect::<Vec<_>>()
    );
    assert_eq!(outcome.verdict, Verdict::Refuted, "{what}");
    let found = errors(&outcome);
    assert_eq!(found.len(), 1, "{what}");
    assert_eq!(found[0].lsn, Some(target.record.lsn), "{what}");
    if matches!(target.bit, Bit::PageAddress) {
        assert_eq!(found[0].code, Code::PageHeader, "{what}");
        assert_eq!(found[0].at, Some(target.at), "{what}");
        assert_eq!(found[0].file, Some(target.file.to_string()), "{what}");
    }
}

/// Proves the archive, then refutes it once for each of `bits`.
fn judge(archive: &CraftedArchive, bits: &[(Bit, usize)]) {
    let what = named(&archive.layout);
    let folder = tempfile::tempdir().unwrap();
    archive.write_to(folder.path()).unwrap();
    is_proven(archive, folder.path(), &what);
    for &(bit, number) in bits {
        is_refuted(folder.path(), &target(archive, bit, number), &what);
    }
}

fn table(segment: u64) -> Vec<Layout> {
    let aligned = |d: &'static pgwal_format::Dialect| [Align::Eight, Align::Four].map(|a| (d.version, a));
    let pages = |(version, align)| {
        [1 << 10, 8 << 10, 64 << 10].map(|page| layout(version, align, Endian::Little, page, segment))
    };
    DIALECTS.iter().flat_map(aligned).flat_map(pages).collect()
}

/// Runs over the layouts on two threads.
fn on_two_threads(layouts: &[Layout], run: impl Fn(usize, Layout) + Sync) {
    std::thread::scope(|s| {
        for half in 0..2 {
            let run = &run;
            s.spawn(move || (half..layouts.len()).step_by(2).for_each(|index| run(index, layouts[index])));
        }
    });
}

#[test]
fn segments_of_1_mib() {
    on_two_threads(&table(MIB), |index, layout| {
        let bits = BITS.map(|bit| (bit, index));
        judge(&chain(layout), &bits);
    });
}

#[test]
fn segments_of_16_mib() {
    on_two_threads(&table(16 * MIB), |index, layout| judge(&chain(layout), &[(BITS[index % 4], index / 4)]));
}

/// One of each generation, and only the file that a server takes: reading the zeros of a gigabyte takes its time.
#[test]
fn segments_of_1_gib() {
    let layouts = [
        (Version::new(8, 3), Align::Four, 1),
        (Version::new(9, 3), Align::Eight, 8),
        (Version::new(17, 0), Align::Eight, 64),
    ];
    let layouts = layouts.map(|(version, align, kib)| layout(version, align, Endian::Little, kib << 10, 1024 * MIB));
    on_two_threads(&layouts, |index, layout| judge(&of_last_timeline(short_chain(layout)), &[(BITS[index], index)]));
}

#[test]
#[ignore = "reads some 200 GiB of zeros"]
fn every_segment_of_1_gib() {
    on_two_threads(&table(1024 * MIB), |index, layout| {
        judge(&of_last_timeline(short_chain(layout)), &[(BITS[index % 4], index / 4)])
    });
}

/// Leaves away the files of older timelines that a child's copy stands for.
fn of_last_timeline(mut archive: CraftedArchive) -> CraftedArchive {
    let last = archive.segment_name(TimelineId(3), SegmentNo(2));
    archive.files.retain(|f| f.name == last || matches!(f.name, FileName::History(_)));
    archive
}

/// All of them, without the zeros: only what lies before the end of the last page that holds anything is scanned.
#[test]
fn beginnings_of_1_gib() {
    on_two_threads(&table(1024 * MIB), |index, layout| {
        let archive = short_chain(layout);
        let what = named(&layout);
        let last = archive.records.last().unwrap().pieces.last().unwrap();
        let used = (last.offset + last.length).next_multiple_of(layout.page.bytes()) as usize;
        let mut bytes = archive.file(archive.segment_name(TimelineId(3), SegmentNo(2))).unwrap().content.bytes(0, used);
        let start = layout.address().segment_start(SegmentNo(2), layout.segment);
        let expect = ScanExpect {
            layout: &layout,
            start,
            timeline: Some(TimelineId(3)),
            system_id: Some(SYSTEM),
            keep: KEEP,
            history: &[],
        };

        assert_eq!(Layout::detect(&bytes), Ok(layout), "{what}");
        let run = scan(&bytes, expect, Ignore);
        assert!(
            matches!(run.tail, Tail::Switched { .. }) && run.damages.is_empty(),
            "{what}: {:?} {:?}",
            run.tail,
            run.damages
        );
        assert_eq!(run.last, archive.records.last().map(|r| r.lsn), "{what}");
        for bit in BITS {
            let target = target(&archive, bit, index);
            bytes[target.offset as usize] ^= 4;
            let run = scan(&bytes, expect, Ignore);
            bytes[target.offset as usize] ^= 4;
            let found: Vec<(Lsn, Lsn)> = run.damages.iter().map(|d| (d.lsn, d.at)).collect();
            let at = if matches!(bit, Bit::Length) { run.damages[0].at } else { target.at };
            assert_eq!(found, [(target.record.lsn, at)], "{what} {bit:?}");
        }
    });
}

/// A record over the end of a segment of 1 GiB, and into the first segment of a timeline.
#[test]
fn over_the_end_of_1_gib() {
    let layout = layout(Version::new(15, 0), Align::Eight, Endian::Little, 64 << 10, 1024 * MIB);
    let mut wal = Builder::new(layout, TimelineId(1), SYSTEM, SegmentNo(2));
    wal.checkpoint_shutdown();
    wal.skip_to_with_zeros(layout.start_room() as u64, FillEnd::Segment);
    wal.filler(200_000);
    timelines(&mut wal, false);
    let mut archive = wal.finish();
    let taken = [archive.segment_name(TimelineId(1), SegmentNo(2)), archive.segment_name(TimelineId(3), SegmentNo(3))];
    archive.files.retain(|f| taken.contains(&f.name) || matches!(f.name, FileName::History(_)));
    let crossing = archive
        .records
        .iter()
        .filter(|r| !r.dead && r.pieces.len() > 1 && r.tot_len < 30_000_000)
        .position(|r| r.tot_len == 200_000);
    judge(&archive, &[(Bit::Body, crossing.unwrap())]);
}

/// A record that begins in the parent's last segment and ends in the first of the child.
#[test]
fn into_the_first_segment_of_a_timeline() {
    for dialect in &DIALECTS {
        let layout = layout(dialect.version, Align::Eight, Endian::Little, 8 << 10, MIB);
        let mut wal = Builder::new(layout, TimelineId(1), SYSTEM, SegmentNo(2));
        wal.checkpoint_shutdown();
        wal.skip_to(layout.start_room() as u64, FillEnd::Segment);
        wal.filler(20_000);
        timelines(&mut wal, false);
        judge(&wal.finish(), &BITS.map(|bit| (bit, 1)));
    }
}

#[test]
fn big_endian() {
    for version in [Version::new(8, 2), Version::new(9, 2), Version::new(9, 4), Version::new(9, 5), Version::new(19, 0)]
    {
        for align in [Align::Eight, Align::Four] {
            judge(&chain(layout(version, align, Endian::Big, 8 << 10, MIB)), &BITS.map(|bit| (bit, 2)));
        }
    }
}

/// A server that crashed in the middle of a record went on behind it: no damage from 9.6 on. The same with an
/// `OVERWRITE_CONTRECORD` that names another record is.
#[test]
fn aborted_records() {
    for dialect in DIALECTS.iter().filter(|d| d.version >= Version::new(9, 6)) {
        for (total, pages, names_it) in [(20_000, 1, true), (20_000, 2, true), (3 * MIB, 130, true), (20_000, 1, false)]
        {
            let layout = layout(dialect.version, Align::Eight, Endian::Little, 8 << 10, MIB);
            let mut wal = Builder::new(layout, TimelineId(1), SYSTEM, SegmentNo(5));
            wal.checkpoint_shutdown();
            wal.filler(900_000);
            let before = wal.filler(500);
            let head = wal.aborted_record(total, pages);
            let overwrite = wal.overwrite_contrecord(if names_it { head } else { before });
            wal.filler(9_000);
            wal.switch();
            let archive = wal.finish();
            let what = format!("{}, {total} bytes, {pages} pages", dialect.version);
            let folder = tempfile::tempdir().unwrap();
            archive.write_to(folder.path()).unwrap();
            let outcome = look(folder.path());
            if names_it {
                assert_eq!(outcome.verdict, Verdict::Proven, "{what}: {:#?}", outcome.findings);
                assert_eq!(outcome.replayed.records, archive.records.len() as u64 - 1, "{what}");
            } else {
                assert_eq!(outcome.verdict, Verdict::Refuted, "{what}: {:#?}", outcome.findings);
                let found = errors(&outcome);
                assert_eq!(
                    (found.len(), found[0].code, found[0].lsn),
                    (1, Code::Overwrite, Some(overwrite)),
                    "{what}: {found:#?}"
                );
            }
        }
    }
}

/// A record that names another as the one before it, under a right checksum: in the middle of a page, behind the end of
/// one, as the first of a segment.
#[test]
fn wrong_links() {
    for dialect in &DIALECTS {
        for place in [None, Some(FillEnd::Page), Some(FillEnd::Segment)] {
            let layout = layout(dialect.version, Align::Eight, Endian::Little, 8 << 10, MIB);
            let mut wal = Builder::new(layout, TimelineId(1), SYSTEM, SegmentNo(5));
            let first = wal.checkpoint_shutdown();
            wal.filler(100);
            if let Some(end) = place {
                wal.skip_to(80, end);
                wal.filler(80);
            }
            let bad =
                wal.record(&Rec { rmid: 10, info: 0x00, xid: 9, main: &[7; 60], prev: Some(first), ..Rec::default() });
            wal.filler(100);
            wal.switch();
            let archive = wal.finish();
            let folder = tempfile::tempdir().unwrap();
            archive.write_to(folder.path()).unwrap();
            let outcome = look(folder.path());
            let found = errors(&outcome);
            let what = format!("{} {place:?}: {found:#?}", dialect.version);
            assert_eq!(outcome.verdict, Verdict::Refuted, "{what}");
            // Between two files, it is the second one that somebody else wrote.
            let code = if matches!(place, Some(FillEnd::Segment)) { Code::TwoHistories } else { Code::PrevLink };
            assert_eq!((found.len(), found[0].code, found[0].lsn), (1, code, Some(bad)), "{what}");
        }
    }
}
