//! Every bit of a stretch of WAL flipped, one at a time: each flip is reported at the record or page that holds it, and
//! the next record is found again behind it; or the bit lies in bytes that nothing checks, which are named.
//!
//! The window is two segments. The first is scanned once; the second begins with the rest of a record of the first and
//! holds the stretch, and is scanned and joined anew for every flip.
#![allow(clippy::unwrap_used)]

use pgwal_craft::{Builder, CraftedArchive, CraftedBlock, CraftedImage, FillEnd, Rec, WrittenRecord};
use pgwal_format::dialect::DIALECTS;
use pgwal_format::record::RelFileLocator;
use pgwal_format::{Align, Endian, Generation, Layout, Lsn, PageSize, SegmentNo, SegmentSize, TimelineId, Version};
use pgwal_walk::{Ignore, KEEP, Run, ScanExpect, SlackKind, Tail, scan};
use std::collections::BTreeMap;

const SYSTEM: u64 = 0x6A1B_2C3D_4E5F_6071;
const SEGMENT: u64 = 1 << 20;
const STRETCH: usize = 64 << 10;
const SECOND: SegmentNo = SegmentNo(256);

/// What holds a byte.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Holder {
    /// Byte of a page's header; the page, the record that is lost with it, and the one that is lost with the page
    /// behind it.
    Page { at: Lsn, byte: usize, lost: Lsn, behind: Lsn },
    /// Byte of a record.
    Record { lsn: Lsn, byte: u64 },
    /// Between records.
    Padding,
}

struct Window {
    layout: Layout,
    first: Run<Ignore>,
    second: Vec<u8>,
    holders: Vec<Holder>,
    starts: Vec<Lsn>,
}

fn layout(version: Version, align: Align, endian: Endian, page: u64) -> Layout {
    let size = SegmentSize::new(SEGMENT).unwrap();
    Layout { dialect: version.dialect().unwrap(), align, endian, segment: size, page: PageSize::new(page).unwrap() }
}

/// Records of all sizes, images among them, that fill the stretch and go on behind it.
fn chain(layout: Layout) -> CraftedArchive {
    let mut wal = Builder::new(layout, TimelineId(1), SYSTEM, SegmentNo(SECOND.0 - 1));
    wal.checkpoint_shutdown();
    wal.skip_to(64, FillEnd::Segment);
    wal.filler(3 * layout.page.bytes());
    let stretch_end = layout.address().segment_start(SECOND, layout.segment).plus_within(STRETCH as u64 + 4096);
    let mut number = 0u32;
    while wal.position() < stretch_end {
        number += 1;
        match number % 7 {
            0 => {
                wal.commit(700 + number, 800_000_000_000_000);
            }
            1 => {
                let rel = RelFileLocator { spc: 1663, db: 5, rel: 16384 + number };
                let page: Vec<u8> = (0..8192u32).map(|i| (i.wrapping_mul(number) >> 3) as u8 | 1).collect();
                let image = CraftedImage { page, hole_offset: 200, hole_length: 7000, apply: true };
                let block = CraftedBlock {
                    rel,
                    block: number,
                    data: vec![1, 2, 3],
                    image: Some(image),
                    ..CraftedBlock::default()
                };
                wal.record(&Rec { rmid: 10, xid: 700 + number, main: b"main", blocks: vec![block], ..Rec::default() });
            }
            n => {
                wal.filler(u64::from(40 + n * 37 + number % 5));
            }
        }
    }
    wal.switch();
    wal.finish()
}

fn window(layout: Layout) -> Window {
    let archive = chain(layout);
    let bytes =
        |number| archive.file(archive.segment_name(TimelineId(1), number)).unwrap().content.bytes(0, SEGMENT as usize);
    let first = run(&layout, SegmentNo(SECOND.0 - 1), &bytes(SegmentNo(SECOND.0 - 1)));
    let second = bytes(SECOND);
    let holders = holders(&layout, &archive.records);
    Window { layout, first, second, holders, starts: archive.records.iter().map(|r| r.lsn).collect() }
}

