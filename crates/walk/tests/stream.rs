//! A stream and a scan come to the same, wherever the stream does not decline; and on good WAL it declines next to
//! nothing.

#![allow(clippy::unwrap_used)]

use pgwal_format::record::{BlockRef, Record, RecordHeader};
use pgwal_format::{FileName, Layout};
use pgwal_walk::{Chain, Fold, KEEP, Run, ScanExpect, Stream, Tail, is_zero, scan};
use walproof_testdata::{Story, plain_name, read_plain};

/// Every record, as far as a checking walk keeps it.
#[derive(Clone, Debug, Default, PartialEq)]
struct All(Vec<(u64, u64, u32, usize)>);

impl Fold for All {
    type Mark = usize;
    fn mark(&self) -> usize {
        self.0.len()
    }
    fn after(mark: &mut usize, left: &All) {
        *mark += left.0.len();
    }
    fn wants(&self, header: &RecordHeader) -> bool {
        !header.tot_len.is_multiple_of(3)
    }
    fn pass(&mut self, header: &RecordHeader) {
        self.0.push((0, 0, header.crc, 0));
    }
    fn record(&mut self, r: &Record<'_>) {
        self.0.push((r.lsn.get(), r.end.get(), r.header.crc, r.body.len()));
    }
    fn join(&mut self, right: All) {
        self.0.extend(right.0);
    }
}

#[test]
fn a_stream_comes_to_what_a_scan_comes_to() {
    let (mut streamed, mut all) = (0, 0);
    for story in Story::all().unwrap() {
        let mut files: Vec<_> = std::fs::read_dir(story.folder()).unwrap().map(|f| f.unwrap().path()).collect();
        files.sort();
        for path in files {
            let Some(FileName::Segment(name)) = FileName::parse(&plain_name(&path)) else { continue };
            let bytes = read_plain(&path).unwrap();
            let layout = Layout::detect(&bytes).unwrap();
            let Some(number) = name.number(layout.address(), layout.segment) else { continue };
            let start = layout.address().segment_start(number, layout.segment);
            let expect = ScanExpect {
                layout: &layout,
                start,
                timeline: Some(name.timeline),
                system_id: None,
                keep: KEEP,
                history: &[],
            };
            let Ok(mut stream) = Stream::new(expect, All::default()) else { continue };
            all += 1;
            let window = [64 << 10, 256 << 10, bytes.len()][all % 3];
            if bytes.chunks(window).all(|w| stream.push(w).is_ok()) {
                let run = stream.finish().unwrap();
                assert_eq!(
                    format!("{run:?}"),
                    format!("{:?}", scan(&bytes, expect, All::default())),
                    "{}",
                    path.display()
                );
                streamed += 1;
            }
        }
    }
    // Declined are only the ends of WAL, the recycled segments and the one announced by OVERWRITE_CONTRECORD.
    assert!(streamed * 10 > all * 7, "{streamed} of {all}");
}

/// What records touch. Of most that cross pages, nothing else is needed.
#[derive(Clone, Debug, Default)]
struct Touched {
    records: Vec<(u64, u64, u32, Vec<BlockRef>)>,
    cut: usize,
}

impl Fold for Touched {
    type Mark = ();
    fn mark(&self) {}
    fn after((): &mut (), _: &Touched) {}
    fn wants(&self, _: &RecordHeader) -> bool {
        true
    }
    fn needs_rest(&self, r: &Record<'_>) -> bool {
        r.header.crc.is_multiple_of(4) || r.shape(&mut |_| ()).is_err()
    }
    fn pass(&mut self, _: &RecordHeader) {}
    fn record(&mut self, r: &Record<'_>) {
        let mut blocks = Vec::new();
        r.shape(&mut |block| blocks.push(block)).unwrap();
        assert!(r.is_whole() || !r.header.crc.is_multiple_of(4), "{}", r.lsn);
        self.cut += usize::from(!r.is_whole());
        self.records.push((r.lsn.get(), r.end.get(), r.header.crc, blocks));
    }
    fn join(&mut self, _: Touched) {}
}

#[test]
fn what_is_not_needed_of_a_record_is_not_kept_and_nothing_else_changes() {
    let mut cut = 0;
    for story in Story::all().unwrap() {
        for path in std::fs::read_dir(story.folder()).unwrap().map(|f| f.unwrap().path()) {
            let Some(FileName::Segment(name)) = FileName::parse(&plain_name(&path)) else { continue };
            let bytes = read_plain(&path).unwrap();
            let layout = Layout::detect(&bytes).unwrap();
            let Some(number) = name.number(layout.address(), layout.segment) else { continue };
            let start = layout.address().segment_start(number, layout.segment);
            let timeline = Some(name.timeline);
            let expect =
                ScanExpect { layout: &layout, start, timeline, system_id: None, keep: usize::MAX, history: &[] };
            let Ok(mut stream) = Stream::new(expect, Touched::default()) else { continue };
            if bytes.chunks(64 << 10).all(|w| stream.push(w).is_ok()) {
                let (run, whole) = (stream.finish().unwrap(), scan(&bytes, expect, Touched::default()));
                assert!(run.acc.records == whole.acc.records, "{}: the records differ", path.display());
                assert_eq!((run.end, run.first, run.last), (whole.end, whole.first, whole.last), "{}", path.display());
                assert_eq!(whole.acc.cut, 0);
                cut += run.acc.cut;
            }
        }
    }
    assert!(cut > 1000, "{cut}");
}

