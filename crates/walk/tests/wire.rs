//! Runs that were stored join as those that were not, and no bytes make reading them panic.
#![allow(clippy::unwrap_used, reason = "a test fails where something is missing, in its functions too")]

use pgwal_craft::{Builder, Rec};
use pgwal_format::dialect::DIALECTS;
use pgwal_format::record::{Record, RecordHeader};
use pgwal_format::wire::Wire;
use pgwal_format::{Align, Endian, Generation, Layout, PageSize, SegmentNo, SegmentSize, TimelineId, wire_fields};
use pgwal_walk::{Fold, KEEP, Run, ScanExpect, scan};

/// Counts.
#[derive(Clone, Debug, Default, PartialEq)]
struct Count {
    records: u64,
    bytes: u64,
}
wire_fields!(Count { records, bytes });

impl Fold for Count {
    type Mark = u64;
    fn mark(&self) -> u64 {
        self.records
    }
    fn after(mark: &mut u64, left: &Count) {
        *mark += left.records;
    }
    fn wants(&self, header: &RecordHeader) -> bool {
        header.rmid == 1
    }
    fn pass(&mut self, header: &RecordHeader) {
        self.records += 1;
        self.bytes += u64::from(header.tot_len);
    }
    fn record(&mut self, record: &Record<'_>) {
        self.pass(&record.header);
    }
    fn join(&mut self, right: Count) {
        self.records += right.records;
        self.bytes += right.bytes;
    }
}

/// Segments of records of many lengths, some longer than a segment, one segment damaged.
fn segments(dialect: &'static pgwal_format::Dialect) -> (Layout, Vec<Run<Count>>) {
    let (segment, page) = (SegmentSize::new(1 << 20).unwrap(), PageSize::new(8192).unwrap());
    let layout = Layout { dialect, align: Align::Eight, endian: Endian::Little, segment, page };
    let mut builder = Builder::new(layout, TimelineId::FIRST, 7, SegmentNo(3));
    for n in 0..60u32 {
        builder.commit(100 + n, i64::from(n));
        builder.filler(u64::from(n) * 7919 % 200_000 + 64);
    }
    let long = vec![5; if dialect.generation == Generation::Modern { 2_500_000 } else { 60_000 }];
    builder.record(&Rec { rmid: 0, info: 0x20, main: &long, ..Rec::default() });
    builder.commit(1, 1);
    let archive = builder.finish();
    let runs = archive.files.iter().enumerate().map(|(i, file)| {
        let mut bytes = file.content.bytes(0, 1 << 20);
        if i == 1 {
            bytes[500_000] ^= 1;
        }
        let start = layout.address().segment_start(SegmentNo(3 + i as u64), segment);
        scan(
            &bytes,
            ScanExpect { layout: &layout, start, timeline: None, system_id: Some(7), keep: KEEP, history: &[] },
            Count::default(),
        )
    });
    let runs = runs.collect();
    (layout, runs)
}

fn stored(run: &Run<Count>, layout: &Layout) -> Vec<u8> {
    let mut run = run.clone();
    run.compact(layout);
    let mut out = Vec::new();
    run.put(&mut out);
    out
}

#[test]
fn stored_runs_join_as_the_others() {
    for dialect in DIALECTS.iter() {
        let (layout, runs) = segments(dialect);
        assert!(runs.len() > 5);
        let mut original = runs.iter().cloned().reduce(|a, b| a.join(b, &layout)).unwrap();
        let mut lean: Vec<Run<Count>> = Vec::new();
        for run in &runs {
            let bytes = stored(run, &layout);
            let mut back = Run::take(&mut bytes.as_slice()).unwrap();
            if lean.last().is_some_and(|left| left.tells_structure(&layout)) {
                back.drop_rest(&layout);
            }
            let mut again = Vec::new();
            back.put(&mut again);
            assert!(dialect.generation != Generation::Modern || again.len() < 1500, "{} bytes", again.len());
            lean.push(back);
        }
        let mut joined = lean.into_iter().reduce(|a, b| a.join(b, &layout)).unwrap();
        original.compact(&layout);
        joined.compact(&layout);
        assert_eq!(format!("{original:?}"), format!("{joined:?}"), "{}", dialect.version);
    }
}

#[test]
fn no_bytes_are_too_odd() {
    let (layout, runs) = segments(&DIALECTS[DIALECTS.len() - 1]);
    let mut seed = 1u64;
    let mut dice = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % below
    };
    for run in &runs {
        let bytes = stored(run, &layout);
        for cut in 0..bytes.len().min(400) {
            assert!(Run::<Count>::take(&mut &bytes[..cut]).is_none());
        }
        for _ in 0..500 {
            let mut bytes = bytes.clone();
            for _ in 0..1 + dice(4) {
                let at = dice(bytes.len());
                bytes[at] = dice(256) as u8;
            }
            let _ = Run::<Count>::take(&mut bytes.as_slice());
        }
    }
}