fn run(layout: &Layout, number: SegmentNo, bytes: &[u8]) -> Run<Ignore> {
    let start = layout.address().segment_start(number, layout.segment);
    scan(
        bytes,
        ScanExpect { layout, start, timeline: Some(TimelineId(1)), system_id: Some(SYSTEM), keep: KEEP, history: &[] },
        Ignore,
    )
}

/// Who holds each byte of the stretch, from what was written alone.
fn holders(layout: &Layout, records: &[WrittenRecord]) -> Vec<Holder> {
    let start = layout.address().segment_start(SECOND, layout.segment);
    let page = layout.page.bytes();
    let mut holders = vec![Holder::Padding; STRETCH];
    let mut crossing: BTreeMap<u64, Lsn> = BTreeMap::new();
    for record in records {
        let mut byte = 0;
        for (index, piece) in record.pieces.iter().enumerate() {
            for offset in piece.offset..piece.offset + piece.length {
                if piece.segment == SECOND && (offset as usize) < STRETCH {
                    holders[offset as usize] = Holder::Record { lsn: record.lsn, byte };
                }
                byte += 1;
            }
            if piece.segment == SECOND && index > 0 {
                crossing.insert(piece.offset / page * page, record.lsn);
            }
        }
    }
    let data = |at: u64| if at == 0 { layout.long_header() } else { layout.short_header() } as u64;
    let lost = |at: u64| crossing.get(&at).copied().unwrap_or(start.plus_within(at + data(at)));
    for at in (0..STRETCH as u64).step_by(page as usize) {
        let rem_len =
            if layout.dialect.generation == Generation::LegacyA && crossing.contains_key(&at) { 4 } else { 0 };
        for byte in 0..data(at) + rem_len {
            let holder = Holder::Page {
                at: start.plus_within(at),
                byte: byte as usize,
                lost: lost(at),
                behind: lost(at + page),
            };
            holders[(at + byte) as usize] = holder;
        }
    }
    holders
}

/// How a flip was reported.
#[derive(Debug, PartialEq, Eq)]
enum Report {
    Nothing,
    Damage { lsn: Lsn, at: Lsn, until: Option<Lsn>, more: usize },
    Slack { offset: u64, kind: SlackKind },
}

impl Window {
    fn report(&self, second: &[u8]) -> Report {
        let run = self.first.clone().join(run(&self.layout, SECOND, second), &self.layout);
        match (run.damages.first(), &run.tail, run.slack.first()) {
            (Some(d), _, _) => Report::Damage { lsn: d.lsn, at: d.at, until: d.until, more: run.damages.len() - 1 },
            (None, Tail::Switched { .. }, Some(slack)) => Report::Slack { offset: slack.offset, kind: slack.kind },
            (None, Tail::Switched { .. }, None) => Report::Nothing,
            (None, Tail::Stopped(stop), _) => Report::Damage { lsn: stop.lsn, at: stop.at, until: None, more: 0 },
            (None, tail, _) => panic!("{tail:?}"),
        }
    }