/// The parts of a segment, each read alone and joined; `None` where one is declined.
fn in_parts(bytes: &[u8], expect: ScanExpect<'_>, size: usize) -> Option<(Run<All>, All)> {
    let (mut whole, mut chain): (Option<Run<All>>, Chain) = (None, Chain::new(expect.layout));
    let mut taken = All::default();
    for (i, part) in bytes.chunks(size).enumerate() {
        let from = i * size;
        let mut stream = Stream::part(expect, All::default(), from..from + part.len()).ok()?;
        if stream.push(part).is_err() {
            let end = expect.start.plus_within((from + part.len()) as u64);
            let end = expect.layout.address().normal(end, expect.layout.segment);
            let run = whole.as_mut().filter(|run| is_zero(part) && matches!(run.tail, Tail::Switched { .. }))?;
            assert!(chain.pass_zeros(end));
            run.to = end;
            continue;
        }
        let run = stream.finish().unwrap();
        let joint = chain.push(&run);
        if let Some(joint) = &joint {
            assert!(joint.fits(), "{joint:?}");
            if let Some(over) = &joint.over {
                let record = over.record(expect.layout);
                if taken.wants(&record.header) { taken.record(&record) } else { taken.pass(&record.header) }
            }
        }
        taken.join(run.acc.clone());
        whole = Some(match (whole, joint) {
            (Some(left), Some(joint)) => left.go_on(run, &joint, expect.layout),
            _ => run,
        });
    }
    Some((whole?, taken))
}

#[test]
fn parts_of_a_segment_come_to_what_the_segment_comes_to() {
    let mut compared = 0;
    for story in Story::all().unwrap() {
        let files = std::fs::read_dir(story.folder()).unwrap().map(|f| f.unwrap().path());
        for path in files {
            let Some(FileName::Segment(name)) = FileName::parse(&plain_name(&path)) else { continue };
            let bytes = read_plain(&path).unwrap();
            let layout = Layout::detect(&bytes).unwrap();
            let Some(number) = name.number(layout.address(), layout.segment) else { continue };
            let start = layout.address().segment_start(number, layout.segment);
            let timeline = Some(name.timeline);
            let expect =
                ScanExpect { layout: &layout, start, timeline, system_id: None, keep: usize::MAX, history: &[] };
            let Ok(mut stream) = Stream::new(expect, All::default()) else { continue };
            let good = bytes.chunks(64 << 10).all(|w| stream.push(w).is_ok());
            for size in [64 << 10, 128 << 10, 256 << 10] {
                let parts = in_parts(&bytes, expect, size);
                assert_eq!(parts.is_some(), good, "{} {size}", path.display());
                let Some((run, taken)) = parts else { continue };
                let whole = scan(&bytes, expect, All::default());
                assert!(taken == whole.acc, "{} {size}: the records differ", path.display());
                let same = format!("{run:?}") == format!("{whole:?}");
                assert!(same, "{} {size}: the runs differ", path.display());
                compared += 1;
            }
        }
    }
    assert!(compared > 100, "{compared}");
}

#[test]
fn a_stream_declines_every_flipped_bit_that_a_scan_reports() {
    let path = Story::all()
        .unwrap()
        .into_iter()
        .find(|s| s.version == "15" && s.story == "archive")
        .unwrap()
        .folder()
        .join("00000001000000000000005A.xz");
    let good = read_plain(&path).unwrap();
    let layout = Layout::detect(&good).unwrap();
    let start = layout.page_header(&good).address;
    let timeline = Some(layout.page_header(&good).timeline);
    let system_id = layout.page_header(&good).long.map(|l| l.system_id);
    let expect = ScanExpect { layout: &layout, start, timeline, system_id, keep: KEEP, history: &[] };
    let (mut bytes, mut seed) = (good.clone(), 1u64);
    for _ in 0..200 {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let (at, bit) = ((seed >> 33) as usize % bytes.len(), 1u8 << (seed >> 61));
        bytes[at] ^= bit;
        let run = scan(&bytes, expect, All::default());
        let mut stream = Stream::new(expect, All::default()).unwrap();
        if bytes.chunks(64 << 10).all(|w| stream.push(w).is_ok()) {
            assert_eq!(format!("{:?}", stream.finish().unwrap()), format!("{run:?}"), "byte {at} bit {bit}");
            assert!(run.damages.is_empty() && run.slack.is_empty(), "byte {at} bit {bit}");
        }
        bytes[at] ^= bit;
    }
}