    /// Flips every `stride`th bit. Returns how many bits of which name were reported by nothing, and what was reported
    /// wrongly.
    fn flip_all(&self, from: usize, to: usize, stride: usize) -> (BTreeMap<&'static str, usize>, Vec<String>) {
        assert_eq!(self.report(&self.second), Report::Nothing);
        let (mut silent, mut wrong) = (BTreeMap::new(), Vec::new());
        let mut bytes = self.second.clone();
        for bit in (from..to).step_by(stride) {
            let (offset, mask) = (bit / 8, 1 << (bit % 8));
            bytes[offset] ^= mask;
            let report = self.report(&bytes);
            bytes[offset] ^= mask;
            let holder = &self.holders[offset];
            let next = |lost: &Lsn| self.starts.iter().find(|&start| start > lost).copied();
            let right = match (holder, &report) {
                (_, Report::Nothing) => {
                    self.unchecked(holder, mask).map(|name| *silent.entry(name).or_insert(0) += 1).is_some()
                }
                (Holder::Record { lsn, .. }, Report::Damage { lsn: reported, until, more, .. }) => {
                    lsn == reported && *until == next(lsn) && *more == 0
                }
                (Holder::Page { at, byte, lost, behind }, Report::Damage { lsn, at: reported, until, more }) => {
                    // A page of a timeline to come may be read; the next page, of the timeline before, is not.
                    let to_come = matches!(byte, 4..8) && self.second[offset] & mask == 0;
                    let lost = if to_come && lsn == behind { behind } else { lost };
                    (at, lost) == (reported, lsn) && (*until == next(lost) || *until == Some(*lost)) && *more == 0
                }
                (Holder::Record { byte, .. }, Report::Slack { offset: reported, .. }) => {
                    self.is_pad(*byte) && offset as u64 == *reported
                }
                (_, Report::Slack { offset: reported, .. }) => offset as u64 == *reported,
                (Holder::Padding, Report::Damage { .. }) => false,
            };
            if !right {
                let Layout { dialect, align, endian, .. } = self.layout;
                let version = dialect.version;
                wrong.push(format!(
                    "{version} {align:?} {endian:?}: byte {offset} bit {} of {holder:?} gives {report:?}",
                    bit % 8
                ));
            }
        }
        (silent, wrong)
    }

    /// Bits that nothing checks, by name: the flag of 9.2 to 18 that says that no backup runs. Servers never look at
    /// it.
    fn unchecked(&self, holder: &Holder, mask: u8) -> Option<&'static str> {
        let removable = self.layout.dialect.page.all & 0x0004 != 0 && self.layout.dialect.page.overwrite != 0x0004;
        let low = if self.layout.endian == Endian::Little { 2 } else { 3 };
        match holder {
            Holder::Page { byte, .. } if removable && (*byte, mask) == (low, 0x04) => Some("XLP_BKP_REMOVABLE"),
            _ => None,
        }
    }

    /// The pad of a record header of 9.3 and 9.4, which no checksum covers.
    fn is_pad(&self, byte: u64) -> bool {
        self.layout.dialect.generation == Generation::LegacyB && byte >= 28 && byte < self.layout.record_header() as u64
    }
}

#[test]
fn every_bit_of_64_kib() {
    let window = window(layout(Version::new(15, 0), Align::Eight, Endian::Little, 8192));
    let half = STRETCH * 4;
    let halves = std::thread::scope(|s| {
        let flip = |from: usize| {
            s.spawn({
                let window = &window;
                move || window.flip_all(from, from + half, 1)
            })
        };
        [flip(0), flip(half)].map(|thread| thread.join().unwrap())
    });
    let wrong: Vec<&String> = halves.iter().flat_map(|(_, wrong)| wrong).collect();
    assert!(wrong.is_empty(), "{} flips, the first of them: {:#?}", wrong.len(), &wrong[..wrong.len().min(10)]);
    // A bit on each of the eight pages.
    assert_eq!(
        halves.map(|(silent, _)| silent),
        [BTreeMap::from([("XLP_BKP_REMOVABLE", 4)]), BTreeMap::from([("XLP_BKP_REMOVABLE", 4)])]
    );
}

/// Fewer bits, more page boundaries: 64 pages of 1 KiB.
#[test]
fn bits_of_every_dialect() {
    for dialect in &DIALECTS {
        for (align, endian) in
            [(Align::Eight, Endian::Little), (Align::Four, Endian::Little), (Align::Eight, Endian::Big)]
        {
            let window = window(layout(dialect.version, align, endian, 1024));
            let (_, wrong) = window.flip_all(dialect.magic as usize % 89, STRETCH * 8, 211);
            assert!(wrong.is_empty(), "{} flips, the first of them: {:#?}", wrong.len(), &wrong[..wrong.len().min(10)]);
        }
    }
}
